/**
 * Recurrent cells as they are unrolled in time: one time step as a function of
 * graph vertices, so that a whole sequence and a single time slice of it are
 * made of the same vertices.
 */

import type { Tuple } from '../../base/tuple.ts';
import { GraphBuilder } from '../../graph/graph.ts';
import type { Vertex } from '../../graph/vertex.ts';

export interface CellSizes {
  readonly batch: number;
  /** Characters there are. */
  readonly inputs: number;
  readonly hidden: number;
}

/** What goes from one time step to the next. */
export type State = Readonly<Record<string, Vertex>>;

export interface Cell {
  readonly name: CellName;
  /** States by name; the first is read by the output. */
  readonly states: readonly string[];
  /** Time steps after which there is an output to compare. */
  readonly outputs: 'every' | 'last';
  /** Makes the parameters; gives one time step, its vertices named by t. */
  readonly make: (
    g: GraphBuilder,
    sizes: CellSizes,
  ) => (state: State, x: Vertex, t: number) => Record<string, Vertex>;
}

export type CellName = 'chain' | 'rnn' | 'lstm';

/** As in the paper's code. */
const INIT = { kind: 'normal', std: 0.05 } as const;
const ZEROS = { kind: 'zeros' } as const;

/**
 * h_t = Wh h_(t-1) + Wx x_t, linear, with Wh = 1 at first, and compared after
 * the last time step only: there is one path to each h_t, and its error is as
 * large however far it has come. What is lost on the way is seen by itself.
 */
const chain: Cell = {
  name: 'chain',
  states: ['h'],
  outputs: 'last',
  make(g, { inputs, hidden }) {
    const one = Float64Array.from({ length: hidden ** 2 }, (_, i) =>
      i % (hidden + 1) === 0 ? 1 : 0,
    );
    const Wh = g.param('Wh', [hidden, hidden], one);
    const Wx = g.param('Wx', [hidden, inputs], INIT);
    return ({ h }, x, t) => ({
      h: g.composite(
        [h!, x, Wh, Wx],
        (h, x, Wh, Wx) => h.linear(Wh).add(x.linear(Wx)),
        `h${t}`,
      ),
    });
  },
};

/** h_t = tanh(Wh h_(t-1) + Wx x_t), one vertex a time step. */
const rnn: Cell = {
  name: 'rnn',
  states: ['h'],
  outputs: 'every',
  make(g, { inputs, hidden }) {
    const Wh = g.param('Wh', [hidden, hidden], INIT);
    const Wx = g.param('Wx', [hidden, inputs], INIT);
    return ({ h }, x, t) => ({
      h: g.composite(
        [h!, x, Wh, Wx],
        (h, x, Wh, Wx) => h.linear(Wh).add(x.linear(Wx)).tanh(),
        `h${t}`,
      ),
    });
  },
};

/** The LSTM of Appendix C: each product, gate and state is a vertex. */
const lstm: Cell = {
  name: 'lstm',
  states: ['h', 'c'],
  outputs: 'every',
  make(g, { inputs, hidden }) {
    const gate = (name: string) => {
      const W = g.param(`W${name}`, [hidden, hidden + inputs], INIT);
      const b = g.param(`b${name}`, [hidden], ZEROS);
      return (v: Vertex) => v.affine(W, b).named(`a${name}${v.id.slice(1)}`);
    };
    const gates = [gate('f'), gate('i'), gate('o'), gate('c')];
    return ({ h, c }, x, t) => {
      const v = h!.concat([x], 1).named(`v${t}`);
      const [af, ai, ao, ac] = gates.map((affine) => affine(v)) as Tuple<
        Vertex,
        4
      >;
      const f = af.sigmoid().named(`f${t}`);
      const i = ai.sigmoid().named(`i${t}`);
      const o = ao.sigmoid().named(`o${t}`);
      const candidate = ac.tanh().named(`g${t}`);
      const kept = f.mul(c!).named(`kept${t}`);
      const next = kept.add(i.mul(candidate).named(`added${t}`));
      const cell = next.named(`c${t}`);
      return { c: cell, h: o.mul(cell.tanh().named(`s${t}`)).named(`h${t}`) };
    };
  },
};

export const cells: Readonly<Record<CellName, Cell>> = {
  chain,
  rnn,
  lstm,
};

/** One batch of a text: a one-hot row for each character, by time step. */
export interface Sequence {
  /** xs[t - 1] and targets[t - 1] are [batch, inputs]. */
  readonly xs: readonly ArrayLike<number>[];
  readonly targets: readonly ArrayLike<number>[];
}

/**
 * The whole sequence as one graph. Its output, clamped to all targets, is one
 * vertex, [T batch, inputs] (or [batch, inputs] after the last time step): so
 * each h_t is one edge from it, as in the paper.
 */
export function unrolled(cell: Cell, sizes: CellSizes, sequence: Sequence) {
  const { batch, inputs, hidden } = sizes;
  const g = new GraphBuilder();
  const step = cell.make(g, sizes);
  const Wy = g.param('Wy', [inputs, hidden], INIT);
  const zeros = new Float32Array(batch * hidden);
  let state: State = Object.fromEntries(
    cell.states.map((name) => [
      name,
      g.input(`${name}0`, [batch, hidden], zeros),
    ]),
  );
  const hs: Vertex[] = [];
  sequence.xs.forEach((x, i) => {
    state = step(state, g.input(`x${i + 1}`, [batch, inputs], x), i + 1);
    hs.push(state.h!);
  });
  const from = cell.outputs === 'every' ? 0 : hs.length - 1;
  const y = g.composite(
    [Wy, ...hs.slice(from)],
    (Wy, h, ...more) => (more.length > 0 ? h.concat(more) : h).linear(Wy),
    'y',
  );
  const compared = sequence.targets.slice(from);
  const target = compared.flatMap((each) => Array.from(each));
  return g.output(y, 'half_sse', { target });
}

/**
 * One time slice by itself. What comes from the time step before is plastic,
 * so that the error that goes back to it can be read as a gradient; the error
 * that has come from the time step after is the data `from NAME`: the output
 * has the product of the state and that error beside the prediction of the
 * characters, and an error of 1 there sends back just that.
 */
export function slice(cell: Cell, sizes: CellSizes) {
  const { batch, inputs, hidden } = sizes;
  const g = new GraphBuilder();
  const step = cell.make(g, sizes);
  const Wy = g.param('Wy', [inputs, hidden], INIT);
  const before = cell.states.map(
    (name) => [name, g.param(`to ${name}`, [batch, hidden], ZEROS)] as const,
  );
  const x = g.input('x', [batch, inputs]);
  const state = step(Object.fromEntries(before), x, 1);
  const states = cell.states.map((name) => state[name]!);
  const errors = cell.states.map((name) =>
    g.input(`from ${name}`, [batch, hidden]),
  );
  const y = g.composite(
    [Wy, ...states, ...errors],
    (Wy, ...both) => {
      const products = states.map((_, i) =>
        both[i]!.mul(both[states.length + i]!),
      );
      return both[0]!.linear(Wy).concat(products, 1);
    },
    'y',
  );
  return g.output(y);
}
