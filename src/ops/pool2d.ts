/**
 * maxpool2d and avgpool2d over square windows of x [B, C, H, W], as PyTorch's:
 * the padding never wins a maximum and counts as 0 in a mean. Of equal
 * elements the first in a window, row by row, gets the whole error.
 */

import { type FloatArray, type Shape, shapeText } from '../base/tensor.ts';
import { addressOf } from '../formula/wasm/arena.ts';
import { Workspace } from '../formula/wasm/workspace.ts';
import {
  type CpuForm,
  elementKernel,
  finishing,
  type Kernel,
  rounding,
} from '../kernels/kernel.ts';
import { type MaxPool, wasmMaxPool } from '../kernels/pool-wasm.ts';
import { type Attrs, countAttr, type Op, ShapeProblem } from './op.ts';

type Part = 'max' | 'max-message' | 'mean' | 'mean-message';

const binding = (at: number, name: string, access = 'read') =>
  `@group(0) @binding(${at}) var<storage, ${access}> ${name}: array<f32>;\n`;
const pixels = 'params.planes * params.height * params.width';
const positions = 'params.planes * params.oh * params.ow';

/** What each part reads, of how many elements it makes what, and how. */
const parts: Record<
  Part,
  { reads: string[]; count: string; value: string; files: string[] }
> = {
  max: {
    reads: ['x'],
    count: positions,
    value: 'most(i)',
    files: ['pool2d-max'],
  },
  'max-message': {
    reads: ['x', 'y', 'eps'],
    count: pixels,
    value: 'message(i)',
    files: ['pool2d-max', 'pool2d-max-message'],
  },
  mean: {
    reads: ['x'],
    count: positions,
    value: 'mean(i)',
    files: ['pool2d-mean'],
  },
  'mean-message': {
    reads: ['x'],
    count: pixels,
    value: 'mean_message(i)',
    files: ['pool2d-mean'],
  },
};

function poolKernel(part: Part, add: boolean): Kernel {
  const { reads, count, value, files } = parts[part];
  const bindings = [
    ...reads.map((name, i) => binding(i + 1, name)),
    binding(reads.length + 1, 'out', 'read_write'),
  ];
  const kernel = elementKernel({
    name: `pool2d-${part}${add ? ':add' : ''}`,
    file: 'pool2d',
    words: { ...finishing(add), COUNT: count, VALUE: value },
    inPlace: add ? reads.length : undefined,
    cpu: (single) => poolForm(part, add, single),
  });
  return {
    ...kernel,
    gpu: {
      ...kernel.gpu,
      files: [...kernel.gpu.files, ...files],
      code: (traits, file) =>
        kernel.gpu
          .code(traits, file)
          .replace('BINDINGS', bindings.join(''))
          .replace('MORE', files.map(file).join('\n')),
    },
  };
}

/** Twin of kernels/pool2d*.wgsl. */
function poolForm(part: Part, add: boolean, single: boolean): CpuForm {
  const form = part.startsWith('max') ? maxForm : meanForm;
  return form(part.endsWith('message'), add, single);
}

/**
 * Calls `visit` for each window, in order: its number, the index of its first
 * element, and how many rows and columns of it lie in the plane.
 */
function windows(
  [planes, height, width, oh, ow, size, stride, padding]: readonly number[],
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

function maxForm(message: boolean, add: boolean, single: boolean): CpuForm {
  const round = rounding(single);
  let quick: MaxPool | null | undefined;
  return ([x, , errors], [out], ints, _, threads = 1) => {
    const eps = message ? errors : null;
    const near = message ? sumsInArena(out, add) : out;
    if (near && quick === undefined) quick = wasmMaxPool(message, single);
    const done = near && quick?.({ x, out: near, eps }, ints, threads);
    const sums = done ? near : message ? sumsIn(out, add) : out;
    if (!done) maxLoop({ x, out: sums, eps }, ints, round);
    if (!message || !add) return;
    for (let i = 0; i < out.length; i++) out[i] = round(out[i] + sums[i]);
  };
}

/** Windows ascend, so each element's sum takes them in the GPU's order. */
function maxLoop(
  { x, out, eps }: Parameters<MaxPool>[0],
  ints: readonly number[],
  round: Round,
): void {
  const width = ints[2];
  windows(ints, (o, first, rows, columns) => {
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

function meanForm(message: boolean, add: boolean, single: boolean): CpuForm {
  const round = rounding(single);
  return ([x], [out], ints) => {
    const [, , width, , , size] = ints;
    const sums = message ? sumsIn(out, add) : out;
    windows(ints, (o, first, rows, columns) => {
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

function pool2d(name: string, of: 'max' | 'mean'): Op {
  const forward = poolKernel(of, false);
  const message = [false, true].map((add) => poolKernel(`${of}-message`, add));
  const ints = ([b, c, h, w]: Shape, [, , oh, ow]: Shape, attrs: Attrs) => {
    const { kernel, stride = kernel, padding = 0 } = attrs;
    return [b * c, h, w, oh, ow, kernel, stride, padding] as number[];
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
        throw new ShapeProblem(
          `needs x [B, C, H, W] no smaller than its window of ${size} x ` +
            `${size} but has ${shapeText(x)}`,
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
      const size = shape.reduce((a, b) => a * b);
      return emit(forward, [x.ref], [size], ints(x.shape, shape, attrs))[0];
    },
    vjp(emit, { inputs: [x], output, attrs, eps, base }) {
      const reads = of === 'max' ? [x.ref, output.ref, eps] : [eps];
      return emit(
        message[base ? 1 : 0],
        base ? [...reads, base] : reads,
        [x.ref.size],
        ints(x.shape, output.shape, attrs),
      )[0];
    },
  };
}

export const maxpool2d = pool2d('maxpool2d', 'max');
export const avgpool2d = pool2d('avgpool2d', 'mean');
