/** sum and mean over an axis or over everything, and their messages. */

import { type Shape, sizeOf } from '../tensor.ts';
import { type Emit, type Kernel, type Ref, spread } from './kernel.ts';
import { type Attrs, type Op, ShapeProblem } from './op.ts';

/** A tensor seen as [outer, n, inner], reduced over its middle axis. */
export type Split = readonly [outer: number, n: number, inner: number];

/**
 * Kernels on [outer, n, inner]: `sum` adds over n, ascending, and divides;
 * `expand` repeats n times, divided. With `add` they add to their output.
 */
function splitKernel(name: 'sum' | 'expand', add: boolean): Kernel {
  return {
    name: `${name}${add ? ':add' : ''}`,
    inPlace: [add ? 1 : null],
    cpu: (single) => (name === 'sum' ? sumForm : expandForm)(single, add),
    gpu: {
      files: [name],
      code: (_, file) =>
        file(name).replaceAll('FINISH', add ? 'out[i] + value' : 'value'),
      workgroups: (_, call) => spread(call.outputs[0].size),
    },
  };
}

function sumForm(single: boolean, add: boolean): ReturnType<Kernel['cpu']> {
  const round = single ? Math.fround : (x: number) => x;
  return ([input], [out], [outer, n, inner], [divisor]) => {
    for (let i = 0; i < outer * inner; i++) {
      let at = Math.floor(i / inner) * n * inner + (i % inner);
      let sum = 0;
      for (let k = 0; k < n; k++, at += inner) sum = round(sum + input[at]);
      const value = round(sum / divisor);
      out[i] = add ? out[i] + value : value;
    }
  };
}

function expandForm(single: boolean, add: boolean): ReturnType<Kernel['cpu']> {
  const round = single ? Math.fround : (x: number) => x;
  return ([input], [out], [outer, n, inner], [divisor]) => {
    for (let i = 0; i < outer * n * inner; i++) {
      const from = Math.floor(i / (n * inner)) * inner + (i % inner);
      const value = round(input[from] / divisor);
      out[i] = add ? out[i] + value : value;
    }
  };
}

const KERNELS = {
  sum: [splitKernel('sum', false), splitKernel('sum', true)],
  expand: [splitKernel('expand', false), splitKernel('expand', true)],
};

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

/** How an axis (or none: everything) splits a shape. */
function split(shape: Shape, attrs: Attrs): Split {
  if (attrs.axis === undefined) return [1, sizeOf(shape), 1];
  const axis = axisOf(shape, attrs);
  return [
    sizeOf(shape.slice(0, axis)),
    shape[axis],
    sizeOf(shape.slice(axis + 1)),
  ];
}

/** The axis counted from 0; negative ones count from the end. */
function axisOf(shape: Shape, attrs: Attrs): number {
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
      const [outer, n, inner] = split(x.shape, attrs);
      const kernel = KERNELS.expand[base ? 1 : 0];
      const inputs = base ? [eps, base] : [eps];
      const size = [outer * n * inner];
      return emit(kernel, inputs, size, [outer, n, inner], [divisor(n)])[0];
    },
  };
}

export const sum = reduction('sum');
export const mean = reduction('mean');
