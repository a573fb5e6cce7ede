/** linear, affine and matmul: the matrix product and its products. */

import { type Shape, shapeText, sizeOf } from '../tensor.ts';
import { gemm, rowMajor, transposed } from './gemm.ts';
import type { Emit, Ref } from './kernel.ts';
import { type Op, type Operand, ShapeProblem, type VjpArgs } from './op.ts';
import { reduceSum } from './reduce.ts';

/** Rows of x (..., in) taken as a matrix. */
function rowsOf(shape: Shape): number {
  return sizeOf(shape) / shape[shape.length - 1];
}

function linearShape(inputs: readonly Shape[]): Shape {
  const [x, weight, bias] = inputs;
  if (weight.length !== 2 || x[x.length - 1] !== weight[1]) {
    throw new ShapeProblem(
      `needs x [..., in] and W [out, in] but has ${shapeText(x)} and ${shapeText(weight)}`,
    );
  }
  if (bias && (bias.length !== 1 || bias[0] !== weight[0])) {
    throw new ShapeProblem(
      `needs a bias of shape [${weight[0]}] but has ${shapeText(bias)}`,
    );
  }
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

/** matmul: a [n, k] times b [k, m], or b [m, k] with transpose_b. */
export const matmul: Op = {
  name: 'matmul',
  arity: 2,
  attrs: { transpose_b: (v) => v === undefined || typeof v === 'boolean' },
  exactOnIntegers: true,
  shape([a, b], attrs) {
    const [k, m] = attrs.transpose_b ? [b[1], b[0]] : b;
    if (a.length !== 2 || b.length !== 2 || a[1] !== k) {
      throw new ShapeProblem(
        `needs a [n, k] and b ${attrs.transpose_b ? '[m, k]' : '[k, m]'} ` +
          `but has ${shapeText(a)} and ${shapeText(b)}`,
      );
    }
    return [a[0], m];
  },
  forward(emit, [a, b], attrs, [n, m]) {
    const k = a.shape[1];
    const right = attrs.transpose_b ? transposed(b.ref, k) : rowMajor(b.ref, m);
    return gemm(emit, [n, m, k], rowMajor(a.ref, k), right);
  },
  vjp(emit, { inputs: [a, b], output, attrs, slot, eps, base }) {
    const [n, m] = output.shape;
    const k = a.shape[1];
    const turned = attrs.transpose_b;
    if (slot === 0) {
      const right = turned ? rowMajor(b.ref, k) : transposed(b.ref, m);
      return gemm(emit, [n, k, m], rowMajor(eps, m), right, { base });
    }
    return turned
      ? gemm(emit, [m, k, n], transposed(eps, m), rowMajor(a.ref, k), { base })
      : gemm(emit, [k, m, n], transposed(a.ref, k), rowMajor(eps, m), { base });
  },
};
