/**
 * maxpool2d and avgpool2d over square windows of x [B, C, H, W], as PyTorch's:
 * the padding never wins a maximum and counts as 0 in a mean. Of equal
 * elements the first in a window, row by row, gets the whole error.
 */

import { type FloatArray, type Shape, sizeOf } from '../base/tensor.ts';
import { addressOf } from '../formula/wasm/arena.ts';
import { Workspace } from '../formula/wasm/workspace.ts';
import { type CpuForm, elements, rounding } from '../kernels/kernel.ts';
import {
  type MaxPool,
  WINDOWS,
  type Windows,
  wasmMaxPool,
} from '../kernels/pool-wasm.ts';
import { type Attrs, countAttr, type Op, ShapeProblem, unfit } from './op.ts';

type Of = 'max' | 'mean';

/** The greatest or the mean of each window; the messages to their elements. */
const forwardKernel = (of: Of) =>
  elements({
    name: `pool2d-${of}`,
    params: WINDOWS,
    reads: ['x'],
    files: ['pool2d', `pool2d-${of}`],
    count: 'params.planes * params.oh * params.ow',
    value: `${of}_of(i)`,
    cpu: (single) => (of === 'max' ? maxForm : meanForm)(false, false, single),
  });

const messageKernel = (of: Of) =>
  elements({
    name: `pool2d-${of}-message`,
    params: WINDOWS,
    reads: of === 'max' ? ['x', 'y', 'eps'] : ['x'],
    files: [
      ...['pool2d', `pool2d-${of}`],
      ...(of === 'max' ? ['pool2d-max-message'] : []),
    ],
    count: 'params.planes * params.height * params.width',
    value: `${of}_message(i)`,
    cpu: (single, add) =>
      (of === 'max' ? maxForm : meanForm)(true, add, single),
  });

type Form = CpuForm<keyof Windows>;

/**
 * Calls `visit` for each window, in order: its number, the index of its first
 * element, and how many rows and columns of it lie in the plane.
 */
function windows(
  { planes, height, width, oh, ow, size, stride, padding }: Windows,
  visit: (o: number, first: number, rows: number, columns: number) => void,
): void {
  for (let plane = 0, o = 0; plane < planes; plane++) {
    for (let r = 0; r < oh; r++) {
      const y0 = r * stride - padding;
      const top = Math.max(y0, 0);
      const rows = Math.min(y0 + size, height) - top;
      const start = (plane * height + top) * width;
      for (let c = 0; c < ow; c++, o++) {
        const x0 = c * stride - padding;
        const left = Math.max(x0, 0);
        visit(o, start + left, rows, Math.min(x0 + size, width) - left);
      }
    }
  }
}

type Round = (x: number) => number;

/** Sums of messages are made elsewhere where they are added to something. */
function sumsIn(out: FloatArray, add: boolean): FloatArray {
  return add ? out.slice().fill(0) : out.fill(0);
}

const workspace = new Workspace();

/** The same in the arena, if there is room. */
function sumsInArena(out: FloatArray, add: boolean): FloatArray | null {
  if (addressOf(out) < 0) return null;
  if (!add) return out.fill(0);
  if (!workspace.reserve(out.byteLength)) return null;
  const single = out instanceof Float32Array;
  return workspace.floats(single, 0, out.length).fill(0);
}

function maxForm(message: boolean, add: boolean, single: boolean): Form {
  const round = rounding(single);
  let quick: MaxPool | null | undefined;
  return ([x, , errors], [out], params, threads = 1) => {
    const eps = message ? errors : null;
    const near = message ? sumsInArena(out, add) : out;
    if (near && quick === undefined) quick = wasmMaxPool(message, single);
    const done = near && quick?.({ x, out: near, eps }, params, threads);
    const sums = done ? near : message ? sumsIn(out, add) : out;
    if (!done) maxLoop({ x, out: sums, eps }, params, round);
    if (!message || !add) return;
    for (let i = 0; i < out.length; i++) out[i] = round(out[i] + sums[i]);
  };
}

/** Windows ascend, so each element's sum takes them in the GPU's order. */
function maxLoop(
  { x, out, eps }: Parameters<MaxPool>[0],
  params: Windows,
  round: Round,
): void {
  const { width } = params;
  windows(params, (o, first, rows, columns) => {
    let best = first;
    let most = x[first];
    for (let y = 0; y < rows; y++) {
      const at = first + y * width;
      for (let i = at; i < at + columns; i++) {
        const value = x[i];
        // A NaN wins, the first of them.
        if (value > most || (Number.isNaN(value) && !Number.isNaN(most))) {
          most = value;
          best = i;
        }
      }
    }
    if (eps) out[best] = round(out[best] + eps[o]);
    else out[o] = most;
  });
}

function meanForm(message: boolean, add: boolean, single: boolean): Form {
  const round = rounding(single);
  return ([x], [out], params) => {
    const { width, size } = params;
    const sums = message ? sumsIn(out, add) : out;
    windows(params, (o, first, rows, columns) => {
      let sum = 0;
      for (let y = 0; y < rows; y++) {
        const at = first + y * width;
        for (let i = at; i < at + columns; i++) {
          if (message) sums[i] = round(sums[i] + x[o]);
          else sum = round(sum + x[i]);
        }
      }
      if (!message) out[o] = round(sum / (size * size));
    });
    if (!message) return;
    for (let i = 0; i < out.length; i++) {
      const value = round(sums[i] / (size * size));
      out[i] = add ? round(out[i] + value) : value;
    }
  };
}

function pool2d(name: string, of: Of): Op {
  const forward = forwardKernel(of);
  const message = messageKernel(of);
  const windowsOf = (
    [batch, channels, height, width]: Shape,
    [, , oh, ow]: Shape,
    attrs: Attrs,
  ): Windows => {
    const {
      kernel: size,
      stride = size,
      padding = 0,
    } = attrs as Record<string, number>;
    const planes = batch * channels;
    return { planes, height, width, oh, ow, size, stride, padding };
  };
  return {
    name,
    arity: 1,
    attrs: {
      kernel: (value) => value !== undefined && countAttr(1)(value),
      // As wide as the window if not given.
      stride: countAttr(1),
      padding: countAttr(0),
    },
    exactOnIntegers: of === 'max',
    shape([x], attrs) {
      const size = Number(attrs.kernel);
      const stride = Number(attrs.stride ?? size);
      const padding = Number(attrs.padding ?? 0);
      const out = (n: number) =>
        Math.floor((n + 2 * padding - size) / stride) + 1;
      if (x.length !== 4 || out(x[2]) < 1 || out(x[3]) < 1) {
        const window = `${size} x ${size}`;
        throw unfit(
          `x [B, C, H, W] no smaller than its window of ${window}`,
          x,
        );
      }
      if (2 * padding > size) {
        throw new ShapeProblem(
          `has padding ${padding}, more than half its window of ${size}`,
        );
      }
      return [x[0], x[1], out(x[2]), out(x[3])];
    },
    forward(emit, [x], attrs, shape) {
      const params = windowsOf(x.shape, shape, attrs);
      return forward(emit, [x.ref], sizeOf(shape), params);
    },
    vjp(emit, { inputs: [x], output, attrs, eps, base }) {
      const reads = of === 'max' ? [x.ref, output.ref, eps] : [eps];
      const params = windowsOf(x.shape, output.shape, attrs);
      return message(emit, reads, x.ref.size, params, base);
    },
  };
}

export const maxpool2d = pool2d('maxpool2d', 'max');
export const avgpool2d = pool2d('avgpool2d', 'mean');
