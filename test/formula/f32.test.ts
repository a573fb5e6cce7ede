/**
 * Accuracy of the float32 functions. Oracle: Math.* in float64, which is far
 * more accurate. Bounds are what was measured, rounded up a little.
 */

import { describe, expect, test } from 'vitest';
import { elementary32 } from '../../src/formula/js.ts';
import { fromBits } from '../ops/programs.ts';

const f32 = elementary32();

/** Distance between neighbouring float32 numbers at y. */
function ulp(y: number): number {
  const a = Math.max(Math.abs(y), 2 ** -126);
  return 2 ** (Math.floor(Math.log2(a)) - 23);
}

function worst(
  mine: (x: number) => number,
  right: (x: number) => number,
  [low, high]: readonly [number, number],
  unit: (y: number) => number = ulp,
): { error: number; x: number } {
  const n = 65_536;
  let at = { error: 0, x: 0 };
  for (let i = 0; i < n; i++) {
    const x = Math.fround(low + ((high - low) * (i + 0.5)) / n);
    const y = right(x);
    const error = Math.abs(mine(x) - y) / unit(y);
    if (!(error <= at.error)) at = { error, x };
  }
  return at;
}

const logarithm = (x: number) => f32.log(Math.fround(Math.exp(x)));
const bounds = [
  ['exp', f32.exp, Math.exp, [-87.3, 88.7], 1.5],
  ['tanh', f32.tanh, Math.tanh, [-10, 10], 2],
  ['tanh near 0', f32.tanh, Math.tanh, [-0.7, 0.7], 2],
  ['log', f32.log, Math.log, [1e-6, 4], 1.5],
  ['log of large', f32.log, Math.log, [4, 1e30], 1.5],
  ['sin', f32.sin, Math.sin, [-1.6, 1.6], 1.5],
  ['cos', f32.cos, Math.cos, [-1.5, 1.5], 2],
  ['tan', f32.tan, Math.tan, [-1.5, 1.5], 3],
] as const;

describe('float32 functions', () => {
  test.each(bounds)(
    '%s is right within a few ulps',
    (_, mine, right, range, most) => {
      const { error, x } = worst(mine, right, range);
      expect(error, `at x = ${x}`).toBeLessThan(most);
    },
  );

  // Large angles lose digits near the zeros, so the unit is that of 1.
  test.each([
    ['sin', f32.sin, Math.sin],
    ['cos', f32.cos, Math.cos],
  ] as const)('%s keeps its digits up to 8192', (_, mine, right) => {
    const { error, x } = worst(mine, right, [-8192, 8192], () => 2 ** -24);
    expect(error, `at x = ${x}`).toBeLessThan(3);
  });

  test('sqrt is correctly rounded', () => {
    const { error } = worst(f32.sqrt, Math.sqrt, [0, 100]);
    expect(error).toBeLessThanOrEqual(0.5);
  });

  test('values at the edges', () => {
    expect(f32.exp(0)).toBe(1);
    expect(f32.exp(Infinity)).toBe(Infinity);
    expect(f32.exp(-Infinity)).toBe(0);
    expect(f32.exp(89)).toBe(Infinity);
    expect(f32.exp(-88)).toBe(0);
    expect(f32.tanh(0)).toBe(0);
    expect(f32.tanh(Infinity)).toBe(1);
    expect(f32.tanh(-Infinity)).toBe(-1);
    expect(f32.log(1)).toBe(0);
    expect(f32.log(0)).toBe(-Infinity);
    expect(f32.log(-0)).toBe(-Infinity);
    expect(f32.log(-1)).toBeNaN();
    expect(f32.log(Infinity)).toBe(Infinity);
    expect(f32.log(1e-40)).toBeCloseTo(Math.log(Math.fround(1e-40)), 4);
    expect(f32.sin(0)).toBe(0);
    expect(f32.cos(0)).toBe(1);
    for (const f of [f32.exp, f32.tanh, f32.log, f32.sin, f32.cos, f32.tan]) {
      expect(f(Number.NaN)).toBeNaN();
    }
    for (const f of [f32.sin, f32.cos, f32.tan]) expect(f(Infinity)).toBeNaN();
    expect(logarithm(0)).toBe(0);
  });

  test('results are float32 numbers', () => {
    const all = [
      f32.exp,
      f32.tanh,
      f32.log,
      f32.sin,
      f32.cos,
      f32.tan,
      f32.sqrt,
    ];
    for (let i = 0; i < 65_536; i++) {
      const x = fromBits((i * 65_537) >>> 0);
      for (const f of all) {
        const y = f(x);
        if (!Object.is(Math.fround(y), y)) expect([f.name, x]).toBe(y);
      }
    }
  });

  // Oracle: symmetry, which holds for the bits too.
  test('odd functions are odd, cos is even, tanh and exp rise', () => {
    let [t, e] = [-1, 0];
    for (let x = -20; x <= 20; x = Math.fround(x + 0.01)) {
      expect(f32.tanh(-x)).toBe(-f32.tanh(x) + 0);
      expect(f32.tanh(x)).toBeGreaterThanOrEqual(t);
      expect(f32.exp(x)).toBeGreaterThan(e);
      [t, e] = [f32.tanh(x), f32.exp(x)];
    }
  });
});
