/** Levels and delays, against brute force over paths and over levellings. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Graph, GraphBuilder } from '../../src/graph/graph.ts';
import {
  delayCost,
  droppedWarning,
  type Levelled,
  type Levelling,
  level,
} from '../../src/graph/level.ts';
import type { Vertex } from '../../src/graph/vertex.ts';
import { graphs } from '../arbitraries/index.ts';

const RUNS = { numRuns: 300 };
const levellings: readonly Levelling[] = ['longest-path', 'least-delay'];

/** Length of the longest path to the output, trying all; -1: there is none. */
function longest(graph: Graph, from: Vertex): number {
  if (from === graph.output) return 0;
  const lengths = graph.vertices
    .filter((vertex) => vertex.inputs.includes(from))
    .map((consumer) => longest(graph, consumer));
  const best = Math.max(-1, ...lengths);
  return best < 0 ? -1 : best + 1;
}

/** Delay memory of some levels: only errors wait, so data inputs are free. */
function costOf(vertices: readonly Vertex[], at: ReadonlyMap<Vertex, number>) {
  let cost = 0;
  for (const to of vertices) {
    for (const from of to.inputs) {
      const delay = (at.get(from) ?? 0) - (at.get(to) ?? 0) - 1;
      if (from.op !== 'input') cost += delay * from.size;
    }
  }
  return cost;
}

/** Least cost of all levellings of depth K, trying every one. */
function leastCost(graph: Graph, kept: readonly Vertex[], K: number): number {
  const at = new Map<Vertex, number>([[graph.output, 0]]);
  const order = kept.toReversed().filter((vertex) => vertex !== graph.output);
  let best = Number.POSITIVE_INFINITY;
  const place = (n: number): void => {
    if (n === order.length) {
      best = Math.min(best, costOf(kept, at));
      return;
    }
    const vertex = order[n];
    const readers = kept.filter((v) => v.inputs.includes(vertex));
    const least = Math.max(...readers.map((v) => (at.get(v) ?? 0) + 1));
    for (let l = least; l <= K; l++) {
      at.set(vertex, l);
      place(n + 1);
    }
    at.delete(vertex);
  };
  place(0);
  return best;
}

function depthOf(levelled: Levelled, vertex: Vertex): number {
  return levelled.levels.get(vertex) as number;
}

// Oracle: every path tried.
test('levels are longest paths; what has none is dropped', () => {
  fc.assert(
    fc.property(graphs({ maxOps: 9 }), (graph) => {
      const levelled = level(graph);
      for (const vertex of graph.vertices) {
        const length = longest(graph, vertex);
        if (length < 0) {
          expect(levelled.dropped).toContain(vertex);
          expect(levelled.levels.has(vertex)).toBe(false);
        } else {
          expect(depthOf(levelled, vertex)).toBe(length);
        }
      }
      const kept = levelled.vertices.length + levelled.dropped.length;
      expect(kept).toBe(graph.vertices.length);
    }),
    RUNS,
  );
});

describe.each(levellings)('%s', (levelling) => {
  // Oracle: the definition. A path of K edges needs K + 1 levels, so the
  // depth can be no less than the longest path.
  test('makes the least number of levels, with delays that fit', () => {
    fc.assert(
      fc.property(graphs({ join: true }), (graph) => {
        const levelled = level(graph, { levelling });
        const paths = levelled.vertices.map((v) => longest(graph, v));
        expect(levelled.depth).toBe(Math.max(...paths));
        expect(depthOf(levelled, graph.output)).toBe(0);
        for (const { from, to, delay } of levelled.axons) {
          const gap = depthOf(levelled, from) - depthOf(levelled, to) - 1;
          expect(gap).toBeGreaterThanOrEqual(0);
          expect(delay).toBe(from.op === 'input' ? 0 : gap);
        }
      }),
      RUNS,
    );
  });

  // Oracle: the definition of a levelled graph.
  test('joins adjacent levels in explicit form, data inputs apart', () => {
    fc.assert(
      fc.property(graphs({ join: true }), (graph) => {
        const levelled = level(graph, { levelling, form: 'explicit' });
        for (const { from, to, delay } of levelled.axons) {
          expect(delay).toBe(0);
          if (from.op === 'input') continue;
          expect(depthOf(levelled, from)).toBe(depthOf(levelled, to) + 1);
        }
        const { steps } = delayCost(level(graph, { levelling }));
        const before = level(graph, { levelling }).vertices.length;
        expect(levelled.vertices.length).toBe(before + steps);
      }),
      RUNS,
    );
  });

  // Oracle: the canonical order as `Levelled.axons` states it.
  test('lists axons by level, then index from the last, then slot', () => {
    fc.assert(
      fc.property(graphs({ join: true }), (graph) => {
        const levelled = level(graph, { levelling });
        const keys = levelled.axons.map(({ to, slot }) => [
          depthOf(levelled, to),
          -to.index,
          slot,
        ]);
        const sorted = keys.toSorted(
          (a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2],
        );
        expect(keys).toEqual(sorted);
      }),
      RUNS,
    );
  });
});

// Oracle: every levelling of the same depth tried.
test('least-delay has the least delay memory of all levellings', () => {
  fc.assert(
    fc.property(graphs({ maxOps: 5, join: true }), (graph) => {
      const plain = level(graph);
      fc.pre(plain.vertices.length <= 9 && plain.depth <= 5);
      const least = level(graph, { levelling: 'least-delay' });
      const cost = delayCost(least).elements;
      expect(cost).toBe(leastCost(graph, plain.vertices, plain.depth));
      expect(cost).toBe(costOf(plain.vertices, least.levels));
    }),
    { numRuns: 200 },
  );
});

// Worked by hand: w (3 elements) has level 4, for the path w a b c out. The
// vertex s (1 element) is read by out alone. As near to the output as can be
// it has level 1, and w reaches it by a delay of 4 - 1 - 1 = 2 of 3 elements:
// 6. At level 3 w reaches it at once, and s waits 3 - 0 - 1 = 2 steps with 1
// element: 2. At level 2 both wait one step: 3 + 1 = 4.
test('least-delay costs less where a small vertex can wait for a large', () => {
  const g = new GraphBuilder();
  const w = g.param('w', [3]);
  const c = w.tanh().named('a').sin().named('b').sum().named('c');
  const s = w.sum().named('s');
  const graph = g.output(c.add(s).named('out'));
  const plain = level(graph);
  const least = level(graph, { levelling: 'least-delay' });
  expect([plain.depth, depthOf(plain, s)]).toEqual([4, 1]);
  expect([least.depth, depthOf(least, s)]).toEqual([4, 3]);
  expect(delayCost(plain)).toEqual({ steps: 2, elements: 6 });
  expect(delayCost(least)).toEqual({ steps: 2, elements: 2 });
});

// Oracle: the longest-path levelling is one of those it chooses among.
test('least-delay never costs more than longest-path', () => {
  fc.assert(
    fc.property(graphs({ maxOps: 25, join: true }), (graph) => {
      const least = delayCost(level(graph, { levelling: 'least-delay' }));
      const plain = delayCost(level(graph));
      expect(least.elements).toBeLessThanOrEqual(plain.elements);
    }),
    RUNS,
  );
});

test("levelling 'none' keeps the levels and has no delays", () => {
  fc.assert(
    fc.property(graphs({ join: true }), (graph) => {
      const none = level(graph, { levelling: 'none' });
      expect(none.levels).toEqual(level(graph).levels);
      expect(none.axons.every(({ delay }) => delay === 0)).toBe(true);
      expect(delayCost(none)).toEqual({ steps: 0, elements: 0 });
    }),
    { numRuns: 50 },
  );
});

test('dropped vertices are named in one warning', () => {
  const g = new GraphBuilder();
  const x = g.input('x', [2]);
  const dead = x.tanh().named('dead');
  dead.square().named('deader');
  const graph = g.output(x.relu().named('out'));
  const levelled = level(graph);
  expect(levelled.dropped.map((v) => v.id)).toEqual(['dead', 'deader']);
  expect(droppedWarning(levelled)).toMatch(
    /2 vertices.*"out".*"dead", "deader"/,
  );
  const whole = new GraphBuilder();
  const only = whole.output(whole.input('x', [2]).relu());
  expect(droppedWarning(level(only))).toBe(null);
});

// Worked by hand: a(1) and b are read by out, b reads a through two vertices.
test('a skip connection waits for as many steps as it skips', () => {
  const g = new GraphBuilder();
  const w = g.param('w', [3]);
  const a = w.tanh().named('a');
  const c = a.sin().named('b').tanh().named('c');
  const levelled = level(g.output(c.add(a).named('out')));
  const delays = levelled.axons.map(
    ({ from, to, delay }) => `${from.id}>${to.id}: ${delay}`,
  );
  expect(delays).toEqual([
    'c>out: 0',
    'a>out: 2',
    'b>c: 0',
    'a>b: 0',
    'w>a: 0',
  ]);
  expect(delayCost(levelled)).toEqual({ steps: 2, elements: 6 });
});
