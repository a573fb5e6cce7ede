/**
 * Losses: the error of the clamped output, eps = dL/dmu, and the value L.
 * Sums run over features and over the batch (the first axis); `mean` divides
 * by the batch size.
 */

import { type Shape, sizeOf } from '../base/tensor.ts';
import { elementary32 } from '../formula/js.ts';
import {
  type CpuForm,
  type Emit,
  f32,
  type Kernel,
  mainOver,
  type Ref,
  rounding,
  spread,
  u32,
} from '../kernels/kernel.ts';
import { wasmXent, type Xent, type XentPart } from '../kernels/loss-wasm.ts';
import { mapKernel } from '../kernels/map.ts';
import { reduceSum } from '../kernels/reduce.ts';

/** Records what a loss has to do with an output; divided by a number. */
type LossCalls = (
  emit: Emit,
  output: Ref,
  target: Ref,
  shape: Shape,
  divisor: number,
) => Ref;

export interface Loss {
  readonly name: string;
  /** eps of the output: dL/dmu over the divisor (batch size or 1). */
  readonly error: LossCalls;
  /** L, of size 1. */
  readonly value: LossCalls;
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
    sseError.emit(emit, [output, target], { divisor })[0],
  value(emit, output, target, shape, divisor) {
    const [rows, features] = rowsAndFeatures(shape);
    const [terms] = sseTerm.emit(emit, [output, target]);
    const perRow = reduceSum(emit, terms, [rows, features, 1]);
    return reduceSum(emit, perRow, [1, rows, 1], divisor);
  },
};

const XENT = { ...u32('rows', 'features'), ...f32('divisor') };
type XentForm = CpuForm<keyof typeof XENT>;

/** Per row of [rows, features]: the error, or the loss. */
const xentKernel = (part: XentPart): Kernel<keyof typeof XENT> => ({
  name: `softmax_xent/${part}`,
  params: XENT,
  inPlace: [null],
  cpu: (single) => xentForm(part, single),
  gpu: {
    reads: ['y', 't'],
    writes: ['out'],
    code: (_, file) =>
      file('softmax-xent') +
      mainOver('params.rows', `row_${part}(row);`, 'row'),
    workgroups: (_, { params }) => spread(params.rows),
  },
});

const xentError = xentKernel('error');
const xentValue = xentKernel('value');

/** L = - sum t log softmax(y), along the last axis. */
const softmaxXent: Loss = {
  name: 'softmax_xent',
  error(emit, output, target, shape, divisor) {
    const [rows, features] = rowsAndFeatures(shape);
    const params = { rows, features, divisor };
    return emit(xentError, [output, target], [sizeOf(shape)], params)[0];
  },
  value(emit, output, target, shape, divisor) {
    const [rows, features] = rowsAndFeatures(shape);
    const params = { rows, features, divisor: 1 };
    const [perRow] = emit(xentValue, [output, target], [rows], params);
    return reduceSum(emit, perRow, [1, rows, 1], divisor);
  },
};

/** Twin of kernels/softmax-xent.wgsl. */
function xentForm(part: XentPart, single: boolean): XentForm {
  const slow = xentLoop(part, single);
  let quick: Xent | null | undefined;
  return (inputs, outputs, params, threads = 1) => {
    // Functions of several float64 at once there are none.
    if (quick === undefined) quick = single ? wasmXent(part) : null;
    const [[y, t], [out]] = [inputs, outputs];
    const done = quick?.({ y, t, out }, params, threads);
    if (!done) slow(inputs, outputs, params);
  };
}

function xentLoop(part: XentPart, single: boolean): XentForm {
  const round = rounding(single);
  const { exp, log } = single ? elementary32() : Math;
  return ([y, t], [out], { rows, features, divisor }) => {
    for (let row = 0; row < rows; row++) {
      const start = row * features;
      const end = start + features;
      let most = y[start];
      for (let i = start + 1; i < end; i++) most = Math.max(most, y[i]);
      let total = 0;
      let mass = 0;
      for (let i = start; i < end; i++) {
        const power = exp(round(y[i] - most));
        // Exponentials wait for their sum where the errors will be.
        if (part === 'error') out[i] = power;
        total = round(total + power);
        mass = round(mass + t[i]);
      }
      if (part === 'error') {
        for (let i = start; i < end; i++) {
          const p = round(out[i] / total);
          out[i] = round(round(round(p * mass) - t[i]) / divisor);
        }
        continue;
      }
      const shift = log(total);
      let loss = 0;
      for (let i = start; i < end; i++) {
        const z = round(y[i] - most);
        loss = round(loss + round(t[i] * round(shift - z)));
      }
      out[row] = loss;
    }
  };
}

/** All losses by name. */
export const losses: readonly Loss[] = [halfSse, softmaxXent];
