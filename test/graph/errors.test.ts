/**
 * Oracle: the shape rules of each op, and the house's form of an error: a type
 * of its own, and one line that gives fact, value and remedy.
 */

import { describe, expect, test } from 'vitest';
import {
  GraphError,
  IsochronError,
  NonFiniteError,
  ShapeError,
} from '../../src/base/errors.ts';
import { checkFits, GraphBuilder } from '../../src/graph/graph.ts';

function caught(run: () => unknown): IsochronError {
  try {
    run();
  } catch (error) {
    if (error instanceof IsochronError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Checks the type of what is thrown, and words that its text must have. */
function expectError(
  type: typeof IsochronError,
  words: readonly string[],
  run: () => unknown,
): void {
  const error = caught(run);
  expect(error).toBeInstanceOf(type);
  expect(error.name).toBe(error.constructor.name);
  for (const word of words) expect(error.message).toContain(word);
  expect(error.message).not.toContain('\n');
}

describe('shapes that do not fit', () => {
  const g = new GraphBuilder();
  const a = g.input('a', [2, 3]);
  const b = g.input('b', [3, 2]);
  const bias = g.param('bias', [5]);
  const cases: readonly [string, string[], () => unknown][] = [
    [
      'add',
      ['"sum"', 'add', '[2, 3]', '[3, 2]'],
      () => g.apply('add', [a, b], {}, 'sum'),
    ],
    ['mul', ['mul', '"a" [2, 3]', '"b" [3, 2]'], () => a.mul(b)],
    [
      'linear',
      ['linear', '[2, 3]', '[3, 2]', 'W [out, in]'],
      () => a.linear(b),
    ],
    [
      'affine',
      ['affine', '"bias" [5]', 'shape [2]'],
      () => a.affine(g.param('W', [2, 3]), bias),
    ],
    ['matmul', ['matmul', '[2, 3]', '[..., k, m]'], () => a.matmul(a)],
    [
      'transposed',
      ['matmul', '[..., m, k]', '[3, 2]'],
      () => a.matmul(b, { transpose_b: true }),
    ],
    ['matmul of a vector', ['matmul', '[5]'], () => a.matmul(bias)],
    ['axis', ['sum', 'no axis 2', '[2, 3]'], () => a.sum(2)],
    ['negative axis', ['mean', 'no axis -3'], () => a.mean(-3)],
    [
      'composite',
      ['"layer"', 'composite', '[2, 3]', '[3, 2]'],
      () =>
        g.apply(
          'composite',
          [a, b],
          { body: [{ op: 'add', inputs: [0, 1] }] },
          'layer',
        ),
    ],
  ];

  test.each(cases)('%s: vertex, op and both shapes', (_, words, run) => {
    expectError(ShapeError, words, run);
  });

  test.each([[[]], [[0]], [[2, -1]], [[1.5]], [[Number.NaN]]])(
    'no tensor has the shape %j',
    (shape) => {
      expectError(ShapeError, ['"x"', 'whole numbers >= 1'], () =>
        new GraphBuilder().input('x', shape),
      );
      expectError(ShapeError, ['"w"'], () =>
        new GraphBuilder().param('w', shape),
      );
    },
  );

  test('data of the wrong length, or not finite', () => {
    const g = new GraphBuilder();
    expectError(ShapeError, ['"x"', '[2, 2]', '4', '3'], () =>
      g.input('x', [2, 2], [1, 2, 3]),
    );
    expectError(NonFiniteError, ['"w"', 'NaN', 'index 1'], () =>
      g.param('w', [2], [1, Number.NaN]),
    );
    expectError(ShapeError, ['target'], () =>
      g.output(g.input('y', [2]).tanh(), 'half_sse', { target: [1] }),
    );
    const [y] = g.output(g.input('z', [2]).tanh()).vertices.slice(-1);
    expectError(ShapeError, [`"${y.id}"`, '[2]', '[1, 2]'], () =>
      checkFits(y, { shape: [1, 2], data: [1, 2] }),
    );
  });
});

describe('graphs that cannot be', () => {
  const fresh = () => {
    const g = new GraphBuilder();
    return { g, x: g.input('x', [2]) };
  };
  const cases: readonly [string, string[], () => unknown][] = [
    [
      'unknown op',
      ['"v"', '"sotfmax"', 'tanh'],
      () => {
        const { g, x } = fresh();
        g.apply('sotfmax', [x], {}, 'v');
      },
    ],
    ['inherited op', ['"constructor"'], () => fresh().x.apply('constructor')],
    ['too few inputs', ['mul', '1 inputs', '2'], () => fresh().x.apply('mul')],
    [
      'no input',
      ['"v"', 'add', 'one or more'],
      () => fresh().g.apply('add', [], {}, 'v'),
    ],
    [
      'unknown attribute',
      ['"facto"', 'factor'],
      () => fresh().x.apply('scale', [], { facto: 2 }),
    ],
    [
      'inherited attribute',
      ['"toString"'],
      () => fresh().x.apply('scale', [], { factor: 1, toString: 2 }),
    ],
    [
      'attribute without value',
      ['factor', 'undefined'],
      () => fresh().x.apply('scale'),
    ],
    ['attribute of NaN', ['factor'], () => fresh().x.scale(Number.NaN)],
    ['axis of a half', ['axis', '0.5'], () => fresh().x.sum(0.5)],
    ['id twice', ['"x"', 'twice'], () => fresh().g.input('x', [1])],
    ['id of the target', ['"target"'], () => fresh().g.input('target', [1])],
    ['id of nothing', ['""'], () => fresh().g.input('', [1])],
    [
      'output that is a leaf',
      ['"x"', 'leaf'],
      () => {
        const { g, x } = fresh();
        g.output(x);
      },
    ],
    [
      'output of another graph',
      ['another graph'],
      () => {
        const { g } = fresh();
        g.output(fresh().x.tanh());
      },
    ],
    [
      'input of another graph',
      ['"x"', 'another graph'],
      () => {
        const { g } = fresh();
        g.apply('tanh', [fresh().x]);
      },
    ],
    [
      'unknown loss',
      ['"hinge"', 'half_sse'],
      () => {
        const { g, x } = fresh();
        g.output(x.tanh(), 'hinge');
      },
    ],
    [
      'unknown reduction',
      ['"max"', 'sum or mean'],
      () => {
        const { g, x } = fresh();
        const reduction = 'max' as 'sum';
        g.output(x.tanh(), 'half_sse', { reduction });
      },
    ],
    [
      'bound below 0',
      ['"w"', '-1'],
      () => fresh().g.param('w', [1], { kind: 'uniform', bound: -1 }),
    ],
    [
      'late name',
      ['"tanh1"', 'name it when it is made'],
      () => {
        const { x } = fresh();
        const y = x.tanh();
        y.sin();
        y.named('late');
      },
    ],
  ];

  test.each(cases)('%s', (_, words, run) => {
    expectError(GraphError, words, run);
  });

  const composites: readonly [string, string[], () => unknown][] = [
    [
      'composite without its last op',
      ['not its last op'],
      () => {
        const { g, x } = fresh();
        g.composite([x], (x) => {
          const y = x.tanh();
          y.sin();
          return y;
        });
      },
    ],
    [
      'composite in a composite',
      ['body'],
      () =>
        fresh().x.apply('composite', [], {
          body: [{ op: 'composite', inputs: [0] }],
        }),
    ],
    [
      'composite whose step lacks an attribute',
      ['factor'],
      () =>
        fresh().x.apply('composite', [], {
          body: [{ op: 'scale', inputs: [0] }],
        }),
    ],
    [
      'composite whose step has an unknown one',
      ['"axes"'],
      () =>
        fresh().x.apply('composite', [], {
          body: [{ op: 'sum', inputs: [0], attrs: { axes: 0 } }],
        }),
    ],
    [
      'composite that leaves an input unread',
      ['"w"'],
      () => {
        const { g, x } = fresh();
        const w = g.param('w', [2]);
        g.composite([x, w], (x) => x.tanh());
      },
    ],
  ];

  test.each(composites)('%s', (_, words, run) => {
    expectError(IsochronError, words, run);
  });
});
