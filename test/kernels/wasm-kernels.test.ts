/**
 * CPU forms that work in WebAssembly where their arrays lie in the arena.
 * Oracle: the same form on the same numbers in ordinary arrays, where it is a
 * loop in JavaScript, bit by bit; all NaNs are one. That they are what they
 * should be, other tests say (gradients, parity).
 */

import { describe, expect, test } from 'vitest';
import { difference } from '../formula/loops.ts';
import { feedable } from './kernels.ts';

const PRECISIONS = ['f32', 'f64'] as const;

describe.each(PRECISIONS)('kernels on arrays of the arena, %s', (dtype) => {
  const { run } = feedable(dtype);

  const SPLITS = [
    ...[
      [1, 1, 1],
      [1, 37, 1],
      [3, 5, 1],
      [8, 4, 1],
      [21, 13, 1],
      [9, 1, 7],
    ],
    ...[
      [1, 6, 3],
      [2, 7, 4],
      [3, 9, 17],
      [2, 3, 64],
      [5, 2, 67],
      [1, 64, 130],
    ],
  ] as const;

  test.each(SPLITS)('sums over [%i, %i, %i]', (outer, n, inner) => {
    for (const divisor of [1, n, 3]) {
      const params = { outer, n, inner, divisor };
      const call = { params };
      const inputs = [outer * n * inner];
      const sizes = [outer * inner];
      expect(run('sum', { ...call, inputs, sizes })).toBeNull();
      expect(run('sum:add', { ...call, inputs, sizes })).toBeNull();
      expect(run('most', { ...call, inputs, sizes })).toBeNull();
      // A divisor that float32 does not have.
      const odd = { params: { ...params, divisor: 0.1 } };
      expect(run('sum', { ...odd, inputs, sizes })).toBeNull();
      const [from, to] = [sizes, inputs];
      expect(run('expand', { ...call, inputs: from, sizes: to })).toBeNull();
    }
  });

  test.each([1, 2, 5])('sums on %i threads', (threads) => {
    for (const [outer, n, inner] of [
      [700, 130, 1],
      [3, 40, 1111],
      [90, 8, 150],
    ]) {
      const call = {
        ...{ params: { outer, n, inner, divisor: 3 }, threads },
        inputs: [outer * n * inner],
        sizes: [outer * inner],
      };
      for (const name of ['sum', 'sum:add', 'most']) {
        expect(run(name, call)).toBeNull();
      }
    }
  });

  test.each([
    ...[
      [1, 1],
      [1, 10],
      [2, 3],
      [3, 10],
      [4, 1],
      [5, 65],
      [9, 7],
      [64, 10],
    ],
  ])('softmax and cross-entropy of [%i, %i]', (rows, features) => {
    for (const divisor of [1, rows, 0.1]) {
      const all = rows * features;
      const call = { params: { rows, features, divisor } };
      const inputs = [all, all];
      expect(
        run('softmax_xent/error', { ...call, inputs, sizes: [all] }),
      ).toBeNull();
      expect(
        run('softmax_xent/value', { ...call, inputs, sizes: [rows] }),
      ).toBeNull();
    }
  });

  test.each([1, 2, 3])('softmax and cross-entropy, %i threads', (threads) => {
    const [rows, features] = [1037, 33];
    const all = rows * features;
    const call = { params: { rows, features, divisor: 7 }, threads };
    const inputs = [all, all];
    for (const [part, size] of [
      ['error', all],
      ['value', rows],
    ] as const) {
      const name = `softmax_xent/${part}`;
      expect(run(name, { ...call, inputs, sizes: [size] })).toBeNull();
    }
  });

  test.each([
    ...[
      [2, 5, 1, 2, 2],
      [1, 8, 9, 2, 2],
      [3, 4, 20, 1, 0],
      [2, 3, 5, 4, 4],
    ],
  ])(
    'windows of channels, %i x %i x %i',
    (batch, channels, inner, below, above) => {
      const n = batch * channels * inner;
      const params = { n, channels, inner, below, above };
      const call = { params, inputs: [n], sizes: [n] };
      expect(run('channel-window', call)).toBeNull();
    },
  );

  test.each([
    ...[
      [1, 5, 1, 2, 2],
      [2, 4, 1, 0, 3],
      [3, 9, 7, 4, 5],
      [7, 3, 64, 1, 1],
    ],
  ])('slices of [%i, %i, %i] from %i, %i long', (...sizes) => {
    const [outer, total, inner, start, length] = sizes;
    const [whole, own] = [outer * total * inner, outer * length * inner];
    for (const [name, from, to] of [
      ['part', whole, own],
      ['among_zeros', own, whole],
    ] as const) {
      const params = { n: to, outer, total, inner, start, length };
      const call = { params, inputs: [from], sizes: [to] };
      expect(run(`slice:${name}`, call)).toBeNull();
      expect(run(`slice:${name}:add`, call)).toBeNull();
    }
    const joined = {
      params: { outer, inner, n0: start + 1, n1: total },
      inputs: [outer * (start + 1) * inner, whole],
      sizes: [outer * (start + 1 + total) * inner],
    };
    expect(run('concat2', joined)).toBeNull();
  });

  test.each([
    ...[
      [1, 1, 1],
      [2, 3, 4],
      [3, 4, 5],
      [1, 8, 9],
      [5, 16, 3],
      [2, 1, 33],
    ],
  ])('[%i, %i, %i] in every order', (...shape) => {
    const [a, b, c] = shape;
    const steps = [b * c, c, 1];
    const n = a * b * c;
    for (const order of [
      ...[
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
      ],
    ]) {
      const [l0, l1, l2] = order.map((axis) => shape[axis]);
      const [s0, s1, s2] = order.map((axis) => steps[axis]);
      const params = { n, l0, l1, l2, s0, s1, s2 };
      const call = { params, inputs: [n], sizes: [n] };
      expect(run('view3', call)).toBeNull();
      expect(run('view3:add', call)).toBeNull();
    }
  });

  // [planes, height, width, size, stride, padding]
  const POOLS = [
    ...[
      [1, 1, 1, 1, 1, 0],
      [2, 4, 6, 2, 2, 0],
      [3, 5, 5, 3, 2, 1],
    ],
    ...[
      [2, 7, 9, 3, 1, 1],
      [1, 9, 10, 4, 3, 2],
      [70, 8, 11, 2, 1, 0],
    ],
    ...[
      [2, 3, 17, 3, 3, 0],
      [5, 12, 12, 3, 2, 0],
      [1, 2, 2, 2, 2, 1],
    ],
  ];

  test.each(POOLS)('windows of %i x %i x %i', (planes, height, width, ...w) => {
    const [size, stride, padding] = w;
    const along = (n: number) =>
      Math.floor((n + 2 * padding - size) / stride) + 1;
    const [oh, ow] = [along(height), along(width)];
    const params = { planes, height, width, oh, ow, size, stride, padding };
    const [pixels, outputs] = [planes * height * width, planes * oh * ow];
    for (const threads of [1, 3]) {
      const call = { params, threads };
      for (const part of ['max', 'mean']) {
        const forward = { ...call, inputs: [pixels], sizes: [outputs] };
        expect(run(`pool2d-${part}`, forward)).toBeNull();
        const inputs = part === 'max' ? [pixels, outputs, outputs] : [outputs];
        const message = { ...call, inputs, sizes: [pixels] };
        expect(run(`pool2d-${part}-message`, message)).toBeNull();
        expect(run(`pool2d-${part}-message:add`, message)).toBeNull();
      }
    }
  });
});

// Ablation: a sum in another order.
test('another order of a sum is found', () => {
  const { run, outputs } = feedable('f32');
  const params = { outer: 1, n: 999, inner: 1, divisor: 1 };
  const call = { params, inputs: [999], sizes: [1] };
  expect(run('sum', call)).toBeNull();
  const [forward] = outputs('sum', call);
  const [backward] = outputs('sum', call, (x) => x.reverse());
  expect(difference(forward, backward)).not.toBeNull();
});
