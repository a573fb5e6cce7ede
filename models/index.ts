/** Models by name, with a default size that is quick to check. */

import type { Graph } from '../src/graph.ts';
import { mlp } from './mlp.ts';
import { skip, tanSqrtSin } from './toys.ts';

export { type MlpConfig, mlp } from './mlp.ts';
export { skip, tanSqrtSin } from './toys.ts';

export interface ModelEntry {
  readonly name: string;
  readonly title: string;
  readonly make: () => Graph;
}

export const models: readonly ModelEntry[] = [
  {
    name: 'mlp',
    title: 'multilayer perceptron 12-10-8-5, tanh, batch 6',
    make: () => mlp({ sizes: [12, 10, 8, 5], batch: 6 }),
  },
  {
    name: 'mlp-relu',
    title:
      'multilayer perceptron 12-10-8-5, relu, softmax cross-entropy, batch 6',
    make: () =>
      mlp({
        sizes: [12, 10, 8, 5],
        batch: 6,
        activation: 'relu',
        loss: 'softmax_xent',
      }),
  },
  {
    name: 'tan-sqrt-sin',
    title: 'tan(sqrt(theta v0)) + sin(v0^2), Millidge 2020',
    make: () => tanSqrtSin(),
  },
  {
    name: 'skip',
    title: 's z3 + s z3 z2 z1, a skip connection, Salvatori 2022 Eq. 10-13',
    make: () => skip(),
  },
];
