/**
 * A fast-check arbitrary of networks: up to five populations of all models,
 * sources, all patterns, delays of 0 to 40 ticks, loops. No loop lacks delay.
 */

import fc from 'fast-check';
import { Random } from '../../src/base/random.ts';
import {
  type ModelRecipe,
  modelOf,
  type NetworkRecipe,
  type PatternRecipe,
  type PopulationRecipe,
  type ProjectionRecipe,
  type ValuesRecipe,
  zoo,
} from './network-recipe.ts';

export interface NetworkOptions {
  /** Whole numbers everywhere, so that sums are exact in float32 too. */
  readonly integer?: boolean;
  /** Integers, and only what is linear: no spikes, no loops. */
  readonly linear?: boolean;
  /** In ticks. */
  readonly greatestDelay?: number;
  /** Whether delays of 0 may be drawn. */
  readonly zero?: boolean;
  /** Models that may be drawn where numbers need not be whole; default all. */
  readonly models?: readonly string[];
}

const ALL = Object.keys(zoo);
const WHOLE = ['clipped', 'spikeRelay', 'counter'] as const;
const LINEAR = ['relay', 'sum', 'relay'] as const;

/** How large weights are, so that something happens in each model. */
const SCALE: Readonly<Record<string, number>> = {
  cubaLif: 4,
  izhikevich: 12,
  poisson: 200,
};

/** Formulas that stay small, over state, ports and a parameter. */
const { formula } = fc.letrec<{ formula: string }>((tie) => {
  const part = tie('formula');
  const of = (make: (a: string, b: string) => string) =>
    fc.tuple(part, part).map(([a, b]) => make(a, b));
  return {
    formula: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.constantFrom('x', 'z', 'input', 'more', 'both', 'p', 'dt', '0.3', '2'),
      of((a, b) => `(${a} + ${b})`),
      of((a, b) => `(${a} - ${b})`),
      of((a, b) => `${a} * tanh(${b})`),
      of((a, b) => `${a} / (2 + abs(${b}))`),
      of((a, b) => `where(${a} < ${b}, -${b}, ${a})`),
      of((a, b) => `where(${a} >= 0.1, ${b}, 0.5)`),
      part.map((a) => `sin(3 * tanh(${a}))`),
      part.map((a) => `cos(tanh(${a}))`),
      part.map((a) => `sqrt(abs(${a}))`),
      part.map((a) => `exp(-abs(${a}))`),
      part.map((a) => `log(1 + abs(${a}))`),
    ),
  };
});

const population = fc.record({
  kind: fc.nat({ max: 99 }),
  size: fc.integer({ min: 1, max: 9 }),
  model: fc.nat({ max: 999 }),
  formulas: fc.record({ x: formula, z: formula, y: formula }),
  own: fc.boolean(),
  seed: fc.nat({ max: 9999 }),
});
type RawPopulation =
  typeof population extends fc.Arbitrary<infer T> ? T : never;

const projection = fc.record({
  from: fc.nat({ max: 99 }),
  to: fc.nat({ max: 99 }),
  port: fc.nat({ max: 5 }),
  output: fc.nat({ max: 5 }),
  pattern: fc.nat({ max: 6 }),
  weight: fc.nat({ max: 3 }),
  delay: fc.nat({ max: 4 }),
  ticks: fc.nat({ max: 999 }),
  spread: fc.nat({ max: 999 }),
  seed: fc.nat({ max: 9999 }),
});
type RawProjection =
  typeof projection extends fc.Arbitrary<infer T> ? T : never;

export function networks(
  options: NetworkOptions = {},
): fc.Arbitrary<NetworkRecipe> {
  return fc
    .record({
      dt: fc.constantFrom(1, 0.5, 0.1),
      trials: fc.integer({ min: 1, max: 3 }),
      ticks: fc.integer({ min: 20, max: 90 }),
      seed: fc.nat({ max: 2 ** 31 - 1 }),
      ranks: fc.array(fc.nat({ max: 99 }), { minLength: 5, maxLength: 5 }),
      populations: fc.array(population, {
        minLength: 2,
        maxLength: 5,
        size: 'max',
      }),
      projections: fc.array(projection, {
        minLength: 1,
        maxLength: 8,
        size: 'max',
      }),
    })
    .map(({ dt, trials, ticks, seed, ranks, ...raw }) => {
      const populations = raw.populations.map((each, i) =>
        populationOf(each, i, trials, ticks, options),
      );
      const projections: ProjectionRecipe[] = [];
      for (const each of raw.projections) {
        const made = projectionOf(
          each,
          `p${projections.length}`,
          populations,
          ranks,
          options,
        );
        if (made) projections.push(made);
      }
      return { dt, trials, ticks, seed, populations, projections };
    });
}

function populationOf(
  raw: RawPopulation,
  index: number,
  trials: number,
  ticks: number,
  { integer = false, linear = false, models = ALL }: NetworkOptions,
): PopulationRecipe {
  const { size } = raw;
  const draw = new Random(raw.seed, 'population');
  const name = `n${index}`;
  const whole = integer || linear;
  const value = () =>
    whole ? draw.below(7) - 3 : Math.round(draw.normal() * 64) / 64;
  // Something drives the network, something is driven.
  const source = index === 0 || (index > 1 && raw.kind % 4 === 0);
  if (source && (linear || raw.kind % 3 === 0)) {
    const samples = 1 + draw.below(linear ? ticks : 20);
    return {
      kind: 'samples',
      name,
      size,
      trials: Array.from({ length: trials }, () =>
        Array.from({ length: samples * size }, value),
      ),
      interval: 1 + draw.below(3),
      after: (['zero', 'hold', 'loop'] as const)[linear ? 0 : draw.below(3)],
    };
  }
  if (source) {
    const often = 0.05 + 0.4 * draw.uniform();
    const neuron = () =>
      Array.from({ length: ticks }, (_, t) => t).filter(
        () => draw.uniform() < often,
      );
    const trial = () => Array.from({ length: size }, neuron);
    return {
      kind: 'events',
      name,
      size,
      trials: Array.from({ length: trials }, trial),
    };
  }
  const names = linear ? LINEAR : integer ? WHOLE : models;
  const model: ModelRecipe =
    !whole && raw.model % 5 === 0
      ? raw.formulas
      : names[Math.floor(raw.model / 5) % names.length];
  if (!raw.own || linear) return { kind: 'neurons', name, size, model };
  const { parameters, state, outputs = {} } = modelOf(model);
  const near = (usual: number) =>
    whole
      ? Math.abs(usual) + draw.below(3)
      : usual * (0.75 + draw.uniform() / 2);
  // A time of rest is a multiple of dt, like every time.
  const one = (key: string, usual: number) =>
    key === 'refractory' ? Math.round(near(usual)) : near(usual);
  const some = (key: string, usual: number) =>
    draw.below(2) === 0
      ? one(key, usual)
      : Array.from({ length: size }, () => one(key, usual));
  const chosen = (table: Readonly<Record<string, number | string>>) =>
    Object.fromEntries(
      Object.entries(table).flatMap(([key, usual]) =>
        draw.below(2) === 0 || key === 'gamma'
          ? []
          : [[key, some(key, typeof usual === 'number' ? usual : -60)]],
      ),
    );
  return {
    kind: 'neurons',
    name,
    size,
    model,
    parameters: chosen(parameters),
    start: model === 'counter' || model === 'lif' ? {} : chosen(state),
    history: Object.fromEntries(
      Object.keys(outputs).map((output) => [output, value()]),
    ),
  };
}

function projectionOf(
  raw: RawProjection,
  name: string,
  populations: readonly PopulationRecipe[],
  ranks: readonly number[],
  options: NetworkOptions,
): ProjectionRecipe | null {
  const { integer = false, linear = false, greatestDelay = 40 } = options;
  const { zero = true } = options;
  const whole = integer || linear;
  const targets = populations.filter(({ kind }) => kind === 'neurons');
  const to = targets[raw.to % targets.length];
  if (to?.kind !== 'neurons') return null;
  const at = populations.indexOf(to);
  const from = populations[raw.from % (linear ? at : populations.length)];
  const sent = sentBy(from);
  if (sent.length === 0) return null;
  const model = modelOf(to.model);
  const draw = new Random(raw.seed, 'projection');
  const output = sent[raw.output % sent.length];
  const scale =
    ((typeof to.model === 'string' && SCALE[to.model]) || 1) *
    (output === 'spikes' ? 1 : 0.7 / from.size) *
    (output === 'v' ? 0.03 : 1);
  const weight = () =>
    whole ? draw.below(5) - 2 : scale * (draw.uniform() * 1.5 - 0.5);
  const list = (length: number, make: () => number) =>
    Array.from({ length }, make);
  const pattern = patternRecipe(raw.pattern, from.size, to.size, draw, weight);
  const rank = (p: PopulationRecipe) =>
    100 * ranks[populations.indexOf(p)] + populations.indexOf(p);
  const least =
    zero && from !== to && (linear || rank(from) < rank(to)) ? 0 : 1;
  const late = least + (raw.ticks % (greatestDelay - least + 1));
  const spread = raw.spread % (greatestDelay - late + 1);
  const delays = () => late + draw.below(spread + 1);
  const delay: ValuesRecipe = (
    [
      late,
      { table: list(5, delays) },
      { perSource: list(from.size, delays) },
      { uniform: [late, late + spread] },
      late,
    ] as const
  )[raw.delay];
  const own =
    ['matrix', 'convolution'].includes(pattern.kind) && raw.weight < 3;
  const weights = [
    weight(),
    { table: list(7, weight) },
    whole ? weight() : { uniform: [-0.3 * scale, scale] as const },
    { table: list(3, weight) },
  ];
  return {
    name,
    from: from.name,
    to: to.name,
    port: model.ports[raw.port % model.ports.length],
    output,
    pattern,
    delay,
    ...(own ? {} : { weight: weights[raw.weight] }),
  };
}

function sentBy(from: PopulationRecipe): string[] {
  if (from.kind === 'samples') return ['y'];
  if (from.kind === 'events') return ['spikes'];
  const { spike, outputs = {} } = modelOf(from.model);
  return [...(spike ? ['spikes'] : []), ...Object.keys(outputs)];
}

function patternRecipe(
  kind: number,
  sources: number,
  targets: number,
  draw: Random,
  weight: () => number,
): PatternRecipe {
  switch (kind) {
    case 0:
      return { kind: 'all', self: draw.below(2) === 0 };
    case 1: {
      if (sources === targets) return { kind: 'one' };
      const rows = Array.from({ length: targets }, () =>
        Array.from({ length: sources }, () =>
          draw.below(3) === 0 ? 0 : weight(),
        ),
      );
      return { kind: 'matrix', rows };
    }
    case 2: {
      // Not in order, some twice, perhaps none.
      const count = draw.below(12);
      const ends = (size: number) =>
        Array.from({ length: count }, () => draw.below(size));
      return { kind: 'pairs', pre: ends(sources), post: ends(targets) };
    }
    case 3: {
      const padding = Math.max(0, Math.ceil((targets - sources) / 2));
      const width = sources + 2 * padding - targets + 1;
      const kernel = Array.from({ length: width }, weight);
      return { kind: 'convolution', kernel, padding };
    }
    case 4:
      return { kind: 'probability', p: draw.uniform(), self: true };
    case 5:
      return { kind: 'inDegree', n: draw.below(5), replace: true };
    default:
      return { kind: 'all', self: true };
  }
}
