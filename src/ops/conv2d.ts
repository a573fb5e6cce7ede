/**
 * conv2d: cross-correlation of x [B, C, H, W] with filters w [O, C/groups, kh,
 * kw] plus a bias [O], as PyTorch's. Its forward computation and its messages
 * are contractions; elements of the padding are 0.
 */

import { type FloatArray, type Shape, shapeText } from '../tensor.ts';
import { contraction } from './contraction.ts';
import { strided } from './contraction-cpu.ts';
import {
  type Attrs,
  countAttr,
  type Op,
  type Operand,
  ShapeProblem,
} from './op.ts';
import { reduceSum } from './reduce.ts';

/** Sizes of a convolution, as kernels/conv2d.wgsl has them. */
interface Geometry {
  readonly groups: number;
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly outputs: number;
  readonly oh: number;
  readonly ow: number;
  readonly kh: number;
  readonly kw: number;
  readonly stride: number;
  readonly padding: number;
}

function geometry(x: Shape, w: Shape, attrs: Attrs): Geometry {
  const { stride = 1, padding = 0, groups = 1 } = attrs as Partial<Geometry>;
  const [batch, channels, height, width] = x;
  const [outputs, , kh, kw] = w;
  const oh = Math.floor((height + 2 * padding - kh) / stride) + 1;
  const ow = Math.floor((width + 2 * padding - kw) / stride) + 1;
  return {
    ...{ groups, batch, channels, height, width, outputs },
    ...{ oh, ow, kh, kw, stride, padding },
  };
}

/** The uniform block after m, n, k and z. */
function intsOf(g: Geometry, outRows: number): number[] {
  return [
    ...[outRows, g.batch, g.channels, g.height, g.width, g.outputs, g.oh],
    ...[g.ow, g.kh, g.kw, g.stride, g.padding],
  ];
}

function geometryOf(ints: readonly number[]): Geometry {
  const [, , , groups, , batch, channels, height, width, outputs] = ints;
  const [oh, ow, kh, kw, stride, padding] = ints.slice(10);
  return {
    ...{ groups, batch, channels, height, width, outputs },
    ...{ oh, ow, kh, kw, stride, padding },
  };
}

const quotient = (a: number, b: number) => Math.floor(a / b);

/** Places of planes of images, some elements apart. */
interface Planes {
  readonly width: number;
  readonly plane: number;
  readonly image: number;
}

/** x with its padding around it, and where windows of it are. */
function padded(g: Geometry) {
  const { padding: p, height, width, channels, batch } = g;
  const [rows, columns] = [height + 2 * p, width + 2 * p];
  const plane = rows * columns;
  const planes: Planes = { width: columns, plane, image: channels * plane };
  const positions = g.oh * g.ow;
  const filter = g.kh * g.kw;
  return {
    /** Of a group. */
    batch: (channels / g.groups) * plane,
    /** Where the window of a position (image, oy, ox) starts ... */
    window: (at: number) =>
      quotient(at, positions) * planes.image +
      (quotient(at % positions, g.ow) * columns + (at % g.ow)) * g.stride,
    /** ... and how far in it an element (channel, ky, kx) of the filter is. */
    element: (k: number) =>
      quotient(k, filter) * plane +
      quotient(k % filter, g.kw) * columns +
      (k % g.kw),
    spread:
      p === 0
        ? undefined
        : {
            size: batch * planes.image,
            copy: (from: FloatArray, to: FloatArray) => {
              const size = [batch * channels, height, width] as const;
              spreadPlanes(from, size, to, { ...planes, start: p, step: 1 });
            },
          },
  };
}

/** The error of y, `stride` apart, so that each pixel's errors are a window. */
function dilated(g: Geometry) {
  const { padding: p, height, width, outputs, batch, stride } = g;
  // A window ends at its pixel and may start before the first error.
  const start = Math.max(0, g.kh - 1 - p, g.kw - 1 - p);
  const columns = width + p + start;
  const plane = (height + p + start) * columns;
  const planes: Planes = { width: columns, plane, image: outputs * plane };
  const pixels = height * width;
  const filter = g.kh * g.kw;
  return {
    batch: (outputs / g.groups) * plane,
    /** Where the window of a pixel (image, y, x) ends ... */
    window: (at: number) =>
      quotient(at, pixels) * planes.image +
      (quotient(at % pixels, width) + p + start) * columns +
      ((at % width) + p + start),
    /** ... and how far before it the error of (output, ky, kx) is. */
    element: (k: number) =>
      quotient(k, filter) * plane -
      quotient(k % filter, g.kw) * columns -
      (k % g.kw),
    spread: {
      size: batch * planes.image,
      copy: (from: FloatArray, to: FloatArray) => {
        const size = [batch * outputs, g.oh, g.ow] as const;
        spreadPlanes(from, size, to, { ...planes, start, step: stride });
      },
    },
  };
}

/** Copies planes to larger ones, from (start, start) on, `step` apart. */
function spreadPlanes(
  from: FloatArray,
  [planes, rows, columns]: readonly [number, number, number],
  to: FloatArray,
  at: Planes & { readonly start: number; readonly step: number },
): void {
  const { width, plane, start, step } = at;
  // What lies beyond the edge is in no window.
  const height = plane / width;
  const mostRows = Math.min(rows, Math.ceil((height - start) / step));
  const most = Math.min(columns, Math.ceil((width - start) / step));
  for (let p = 0; p < planes; p++) {
    for (let y = 0; y < mostRows; y++) {
      const source = (p * rows + y) * columns;
      const target = p * plane + (start + y * step) * width + start;
      for (let x = 0; x < most; x++) to[target + x * step] = from[source + x];
    }
  }
}

/** y: row = output of the group, column = (image, oy, ox), k = (c, ky, kx). */
const forward = contraction({
  name: 'conv2d',
  files: ['conv2d', 'conv2d-forward'],
  layout(ints) {
    const g = geometryOf(ints);
    const [outputs, channels] = [g.outputs / g.groups, g.channels / g.groups];
    const positions = g.oh * g.ow;
    const depth = channels * g.kh * g.kw;
    const { batch, window, element, spread } = padded(g);
    return {
      a: strided(outputs * depth, depth, 1),
      b: { batch, line: window, term: element },
      spread,
      out: {
        batch: outputs * positions,
        row: positions,
        column: (j) =>
          quotient(j, positions) * g.outputs * positions + (j % positions),
      },
      bias: { of: 'row', batch: outputs },
    };
  },
});

/** Message to x: row = channel of the group, column = (image, y, x). */
const toInput = contraction({
  name: 'conv2d-input',
  files: ['conv2d', 'conv2d-input'],
  layout(ints) {
    const g = geometryOf(ints);
    const [outputs, channels] = [g.outputs / g.groups, g.channels / g.groups];
    const pixels = g.height * g.width;
    const filter = g.kh * g.kw;
    const { batch, window, element, spread } = dilated(g);
    return {
      a: {
        batch: outputs * channels * filter,
        line: (i) => i * filter,
        term: (k) => quotient(k, filter) * channels * filter + (k % filter),
      },
      b: { batch, line: window, term: element },
      spread,
      out: {
        batch: channels * pixels,
        row: pixels,
        column: (j) => quotient(j, pixels) * g.channels * pixels + (j % pixels),
      },
      bias: { of: 'row', batch: 0 },
    };
  },
});

/** Message to w: row = output of the group, column = (channel, ky, kx). */
const toWeight = contraction({
  name: 'conv2d-weight',
  files: ['conv2d', 'conv2d-weight'],
  layout(ints) {
    const g = geometryOf(ints);
    const [outputs, channels] = [g.outputs / g.groups, g.channels / g.groups];
    const positions = g.oh * g.ow;
    const depth = channels * g.kh * g.kw;
    const { batch, window, element, spread } = padded(g);
    return {
      a: {
        batch: outputs * positions,
        line: (i) => i * positions,
        term: (k) =>
          quotient(k, positions) * g.outputs * positions + (k % positions),
      },
      b: { batch, line: element, term: window },
      spread,
      out: { batch: outputs * depth, row: depth, column: (j) => j },
      bias: { of: 'row', batch: 0 },
    };
  },
});

/** Inputs x and w as the kernels see them. */
function sizes([x, w]: readonly Operand[], attrs: Attrs) {
  const g = geometry(x.shape, w.shape, attrs);
  return {
    g,
    outputs: g.outputs / g.groups,
    channels: g.channels / g.groups,
    positions: g.oh * g.ow,
    pixels: g.height * g.width,
    filter: g.kh * g.kw,
  };
}

export const conv2d: Op = {
  name: 'conv2d',
  // The bias may be left out.
  arity: 'many',
  attrs: {
    stride: countAttr(1),
    padding: countAttr(0),
    groups: countAttr(1),
  },
  exactOnIntegers: true,
  shape(inputs, attrs) {
    if (inputs.length < 2 || inputs.length > 3) {
      throw new ShapeProblem(
        `needs x, filters and perhaps a bias but has ${inputs.length} inputs`,
      );
    }
    const [x, w, bias] = inputs;
    const g = geometry(x, w, attrs);
    if (
      x.length !== 4 ||
      w.length !== 4 ||
      g.channels % g.groups !== 0 ||
      g.outputs % g.groups !== 0 ||
      w[1] !== g.channels / g.groups
    ) {
      throw new ShapeProblem(
        `needs x [B, C, H, W] and filters [O, C / groups, kh, kw] but has ` +
          `${shapeText(x)} and ${shapeText(w)}, groups ${g.groups}`,
      );
    }
    if (bias && (bias.length !== 1 || bias[0] !== g.outputs)) {
      throw new ShapeProblem(
        `needs a bias of shape [${g.outputs}] but has ${shapeText(bias)}`,
      );
    }
    if (g.oh < 1 || g.ow < 1) {
      throw new ShapeProblem(
        `has filters ${g.kh} x ${g.kw} larger than the padded image of ` +
          `${g.height + 2 * g.padding} x ${g.width + 2 * g.padding}`,
      );
    }
    return [g.batch, g.outputs, g.oh, g.ow];
  },
  forward(emit, inputs, attrs) {
    const { g, outputs, channels, positions, filter } = sizes(inputs, attrs);
    const [x, w, bias] = inputs;
    return forward(
      emit,
      [outputs, g.batch * positions, channels * filter, g.groups],
      [w.ref, x.ref],
      { size: g.batch * g.outputs * positions, ints: intsOf(g, positions) },
      { bias: bias?.ref },
    );
  },
  vjp(emit, { inputs, attrs, slot, eps, base }) {
    const { g, ...n } = sizes(inputs, attrs);
    const [x, w] = inputs;
    if (slot === 0) {
      return toInput(
        emit,
        [n.channels, g.batch * n.pixels, n.outputs * n.filter, g.groups],
        [w.ref, eps],
        { size: x.ref.size, ints: intsOf(g, n.pixels) },
        { base },
      );
    }
    if (slot === 1) {
      const columns = n.channels * n.filter;
      return toWeight(
        emit,
        [n.outputs, columns, g.batch * n.positions, g.groups],
        [eps, x.ref],
        { size: w.ref.size, ints: intsOf(g, columns) },
        { base },
      );
    }
    const planes = reduceSum(emit, eps, [g.batch * g.outputs, n.positions, 1]);
    return reduceSum(emit, planes, [1, g.batch, g.outputs], 1, base);
  },
};
