/**
 * lrn: local response normalisation (Krizhevsky et al. 2012, section 3.3),
 * y_c = x_c / (k + alpha / size * sum of x^2 over `size` channels around c)^beta.
 * As in PyTorch alpha is divided by the size; the paper's 1e-4 over 5 channels
 * is alpha = 5e-4 here.
 */

import { type Shape, sizeOf } from '../base/tensor.ts';
import { addressOf } from '../formula/wasm/arena.ts';
import {
  type Emit,
  elements,
  type Ref,
  rounding,
  u32,
} from '../kernels/kernel.ts';
import { mapKernel, messageKernel } from '../kernels/map.ts';
import { type SumRows, wasmSumRows } from '../kernels/reduce-wasm.ts';
import { type Attrs, checkChannels, countAttr, type Op } from './op.ts';

const windowSum = elements({
  name: 'channel-window',
  params: u32('n', 'channels', 'inner', 'below', 'above'),
  reads: ['x'],
  files: ['channel-window'],
  count: 'params.n',
  value: 'window(i)',
  // Channels of an example and of its window lie one below the other.
  cpu(single) {
    const round = rounding(single);
    let quick: SumRows | null | undefined;
    return ([x], [out], { n, channels, inner, below, above }) => {
      const [from, to] = [addressOf(x), addressOf(out)];
      const inArena = from >= 0 && to >= 0;
      if (inArena && quick === undefined) quick = wasmSumRows(single);
      const size = x.BYTES_PER_ELEMENT;
      for (let i = 0; i < n; i += inner) {
        const channel = (i / inner) % channels;
        const first = Math.max(0, channel - below);
        const rows = Math.min(channels - 1, channel + above) - first + 1;
        const start = i + (first - channel) * inner;
        if (inArena && quick) {
          quick(from + start * size, to + i * size, rows, inner);
          continue;
        }
        out.fill(0, i, i + inner);
        for (let row = 0; row < rows; row++) {
          const by = start + row * inner - i;
          for (let j = i; j < i + inner; j++)
            out[j] = round(out[j] + x[j + by]);
        }
      }
    };
  },
});

const squares = mapKernel({
  name: 'squares',
  each: ['x'],
  outputs: [['y', 'x * x']],
});
/** (k + rate w)^-beta. */
const POWER = 'exp(-(beta * log(k + rate * w)))';
const divided = mapKernel({
  name: 'lrn',
  each: ['x', 'w'],
  constants: ['k', 'rate', 'beta'],
  outputs: [['y', `x * ${POWER}`]],
});
const ratio = mapKernel({
  name: 'lrn/ratio',
  each: ['eps', 'y', 'w'],
  constants: ['k', 'rate'],
  outputs: [['r', 'eps * y / (k + rate * w)']],
});
const message = messageKernel({
  name: 'lrn/vjp',
  each: ['eps', 'x', 'w', 'r'],
  constants: ['k', 'rate', 'beta'],
  formula: `eps * ${POWER} - 2 * (rate * beta) * (x * r)`,
});

function constantsOf(attrs: Attrs) {
  const size = Number(attrs.size);
  const { alpha = 1e-4, beta = 0.75, k = 1 } = attrs as Record<string, number>;
  return { size, k, rate: alpha / size, beta };
}

/** Sum of x over the channels around each, or around which each is. */
function around(
  emit: Emit,
  x: Ref,
  shape: Shape,
  size: number,
  turned: boolean,
): Ref {
  const [, channels] = shape;
  const inner = sizeOf(shape.slice(2));
  // A window of even size reaches one further down, as PyTorch's.
  const [below, above] = [Math.floor(size / 2), Math.ceil(size / 2) - 1];
  const reach = turned ? { below: above, above: below } : { below, above };
  return windowSum(emit, [x], x.size, { n: x.size, channels, inner, ...reach });
}

function squaresAround(emit: Emit, x: Ref, shape: Shape, size: number): Ref {
  const [squared] = squares.emit(emit, [x]);
  return around(emit, squared, shape, size, false);
}

const positive = (v: unknown) =>
  v === undefined || (Number.isFinite(v) && (v as number) > 0);

export const lrn: Op = {
  name: 'lrn',
  arity: 1,
  attrs: {
    size: (v) => v !== undefined && countAttr(1)(v),
    alpha: positive,
    beta: positive,
    k: positive,
  },
  shape([x]) {
    checkChannels(x);
    return x;
  },
  forward(emit, [x], attrs) {
    const { size, k, rate, beta } = constantsOf(attrs);
    const w = squaresAround(emit, x.ref, x.shape, size);
    return divided.emit(emit, [x.ref, w], { k, rate, beta })[0];
  },
  vjp(emit, { inputs: [x], output, attrs, eps, base }) {
    const { size, k, rate, beta } = constantsOf(attrs);
    const w = squaresAround(emit, x.ref, x.shape, size);
    const [each] = ratio.emit(emit, [eps, output.ref, w], { k, rate });
    const r = around(emit, each, x.shape, size, true);
    return message(emit, base, [eps, x.ref, w, r], { k, rate, beta });
  },
};
