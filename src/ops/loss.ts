/**
 * Losses: the error of the clamped output, eps = dL/dmu, and the value L.
 * Sums run over features and over the batch (the first axis); `mean` divides
 * by the batch size.
 */

import { type Shape, sizeOf } from '../tensor.ts';
import * as f32 from './f32.ts';
import { type Emit, type Kernel, type Ref, spread } from './kernel.ts';
import { mapKernel } from './map.ts';
import { reduceSum } from './reduce.ts';

export interface Loss {
  readonly name: string;
  /** eps of the output: dL/dmu over the divisor (batch size or 1). */
  error(
    emit: Emit,
    output: Ref,
    target: Ref,
    shape: Shape,
    divisor: number,
  ): Ref;
  /** L, of size 1. */
  value(
    emit: Emit,
    output: Ref,
    target: Ref,
    shape: Shape,
    divisor: number,
  ): Ref;
}

/** Rows (batch) and features of an output. */
function rowsAndFeatures(shape: Shape): [number, number] {
  const features = shape[shape.length - 1];
  return [sizeOf(shape) / features, features];
}

const sseError = mapKernel({
  name: 'half_sse/error',
  each: ['y', 't'],
  constants: ['divisor'],
  outputs: [['eps', '(y - t) / divisor']],
});
const sseTerm = mapKernel({
  name: 'half_sse/term',
  each: ['y', 't'],
  outputs: [['term', '0.5 * ((y - t) * (y - t))']],
});

/** L = 1/2 sum (y - t)^2. */
const halfSse: Loss = {
  name: 'half_sse',
  error: (emit, output, target, _, divisor) =>
    sseError.emit(emit, [output, target], [divisor])[0],
  value(emit, output, target, shape, divisor) {
    const [rows, features] = rowsAndFeatures(shape);
    const [terms] = sseTerm.emit(emit, [output, target]);
    const perRow = reduceSum(emit, terms, [rows, features, 1]);
    return reduceSum(emit, perRow, [1, rows, 1], divisor);
  },
};

/** Per row of [rows, features]: the error, or the loss. */
function xentKernel(part: 'error' | 'value'): Kernel {
  return {
    name: `softmax_xent/${part}`,
    inPlace: [null],
    cpu: (single) => xentForm(part, single),
    gpu: {
      files: ['math', 'softmax-xent'],
      code: (_, file) =>
        `${file('softmax-xent')}\n${file('math')}`.replaceAll(
          'ENTRY',
          part === 'error' ? 'row_error(row);' : 'row_value(row);',
        ),
      workgroups: (_, call) => spread(call.ints[0]),
    },
  };
}

const xentError = xentKernel('error');
const xentValue = xentKernel('value');

/** L = - sum t log softmax(y), along the last axis. */
const softmaxXent: Loss = {
  name: 'softmax_xent',
  error(emit, output, target, shape, divisor) {
    const ints = rowsAndFeatures(shape);
    const size = [sizeOf(shape)];
    return emit(xentError, [output, target], size, ints, [divisor])[0];
  },
  value(emit, output, target, shape, divisor) {
    const ints = rowsAndFeatures(shape);
    const [perRow] = emit(xentValue, [output, target], [ints[0]], ints, [1]);
    return reduceSum(emit, perRow, [1, ints[0], 1], divisor);
  },
};

/** Twin of kernels/softmax-xent.wgsl. */
function xentForm(
  part: 'error' | 'value',
  single: boolean,
): ReturnType<Kernel['cpu']> {
  const round = single ? Math.fround : (x: number) => x;
  const { exp, log } = single ? f32 : Math;
  return ([y, t], [out], [rows, features], [divisor]) => {
    for (let row = 0; row < rows; row++) {
      const start = row * features;
      let most = y[start];
      for (let i = 1; i < features; i++) most = Math.max(most, y[start + i]);
      let total = 0;
      let mass = 0;
      for (let i = 0; i < features; i++) {
        total = round(total + exp(round(y[start + i] - most)));
        mass = round(mass + t[start + i]);
      }
      let loss = 0;
      const shift = log(total);
      for (let i = 0; i < features; i++) {
        const z = round(y[start + i] - most);
        if (part === 'error') {
          const p = round(exp(z) / total);
          const eps = round(round(p * mass) - t[start + i]);
          out[start + i] = round(eps / divisor);
        } else {
          loss = round(loss + round(t[start + i] * round(shift - z)));
        }
      }
      if (part === 'value') out[row] = loss;
    }
  };
}

/** All losses by name. */
export const losses: readonly Loss[] = [halfSse, softmaxXent];
