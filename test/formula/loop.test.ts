/** Loops of formulas in JavaScript, and what is refused. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GraphError, OptionError } from '../../src/base/errors.ts';
import type { FloatArray } from '../../src/base/tensor.ts';
import {
  type Expression,
  parseExpression,
} from '../../src/formula/expression.ts';
import { jsLoop, type LoopSpec } from '../../src/formula/loop.ts';
import { difference, type Layout, layouts, specs } from './loops.ts';

type Value = number | boolean;

/** The meaning of an expression, by walking the tree. */
function meaning(
  e: Expression,
  values: ReadonlyMap<string, Value>,
  round: (x: number) => number,
): Value {
  const value = (inner: Expression) => meaning(inner, values, round);
  const of = (inner: Expression) => Number(value(inner));
  switch (e.kind) {
    case 'number':
      return round(e.value);
    case 'name':
      return values.get(e.name) as Value;
    case 'negate':
      return -of(e.operand);
    case 'call': {
      const [a, b, c] = e.args;
      if (e.name === 'where') return value(a) ? value(b) : value(c);
      return e.name === 'abs' ? Math.abs(of(a)) : round(Math.sqrt(of(a)));
    }
    case 'binary': {
      const [a, b] = [of(e.left), of(e.right)];
      switch (e.operator) {
        case '+':
          return round(a + b);
        case '-':
          return round(a - b);
        case '*':
          return round(a * b);
        case '/':
          return round(a / b);
        case '<':
          return a < b;
        case '<=':
          return a <= b;
        case '>':
          return a > b;
        case '>=':
          return a >= b;
        case '==':
          return a === b;
        default:
          return a !== b;
      }
    }
  }
}

/** A pass, by the words of LoopSpec. */
function interpret(
  spec: LoopSpec,
  single: boolean,
  floats: FloatArray,
  u32: Uint32Array,
  { offsets, constants, n, words, bit }: Layout,
): number {
  const round = single ? Math.fround : (x: number) => x;
  let marked = 0;
  for (let i = 0; i < n; i++) {
    const values = new Map<string, Value>();
    const of = (text: string) => meaning(parseExpression(text), values, round);
    for (const [k, name] of spec.arrays.entries()) {
      values.set(name, floats[offsets[k] + i]);
    }
    for (const [k, name] of spec.constants.entries()) {
      values.set(name, round(constants[k]));
    }
    for (const [name, formula] of spec.lets) values.set(name, of(formula));
    const holds = spec.marks !== undefined && of(spec.marks);
    const stored = spec.stores.map(([name, formula]) => {
      return [spec.arrays.indexOf(name), Number(of(formula))];
    });
    for (const [k, value] of stored) floats[offsets[k] + i] = value;
    if (!holds) continue;
    u32[words + i] = Number(BigInt(u32[words + i]) | BigInt(bit));
    marked += 1;
  }
  return marked;
}

const spec = (parts: Partial<LoopSpec>): LoopSpec => ({
  arrays: ['x', 'y'],
  constants: ['c'],
  lets: [],
  stores: [],
  ...parts,
});

describe.each([
  ['float32', true],
  ['float64', false],
] as const)('loops in %s', (_, single) => {
  const Floats = single ? Float32Array : Float64Array;

  // Oracle: an interpreter that goes element by element.
  test('do what their formulas mean', () => {
    let marked = 0;
    let finite = 0;
    fc.assert(
      fc.property(specs, layouts, (loop, layout) => {
        const [mine, right] = [0, 0].map(() => Floats.from(layout.floats));
        const [bits, rightBits] = [0, 0].map(() =>
          Uint32Array.from(layout.u32),
        );
        const { offsets, constants, n, words, bit } = layout;
        const run = jsLoop(loop, single)(mine, bits);
        const at = offsets.slice(0, loop.arrays.length);
        for (let pass = 0; pass < 3; pass++) {
          const count = run(at, constants, n, words, bit);
          expect(count).toBe(interpret(loop, single, right, rightBits, layout));
          marked += count;
        }
        expect(difference(mine, right)).toBeNull();
        expect(bits).toEqual(rightBits);
        if (Number.isFinite(mine[at[0]])) finite += 1;
      }),
      { numRuns: 300 },
    );
    // Else the comparison would be of NaN with NaN.
    expect(marked).toBeGreaterThan(100);
    expect(finite).toBeGreaterThan(100);
  });

  // Oracle: arithmetic by hand.
  test('load before they store, and store in order', () => {
    const floats = Floats.of(1, 2, 3, 10, 20, 30);
    const swap = spec({
      stores: [
        ['x', 'y'],
        ['y', 'x'],
      ],
    });
    jsLoop(swap, single)(floats, new Uint32Array())([0, 3], [0], 3, 0, 1);
    expect([...floats]).toEqual([10, 20, 30, 1, 2, 3]);
    const sum = spec({
      stores: [
        ['x', 'x + 1'],
        ['y', 'x + 2'],
      ],
    });
    jsLoop(sum, single)(floats, new Uint32Array())([0, 0], [0], 3, 0, 1);
    expect([...floats]).toEqual([12, 22, 32, 1, 2, 3]);
  });

  // Oracle: arithmetic by hand. Large arrays have a program of their own.
  test('of one spec do not meet, however large', () => {
    const add = spec({ stores: [['x', 'x + c']], marks: 'x > 0' });
    const sizes = [2, 2, 4096, 4096];
    const runs = sizes.map((size) => {
      const floats = new Floats(size);
      const u32 = new Uint32Array(size);
      return { floats, u32, loop: jsLoop(add, single)(floats, u32) };
    });
    runs.forEach(({ loop }, k) => {
      expect(loop([0, 0], [k + 1], 2, 0, 4)).toBe(0);
      expect(loop([0, 0], [k + 1], 1, 0, 4)).toBe(1);
    });
    runs.forEach(({ floats, u32 }, k) => {
      expect([...floats.subarray(0, 3)]).toEqual(
        [2 * k + 2, k + 1, 0].slice(0, floats.length),
      );
      expect([...u32.subarray(0, 2)]).toEqual([4, 0]);
    });
  });

  test('are refused arrays of the other precision', () => {
    const other = single ? new Float64Array(2) : new Float32Array(2);
    const bind = jsLoop(spec({}), single);
    expect(() => bind(other, new Uint32Array(2))).toThrow(OptionError);
  });
});

describe('what a loop may not be', () => {
  test.each<[Partial<LoopSpec>, RegExp]>([
    [{ stores: [['x', 'z + 1']] }, /"z \+ 1" uses "z".*use x, y, c$/],
    [{ lets: [['a', 'a + 1']] }, /"a \+ 1" uses "a"/],
    [
      {
        lets: [
          ['a', 'b'],
          ['b', 'x'],
        ],
      },
      /"b" uses "b"/,
    ],
    [{ marks: 'x > threshold' }, /uses "threshold"/],
    [{ stores: [['x', 'Math']] }, /uses "Math"/],
    [{ stores: [['x', 'constructor']] }, /uses "constructor"/],
    [{ stores: [['x', 'where(x, -(y), abs(q))']] }, /uses "q"/],
    [{ stores: [['z', 'x']] }, /stores to "z".*use one of x, y/],
    [{ stores: [['c', 'x']] }, /stores to "c"/],
    [{ lets: [['a', 'x']], stores: [['a', 'x']] }, /stores to "a"/],
    [
      {
        stores: [
          ['x', '1'],
          ['x', '2'],
        ],
      },
      /stores to "x" twice/,
    ],
    [{ arrays: ['x', 'x'] }, /name "x" twice/],
    [{ constants: ['x'] }, /name "x" twice/],
    [{ lets: [['c', 'x']] }, /name "c" twice/],
    [{ stores: [['x', 'x; y']] }, /unknown character/],
    [{ marks: 'process.exit()' }, /unknown character/],
    [{ marks: 'eval(x)' }, /cannot be read/],
    [{ lets: [['a', '']] }, /cannot be read/],
  ])('%j', (parts, message) => {
    expect(() => jsLoop(spec(parts), false)).toThrow(GraphError);
    expect(() => jsLoop(spec(parts), true)).toThrow(message);
  });

  // Oracle: nothing is thrown, though no name here may be written in a program.
  test('names are data, whatever they are', () => {
    const names = ['x = 0; throw 1', '} } //', 'a\nb'];
    const loop = spec({ arrays: names, lets: [['"`', '2']] });
    const run = jsLoop(loop, false)(new Float64Array(3), new Uint32Array(1));
    expect(run([0, 1, 2], [0], 1, 0, 1)).toBe(0);
  });
});
