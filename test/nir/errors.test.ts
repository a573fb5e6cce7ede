/**
 * Oracle: one fault per file. Strict reading must name the node and the
 * fault; lenient reading must say what it did, and do it.
 */

import { describe, expect, test } from 'vitest';
import { FormatError, OptionError } from '../../src/base/errors.ts';
import { readNir, writeNir } from '../../src/nir/file.ts';
import type { NirGraph, NirNode } from '../../src/nir/graph.ts';
import {
  build,
  type Content,
  chain,
  edges,
  type FileContent,
  f4,
  f8,
  i8,
  lif,
} from './build.ts';

const { tau: _, ...noTau } = lif;
const affine = {
  type: 'Affine',
  weight: { shape: [3, 3], data: new Float64Array(9) },
  bias: f8(1, 2, 3),
};
const conv = {
  type: 'Conv2d',
  weight: { shape: [2, 1, 3, 3], data: new Float64Array(18) },
  stride: i8(1, 1),
  padding: i8(0, 0),
  dilation: i8(1, 1),
  groups: 1,
  bias: f8(0, 0),
};
const graph = chain(lif).node as { [name: string]: Content };

async function strictly(content: FileContent): Promise<FormatError> {
  const bytes = await build(content);
  const error = await readNir(bytes).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(FormatError);
  const { message } = error as FormatError;
  expect(message).not.toContain('\n');
  return error as FormatError;
}

describe('always refused', () => {
  const faults: [string, FileContent, string[]][] = [
    ['no node', { version: '1', other: f8(1) }, ['no group "node"', 'other']],
    [
      'no type',
      { node: { ...graph, type: { x: 'y' } } },
      ['"type"', 'a group'],
    ],
    ['no nodes', { node: { type: 'NIRGraph', edges: edges() } }, ['"nodes"']],
    ['no edges', { node: { type: 'NIRGraph', nodes: {} } }, ['"edges"']],
    ['one bare node', { node: lif }, ['single LIF']],
    ['edges of numbers', chain(lif, { edges: f8(1, 2) }), ['"edges"', '[2]']],
    [
      'edges of threes',
      chain(lif, { edges: { shape: [1, 3], data: ['a', 'b', 'c'] } }),
      ['[E, 2]', '[1, 3]'],
    ],
    [
      'an unknown type',
      chain({ ...lif, type: 'ALIF' }),
      ['"node"', '"ALIF"', 'LIF', 'CubaLIF', 'Conv2d'],
    ],
    ['a missing parameter', chain(noTau), ['"node" (LIF)', '"tau"']],
    ['text for numbers', chain({ ...lif, tau: 'x' }), ['"tau"', 'numbers']],
    [
      'lengths that disagree',
      chain({ ...lif, v_threshold: f8(1, 1, 1, 1) }),
      ['"node" (LIF)', 'v_threshold [4]', '[3]'],
    ],
    ['NaN', chain({ ...lif, r: f8(1, Number.NaN, 1) }), ['"r"', 'NaN', '1']],
    [
      'infinity',
      chain({ ...lif, r: f4(1, 1, Number.POSITIVE_INFINITY) }),
      ['"node" (LIF)', '"r"', 'Infinity'],
    ],
    [
      'integers beyond 2^53',
      chain({ ...lif, r: BigInt64Array.of(1n, 2n, 2n ** 53n) }),
      ['"r"', '2^53'],
    ],
    [
      'a bias of another shape',
      chain({ ...affine, bias: f8(1, 2) }),
      ['"node" (Affine)', 'bias [2]', '[3]'],
    ],
    [
      'a weight of one axis',
      chain({ ...affine, weight: f8(1) }),
      ['weight', '[1]'],
    ],
    [
      'a kernel of one axis',
      chain({
        ...conv,
        weight: { shape: [2, 1, 3], data: new Float64Array(6) },
      }),
      ['weight', '[2, 1, 3]', '4 axes'],
    ],
    ['a stride of 0', chain({ ...conv, stride: i8(1, 0) }), ['stride [1,0]']],
    [
      'half a stride',
      chain({ ...conv, stride: f8(1, 0.5) }),
      ['stride', '0.5'],
    ],
    [
      'padding "full"',
      chain({ ...conv, padding: 'full' }),
      ['"full"', '"same"'],
    ],
    [
      '"same" with a stride',
      chain({ ...conv, padding: 'same', stride: i8(2, 2) }),
      ['"same"', 'stride'],
    ],
    ['groups that do not divide', chain({ ...conv, groups: 3 }), ['3 groups']],
    ['an empty tensor', chain({ ...lif, tau: f8() }), ['"tau"', '[0]']],
  ];
  test.each(faults)('%s', async (_name, content, parts) => {
    const { message } = await strictly(content);
    for (const part of parts) expect(message).toContain(part);
    await expect(
      readNir(await build(content), { strict: false }),
    ).rejects.toThrow(FormatError);
  });
});

describe('refused, or said where strict is false', () => {
  const flat = (start_dim: number): Content => ({
    type: 'Flatten',
    start_dim,
    end_dim: 5,
    input_type: i8(3),
  });
  type Check = (graph: NirGraph) => void;
  const noted: [string, FileContent, string[], Check][] = [
    [
      'a dangling edge',
      chain(lif, { edges: edges(['in', 'node'], ['node', 'gone']) }),
      ['["node","gone"]', '"gone"', '"out"'],
      ({ edges }) => expect(edges).toEqual([['in', 'node']]),
    ],
    [
      'an edge twice',
      chain(lif, { edges: edges(['in', 'node'], ['in', 'node']) }),
      ['["in","node"]', 'twice'],
      ({ edges }) => expect(edges).toEqual([['in', 'node']]),
    ],
    [
      'shapes that disagree along an edge',
      chain(
        { type: 'Scale', scale: f8(1, 2) },
        { edges: edges(['in', 'node']) },
      ),
      ['"node" takes [2]', '"in" gives [3]'],
      ({ edges }) => expect(edges).toHaveLength(1),
    ],
    [
      'a pool that nothing reaches',
      chain(
        { type: 'SumPool2d', kernel_size: 2, stride: 2, padding: 0 },
        { edges: edges() },
      ),
      ['"node" (SumPool2d)', 'no shape'],
      ({ nodes }) => expect(nodes.has('node')).toBe(true),
    ],
    [
      'axes that are not there',
      chain(flat(0) as { [name: string]: Content }, { edges: edges() }),
      ['"node" (Flatten)', '0 to 5', '[3]'],
      ({ nodes }) => expect(nodes.get('node')).toMatchObject({ end_dim: 5 }),
    ],
    [
      'an unknown member',
      chain({ ...lif, refractory: f8(1) }),
      ['"node" (LIF)', '"refractory"'],
      ({ nodes }) =>
        expect(Object.keys(nodes.get('node')!)).not.toContain('refractory'),
    ],
    [
      'one threshold for three neurons',
      chain({ ...lif, v_threshold: f4(0.5) }),
      ['v_threshold'],
      ({ nodes }) =>
        expect(nodes.get('node')).toMatchObject({
          v_threshold: { shape: [3], data: f4(0.5, 0.5, 0.5) },
        }),
    ],
  ];
  test.each(noted)('%s', async (_name, content, parts, check) => {
    const { message } = await strictly(content);
    const warnings: string[] = [];
    const { graph } = await readNir(await build(content), {
      strict: false,
      onWarning: (text) => warnings.push(text),
    });
    expect(warnings).toHaveLength(1);
    for (const part of parts) {
      expect(message).toContain(part);
      expect(warnings[0]).toContain(part);
    }
    check(graph);
  });
});

test('writing refuses what strict reading refuses, and names', async () => {
  const written = (nodes: [string, unknown][], list: [string, string][] = []) =>
    writeNir({ nodes: new Map(nodes as [string, NirNode][]), edges: list });
  const scale = { type: 'Scale', scale: { shape: [2], data: [1, 2] } };
  await expect(written([['a', scale]], [['a', 'b']])).rejects.toThrow(/"b"/);
  await expect(written([['a/b', scale]])).rejects.toThrow(/slash/);
  await expect(written([['.', scale]])).rejects.toThrow(/"\."/);
  await expect(written([['a\0b', scale]])).rejects.toThrow(/zero/);
  await expect(written([['\ud800', scale]])).rejects.toThrow(/surrogate/);
  await expect(written([['a', { type: 'LIF' }]])).rejects.toThrow(/tau/);
  await expect(written([['a', { type: 'x' }]])).rejects.toThrow(/CubaLIF/);
  await expect(
    written([['a', { ...scale, scale: { shape: [3], data: [1] } }]]),
  ).rejects.toThrow(FormatError);
  await expect(
    written([
      [
        'a',
        { ...scale, metadata: new Map([['m', { shape: [2], data: [1] }]]) },
      ],
    ]),
  ).rejects.toThrow(/metadata/);
});

test('a graph that holds itself is refused', async () => {
  const nodes = new Map<string, NirNode>();
  nodes.set('self', { type: 'NIRGraph', nodes, edges: [] });
  await expect(writeNir({ nodes, edges: [] })).rejects.toThrow(/hold itself/);
});

test('options and arguments', async () => {
  const options = { strickt: false } as never;
  await expect(readNir(new Uint8Array(), options)).rejects.toThrow(OptionError);
  await expect(readNir('x' as never)).rejects.toThrow(FormatError);
});
