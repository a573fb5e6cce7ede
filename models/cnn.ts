import {
  type Graph,
  GraphBuilder,
  type Reduction,
} from '../src/graph/graph.ts';

/** Size of `cnn`; all fields may be left out. */
export interface CnnConfig {
  /** Images of a presentation. Default 1. */
  readonly batch?: number;
  /** Channels, height and width of an image. Default 3 x 32 x 32. */
  readonly image?: readonly [channels: number, height: number, width: number];
  /** Filters of both convolutions. Default 6 and 16. */
  readonly filters?: readonly [number, number];
  /** Height and width of a filter. Default 5. */
  readonly kernel?: number;
  /** Units of the hidden layers after them. Default 200 and 150. */
  readonly hidden?: readonly number[];
  /** Units of the output. Default 10. */
  readonly classes?: number;
  /** Loss of the output. Default 'half_sse'. */
  readonly loss?: 'half_sse' | 'softmax_xent';
  /** Loss summed over the batch, or averaged. Default 'sum'. */
  readonly reduction?: Reduction;
}

/**
 * The convolutional network of Millidge 2020, Appendix A: convolution of 6
 * filters 5 x 5, relu, maximum over 2 x 2, convolution of 16 filters 5 x 5,
 * relu, and fully connected layers of 200, 150 and 10 or 100 units. x is
 * [batch, channels, height, width], y [batch, classes].
 */
export function cnn(config: CnnConfig = {}): Graph {
  const { batch = 1, image = [3, 32, 32], filters = [6, 16] } = config;
  const { kernel = 5, hidden = [200, 150], classes = 10 } = config;
  const g = new GraphBuilder();
  const bias = (id: string, size: number) => g.param(id, [size], zeros);
  let h = g.input('x', [batch, ...image]);
  filters.forEach((count, i) => {
    const l = i + 1;
    const K = g.param(`K${l}`, [count, h.shape[1]!, kernel, kernel]);
    h = h.conv2d(K, bias(`c${l}`, count)).named(`a${l}`);
    h = h.relu().named(`h${l}`);
    if (i === 0) h = h.maxpool2d(2).named('p1');
  });
  h = h.flatten().named('f');
  [...hidden, classes].forEach((size, i) => {
    const l = i + 1 + filters.length;
    const W = g.param(`W${l}`, [size, h.shape[1]!]);
    h = h.affine(W, bias(`b${l}`, size));
    const last = i === hidden.length;
    h = last ? h.named('y') : h.named(`a${l}`).relu().named(`h${l}`);
  });
  const { loss = 'half_sse', reduction = 'sum' } = config;
  return g.output(h, loss, { reduction });
}

const zeros = { kind: 'zeros' } as const;
