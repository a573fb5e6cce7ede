/** linear, affine and matmul: the matrix product and its products. */

import { type Shape, sameShape, shapeText, sizeOf } from '../base/tensor.ts';
import { gemm, rowMajor, transposed } from '../kernels/gemm.ts';
import type { Emit, Ref } from '../kernels/kernel.ts';
import { reduceSum } from '../kernels/reduce.ts';
import { type Op, type Operand, ShapeProblem, type VjpArgs } from './op.ts';

/** Rows of x (..., in) taken as a matrix. */
function rowsOf(shape: Shape): number {
  return sizeOf(shape) / shape[shape.length - 1]!;
}

function linearShape(inputs: readonly Shape[]): Shape {
  const [x, weight, bias] = inputs;
  if (weight!.length !== 2 || x![x!.length - 1] !== weight![1]) {
    throw new ShapeProblem(
      `needs x [..., in] and W [out, in] but has ${shapeText(x!)} and ${shapeText(weight!)}`,
    );
  }
  if (bias && (bias.length !== 1 || bias[0] !== weight![0])) {
    throw new ShapeProblem(
      `needs a bias of shape [${weight![0]}] but has ${shapeText(bias)}`,
    );
  }
  return [...x!.slice(0, -1), weight![0]!];
}

/** y = x W^T (+ b). W is [out, in], x is [..., in]. */
function linearForward(emit: Emit, inputs: readonly Operand[]): Ref {
  const [x, weight, bias] = inputs;
  const [out, depth] = weight!.shape as [number, number];
  return gemm(
    emit,
    [rowsOf(x!.shape), out, depth],
    rowMajor(x!.ref, depth),
    transposed(weight!.ref, depth),
    { bias: bias?.ref },
  );
}

/** Messages: eps W to x, eps^T x to W, the sum over rows of eps to b. */
function linearVjp(emit: Emit, { inputs, slot, eps, base }: VjpArgs): Ref {
  const [x, weight] = inputs;
  const [out, depth] = weight!.shape as [number, number];
  const rows = rowsOf(x!.shape);
  if (slot === 0) {
    const size = [rows, depth, out] as const;
    return gemm(emit, size, rowMajor(eps, out), rowMajor(weight!.ref, depth), {
      base,
    });
  }
  if (slot === 1) {
    const size = [out, depth, rows] as const;
    return gemm(emit, size, transposed(eps, out), rowMajor(x!.ref, depth), {
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
function matricesOf(a: Shape, b: Shape, turned: boolean) {
  const [n, k] = a.slice(-2) as [number, number];
  const m = b[b.length - (turned ? 2 : 1)]!;
  const batches = sizeOf(a.slice(0, -2));
  // One matrix for all: the rows of a are one tall matrix.
  return b.length === 2
    ? { n: batches * n, k, m, batches: 1 }
    : { n, k, m, batches };
}

/**
 * matmul: a [..., n, k] times b [..., k, m], or b [..., m, k] with transpose_b.
 * The axes in front are alike, or b is one matrix for all.
 */
export const matmul: Op<2> = {
  name: 'matmul',
  arity: 2,
  attrs: { transpose_b: (v) => v === undefined || typeof v === 'boolean' },
  exactOnIntegers: true,
  shape([a, b], attrs) {
    const [rows, columns] = b.slice(-2) as [number, number];
    const [k, m] = attrs.transpose_b ? [columns, rows] : [rows, columns];
    const front = a.slice(0, -2);
    const fits =
      a.length >= 2 &&
      b.length >= 2 &&
      a[a.length - 1] === k &&
      (b.length === 2 || sameShape(front, b.slice(0, -2)));
    if (!fits) {
      throw new ShapeProblem(
        `needs a [..., n, k] and b ${attrs.transpose_b ? '[..., m, k]' : '[..., k, m]'} ` +
          `but has ${shapeText(a)} and ${shapeText(b)}`,
      );
    }
    return [...a.slice(0, -1), m];
  },
  forward(emit, [a, b], attrs) {
    const turned = attrs.transpose_b === true;
    const { n, k, m, batches } = matricesOf(a.shape, b.shape, turned);
    const right = turned
      ? transposed(b.ref, k, k * m)
      : rowMajor(b.ref, m, k * m);
    return gemm(emit, [n, m, k, batches], rowMajor(a.ref, k, n * k), right);
  },
  vjp(emit, { inputs: [a, b], attrs, slot, eps, base }) {
    const turned = attrs.transpose_b === true;
    const { n, k, m, batches } = matricesOf(a.shape, b.shape, turned);
    if (slot === 0) {
      const left = rowMajor(eps, m, n * m);
      const right = turned
        ? rowMajor(b.ref, k, k * m)
        : transposed(b.ref, m, k * m);
      return gemm(emit, [n, k, m, batches], left, right, { base });
    }
    return turned
      ? gemm(
          emit,
          [m, k, n, batches],
          transposed(eps, m, n * m),
          rowMajor(a.ref, k, n * k),
          { base },
        )
      : gemm(
          emit,
          [k, m, n, batches],
          transposed(a.ref, k, n * k),
          rowMajor(eps, m, n * m),
          { base },
        );
  },
};
