/**
 * Oracle: the identity. What is written is read again bit for bit (Object.is
 * of every number, and the type of every array), for every type of node.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sizeOf } from '../../src/base/tensor.ts';
import { readNir, writeNir } from '../../src/nir/file.ts';
import {
  ELEMENTWISE,
  MEMBERS,
  type NirGraph,
  type NirNode,
  type NirValue,
} from '../../src/nir/graph.ts';

/** Numbers that a detour through text or float32 would change. */
const CORNERS = [-0, 5e-324, Number.MAX_VALUE, 0.1, -1 / 3, 2 ** 53 + 2];

function tensor(...shape: number[]) {
  const data = Float64Array.from(
    { length: sizeOf(shape) },
    (_, i) => CORNERS[i % 6],
  );
  return { shape, data };
}

function tensor32(...shape: number[]) {
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) =>
    i % 5 === 0 ? 2 ** -149 : 0.1 * i,
  );
  return { shape, data };
}

async function again(graph: NirGraph): Promise<void> {
  const warnings: string[] = [];
  const onWarning = (text: string) => warnings.push(text);
  const { graph: read, version } = await readNir(await writeNir(graph), {
    onWarning,
  });
  expect(read).toStrictEqual(graph);
  expect([...read.nodes.keys()]).toEqual([...graph.nodes.keys()]);
  expect(version).toBe('1.0');
  expect(warnings).toEqual([]);
}

test('every type of node', async () => {
  const nodes = new Map<string, NirNode>([
    ['z input', { type: 'Input', shape: [2, 8, 8] }],
    ['Output', { type: 'Output', shape: [3, 7] }],
    ['Linear', { type: 'Linear', weight: tensor(2, 3, 4) }],
    ['Affine', { type: 'Affine', weight: tensor32(3, 4), bias: tensor32(3) }],
    [
      'Conv1d',
      {
        type: 'Conv1d',
        input_shape: 12,
        weight: tensor(4, 1, 3),
        stride: 2,
        padding: 'valid',
        dilation: 2,
        groups: 2,
        bias: tensor(4),
      },
    ],
    [
      'Conv2d',
      {
        type: 'Conv2d',
        input_shape: null,
        weight: tensor32(4, 2, 3, 2),
        stride: [1, 2],
        padding: [0, 3],
        dilation: [2, 1],
        groups: 1,
        bias: tensor32(4),
      },
    ],
    [
      'Conv2d same',
      {
        type: 'Conv2d',
        input_shape: [5, 6],
        weight: tensor(1, 1, 3, 3),
        stride: [1, 1],
        padding: 'same',
        dilation: [1, 1],
        groups: 1,
        bias: tensor(1),
      },
    ],
    [
      'SumPool2d',
      {
        type: 'SumPool2d',
        kernel_size: [2, 3],
        stride: [1, 2],
        padding: [0, 1],
      },
    ],
    [
      'AvgPool2d',
      {
        type: 'AvgPool2d',
        kernel_size: [2, 2],
        stride: [2, 2],
        padding: [1, 0],
      },
    ],
    [
      'Flatten',
      { type: 'Flatten', start_dim: 1, end_dim: -1, input_type: null },
    ],
    [
      'Flatten 2',
      { type: 'Flatten', start_dim: 0, end_dim: 1, input_type: [2, 3, 4] },
    ],
    ['NIRGraph', { type: 'NIRGraph', nodes: new Map(), edges: [] }],
  ]);
  for (const [type, names] of Object.entries(ELEMENTWISE)) {
    nodes.set(`${type}.ü`, {
      type,
      ...Object.fromEntries(names.map((name) => [name, tensor(2, 2)])),
    } as unknown as NirNode);
  }
  const types = new Set([...nodes.values()].map(({ type }) => type));
  expect(types).toEqual(new Set(Object.keys(MEMBERS)));
  await again({
    nodes,
    edges: [
      ['z input', 'Conv2d'],
      ['z input', 'SumPool2d'],
      ['z input', 'AvgPool2d'],
      ['z input', 'Flatten'],
    ],
  });
});

test('nested graphs, loops, names and metadata', async () => {
  const metadata: ReadonlyMap<string, NirValue> = new Map<string, NirValue>([
    ['text', 'Zeit in s\nzweite Zeile  '],
    ['number', -0],
    ['texts', ['a', '', 'ü ']],
    ['none', []],
    ['array', tensor32(2, 3)],
    ['deeper', new Map<string, NirValue>([['__proto__', 1.5]])],
    ['empty', new Map()],
  ]);
  const port = (type: 'Input' | 'Output'): NirNode => ({ type, shape: [2] });
  const scale: NirNode = { type: 'Scale', scale: tensor(2), metadata };
  const deepest: NirNode = {
    type: 'NIRGraph',
    nodes: new Map([
      ['in', port('Input')],
      ['x.y', scale],
      ['out', port('Output')],
    ]),
    edges: [
      ['in', 'x.y'],
      ['x.y', 'x.y'],
      ['x.y', 'out'],
    ],
    metadata,
  };
  const inner: NirNode = {
    type: 'NIRGraph',
    nodes: new Map([
      ['out', port('Output')],
      ['constructor', deepest],
      ['in', port('Input')],
    ]),
    edges: [
      ['constructor', 'out'],
      ['in', 'constructor'],
    ],
  };
  await again({
    nodes: new Map([
      ['in', port('Input')],
      ['__proto__', inner],
      ['0', scale],
    ]),
    edges: [
      ['in', '__proto__'],
      ['0', '__proto__.in'],
      ['__proto__.out', '0'],
    ],
    metadata,
  });
});

test('any finite numbers, any names', async () => {
  const name = fc
    .string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
    .filter((text) => text !== '.' && !/[/\0]/.test(text));
  const names = fc.uniqueArray(name, { minLength: 1, maxLength: 20 });
  const values = fc.float64Array({
    minLength: 40,
    maxLength: 40,
    noNaN: true,
    noDefaultInfinity: true,
  });
  await fc.assert(
    fc.asyncProperty(names, values, async (names, data) => {
      const nodes = names.map((name, i): [string, NirNode] => [
        name,
        {
          type: 'Scale',
          scale: { shape: [2, 1], data: data.slice(2 * i, 2 * i + 2) },
        },
      ]);
      const edges = names.map((name) => [name, names[0]] as const);
      await again({ nodes: new Map(nodes), edges });
    }),
    { numRuns: 6 },
  );
});
