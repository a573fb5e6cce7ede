/** Oracle: the definitions of a graph and its parts. */

import { describe, expect, test } from 'vitest';
import {
  type Graph,
  GraphBuilder,
  inputsOf,
  lossDivisor,
  parametersOf,
} from '../../src/graph/graph.ts';
import { zil } from '../../src/rules/zil.ts';
import { filled } from '../circuit/graphs.ts';
import { show } from '../oracles/run.ts';

describe('what is built', () => {
  const build = (): Graph => {
    const g = new GraphBuilder();
    const x = g.input(
      'x',
      [4, 3],
      Array.from({ length: 12 }, (_, i) => i),
    );
    const W = g.param('W', [2, 3]);
    const y = x.linear(W).named('y').tanh().mean(0).named('m');
    return g.output(y, 'half_sse', { reduction: 'mean', target: [1, 2] });
  };

  test('is in topological order, with shapes and names', () => {
    const { vertices, output } = build();
    vertices.forEach((vertex, i) => {
      expect(vertex.index).toBe(i);
      for (const input of vertex.inputs) expect(input.index).toBeLessThan(i);
    });
    const rows = vertices.map(({ id, op, shape }) => [id, op, shape]);
    expect(rows).toEqual([
      ['x', 'input', [4, 3]],
      ['W', 'param', [2, 3]],
      ['y', 'linear', [4, 2]],
      ['tanh3', 'tanh', [4, 2]],
      ['m', 'mean', [2]],
    ]);
    expect(output.id).toBe('m');
  });

  test('knows its leaves, its data and how parameters start', () => {
    const graph = build();
    expect(inputsOf(graph).map(({ id }) => id)).toEqual(['x']);
    expect(parametersOf(graph).map(({ id }) => id)).toEqual(['W']);
    expect([...graph.data.keys()]).toEqual(['x', 'target']);
    expect(graph.inits.get('W')).toEqual({
      kind: 'uniform',
      bound: 1 / Math.sqrt(3),
    });
    expect(lossDivisor(graph)).toBe(2);
  });

  test('does not change when the builder goes on', () => {
    const g = new GraphBuilder();
    const y = g.input('x', [1]).tanh();
    const graph = g.output(y);
    y.sin();
    expect(graph.vertices).toHaveLength(2);
    expect(Object.isFrozen(graph)).toBe(true);
  });

  test('runs, with ids that objects inherit', async () => {
    const ids = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const g = new GraphBuilder();
    const [x, w, b, y] = ids;
    const W = g.param(w, [2, 3]);
    const sum = g
      .input(x, [4, 3])
      .affine(W, g.param(b, [2]))
      .named(y);
    const graph = filled(g.output(sum));
    const entries = [...graph.data].map(([id, { data }]) => [id, data]);
    const feeds = Object.fromEntries(entries);
    const { gradients } = await show(graph, zil(), { feeds });
    expect([...gradients.keys()]).toEqual([w, b]);
  });
});
