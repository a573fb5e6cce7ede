/**
 * V4: a linear network with one transmission delay, tau x' = -x + W x(t - D);
 * at first the excitatory and the inhibitory population of Wilson and Cowan
 * about their state of rest. How it grows and how fast it turns is the
 * rightmost root: with each eigenvalue mu of W
 * lambda = -1/tau + W_0((mu D/tau) e^(D/tau))/D. Each population has one
 * neuron for each of three delays, which know nothing of each other.
 */

import { OptionError } from '../../src/base/errors.ts';
import type { Values } from '../../src/base/schema.ts';
import type { PopulationModel } from '../../src/network/model.ts';
import { leaky } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { oneToOne } from '../../src/network/synapses.ts';
import { size } from '../../src/studies/parameters.ts';
import { points, trace, traces } from '../../src/studies/picture.ts';
import { shelve } from '../../src/studies/shelf.ts';
import { between, near, type Verdict } from '../../src/studies/verdict.ts';
import { abs, type Complex } from '../../src/theory/complex.ts';
import { rightmostRoot } from '../../src/theory/delay-roots.ts';
import { dominantMode } from '../../src/theory/growth.ts';
import { leastSquares } from '../../src/theory/least-squares.ts';

export interface LinearOptions {
  /** W[to][from], n rows of n numbers. */
  readonly weights: readonly (readonly number[])[];
  /** In ms. */
  readonly tau: number;
  /** In ms, multiples of dt: as many copies of the network. */
  readonly delays: readonly number[];
  /** Length of a tick in ms. */
  readonly dt: number;
  /** Names of the n populations; x0, x1, ... if not given. */
  readonly names?: readonly string[];
  /** x of the n populations at 0; 1 and 0 in turn if not given. */
  readonly start?: readonly number[];
}

/**
 * A leaky integrator that sends its mean over the tick, because a tick holds
 * what arrives in it: `x` of the tick's end would act as a delay that is half a
 * tick shorter. So the error of a tick is of second order.
 */
const leakyMean: PopulationModel = {
  ...leaky(),
  name: 'leaky, mean',
  state: { x: 0, before: 0 },
  update: { ...leaky().update, before: 'x' },
  outputs: { y: '0.5 * (x + before)' },
};

/**
 * Any linear network of this kind: a population per unit, each of as many
 * neurons as there are delays.
 *
 * @throws DelayError at `openNetwork` for a delay that is no multiple of dt
 */
export function linearNetwork(options: LinearOptions): Network {
  const { weights, tau, delays, dt } = options;
  const network = new Network({ dt });
  const units = weights.map((_, i) => {
    const x = options.start?.[i] ?? 1 - (i % 2);
    const name = options.names?.[i] ?? `x${i}`;
    return network.population(name, delays.length, leakyMean, {
      parameters: { tau },
      start: { x, before: x },
    });
  });
  weights.forEach((row, to) => {
    row.forEach((weight, from) => {
      if (weight === 0) return;
      network.project(units[from]!, units[to]!, {
        pattern: oneToOne(),
        weight,
        delay: delays,
      });
    });
  });
  return network;
}

const parameters = {
  ee: size(1.5, 'weight from E to E'),
  ei: size(-2, 'weight from I to E'),
  ie: size(2.5, 'weight from E to I'),
  ii: size(-1, 'weight from I to I'),
  tau: size(10, 'time constant', { unit: 'ms', least: 0.1 }),
  delay1: size(1, 'delay of the first copy', { unit: 'ms', least: 0 }),
  delay2: size(2, 'of the second', { unit: 'ms', least: 0 }),
  delay3: size(4, 'of the third', { unit: 'ms', least: 0 }),
  dt: size(0.01, 'length of a tick: short beside tau, a part of each delay', {
    unit: 'ms',
    least: 1e-4,
    most: 10,
  }),
};

type Parameters = Values<typeof parameters>;

/** Length of a run, in tau. */
const DURATION = 30;
/** Ticks in a tau, without which there are too few to tell a growth from. */
const COARSEST = 4;
/** Of |lambda|: ticks and float32 change less. */
const TOLERANCE = 2e-4;

const weightsOf = ({ ee, ei, ie, ii }: Parameters) => [
  [ee, ei],
  [ie, ii],
];

const delaysOf = ({ delay1, delay2, delay3 }: Parameters) => [
  delay1,
  delay2,
  delay3,
];

const wilsonCowanNetwork = (parameters: Parameters) =>
  linearNetwork({
    weights: weightsOf(parameters),
    tau: parameters.tau,
    delays: delaysOf(parameters),
    dt: parameters.dt,
    names: ['E', 'I'],
  });

export const wilsonCowan = shelve({
  name: 'wilson-cowan',
  title: 'V4: growth of a delayed linear network, by the Lambert W function',
  source: 'Wilson and Cowan 1972; roots: Shinozaki and Mori 2006',
  parameters,
  network: wilsonCowanNetwork,
  async measure(parameters, bench) {
    const { tau, dt } = parameters;
    if (dt > tau / COARSEST) {
      throw new OptionError(
        `dt = ${dt} ms is coarse beside tau = ${tau} ms: give at most ` +
          `${tau / COARSEST} ms`,
        { dt, tau },
      );
    }
    const weights = weightsOf(parameters);
    const delays = delaysOf(parameters);
    const run = bench.open(wilsonCowanNetwork(parameters));
    const every = Math.max(1, Math.floor(tau / 40 / dt));
    const times: number[] = [];
    const e: ArrayLike<number>[] = [];
    const i: ArrayLike<number>[] = [];
    run.state$('E', 'x', { every: every * dt }).subscribe(({ time, data }) => {
      times.push(time);
      e.push(data);
    });
    run.state$('I', 'x', { every: every * dt }).subscribe(({ data }) => {
      i.push(data);
    });
    await run.runTicks(Math.ceil((DURATION * tau) / dt));

    const verdicts: Verdict[] = [];
    let longest = Infinity;
    const pictures = delays.map((delay, copy) => {
      const theory = rightmostRoot(weights, tau, delay);
      longest = Math.min(longest, longestTick(theory.root, tau, delay));
      const rows = e.map((row, n) => [row[copy]!, i[n]![copy]!]);
      const measured = dominantMode(rows, every * dt);
      const size = Math.hypot(theory.root.re, theory.root.im);
      verdicts.push(
        near(
          `growth for D = ${delay} ms`,
          theory.growth,
          measured.growth,
          TOLERANCE * size,
          '/ms',
        ),
        near(
          `frequency for D = ${delay} ms`,
          theory.frequency,
          measured.frequency,
          (TOLERANCE * size * 1000) / (2 * Math.PI),
          'Hz',
        ),
      );
      const values = rows.map(([x]) => x!);
      return traces(
        `Excitation and inhibition, D = ${delay} ms`,
        ['time (ms)', 'x of E'],
        [
          trace('rightmost root', ...fitted(theory, times, values)),
          points(...few(times, values)),
        ],
      );
    });
    if (Number.isFinite(longest)) {
      verdicts.push(
        between(
          `dt at which ticks move a root by less than ${100 * TOLERANCE} %`,
          0,
          longest,
          dt,
          'ms',
        ),
      );
    }
    // The delay that makes the network grow tells most.
    return { verdicts, pictures: pictures.reverse() };
  },
});

/**
 * The dt in ms at which ticks move a root by TOLERANCE of its size. In ticks the
 * characteristic equation is lambda tau + 1 = mu e^(-lambda D) (1 - error) with,
 * to second order, error = lambda (1/tau - lambda) dt^2 / 12; hence the move is
 * error (lambda tau + 1) / (tau + D (lambda tau + 1)).
 */
function longestTick({ re, im }: Complex, tau: number, delay: number): number {
  const size = (real: number, imaginary: number) =>
    abs({ re: real, im: imaginary });
  const [a, b] = [re * tau + 1, im * tau];
  const slope = size(tau + delay * a, delay * b);
  const most =
    (12 * TOLERANCE * slope) / (size(1 / tau - re, -im) * size(a, b));
  return Number(Math.sqrt(most).toPrecision(3));
}

/** About as many samples as symbols that leave a line visible. */
const POINTS = 48;

function few(
  times: readonly number[],
  values: readonly number[],
): [number[], number[]] {
  const step = Math.ceil(times.length / POINTS);
  const kept = (_: number, n: number) => n % step === 0;
  return [times.filter(kept), values.filter(kept)];
}

/** The theory's mode, as large as in the last half of what was measured. */
function fitted(
  { growth, frequency }: { growth: number; frequency: number },
  times: readonly number[],
  values: readonly number[],
): [number[], number[]] {
  const last = times[times.length - 1]!;
  const wave = (turn: (angle: number) => number) => (time: number) =>
    Math.exp(growth * (time - last)) *
    turn((2 * Math.PI * frequency * time) / 1000);
  const waves = [wave(Math.cos), wave(Math.sin)];
  const half = times.length >> 1;
  // Each sample by itself counts as much as the others, however it has grown.
  const weigh = (value: number, n: number) =>
    value * Math.exp(growth * (last - times[n + half]!));
  const [sizes] = leastSquares(
    waves.map((w) => Float64Array.from(times.slice(half).map(w), weigh)),
    [Float64Array.from(values.slice(half), weigh)],
  );
  const shown = Array.from({ length: 801 }, (_, n) => (last * n) / 800);
  return [
    shown,
    shown.map((t) => sizes![0]! * waves[0]!(t) + sizes![1]! * waves[1]!(t)),
  ];
}
