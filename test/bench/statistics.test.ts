/** Oracle: exact power laws, and statistics that were worked out by hand. */

import { describe, expect, test } from 'vitest';
import {
  fitExponent,
  line,
  median,
  summarise,
} from '../../bench/statistics.ts';

describe('order statistics', () => {
  test('quartiles lie between values where they fall between them', () => {
    const found = summarise([4, 1, 3, 2]);
    const expected = { n: 4, min: 1, q1: 1.75, median: 2.5, q3: 3.25 };
    expect(found).toEqual(expected);
  });

  test('of five values they are the second, third and fourth', () => {
    const found = summarise([50, 10, 40, 20, 30]);
    expect(found).toEqual({ n: 5, min: 10, q1: 20, median: 30, q3: 40 });
  });

  test('one value is all of them, and none is no number', () => {
    expect(summarise([7])).toEqual({ n: 1, min: 7, q1: 7, median: 7, q3: 7 });
    expect(median([])).toBeNaN();
  });

  test('the values stay in their order', () => {
    const values = [3, 1, 2];
    summarise(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('the line of least squares', () => {
  test('goes through points that lie on one, without error', () => {
    const found = line([1, 2, 5].map((x) => [x, 3 - 2 * x] as const));
    expect(found.slope).toBeCloseTo(-2, 12);
    expect(found.intercept).toBeCloseTo(3, 12);
    expect(found.error).toBeCloseTo(0, 12);
  });

  test('has the standard error that was worked out by hand', () => {
    // Residuals -1/6, 1/3, -1/6: sqrt((1/6) / (3 - 2) / 2).
    const found = line([
      [0, 0],
      [1, 1],
      [2, 1],
    ]);
    expect(found.slope).toBeCloseTo(0.5, 12);
    expect(found.intercept).toBeCloseTo(1 / 6, 12);
    expect(found.error).toBeCloseTo(Math.sqrt(1 / 12), 12);
  });
});

describe('fitted exponents', () => {
  test.each([0, 1, 1.5, 2, -1])('of x^%s', (power) => {
    const points = [1, 2, 4, 8, 16, 32].map(
      (x) => [x, 3 * x ** power] as const,
    );
    const fit = fitExponent(points);
    expect(fit?.exponent).toBeCloseTo(power, 10);
    expect(fit?.error).toBeCloseTo(0, 10);
  });

  test('are those of the upper half, in whatever order points come', () => {
    const law = (x: number) => (x < 10 ? 100 : x ** 2);
    const points = [80, 1, 40, 2, 20, 4, 10, 8].map(
      (x) => [x, law(x)] as const,
    );
    const fit = fitExponent(points);
    expect(fit).toMatchObject({ from: 10, to: 80, points: 4 });
    expect(fit?.exponent).toBeCloseTo(2, 10);
  });

  test('take three points where there are so many, and say nothing of one', () => {
    const points = [1, 2, 4, 8].map((x) => [x, x] as const);
    expect(fitExponent(points)).toMatchObject({ from: 2, to: 8, points: 3 });
    const two = fitExponent(points.slice(0, 2));
    expect(two).toMatchObject({ points: 2, error: null });
    expect(two?.exponent).toBeCloseTo(1, 12);
    expect(fitExponent(points.slice(0, 1))).toBeNull();
  });
});
