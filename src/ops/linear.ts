/** linear, affine and matmul: the matrix product and its products. */

import { type Shape, sameShape, sizeOf } from '../base/tensor.ts';
import { gemm, rowMajor, transposed } from '../kernels/gemm.ts';
import type { Emit, Ref } from '../kernels/kernel.ts';
import { reduceSum } from '../kernels/reduce.ts';
import { checkBias, type Op, type Operand, unfit, type VjpArgs } from './op.ts';

/** Rows of x (..., in) taken as a matrix. */
function rowsOf(shape: Shape): number {
  return sizeOf(shape) / shape[shape.length - 1];
}

function linearShape(inputs: readonly Shape[]): Shape {
  const [x, weight, bias] = inputs;
  if (weight.length !== 2 || x[x.length - 1] !== weight[1]) {
    throw unfit('x [..., in] and W [out, in]', x, weight);
  }
  checkBias(bias, weight[0]);
  return [...x.slice(0, -1), weight[0]];
}

/** y = x W^T (+ b). W is [out, in], x is [..., in]. */
function linearForward(emit: Emit, inputs: readonly Operand[]): Ref {
  const [x, weight, bias] = inputs;
  const [out, depth] = weight.shape;
  return gemm(
    emit,
    [rowsOf(x.shape), out, depth],
    rowMajor(x.ref, depth),
    transposed(weight.ref, depth),
    { bias: bias?.ref },
  );
}

/** Messages: eps W to x, eps^T x to W, the sum over rows of eps to b. */
function linearVjp(emit: Emit, { inputs, slot, eps, base }: VjpArgs): Ref {
  const [x, weight] = inputs;
  const [out, depth] = weight.shape;
  const rows = rowsOf(x.shape);
  if (slot === 0) {
    const size = [rows, depth, out] as const;
    return gemm(emit, size, rowMajor(eps, out), rowMajor(weight.ref, depth), {
      base,
    });
  }
  if (slot === 1) {
    const size = [out, depth, rows] as const;
    return gemm(emit, size, transposed(eps, out), rowMajor(x.ref, depth), {
      base,
    });
  }
  return reduceSum(emit, eps, [1, rows, out], 1, base);
}

export const linear: Op = {
  name: 'linear',
  arity: 2,
  exactOnIntegers: true,
  shape: linearShape,
  forward: linearForward,
  vjp: linearVjp,
};

export const affine: Op = { ...linear, name: 'affine', arity: 3 };

/** Matrices and their number; b may be one matrix for all of a's. */
function matricesOf([a, b]: readonly Operand[], turned: boolean) {
  const [rows, k] = a.shape.slice(-2);
  const width = b.shape[b.shape.length - 1];
  const m = turned ? b.shape[b.shape.length - 2] : width;
  const all = sizeOf(a.shape.slice(0, -2));
  // One matrix for all: the rows of a are one tall matrix.
  const [n, batches] = b.shape.length === 2 ? [all * rows, 1] : [rows, all];
  const right = [b.ref, width, k * m] as const;
  return { n, k, m, batches, left: [a.ref, k, n * k] as const, right };
}

/**
 * matmul: a [..., n, k] times b [..., k, m], or b [..., m, k] with transpose_b.
 * The axes in front are alike, or b is one matrix for all.
 */
export const matmul: Op = {
  name: 'matmul',
  arity: 2,
  attrs: { transpose_b: (v) => v === undefined || typeof v === 'boolean' },
  exactOnIntegers: true,
  shape([a, b], attrs) {
    const [rows, columns] = b.slice(-2);
    const [k, m] = attrs.transpose_b ? [columns, rows] : [rows, columns];
    const front = a.slice(0, -2);
    const fits =
      a.length >= 2 &&
      b.length >= 2 &&
      a[a.length - 1] === k &&
      (b.length === 2 || sameShape(front, b.slice(0, -2)));
    if (!fits) {
      const needed = attrs.transpose_b ? '[..., m, k]' : '[..., k, m]';
      throw unfit(`a [..., n, k] and b ${needed}`, a, b);
    }
    return [...a.slice(0, -1), m];
  },
  forward(emit, inputs, attrs) {
    const turned = attrs.transpose_b === true;
    const { n, k, m, batches, left, right } = matricesOf(inputs, turned);
    const b = turned ? transposed(...right) : rowMajor(...right);
    return gemm(emit, [n, m, k, batches], rowMajor(...left), b);
  },
  vjp(emit, { inputs, attrs, slot, eps, base }) {
    const turned = attrs.transpose_b === true;
    const { n, k, m, batches, left, right } = matricesOf(inputs, turned);
    const error = [eps, m, n * m] as const;
    if (slot === 0) {
      const b = turned ? rowMajor(...right) : transposed(...right);
      return gemm(emit, [n, k, m, batches], rowMajor(...error), b, { base });
    }
    const [rows, columns] = turned ? [error, left] : [left, error];
    return gemm(
      emit,
      [rows[1], columns[1], n, batches],
      transposed(...rows),
      rowMajor(...columns),
      { base },
    );
  },
};
