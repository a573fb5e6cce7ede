/**
 * All that the frozen picture knows of the source: names and places that may
 * change stand here, and what is hashed keeps its name in the picture.
 */

import fc from 'fast-check';
import { circuits, Workbench } from '../../models/circuits/index.ts';
import { models } from '../../models/index.ts';
import { loadHeads } from '../../src/data/heads.ts';
import { elementary32 } from '../../src/formula/js.ts';
import {
  type Backend,
  type Call,
  CpuBackend,
  type Feeds,
  feedsFor,
  type Graph,
  GraphBuilder,
  makeOptimiser,
  makeRule,
  momentum,
  type Optimiser,
  openBackend,
  type Program,
  Simulation,
} from '../../src/index.ts';
import { type Network, NetworkRun } from '../../src/network/index.ts';
import { batchesOf } from '../../src/program/batches.ts';
import { feedsOf, graphs } from '../arbitraries/graphs.ts';
import { networkOf } from '../arbitraries/network-recipe.ts';
import { networks } from '../arbitraries/networks.ts';

export {
  type Backend,
  circuits,
  type Feeds,
  feedsFor,
  type Graph,
  models,
  type Network,
  NetworkRun,
  type Program,
  Simulation,
};

/** Backends by their names in the picture. */
export const BACKENDS = ['f64', 'f32', 'webgpu'] as const;
export type BackendName = (typeof BACKENDS)[number];

const opened = new Map<BackendName, Promise<Backend>>();

/** A backend, the same at each call; `closeBackends` closes all. */
export function backendOf(name: BackendName): Promise<Backend> {
  const known = opened.get(name) ?? open(name);
  opened.set(name, known);
  return known;
}

async function open(name: BackendName): Promise<Backend> {
  if (name !== 'webgpu') return new CpuBackend(name);
  return (await openBackend('webgpu')).backend;
}

export async function closeBackends(): Promise<void> {
  for (const backend of opened.values()) (await backend).close();
  opened.clear();
}

/** The programs that a backend is given to compile while work is done on it. */
export async function programsOf(
  name: BackendName,
  work: (backend: Backend) => Promise<unknown>,
): Promise<Program[]> {
  const backend = await backendOf(name);
  const programs: Program[] = [];
  const own = backend.compile;
  backend.compile = (program, ...more) => {
    programs.push(program);
    return own.call(backend, program, ...more);
  };
  try {
    await work(backend);
  } finally {
    backend.compile = own;
  }
  return programs;
}

/** How a graph learns, in the words of the picture. */
export interface How {
  readonly rule: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly optimiser?: 'sgd' | 'momentum' | 'adam' | 'decay' | 'none';
  /** Of learning, where it is not sgd's usual one. */
  readonly rate?: number;
  readonly form?: 'axonal' | 'explicit';
  readonly mode?: 'clocked' | 'event-driven' | 'pruned';
  readonly levelling?: 'least-delay';
}

export function openSimulation(
  graph: Graph,
  how: How,
  backend: Backend,
): Simulation {
  const { rule, options, optimiser = 'sgd', mode = 'pruned' } = how;
  const { form, levelling, rate } = how;
  return Simulation.open(graph, {
    rule: makeRule(rule, options),
    optimiser: optimiserOf(optimiser, rate),
    backend,
    mode,
    seed: 1,
    ...(form ? { form } : {}),
    ...(levelling ? { levelling } : {}),
  });
}

function optimiserOf(
  name: NonNullable<How['optimiser']>,
  rate = 0.01,
): Optimiser | null {
  if (name === 'none') return null;
  if (name === 'decay') return momentum({ lr: rate, weightDecay: 0.01 });
  return makeOptimiser(name, rate);
}

/** Numbers of a call that are no operands: of which type, and in their order. */
export const paramsOf = ({ kernel, params }: Call) => {
  const of = (type: 'u32' | 'f32') =>
    Object.entries(kernel.params).flatMap(([name, own]) =>
      own === type ? [params[name]] : [],
    );
  return { ints: of('u32'), floats: of('f32') };
};

/** Kernels that are made of formulas are counted as they are made, once each. */
export const nameOf = ({ kernel: { name } }: Call) =>
  name.replace(/^(neurons .*|learn) \d+$/, '$1');

/** How many calls each of a program's batches has. */
export const batchSizesOf = (program: Program, stepwise = false) =>
  batchesOf(program, stepwise).map((batch) => batch.length);

/** Runs a circuit of the shelf with its own parameters; `onRun` sees its runs. */
export async function measureCircuit(
  name: string,
  backend: Backend,
  onRun: (run: NetworkRun) => void,
  afterwards: () => Promise<void>,
): Promise<unknown> {
  const circuit = circuits.find((each) => each.name === name)!;
  class Watched extends Workbench {
    override open(...args: Parameters<Workbench['open']>) {
      const run = super.open(...args);
      onRun(run);
      return run;
    }
  }
  const bench = new Watched(backend, 1, () => loadHeads());
  try {
    const outcome = await circuit.measure(circuit.schema.read({}), bench);
    await afterwards();
    return outcome;
  } finally {
    bench.close();
  }
}

/** The models that networks may be drawn of, so that a new one changes none. */
const DRAWN_MODELS = [
  ...(['relay', 'leaky', 'tanh', 'lif', 'cubaLif', 'izhikevich'] as const),
  ...(['poisson', 'valueError', 'sum', 'clipped'] as const),
  ...(['spikeRelay', 'counter', 'noisy'] as const),
];

/** A network, and how it is to be run. */
export interface Drawn {
  readonly network: Network;
  readonly seed: number;
  readonly trials: number;
  readonly ticks: number;
  /** What was drawn, as text. */
  readonly text: string;
}

/** Random networks, the same at each call. */
export function drawnNetworks(count: number, integer: boolean): Drawn[] {
  const drawn = networks({ integer, models: DRAWN_MODELS });
  return fc
    .sample(drawn, { seed: integer ? 12 : 11, numRuns: count })
    .map((recipe) => ({
      get network() {
        return networkOf(recipe);
      },
      seed: recipe.seed,
      trials: recipe.trials,
      ticks: recipe.ticks,
      text: JSON.stringify(recipe),
    }));
}

/** Ops that graphs may be drawn of, so that a new one changes none. */
const DRAWN_OPS: readonly string[] = (
  'identity scale tanh sigmoid relu gelu silu abs clamp exp log sin tan sqrt ' +
  'square sub div mul add linear affine matmul sum mean conv2d maxpool2d ' +
  'avgpool2d global_avgpool layernorm batchnorm batchnorm_inference lrn ' +
  'softmax log_softmax causal_mask reshape flatten transpose expand slice ' +
  'concat embedding dropout composite'
).split(' ');

/** Random graphs with their data, the same at each call. */
export const drawnGraphs = (count: number): [Graph, Feeds][] =>
  fc
    .sample(graphs({ ops: DRAWN_OPS, losses: ['half_sse', 'softmax_xent'] }), {
      seed: 13,
      numRuns: count,
    })
    .map((graph) => [graph, feedsOf(graph)]);

/** Ops of one number; those of what is positive alone come last. */
export const FUNCTIONS = [
  ...(['tanh', 'sigmoid', 'gelu', 'silu', 'exp', 'sin', 'tan'] as const),
  ...(['square', 'relu', 'log', 'sqrt'] as const),
];

/** A function of parameters with these values. */
export function functionGraph(
  name: (typeof FUNCTIONS)[number],
  values: Float32Array,
): Graph {
  const g = new GraphBuilder();
  const x = g.param('x', [values.length], values);
  return g.output(x[name]());
}

/** The functions of float32 in JavaScript, where no WebAssembly is made. */
export const IN_JAVASCRIPT: Readonly<Record<string, (x: number) => number>> =
  Object.fromEntries(
    (['exp', 'log', 'tanh', 'sqrt', 'sin', 'cos', 'tan'] as const).map(
      (name) => [name, elementary32()[name]],
    ),
  );
