/**
 * Random networks as plain data: what fast-check prints and shrinks, what tests
 * change (shift a stimulus, reorder, put in a relay) and build anew.
 */

import type { PopulationModel } from '../../src/network/model.ts';
import { leaky, models } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import {
  allToAll,
  convolution,
  type Delays,
  matrix,
  oneToOne,
  type Pattern,
  type PerSynapse,
  pairs,
  random,
} from '../../src/network/synapses.ts';

/** A model by name, or one made of formulas over x, z, input, more and p. */
export type ModelRecipe =
  | string
  | { readonly x: string; readonly z: string; readonly y: string };

export interface NeuronsRecipe {
  readonly kind: 'neurons';
  readonly name: string;
  readonly size: number;
  readonly model: ModelRecipe;
  readonly parameters?: Readonly<Record<string, number | number[]>>;
  readonly start?: Readonly<Record<string, number | number[]>>;
  readonly history?: Readonly<Record<string, number | number[]>>;
}

export interface SamplesRecipe {
  readonly kind: 'samples';
  readonly name: string;
  readonly size: number;
  /** Of each trial, sample after sample. */
  readonly trials: readonly (readonly number[])[];
  /** In ticks. */
  readonly interval: number;
  readonly after: 'zero' | 'hold' | 'loop';
}

export interface EventsRecipe {
  readonly kind: 'events';
  readonly name: string;
  readonly size: number;
  /** Ticks of each neuron, of each trial. */
  readonly trials: readonly (readonly (readonly number[])[])[];
}

export type PopulationRecipe = NeuronsRecipe | SamplesRecipe | EventsRecipe;

export type PatternRecipe =
  | { readonly kind: 'all'; readonly self: boolean }
  | { readonly kind: 'one' }
  | { readonly kind: 'pairs'; readonly pre: number[]; readonly post: number[] }
  | { readonly kind: 'matrix'; readonly rows: number[][] }
  | { readonly kind: 'convolution'; kernel: number[]; padding: number }
  | { readonly kind: 'probability'; readonly p: number; readonly self: boolean }
  | {
      readonly kind: 'inDegree';
      readonly n: number;
      readonly replace: boolean;
    };

/** By table: entry (7 pre + 3 post) modulo its length. Delays in ticks. */
export type ValuesRecipe =
  | number
  | { readonly table: readonly number[] }
  | { readonly perSource: readonly number[] }
  | { readonly uniform: readonly [number, number] };

export interface ProjectionRecipe {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly port: string;
  readonly output: string;
  readonly pattern: PatternRecipe;
  /** What the pattern brings, or 1, if not given. */
  readonly weight?: Exclude<ValuesRecipe, { perSource: readonly number[] }>;
  readonly delay: ValuesRecipe;
}

export interface NetworkRecipe {
  readonly dt: number;
  readonly trials: number;
  readonly ticks: number;
  readonly seed: number;
  readonly populations: readonly PopulationRecipe[];
  readonly projections: readonly ProjectionRecipe[];
}

const own = (
  name: string,
  model: Omit<PopulationModel, 'name' | 'ports' | 'parameters'> &
    Partial<PopulationModel>,
): PopulationModel => ({ ports: ['input'], parameters: {}, ...model, name });

const camel = (name: string) =>
  name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
const shelf: Record<string, PopulationModel> = Object.fromEntries(
  models.map((model) => [camel(model.name), model]),
);

/** The shelf of models, and others that random networks need. */
export const zoo = {
  ...shelf,
  tanh: leaky('tanh(x)'),
  /** Adds up what arrives. */
  sum: own('sum', {
    state: { x: 0 },
    update: { x: 'x + input' },
    outputs: { y: 'x' },
  }),
  /** Passes on values, unless they are too large. */
  clipped: own('clipped', {
    parameters: { most: 900 },
    ports: ['input', 'more'],
    state: { x: 0 },
    lets: [['sum', 'input - more']],
    update: { x: 'where(abs(sum) > most, 0, sum)' },
    outputs: { y: 'x', twice: '2 * x' },
  }),
  /** Passes on spikes in the tick in which they arrive. */
  spikeRelay: own('spike relay', {
    state: { got: 0 },
    update: { got: 'input' },
    spike: 'got > 0',
    outputs: { y: 'where(got > 0, 1, 0)' },
  }),
  /** Integrate and fire of whole numbers. */
  counter: own('counter', {
    parameters: { theta: 3 },
    ports: ['input', 'more'],
    state: { v: 0, sent: 0 },
    update: { v: 'where(abs(v) > 500, 0, v) + input - more' },
    spike: 'v >= theta',
    reset: { v: 'v - theta', sent: 'sent + 1' },
    outputs: { y: 'where(abs(v) > 500, 0, v)', sent: 'sent' },
  }),
  /** Three draws: two blocks of random words. */
  noisy: own('noisy', {
    parameters: { sigma: 0.25 },
    derived: ({ sigma }, dt) => ({ scale: sigma * Math.sqrt(dt) }),
    state: { x: 0, a: 0, b: 0, c: 0 },
    noise: { n1: 'normal', u: 'uniform', n2: 'normal' },
    update: {
      x: '0.75 * x + input + scale * n1 + u / 8 + scale * (n2 * u)',
      a: 'n1',
      b: 'u',
      c: 'n2',
    },
    spike: 'x > 0.5',
    reset: { x: 'x - 0.5' },
    outputs: { y: 'x' },
  }),
} satisfies Record<string, PopulationModel>;

export function modelOf(recipe: ModelRecipe): PopulationModel {
  if (typeof recipe === 'string') {
    return (zoo as Record<string, PopulationModel>)[recipe];
  }
  const { x, z, y } = recipe;
  return own('formulas', {
    ports: ['input', 'more'],
    parameters: { p: 0.5 },
    state: { x: 0.25, z: 'p' },
    lets: [['both', 'input + more']],
    update: { x: `0.9 * tanh(${x})`, z: `tanh(${z})` },
    outputs: { y, x: 'x' },
  });
}

export function patternOf(recipe: PatternRecipe, sources: number): Pattern {
  switch (recipe.kind) {
    case 'all':
      return allToAll({ self: recipe.self });
    case 'one':
      return oneToOne();
    case 'pairs':
      return pairs(recipe.pre, recipe.post);
    case 'matrix':
      return matrix(recipe.rows);
    case 'convolution':
      // An image of one row: padding adds rows of nothing above and below too.
      return convolution({
        image: [1, 1, sources],
        kernel: [[rowsAround(recipe.kernel, recipe.padding)]],
        padding: recipe.padding,
      });
    case 'probability':
      return random({ probability: recipe.p, self: recipe.self });
    case 'inDegree':
      return random({ inDegree: recipe.n, replace: recipe.replace });
  }
}

/** A kernel that sees the one row of the image in its middle. */
const rowsAround = (kernel: number[], padding: number) =>
  Array.from({ length: 2 * padding + 1 }, (_, i) =>
    i === padding ? kernel : kernel.map(() => 0),
  );

const entry = (table: readonly number[], pre: number, post: number) =>
  table[(7 * pre + 3 * post) % table.length];

function weightOf(recipe: ProjectionRecipe['weight']): PerSynapse | undefined {
  if (typeof recipe !== 'object' || 'uniform' in recipe) return recipe;
  return (pre, post) => entry(recipe.table, pre, post);
}

export function delayOf(recipe: ValuesRecipe, dt: number): Delays {
  if (typeof recipe === 'number') return recipe * dt;
  if ('uniform' in recipe) {
    return { uniform: [recipe.uniform[0] * dt, recipe.uniform[1] * dt] };
  }
  if ('perSource' in recipe) {
    return { perSource: recipe.perSource.map((ticks) => ticks * dt) };
  }
  return (pre, post) => entry(recipe.table, pre, post) * dt;
}

/** The network of a recipe. */
export function networkOf(recipe: NetworkRecipe): Network {
  const { dt } = recipe;
  const network = new Network({ dt });
  for (const population of recipe.populations) {
    const { name, size } = population;
    if (population.kind === 'neurons') {
      const { parameters, start, history } = population;
      network.population(name, size, modelOf(population.model), {
        ...(parameters ? { parameters } : {}),
        ...(start ? { start } : {}),
        ...(history ? { history } : {}),
      });
    } else if (population.kind === 'samples') {
      const { trials, interval, after } = population;
      network.samples(name, size, { trials, interval: interval * dt, after });
    } else {
      const trials = population.trials.map((neurons) =>
        neurons.map((ticks) => ticks.map((tick) => tick * dt)),
      );
      network.events(name, size, { trials });
    }
  }
  for (const projection of recipe.projections) {
    const { name, from, to, port, output } = projection;
    const weight = weightOf(projection.weight);
    network.project(from, to, {
      name,
      port,
      output,
      pattern: patternOf(projection.pattern, network.find(from).size),
      delay: delayOf(projection.delay, dt),
      ...(weight === undefined ? {} : { weight }),
    });
  }
  return network;
}

export interface Edge {
  readonly pre: number;
  readonly post: number;
  readonly weight: number;
  /** In ticks. */
  readonly delay: number;
}

/**
 * Synapses of a projection by the plainest loops, in canonical order; null
 * where something is drawn.
 */
export function edgesOf(
  { pattern, weight, delay }: ProjectionRecipe,
  sources: number,
  targets: number,
): Edge[] | null {
  if (typeof weight === 'object' && 'uniform' in weight) return null;
  if (typeof delay === 'object' && 'uniform' in delay) return null;
  const late = (pre: number, post: number) => {
    if (typeof delay === 'number') return delay;
    if ('perSource' in delay) return delay.perSource[pre];
    return entry((delay as { table: number[] }).table, pre, post);
  };
  const edges: Edge[] = [];
  const add = (pre: number, post: number, brought = 1) => {
    const own =
      typeof weight === 'object' ? entry(weight.table, pre, post) : weight;
    edges.push({ pre, post, weight: own ?? brought, delay: late(pre, post) });
  };
  for (let pre = 0; pre < sources; pre++) {
    for (let post = 0; post < targets; post++) {
      if (pattern.kind === 'all') {
        if (pattern.self || pre !== post) add(pre, post);
      } else if (pattern.kind === 'one') {
        if (pre === post) add(pre, post);
      } else if (pattern.kind === 'pairs') {
        pattern.pre.forEach((from, i) => {
          if (from === pre && pattern.post[i] === post) add(pre, post);
        });
      } else if (pattern.kind === 'matrix') {
        const brought = pattern.rows[post][pre];
        if (brought !== 0) add(pre, post, brought);
      } else if (pattern.kind === 'convolution') {
        const place = pre - post + pattern.padding;
        const inside = place >= 0 && place < pattern.kernel.length;
        if (inside) add(pre, post, pattern.kernel[place]);
      } else {
        return null;
      }
    }
  }
  return edges;
}
