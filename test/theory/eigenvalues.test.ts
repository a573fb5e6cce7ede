import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NonFiniteError, ShapeError } from '../../src/base/errors.ts';
import { abs, type Complex, subtract } from '../../src/theory/complex.ts';
import { eigenvalues } from '../../src/theory/eigenvalues.ts';
import { complexDeterminant, square } from './determinant.ts';

/** Largest distance when each number wanted takes the nearest one left. */
function distance(found: readonly Complex[], wanted: readonly Complex[]) {
  const left = [...found];
  expect(left).toHaveLength(wanted.length);
  return wanted.reduce((most, one) => {
    const sizes = left.map((other) => abs(subtract(other, one)));
    const least = Math.min(...sizes);
    left.splice(sizes.indexOf(least), 1);
    return Math.max(most, least);
  }, 0);
}

const roots = (n: number): Complex[] =>
  Array.from({ length: n }, (_, k) => ({
    re: Math.cos((2 * Math.PI * k) / n),
    im: Math.sin((2 * Math.PI * k) / n),
  }));

describe('eigenvalues', () => {
  // Oracle: a cycle's are the roots of unity. The plain iteration stands
  // still on them: they are all of one size.
  it.each([1, 2, 3, 4, 5, 8, 12])('of a cycle of %i', (n) => {
    const cycle = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => (j === (i + 1) % n ? 1 : 0)),
    );
    expect(distance(eigenvalues(cycle), roots(n))).toBeLessThan(1e-13);
  });

  // Oracle: by hand.
  it.each([
    [[[3]], [[3, 0]]],
    [
      [
        [0, 0],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      [
        [2, 1],
        [0, 2],
      ],
      [
        [2, 0],
        [2, 0],
      ],
    ],
    [
      [
        [0, -1],
        [1, 0],
      ],
      [
        [0, 1],
        [0, -1],
      ],
    ],
    // [[1.5, -2], [2.5, -1]]: (1/4) +- sqrt(1/16 - 3.5) = .25 +- 1.854 i.
    [
      [
        [1.5, -2],
        [2.5, -1],
      ],
      [
        [0.25, 13.75 ** 0.5 / 2],
        [0.25, -(13.75 ** 0.5) / 2],
      ],
    ],
    [
      [
        [1, 2, 3],
        [0, 4, 5],
        [0, 0, 6],
      ],
      [
        [1, 0],
        [4, 0],
        [6, 0],
      ],
    ],
    [
      [
        [1e-150, 0],
        [0, 1e150],
      ],
      [
        [1e-150, 0],
        [1e150, 0],
      ],
    ],
  ] as const)('of %j', (matrix, pairs) => {
    const wanted = pairs.map(([re, im]) => ({ re, im }));
    const size = Math.max(...wanted.map(abs));
    expect(distance(eigenvalues(matrix), wanted)).toBeLessThanOrEqual(
      1e-14 * size,
    );
  });

  // Oracle: sum and product of all are trace and determinant, and each makes
  // the determinant of A - mu I vanish.
  it('of any matrix', () => {
    fc.assert(
      fc.property(square(8), (matrix) => {
        const n = matrix.length;
        const found = eigenvalues(matrix);
        expect(found).toHaveLength(n);
        const norm = Math.max(
          1e-300,
          ...matrix.flatMap((row) => row.map(Math.abs)),
        );
        const sum = found.reduce((total, { re }) => total + re, 0);
        const trace = matrix.reduce((total, row, i) => total + row[i], 0);
        expect(Math.abs(sum - trace)).toBeLessThan(1e-12 * n * norm);
        const imaginary = found.reduce((total, { im }) => total + im, 0);
        expect(Math.abs(imaginary)).toBeLessThan(1e-12 * n * norm);
        for (const mu of found) {
          const shifted = matrix.map((row, i) =>
            row.map((value, j) => ({
              re: (value - (i === j ? mu.re : 0)) / (n * norm),
              im: i === j ? -mu.im / (n * norm) : 0,
            })),
          );
          expect(abs(complexDeterminant(shifted))).toBeLessThan(1e-13);
        }
      }),
      { numRuns: 500 },
    );
  });

  // Oracle: without loops they are the diagonal, in whatever order the units
  // are numbered.
  it('of a network without loops, exactly', () => {
    const order = [3, 0, 5, 1, 4, 2];
    const matrix = order.map((i) =>
      order.map((j) => (i > j ? Math.sin(7 * i + j) : i === j ? i / 3 : 0)),
    );
    const found = eigenvalues(matrix);
    expect(found.every(({ im }) => im === 0)).toBe(true);
    expect(found.map(({ re }) => re).sort((a, b) => a - b)).toEqual(
      [0, 1, 2, 3, 4, 5].map((i) => i / 3),
    );
  });

  it('refuses what is no square of numbers', () => {
    expect(eigenvalues([])).toEqual([]);
    expect(() => eigenvalues([[1, 2]])).toThrow(ShapeError);
    expect(() => eigenvalues([[Number.NaN]])).toThrow(NonFiniteError);
  });
});
