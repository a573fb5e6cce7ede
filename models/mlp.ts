import { GraphError } from '../src/base/errors.ts';
import {
  type Graph,
  GraphBuilder,
  type Reduction,
} from '../src/graph/graph.ts';
import type { Vertex } from '../src/graph/vertex.ts';

/** Size of `mlp`. */
export interface MlpConfig {
  /** Widths from input to output, at least two. */
  readonly sizes: readonly number[];
  /** Examples of a presentation. Default 1. */
  readonly batch?: number;
  /** Of all layers but the last, which is linear. Default 'tanh'. */
  readonly activation?: 'tanh' | 'sigmoid' | 'relu';
  /** Loss of the output. Default 'half_sse'. */
  readonly loss?: 'half_sse' | 'softmax_xent';
  /** Loss summed over the batch, or averaged. Default 'sum'. */
  readonly reduction?: Reduction;
  /**
   * What holds a population: each op (affine and activation apart), or each
   * layer as in Millidge 2020, mu = f(x W^T + b). Default 'op'.
   */
  readonly vertices?: 'op' | 'layer';
}

/**
 * Multilayer perceptron: x [batch, sizes[0]], weights W1, W2, ... [out, in],
 * biases b1, b2, ..., hidden values h1, h2, ..., output y.
 */
export function mlp(config: MlpConfig): Graph {
  const { sizes, batch = 1, activation = 'tanh', vertices = 'op' } = config;
  if (sizes.length < 2) {
    throw new GraphError(
      `An MLP of sizes [${sizes.join(', ')}] has no layer: give two or more`,
    );
  }
  const g = new GraphBuilder();
  let x = g.input('x', [batch, sizes[0]!]);
  for (let l = 1; l < sizes.length; l++) {
    const W = g.param(`W${l}`, [sizes[l]!, sizes[l - 1]!]);
    const bound = 1 / Math.sqrt(sizes[l - 1]!);
    const b = g.param(`b${l}`, [sizes[l]!], { kind: 'uniform', bound });
    const last = l === sizes.length - 1;
    const layer = (x: Vertex, W: Vertex, b: Vertex) =>
      x.affine(W, b).apply(activation);
    if (last) x = x.affine(W, b).named('y');
    else if (vertices === 'layer') x = g.composite([x, W, b], layer, `h${l}`);
    else x = x.affine(W, b).named(`a${l}`).apply(activation).named(`h${l}`);
  }
  return g.output(x, config.loss ?? 'half_sse', {
    reduction: config.reduction ?? 'sum',
  });
}
