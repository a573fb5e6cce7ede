/**
 * Oracle: windows placed one by one over a padded line, until none fits, and
 * shapes counted by hand.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/base/errors.ts';
import { sizeOf } from '../../src/base/tensor.ts';
import type { NirGraph, NirNode } from '../../src/nir/graph.ts';
import { shapesOf } from '../../src/nir/shapes.ts';

const zeros = (...shape: number[]) => ({
  shape,
  data: new Float64Array(sizeOf(shape)),
});

/** Nodes in a chain, under the names a, b, c ... */
function chained(...nodes: NirNode[]): NirGraph {
  const name = (i: number) => String.fromCharCode(97 + i);
  return {
    nodes: new Map(nodes.map((node, i) => [name(i), node])),
    edges: nodes.slice(1).map((_, i) => [name(i), name(i + 1)] as const),
  };
}

function places(
  size: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation: number,
): number {
  let count = 0;
  for (let at = -padding; ; at += stride) {
    if (at + dilation * (kernel - 1) >= size + padding) return count;
    count += 1;
  }
}

const small = (least: number, most: number) =>
  fc.integer({ min: least, max: most });
const axis = fc.record({
  size: small(1, 12),
  kernel: small(1, 4),
  stride: small(1, 3),
  padding: small(0, 3),
  dilation: small(1, 3),
});

test('Conv1d, Conv2d and pools slide as counted, or are refused', () => {
  fc.assert(
    fc.property(axis, axis, fc.boolean(), (y, x, stored) => {
      const space = [y, x].map((a) =>
        places(a.size, a.kernel, a.stride, a.padding, a.dilation),
      );
      const conv2d: NirNode = {
        type: 'Conv2d',
        input_shape: stored ? [y.size, x.size] : null,
        weight: zeros(4, 3, y.kernel, x.kernel),
        stride: [y.stride, x.stride],
        padding: [y.padding, x.padding],
        dilation: [y.dilation, x.dilation],
        groups: 2,
        bias: zeros(4),
      };
      const conv1d: NirNode = {
        type: 'Conv1d',
        input_shape: stored ? y.size : null,
        weight: zeros(5, 2, y.kernel),
        stride: y.stride,
        padding: y.padding,
        dilation: y.dilation,
        groups: 1,
        bias: zeros(5),
      };
      const pool: NirNode = {
        type: 'AvgPool2d',
        kernel_size: [y.kernel, x.kernel],
        stride: [y.stride, x.stride],
        padding: [y.padding, x.padding],
      };
      const pooled = [y, x].map((a) =>
        places(a.size, a.kernel, a.stride, a.padding, 1),
      );
      const cases: [NirNode, number[], number[]][] = [
        [conv2d, [6, y.size, x.size], [4, ...space]],
        [conv1d, [2, y.size], [5, space[0]]],
        [pool, [7, y.size, x.size], [7, ...pooled]],
      ];
      for (const [node, input, output] of cases) {
        const graph = chained({ type: 'Input', shape: input }, node);
        if (output.includes(0)) {
          expect(() => shapesOf(graph)).toThrow(FormatError);
        } else {
          expect(shapesOf(graph).get('b')).toEqual({ input, output });
        }
      }
    }),
  );
});

describe('by hand', () => {
  const outputOf = (...nodes: NirNode[]) =>
    shapesOf(chained(...nodes)).get('b')?.output;

  test('"same" keeps the size, "valid" pads nothing', () => {
    const conv = (padding: 'same' | 'valid'): NirNode => ({
      type: 'Conv2d',
      input_shape: null,
      weight: zeros(8, 2, 3, 5),
      stride: [1, 1],
      padding,
      dilation: [2, 1],
      groups: 1,
      bias: zeros(8),
    });
    const input: NirNode = { type: 'Input', shape: [2, 10, 10] };
    expect(outputOf(input, conv('same'))).toEqual([8, 10, 10]);
    expect(outputOf(input, conv('valid'))).toEqual([8, 6, 6]);
  });

  test('Flatten joins axes, counted from either end', () => {
    const flatten = (start_dim: number, end_dim: number) =>
      outputOf(
        { type: 'Input', shape: [2, 3, 4, 5] },
        { type: 'Flatten', start_dim, end_dim, input_type: null },
      );
    expect(flatten(0, -1)).toEqual([120]);
    expect(flatten(1, -1)).toEqual([2, 60]);
    expect(flatten(0, 1)).toEqual([6, 4, 5]);
    expect(flatten(-3, -2)).toEqual([2, 12, 5]);
    expect(flatten(2, 2)).toEqual([2, 3, 4, 5]);
    expect(() => flatten(2, 1)).toThrow(/2 to 1/);
  });

  test('Linear and Affine keep the axes before the last two', () => {
    const linear: NirNode = { type: 'Linear', weight: zeros(7, 3, 2) };
    expect(outputOf({ type: 'Input', shape: [7, 2] }, linear)).toEqual([7, 3]);
  });

  test('a pool in a loop behind an Input; nested graphs; ports', () => {
    const pool: NirNode = {
      type: 'SumPool2d',
      kernel_size: [2, 2],
      stride: [2, 2],
      padding: [0, 0],
    };
    const inner: NirNode = {
      type: 'NIRGraph',
      nodes: new Map<string, NirNode>([
        ['i', { type: 'Input', shape: [1, 4, 4] }],
        ['p', pool],
        ['o', { type: 'Output', shape: [1, 2, 2] }],
      ]),
      edges: [
        ['i', 'p'],
        ['p', 'o'],
      ],
    };
    const graph: NirGraph = {
      nodes: new Map<string, NirNode>([
        ['in', { type: 'Input', shape: [1, 4, 4] }],
        ['g', inner],
        ['last', pool],
      ]),
      edges: [
        ['g', 'last'],
        ['in', 'g'],
      ],
    };
    const shapes = shapesOf(graph);
    expect(shapes.get('g/p')?.output).toEqual([1, 2, 2]);
    expect(shapes.get('g')).toEqual({ input: [1, 4, 4], output: [1, 2, 2] });
    expect(shapes.get('last')?.output).toEqual([1, 1, 1]);
    const byPort = {
      ...graph,
      edges: [
        ['in', 'g.i'],
        ['g.o', 'last'],
      ] as const,
    };
    expect(shapesOf(byPort)).toEqual(shapes);
  });

  test('a graph of two Inputs cannot be named without its port', () => {
    const port = (type: 'Input' | 'Output'): NirNode => ({ type, shape: [2] });
    const two: NirNode = {
      type: 'NIRGraph',
      nodes: new Map([
        ['a', port('Input')],
        ['b', port('Input')],
        ['o', port('Output')],
      ]),
      edges: [],
    };
    expect(() => shapesOf(chained(port('Input'), two))).toThrow(/b\.PORT/);
  });
});
