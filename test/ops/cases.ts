/**
 * Inputs for every op of the table. A new op needs an entry here: the tests
 * that enumerate the table fail without one.
 */

import { GraphBuilder, type Vertex } from '../../src/graph.ts';
import type { Attrs, Op } from '../../src/ops/op.ts';
import { type Program, Recorder } from '../../src/program/recorder.ts';
import { Random } from '../../src/random.ts';
import { type Shape, sizeOf } from '../../src/tensor.ts';

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

export const casesOf: Readonly<Record<string, readonly OpCase[]>> = {
  identity: alone,
  scale: [0.3, -2, 0].map((factor) => ({
    shapes: [[3, 5]],
    attrs: { factor },
  })),
  tanh: alone,
  sigmoid: alone,
  relu: alone,
  sin: alone,
  tan: alone,
  sqrt: alone,
  square: alone,
  mul: pairs,
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
  ],
  sum: reduced,
  mean: reduced,
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
export function feedsFor(op: Op, program: Program): Map<string, Float32Array> {
  const plain: Op = { ...op, domain: undefined };
  return new Map(
    [...program.feeds].map(([name, { size }]) => [
      name,
      drawn(name.startsWith('in') ? op : plain, size, name),
    ]),
  );
}
