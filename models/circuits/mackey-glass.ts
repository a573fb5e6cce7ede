/**
 * V5: the delay equation of Mackey and Glass,
 * x' = .2 x(t - tau) / (1 + x(t - tau)^10) - .1 x: one neuron that hears itself
 * late. It rests at 1 up to tau_c = arccos(-1/4) / sqrt(.15) = 4.708, cycles
 * beyond (at first with a period of 2 pi / sqrt(.15) = 16.22), and is chaotic at
 * 17. Runge-Kutta of order 4; what was at t - tau, t - tau + dt/2 and
 * t - tau + dt comes over three projections, the middle by a cubic. Its time has no
 * unit: one of it is 1 ms here.
 */

import type { Values } from '../../src/base/schema.ts';
import type { PopulationModel } from '../../src/network/model.ts';
import { Network } from '../../src/network/network.ts';
import { pairs } from '../../src/network/synapses.ts';
import { ticksOf } from '../../src/network/time.ts';
import { size } from '../../src/studies/parameters.ts';
import { trace, traces } from '../../src/studies/picture.ts';
import { shelve } from '../../src/studies/shelf.ts';
import {
  between,
  near,
  type Verdict,
  within,
} from '../../src/studies/verdict.ts';
import { complex } from '../../src/theory/complex.ts';
import {
  type Onset,
  onsetOf,
  rightmostRoot,
} from '../../src/theory/delay-roots.ts';
import { dominantMode } from '../../src/theory/growth.ts';
import { type Attractor, attractorOf } from './attractor.ts';

const DT = 0.05;

/** About 1 the equation is 10 x' = -x + SLOPE x(t - tau). */
const REST_TAU = 10;
const SLOPE = -4;
const ONSET = onsetOf(complex(SLOPE), REST_TAU) as Onset;

/** Neurons that start next to rest, by their delay beside the onset's. */
const BESIDE = [0.99, 1.01];
const NUDGE = 1e-3;
/** They are looked at till here; the nudge is then still small. */
const NEXT_TO_REST = 400;
/** The nudged neurons come after those of the first three delays. */
const NUDGED = 3;
const COPIED = NUDGED + BESIDE.length;

/** Copies of the last delay, with histories of their own. */
const COPIES = 16;
const parameters = {
  tau1: size(4, 'delay of neuron 1', { least: 0.1, most: 100 }),
  tau2: size(5.5, 'delay of neuron 2', { least: 0.1, most: 100 }),
  tau3: size(10, 'delay of neuron 3', { least: 0.1, most: 100 }),
  tau4: size(17, `delay of ${COPIES} more neurons`, { least: 0.1, most: 100 }),
  duration: size(4000, 'model time', { least: 1000, most: 1e5 }),
};

type Parameters = Values<typeof parameters>;

/** Until here nothing is measured, of the duration. */
const TRANSIENT = 0.2;
/** From sample to sample. */
const EVERY = 0.1;

/**
 * What another program found of attractors, where no formula is known. The
 * exponent of 17 is per unit of time and to the base e.
 */
const KNOWN: Readonly<Record<number, Partial<Attractor>>> = {
  5.5: { low: 0.868, high: 1.118, period: 18.6, exponent: 0 },
  10: { low: 0.672, high: 1.211, period: 31.2, exponent: 0 },
  17: { low: 0.417, high: 1.32, mean: 0.929, std: 0.227, exponent: 0.0051 },
};
/** What chance leaves of an exponent, 3 sigma, times the root of the time. */
const CHANCE = 0.15;

/** `b` is what was at the beginning of the tick, `m` half way, `c` at its end. */
const source = (name: string, at: string): [string, string][] => [
  [`${name}2`, `${at} * ${at}`],
  [`${name}4`, `${name}2 * ${name}2`],
  [`${name}10`, `${name}4 * ${name}4 * ${name}2`],
  [`${name}_f`, `beta * ${at} / (1 + ${name}10)`],
  // Its derivative, for the tangent.
  [
    `${name}_d`,
    `beta * (1 - 9 * ${name}10) / ((1 + ${name}10) * (1 + ${name}10)) * d_${at}`,
  ],
];

/** Steps of Runge-Kutta for v' = (what comes late) - gamma v. */
const steps = (v: string, b: string, m: string, c: string) =>
  [
    [`${v}k1`, `${b} - gamma * ${v}`],
    [`${v}k2`, `${m} - gamma * (${v} + 0.5 * dt * ${v}k1)`],
    [`${v}k3`, `${m} - gamma * (${v} + 0.5 * dt * ${v}k2)`],
    [`${v}k4`, `${c} - gamma * (${v} + dt * ${v}k3)`],
  ] as [string, string][];

const step = (v: string) =>
  `${v} + dt / 6 * (${v}k1 + 2 * ${v}k2 + 2 * ${v}k3 + ${v}k4)`;

/**
 * x, and beside it the tangent d: how a small difference grows, by the
 * linearised equation, in the long run as e^(Lyapunov exponent t).
 */
const mackeyGlass: PopulationModel = {
  name: 'mackey-glass',
  ports: ['then', 'middle', 'next', 'd_then', 'd_middle', 'd_next'],
  parameters: { beta: 0.2, gamma: 0.1 },
  state: { x: 1, d: 1 },
  lets: [
    ...source('b', 'then'),
    ...source('m', 'middle'),
    ...source('c', 'next'),
    ...steps('x', 'b_f', 'm_f', 'c_f'),
    ...steps('d', 'b_d', 'm_d', 'c_d'),
  ],
  update: { x: step('x'), d: step('d') },
  outputs: { x: 'x', d: 'd' },
};

/** The delays of all neurons, in ticks. */
function delaysOf({ tau1, tau2, tau3, tau4 }: Parameters): number[] {
  const ticks = (ms: number, round = false) =>
    ticksOf('Delay of mackey-glass', ms, DT, { round, least: 2 });
  return [
    ...[tau1, tau2, tau3].map((tau) => ticks(tau)),
    ...BESIDE.map((share) => ticks(share * ONSET.delay, true)),
    ...new Array<number>(COPIES).fill(ticks(tau4)),
  ];
}

/** x of each neuron at 0 and before. */
function historyOf(neuron: number): number {
  if (neuron < NUDGED) return 0.5;
  if (neuron < COPIED) return 1 + NUDGE;
  // At 1 itself it would rest for ever.
  return 0.4 + (0.5 * (neuron - COPIED)) / COPIES;
}

function mackeyGlassNetwork(parameters: Parameters): Network {
  const delays = delaysOf(parameters);
  const network = new Network({ dt: DT });
  const neurons = network.population('x', delays.length, mackeyGlass, {
    start: { x: historyOf },
    history: { x: historyOf, d: 1 },
  });
  // What a neuron sends in a tick is its value at the tick's end.
  const then = delays.map((ticks) => ticks + 1);
  const all = delays.map((_, i) => i);
  for (const [output, prefix] of [
    ['x', ''],
    ['d', 'd_'],
  ]) {
    const late = (port: string, ago: readonly number[], weights: number[]) =>
      network.project(neurons, neurons, {
        name: `${output} ${port}`,
        port: `${prefix}${port}`,
        output,
        pattern: pairs(
          all.flatMap((i) => ago.map(() => i)),
          all.flatMap((i) => ago.map(() => i)),
          all.flatMap(() => weights),
        ),
        delay: all.flatMap((i) => ago.map((ticks) => (then[i]! - ticks) * DT)),
      });
    late('then', [0], [1]);
    late('middle', [-1, 0, 1, 2], [-1 / 16, 9 / 16, 9 / 16, -1 / 16]);
    late('next', [1], [1]);
  }
  return network;
}

const LABELS: Readonly<Record<keyof Attractor, string>> = {
  low: 'least x',
  high: 'largest x',
  mean: 'mean of x',
  std: 'std of x',
  period: 'period',
  exponent: 'Lyapunov exponent',
};

export const mackeyGlassCircuit = shelve({
  name: 'mackey-glass',
  title: 'V5: rest, cycle and chaos of the Mackey-Glass equation',
  source: 'Mackey and Glass 1977; Hopf point by the characteristic equation',
  parameters,
  network: mackeyGlassNetwork,
  async measure(parameters, bench) {
    const { tau1, tau2, tau3, tau4, duration } = parameters;
    const run = bench.open(mackeyGlassNetwork(parameters));
    const delays = delaysOf(parameters);
    const many = delays.length;
    const x: number[][] = Array.from({ length: many }, () => []);
    const d: number[][] = Array.from({ length: many }, () => []);
    for (const [name, lists] of Object.entries({ x, d })) {
      run.state$('x', name, { every: EVERY }).subscribe(({ data }) => {
        for (const [i, value] of data.entries()) lists[i]!.push(value);
      });
    }
    await run.run(duration);

    const verdicts = onsetVerdicts(
      delays.slice(NUDGED, COPIED).map((ticks) => ticks * DT),
      x.slice(NUDGED, COPIED),
    );
    const from = Math.floor((TRANSIENT * duration) / EVERY);
    const groups = [
      ...[tau1, tau2, tau3].map((tau, i) => ({ tau, neurons: [i] })),
      {
        tau: tau4,
        neurons: Array.from({ length: COPIES }, (_, i) => COPIED + i),
      },
    ];
    for (const { tau, neurons } of groups) {
      const found = attractorOf(
        neurons.map((i) => x[i]!.slice(from)),
        neurons.map((i) => d[i]!.slice(from)),
        tau,
        EVERY,
      );
      const time = neurons.length * duration;
      verdicts.push(
        ...verdictsOf(tau, found, x[neurons[0]!]!, time, bench.precise),
      );
    }
    const shown = Math.floor(300 / EVERY);
    const times = Array.from({ length: shown }, (_, n) => (n + 1) * EVERY);
    return {
      verdicts,
      figures: { tau_c: ONSET.delay, neurons: many, dt: DT },
      pictures: [
        traces(
          'Mackey-Glass: rest, cycles and chaos by the delay',
          ['time', 'x'],
          groups.map(({ tau, neurons }) =>
            trace(`tau = ${tau}`, times, x[neurons[0]!]!.slice(0, shown)),
          ),
        ),
      ],
    };
  },
});

/** Where what was measured next to rest begins to grow, and how fast it turns. */
function onsetVerdicts(
  delays: readonly number[],
  series: readonly (readonly number[])[],
): Verdict[] {
  const modes = series.map((x) =>
    dominantMode(x.slice(0, NEXT_TO_REST / EVERY), EVERY, { rest: 1 }),
  );
  const [below, above] = [modes[0]!, modes[1]!];
  const share = below.growth / (below.growth - above.growth);
  const mixed = ([a, b]: readonly number[]) => a! + (b! - a!) * share;
  return [
    within(
      'tau_c, where what was measured begins to grow',
      ONSET.delay,
      mixed(delays),
      1e-3,
    ),
    within(
      'period at tau_c',
      1000 / ONSET.frequency,
      1000 / mixed(modes.map(({ frequency }) => frequency)),
      1e-3,
    ),
  ];
}

/** Of one delay: a growth where it rests, else what is known of it. */
function verdictsOf(
  tau: number,
  found: Attractor,
  series: readonly number[],
  time: number,
  precise: boolean,
): Verdict[] {
  const { growth } = rightmostRoot([[SLOPE]], REST_TAU, tau);
  if (growth < 0) {
    const last = series.at(-1) as number;
    const beyond = (size: number) =>
      series.findLastIndex((x) => Math.abs(x - last) > size);
    // Late enough to be linear, early enough to be more than rounding.
    const decay = series.slice(beyond(0.02), beyond(1e-4));
    const left = Math.exp(growth * series.length * EVERY);
    return [
      near(`x in the end, tau = ${tau}`, 1, last, 1e-5 + left),
      near(
        `growth about 1, tau = ${tau}`,
        growth,
        dominantMode(decay, EVERY, { rest: last, tail: 1 }).growth,
        // In float32 x is still before it has arrived.
        precise ? 0.01 * -growth : 0.05 * -growth + 2e-4,
      ),
    ];
  }
  const known = Object.entries(KNOWN[tau] ?? {});
  if (known.length === 0) {
    return [between(`std of x, tau = ${tau}: no rest`, 1e-3, 1, found.std)];
  }
  return known.map(([key, number]) => {
    const measured = found[key as keyof Attractor];
    const what = `${LABELS[key as keyof Attractor]}, tau = ${tau}`;
    return key === 'exponent'
      ? near(what, number, measured, CHANCE / Math.sqrt(time))
      : within(what, number, measured, 0.01);
  });
}
