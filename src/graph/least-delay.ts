/**
 * Least-delay levelling: among the levellings with the least number of
 * levels, the one whose delay memory, sum over axons of delay x size, is
 * least. The cost is linear and the constraints are differences of levels,
 * so it is L-natural convex: from the longest-path levels (the lowest ones)
 * the best set of vertices to raise by one level is found by a minimum cut,
 * until none lowers the cost; that local minimum is the global one (Murota
 * 2003, Discrete Convex Analysis, section 10.3).
 */

import type { Graph } from './graph.ts';
import type { Vertex } from './vertex.ts';

/** Raises `levels` in place to the least-delay levelling. */
export function leastDelay(graph: Graph, levels: Map<Vertex, number>): void {
  const depth = Math.max(...levels.values());
  const kept = graph.vertices.filter((vertex) => levels.has(vertex));
  const number = new Map(kept.map((vertex, i) => [vertex, i]));
  // Raising a vertex by one lengthens its axons and shortens those it reads.
  const gain = kept.map(() => 0);
  const edges: [from: number, to: number][] = [];
  for (const to of kept) {
    for (const from of to.inputs) {
      const weight = from.op === 'input' ? 0 : from.size;
      gain[number.get(from) as number]! -= weight;
      gain[number.get(to) as number]! += weight;
      edges.push([number.get(from) as number, number.get(to) as number]);
    }
  }
  const at = kept.map((vertex) => levels.get(vertex) as number);
  const output = number.get(graph.output) as number;
  for (;;) {
    const raise = bestClosure(gain, (require, forbid) => {
      forbid(output);
      at.forEach((level, i) => {
        if (level === depth) forbid(i);
      });
      // A tight axon drags its source along.
      for (const [from, to] of edges) {
        if (at[from] === at[to]! + 1) require(to, from);
      }
    });
    if (raise.size === 0) break;
    for (const i of raise) at[i]! += 1;
  }
  kept.forEach((vertex, i) => {
    levels.set(vertex, at[i]!);
  });
}

/**
 * The set of greatest positive gain that is closed under `require` and free
 * of forbidden members; empty where no set gains (maximum closure by maximum
 * flow, Picard 1976).
 */
function bestClosure(
  gain: readonly number[],
  constrain: (
    require: (member: number, needs: number) => void,
    forbid: (member: number) => void,
  ) => void,
): Set<number> {
  const source = gain.length;
  const sink = source + 1;
  const flow = new Flow(sink + 1);
  gain.forEach((g, i) => {
    if (g > 0) flow.edge(source, i, g);
    if (g < 0) flow.edge(i, sink, -g);
  });
  constrain(
    (member, needs) => flow.edge(member, needs, Number.POSITIVE_INFINITY),
    (member) => flow.edge(member, sink, Number.POSITIVE_INFINITY),
  );
  const reached = flow.sourceSide(source, sink);
  reached.delete(source);
  return reached;
}

/** Maximum flow by shortest augmenting paths (Dinic 1970). */
class Flow {
  private readonly heads: number[] = [];
  private readonly room: number[] = [];
  private readonly out: number[][];

  constructor(nodes: number) {
    this.out = Array.from({ length: nodes }, () => []);
  }

  edge(from: number, to: number, capacity: number): void {
    this.out[from]!.push(this.heads.length);
    this.heads.push(to);
    this.room.push(capacity);
    this.out[to]!.push(this.heads.length);
    this.heads.push(from);
    this.room.push(0);
  }

  /** Nodes on the source's side of a minimum cut. */
  sourceSide(source: number, sink: number): Set<number> {
    for (;;) {
      const distance = this.distances(source);
      if (!distance.has(sink)) return new Set(distance.keys());
      const next = this.out.map(() => 0);
      while (this.push(source, sink, Number.POSITIVE_INFINITY, distance, next));
    }
  }

  private distances(source: number): Map<number, number> {
    const distance = new Map([[source, 0]]);
    for (const node of distance.keys()) {
      for (const e of this.out[node]!) {
        if (this.room[e]! > 0 && !distance.has(this.heads[e]!)) {
          distance.set(this.heads[e]!, (distance.get(node) as number) + 1);
        }
      }
    }
    return distance;
  }

  private push(
    node: number,
    sink: number,
    most: number,
    distance: Map<number, number>,
    next: number[],
  ): number {
    if (node === sink) return most;
    for (; next[node]! < this.out[node]!.length; next[node]!++) {
      const e = this.out[node]![next[node]!]!;
      const to = this.heads[e]!;
      if (this.room[e]! <= 0) continue;
      if (distance.get(to) !== (distance.get(node) as number) + 1) continue;
      const room = Math.min(most, this.room[e]!);
      const sent = this.push(to, sink, room, distance, next);
      if (sent > 0) {
        this.room[e]! -= sent;
        this.room[e ^ 1]! += sent;
        return sent;
      }
    }
    return 0;
  }
}
