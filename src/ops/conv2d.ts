/**
 * conv2d: cross-correlation of x [B, C, H, W] with filters w [O, C/groups, kh,
 * kw] plus a bias [O], as PyTorch's. Its forward computation and its messages
 * are contractions; elements of the padding are 0.
 */

import { type Shape, shapeText } from '../tensor.ts';
import { contraction } from './contraction.ts';
import { gathered } from './contraction-cpu.ts';
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

/** The pixel of x that an element of a filter meets at a position of y, or -1. */
function pixelOf(g: Geometry, position: number, inner: number): number {
  const oy = quotient(position, g.ow);
  const y = oy * g.stride - g.padding + quotient(inner, g.kw);
  const x = (position % g.ow) * g.stride - g.padding + (inner % g.kw);
  const inside = y >= 0 && y < g.height && x >= 0 && x < g.width;
  return inside ? y * g.width + x : -1;
}

/** y: row = output of the group, column = (image, oy, ox), k = (c, ky, kx). */
const forward = contraction({
  name: 'conv2d',
  files: ['conv2d', 'conv2d-forward'],
  layout(ints) {
    const g = geometryOf(ints);
    const [outputs, channels] = [g.outputs / g.groups, g.channels / g.groups];
    const positions = g.oh * g.ow;
    const filter = g.kh * g.kw;
    const depth = channels * filter;
    return {
      a: gathered((z, i, k) => (z * outputs + i) * depth + k),
      b: gathered((z, j, k) => {
        const pixel = pixelOf(g, j % positions, k % filter);
        if (pixel < 0) return -1;
        const image = quotient(j, positions);
        const plane = image * g.channels + z * channels + quotient(k, filter);
        return plane * g.height * g.width + pixel;
      }),
      out: (z, i, j) =>
        (quotient(j, positions) * g.outputs + z * outputs + i) * positions +
        (j % positions),
      bias: (z, i) => z * outputs + i,
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
    return {
      a: gathered((z, i, k) => {
        const output = z * outputs + quotient(k, filter);
        return (output * channels + i) * filter + (k % filter);
      }),
      b: gathered((z, j, k) => {
        const pixel = j % pixels;
        const inner = k % filter;
        const y = quotient(pixel, g.width) + g.padding - quotient(inner, g.kw);
        const x = (pixel % g.width) + g.padding - (inner % g.kw);
        if (y < 0 || x < 0 || y % g.stride !== 0 || x % g.stride !== 0) {
          return -1;
        }
        const [oy, ox] = [y / g.stride, x / g.stride];
        if (oy >= g.oh || ox >= g.ow) return -1;
        const plane =
          quotient(j, pixels) * g.outputs + z * outputs + quotient(k, filter);
        return (plane * g.oh + oy) * g.ow + ox;
      }),
      out: (z, i, j) =>
        (quotient(j, pixels) * g.channels + z * channels + i) * pixels +
        (j % pixels),
      bias: () => 0,
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
    const filter = g.kh * g.kw;
    const depth = channels * filter;
    return {
      a: gathered((z, i, k) => {
        const plane = quotient(k, positions) * g.outputs + z * outputs + i;
        return plane * positions + (k % positions);
      }),
      b: gathered((z, j, k) => {
        const pixel = pixelOf(g, k % positions, j % filter);
        if (pixel < 0) return -1;
        const image = quotient(k, positions);
        const plane = image * g.channels + z * channels + quotient(j, filter);
        return plane * g.height * g.width + pixel;
      }),
      out: (z, i, j) => (z * outputs + i) * depth + j,
      bias: () => 0,
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
