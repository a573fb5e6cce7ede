/** Shapes that do not fit: the error names vertex, op and shapes. */

import { describe, expect, test } from 'vitest';
import { GraphError, ShapeError } from '../../src/errors.ts';
import { GraphBuilder } from '../../src/graph.ts';
import type { Attrs } from '../../src/ops/op.ts';
import { ops } from '../../src/ops/table.ts';
import { type Shape, shapeText } from '../../src/tensor.ts';

interface Misfit {
  readonly shapes: readonly Shape[];
  readonly attrs?: Attrs;
}

/** Null: every shape fits, the op takes one input of any. */
const misfits: Readonly<Record<string, readonly Misfit[] | null>> = {
  identity: null,
  scale: null,
  tanh: null,
  sigmoid: null,
  relu: null,
  sin: null,
  tan: null,
  sqrt: null,
  square: null,
  mul: [
    {
      shapes: [
        [2, 3],
        [3, 2],
      ],
    },
    { shapes: [[2], [1]] },
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
    {
      shapes: [
        [2, 4, 5],
        [5, 3],
      ],
    },
  ],
  sum: [
    { shapes: [[2, 3]], attrs: { axis: 2 } },
    { shapes: [[2, 3]], attrs: { axis: -3 } },
  ],
  mean: [{ shapes: [[3]], attrs: { axis: 1 } }],
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

test('every op of the table is here', () => {
  expect(Object.keys(misfits).sort()).toEqual(ops.map((op) => op.name).sort());
});

describe.each(Object.entries(misfits))('%s', (op, list) => {
  test.each((list ?? []).map((m) => [JSON.stringify(m), m] as const))(
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
});

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
  expect(() => g.apply('nothing', [x])).toThrow(/unknown op "nothing"/);
});
