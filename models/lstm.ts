import {
  type Graph,
  GraphBuilder,
  type Reduction,
} from '../src/graph/graph.ts';

/** Size of `lstm`. */
export interface LstmConfig {
  /** Sequences of a presentation. Default 1. */
  readonly batch?: number;
  /** Steps of the sequence, T. */
  readonly steps: number;
  /** Features of an input, such as the characters there are. */
  readonly inputs: number;
  /** Units of the cell state and of each gate. Default 1056. */
  readonly hidden?: number;
  /** Units of the output of a step. Default as many as the inputs. */
  readonly outputs?: number;
  /** Loss of the outputs of all steps. Default 'half_sse'. */
  readonly loss?: 'half_sse' | 'softmax_xent';
  /** Loss summed over the rows of the output, or averaged. Default 'sum'. */
  readonly reduction?: Reduction;
}

/**
 * The LSTM of Millidge 2020, Appendix C, unrolled; each line is a vertex, and
 * so are the product and the function of each gate:
 *
 *     v = [h, x]                f = sigmoid(v Wf^T + bf)   i = sigmoid(v Wi^T + bi)
 *     o = sigmoid(v Wo^T + bo)  g = tanh(v Wc^T + bc)
 *     c = f * c_before + i * g  h = o * tanh(c)            y = h Wy^T + by
 *
 * Inputs x1 ... xT [batch, inputs]; h0 and c0 [batch, hidden], 0 if not fed;
 * the output is that of all steps one after another, [T batch, outputs]. The
 * weights are read at every step. The paper's are normal with deviation .05.
 */
export function lstm(config: LstmConfig): Graph {
  const { batch = 1, steps, inputs, hidden = 1056 } = config;
  const { outputs = inputs } = config;
  const g = new GraphBuilder();
  const weights = (gate: string) => ({
    W: g.param(`W${gate}`, [hidden, hidden + inputs], INIT),
    b: g.param(`b${gate}`, [hidden], { kind: 'zeros' }),
  });
  const gates = {
    f: weights('f'),
    i: weights('i'),
    o: weights('o'),
    c: weights('c'),
  };
  const Wy = g.param('Wy', [outputs, hidden], INIT);
  const by = g.param('by', [outputs], { kind: 'zeros' });
  const zeros = new Float32Array(batch * hidden);
  let h = g.input('h0', [batch, hidden], zeros);
  let c = g.input('c0', [batch, hidden], zeros);
  const made = [];
  for (let t = 1; t <= steps; t++) {
    const x = g.input(`x${t}`, [batch, inputs]);
    const v = h.concat([x], 1).named(`v${t}`);
    const affine = (gate: keyof typeof gates) =>
      v.affine(gates[gate].W, gates[gate].b).named(`a${gate}${t}`);
    // Same ops side by side, so that they are one batch.
    const [af, ai, ao, ac] = [
      affine('f'),
      affine('i'),
      affine('o'),
      affine('c'),
    ];
    const f = af.sigmoid().named(`f${t}`);
    const i = ai.sigmoid().named(`i${t}`);
    const o = ao.sigmoid().named(`o${t}`);
    const candidate = ac.tanh().named(`g${t}`);
    const kept = f.mul(c).named(`kept${t}`);
    const added = i.mul(candidate).named(`added${t}`);
    c = kept.add(added).named(`c${t}`);
    h = o.mul(c.tanh().named(`s${t}`)).named(`h${t}`);
    made.push(h.affine(Wy, by).named(`y${t}`));
  }
  const [first, ...rest] = made;
  const { loss = 'half_sse', reduction = 'sum' } = config;
  return g.output(first!.concat(rest).named('y'), loss, { reduction });
}

const INIT = { kind: 'normal', std: 0.05 } as const;
