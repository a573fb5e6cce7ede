/** Small graphs with data, for the tests of circuits and rules. */

import { mlp } from '../../models/mlp.ts';
import { Random } from '../../src/base/random.ts';
import { type Graph, GraphBuilder, type Init } from '../../src/graph/graph.ts';

/** Values uniform in [-1, 1), representable in float32. */
export function values(name: string, size: number): Float32Array {
  const random = new Random(7, name);
  return Float32Array.from({ length: size }, () => 2 * random.uniform() - 1);
}

/** The graph with values for every parameter, input and the target. */
export function filled(graph: Graph): Graph {
  const inits = new Map<string, Init>();
  const data = new Map(graph.data);
  for (const { id, op, shape, size } of graph.vertices) {
    if (op === 'param') {
      inits.set(id, { kind: 'values', data: values(id, size) });
    }
    if (op === 'input' && !data.has(id)) {
      data.set(id, { shape, data: values(id, size) });
    }
  }
  const { shape, size } = graph.output;
  data.set('target', { shape, data: values('target', size) });
  return { ...graph, inits, data };
}

/** An MLP of `layers` layers, each with its activation apart. */
export function layers(count: number): Graph {
  const sizes = Array.from({ length: count + 1 }, (_, l) => 4 + (l % 3));
  return filled(mlp({ sizes, batch: 3 }));
}

/**
 * A block with a skip connection around two layers and a weight that is read
 * at two levels: delays of values, of errors and of a parameter.
 */
export function branching(): Graph {
  const g = new GraphBuilder();
  const W = g.param('W', [4, 4]);
  const V = g.param('V', [4, 4]);
  const b = g.param('b', [4]);
  const h = g.input('x', [3, 4]).linear(W).tanh().named('h');
  const inner = h.affine(V, b).named('inner').sigmoid().linear(W).named('deep');
  return filled(g.output(h.add(inner).named('sum').sin().named('y')));
}

/** A small graph with every kind of vertex, leaf and attribute. */
export function varied(): Graph {
  const g = new GraphBuilder();
  const x = g.input('x', [2, 3], [1, 2, 3, 4, 5, 6]);
  const fed = g.input('later', [2, 2]);
  const W = g.param('W', [2, 3], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
  const b = g.param('b', [2], { kind: 'zeros' });
  const u = g.param('u', [2, 2]);
  const layer = g.composite(
    [x, W, b],
    (x, W, b) => x.affine(W, b).tanh().scale(0.5),
    'layer',
  );
  const y = layer.add(u, fed).matmul(u, { transpose_b: true }).scale(2);
  return g.output(y.mean(-1), 'half_sse', {
    reduction: 'mean',
    target: [1, -1],
  });
}
