/**
 * slice: a part of an axis; several of them split it. concat: inputs one after
 * another along an axis. The message of each is the other.
 */

import { type Shape, shapeText, sizeOf } from '../base/tensor.ts';
import { copyForm } from '../kernels/copy-cpu.ts';
import {
  type Emit,
  elements,
  type Kernel,
  mainOver,
  type Ref,
  spread,
  u32,
} from '../kernels/kernel.ts';
import { type Attrs, type Op, ShapeProblem, wholeAttr } from './op.ts';
import { axisOf } from './reduce.ts';

type Part = 'part' | 'among_zeros';

const sliceKernel = (part: Part) =>
  elements({
    name: `slice:${part}`,
    params: u32('n', 'outer', 'total', 'inner', 'start', 'length'),
    reads: ['x'],
    files: ['slice'],
    count: 'params.n',
    value: `${part}(i)`,
    cpu(single, add) {
      const copy = copyForm(single);
      return ([x], [out], { n, outer, total, inner, start, length }) => {
        const [own, whole] = [length * inner, total * inner];
        const mine = { start: 0, row: own };
        const theirs = { start: start * inner, row: whole };
        const forward = part === 'part';
        if (!forward) {
          // What is added around the part is 0, which makes -0 to 0.
          for (let i = 0; i < n; i++) out[i] = add ? out[i] + 0 : 0;
        }
        copy(
          { array: x, ...(forward ? theirs : mine), column: 1 },
          { array: out, ...(forward ? mine : theirs) },
          [outer, own],
          add,
        );
      };
    },
  });

const kernels = {
  part: sliceKernel('part'),
  among_zeros: sliceKernel('among_zeros'),
};

/** Records a part of an axis of `whole`, or that part among zeros. */
function slicing(
  emit: Emit,
  part: Part,
  x: Ref,
  whole: Shape,
  [axis, start, length]: readonly [number, number, number],
  base: Ref | null = null,
): Ref {
  const total = whole[axis];
  const outer = sizeOf(whole.slice(0, axis));
  const inner = sizeOf(whole.slice(axis + 1));
  const n = outer * inner * (part === 'part' ? length : total);
  const params = { n, outer, total, inner, start, length };
  return kernels[part](emit, [x], n, params, base);
}

/** Axis, first place and length of a slice. */
function rangeOf(x: Shape, attrs: Attrs): readonly [number, number, number] {
  const axis = axisOf(x, attrs);
  const counted = (n: number) => (n < 0 ? n + x[axis] : n);
  const start = counted(Number(attrs.start ?? 0));
  const end = counted(Number(attrs.end ?? x[axis]));
  if (start < 0 || end > x[axis] || start >= end) {
    throw new ShapeProblem(
      `has no elements from ${attrs.start ?? 0} to before ` +
        `${attrs.end ?? 'the end'} on axis ${axis} of ${shapeText(x)}`,
    );
  }
  return [axis, start, end - start];
}

const isWhole = (v: unknown) => Number.isInteger(v);

/** attrs.axis from attrs.start to before attrs.end, as Python counts. */
export const slice: Op = {
  name: 'slice',
  arity: 1,
  attrs: { axis: isWhole, start: wholeAttr, end: wholeAttr },
  exactOnIntegers: true,
  shape([x], attrs) {
    const [axis, , length] = rangeOf(x, attrs);
    return x.map((n, i) => (i === axis ? length : n));
  },
  forward: (emit, [x], attrs) =>
    slicing(emit, 'part', x.ref, x.shape, rangeOf(x.shape, attrs)),
  vjp(emit, { inputs: [x], attrs, eps, base }) {
    const range = rangeOf(x.shape, attrs);
    return slicing(emit, 'among_zeros', eps, x.shape, range, base);
  },
};

/** At most this many inputs a kernel; adapters offer 8 storage buffers. */
const MOST = 6;

/** Names of the inputs' lengths. */
const LENGTHS = Array.from({ length: MOST }, (_, k) => `n${k}`);

const joins = LENGTHS.map((_, k) => joinKernel(LENGTHS.slice(0, k + 1)));

/** Joins tensors (outer, n_k, inner) along the middle axis. */
function joinKernel(lengths: readonly string[]): Kernel {
  const total = lengths.map((name) => `params.${name}`).join(' + ');
  const choose = lengths.map(
    (name, k) => `
      let size${k} = params.${name} * params.inner;
      if (column < size${k}) { value = x${k}[row * size${k} + column]; }
      column -= size${k};`,
  );
  return {
    name: `concat${lengths.length}`,
    params: u32('outer', 'inner', ...lengths),
    inPlace: [null],
    cpu: (single) => {
      const copy = copyForm(single);
      return (inputs, [out], params) => {
        const { outer, inner } = params;
        const sizes = lengths.map((name) => params[name] * inner);
        const row = sizes.reduce((a, b) => a + b);
        let start = 0;
        inputs.forEach((array, k) => {
          const from = { array, start: 0, row: sizes[k], column: 1 };
          copy(from, { array: out, start, row }, [outer, sizes[k]], false);
          start += sizes[k];
        });
      };
    },
    gpu: {
      reads: lengths.map((_, k) => `x${k}`),
      writes: ['out'],
      code: () =>
        mainOver(
          `params.outer * (${total}) * params.inner`,
          `let row_size = (${total}) * params.inner;
          let row = i / row_size;
          var column = i % row_size;
          var value = 0.0f;
          ${choose.join('')}
          out[i] = value;`,
        ),
      workgroups: (_, call) => spread(call.outputs[0].size),
    },
  };
}

function concatAxis(shapes: readonly Shape[], attrs: Attrs): number {
  return axisOf(shapes[0], { axis: attrs.axis ?? 0 });
}

/** attrs.axis: 0 if not given. */
export const concat: Op = {
  name: 'concat',
  arity: 'many',
  attrs: { axis: wholeAttr },
  exactOnIntegers: true,
  shape(inputs, attrs) {
    const axis = concatAxis(inputs, attrs);
    const [first] = inputs;
    for (const shape of inputs) {
      const fits =
        shape.length === first.length &&
        shape.every((n, i) => i === axis || n === first[i]);
      if (!fits) {
        throw new ShapeProblem(
          `cannot join ${inputs.map(shapeText).join(' and ')} along axis ${axis}`,
        );
      }
    }
    const total = inputs.reduce((sum, shape) => sum + shape[axis], 0);
    return first.map((n, i) => (i === axis ? total : n));
  },
  forward(emit, inputs, attrs) {
    const axis = concatAxis(
      inputs.map((input) => input.shape),
      attrs,
    );
    const [{ shape }] = inputs;
    const outer = sizeOf(shape.slice(0, axis));
    const inner = sizeOf(shape.slice(axis + 1));
    let parts = inputs.map(({ ref, shape: own }) => ({
      ref,
      length: own[axis],
    }));
    // Groups are joined, then groups of groups.
    do {
      const next: typeof parts = [];
      for (let at = 0; at < parts.length; at += MOST) {
        const group = parts.slice(at, at + MOST);
        const length = group.reduce((sum, part) => sum + part.length, 0);
        const refs = group.map((part) => part.ref);
        const size = [outer * length * inner];
        const params = {
          ...{ outer, inner },
          ...Object.fromEntries(group.map((p, k) => [LENGTHS[k], p.length])),
        };
        const [ref] =
          group.length === 1 && parts.length > 1
            ? refs
            : emit(joins[group.length - 1], refs, size, params);
        next.push({ ref, length });
      }
      parts = next;
    } while (parts.length > 1);
    return parts[0].ref;
  },
  vjp(emit, { inputs, output, attrs, slot, eps, base }) {
    const shapes = inputs.map((input) => input.shape);
    const axis = concatAxis(shapes, attrs);
    const start = shapes
      .slice(0, slot)
      .reduce((sum, shape) => sum + shape[axis], 0);
    const range = [axis, start, shapes[slot][axis]] as const;
    return slicing(emit, 'part', eps, output.shape, range, base);
  },
};
