/**
 * Inputs for every op of the table. A new elementwise op has those of its kind;
 * any other needs an entry here, without which the tests of the table fail.
 */

import { Random } from '../../src/base/random.ts';
import { type Shape, sizeOf } from '../../src/base/tensor.ts';
import { GraphBuilder } from '../../src/graph/graph.ts';
import type { Vertex } from '../../src/graph/vertex.ts';
import type { Attrs, Op } from '../../src/ops/op.ts';
import { type Program, Recorder } from '../../src/program/recorder.ts';

export interface OpCase {
  readonly shapes: readonly Shape[];
  readonly attrs?: Attrs;
}

const alone: OpCase[] = [
  { shapes: [[1]] },
  { shapes: [[3, 5]] },
  { shapes: [[2, 3, 2]] },
];
const pairs: OpCase[] = alone.map(({ shapes: [s] }) => ({ shapes: [s, s] }));
const layers: OpCase[] = [
  { shapes: [[1], [1, 1]] },
  { shapes: [[5], [3, 5]] },
  {
    shapes: [
      [4, 5],
      [3, 5],
    ],
  },
  {
    shapes: [
      [2, 3, 4],
      [6, 4],
    ],
  },
  {
    shapes: [
      [17, 33],
      [18, 33],
    ],
  },
];
const reduced: OpCase[] = [
  { shapes: [[1]] },
  { shapes: [[3, 4, 2]] },
  ...[0, 1, 2, -1, -2].map((axis) => ({
    shapes: [[3, 4, 2]],
    attrs: { axis },
  })),
  { shapes: [[5]], attrs: { axis: 0 } },
];

const CASES: Readonly<Record<string, readonly OpCase[]>> = {
  scale: [0.3, -2, 0].map((factor) => ({
    shapes: [[3, 5]],
    attrs: { factor },
  })),
  clamp: [
    { shapes: [[3, 5]], attrs: { min: -1, max: 0.7 } },
    { shapes: [[3, 5]], attrs: { min: 0.3, max: 0.3 } },
  ],
  // One kernel adds up to 6 inputs; longer sums go on from the partial sum.
  add: [1, 2, 3, 6, 7, 12].map((n) => ({
    shapes: Array.from({ length: n }, () => [3, 2]),
  })),
  linear: layers,
  affine: layers.map(({ shapes: [x, w] }) => ({ shapes: [x, w, [w[0]]] })),
  matmul: [
    {
      shapes: [
        [1, 1],
        [1, 1],
      ],
    },
    {
      shapes: [
        [4, 5],
        [5, 3],
      ],
    },
    {
      shapes: [
        [4, 5],
        [3, 5],
      ],
      attrs: { transpose_b: true },
    },
    {
      shapes: [
        [17, 33],
        [33, 18],
      ],
      attrs: { transpose_b: false },
    },
    {
      shapes: [
        [17, 33],
        [18, 33],
      ],
      attrs: { transpose_b: true },
    },
    {
      shapes: [
        [2, 3, 4, 5],
        [2, 3, 5, 2],
      ],
    },
    {
      shapes: [
        [3, 4, 5],
        [3, 6, 5],
      ],
      attrs: { transpose_b: true },
    },
    // One matrix for all.
    {
      shapes: [
        [2, 3, 4],
        [4, 2],
      ],
    },
    {
      shapes: [
        [2, 3, 4],
        [2, 4],
      ],
      attrs: { transpose_b: true },
    },
  ],
  sum: reduced,
  mean: reduced,
  conv2d: [
    { shapes: [[1, 1, 1, 1], [1, 1, 1, 1], [1]] },
    { shapes: [[2, 3, 6, 5], [4, 3, 3, 3], [4]], attrs: { padding: 1 } },
    // Filters that are not square, without a bias, edges left over by strides.
    {
      shapes: [
        [2, 2, 7, 6],
        [3, 2, 2, 3],
      ],
      attrs: { stride: 2 },
    },
    {
      shapes: [[2, 4, 7, 8], [6, 2, 3, 3], [6]],
      attrs: { stride: 3, padding: 2, groups: 2 },
    },
    { shapes: [[1, 3, 5, 5], [3, 1, 3, 3], [3]], attrs: { groups: 3 } },
    // More rows, columns and terms than one tile or block has.
    { shapes: [[2, 8, 6, 5], [18, 8, 6, 6], [18]], attrs: { padding: 3 } },
  ],
  maxpool2d: [
    { shapes: [[2, 2, 6, 4]], attrs: { kernel: 2 } },
    { shapes: [[1, 3, 7, 8]], attrs: { kernel: 3, stride: 2, padding: 1 } },
    { shapes: [[1, 1, 5, 5]], attrs: { kernel: 2, stride: 1 } },
    // Strides beyond the window leave elements out.
    { shapes: [[1, 1, 7, 7]], attrs: { kernel: 2, stride: 3 } },
  ],
  avgpool2d: [
    { shapes: [[2, 2, 6, 4]], attrs: { kernel: 2 } },
    { shapes: [[1, 3, 7, 8]], attrs: { kernel: 3, stride: 2, padding: 1 } },
    { shapes: [[1, 1, 7, 7]], attrs: { kernel: 2, stride: 3 } },
  ],
  global_avgpool: [{ shapes: [[2, 3, 4, 5]] }, { shapes: [[3, 2, 4]] }],
  layernorm: [
    { shapes: [[3, 5], [5], [5]] },
    { shapes: [[2, 3, 4], [4], [4]], attrs: { eps: 0.1 } },
    { shapes: [[7], [7], [7]] },
  ],
  batchnorm: [
    { shapes: [[6, 3], [3], [3]] },
    { shapes: [[3, 2, 3, 2], [2], [2]], attrs: { eps: 0.1 } },
  ],
  batchnorm_inference: [
    { shapes: [[4, 3], [3], [3], [3], [3]] },
    { shapes: [[3, 2, 3, 2], [2], [2], [2], [2]], attrs: { eps: 0.1 } },
  ],
  lrn: [
    { shapes: [[2, 7, 3]], attrs: { size: 5, alpha: 0.5, k: 2 } },
    { shapes: [[2, 4, 2, 3]], attrs: { size: 2, alpha: 0.9, beta: 0.5 } },
    { shapes: [[3, 2]], attrs: { size: 7 } },
  ],
  softmax: [
    { shapes: [[5]] },
    { shapes: [[3, 4]] },
    { shapes: [[2, 3, 4]], attrs: { axis: 1 } },
    { shapes: [[2, 3, 4]], attrs: { axis: 0 } },
  ],
  log_softmax: [
    { shapes: [[5]] },
    { shapes: [[3, 4]] },
    { shapes: [[2, 3, 4]], attrs: { axis: 1 } },
  ],
  causal_mask: [
    { shapes: [[4, 4]] },
    { shapes: [[2, 3, 3, 5]], attrs: { fill: -3 } },
  ],
  reshape: [
    { shapes: [[2, 6]], attrs: { shape: [3, 4] } },
    { shapes: [[2, 3, 4]], attrs: { shape: [6, -1] } },
  ],
  flatten: [
    { shapes: [[2, 3, 4]] },
    { shapes: [[2, 3, 4]], attrs: { start_axis: 2 } },
    { shapes: [[3]] },
  ],
  transpose: [
    { shapes: [[3, 5]] },
    { shapes: [[2, 3, 4, 5]], attrs: { axes: [0, 2, 1, 3] } },
    { shapes: [[2, 3, 4, 5]], attrs: { axes: [3, 1, 0, 2] } },
    { shapes: [[2, 1, 3, 2, 2, 3]], attrs: { axes: [5, -2, 0, 3, 1, 2] } },
  ],
  expand: [
    { shapes: [[3]], attrs: { shape: [2, 3] } },
    { shapes: [[2, 1, 3, 1]], attrs: { shape: [4, 2, 5, 3, 2] } },
    { shapes: [[1]], attrs: { shape: [2, 2] } },
    { shapes: [[2, 3]], attrs: { shape: [2, 3] } },
  ],
  slice: [
    { shapes: [[5]], attrs: { axis: 0, start: 1, end: 3 } },
    { shapes: [[2, 5, 3]], attrs: { axis: 1, start: 2 } },
    { shapes: [[4, 3]], attrs: { axis: -1, start: -2, end: -1 } },
  ],
  concat: [
    {
      shapes: [
        [2, 3],
        [1, 3],
      ],
    },
    {
      shapes: [
        [2, 3, 2],
        [2, 1, 2],
        [2, 2, 2],
      ],
      attrs: { axis: 1 },
    },
    { shapes: [[3, 2]], attrs: { axis: -1 } },
    // Joined in groups of groups.
    {
      shapes: Array.from({ length: 13 }, (_, i) => [2, (i % 3) + 1]),
      attrs: { axis: 1 },
    },
  ],
  embedding: [
    { shapes: [[4, 3], [5]] },
    {
      shapes: [
        [3, 2],
        [2, 4],
      ],
    },
  ],
  dropout: [
    { shapes: [[3, 5], [1]], attrs: { rate: 0.5, seed: 7 } },
    { shapes: [[70], [1]], attrs: { rate: 0.1, seed: 2 ** 32 - 1 } },
    { shapes: [[6], [1]], attrs: { rate: 0, seed: 0 } },
  ],
  composite: [
    composed([[3, 5]], (x) => x.tanh()),
    composed([[3, 5]], (x) => x.sin().mul(x)),
    composed(
      [
        [2, 3],
        [2, 3],
      ],
      (x, z) => x.mul(z).add(x, z, x),
    ),
    composed([[4, 5], [3, 5], [3]], (x, w, b) => x.affine(w, b).tanh()),
    // A step whose input is read by two others.
    composed(
      [
        [2, 2],
        [2, 2],
      ],
      (x, z) => {
        const y = x.matmul(z);
        return y.square().add(y.sin().matmul(x));
      },
    ),
  ],
};

/** The cases of an op; none where it must have an entry and has not. */
export function casesOf({ name, formulas, arity, attrs = {} }: Op) {
  const own = CASES[name];
  if (own || !formulas) return own ?? [];
  const numbers = Object.fromEntries(Object.keys(attrs).map((k) => [k, 0.5]));
  return (arity === 1 ? alone : pairs).map(({ shapes }): OpCase => {
    return { shapes, attrs: numbers };
  });
}

function composed(
  shapes: Shape[],
  body: (...inputs: Vertex[]) => Vertex,
): OpCase {
  const g = new GraphBuilder();
  const inputs = shapes.map((shape, i) => g.input(`in${i}`, shape));
  return { shapes, attrs: g.composite(inputs, body).attrs };
}

/** Numbers in the op's domain, float32, away from the kink of a ReLU. */
export function drawn(op: Op, size: number, name: string): Float32Array {
  const [low, high] = op.domain ?? [-2, 2];
  const random = new Random(1, `${op.name} ${name}`);
  return Float32Array.from({ length: size }, () => {
    const x = low + (high - low) * random.uniform();
    return Math.abs(x) < 0.05 ? x + 0.1 : x;
  });
}

/**
 * A program of one op: feeds in0, in1, ..., eps and base0, base1, ...; outputs
 * y, and for each slot its message `vjp0` and `base0 + vjp0` as `sum0`.
 */
export function recordOp(op: Op, { shapes, attrs = {} }: OpCase): Program {
  const recorder = new Recorder();
  const inputs = shapes.map((shape, i) => ({
    shape,
    ref: recorder.feed(`in${i}`, sizeOf(shape)),
  }));
  const shape = op.shape(shapes, attrs);
  const output = {
    shape,
    ref: op.forward(recorder.emit, inputs, attrs, shape),
  };
  const eps = recorder.feed('eps', sizeOf(shape));
  recorder.output('y', output.ref);
  shapes.forEach((own, slot) => {
    const args = { inputs, output, attrs, slot, eps };
    const base = recorder.feed(`base${slot}`, sizeOf(own));
    recorder.output(
      `vjp${slot}`,
      op.vjp(recorder.emit, { ...args, base: null }),
    );
    recorder.output(`sum${slot}`, op.vjp(recorder.emit, { ...args, base }));
  });
  return recorder.finish({ live: true });
}

/** Values for all feeds of such a program. */
export function feedsFor(
  op: Op,
  program: Program,
  { shapes, attrs = {} }: OpCase,
): Map<string, Float32Array> {
  const plain: Op = { ...op, domain: undefined };
  return new Map(
    [...program.feeds].map(([name, { size }]) => {
      if (op.indices && name === `in${op.indices.slot}`) {
        const random = new Random(1, `${op.name} ${name}`);
        const below = Math.min(op.indices.below(shapes, attrs), 1000);
        const draw = () => random.below(below);
        return [name, Float32Array.from({ length: size }, draw)];
      }
      return [name, drawn(name.startsWith('in') ? op : plain, size, name)];
    }),
  );
}
