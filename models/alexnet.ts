import { GraphError } from '../src/base/errors.ts';
import {
  type Graph,
  GraphBuilder,
  type Reduction,
} from '../src/graph/graph.ts';
import type { Vertex } from '../src/graph/vertex.ts';

/** Size of `alexnet`; all fields may be left out. */
export interface AlexnetConfig {
  /** Images of a presentation. Default 1. */
  readonly batch?: number;
  /** Channels, height and width; 28 x 28 at least. Default 3 x 224 x 224. */
  readonly image?: readonly [channels: number, height: number, width: number];
  /** Units of the output. Default 1000. */
  readonly classes?: number;
  /** Widths of all layers times this; 1 is the paper's. Default 1. */
  readonly width?: number;
  /**
   * Part of the hidden units left out in training; 0 leaves the op out. Default
   * 0.
   */
  readonly dropout?: number;
  /** Loss of the output. Default 'half_sse'. */
  readonly loss?: 'half_sse' | 'softmax_xent';
  /** Loss summed over the batch, or averaged. Default 'sum'. */
  readonly reduction?: Reduction;
}

/**
 * AlexNet (Krizhevsky, Sutskever and Hinton 2012): five convolutions of 96,
 * 256, 384, 384 and 256 filters, the second, fourth and fifth in two groups,
 * local response normalisation after the first two, maxima over 3 x 3 windows
 * that overlap, and layers of 4096, 4096 and `classes` units.
 *
 * Images of 224 x 224 are as in the paper (filters of 11 x 11 every 4 pixels,
 * padding 2, which gives its 55 x 55). Smaller ones, 28 x 28 and 32 x 32, lose
 * too much in such a first layer: there it has filters of 5 x 5 at every pixel
 * (padding 2); all else is the same, and the three maxima bring the image to
 * 3 x 3. x is [batch, channels, height, width]; with dropout, `step` [1] is the
 * number of the presentation.
 */
export function alexnet(config: AlexnetConfig = {}): Graph {
  const { batch = 1, image = [3, 224, 224], classes = 1000 } = config;
  const { width = 1, dropout = 0 } = config;
  // Two groups need even numbers of channels.
  const wide = (n: number) => Math.max(2, 2 * Math.round((n * width) / 2));
  const small = image[1] < 64;
  const g = new GraphBuilder();
  let h = g.input('x', [batch, ...image]);
  const step = dropout > 0 ? g.input('step', [1]) : null;

  const layers = [
    small
      ? { filters: 96, kernel: 5, stride: 1, padding: 2, groups: 1, pool: true }
      : {
          filters: 96,
          kernel: 11,
          stride: 4,
          padding: 2,
          groups: 1,
          pool: true,
        },
    { filters: 256, kernel: 5, stride: 1, padding: 2, groups: 2, pool: true },
    { filters: 384, kernel: 3, stride: 1, padding: 1, groups: 1, pool: false },
    { filters: 384, kernel: 3, stride: 1, padding: 1, groups: 2, pool: false },
    { filters: 256, kernel: 3, stride: 1, padding: 1, groups: 2, pool: true },
  ];
  layers.forEach(({ filters, kernel, pool, ...attrs }, i) => {
    const l = i + 1;
    const inputs = h.shape[1]! / attrs.groups;
    const K = g.param(
      `K${l}`,
      [wide(filters), inputs, kernel, kernel],
      forRelu(inputs * kernel * kernel),
    );
    const c = g.param(`c${l}`, [wide(filters)], { kind: 'zeros' });
    h = h.conv2d(K, c, attrs).named(`a${l}`).relu().named(`h${l}`);
    if (i < 2) h = h.lrn(5, { alpha: 5e-4, beta: 0.75, k: 2 }).named(`n${l}`);
    if (pool) h = pooled(h).named(`p${l}`);
  });
  h = h.flatten().named('f');
  const units = [wide(4096), wide(4096), classes];
  units.forEach((size, i) => {
    const l = i + 6;
    const inputs = h.shape[1]!;
    const last = i === units.length - 1;
    if (!last && step) h = h.dropout(dropout, step, l).named(`d${l}`);
    const init = last ? undefined : forRelu(inputs);
    const W = g.param(`W${l}`, [size, inputs], init);
    const b = g.param(`b${l}`, [size], { kind: 'zeros' });
    h = h.affine(W, b);
    h = last ? h.named('y') : h.named(`a${l}`).relu().named(`h${l}`);
  });
  const { loss = 'half_sse', reduction = 'sum' } = config;
  return g.output(h, loss, { reduction });
}

/** Keeps the size of values through relu (He et al. 2015). */
function forRelu(inputs: number) {
  return { kind: 'normal', std: Math.sqrt(2 / inputs) } as const;
}

/** Maximum over 3 x 3 every 2, where the image allows it. */
function pooled(h: Vertex): Vertex {
  if (h.shape[2]! < 3 || h.shape[3]! < 3) {
    throw new GraphError(
      `AlexNet has only ${h.shape[2]} x ${h.shape[3]} left before a maximum ` +
        'over 3 x 3: use images of 28 x 28 or more',
    );
  }
  return h.maxpool2d(3, { stride: 2 });
}
