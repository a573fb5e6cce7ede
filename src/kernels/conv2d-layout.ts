/** Where the elements of convolutions lie, on the CPU. */

import type { FloatArray } from '../base/tensor.ts';
import { type Layout, strided } from './contraction-layout.ts';

/** Sizes of a convolution, as kernels/conv2d.wgsl has them. */
export interface Geometry {
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
      for (let x = 0; x < most; x++) to[target + x * step] = from[source + x]!;
    }
  }
}

/** y: row = output of the group, column = (image, oy, ox), k = (c, ky, kx). */
function forward(g: Geometry): Layout {
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
}

/** Message to x: row = channel of the group, column = (image, y, x). */
function toInput(g: Geometry): Layout {
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
}

/** Message to w: row = output of the group, column = (channel, ky, kx). */
function toWeight(g: Geometry): Layout {
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
}

/** By what is computed. */
export const layouts = { forward, toInput, toWeight } as const;
