import { GraphError } from '../src/base/errors.ts';
import type { Tuple } from '../src/base/tuple.ts';
import {
  type Graph,
  GraphBuilder,
  type Reduction,
} from '../src/graph/graph.ts';
import type { Vertex } from '../src/graph/vertex.ts';

/** Size of `encoderLayer`; all fields may be left out. */
export interface EncoderConfig {
  /** Sequences of a presentation. Default 1. */
  readonly batch?: number;
  /** Positions of a sequence, T. Default 64. */
  readonly steps?: number;
  /** Features of a position, d_model. Default 512. */
  readonly width?: number;
  /** Heads of attention, which share the width evenly. Default 8. */
  readonly heads?: number;
  /** Units of the feed-forward layer, d_ff. Default 2048. */
  readonly hidden?: number;
  /**
   * Part of what a sublayer gives that is left out; 0 leaves the op out.
   * Default 0.
   */
  readonly dropout?: number;
  /** Loss of the output. Default 'half_sse'. */
  readonly loss?: 'half_sse';
  /** Loss summed over the batch, or averaged. Default 'sum'. */
  readonly reduction?: Reduction;
}

/**
 * One encoder layer (Vaswani et al. 2017, section 3): multi-head attention and
 * a feed-forward layer with relu, each followed by x + sublayer(x) and layernorm.
 * x and y are [batch, steps, width].
 */
export function encoderLayer(config: EncoderConfig = {}): Graph {
  const { batch = 1, steps = 64, width = 512, heads = 8 } = config;
  const { hidden = 2048, dropout = 0 } = config;
  const g = new GraphBuilder();
  const x = g.input('x', [batch, steps, width]);
  const step = dropout > 0 ? g.input('step', [1]) : null;
  const drop = (v: Vertex, seed: number) =>
    step ? v.dropout(dropout, step, seed) : v;
  const attended = attention(g, x, { heads, prefix: '', causal: false });
  const h = norm(g, x.add(drop(attended, 1)), 'n1');
  const fed = feedForward(g, h, { hidden, prefix: '', activation: 'relu' });
  const y = norm(g, h.add(drop(fed, 2)), 'y');
  const { loss = 'half_sse', reduction = 'sum' } = config;
  return g.output(y, loss, { reduction });
}

/** Size of `transformer`; its loss is softmax_xent. */
export interface TransformerConfig {
  /** Sequences of a presentation. Default 1. */
  readonly batch?: number;
  /** Positions of a sequence, T. */
  readonly steps: number;
  /** Different tokens, such as characters. */
  readonly vocabulary: number;
  /** Features of a position. Default 128. */
  readonly width?: number;
  /** Heads of attention, which share the width evenly. Default 4. */
  readonly heads?: number;
  /** Layers of attention and feed-forward. Default 2. */
  readonly layers?: number;
  /** Units of the feed-forward layers. Default 4 widths. */
  readonly hidden?: number;
  /**
   * Part of what a sublayer gives that is left out; 0 leaves the op out.
   * Default 0.
   */
  readonly dropout?: number;
  /** Loss summed over the rows of the output, or averaged. Default 'sum'. */
  readonly reduction?: Reduction;
}

/**
 * Decoder-only language model (GPT-2's form, Radford et al. 2019): tokens
 * [batch, steps] hold whole numbers below `vocabulary`; learned positions,
 * layernorm before each sublayer, causal attention, gelu, and y [batch steps,
 * vocabulary], the scores of the next token at every position.
 */
export function transformer(config: TransformerConfig): Graph {
  const { batch = 1, steps, vocabulary, width = 128, heads = 4 } = config;
  const { layers = 2, hidden = 4 * width, dropout = 0 } = config;
  const g = new GraphBuilder();
  const tokens = g.input('tokens', [batch, steps]);
  const step = dropout > 0 ? g.input('step', [1]) : null;
  let seed = 0;
  const drop = (v: Vertex) => {
    seed += 1;
    return step ? v.dropout(dropout, step, seed) : v;
  };
  const table = g.param('tokens.table', [vocabulary, width], SMALL);
  const places = g.param('places.table', [steps, width], SMALL);
  const shape = [batch, steps, width];
  let h = table.embedding(tokens).named('e');
  h = drop(h.add(places.expand(shape).named('p')).named('h0'));
  for (let l = 1; l <= layers; l++) {
    const prefix = `${l}.`;
    const seen = norm(g, h, `${prefix}n1`);
    h = h.add(drop(attention(g, seen, { heads, prefix, causal: true })));
    const read = norm(g, h, `${prefix}n2`);
    const activation = 'gelu';
    h = h.add(drop(feedForward(g, read, { hidden, prefix, activation })));
  }
  h = norm(g, h, 'n')
    .reshape([batch * steps, width])
    .named('rows');
  const W = g.param('head.W', [vocabulary, width], SMALL);
  const y = h.linear(W).named('y');
  return g.output(y, 'softmax_xent', { reduction: config.reduction ?? 'sum' });
}

const SMALL = { kind: 'normal', std: 0.02 } as const;

function affine(g: GraphBuilder, x: Vertex, id: string, size: number): Vertex {
  const W = g.param(`${id}.W`, [size, x.shape[x.shape.length - 1]!]);
  const b = g.param(`${id}.b`, [size], { kind: 'zeros' });
  return x.affine(W, b);
}

/** layernorm with a gain of 1 and a shift of 0 to begin with. */
function norm(g: GraphBuilder, x: Vertex, id: string): Vertex {
  const width = x.shape[x.shape.length - 1]!;
  const gain = g.param(`${id}.gain`, [width], { kind: 'constant', value: 1 });
  const shift = g.param(`${id}.shift`, [width], { kind: 'zeros' });
  return x.layernorm(gain, shift).named(id);
}

/** softmax(q k^T / sqrt(d)) v of all heads (Vaswani et al. 2017, section 3.2). */
function attention(
  g: GraphBuilder,
  x: Vertex,
  of: { heads: number; prefix: string; causal: boolean },
): Vertex {
  const { heads, prefix, causal } = of;
  const [batch, steps, width] = x.shape as Tuple<number, 3>;
  if (width % heads !== 0) {
    throw new GraphError(
      `A width of ${width} cannot be shared by ${heads} heads: use a multiple`,
    );
  }
  const depth = width / heads;
  /** [batch, heads, steps, depth]. */
  const headsOf = (id: string) =>
    affine(g, x, `${prefix}${id}`, width)
      .reshape([batch, steps, heads, depth])
      .transpose([0, 2, 1, 3]);
  const [q, k, v] = [headsOf('q'), headsOf('k'), headsOf('v')];
  let scores = q.matmul(k, { transpose_b: true }).scale(1 / Math.sqrt(depth));
  if (causal) scores = scores.causalMask();
  const mixed = scores
    .softmax()
    .named(`${prefix}attention`)
    .matmul(v)
    .transpose([0, 2, 1, 3])
    .reshape([batch, steps, width]);
  return affine(g, mixed, `${prefix}o`, width);
}

function feedForward(
  g: GraphBuilder,
  x: Vertex,
  of: { hidden: number; prefix: string; activation: 'relu' | 'gelu' },
): Vertex {
  const { hidden, prefix, activation } = of;
  const inner = affine(g, x, `${prefix}in`, hidden).apply(activation);
  return affine(g, inner, `${prefix}out`, x.shape[x.shape.length - 1]!);
}
