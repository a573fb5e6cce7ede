/** Small functions as one vertex, for random graphs. */

import type { Vertex } from '../../src/graph/vertex.ts';

export interface Body {
  /** Ops that it is made of. */
  readonly ops: readonly string[];
  /**
   * One input; two or three of one shape, the three of two axes or more;
   * input, weight and bias of a layer; input, filters and bias of an image;
   * input, gain and shift of a row; input and number of the presentation.
   */
  readonly reads: 'one' | 'two' | 'three' | 'layer' | 'image' | 'row' | 'step';
  readonly make: (...inputs: Vertex[]) => Vertex;
}

/** Inputs used once and several times, branches inside, one to five steps. */
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
  {
    ops: ['conv2d', 'relu'],
    reads: 'image',
    make: (x, w, b) => x.conv2d(w, b, { padding: 1 }).relu(),
  },
  {
    ops: ['layernorm', 'gelu'],
    reads: 'row',
    make: (x, gain, shift) => x.layernorm(gain, shift, 0.1).gelu(),
  },
  // Attention, and what is left of it in whole numbers.
  {
    ops: ['matmul', 'causal_mask', 'softmax'],
    reads: 'three',
    make: (q, k, v) =>
      q.matmul(k, { transpose_b: true }).causalMask().softmax().matmul(v),
  },
  {
    ops: ['matmul', 'causal_mask'],
    reads: 'three',
    make: (q, k, v) =>
      q
        .matmul(k, { transpose_b: true })
        .apply('causal_mask', [], { fill: 0 })
        .matmul(v),
  },
  {
    ops: ['flatten', 'concat', 'sum', 'sub'],
    reads: 'two',
    make: (x, z) =>
      x
        .flatten(0)
        .concat([z.flatten(0)])
        .sum()
        .sub(x.sum()),
  },
  {
    ops: ['dropout', 'add'],
    reads: 'step',
    make: (x, step) => x.dropout(0.5, step, 1).add(x),
  },
];
