/** Sums, means and maxima over the middle axis of [outer, n, inner]. */

import type { FloatArray } from '../base/tensor.ts';
import {
  type CpuForm,
  type Emit,
  elementKernel,
  finishing,
  type Kernel,
  type Ref,
  rounding,
} from './kernel.ts';
import {
  type Reduce,
  type Reduction,
  type Split,
  wasmReduce,
} from './reduce-wasm.ts';

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
export function expandMean(
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
