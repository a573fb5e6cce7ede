/** One presentation of a graph, with all that it shows. */

import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import type { DType, FloatArray } from '../../src/base/tensor.ts';
import type { Quantity } from '../../src/circuit/probe.ts';
import { type Graph, parametersOf } from '../../src/graph/graph.ts';
import type { Program } from '../../src/program/recorder.ts';
import { circuitRule, type Rule } from '../../src/rules/rule.ts';
import {
  type Feeds,
  type SimulateOptions,
  Simulation,
} from '../../src/simulation/simulate.ts';

export interface Shown {
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, FloatArray>;
  readonly program: Program;
  /** Samples by 'ID.quantity', or 'energy', in order of ticks. */
  readonly samples: ReadonlyMap<string, readonly FloatArray[]>;
}

export interface ShowOptions extends Omit<SimulateOptions, 'rule' | 'backend'> {
  readonly dtype?: DType;
  /** Data of inputs and target; by default what came with the graph. */
  readonly feeds?: Feeds;
  /** 'ID.value', 'ID.prediction', 'ID.error' or 'energy'. */
  readonly probes?: readonly string[];
}

/** The data that came with a graph. */
export function feedsOf(graph: Graph): Feeds {
  return Object.fromEntries(
    [...graph.data].map(([id, { data }]) => [id, data]),
  );
}

/** The values with which a parameter was built. */
export function parameterValues(graph: Graph, id: string): ArrayLike<number> {
  const init = graph.inits.get(id);
  if (init?.kind !== 'values') throw new Error(`"${id}" came without values`);
  return init.data;
}

export async function show(
  graph: Graph,
  rule: Rule,
  options: ShowOptions = {},
): Promise<Shown> {
  const { dtype = 'f64', feeds, probes = [], ...rest } = options;
  const backend = new CpuBackend(dtype);
  const simulation = Simulation.open(graph, { ...rest, rule, backend });
  const samples = new Map<string, FloatArray[]>();
  for (const name of probes) {
    const seen: FloatArray[] = [];
    samples.set(name, seen);
    streamOf(simulation, name).subscribe(({ tick, data }) => {
      if (tick !== seen.length) throw new Error(`sample of tick ${tick}`);
      seen.push(data);
    });
  }
  const { loss } = await simulation.step(feeds ?? feedsOf(graph));
  const gradients = await simulation.gradients();
  const program = await simulation.program();
  simulation.destroy();
  return { loss, gradients, program, samples };
}

function streamOf(simulation: Simulation, name: string) {
  if (name === 'energy') return simulation.energy$;
  const dot = name.lastIndexOf('.');
  const quantity = name.slice(dot + 1) as Quantity;
  return simulation.probe(name.slice(0, dot))[`${quantity}$`];
}

/** Gradients at every instant t = 0 ... T of a relaxation, by parameter. */
export interface EveryInstant {
  readonly rule: Rule;
  /** Names of the program's outputs. */
  readonly outputOf: (id: string, tick: number) => string;
}

/**
 * IL as the papers plot it: the gradient that each parameter would take at
 * every t, without taking it. A rule of the tests' own, made as users would.
 */
export function everyInstant(options: {
  readonly gamma: number;
  readonly steps: number;
  readonly prediction: 'recomputed' | 'fixed';
}): EveryInstant {
  const { gamma, steps, prediction } = options;
  const outputOf = (id: string, tick: number) => `at/${tick}/${id}`;
  const rule = circuitRule({
    name: 'every-instant',
    exact: false,
    levelling: 'none',
    options,
    dynamics: { gamma, prediction },
    *run(circuit) {
      circuit.present();
      circuit.clamp();
      for (let t = 0; ; t++) {
        for (const parameter of circuit.parameters) {
          const { id, size } = parameter;
          const zero = circuit.recorder.constant(size, 0);
          const gradient = circuit.gradient(parameter) ?? zero;
          circuit.recorder.output(outputOf(id, t), gradient);
        }
        if (t === steps) return;
        yield circuit.tick();
      }
    },
  });
  return { rule, outputOf };
}

/** Gradients of one parameter at t = 0 ... steps. */
export async function gradientsOverTime(
  graph: Graph,
  options: Parameters<typeof everyInstant>[0],
): Promise<(id: string) => Promise<FloatArray[]>> {
  const { rule, outputOf } = everyInstant(options);
  const backend = new CpuBackend();
  const simulation = Simulation.open(graph, { rule, backend });
  const program = await simulation.program();
  const memory = new Map(
    parametersOf(graph).map(({ id, size }) => {
      const place = backend.allocate(size);
      backend.write(place, parameterValues(graph, id));
      return [id, place];
    }),
  );
  const run = await backend.compile(program, memory);
  for (const [id, { data }] of graph.data) run.feed(id, data);
  run.run();
  const ticks = Array.from({ length: options.steps + 1 }, (_, t) => t);
  return (id) => run.read(ticks.map((t) => outputOf(id, t)));
}
