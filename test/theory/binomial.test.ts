/** Oracle: Pascal's triangle in whole numbers, and the moments. */

import { describe, expect, test } from 'vitest';
import { binomial, binomialBelow } from '../../src/theory/binomial.ts';

/** C(n, j), exactly. */
function ways(n: number, j: number): bigint {
  let c = 1n;
  for (let i = 1; i <= j; i++) c = (c * BigInt(n - j + i)) / BigInt(i);
  return c;
}

describe('the Binomial distribution', () => {
  test.each([1, 7, 60])('of %i fair coins', (n) => {
    const mass = binomial(n, 0.5);
    expect(mass).toHaveLength(n + 1);
    mass.forEach((each, j) => {
      const exact = Number(ways(n, j)) / 2 ** n;
      expect(Math.abs(each / exact - 1)).toBeLessThan(1e-13);
    });
  });

  test.each([
    [200, 0.05],
    [5000, 0.3],
    [5000, 0.999],
  ])('has its mean and variance: n = %i, p = %f', (n, p) => {
    const mass = binomial(n, p);
    const moment = (of: (j: number) => number) =>
      mass.reduce((sum, each, j) => sum + each * of(j), 0);
    expect(moment(() => 1)).toBeCloseTo(1, 12);
    expect(moment((j) => j) / (n * p)).toBeCloseTo(1, 12);
    const variance = moment((j) => (j - n * p) ** 2);
    expect(variance / (n * p * (1 - p))).toBeCloseTo(1, 10);
  });

  test('is certain at p = 0 and p = 1', () => {
    expect([...binomial(3, 0)]).toEqual([1, 0, 0, 0]);
    expect([...binomial(3, 1)]).toEqual([0, 0, 0, 1]);
    expect([...binomial(0, 0.5)]).toEqual([1]);
  });

  test('keeps the small ends', () => {
    expect(binomialBelow(500, 0.5, 1) * 2 ** 500).toBeCloseTo(1, 12);
    expect(binomialBelow(500, 0.5, 2) * 2 ** 500).toBeCloseTo(501, 9);
    expect(binomialBelow(10, 0.3, 0)).toBe(0);
    expect(binomialBelow(10, 0.3, 11)).toBeCloseTo(1, 13);
  });
});
