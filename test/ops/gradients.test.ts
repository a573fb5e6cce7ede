/** Every op's messages, by finite differences in float64. */

import { describe, expect, test } from 'vitest';
import { sizeOf } from '../../src/base/tensor.ts';
import { losses } from '../../src/ops/loss.ts';
import { ops } from '../../src/ops/table.ts';
import { Recorder } from '../../src/program/recorder.ts';
import { interpret } from '../properties/interpreter.ts';
import { casesOf, drawn, feedsFor, recordOp } from './cases.ts';

/** Central differences err by h^2 |f'''| / 6 and 1e-16 |f| / h. */
const H = 1e-5;
const TOLERANCE = 1e-8;

test('every op of the table has cases', () => {
  expect(ops.filter((op) => casesOf(op).length === 0)).toEqual([]);
});

describe.each(ops.map((op) => [op.name, op] as const))('%s', (_, op) => {
  describe.each(casesOf(op).map((c) => [JSON.stringify(c), c] as const))(
    '%s',
    (_, opCase) => {
      const program = recordOp(op, opCase);
      const feeds = feedsFor(op, program, opCase);
      const { outputs } = interpret(program, feeds, false);
      const eps = feeds.get('eps') as Float32Array;

      /** y, with one element of one input moved. */
      function along(input: string, i: number, by: number): ArrayLike<number> {
        const moved = Float64Array.from(feeds.get(input) as Float32Array);
        moved[i] += by;
        const given = new Map<string, ArrayLike<number>>(feeds);
        given.set(input, moved);
        return interpret(program, given, false).outputs.get('y') ?? [];
      }

      // Oracle: central differences of sum eps y.
      test('messages are derivatives', () => {
        opCase.shapes.forEach((shape, slot) => {
          const message = outputs.get(`vjp${slot}`) as Float64Array;
          expect(message.length).toBe(sizeOf(shape));
          if (op.indices?.slot === slot) {
            // Whole numbers have no derivative.
            expect(message.every((x) => x === 0)).toBe(true);
            return;
          }
          // Large cases are there for the kernels' edges: a few elements do.
          const step = Math.ceil(message.length / 20);
          for (let i = 0; i < message.length; i += step) {
            const input = `in${slot}`;
            // Differences first: elements that do not depend on it give 0.
            const [above, below] = [along(input, i, H), along(input, i, -H)];
            const change = Array.from(above).reduce(
              (sum, y, k) => sum + (y - below[k]) * eps[k],
              0,
            );
            const slope = change / (2 * H);
            const error = Math.abs(message[i] - slope);
            expect(error).toBeLessThan(TOLERANCE * (1 + Math.abs(slope)));
          }
        });
      });

      // Oracle: the message made alone, and one addition.
      test('a base is added to', () => {
        opCase.shapes.forEach((_, slot) => {
          const base = feeds.get(`base${slot}`) as Float32Array;
          const message = outputs.get(`vjp${slot}`) as Float64Array;
          const sum = outputs.get(`sum${slot}`) as Float64Array;
          for (let i = 0; i < sum.length; i++) {
            expect(sum[i]).toBe(base[i] + message[i]);
          }
        });
      });
    },
  );
});

describe.each(losses.map((loss) => [loss.name, loss] as const))(
  'loss %s',
  (_, loss) => {
    const shape = [3, 4];
    const op = ops[0];
    const y = Float64Array.from(drawn(op, 12, 'y'));
    // Positive rows, not one-hot and not of mass 1: both losses take them.
    const target = drawn(op, 12, 'target').map(Math.abs);

    function run(divisor: number, values: Float64Array) {
      const recorder = new Recorder();
      const output = recorder.feed('y', 12);
      const t = recorder.feed('t', 12);
      const { emit } = recorder;
      recorder.output('eps', loss.error(emit, output, t, shape, divisor));
      recorder.output('loss', loss.value(emit, output, t, shape, divisor));
      const given = new Map<string, ArrayLike<number>>([
        ['y', values],
        ['t', target],
      ]);
      return interpret(recorder.finish({ live: true }), given, false).outputs;
    }

    // Oracle: central differences of the loss's own value.
    test.each([1, 3])('its error is its derivative, divisor %s', (divisor) => {
      const eps = run(divisor, y).get('eps') as Float64Array;
      for (let i = 0; i < y.length; i++) {
        const at = (by: number) => {
          const moved = y.slice();
          moved[i] += by;
          return (run(divisor, moved).get('loss') as Float64Array)[0];
        };
        const slope = (at(H) - at(-H)) / (2 * H);
        expect(Math.abs(eps[i] - slope)).toBeLessThan(TOLERANCE);
      }
    });
  },
);

// Worked by hand.
test('losses of known value', () => {
  const values = (name: string, y: number[], t: number[], divisor: number) => {
    const recorder = new Recorder();
    const loss = losses.find((l) => l.name === name)!;
    const output = recorder.feed('y', y.length);
    const target = recorder.feed('t', t.length);
    const { emit } = recorder;
    const shape = [2, y.length / 2];
    recorder.output('loss', loss.value(emit, output, target, shape, divisor));
    const given = new Map([
      ['y', y],
      ['t', t],
    ]);
    const program = recorder.finish({ live: true });
    return interpret(program, given, false).outputs.get('loss')![0];
  };
  expect(values('half_sse', [1, 2, 3, 4], [1, 0, 0, 4], 1)).toBe(6.5);
  expect(values('half_sse', [1, 2, 3, 4], [1, 0, 0, 4], 2)).toBe(3.25);
  const xent = values('softmax_xent', [0, 0, 9, 9], [1, 0, 0, 1], 2);
  expect(xent).toBeCloseTo(Math.log(2), 14);
  // Shifting by the maximum keeps large outputs finite.
  expect(values('softmax_xent', [1e3, 0, 0, 1e3], [1, 0, 1, 0], 1)).toBe(1e3);
});
