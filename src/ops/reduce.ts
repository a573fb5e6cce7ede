/** Sums, means and maxima over an axis or over everything; sum and mean. */

import { type FloatArray, type Shape, shapeText, sizeOf } from '../tensor.ts';
import {
  type CpuForm,
  type Emit,
  elementKernel,
  finishing,
  type Kernel,
  type Ref,
  rounding,
} from './kernel.ts';
import { type Attrs, type Op, ShapeProblem } from './op.ts';
import { type Reduce, type Reduction, wasmReduce } from './reduce-wasm.ts';

/** A tensor seen as [outer, n, inner], reduced over its middle axis. */
export type Split = readonly [outer: number, n: number, inner: number];

/**
 * Kernels on [outer, n, inner]: `sum` adds over n, ascending, and divides;
 * `most` takes the greatest; `expand` repeats n times, divided.
 */
function splitKernel(name: keyof typeof forms, add: boolean): Kernel {
  const kernel = elementKernel({
    name: `${name}${add ? ':add' : ''}`,
    file: name === 'expand' ? 'expand' : 'reduce',
    words: { ...finishing(add), ...(name === 'expand' ? {} : steps[name]) },
    inPlace: add ? 1 : undefined,
    cpu: (single) => forms[name](single, add),
  });
  return {
    ...kernel,
    // Without gaps between them, many tensors are one with more rows.
    batch([outer, n, inner], { inputs, outputs }, count) {
      const [many, one] = [outer * n * inner, outer * inner];
      const [from, to] = name === 'expand' ? [one, many] : [many, one];
      const dense = inputs[0] === from && outputs[0] === to;
      return dense ? { ints: [count * outer, n, inner] } : null;
    },
  };
}

const steps = {
  sum: {
    START: '0.0f',
    STEP: 'so_far + x[at]',
    RESULT: 'so_far / params.divisor',
  },
  most: {
    START: 'x[at]',
    // A NaN stays: comparisons with it are false.
    STEP: 'select(so_far, x[at], x[at] > so_far || is_nan(x[at]))',
    RESULT: 'so_far',
  },
};

const forms = { sum: sumForm, most: mostForm, expand: expandForm };

function sumForm(single: boolean, add: boolean): CpuForm {
  const round = rounding(single);
  return reduceForm('sum', single, add, (input, out, split, divisor) => {
    const [outer, n, inner] = split;
    for (let i = 0; i < outer * inner; i++) {
      let at = Math.floor(i / inner) * n * inner + (i % inner);
      let sum = 0;
      for (let k = 0; k < n; k++, at += inner) sum = round(sum + input[at]);
      const value = round(sum / divisor);
      out[i] = add ? out[i] + value : value;
    }
  });
}

function mostForm(single: boolean): CpuForm {
  return reduceForm('most', single, false, (input, out, split) => {
    const [outer, n, inner] = split;
    for (let i = 0; i < outer * inner; i++) {
      let at = Math.floor(i / inner) * n * inner + (i % inner);
      let most = input[at];
      for (let k = 0; k < n; k++, at += inner) {
        if (input[at] > most || Number.isNaN(input[at])) most = input[at];
      }
      out[i] = most;
    }
  });
}

/** In WebAssembly where the operands are in its memory, else by a loop. */
function reduceForm(
  kind: Reduction,
  single: boolean,
  add: boolean,
  loop: (
    input: FloatArray,
    out: FloatArray,
    split: Split,
    divisor: number,
  ) => void,
): CpuForm {
  let quick: Reduce | null | undefined;
  return ([input], [out], [outer, n, inner], [divisor], threads = 1) => {
    quick ??= quick === undefined ? wasmReduce(kind, single, add) : null;
    const split = [outer, n, inner] as const;
    if (!quick?.(input, out, split, divisor, threads)) {
      loop(input, out, split, divisor);
    }
  };
}

function expandForm(single: boolean, add: boolean): CpuForm {
  const round = rounding(single);
  return ([input], [out], [outer, n, inner], [divisor]) => {
    for (let o = 0, i = 0; o < outer; o++) {
      for (let k = 0; k < n; k++) {
        for (let j = o * inner; j < (o + 1) * inner; j++, i++) {
          const value = round(input[j] / divisor);
          out[i] = add ? out[i] + value : value;
        }
      }
    }
  };
}

const KERNELS = {
  sum: [splitKernel('sum', false), splitKernel('sum', true)],
  expand: [splitKernel('expand', false), splitKernel('expand', true)],
};
const MOST = splitKernel('most', false);

/** Records the greatest over n of [outer, n, inner]; NaN where one is. */
export function reduceMost(
  emit: Emit,
  input: Ref,
  [outer, n, inner]: Split,
): Ref {
  return emit(MOST, [input], [outer * inner], [outer, n, inner], [1])[0];
}

/** Records the sum over n of [outer, n, inner], divided, plus `base`. */
export function reduceSum(
  emit: Emit,
  input: Ref,
  [outer, n, inner]: Split,
  divisor = 1,
  base: Ref | null = null,
): Ref {
  const inputs = base ? [input, base] : [input];
  const kernel = KERNELS.sum[base ? 1 : 0];
  return emit(kernel, inputs, [outer * inner], [outer, n, inner], [divisor])[0];
}

/** Records the repetition of x over n, divided, plus `base`. */
function expandMean(
  emit: Emit,
  input: Ref,
  [outer, n, inner]: Split,
  divisor: number,
  base: Ref | null,
): Ref {
  const inputs = base ? [input, base] : [input];
  const kernel = KERNELS.expand[base ? 1 : 0];
  const size = [outer * n * inner];
  return emit(kernel, inputs, size, [outer, n, inner], [divisor])[0];
}

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
    attrs: { axis: (v) => v === undefined || Number.isInteger(v) },
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
    throw new ShapeProblem(`needs x [B, C, ...] but has ${shapeText(x)}`);
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
