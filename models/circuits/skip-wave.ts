/**
 * V8: why learning needs delays. Salvatori 2022, Eq. 10-13: out = z1 b + a,
 * b = z2 a, a = z3 s. The error of the output reaches a over b, and one
 * level sooner over the skip connection. With an axonal delay of one tick
 * there both meet, and Z-IL's update is BP's in every bit; without it they
 * miss each other, and the first to come disturbs all that comes after.
 *
 * Errors are watched in the learner, and again in a network of value and
 * error neurons with the same delays, which shares none of the learner's
 * code but the two equations.
 */

import type { Values } from '../../src/base/schema.ts';
import type { Tuple } from '../../src/base/tuple.ts';
import type { PopulationModel } from '../../src/network/model.ts';
import { valueError } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { divergence, type Gradients } from '../../src/proof/check.ts';
import { bp } from '../../src/rules/bp.ts';
import type { Rule } from '../../src/rules/rule.ts';
import { zil } from '../../src/rules/zil.ts';
import { Simulation } from '../../src/simulation/simulate.ts';
import { size } from '../../src/studies/parameters.ts';
import type { Picture } from '../../src/studies/picture.ts';
import { type Bench, shelve } from '../../src/studies/shelf.ts';
import { exactly, near, within } from '../../src/studies/verdict.ts';
import { skip } from '../toys.ts';

const parameters = {
  s: size(1.6, 'the input'),
  z1: size(0.7, 'weight from b to the output'),
  z2: size(-1.3, 'weight from a to b'),
  z3: size(0.9, 'weight from the input to a'),
  target: size(0.4, 'what the output is clamped to'),
};

export type SkipWaveParameters = Values<typeof parameters>;

/** Populations from level 0 up. */
const LEVELS = ['out', 'b', 'a'] as const;
const PLASTIC = ['z1', 'z2', 'z3'] as const;
/** Ticks of an axon that makes up for the level that the skip leaves out. */
const DELAY = 1;

/** The output's error: its value is clamped, mu = b z1 + a moves. */
const clamped: PopulationModel = {
  name: 'clamped value-error',
  ports: ['mu'],
  parameters: { target: 0 },
  state: { eps: 0 },
  update: { eps: 'mu - target' },
  outputs: { eps: 'eps' },
};

/**
 * The circuit with gamma = 1, started at rest (x = mu, eps = 0) but for the
 * output. Values arrive at once, errors after a tick, both over the skip's
 * axon so many ticks later. `round` is what the backend does to a number.
 */
export function skipNetwork(
  { s, z1, z2, z3, target }: SkipWaveParameters,
  delay = DELAY,
  round: (x: number) => number = Number,
): Network {
  const network = new Network({ dt: 1 });
  const a = round(round(z3) * round(s));
  const at = { a, b: round(round(z2) * a) };
  const parameters = { gamma: 1 };
  network.samples('s', 1, { values: [s], after: 'hold', level: 3 });
  for (const [level, name] of [
    [2, 'a'],
    [1, 'b'],
  ] as const) {
    network.population(name, 1, valueError, {
      parameters,
      start: { x: at[name], mu0: at[name] },
      history: { x: at[name] },
      level,
    });
  }
  network.population('out', 1, clamped, { parameters: { target }, level: 0 });
  const values = { port: 'mu', output: 'x' };
  network.project('s', 'a', { port: 'mu', weight: z3, delay: 0 });
  network.project('a', 'b', { ...values, weight: z2, delay: 0 });
  network.project('b', 'out', { ...values, weight: z1, delay: 0 });
  network.project('a', 'out', { ...values, weight: 1, delay, name: 'skip' });
  // In the order in which the learner sums over consumers: by level.
  const errors = { port: 's', output: 'eps' };
  network.project('out', 'a', {
    ...errors,
    weight: 1,
    delay: 1 + delay,
    name: 'back over the skip',
  });
  network.project('out', 'b', { ...errors, weight: z1, delay: 1 });
  network.project('b', 'a', { ...errors, weight: z2, delay: 1 });
  return network;
}

/** Errors [level][tick]. */
type Wave = readonly (readonly number[])[];

/** What one presentation teaches, and the wave of errors that teaches it. */
async function learn(
  rule: Rule,
  { s, z1, z2, z3, target }: SkipWaveParameters,
  { backend, seed }: Bench,
): Promise<{ gradients: Gradients; wave: Wave }> {
  const simulation = Simulation.open(skip({ paper: true }), {
    rule,
    backend,
    seed,
    optimiser: null,
  });
  try {
    for (const [id, value] of Object.entries({ z1, z2, z3 })) {
      simulation.setParameter(id, [value]);
    }
    const wave = LEVELS.map((): number[] => []);
    if (rule.hasCircuit) {
      LEVELS.forEach((id, level) => {
        simulation.probe(id).error$.subscribe(({ tick, data }) => {
          wave[level]![tick] = data[0]!;
        });
      });
    }
    await simulation.submit({ s: [s], target: [target] });
    return { gradients: await simulation.gradients(), wave };
  } finally {
    simulation.destroy();
  }
}

/** The same wave in the network of value and error neurons. */
async function waveOf(
  network: Network,
  ticks: number,
  bench: Bench,
): Promise<Wave> {
  const run = bench.open(network);
  const wave = LEVELS.map((): number[] => []);
  LEVELS.forEach((name, level) => {
    run
      .state$(name, 'eps')
      .subscribe(({ data }) => wave[level]!.push(data[0]!));
  });
  await run.runTicks(ticks);
  return wave;
}

/** Ticks at which there is an error. */
const arrivals = (errors: readonly number[]) =>
  errors.flatMap((error, tick) => (error === 0 ? [] : [tick])).join(', ');

const differing = (a: Wave, b: Wave) =>
  a.flat().filter((error, i) => error !== b.flat()[i]).length;

/** `reach` is the end of the colour scale, to either side of 0. */
const picture = (title: string, wave: Wave, reach: number): Picture => ({
  kind: 'space-time',
  title,
  rows: LEVELS.map((name, level) => `${level} (${name})`),
  columns: wave[0]!.map((_, tick) => tick),
  values: wave.map((errors) => errors.map((error) => error || null)),
  quantity: 'error',
  domain: [-reach, reach],
});

const shown = (value: number) => Number(value.toPrecision(4));

export const skipWave = shelve({
  name: 'skip-wave',
  title: 'V8: errors that meet at one tick, and errors that miss each other',
  source: 'Salvatori et al. 2022, Eq. 10-13',
  parameters,
  network: (parameters) => skipNetwork(parameters),
  async measure(parameters, bench) {
    const { s, z1, z2, z3, target } = parameters;
    const exact = await learn(bp(), parameters, bench);
    const [with_, without] = [
      await learn(zil(), parameters, bench),
      await learn(zil({ levelled: false }), parameters, bench),
    ];
    const ticks = with_.wave[0]!.length;
    const round = bench.precise ? Number : Math.fround;
    const simulated = [
      await waveOf(skipNetwork(parameters, DELAY, round), ticks, bench),
      await waveOf(skipNetwork(parameters, 0, round), ticks, bench),
    ];
    const met = divergence(with_.gradients, exact.gradients);
    const missed = divergence(without.gradients, exact.gradients);

    const a = s * z3;
    const e = a * (1 + z1 * z2) - target;
    const meeting = e * (1 + z1 * z2);
    const missing = e * (z1 * z2 - z1 ** 2 - z2 ** 2);
    const right = [e * z2 * a, e * z1 * a, s * meeting];
    // z1 learns before anything has moved, z2 when a has moved by -e.
    const wrong = [right[0]!, e * (z1 - z2) * (a - e), s * missing];
    const tolerance = bench.precise ? 1e-12 : 1e-4;
    const scale = Math.hypot(...right, ...wrong);
    const apart = Math.hypot(...wrong.map((w, i) => w - right[i]!));
    const [, z2Wrong, z3Wrong] = PLASTIC.map((id) =>
      Number(without.gradients.get(id)?.[0]),
    ) as Tuple<number, 3>;
    const atA = LEVELS.indexOf('a');
    const all = [with_.wave, without.wave].flat(2).map(Math.abs);
    // Without any error any scale does.
    const reach = Math.max(...all) || 1;
    return {
      verdicts: [
        exactly(
          'with the delay: ticks with an error at a',
          arrivals([0, 0, meeting]),
          arrivals(with_.wave[atA]!),
        ),
        exactly(
          'with it: updates that differ from BP in a bit',
          0,
          met.differingBits,
        ),
        exactly(
          'without it: ticks with an error at a',
          arrivals([0, e, missing]),
          arrivals(without.wave[atA]!),
        ),
        exactly(
          'without it: updates that differ from BP in a bit',
          right.filter((gradient, i) => gradient !== wrong[i]).length,
          missed.differingBits,
        ),
        near(
          `without it: update of z2 (BP: ${shown(right[1]!)})`,
          wrong[1]!,
          z2Wrong,
          tolerance * scale,
        ),
        near(
          `without it: update of z3 (BP: ${shown(right[2]!)})`,
          wrong[2]!,
          z3Wrong,
          tolerance * scale,
        ),
        within(
          "without it: distance to BP's update over its length",
          apart / Math.hypot(...right),
          missed.relative,
          tolerance,
        ),
        exactly(
          'errors that differ in a network of value and error neurons',
          0,
          differing(with_.wave, simulated[0]!) +
            differing(without.wave, simulated[1]!),
        ),
      ],
      figures: {
        'error of the output': e,
        "update of z3 without the delay, over BP's": z3Wrong / right[2]!,
      },
      pictures: [
        picture(
          'Over a delay the errors meet at a at one tick',
          with_.wave,
          reach,
        ),
        picture('Without it they miss each other', without.wave, reach),
      ],
    };
  },
});
