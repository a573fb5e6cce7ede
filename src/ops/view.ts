/**
 * The same elements in another shape or order: reshape and flatten (which
 * compute nothing), transpose, and expand, which repeats them.
 */

import { type Shape, shapeText, sizeOf } from '../base/tensor.ts';
import { copyForm } from '../kernels/copy-cpu.ts';
import {
  type ElementSpec,
  type Emit,
  elementKernel,
  type Kernel,
  type Ref,
  u32,
} from '../kernels/kernel.ts';
import { reduceSum } from '../kernels/reduce.ts';
import { addTo } from './add.ts';
import { type Attrs, countAttr, type Op, ShapeProblem } from './op.ts';

/** Most axes of a tensor that is turned or repeated. */
const MOST_AXES = 6;

/** Names of the lengths of axes and of the steps along them. */
const named = (letter: 'l' | 's', values: readonly number[]) =>
  Object.fromEntries(values.map((value, axis) => [letter + axis, value]));

const viewParams = (lengths: readonly number[], steps: readonly number[]) => ({
  n: sizeOf(lengths),
  ...named('l', lengths),
  ...named('s', steps),
});

function viewSpec(axes: number): ElementSpec<string> {
  const all = Array.from({ length: axes }, (_, axis) => axis);
  const [l, s] = [all.map((axis) => `l${axis}`), all.map((axis) => `s${axis}`)];
  return {
    name: `view${axes}`,
    params: u32('n', ...l, ...s),
    reads: ['x'],
    files: ['view'],
    words: { PLACES: places(axes) },
    count: 'params.n',
    value: 'viewed(i)',
    cpu(single, add) {
      const copy = copyForm(single);
      return ([x], [out], params) => {
        // Of one axis are matrices of one row.
        const lengths = [1, ...l.map((name) => params[name]!)];
        const steps = [0, ...s.map((name) => params[name]!)];
        const [rows, columns] = lengths.slice(-2) as [number, number];
        const [row, column] = steps.slice(-2) as [number, number];
        const place = new Array<number>(axes + 1).fill(0);
        let at = 0;
        for (let start = 0; start < params.n!; start += rows * columns) {
          const from = { array: x!, start: at, row, column };
          copy(from, { array: out, start, row: columns }, [rows, columns], add);
          // The next matrix, as an odometer counts.
          for (let axis = axes - 2; axis >= 0; axis--) {
            place[axis]! += 1;
            at += steps[axis]!;
            if (place[axis]! < lengths[axis]!) break;
            at -= steps[axis]! * lengths[axis]!;
            place[axis] = 0;
          }
        }
      };
    },
    // Views one after another are one of an axis more.
    batch(params, { inputs: [from], outputs: [to] }, count, add) {
      if (axes === MOST_AXES || to !== params.n) return null;
      const of = (names: readonly string[]) =>
        names.map((name) => params[name]!);
      return {
        kernel: kernelOf(axes + 1, add),
        params: viewParams([count, ...of(l)], [from!, ...of(s)]),
      };
    },
  };
}

/** What stands in view.wgsl for a number of axes, the last fastest. */
function places(axes: number): string {
  // Divided from the last axis to the first; the quotient is what is left.
  const lines = Array.from({ length: axes - 1 }, (_, k) => axes - 1 - k).map(
    (a) => `let q${a} = rest / params.l${a};
  at += (rest - q${a} * params.l${a}) * params.s${a};
  rest = q${a};`,
  );
  return [...lines, 'at += rest * params.s0;'].join('\n  ');
}

const kernels = new Map<number, readonly [Kernel, Kernel]>();

function kernelOf(axes: number, add: boolean): Kernel {
  const made = kernels.get(axes) ?? elementKernel(viewSpec(axes));
  kernels.set(axes, made);
  return made[add ? 1 : 0];
}

/** Records x read with these steps, in a shape, plus `base`. */
function view(
  emit: Emit,
  x: Ref,
  shape: Shape,
  steps: readonly number[],
  base: Ref | null = null,
): Ref {
  const params = viewParams(shape, steps);
  const kernel = kernelOf(shape.length, base !== null);
  return emit(kernel, base ? [x, base] : [x], [params.n], params)[0];
}

/** Elements between neighbours along each axis. */
function stepsOf(shape: Shape): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

function checkAxes(x: Shape): void {
  if (x.length <= MOST_AXES) return;
  throw new ShapeProblem(
    `has ${x.length} axes; at most ${MOST_AXES} are supported`,
  );
}

const isShape = (value: unknown) =>
  Array.isArray(value) && value.length > 0 && value.every(countAttr(1));

/** attrs.shape: the same elements in another shape; one length may be -1. */
export const reshape: Op<1> = {
  name: 'reshape',
  arity: 1,
  attrs: {
    shape: (value) =>
      Array.isArray(value) &&
      isShape(value.map((n) => (n === -1 ? 1 : n))) &&
      value.filter((n) => n === -1).length <= 1,
  },
  exactOnIntegers: true,
  shape([x], attrs) {
    const given = attrs.shape as number[];
    const known = given.reduce((size, n) => (n === -1 ? size : size * n), 1);
    const size = sizeOf(x);
    const open = size / known;
    const shape = given.map((n) => (n === -1 ? open : n));
    if (sizeOf(shape) !== size || !Number.isInteger(open)) {
      throw new ShapeProblem(
        `cannot lay ${size} elements out as ${shapeText(given)}`,
      );
    }
    return shape;
  },
  forward: (_, [x]) => x.ref,
  vjp: (emit, { eps, base }) => addTo(emit, base, eps),
};

/** Axes from attrs.start_axis (1 if not given) on become one. */
export const flatten: Op<1> = {
  ...reshape,
  name: 'flatten',
  attrs: { start_axis: countAttr(0) },
  shape([x], attrs) {
    const axis = Number(attrs.start_axis ?? 1);
    if (axis > x.length) {
      throw new ShapeProblem(`has no axis ${axis}`);
    }
    return [...x.slice(0, axis), sizeOf(x.slice(axis))];
  },
};

/** Order of axes: the last two change places if none is given. */
function orderOf(x: Shape, attrs: Attrs): number[] {
  const n = x.length;
  const axes = [...x.keys()];
  const given = attrs.axes as number[] | undefined;
  if (given === undefined) {
    if (n < 2) throw new ShapeProblem('has only one axis');
    return [...axes.slice(0, -2), n - 1, n - 2];
  }
  const order = given.map((axis) => (axis < 0 ? axis + n : axis));
  if (order.length !== n || !axes.every((axis) => order.includes(axis))) {
    throw new ShapeProblem(`cannot put its axes in the order [${given}]`);
  }
  return order;
}

/** attrs.axes: which axis of x each axis of the output is. */
export const transpose: Op<1> = {
  name: 'transpose',
  arity: 1,
  attrs: {
    axes: (value) =>
      value === undefined ||
      (Array.isArray(value) && value.every(Number.isInteger)),
  },
  exactOnIntegers: true,
  shape([x], attrs) {
    checkAxes(x);
    return orderOf(x, attrs).map((axis) => x[axis]!);
  },
  forward(emit, [x], attrs, shape) {
    const steps = stepsOf(x.shape);
    const order = orderOf(x.shape, attrs);
    return view(
      emit,
      x.ref,
      shape,
      order.map((axis) => steps[axis]!),
    );
  },
  vjp(emit, { inputs: [x], output, attrs, eps, base }) {
    const steps = stepsOf(output.shape);
    const order = orderOf(x.shape, attrs);
    const back = x.shape.map((_, axis) => steps[order.indexOf(axis)]!);
    return view(emit, eps, x.shape, back, base);
  },
};

/** x's shape with axes of length 1 in front, as long as the target. */
function aligned(x: Shape, target: Shape): number[] {
  return [...new Array<number>(target.length - x.length).fill(1), ...x];
}

/** attrs.shape: x repeated along axes that are 1 or missing, as NumPy does. */
export const expand: Op<1> = {
  name: 'expand',
  arity: 1,
  attrs: { shape: isShape },
  exactOnIntegers: true,
  shape([x], attrs) {
    const target = attrs.shape as number[];
    checkAxes(target);
    const fits =
      target.length >= x.length &&
      aligned(x, target).every((n, axis) => n === 1 || n === target[axis]);
    if (!fits) {
      throw new ShapeProblem(`cannot be repeated to ${shapeText(target)}`);
    }
    return target;
  },
  forward(emit, [x], _, shape) {
    const from = aligned(x.shape, shape);
    const steps = stepsOf(from).map((step, axis) =>
      from[axis] === 1 ? 0 : step,
    );
    return view(emit, x.ref, shape, steps);
  },
  vjp(emit, { inputs: [x], output, eps, base }) {
    const from = aligned(x.shape, output.shape);
    // Runs of repeated axes are summed, from the last to the first.
    let sum = eps;
    const shape = [...output.shape];
    for (let end = shape.length; end > 0; end--) {
      const last = end - 1;
      if (from[last] === shape[last]) continue;
      let first = last;
      while (first > 0 && from[first - 1] === 1) first -= 1;
      const parts = [
        sizeOf(shape.slice(0, first)),
        sizeOf(shape.slice(first, end)),
        sizeOf(shape.slice(end)),
      ] as const;
      sum = reduceSum(emit, sum, parts);
      for (let axis = first; axis < end; axis++) shape[axis] = 1;
      end = first + 1;
    }
    return addTo(emit, base, sum);
  },
};
