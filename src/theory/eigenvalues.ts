import { NonFiniteError, ShapeError } from '../base/errors.ts';
import {
  abs,
  add,
  type Complex,
  complex,
  conjugate,
  divide,
  multiply,
  scale,
  sqrt,
  subtract,
} from './complex.ts';

/**
 * Eigenvalues of small real matrices: Hessenberg form, then the QR iteration
 * in complex numbers with Wilkinson's shift (G. H. Golub and C. F. Van Loan,
 * "Matrix Computations", chapter 7).
 */

/** Iterations for one eigenvalue; some two or three are usual. */
const MOST_STEPS = 100;

/** Beside a largest number of about 1; its reciprocal is finite. */
const TINY = 1e-200;

/** Of an imaginary part, beside a largest number of about 1, per row. */
const ROUNDING = 4 * Number.EPSILON;

/** After so many without success a shift that breaks symmetry is tried. */
const ODD_SHIFT = 10;

/**
 * @param matrix n rows of n finite numbers
 * @returns n numbers, a multiple one so many times, in no stated order
 * @throws ShapeError if the matrix is not square
 * @throws NonFiniteError if it holds NaN or an infinity
 */
export function eigenvalues(
  matrix: readonly ArrayLike<number>[],
): readonly Complex[] {
  const numbers = checked(matrix);
  const largest = numbers.reduce(
    (most, row) => Math.max(most, ...row.map((value) => abs(value))),
    0,
  );
  // A power of 2, which rounds nothing, brings all into one range.
  const unit = 2 ** Math.floor(Math.log2(largest || 1));
  const { alone, rest } = isolated(
    numbers.map((row) => row.map((value) => over(value, unit))),
  );
  const h = hessenberg(rest);
  const found = alone.map((mu) => scale(mu, unit));
  for (let last = h.length - 1, steps = 0; last >= 0; ) {
    let first = last;
    while (first > 0 && !negligible(h, first)) first -= 1;
    if (first === last) {
      const { re, im } = h[last]![last]!;
      // What rounding leaves of a real eigenvalue is no oscillation.
      const real = Math.abs(im) <= ROUNDING * h.length;
      found.push(scale(complex(re, real ? 0 : im), unit));
      last -= 1;
      steps = 0;
      continue;
    }
    if (steps === MOST_STEPS) {
      throw new NonFiniteError(
        `The eigenvalues of a ${h.length} x ${h.length} matrix do not ` +
          `settle within ${MOST_STEPS} steps: scale its numbers`,
        { size: h.length, steps: MOST_STEPS },
      );
    }
    steps += 1;
    const shift =
      steps % ODD_SHIFT === 0
        ? complex(1.5 * abs(h[last]![last - 1]!), 0.5 * abs(h[last]![last]!))
        : wilkinson(h, last);
    sweep(h, first, last, shift);
  }
  return found;
}

function checked(matrix: readonly ArrayLike<number>[]): Complex[][] {
  const n = matrix.length;
  return matrix.map((row, i) => {
    if (row.length !== n) {
      throw new ShapeError(
        `Row ${i} of a matrix of ${n} rows has ${row.length} numbers: ` +
          'eigenvalues are of square matrices',
        { rows: n, row: i, length: row.length },
      );
    }
    return Array.from(row, (value, j) => {
      if (Number.isFinite(value)) return complex(value);
      throw new NonFiniteError(
        `A matrix holds ${value} at row ${i}, column ${j}: values must be ` +
          'finite numbers',
        { row: i, column: j, value },
      );
    });
  });
}

/**
 * Eigenvalues that stand on the diagonal because nothing leads on from their
 * row or to their column, and the matrix without them. So those of a network
 * without loops are exact: as roots that meet in one they would be blurred.
 */
function isolated(matrix: Complex[][]): {
  alone: Complex[];
  rest: Complex[][];
} {
  const alone: Complex[] = [];
  let left = matrix.map((_, i) => i);
  const none = (i: number, j: number) => i === j || abs(matrix[i]![j]!) === 0;
  for (;;) {
    const at = left.find(
      (i) => left.every((j) => none(i, j)) || left.every((j) => none(j, i)),
    );
    if (at === undefined) break;
    alone.push(matrix[at]![at]!);
    left = left.filter((i) => i !== at);
  }
  return { alone, rest: left.map((i) => left.map((j) => matrix[i]![j]!)) };
}

/** Elimination below the first subdiagonal, by similarity, with pivots. */
function hessenberg(h: Complex[][]): Complex[][] {
  const n = h.length;
  for (let k = 1; k < n - 1; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) {
      if (abs(h[i]![k - 1]!) > abs(h[pivot]![k - 1]!)) pivot = i;
    }
    if (abs(h[pivot]![k - 1]!) === 0) continue;
    [h[k], h[pivot]] = [h[pivot]!, h[k]!];
    for (const row of h) [row[k], row[pivot]] = [row[pivot]!, row[k]!];
    for (let i = k + 1; i < n; i++) {
      const factor = divide(h[i]![k - 1]!, h[k]![k - 1]!);
      h[i] = h[i]!.map((value, j) =>
        subtract(value, multiply(factor, h[k]![j]!)),
      );
      for (const row of h) row[k] = add(row[k]!, multiply(factor, row[i]!));
    }
  }
  return h;
}

/** A subdiagonal number that rounding hides; it becomes 0. */
function negligible(h: Complex[][], at: number): boolean {
  const around = abs(h[at - 1]![at - 1]!) + abs(h[at]![at]!);
  if (abs(h[at]![at - 1]!) > Math.max(Number.EPSILON * around, TINY))
    return false;
  h[at]![at - 1] = complex(0);
  return true;
}

function over(value: Complex, divisor: number): Complex {
  return complex(value.re / divisor, value.im / divisor);
}

/** The eigenvalue of the last 2 x 2 block that is nearer to its corner. */
function wilkinson(h: Complex[][], last: number): Complex {
  const [a, b] = [h[last - 1]![last - 1]!, h[last - 1]![last]!];
  const [c, d] = [h[last]![last - 1]!, h[last]![last]!];
  const half = scale(subtract(a, d), 0.5);
  const product = multiply(b, c);
  const root = sqrt(add(multiply(half, half), product));
  const [plus, minus] = [add(half, root), subtract(half, root)];
  const larger = abs(plus) > abs(minus) ? plus : minus;
  return abs(larger) === 0 ? d : subtract(d, divide(product, larger));
}

/** One step H - s = Q R, H <- R Q + s on rows first .. last, by rotations. */
function sweep(h: Complex[][], first: number, last: number, s: Complex): void {
  for (let i = first; i <= last; i++) h[i]![i] = subtract(h[i]![i]!, s);
  const turns: (readonly [Complex, Complex])[] = [];
  for (let k = first; k < last; k++) {
    const [x, y] = [h[k]![k]!, h[k + 1]![k]!];
    const size = Math.hypot(abs(x), abs(y));
    const cos = size === 0 ? complex(1) : over(x, size);
    const sin = size === 0 ? complex(0) : over(y, size);
    turns.push([cos, sin]);
    for (let j = k; j <= last; j++) {
      const [upper, lower] = [h[k]![j]!, h[k + 1]![j]!];
      h[k]![j] = add(
        multiply(conjugate(cos), upper),
        multiply(conjugate(sin), lower),
      );
      h[k + 1]![j] = subtract(multiply(cos, lower), multiply(sin, upper));
    }
  }
  for (const [k, [cos, sin]] of turns.entries()) {
    const column = first + k;
    const below = Math.min(last, column + 1);
    for (let i = first; i <= below; i++) {
      const [left, right] = [h[i]![column]!, h[i]![column + 1]!];
      h[i]![column] = add(multiply(left, cos), multiply(right, sin));
      h[i]![column + 1] = subtract(
        multiply(right, conjugate(cos)),
        multiply(left, conjugate(sin)),
      );
    }
  }
  for (let i = first; i <= last; i++) h[i]![i] = add(h[i]![i]!, s);
}
