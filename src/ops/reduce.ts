/** sum and mean over an axis or over everything. */

import { type Shape, sizeOf } from '../base/tensor.ts';
import { expandMean, reduceSum, type Split } from '../kernels/reduce.ts';
import { type Attrs, type Op, ShapeProblem, unfit, wholeAttr } from './op.ts';

/** How an axis (or none: everything) splits a shape. Throws ShapeProblem. */
export function split(shape: Shape, attrs: Attrs): Split {
  if (attrs.axis === undefined) return [1, sizeOf(shape), 1];
  const axis = axisOf(shape, attrs);
  return [
    sizeOf(shape.slice(0, axis)),
    shape[axis],
    sizeOf(shape.slice(axis + 1)),
  ];
}

/** The axis counted from 0; negative ones count from the end. */
export function axisOf(shape: Shape, attrs: Attrs): number {
  const axis = Number(attrs.axis);
  const from = axis < 0 ? axis + shape.length : axis;
  if (!Number.isInteger(axis) || from < 0 || from >= shape.length) {
    throw new ShapeProblem(`has no axis ${attrs.axis}`);
  }
  return from;
}

function reduction(name: 'sum' | 'mean'): Op {
  const divisor = (n: number) => (name === 'mean' ? n : 1);
  return {
    name,
    arity: 1,
    attrs: { axis: wholeAttr },
    exactOnIntegers: name === 'sum',
    shape([x], attrs) {
      if (attrs.axis === undefined) return [1];
      const axis = axisOf(x, attrs);
      const rest = x.filter((_, i) => i !== axis);
      return rest.length > 0 ? rest : [1];
    },
    forward(emit, [x], attrs) {
      const parts = split(x.shape, attrs);
      return reduceSum(emit, x.ref, parts, divisor(parts[1]));
    },
    vjp(emit, { inputs: [x], attrs, eps, base }) {
      const parts = split(x.shape, attrs);
      return expandMean(emit, eps, parts, divisor(parts[1]), base);
    },
  };
}

/** x [B, C, ...] to the means of its channels, [B, C]. */
export const globalAvgpool: Op = {
  name: 'global_avgpool',
  arity: 1,
  shape([x]) {
    if (x.length > 2) return x.slice(0, 2);
    throw unfit('x [B, C, ...]', x);
  },
  forward: (emit, [x]) => {
    const parts = planes(x.shape);
    return reduceSum(emit, x.ref, parts, parts[1]);
  },
  vjp(emit, { inputs: [x], eps, base }) {
    return expandMean(emit, eps, planes(x.shape), planes(x.shape)[1], base);
  },
};

function planes(shape: Shape): Split {
  return [shape[0] * shape[1], sizeOf(shape.slice(2)), 1];
}

export const sum = reduction('sum');
export const mean = reduction('mean');
