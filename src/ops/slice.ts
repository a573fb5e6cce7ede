/**
 * slice: a part of an axis; several of them split it. concat: inputs one after
 * another along an axis. The message of each is the other.
 */

import { type Shape, shapeText, sizeOf } from '../base/tensor.ts';
import { copyForm } from '../kernels/copy-cpu.ts';
import {
  type Emit,
  elementKernel,
  finishing,
  type Kernel,
  type Ref,
  spread,
  WORKGROUP,
} from '../kernels/kernel.ts';
import { type Attrs, type Op, ShapeProblem } from './op.ts';
import { axisOf } from './reduce.ts';

type Part = 'part' | 'among_zeros';

function sliceKernel(part: Part, add: boolean): Kernel {
  return elementKernel({
    name: `slice:${part}${add ? ':add' : ''}`,
    file: 'slice',
    words: { ...finishing(add), VALUE: `${part}(i)` },
    inPlace: add ? 1 : undefined,
    cpu: (single) => {
      const copy = copyForm(single);
      return ([x], [out], [n, outer, total, inner, start, length]) => {
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
}

const KERNELS = {
  part: [sliceKernel('part', false), sliceKernel('part', true)],
  among_zeros: [
    sliceKernel('among_zeros', false),
    sliceKernel('among_zeros', true),
  ],
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
  const outer = sizeOf(whole.slice(0, axis));
  const inner = sizeOf(whole.slice(axis + 1));
  const size = outer * inner * (part === 'part' ? length : whole[axis]);
  const ints = [size, outer, whole[axis], inner, start, length];
  const inputs = base ? [x, base] : [x];
  return emit(KERNELS[part][base ? 1 : 0], inputs, [size], ints)[0];
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
const mayBeWhole = (v: unknown) => v === undefined || Number.isInteger(v);

/** attrs.axis from attrs.start to before attrs.end, as Python counts. */
export const slice: Op = {
  name: 'slice',
  arity: 1,
  attrs: { axis: isWhole, start: mayBeWhole, end: mayBeWhole },
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

const joins = Array.from({ length: MOST }, (_, i) => joinKernel(i + 1));

/** Joins n tensors (outer, length_k, inner) along the middle axis. */
function joinKernel(n: number): Kernel {
  const names = Array.from({ length: n }, (_, k) => k);
  return {
    name: `concat${n}`,
    inPlace: [null],
    cpu: (single) => {
      const copy = copyForm(single);
      return (inputs, [out], [outer, inner, ...lengths]) => {
        const total = lengths.reduce((a, b) => a + b) * inner;
        let start = 0;
        inputs.forEach((array, k) => {
          const size = lengths[k] * inner;
          const from = { array, start: 0, row: size, column: 1 };
          const to = { array: out, start, row: total };
          copy(from, to, [outer, size], false);
          start += size;
        });
      };
    },
    gpu: {
      files: [],
      code: () => `
        struct Params { outer: u32, inner: u32, ${names.map((k) => `n${k}: u32`).join(', ')} }
        @group(0) @binding(0) var<uniform> params: Params;
        ${names.map((k) => `@group(0) @binding(${k + 1}) var<storage, read> x${k}: array<f32>;`).join('\n')}
        @group(0) @binding(${n + 1}) var<storage, read_write> out: array<f32>;
        @compute @workgroup_size(${WORKGROUP})
        fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
          let row_size = (${names.map((k) => `params.n${k}`).join(' + ')}) * params.inner;
          for (var i = id.x; i < params.outer * row_size; i += groups.x * ${WORKGROUP}u) {
            let row = i / row_size;
            var column = i % row_size;
            var value = 0.0f;
            ${names
              .map(
                (k) => `
            let size${k} = params.n${k} * params.inner;
            if (column < size${k}) { value = x${k}[row * size${k} + column]; }
            column -= size${k};`,
              )
              .join('')}
            out[i] = value;
          }
        }`,
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
  attrs: { axis: mayBeWhole },
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
        const lengths = group.map((part) => part.length);
        const length = lengths.reduce((a, b) => a + b);
        const refs = group.map((part) => part.ref);
        const size = [outer * length * inner];
        const ints = [outer, inner, ...lengths];
        const [ref] =
          group.length === 1 && parts.length > 1
            ? refs
            : emit(joins[group.length - 1], refs, size, ints);
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
