/**
 * What parameters would learn at each instant of a relaxation, without
 * learning it: one presentation shows the update of every plasticity time.
 */

import type { Backend } from '../backends/backend.ts';
import { SEED } from '../base/random.ts';
import { type Graph, parametersOf } from '../graph/graph.ts';
import type { Levelling } from '../graph/level.ts';
import { feedsFor, type Gradients } from '../proof/check.ts';
import { bp } from '../rules/bp.ts';
import { circuitRule } from '../rules/rule.ts';
import { type Feeds, Simulation } from '../simulation/simulate.ts';

export interface Relaxation {
  readonly gamma: number;
  readonly prediction: 'recomputed' | 'fixed';
  /** Delays of the graph; without them by default. */
  readonly levelling?: Levelling;
  /** Ascending: the relaxation ends at the last of them. */
  readonly instants: readonly number[];
}

export interface RelaxationRun {
  readonly backend: Backend;
  readonly seed?: number;
  /** Values of parameters, where they are not drawn from the seed. */
  readonly weights?: Gradients;
}

/** The gradients at each of the instants, for the data of the graph. */
export async function gradientsAt(
  graph: Graph,
  { gamma, prediction, levelling = 'none', instants }: Relaxation,
  { backend, seed = SEED, weights }: RelaxationRun,
): Promise<Gradients[]> {
  const wanted = new Set(instants);
  const last = Math.max(...instants);
  const outputOf = (id: string, tick: number) => `at/${tick}/${id}`;
  const rule = circuitRule({
    name: 'every-instant',
    exact: false,
    levelling,
    options: { gamma, prediction, instants },
    dynamics: { gamma, prediction },
    *run(circuit) {
      circuit.present();
      circuit.clamp();
      for (let t = 0; ; t++) {
        for (const parameter of wanted.has(t) ? circuit.parameters : []) {
          const { id, size } = parameter;
          const { recorder } = circuit;
          const zero = recorder.constant(size, 0);
          const gradient = circuit.gradient(parameter) ?? zero;
          recorder.output(outputOf(id, t), gradient);
        }
        if (t === last) return;
        yield circuit.tick();
      }
    },
  });
  const simulation = Simulation.open(graph, { rule, backend, seed });
  const program = await simulation.program();
  const values = await simulation.allParameters();
  simulation.destroy();
  const parameters = parametersOf(graph).filter(({ id }) =>
    simulation.levelled.vertices.some((vertex) => vertex.id === id),
  );
  const memory = new Map(
    parameters.map(({ id, size }) => [id, backend.allocate(size)]),
  );
  for (const [id, place] of memory) {
    backend.write(place, weights?.get(id) ?? values.get(id)!);
  }
  const run = await backend.compile(program, memory);
  try {
    const feeds = feedsFor(graph, seed);
    for (const name of program.feeds.keys()) run.feed(name, feeds[name]!);
    run.run();
    const found: Gradients[] = [];
    for (const t of instants) {
      const read = await run.read(parameters.map(({ id }) => outputOf(id, t)));
      found.push(new Map(parameters.map(({ id }, i) => [id, read[i]!])));
    }
    return found;
  } finally {
    run.free();
    for (const place of memory.values()) backend.free(place);
  }
}

/** What the parameters of a graph start from. */
export async function startOf(
  graph: Graph,
  run: Pick<RelaxationRun, 'backend' | 'seed'>,
): Promise<Gradients> {
  const options = { rule: bp(), optimiser: null, ...run };
  const simulation = Simulation.open(graph, options);
  try {
    return await simulation.allParameters();
  } finally {
    simulation.destroy();
  }
}

/** The graph with data of its own. */
export function withData(graph: Graph, feeds: Feeds): Graph {
  const given = Object.entries(feeds).map(([id, data]) => {
    const vertex = graph.vertices.find((each) => each.id === id);
    return [id, { shape: (vertex ?? graph.output).shape, data }] as const;
  });
  return { ...graph, data: new Map([...graph.data, ...given]) };
}
