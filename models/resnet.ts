import {
  type Graph,
  GraphBuilder,
  type Reduction,
} from '../src/graph/graph.ts';
import type { Vertex } from '../src/graph/vertex.ts';

/** Size of `residualMlp`; all fields may be left out. */
export interface ResidualMlpConfig {
  /** Examples of a presentation. Default 1. */
  readonly batch?: number;
  /** Features of an example. Default 784. */
  readonly inputs?: number;
  /** Units of every layer. Default 256. */
  readonly width?: number;
  /** Layers with a residual connection. Default 5. */
  readonly layers?: number;
  /** Units of the output. Default 10. */
  readonly classes?: number;
  /** The function f of every layer. Default 'relu'. */
  readonly activation?: 'tanh' | 'sigmoid' | 'relu';
  /** Loss of the output. Default 'half_sse'. */
  readonly loss?: 'half_sse' | 'softmax_xent';
  /** Loss summed over the batch, or averaged. Default 'sum'. */
  readonly reduction?: Reduction;
}

/**
 * The fully connected network of Salvatori 2022, section 4: layers of 256 units
 * with a residual connection at each, h_l = h_(l-1) + f(h_(l-1) W_l^T + b_l). An
 * affine map brings x [batch, inputs] to that width, another gives y.
 */
export function residualMlp(config: ResidualMlpConfig = {}): Graph {
  const { batch = 1, inputs = 784, width = 256, layers = 5 } = config;
  const { classes = 10, activation = 'relu' } = config;
  const g = new GraphBuilder();
  const affine = (x: Vertex, l: number, size: number) =>
    x.affine(
      g.param(`W${l}`, [size, x.shape[1]!]),
      g.param(`b${l}`, [size], { kind: 'zeros' }),
    );
  let h = affine(g.input('x', [batch, inputs]), 0, width).named('h0');
  for (let l = 1; l <= layers; l++) {
    const r = affine(h, l, width).named(`a${l}`).apply(activation);
    h = h.add(r.named(`r${l}`)).named(`h${l}`);
  }
  const y = affine(h, layers + 1, classes).named('y');
  const { loss = 'half_sse', reduction = 'sum' } = config;
  return g.output(y, loss, { reduction });
}

/** Size of `resnet`; all fields may be left out. */
export interface ResnetConfig {
  /** Images of a presentation. Default 1. */
  readonly batch?: number;
  /** Channels, height and width. Default 3 x 32 x 32. */
  readonly image?: readonly [channels: number, height: number, width: number];
  /** Units of the output. Default 10. */
  readonly classes?: number;
  /** Blocks of each stage. Default 2, 2, 2 and 2, which make ResNet-18. */
  readonly blocks?: readonly number[];
  /** Channels of the first stage, doubled from stage to stage. Default 64. */
  readonly channels?: number;
  /**
   * 'batch': means and variances of the batch, as in training; 'inference':
   * given ones, data inputs `n1.mean`, `n1.variance` and so on, [channels].
   * Default 'batch'.
   */
  readonly norm?: 'batch' | 'inference';
  /** Loss of the output. Default 'half_sse'. */
  readonly loss?: 'half_sse' | 'softmax_xent';
  /** Loss summed over the batch, or averaged. Default 'sum'. */
  readonly reduction?: Reduction;
}

/**
 * Residual network of basic blocks (He et al. 2016): relu(x + n(K n(K x))), with
 * a 1 x 1 convolution on the skip connection where the shape changes. Images of
 * 64 pixels or more have the paper's ImageNet form (7 x 7 every 2, maximum over
 * 3 x 3 every 2), smaller ones the CIFAR form (3 x 3, no maximum).
 *
 * A block's skip connection is shorter than its other path: the graph is not
 * levelled by design, and delays on the skip axons make errors meet.
 */
export function resnet(config: ResnetConfig = {}): Graph {
  const { batch = 1, image = [3, 32, 32], classes = 10 } = config;
  const { blocks = [2, 2, 2, 2], channels = 64, norm = 'batch' } = config;
  const g = new GraphBuilder();
  let layer = 0;
  const conv = (x: Vertex, size: number, kernel: number, stride = 1) => {
    layer += 1;
    const l = layer;
    const inputs = x.shape[1]!;
    const std = Math.sqrt(2 / (size * kernel * kernel));
    const K = g.param(`K${l}`, [size, inputs, kernel, kernel], {
      kind: 'normal',
      std,
    });
    const padding = (kernel - 1) / 2;
    const a = x.conv2d(K, null, { stride, padding }).named(`a${l}`);
    const gain = g.param(`gain${l}`, [size], { kind: 'constant', value: 1 });
    const shift = g.param(`shift${l}`, [size], { kind: 'zeros' });
    if (norm === 'batch') return a.batchnorm(gain, shift).named(`n${l}`);
    const mean = g.input(`n${l}.mean`, [size]);
    const variance = g.input(`n${l}.variance`, [size]);
    const id = `n${l}`;
    return a.apply(
      'batchnorm_inference',
      [gain, shift, mean, variance],
      {},
      id,
    );
  };

  const large = image[1] >= 64;
  const x = g.input('x', [batch, ...image]);
  let h = conv(x, channels, large ? 7 : 3, large ? 2 : 1)
    .relu()
    .named('h1');
  if (large) h = h.maxpool2d(3, { stride: 2, padding: 1 }).named('p1');
  blocks.forEach((count, stage) => {
    const size = channels * 2 ** stage;
    for (let n = 0; n < count; n++) {
      const stride = stage > 0 && n === 0 ? 2 : 1;
      const name = `${stage + 1}.${n + 1}`;
      const inner = conv(h, size, 3, stride).relu().named(`r${name}`);
      const deep = conv(inner, size, 3);
      const same = stride === 1 && h.shape[1] === size;
      const skip = same ? h : conv(h, size, 1, stride);
      h = deep.add(skip).named(`s${name}`).relu().named(`h${name}`);
    }
  });
  const W = g.param('W', [classes, h.shape[1]!]);
  const b = g.param('b', [classes], { kind: 'zeros' });
  const y = h.globalAvgpool().named('f').affine(W, b).named('y');
  const { loss = 'half_sse', reduction = 'sum' } = config;
  return g.output(y, loss, { reduction });
}
