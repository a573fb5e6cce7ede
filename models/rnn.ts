import {
  type Graph,
  GraphBuilder,
  type Reduction,
} from '../src/graph/graph.ts';

/** Size of `rnn`. */
export interface RnnConfig {
  /** Sequences of a presentation. Default 1. */
  readonly batch?: number;
  /** Steps of the sequence, T. */
  readonly steps: number;
  /** Features of an input, such as letters. */
  readonly inputs: number;
  /** Units of the hidden layer. Default 128. */
  readonly hidden?: number;
  /** Units of an output. */
  readonly outputs: number;
  /**
   * 'salvatori': Eq. 36, y_k = f(y_(k-1)) Wh^T + s_k Wx^T without biases;
   * 'millidge': Appendix B, h_k = f(h_(k-1) Wh^T + x_k Wx^T + b). Default
   * 'salvatori'.
   */
  readonly form?: 'salvatori' | 'millidge';
  /** An output after the last step, or after every step. Default 'last'. */
  readonly many?: 'last' | 'every';
  /** Loss of the output or outputs. Default 'half_sse'. */
  readonly loss?: 'half_sse' | 'softmax_xent';
  /** Loss summed over the rows of the output, or averaged. Default 'sum'. */
  readonly reduction?: Reduction;
}

/**
 * Recurrent network with tanh, unrolled: inputs x1 ... xT [batch, inputs],
 * weights Wx, Wh and Wy read at every step, hidden values h1 ... hT. The
 * output is y [batch, outputs] after the last step (Salvatori 2022, Eq. 36,
 * many to one, n = 128), or the outputs of all steps one after another
 * [T batch, outputs]. Before the first step h is 0: it has no recurrent term.
 */
export function rnn(config: RnnConfig): Graph {
  const { batch = 1, steps, inputs, hidden = 128, outputs } = config;
  const { form = 'salvatori', many = 'last' } = config;
  const g = new GraphBuilder();
  const Wx = g.param('Wx', [hidden, inputs]);
  const Wh = g.param('Wh', [hidden, hidden]);
  const Wy = g.param('Wy', [outputs, hidden]);
  const biased = form === 'millidge';
  const b = biased ? g.param('b', [hidden], { kind: 'zeros' }) : null;
  const by = biased ? g.param('by', [outputs], { kind: 'zeros' }) : null;
  let h = null;
  const made = [];
  for (let t = 1; t <= steps; t++) {
    const x = g.input(`x${t}`, [batch, inputs]);
    let a = (b ? x.affine(Wx, b) : x.linear(Wx)).named(`u${t}`);
    if (h) a = h.linear(Wh).named(`r${t}`).add(a).named(`a${t}`);
    h = a.tanh().named(`h${t}`);
    if (many === 'last' && t < steps) continue;
    const y = by ? h.affine(Wy, by) : h.linear(Wy);
    made.push(y.named(many === 'last' ? 'y' : `y${t}`));
  }
  const [first, ...rest] = made;
  const y = many === 'last' ? first! : first!.concat(rest).named('y');
  const { loss = 'half_sse', reduction = 'sum' } = config;
  return g.output(y, loss, { reduction });
}
