/**
 * Vertices from which paths of several lengths lead to the output, in steps:
 * an edge takes one, and its delay more. None: the graph is levelled. Counted
 * along the paths themselves, knowing nothing of levels.
 */

import type { Levelled } from '../../graph/level.ts';
import type { Vertex } from '../../graph/vertex.ts';

export function unequalPaths({ vertices, axons, graph }: Levelled): number {
  const output = vertices.find(({ id }) => id === graph.output.id)!;
  const lengths = new Map<Vertex, Set<number>>([[output, new Set([0])]]);
  for (const from of [...vertices].reverse()) {
    for (const axon of axons) {
      if (axon.from !== from || from.op === 'input') continue;
      const own = lengths.get(from) ?? new Set();
      for (const after of lengths.get(axon.to) ?? []) {
        own.add(after + 1 + axon.delay);
      }
      lengths.set(from, own);
    }
  }
  return [...lengths.values()].filter(({ size }) => size > 1).length;
}
