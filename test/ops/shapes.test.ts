/** Shapes that do not fit: the error names vertex, op and shapes. */

import { describe, expect, test } from 'vitest';
import { GraphError, ShapeError } from '../../src/base/errors.ts';
import { type Shape, shapeText } from '../../src/base/tensor.ts';
import { GraphBuilder } from '../../src/graph/graph.ts';
import type { Attrs, Op } from '../../src/ops/op.ts';
import { ops } from '../../src/ops/table.ts';

interface Misfit {
  readonly shapes: readonly Shape[];
  readonly attrs?: Attrs;
}

const pools: readonly Misfit[] = [
  { shapes: [[2, 6, 6]], attrs: { kernel: 2 } },
  { shapes: [[2, 3, 6, 6, 1]], attrs: { kernel: 2 } },
  { shapes: [[2, 3, 2, 6]], attrs: { kernel: 3 } },
  { shapes: [[2, 3, 6, 1]], attrs: { kernel: 4, padding: 1 } },
  // Windows that lie in the padding alone would have no greatest element.
  { shapes: [[2, 3, 6, 6]], attrs: { kernel: 3, padding: 2 } },
];
const axes: readonly Misfit[] = [
  { shapes: [[2, 3]], attrs: { axis: 2 } },
  { shapes: [[2, 3]], attrs: { axis: -3 } },
];

const MISFITS: Readonly<Record<string, readonly Misfit[]>> = {
  mul: [
    {
      shapes: [
        [2, 3],
        [3, 2],
      ],
    },
    { shapes: [[2], [1]] },
  ],
  sub: [
    {
      shapes: [
        [2, 3],
        [1, 3],
      ],
    },
    { shapes: [[2, 3], [3]] },
  ],
  div: [
    {
      shapes: [
        [2, 3],
        [2, 1],
      ],
    },
    { shapes: [[6], [2, 3]] },
  ],
  add: [{ shapes: [[2, 3], [2, 3], [3]] }, { shapes: [[6], [2, 3]] }],
  linear: [
    {
      shapes: [
        [4, 5],
        [5, 3],
      ],
    },
    { shapes: [[4, 5], [5]] },
    { shapes: [[5], [1, 3, 5]] },
  ],
  affine: [
    { shapes: [[4, 5], [3, 4], [3]] },
    { shapes: [[4, 5], [3, 5], [5]] },
    {
      shapes: [
        [4, 5],
        [3, 5],
        [1, 3],
      ],
    },
  ],
  matmul: [
    {
      shapes: [
        [4, 5],
        [3, 5],
      ],
    },
    { shapes: [[5], [5, 3]] },
    {
      shapes: [
        [4, 5],
        [5, 3],
      ],
      attrs: { transpose_b: true },
    },
    // One matrix for all is taken, but not the other way round.
    {
      shapes: [
        [4, 5],
        [2, 5, 3],
      ],
    },
    {
      shapes: [
        [2, 4, 5],
        [3, 5, 3],
      ],
    },
    {
      shapes: [
        [2, 3, 4, 5],
        [3, 5, 3],
      ],
    },
    {
      shapes: [
        [2, 4, 5],
        [5, 3],
      ],
      attrs: { transpose_b: true },
    },
  ],
  sum: [
    { shapes: [[2, 3]], attrs: { axis: 2 } },
    { shapes: [[2, 3]], attrs: { axis: -3 } },
  ],
  mean: [{ shapes: [[3]], attrs: { axis: 1 } }],
  conv2d: [
    // Not an image, not filters.
    {
      shapes: [
        [3, 6, 6],
        [4, 3, 3, 3],
      ],
    },
    {
      shapes: [
        [2, 3, 6, 6],
        [4, 3, 3],
      ],
    },
    // Channels that are not those of the filters, alone or in groups.
    {
      shapes: [
        [2, 3, 6, 6],
        [4, 2, 3, 3],
      ],
    },
    {
      shapes: [
        [2, 4, 6, 6],
        [4, 4, 3, 3],
      ],
      attrs: { groups: 2 },
    },
    // Groups that do not divide the channels, or the outputs.
    {
      shapes: [
        [2, 3, 6, 6],
        [4, 1, 3, 3],
      ],
      attrs: { groups: 2 },
    },
    {
      shapes: [
        [2, 4, 6, 6],
        [3, 2, 3, 3],
      ],
      attrs: { groups: 2 },
    },
    { shapes: [[2, 3, 6, 6], [4, 3, 3, 3], [3]] },
    {
      shapes: [
        [2, 3, 6, 6],
        [4, 3, 3, 3],
        [1, 4],
      ],
    },
    // Filters larger than the image, padding included.
    {
      shapes: [
        [2, 3, 2, 6],
        [4, 3, 3, 3],
      ],
    },
    {
      shapes: [
        [2, 3, 6, 2],
        [4, 3, 3, 5],
      ],
      attrs: { padding: 1 },
    },
    { shapes: [[2, 3, 6, 6]] },
    { shapes: [[2, 3, 6, 6], [4, 3, 3, 3], [4], [4]] },
  ],
  maxpool2d: pools,
  avgpool2d: pools,
  global_avgpool: [{ shapes: [[2, 3]] }, { shapes: [[3]] }],
  layernorm: [
    { shapes: [[2, 3], [2], [3]] },
    { shapes: [[2, 3], [3], [1]] },
    {
      shapes: [
        [2, 3],
        [2, 3],
        [2, 3],
      ],
    },
  ],
  batchnorm: [
    { shapes: [[3], [3], [3]] },
    { shapes: [[2, 3, 4], [4], [4]] },
    { shapes: [[2, 3, 4], [3], [2]] },
  ],
  batchnorm_inference: [
    { shapes: [[3], [3], [3], [3], [3]] },
    { shapes: [[2, 3], [3], [3], [2], [3]] },
    { shapes: [[2, 3, 4], [3], [3], [3], [4]] },
  ],
  lrn: [{ shapes: [[3]], attrs: { size: 5 } }],
  softmax: axes,
  log_softmax: axes,
  causal_mask: [{ shapes: [[4]] }],
  reshape: [
    { shapes: [[2, 3]], attrs: { shape: [2, 2] } },
    { shapes: [[2, 3]], attrs: { shape: [3, 3] } },
    { shapes: [[2, 3]], attrs: { shape: [4, -1] } },
    { shapes: [[2, 3]], attrs: { shape: [12, -1] } },
  ],
  flatten: [
    { shapes: [[2, 3]], attrs: { start_axis: 3 } },
    { shapes: [[3]], attrs: { start_axis: 2 } },
  ],
  transpose: [
    { shapes: [[3]] },
    { shapes: [[2, 3]], attrs: { axes: [0] } },
    { shapes: [[2, 3]], attrs: { axes: [0, 0] } },
    { shapes: [[2, 3]], attrs: { axes: [0, 2] } },
    { shapes: [[2, 3]], attrs: { axes: [1, -1] } },
    { shapes: [[2, 3]], attrs: { axes: [0, -3] } },
    { shapes: [[2, 3]], attrs: { axes: [1, 0, 2] } },
    { shapes: [[1, 2, 1, 2, 1, 2, 1]] },
  ],
  expand: [
    { shapes: [[2, 3]], attrs: { shape: [3] } },
    { shapes: [[2, 3]], attrs: { shape: [4, 3] } },
    { shapes: [[2]], attrs: { shape: [2, 3] } },
    // Never to fewer.
    { shapes: [[2, 3]], attrs: { shape: [1, 3] } },
    { shapes: [[2]], attrs: { shape: [1, 1, 1, 1, 1, 1, 2] } },
  ],
  slice: [
    { shapes: [[2, 3]], attrs: { axis: 2 } },
    { shapes: [[2, 3]], attrs: { axis: -3 } },
    { shapes: [[2, 3]], attrs: { axis: 1, start: 3 } },
    { shapes: [[2, 3]], attrs: { axis: 1, start: -4 } },
    { shapes: [[2, 3]], attrs: { axis: 1, end: 4 } },
    { shapes: [[2, 3]], attrs: { axis: 1, start: 2, end: 2 } },
    { shapes: [[2, 3]], attrs: { axis: 1, start: 2, end: -2 } },
    { shapes: [[2, 3]], attrs: { axis: 1, end: 0 } },
  ],
  concat: [
    { shapes: [[2, 3], [3]] },
    {
      shapes: [
        [2, 3],
        [2, 2],
      ],
    },
    {
      shapes: [
        [2, 3],
        [1, 3],
      ],
      attrs: { axis: 1 },
    },
    {
      shapes: [
        [2, 3],
        [2, 3],
      ],
      attrs: { axis: 2 },
    },
    {
      shapes: [
        [2, 3],
        [2, 3],
      ],
      attrs: { axis: -3 },
    },
  ],
  embedding: [{ shapes: [[4], [2]] }, { shapes: [[4, 3, 2], [2]] }],
  dropout: [
    { shapes: [[2, 3], [2]], attrs: { rate: 0.5, seed: 1 } },
    {
      shapes: [
        [2, 3],
        [1, 1],
      ],
      attrs: { rate: 0.5, seed: 1 },
    },
  ],
  composite: [
    {
      shapes: [
        [2, 3],
        [3, 2],
      ],
      attrs: { body: [{ op: 'mul', inputs: [0, 1] }] },
    },
    { shapes: [[2]], attrs: { body: [{ op: 'tanh', inputs: [1] }] } },
    { shapes: [[2]], attrs: { body: [{ op: 'tanh', inputs: [0, 0] }] } },
    { shapes: [[2]], attrs: { body: [{ op: 'nothing', inputs: [0] }] } },
  ],
};

/** Elementwise: every shape fits one input, two must be alike. */
function misfitsOf({ name, formulas, arity }: Op): readonly Misfit[] {
  const apart: Misfit[] = [
    { shapes: [[6], [2, 3]] },
    { shapes: [[2, 3], [3]] },
    { shapes: [[2], [1]] },
  ];
  const own = MISFITS[name] ?? [];
  return formulas && arity === 2 ? [...apart, ...own] : own;
}

test('every op of the table is here', () => {
  const without = ops.filter((op) => misfitsOf(op).length === 0);
  const shapeless = ({ formulas, arity }: Op) => formulas && arity === 1;
  expect(without.filter((op) => !shapeless(op))).toEqual([]);
});

describe.each(ops.map((op) => [op.name, misfitsOf(op)] as const))(
  '%s',
  (op, list) => {
    test.each(list.map((m) => [JSON.stringify(m), m] as const))(
      'refuses %s',
      (_, { shapes, attrs }) => {
        const g = new GraphBuilder();
        const inputs = shapes.map((shape, i) => g.param(`operand${i}`, shape));
        let caught: unknown;
        try {
          g.apply(op, inputs, attrs ?? {}, 'culprit');
        } catch (error) {
          caught = error;
        }
        expect(caught).toBeInstanceOf(ShapeError);
        const { message, data } = caught as ShapeError;
        expect(message).toContain('"culprit"');
        expect(message).toContain(`(${op})`);
        shapes.forEach((shape, i) => {
          expect(message).toContain(`"operand${i}" ${shapeText(shape)}`);
        });
        expect(message).not.toMatch(/\n/);
        expect(data).toMatchObject({ id: 'culprit', op, shapes });
      },
    );

    test('refuses a wrong number of inputs', () => {
      const g = new GraphBuilder();
      const { arity } = ops.find(({ name }) => name === op)!;
      const count = arity === 'many' ? 0 : arity + 1;
      const inputs = Array.from({ length: count }, (_, i) =>
        g.param(`w${i}`, [2]),
      );
      const make = () => g.apply(op, inputs, {}, 'culprit');
      expect(make).toThrow(GraphError);
      expect(make).toThrow(
        new RegExp(`"culprit" \\(${op}\\) has ${count} inputs`),
      );
    });
  },
);

test('attributes of a wrong name or kind are refused', () => {
  const g = new GraphBuilder();
  const x = g.param('x', [2]);
  expect(() => g.apply('scale', [x], {}, 'v')).toThrow(/"v" \(scale\).*factor/);
  expect(() => x.scale(Number.NaN)).toThrow(GraphError);
  expect(() => g.apply('tanh', [x], { axis: 0 })).toThrow(
    /unknown attr.*"axis"/,
  );
  expect(() => g.apply('sum', [x], { axis: 0.5 })).toThrow(/axis = 0.5/);
  expect(() => g.apply('composite', [x], { body: [] })).toThrow(GraphError);
  expect(() => g.apply('clamp', [x], { min: 0 })).toThrow(/max = undefined/);
  expect(() => g.apply('nothing', [x])).toThrow(/unknown op "nothing"/);
});

describe('attributes that an op cannot use', () => {
  const wrong: readonly (readonly [string, readonly Shape[], Attrs])[] = [
    [
      'conv2d',
      [
        [1, 1, 2, 2],
        [1, 1, 1, 1],
      ],
      { stride: 0 },
    ],
    [
      'conv2d',
      [
        [1, 1, 2, 2],
        [1, 1, 1, 1],
      ],
      { padding: -1 },
    ],
    [
      'conv2d',
      [
        [1, 1, 2, 2],
        [1, 1, 1, 1],
      ],
      { groups: 0.5 },
    ],
    ['maxpool2d', [[1, 1, 2, 2]], {}],
    ['avgpool2d', [[1, 1, 2, 2]], { kernel: 0 }],
    ['maxpool2d', [[1, 1, 2, 2]], { kernel: 1, stride: 0 }],
    ['layernorm', [[2], [2], [2]], { eps: 0 }],
    ['batchnorm', [[2, 1], [1], [1]], { eps: Number.NaN }],
    ['lrn', [[2, 2]], {}],
    ['lrn', [[2, 2]], { size: 2, beta: -1 }],
    ['softmax', [[2]], { axis: 0.5 }],
    ['causal_mask', [[2, 2]], { fill: Number.NEGATIVE_INFINITY }],
    ['reshape', [[2]], {}],
    ['reshape', [[2]], { shape: [] }],
    ['reshape', [[2]], { shape: [-1, -1] }],
    ['reshape', [[2]], { shape: [2, 0] }],
    ['flatten', [[2]], { start_axis: -1 }],
    ['transpose', [[2, 2]], { axes: 'ij' }],
    ['expand', [[2]], { shape: [-1] }],
    ['slice', [[2]], { start: 1 }],
    ['slice', [[2]], { axis: 0, end: 1.5 }],
    ['concat', [[2], [2]], { axis: '0' }],
    ['dropout', [[2], [1]], { seed: 1 }],
    ['dropout', [[2], [1]], { rate: 1, seed: 1 }],
    ['dropout', [[2], [1]], { rate: 0.5 }],
    ['dropout', [[2], [1]], { rate: 0.5, seed: 2 ** 32 }],
  ];
  test.each(wrong.map((w) => [w[0], JSON.stringify(w[2]), w] as const))(
    '%s, %s',
    (_, __, [op, shapes, attrs]) => {
      const g = new GraphBuilder();
      const inputs = shapes.map((shape, i) => g.param(`operand${i}`, shape));
      const make = () => g.apply(op, inputs, attrs, 'culprit');
      expect(make).toThrow(GraphError);
      expect(make).toThrow(new RegExp(`"culprit" \\(${op}\\) has attribute`));
    },
  );
});
