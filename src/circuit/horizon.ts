/**
 * How long each population matters. Nothing in a circuit is faster than its
 * axons, so what happens somewhere can reach a plasticity event or a probe only
 * if there is time left for the way: the light cone of the results, seen
 * backwards. Behind its horizon a population need not be simulated.
 *
 * An error at t changes the inputs' state at t + 1 + delay and reaches
 * parameters at t + delay; a value at t changes the consumers' at t + delay.
 */

import type { Axon } from '../graph/level.ts';
import type { Vertex } from '../graph/vertex.ts';

/**
 * The last tick at which each vertex's state can matter; absent: none can.
 * `ends` gives the last tick at which each parameter learns, or a probed
 * population is looked at.
 */
export function horizons(
  axons: readonly Axon[],
  ends: ReadonlyMap<Vertex, number>,
): Map<Vertex, number> {
  /** Who changes a vertex's state, and how many ticks that takes. */
  const causes = new Map<Vertex, [cause: Vertex, ticks: number][]>();
  const add = (vertex: Vertex, cause: Vertex, ticks: number) => {
    const known = causes.get(vertex);
    if (known) known.push([cause, ticks]);
    else causes.set(vertex, [[cause, ticks]]);
  };
  for (const { from, to, delay } of axons) {
    // A parameter learns in the tick in which an error reaches it.
    if (from.op !== 'input') add(from, to, delay + (from.isLeaf ? 0 : 1));
    if (!from.isLeaf) add(to, from, delay);
  }
  const horizon = new Map<Vertex, number>();
  const at: Vertex[][] = [];
  const reach = (vertex: Vertex, tick: number) => {
    if (tick < 0 || tick <= (horizon.get(vertex) ?? -1)) return;
    horizon.set(vertex, tick);
    at[tick] ??= [];
    at[tick].push(vertex);
  };
  for (const [vertex, tick] of ends) reach(vertex, tick);
  // From the latest on: a horizon that is looked at grows no more.
  for (let tick = at.length - 1; tick >= 0; tick--) {
    const vertices = at[tick] ?? [];
    for (const vertex of vertices) {
      if (horizon.get(vertex) !== tick) continue;
      for (const [cause, ticks] of causes.get(vertex) ?? []) {
        reach(cause, tick - ticks);
      }
    }
  }
  return horizon;
}
