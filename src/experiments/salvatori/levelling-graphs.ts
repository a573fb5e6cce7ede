/** Graphs that are small enough to be drawn with their delays. */

import { residualMlp, skip } from '../../../models/index.ts';
import { type Graph, GraphBuilder } from '../../graph/graph.ts';
import type { DelayForm, Levelling } from '../../graph/level.ts';
import type { Vertex } from '../../graph/vertex.ts';
import { named } from '../../studies/study.ts';

export interface Drawn {
  readonly name: string;
  readonly title: string;
  readonly graph: Graph;
  /** What stands in a vertex; its id if nothing does, '' for not drawn. */
  readonly labels: Readonly<Record<string, string>>;
  /** Highest level and identity vertices, counted by hand in the picture. */
  readonly expected: { readonly levels: number; readonly identities: number };
}

/**
 * A residual network of two layers: the second shows how
 * delays repeat from layer to layer.
 */
function network(): Graph {
  return residualMlp({
    ...{ batch: 2, inputs: 3, width: 4, layers: 2, classes: 2 },
    activation: 'tanh',
  });
}

const [STEPS, WIDTH, HIDDEN] = [3, 4, 6];
/** Features of a value of attention: fewer than come in. */
const NARROW = 2;

/**
 * A transformer block with one head, x + attention(norm(x)), then h +
 * feedforward(norm(h)), each sublayer's map one vertex as one population of
 * neurons would have it. E gives x, so that errors pass through the whole block.
 */
export function transformerBlock(): Graph {
  const g = new GraphBuilder();
  const tokens = g.input('tokens', [STEPS, WIDTH]);
  const by = (x: Vertex, id: string, size: number) =>
    x.linear(g.param(`W ${id}`, [size, x.shape[1]!])).named(id);
  const x = by(tokens, 'x', WIDTH);
  const n1 = norm(g, x, 'n1');
  const q = by(n1, 'q', NARROW);
  const k = by(n1, 'k', NARROW);
  const v = by(n1, 'v', NARROW);
  const p = g.composite(
    [q, k],
    (a, b) => a.matmul(b, { transpose_b: true }).softmax(),
    'p',
  );
  const seen = p.matmul(v).named('p v');
  const h = x.add(by(seen, 'o', WIDTH)).named('h');
  const n2 = norm(g, h, 'n2');
  const W = g.param('W f', [HIDDEN, WIDTH]);
  const f = g.composite([n2, W], (a, w) => a.linear(w).relu(), 'f');
  const y = h.add(by(f, 'm', WIDTH)).named('y');
  return g.output(y, 'half_sse');
}

/** To mean 0 and variance 1 by position, with nothing to learn. */
function norm(g: GraphBuilder, x: Vertex, id: string): Vertex {
  const ones = g.input(`gain ${id}`, [WIDTH], new Array(WIDTH).fill(1));
  const zeros = g.input(`shift ${id}`, [WIDTH], new Array(WIDTH).fill(0));
  return x.layernorm(ones, zeros).named(id);
}

export const drawn: readonly Drawn[] = [
  {
    name: 'residual',
    title: 's z3 + s z3 z2 z1',
    graph: skip({ paper: true }),
    labels: { a: 'a = s z3', b: 'b = z2 a', out: 'z1 b + a' },
    // a is read by out directly and through b.
    expected: { levels: 3, identities: 1 },
  },
  {
    name: 'residual-parts',
    title: 'the same, one operation a vertex',
    graph: skip(),
    labels: { a: 'a = s z3', b: 'b = z2 a', m: 'm = z1 b', out: 'm + a' },
    // a is read by out directly and through b and m.
    expected: { levels: 4, identities: 2 },
  },
  {
    name: 'skip-network',
    title: 'two residual layers, h + tanh(W h + b)',
    graph: network(),
    labels: {
      ...Object.fromEntries(
        [1, 2].flatMap((l) => [
          [`a${l}`, `a${l} = W${l} h${l - 1} + b${l}`],
          [`r${l}`, `r${l} = tanh a${l}`],
          [`h${l}`, `h${l} = h${l - 1} + r${l}`],
        ]),
      ),
      h0: 'h0 = W0 x + b0',
      y: 'y = W3 h2 + b3',
    },
    // y, then h, r, a twice, h0, its weights: each skip passes r and a.
    expected: { levels: 8, identities: 4 },
  },
  {
    name: 'transformer-block',
    title: 'a transformer block: attention and a feed-forward layer',
    graph: transformerBlock(),
    labels: {
      x: 'x = W tokens',
      ...{ 'gain n1': '', 'shift n1': '', 'gain n2': '', 'shift n2': '' },
      n1: 'norm x',
      p: 'softmax q k',
      'p v': 'p v',
      h: 'h = x + o',
      n2: 'norm h',
      f: 'relu W n2',
      y: 'y = h + m',
    },
    // y m f n2 h o pv p q n1 x and its weights. h waits for n2, f, m; x for
    // n1, q, p, pv, o; v, or n1 for it, while q and k meet in p.
    expected: { levels: 11, identities: 9 },
  },
];

/** A graph by name. Throws OptionError. */
export const drawnByName = (name: string) => named('graph', drawn, name);

/** Levelled in one of the ways that are compared. */
export interface Variant {
  readonly levelling: Levelling;
  readonly form: DelayForm;
}

export const VARIANTS: readonly Variant[] = [
  { levelling: 'none', form: 'axonal' },
  { levelling: 'longest-path', form: 'axonal' },
  { levelling: 'longest-path', form: 'explicit' },
  { levelling: 'least-delay', form: 'axonal' },
  { levelling: 'least-delay', form: 'explicit' },
];
