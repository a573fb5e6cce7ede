/**
 * Oracle: files of other writers. `h5py.ts` holds bytes of h5py, whose
 * contents are given here by hand; `build.ts` makes files by h5wasm's calls.
 */

import { describe, expect, test } from 'vitest';
import { type ReadNirOptions, readNir, writeNir } from '../../src/nir/file.ts';
import type { NirGraph, NirNode } from '../../src/nir/graph.ts';
import { build, chain, edges, f4, f8, i8, lif } from './build.ts';
import { convolutions, layers } from './h5py.ts';

async function read(bytes: Uint8Array, options: ReadNirOptions = {}) {
  const warnings: string[] = [];
  const onWarning = (text: string) => warnings.push(text);
  const { graph, version } = await readNir(bytes, { onWarning, ...options });
  const node = graph.nodes.get('node') as NirNode & Record<string, unknown>;
  return { graph, version, warnings, node };
}

const tensor = (data: Float32Array | Float64Array, shape = [data.length]) => ({
  shape,
  data,
});

describe('files written by h5py', () => {
  test('layers, a nested graph, metadata, int64, gzip', async () => {
    const { graph, version, warnings } = await read(layers);
    expect(version).toBe('1.0.6');
    expect(warnings).toEqual([]);
    const three = { shape: [3] };
    const expected: NirGraph = {
      nodes: new Map<string, NirNode>([
        ['input', { type: 'Input', shape: [2] }],
        [
          '0.fc',
          {
            type: 'Affine',
            weight: tensor(f4(0.1, 0.2, 0.3, 0.4, 0.5, 0.6), [3, 2]),
            bias: tensor(f4(0.7, 0.8, 0.9)),
          },
        ],
        [
          'lif',
          {
            type: 'LIF',
            tau: tensor(f8(0.01, 0.02, 0.03)),
            r: tensor(f8(1, 1, 1)),
            v_leak: tensor(f8(0, 0, 0)),
            v_threshold: tensor(f8(1, 1, 1)),
            v_reset: tensor(f8(-0.1, 0, 0.1)),
          },
        ],
        [
          'rec',
          {
            type: 'Linear',
            weight: tensor(f8(0, 1, 2, 3, 4, 5, 6, 7, 8), [3, 3]),
          },
        ],
        [
          'inner',
          {
            type: 'NIRGraph',
            nodes: new Map<string, NirNode>([
              ['i', { type: 'Input', ...three }],
              ['d', { type: 'Delay', delay: tensor(f8(0.001, 0.002, 0.003)) }],
              ['o', { type: 'Output', ...three }],
            ]),
            edges: [
              ['i', 'd'],
              ['d', 'o'],
            ],
          },
        ],
        ['output', { type: 'Output', ...three }],
      ]),
      edges: [
        ['input', '0.fc'],
        ['0.fc', 'lif'],
        ['lif', 'rec'],
        ['rec', 'lif'],
        ['lif', 'inner'],
        ['inner', 'output'],
      ],
      metadata: new Map<string, never>(
        Object.entries({
          author: 'h5py',
          year: 2026,
          spread: tensor(f8(1.5, 2.5)),
          tags: ['a', 'b'],
          nested: new Map([['ok', 'yes']]),
        }) as [string, never][],
      ),
    };
    expect(graph).toStrictEqual(expected);
    expect((await read(await writeNir(graph))).graph).toStrictEqual(expected);
  });

  test('convolutions, pool, "same", no input_shape, no v_reset', async () => {
    const { graph, warnings } = await read(convolutions);
    expect(warnings).toEqual([
      'NIR node "if" (IF) has no v_reset, as in older files: taken as 0',
    ]);
    expect(graph.nodes.get('conv')).toStrictEqual({
      type: 'Conv2d',
      input_shape: [8, 8],
      weight: tensor(new Float32Array(72).fill(1), [4, 2, 3, 3]),
      stride: [1, 1],
      padding: [1, 1],
      dilation: [1, 1],
      groups: 1,
      bias: tensor(f4(0, 0, 0, 0)),
    });
    expect(graph.nodes.get('same')).toMatchObject({
      input_shape: null,
      padding: 'same',
    });
    const ones = tensor(new Float32Array(256).fill(1), [4, 8, 8]);
    expect(graph.nodes.get('if')).toStrictEqual({
      type: 'IF',
      r: ones,
      v_threshold: ones,
      v_reset: tensor(new Float32Array(256), [4, 8, 8]),
    });
    expect(graph.nodes.get('pool')).toStrictEqual({
      type: 'SumPool2d',
      kernel_size: [2, 2],
      stride: [2, 2],
      padding: [0, 0],
    });
    expect(graph.nodes.get('flat')).toStrictEqual({
      type: 'Flatten',
      start_dim: 0,
      end_dim: -1,
      input_type: [1, 4, 4],
    });
  });
});

describe('other layouts', () => {
  test('no version: null, and said', async () => {
    const { node } = chain(lif);
    const { version, warnings } = await read(await build({ node }));
    expect(version).toBeNull();
    expect(warnings).toEqual([expect.stringContaining('no version')]);
  });

  test('texts of fixed length', async () => {
    const content = chain({
      ...lif,
      type: { fixed: ['LIF'], shape: [], size: 5 },
    });
    const { node, graph } = await read(
      await build({
        ...content,
        version: { fixed: ['0.2'], shape: [], size: 3 },
        node: {
          ...(content.node as object),
          edges: {
            fixed: ['in', 'node', 'node', 'out'],
            shape: [2, 2],
            size: 4,
          },
        },
      }),
    );
    expect(node.type).toBe('LIF');
    expect(graph.edges).toEqual([
      ['in', 'node'],
      ['node', 'out'],
    ]);
  });

  test('float32, int64 and int32 keep their values', async () => {
    const third = Math.fround(1 / 3);
    const { node } = await read(
      await build(
        chain({
          ...lif,
          tau: f4(1 / 3, 2 / 3, 1e-20),
          r: i8(1, -2, Number.MAX_SAFE_INTEGER),
          v_leak: Int32Array.of(1, 2, -3),
        }),
      ),
    );
    expect(node.tau).toStrictEqual(tensor(f4(third, 2 / 3, 1e-20)));
    expect(node.r).toStrictEqual(tensor(f8(1, -2, 2 ** 53 - 1)));
    expect(node.v_leak).toStrictEqual(tensor(f8(1, 2, -3)));
  });

  test('scalars are tensors of shape [1]; Conv1d and pools of ints', async () => {
    const { graph } = await read(
      await build({
        version: '1',
        node: {
          type: 'NIRGraph',
          nodes: {
            a: { type: 'Delay', delay: 0.5 },
            in: { type: 'Input', shape: i8(2, 9) },
            conv: {
              type: 'Conv1d',
              input_shape: i8(9),
              weight: { shape: [3, 2, 2], data: new Float64Array(12) },
              stride: i8(2),
              padding: 1,
              dilation: 1,
              groups: 1,
              bias: f8(0, 0, 0),
            },
            in2: { type: 'Input', shape: i8(1, 4, 4) },
            pool: {
              type: 'AvgPool2d',
              kernel_size: 2,
              stride: i8(2),
              padding: 0,
            },
          },
          edges: edges(['in', 'conv'], ['in2', 'pool']),
        },
      }),
    );
    expect(graph.nodes.get('a')).toStrictEqual({
      type: 'Delay',
      delay: tensor(f8(0.5)),
    });
    expect(graph.nodes.get('conv')).toMatchObject({
      input_shape: 9,
      stride: 2,
    });
    expect(graph.nodes.get('pool')).toMatchObject({
      kernel_size: [2, 2],
      stride: [2, 2],
      padding: [0, 0],
    });
  });

  test('no edges: numpy stores an empty list as float64 [0]', async () => {
    const { graph } = await read(
      await build({
        version: '1',
        node: {
          type: 'NIRGraph',
          nodes: { a: { type: 'I', r: f8(1) } },
          edges: f8(),
        },
      }),
    );
    expect(graph.edges).toEqual([]);
  });

  test('CubaLIF: w_in is 1 where absent, one value for all where scalar', async () => {
    const { type: _, tau, ...rest } = lif;
    const cuba = { type: 'CubaLIF', tau_syn: tau, tau_mem: tau, ...rest };
    const absent = await read(await build(chain(cuba)));
    expect(absent.node.w_in).toStrictEqual(tensor(f8(1, 1, 1)));
    const single = await read(await build(chain({ ...cuba, w_in: 0.5 })));
    expect(single.node.w_in).toStrictEqual(tensor(f8(0.5, 0.5, 0.5)));
    for (const { warnings } of [absent, single]) {
      expect(warnings).toEqual([expect.stringContaining('w_in')]);
    }
  });

  test('what is beside the format is said, not read', async () => {
    const content = chain({ ...lif, metadata: { flag: 'x' } });
    const { node, warnings } = await read(
      await build({ ...content, extra: f8(1) }, (file) => {
        const group = file.get('node/nodes/node') as typeof file;
        group.create_attribute('CLASS', 'GROUP');
      }),
    );
    expect(node.metadata).toEqual(new Map([['flag', 'x']]));
    expect(warnings).toEqual([
      expect.stringContaining('"extra"'),
      expect.stringContaining('["CLASS"]'),
    ]);
  });

  test('edges may name the ports of a nested graph', async () => {
    const port = (type: string) => ({ type, shape: i8(3) });
    const { graph } = await read(
      await build(
        chain(
          {
            type: 'NIRGraph',
            nodes: { a: port('Input'), b: port('Input'), o: port('Output') },
            edges: edges(['a', 'o'], ['b', 'o']),
          },
          {
            edges: edges(['in', 'node.a'], ['in', 'node.b'], ['node.o', 'out']),
          },
        ),
      ),
    );
    expect(graph.edges).toHaveLength(3);
  });
});
