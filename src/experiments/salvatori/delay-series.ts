/** Models that grow, in depth or in the length of a sequence. */

import {
  lstm,
  mlp,
  residualMlp,
  rnn,
  transformer,
} from '../../../models/index.ts';
import type { Graph } from '../../graph/graph.ts';

export interface Series {
  readonly name: string;
  /** What grows. */
  readonly along: 'layers' | 'time steps';
  readonly make: (n: number) => Graph;
  /** Delay steps of longest paths, by hand; null: not known by hand. */
  readonly expected: ((n: number) => number) | null;
  /** Power of n that they grow with for large n; null: there are none. */
  readonly power: number | null;
}

const BATCH = { batch: 4 };

export const series: readonly Series[] = [
  {
    name: 'mlp',
    along: 'layers',
    make: (n) => mlp({ ...BATCH, sizes: new Array<number>(n + 1).fill(32) }),
    // A chain.
    expected: () => 0,
    power: null,
  },
  {
    name: 'residual mlp',
    along: 'layers',
    make: (n) =>
      residualMlp({ ...BATCH, inputs: 32, width: 32, layers: n, classes: 10 }),
    // A skip passes two vertices, the product and its function.
    expected: (n) => 2 * n,
    power: 1,
  },
  {
    name: 'transformer',
    along: 'layers',
    make: (n) =>
      transformer({
        ...{ ...BATCH, steps: 16, vocabulary: 32, width: 32, heads: 2 },
        layers: n,
      }),
    expected: null,
    power: 1,
  },
  {
    name: 'rnn',
    along: 'time steps',
    make: (n) =>
      rnn({ ...BATCH, steps: n, inputs: 16, hidden: 32, outputs: 8 }),
    // Three vertices a time step: K = 3 n. Wx is read at 3, 6, ... 3 n - 3 and
    // 3 n - 1, Wh at 3, 6, ... 3 n - 3; each waits for its last reader.
    expected: (n) => 3 * n ** 2 - 7 * n + 4,
    power: 2,
  },
  {
    name: 'lstm',
    along: 'time steps',
    make: (n) => lstm({ ...BATCH, steps: n, inputs: 16, hidden: 32 }),
    // Weights are shared over time as those of the rnn.
    expected: null,
    power: 2,
  },
];
