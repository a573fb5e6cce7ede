/** Small functions as one vertex, for random graphs. */

import type { Vertex } from '../../src/graph.ts';

export interface Body {
  /** Ops that it is made of. */
  readonly ops: readonly string[];
  /** One input, two of one shape, or input, weight and bias of a layer. */
  readonly reads: 'one' | 'two' | 'layer';
  readonly make: (...inputs: Vertex[]) => Vertex;
}

/** Inputs used once and several times, branches inside, one to three steps. */
export const bodies: readonly Body[] = [
  { ops: ['square'], reads: 'one', make: (x) => x.square() },
  { ops: ['mul', 'add'], reads: 'two', make: (x, z) => x.mul(z).add(x) },
  {
    ops: ['affine', 'relu'],
    reads: 'layer',
    make: (x, w, b) => x.affine(w, b).relu(),
  },
  {
    ops: ['affine', 'tanh'],
    reads: 'layer',
    make: (x, w, b) => x.affine(w, b).tanh(),
  },
  {
    ops: ['sin', 'tanh', 'mul'],
    reads: 'one',
    make: (x) => x.sin().mul(x.tanh()),
  },
  {
    ops: ['relu', 'scale', 'add'],
    reads: 'two',
    make: (x, z) => x.relu().add(z.scale(2), z),
  },
];
