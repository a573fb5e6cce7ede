/** Sums, means and maxima over the middle axis of [outer, n, inner]. */

import {
  type CpuForm,
  type ElementSpec,
  type Emit,
  elements,
  f32,
  type Params,
  type Ref,
  rounding,
  u32,
} from './kernel.ts';
import { type Reduce, type Reduction, wasmReduce } from './reduce-wasm.ts';

/** A tensor seen as [outer, n, inner], reduced over its middle axis. */
export type Split = readonly [outer: number, n: number, inner: number];

const FIELDS = { ...u32('outer', 'n', 'inner'), ...f32('divisor') };
type Field = keyof typeof FIELDS;

/** What all kernels on [outer, n, inner] have in common; `repeats`: n times. */
function onSplit(
  spec: Pick<ElementSpec<Field>, 'name' | 'cpu' | 'words'>,
  repeats = false,
) {
  return elements<Field>({
    ...spec,
    params: FIELDS,
    reads: ['x'],
    files: [repeats ? 'expand' : 'reduce'],
    count: `params.outer * ${repeats ? 'params.n * ' : ''}params.inner`,
    value: repeats ? 'repeated(i)' : 'reduced(i)',
    // Without gaps between them, many tensors are one with more rows.
    batch(params, { inputs, outputs }, count) {
      const { outer, n, inner } = params;
      const [many, one] = [outer * n * inner, outer * inner];
      const [from, to] = repeats ? [one, many] : [many, one];
      const dense = inputs[0] === from && outputs[0] === to;
      return dense ? { params: { ...params, outer: count * outer } } : null;
    },
  });
}

/** Adds over n, ascending, and divides. */
const sum = onSplit({
  name: 'sum',
  words: {
    START: '0.0f',
    STEP: 'so_far + x[at]',
    RESULT: 'so_far / params.divisor',
  },
  cpu(single, add) {
    const round = rounding(single);
    return inWasm('sum', single, add, ([input], [out], params) => {
      const { outer, n, inner, divisor } = params;
      for (let i = 0; i < outer * inner; i++) {
        let at = Math.floor(i / inner) * n * inner + (i % inner);
        let sum = 0;
        for (let k = 0; k < n; k++, at += inner) sum = round(sum + input![at]!);
        const value = round(sum / divisor);
        out[i] = add ? out[i]! + value : value;
      }
    });
  },
});

/** Takes the greatest. */
const most = onSplit({
  name: 'most',
  words: {
    START: 'x[at]',
    // A NaN stays: comparisons with it are false.
    STEP: 'select(so_far, x[at], x[at] > so_far || is_nan(x[at]))',
    RESULT: 'so_far',
  },
  cpu: (single) =>
    inWasm('most', single, false, ([input], [out], { outer, n, inner }) => {
      for (let i = 0; i < outer * inner; i++) {
        let at = Math.floor(i / inner) * n * inner + (i % inner);
        let most = input![at]!;
        for (let k = 0; k < n; k++, at += inner) {
          if (input![at]! > most || Number.isNaN(input![at]))
            most = input![at]!;
        }
        out[i] = most;
      }
    }),
});

/** In WebAssembly where the operands are in its memory, else by a loop. */
function inWasm(
  kind: Reduction,
  single: boolean,
  add: boolean,
  loop: CpuForm<Field>,
): CpuForm<Field> {
  let quick: Reduce | null | undefined;
  return (inputs, outputs, params, threads = 1) => {
    quick ??= quick === undefined ? wasmReduce(kind, single, add) : null;
    if (!quick?.(inputs[0]!, outputs[0], params, threads)) {
      loop(inputs, outputs, params);
    }
  };
}

/** Repeats n times, divided. */
const expand = onSplit(
  {
    name: 'expand',
    cpu(single, add) {
      const round = rounding(single);
      return ([input], [out], { outer, n, inner, divisor }) => {
        for (let o = 0, i = 0; o < outer; o++) {
          for (let k = 0; k < n; k++) {
            for (let j = o * inner; j < (o + 1) * inner; j++, i++) {
              const value = round(input![j]! / divisor);
              out[i] = add ? out[i]! + value : value;
            }
          }
        }
      };
    },
  },
  true,
);

function paramsOf([outer, n, inner]: Split, divisor = 1): Params<Field> {
  return { outer, n, inner, divisor };
}

/** Records the greatest over n of [outer, n, inner]; NaN where one is. */
export function reduceMost(emit: Emit, input: Ref, split: Split): Ref {
  return most(emit, [input], split[0] * split[2], paramsOf(split));
}

/** Records the sum over n of [outer, n, inner], divided, plus `base`. */
export function reduceSum(
  emit: Emit,
  input: Ref,
  split: Split,
  divisor = 1,
  base: Ref | null = null,
): Ref {
  const size = split[0] * split[2];
  return sum(emit, [input], size, paramsOf(split, divisor), base);
}

/** Records the repetition of x over n, divided, plus `base`. */
export function expandMean(
  emit: Emit,
  input: Ref,
  split: Split,
  divisor: number,
  base: Ref | null,
): Ref {
  const size = split[0] * split[1] * split[2];
  return expand(emit, [input], size, paramsOf(split, divisor), base);
}
