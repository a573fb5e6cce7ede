/**
 * Weight sharing undone: where a parameter is read at several levels, each
 * level reads a copy of its own. Salvatori 2022 counts a recurrent network's
 * weights so, one leaf a time step: then each copy learns when the error
 * arrives at it, and no delay is needed for the sharing.
 */

import { type Graph, GraphBuilder } from '../../graph/graph.ts';
import { type Levelled, level } from '../../graph/level.ts';
import type { Vertex } from '../../graph/vertex.ts';

/** Parameters that vertices of several levels read, with those levels. */
export function sharedParameters({
  axons,
  levels,
}: Levelled): Map<Vertex, number[]> {
  const readers = new Map<Vertex, Set<number>>();
  for (const { from, to } of axons) {
    if (from.op !== 'param') continue;
    const own = readers.get(from) ?? new Set();
    readers.set(from, own.add(levels.get(to) as number));
  }
  return new Map(
    [...readers]
      .filter(([, own]) => own.size > 1)
      .map(([vertex, own]) => [vertex, [...own]]),
  );
}

/**
 * The same function with a copy of each shared parameter for each level that
 * reads it; `values` gives what the copies start from, by parameter.
 */
export function withCopies(
  graph: Graph,
  values: ReadonlyMap<string, ArrayLike<number>>,
): Graph {
  const levelled = level(graph);
  const { levels, vertices } = levelled;
  const shared = sharedParameters(levelled);
  const g = new GraphBuilder();
  const made = new Map<Vertex, Vertex>();
  const copies = new Map<Vertex, Map<number, Vertex>>();
  for (const vertex of vertices) {
    const { id, op, shape, attrs, inputs } = vertex;
    if (op === 'input') {
      made.set(vertex, g.input(id, shape, graph.data.get(id)?.data));
    } else if (op === 'param') {
      const data = values.get(id) as ArrayLike<number>;
      const copy = (name: string) =>
        g.param(name, shape, { kind: 'values', data });
      const own = shared.get(vertex);
      if (own) {
        const byLevel = own.map((at) => [at, copy(`${id} of ${at}`)] as const);
        copies.set(vertex, new Map(byLevel));
      } else made.set(vertex, copy(id));
    } else {
      const at = levels.get(vertex) as number;
      const read = inputs.map(
        (input) => copies.get(input)?.get(at) ?? (made.get(input) as Vertex),
      );
      made.set(vertex, g.apply(op, read, attrs, id));
    }
  }
  const { loss, data, output } = graph;
  return g.output(made.get(output) as Vertex, loss.kind, {
    reduction: loss.reduction,
    target: data.get('target')?.data,
  });
}
