/**
 * Oracles, to the bit: the plain loops, for contractions in WebAssembly on one
 * thread and on several, matrix products of any strides and convolutions of any
 * geometry; and for convolutions their definition, written out below.
 */

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../src/base/random.ts';
import type { DType, FloatArray } from '../../src/base/tensor.ts';
import { floatsInArena, release } from '../../src/formula/wasm/arena.ts';
import { loopContract } from '../../src/kernels/contraction-cpu.ts';
import {
  type Layout,
  type Sizes,
  strided,
} from '../../src/kernels/contraction-layout.ts';
import { wasmContract } from '../../src/kernels/contraction-wasm.ts';
import { type Geometry, layouts } from '../../src/kernels/conv2d-layout.ts';

interface Case {
  readonly sizes: Sizes;
  readonly layout: Layout;
  /** Elements of a, b, the output and the bias. */
  readonly elements: readonly [number, number, number, number];
}

function filled(dtype: DType, n: number, seed: number): FloatArray {
  const random = new Random(seed, 'contraction');
  const array = floatsInArena(dtype, n) as FloatArray;
  for (let i = 0; i < n; i++) array[i] = random.uniform() - 0.5;
  return array;
}

function compare(one: Case, dtype: DType, threads: number): void {
  const single = dtype === 'f32';
  for (const mode of ['plain', 'bias', 'add'] as const) {
    const [a, b, start, bias] = one.elements.map((n, k) => filled(dtype, n, k));
    const operands = { a, b, bias: mode === 'bias' ? bias : null };
    const results = [loopContract, wasmContract].map((make) => {
      const out = floatsInArena(dtype, start.length) as FloatArray;
      out.set(start);
      const contract = make(one.sizes, one.layout, single);
      const manner = { add: mode === 'add', threads };
      expect(contract?.({ ...operands, out }, manner)).toBe(true);
      return out;
    });
    expect(differing(results[0], results[1])).toBe(0);
    for (const array of [a, b, start, bias, ...results]) release(array);
  }
}

/** Every product (output, input, weight) of a convolution, as it is defined. */
function eachTerm(
  g: Geometry,
  visit: (y: number, x: number, w: number) => void,
): void {
  const [outputs, channels] = [g.outputs / g.groups, g.channels / g.groups];
  for (let image = 0; image < g.batch; image++)
    for (let o = 0; o < g.outputs; o++)
      for (let oy = 0; oy < g.oh; oy++)
        for (let ox = 0; ox < g.ow; ox++)
          for (let c = 0; c < channels; c++)
            for (let ky = 0; ky < g.kh; ky++)
              for (let kx = 0; kx < g.kw; kx++) {
                const y = oy * g.stride + ky - g.padding;
                const x = ox * g.stride + kx - g.padding;
                if (y < 0 || y >= g.height || x < 0 || x >= g.width) continue;
                const plane =
                  image * g.channels + Math.floor(o / outputs) * channels + c;
                visit(
                  ((image * g.outputs + o) * g.oh + oy) * g.ow + ox,
                  (plane * g.height + y) * g.width + x,
                  ((o * channels + c) * g.kh + ky) * g.kw + kx,
                );
              }
}

function differing(x: FloatArray, y: FloatArray): number {
  let count = 0;
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) count += 1;
  return count;
}

const threadsAndType = fc.record({
  dtype: fc.constantFrom<DType>('f32', 'f64'),
  threads: fc.constantFrom(1, 2, 3),
});

describe('contractions in WebAssembly', () => {
  test('matrix products', () => {
    const size = fc.integer({ min: 1, max: 37 });
    const products = fc.record({
      m: size,
      n: size,
      depth: fc.integer({ min: 1, max: 90 }),
      batches: fc.integer({ min: 1, max: 3 }),
      turnA: fc.boolean(),
      turnB: fc.boolean(),
      shared: fc.boolean(),
    });
    fc.assert(
      fc.property(products, threadsAndType, (p, { dtype, threads }) => {
        const { m, n, depth, batches } = p;
        const bBatch = p.shared ? 0 : n * depth;
        const layout: Layout = {
          a: p.turnA ? strided(m * depth, 1, m) : strided(m * depth, depth, 1),
          b: p.turnB ? strided(bBatch, depth, 1) : strided(bBatch, 1, n),
          out: { batch: m * n, row: n, column: (j) => j },
          bias: { of: 'column', batch: n },
        };
        const elements = [
          ...[batches * m * depth, p.shared ? n * depth : batches * n * depth],
          ...[batches * m * n, batches * n],
        ] as const;
        const sizes = { m, n, depth, batches };
        compare({ sizes, layout, elements: elements as never }, dtype, threads);
      }),
      { numRuns: 150 },
    );
  });

  test.each([
    [70, 300, 65],
    [200, 5, 700],
    [5, 900, 130],
  ])('large enough for threads: %i x %i, %i terms', (m, n, depth) => {
    const layout: Layout = {
      a: strided(0, depth, 1),
      b: strided(0, depth, 1),
      out: { batch: 0, row: n, column: (j) => j },
      bias: { of: 'column', batch: 0 },
    };
    const sizes = { m, n, depth, batches: 1 };
    const elements = [m * depth, n * depth, m * n, n] as const;
    for (const dtype of ['f32', 'f64'] as const) {
      compare({ sizes, layout, elements }, dtype, 4);
    }
  });

  test('convolutions, their messages to inputs and to filters', () => {
    const geometries = fc
      .record({
        groups: fc.integer({ min: 1, max: 2 }),
        batch: fc.integer({ min: 1, max: 3 }),
        channels: fc.integer({ min: 1, max: 3 }),
        outputs: fc.integer({ min: 1, max: 5 }),
        height: fc.integer({ min: 1, max: 9 }),
        width: fc.integer({ min: 1, max: 11 }),
        kh: fc.integer({ min: 1, max: 4 }),
        kw: fc.integer({ min: 1, max: 4 }),
        stride: fc.integer({ min: 1, max: 3 }),
        padding: fc.integer({ min: 0, max: 4 }),
      })
      .map((g) => ({
        ...g,
        channels: g.channels * g.groups,
        outputs: g.outputs * g.groups,
        oh: Math.floor((g.height + 2 * g.padding - g.kh) / g.stride) + 1,
        ow: Math.floor((g.width + 2 * g.padding - g.kw) / g.stride) + 1,
      }))
      .filter(({ oh, ow }) => oh > 0 && ow > 0);
    fc.assert(
      fc.property(geometries, threadsAndType, (g, { dtype, threads }) => {
        const [outputs, channels] = [
          g.outputs / g.groups,
          g.channels / g.groups,
        ];
        const [x, y, w] = [
          g.batch * g.channels * g.height * g.width,
          g.batch * g.outputs * g.oh * g.ow,
          g.outputs * channels * g.kh * g.kw,
        ];
        const filter = g.kh * g.kw;
        const positions = g.batch * g.oh * g.ow;
        const batches = g.groups;
        const cases: Case[] = [
          {
            sizes: {
              m: outputs,
              n: positions,
              depth: channels * filter,
              batches,
            },
            layout: layouts.forward(g),
            elements: [w, x, y, g.outputs],
          },
          {
            sizes: {
              m: channels,
              n: g.batch * g.height * g.width,
              depth: outputs * filter,
              batches,
            },
            layout: layouts.toInput(g),
            elements: [w, y, x, g.channels],
          },
          {
            sizes: {
              m: outputs,
              n: channels * filter,
              depth: positions,
              batches,
            },
            layout: layouts.toWeight(g),
            elements: [y, x, w, g.outputs],
          },
        ];
        for (const one of cases) compare(one, dtype, threads);
        // Whole numbers, so that no order of the sums matters.
        const whole = (n: number, seed: number) =>
          filled('f64', n, seed).map((value) => Math.round(value * 8));
        const given = { x: whole(x, 5), y: whole(y, 6), w: whole(w, 7) };
        const expected = {
          y: new Float64Array(y),
          x: new Float64Array(x),
          w: new Float64Array(w),
        };
        eachTerm(g, (atY, atX, atW) => {
          expected.y[atY] += given.x[atX] * given.w[atW];
          expected.x[atX] += given.y[atY] * given.w[atW];
          expected.w[atW] += given.y[atY] * given.x[atX];
        });
        cases.forEach(({ sizes, layout }, k) => {
          const [a, b] = [
            [given.w, given.x],
            [given.w, given.y],
            [given.y, given.x],
          ][k];
          const wanted = [expected.y, expected.x, expected.w][k];
          const out = new Float64Array(wanted.length);
          const manner = { add: false, threads: 1 };
          loopContract(sizes, layout, false)({ a, b, out, bias: null }, manner);
          expect(differing(out, wanted)).toBe(0);
        });
      }),
      { numRuns: 120 },
    );
  });
});
