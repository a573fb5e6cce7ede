/**
 * All forms in which a GPU sums products, on one device. Oracle: the plain
 * interpreter in float32, one sum after another in ascending k, of which
 * contraction-cpu.test.ts and gemm.test.ts hold the definition. Adapters that
 * join a product and a sum into one rounding cannot pass to the bit; software
 * adapters must.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { candidatesOf } from '../../src/backends/webgpu/traits.ts';
import { WebGpuBackend } from '../../src/backends/webgpu/webgpu.ts';
import { Random } from '../../src/base/random.ts';
import { type Tile, tileOf } from '../../src/kernels/contraction-gpu.ts';
import type { Sizes } from '../../src/kernels/contraction-layout.ts';
import { gemm, type Strided } from '../../src/kernels/gemm.ts';
import type { Params, Ref } from '../../src/kernels/kernel.ts';
import { conv2d } from '../../src/ops/conv2d.ts';
import type { Op } from '../../src/ops/op.ts';
import { opByName } from '../../src/ops/table.ts';
import { type Program, Recorder } from '../../src/program/recorder.ts';
import { describeWebGpu, webgpu } from '../backends.ts';
import { feedsFor, recordOp } from '../ops/cases.ts';
import { runOn, twin } from '../ops/programs.ts';

let opened: Promise<WebGpuBackend[]> | null = null;

/** A backend of each form that the adapter has. */
function backends(): Promise<WebGpuBackend[]> {
  opened ??= webgpu().then(({ gpu }) =>
    [...candidatesOf(gpu), 'naive' as const].map(
      (form) => new WebGpuBackend(gpu, { form, fuses: 1 }),
    ),
  );
  return opened;
}

type Given = ReadonlyMap<string, ArrayLike<number>>;

async function expectTheBits(program: Program, given: Given, what: unknown) {
  const wanted = twin(program, given);
  for (const backend of await backends()) {
    const got = await runOn(backend, program, given);
    for (const [name, values] of wanted) {
      const mine = Array.from(got.get(name) ?? []);
      const where = `${backend.traits.form}, ${name} of ${JSON.stringify(what)}`;
      expect(mine.length, where).toBe(values.length);
      for (const [i, x] of mine.entries()) {
        if (backend.software) expect(x, where).toBe(values[i]);
        else expect(x, where).toBeCloseTo(values[i], 3);
      }
    }
  }
}

function drawnFor(program: Program, seed: number): Given {
  return new Map(
    [...program.feeds].map(([name, { size }]) => {
      const random = new Random(seed, name);
      const draw = () => Math.fround(random.normal());
      return [name, Float32Array.from({ length: size }, draw)];
    }),
  );
}

interface Product {
  readonly size: readonly [m: number, n: number, k: number];
  readonly z: number;
  /** Whether each lies along k; else along its rows or columns. */
  readonly along: readonly [a: boolean, b: boolean];
  /** Elements between matrices beyond their own. */
  readonly gaps: readonly [a: number, b: number];
}

/** Three modes of one product, and one of which an activation is made. */
function recordProduct({ size, z, along, gaps }: Product): Program {
  const [m, n, k] = size;
  const recorder = new Recorder();
  const matrix = (i: number, name: string, rows: number): Strided => {
    const batch = rows * k + gaps[i];
    const ref = recorder.feed(name, z * batch);
    const [row, depth] = along[i] ? [k, 1] : [1, rows];
    // B is (k x n): its rows are the depth.
    return i === 0
      ? { ref, batch, rows: row, columns: depth }
      : { ref, batch, rows: depth, columns: row };
  };
  const [a, b] = [matrix(0, 'a', m), matrix(1, 'b', n)];
  const multiply = (more: { bias?: Ref; base?: Ref }) =>
    gemm(recorder.emit, [m, n, k, z], a, b, more);
  const base = recorder.feed('base', z * m * n);
  const relu = opByName.get('relu') as Op;
  const shape = [z * m * n];
  recorder.output('plain', multiply({}));
  recorder.output('bias', multiply({ bias: recorder.feed('bias', n) }));
  recorder.output('sum', multiply({ base }));
  const hidden = multiply({ bias: recorder.feed('other', n) });
  const active = relu.forward(
    recorder.emit,
    [{ ref: hidden, shape }],
    {},
    shape,
  );
  recorder.output('active', active);
  return recorder.finish({ live: true });
}

const upTo = (max: number) => fc.integer({ min: 1, max });
const side = fc.oneof(upTo(70), fc.constantFrom(4, 8, 16, 20, 32, 64, 68));
const gap = fc.constantFrom(0, 0, 3, 4);
const products: fc.Arbitrary<Product> = fc.record({
  size: fc.tuple(side, side, side),
  z: upTo(3),
  along: fc.tuple(fc.boolean(), fc.boolean()),
  gaps: fc.tuple(gap, gap),
});

/** More than every tile has, with an edge: 32 rows, 64 rows, 16 k. */
const large: Product[] = [
  [true, true],
  [true, false],
  [false, true],
  [false, false],
].map(([a, b], i) => ({
  size: i % 2 === 0 ? [76, 132, 52] : [67, 131, 37],
  z: 2,
  along: [a, b],
  gaps: [0, 0],
}));

describeWebGpu('every form of a contraction has the bits of the CPU', () => {
  test('matrix products of any size, place and number', async () => {
    await fc.assert(
      fc.asyncProperty(products, fc.nat(), async (product, seed) => {
        const program = recordProduct(product);
        await expectTheBits(program, drawnFor(program, seed), product);
      }),
      {
        numRuns: 24,
        examples: large.map((each): [Product, number] => [each, 1]),
      },
    );
  });

  const convolutions = fc.record({
    groups: upTo(3),
    // Outputs and channels of a group: around tiles of 8, 16 and 32 rows.
    outputs: fc.oneof(upTo(5), fc.constantFrom(8, 9, 16, 17, 33)),
    channels: fc.oneof(upTo(5), fc.constantFrom(8, 9, 17)),
    batch: upTo(3),
    image: fc.tuple(upTo(9), upTo(9)),
    filter: fc.tuple(upTo(4), upTo(4)),
    stride: upTo(4),
    padding: fc.nat(3),
  });

  test('convolutions of any geometry, and their messages', async () => {
    await fc.assert(
      fc.asyncProperty(convolutions, async (c) => {
        const [kh, kw] = c.filter;
        const [h, w] = c.image;
        fc.pre(kh <= h + 2 * c.padding && kw <= w + 2 * c.padding);
        const { groups, stride, padding } = c;
        const shapes = [
          [c.batch, groups * c.channels, h, w],
          [groups * c.outputs, c.channels, kh, kw],
          [groups * c.outputs],
        ];
        const one = { shapes, attrs: { groups, stride, padding } };
        const program = recordOp(conv2d, one);
        const given = feedsFor(conv2d, program, one);
        await expectTheBits(program, given, one);
      }),
      { numRuns: 20 },
    );
  });
});

// Oracle: the words that gemm-fours.wgsl begins with.
test('operands are read in fours only where they lie so', () => {
  const tile = (product: Partial<Product>): Tile => {
    const all = { along: [true, true], gaps: [0, 0], z: 2, ...product };
    const program = recordProduct({ size: [32, 32, 32], ...all } as Product);
    const { kernel, params } = program.calls[0];
    expect(kernel.name).toContain('gemm');
    return kernel.name.endsWith('fours')
      ? 'fours'
      : tileOf(params as Params<keyof Sizes>, false);
  };
  expect(tile({})).toBe('fours');
  expect(tile({ size: [33, 31, 32] })).toBe('fours');
  expect(tile({ along: [false, false] })).toBe('fours');
  expect(tile({ size: [32, 32, 34] })).not.toBe('fours');
  expect(tile({ size: [34, 32, 32], along: [false, true] })).not.toBe('fours');
  expect(tile({ size: [32, 34, 32], along: [true, false] })).not.toBe('fours');
  expect(tile({ gaps: [2, 0] })).not.toBe('fours');
  expect(tile({ gaps: [0, 1] })).not.toBe('fours');
});

// Oracle: the same; what several calls are made one must lie in fours too.
test('calls that read in fours are made one only if that can be', () => {
  const recorder = new Recorder();
  const matrix = (ref: Ref) => ({ ref, batch: 0, rows: 32, columns: 1 });
  const [a, b] = ['a', 'b'].map((name) => recorder.feed(name, 1024));
  const turned = { ...matrix(b), rows: 1, columns: 32 };
  recorder.output('y', gemm(recorder.emit, [32, 32, 32], matrix(a), turned));
  const [{ kernel, params }] = recorder.finish({ live: true }).calls;
  const at = (...inputs: number[]) =>
    kernel.batch?.(params, { inputs, outputs: [1024] }, 3);
  expect(kernel.name).toContain('fours');
  expect(at(1024, 0)?.params.batches).toBe(3);
  expect(at(1026, 0)).toBeNull();
  expect(at(1024, 1)).toBeNull();
});
