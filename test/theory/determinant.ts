import fc from 'fast-check';
import {
  abs,
  type Complex,
  complex,
  divide,
  multiply,
  scale,
  subtract,
} from '../../src/theory/complex.ts';

/** Oracles of the theory of linear networks: determinants, by elimination. */

export function complexDeterminant(matrix: readonly Complex[][]): Complex {
  const rows = matrix.map((row) => [...row]);
  let product = complex(1);
  for (let k = 0; k < rows.length; k++) {
    let pivot = k;
    for (let i = k + 1; i < rows.length; i++) {
      if (abs(rows[i][k]) > abs(rows[pivot][k])) pivot = i;
    }
    if (abs(rows[pivot][k]) === 0) return complex(0);
    if (pivot !== k) {
      [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
      product = scale(product, -1);
    }
    product = multiply(product, rows[k][k]);
    for (let i = k + 1; i < rows.length; i++) {
      const factor = divide(rows[i][k], rows[k][k]);
      rows[i] = rows[i].map((value, j) =>
        subtract(value, multiply(factor, rows[k][j])),
      );
    }
  }
  return product;
}

/** Square matrices of 1 to `most` rows; zeros and equal numbers are common. */
export function square(most: number): fc.Arbitrary<number[][]> {
  const value = fc.oneof(
    fc.integer({ min: -2, max: 2 }),
    fc.double({ min: -3, max: 3, noNaN: true }),
  );
  return fc.integer({ min: 1, max: most }).chain((n) =>
    fc.array(fc.array(value, { minLength: n, maxLength: n }), {
      minLength: n,
      maxLength: n,
    }),
  );
}
