/**
 * Corners that random numbers do not meet: ties, NaN, numbers far apart.
 * Oracles: the definitions, by hand; the CPU for WebGPU.
 */

import { describe, expect, test } from 'vitest';
import { type Shape, sizeOf } from '../../src/base/tensor.ts';
import type { Attrs } from '../../src/ops/op.ts';
import { opByName } from '../../src/ops/table.ts';
import { type Program, Recorder } from '../../src/program/recorder.ts';
import { describeWebGpu, webgpu } from '../backends.ts';
import { runOn, twin } from './programs.ts';

interface Corner {
  readonly title: string;
  readonly op: string;
  readonly shape: Shape;
  readonly attrs?: Attrs;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Message of eps = 1, 2, 3, ... to x. */
  readonly message: readonly number[];
}

const corners: readonly Corner[] = [
  {
    title: 'of equal elements the first in a window wins',
    op: 'maxpool2d',
    shape: [1, 1, 2, 4],
    attrs: { kernel: 2 },
    x: [5, 5, 0, 1, 5, 5, 1, 1],
    y: [5, 1],
    message: [1, 0, 0, 2, 0, 0, 0, 0],
  },
  {
    title: 'windows that overlap agree on the first',
    op: 'maxpool2d',
    shape: [1, 1, 1, 3],
    attrs: { kernel: 1, stride: 1 },
    x: [2, 2, 2],
    y: [2, 2, 2],
    message: [1, 2, 3],
  },
  {
    title: 'the padding never wins',
    op: 'maxpool2d',
    shape: [1, 1, 2, 2],
    attrs: { kernel: 2, padding: 1 },
    x: [-1, -2, -3, -4],
    y: [-1, -2, -3, -4],
    message: [1, 2, 3, 4],
  },
  {
    title: 'a NaN wins its window',
    op: 'maxpool2d',
    shape: [1, 1, 2, 2],
    attrs: { kernel: 2 },
    x: [9, Number.NaN, 1, Number.NaN],
    y: [Number.NaN],
    message: [0, 1, 0, 0],
  },
  {
    title: 'a NaN spoils its row of a softmax, no other',
    op: 'softmax',
    shape: [2, 2],
    x: [Number.NaN, 1, 3, 3],
    y: [Number.NaN, Number.NaN, 0.5, 0.5],
    message: [Number.NaN, Number.NaN, -0.25, 0.25],
  },
  {
    title: 'softmax of numbers far apart and all alike',
    op: 'softmax',
    shape: [2, 2],
    x: [0, 1e30, -1e9, -1e9],
    y: [0, 1, 0.5, 0.5],
    message: [0, 0, -0.25, 0.25],
  },
  {
    title: 'causal_mask puts -1e9 after the row',
    op: 'causal_mask',
    shape: [2, 3],
    x: [1, 2, 3, 4, 5, 6],
    y: [1, -1e9, -1e9, 4, 5, -1e9],
    message: [1, 0, 0, 4, 5, 0],
  },
  {
    title: 'relu, abs and clamp at their kinks',
    op: 'abs',
    shape: [3],
    x: [-2, 0, 2],
    y: [2, 0, 2],
    message: [-1, 0, 3],
  },
  {
    title: 'clamp at its bounds',
    op: 'clamp',
    shape: [4],
    attrs: { min: -1, max: 1 },
    x: [-2, -1, 1, 2],
    y: [-1, -1, 1, 1],
    message: [0, 2, 3, 0],
  },
];

function record({ op: name, shape, attrs = {} }: Corner): Program {
  const op = opByName.get(name)!;
  const recorder = new Recorder();
  const inputs = [{ shape, ref: recorder.feed('x', sizeOf(shape)) }];
  const made = op.shape([shape], attrs);
  const ref = op.forward(recorder.emit, inputs, attrs, made);
  const eps = recorder.feed('eps', sizeOf(made));
  const output = { ref, shape: made };
  const rest = { attrs, slot: 0, eps, base: null };
  recorder.output('y', ref);
  recorder.output(
    'message',
    op.vjp(recorder.emit, { inputs, output, ...rest }),
  );
  return recorder.finish({ live: true });
}

function feeds({ x, y }: Corner) {
  return new Map([
    ['x', Float32Array.from(x)],
    ['eps', Float32Array.from(y, (_, i) => i + 1)],
  ]);
}

function expectAlike(
  found: ReadonlyMap<string, ArrayLike<number>>,
  corner: Corner,
): void {
  for (const name of ['y', 'message'] as const) {
    const values = Array.from(found.get(name) ?? [], (v) => v + 0);
    expect(values.length, name).toBe(corner[name].length);
    values.forEach((value, i) => {
      const wanted = corner[name][i];
      if (Number.isNaN(wanted)) expect(value, `${name} ${i}`).toBeNaN();
      else expect(value, `${name} ${i}`).toBeCloseTo(wanted, 6);
    });
  }
}

const cases = corners.map((corner) => [corner.title, corner] as const);

describe('on the CPU', () => {
  test.each(cases)('%s', (_, corner) => {
    expectAlike(twin(record(corner), feeds(corner)), corner);
  });
});

describeWebGpu('on WebGPU', () => {
  test.each(cases)('%s', async (_, corner) => {
    const found = await runOn(await webgpu(), record(corner), feeds(corner));
    expectAlike(found, corner);
  });
});
