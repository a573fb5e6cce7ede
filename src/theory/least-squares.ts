/** Linear least squares by Householder's reflections, in float64. */

/** A column that has less left of itself than this depends on others. */
const DEPENDENT = 1e-11;

/**
 * Finds X that makes ||A X - B|| least. A column that is 0, or a sum of
 * multiples of columns before it, gets the coefficient 0.
 *
 * @param a columns of A, each of m numbers; they are overwritten
 * @param b columns of B, each of m numbers; they are overwritten
 * @returns for each column of B its coefficients, one per column of A
 */
export function leastSquares(
  a: readonly Float64Array[],
  b: readonly Float64Array[],
): readonly Float64Array[] {
  const sizes = a.map((column) => norm(column, 0));
  /** Column of each row of the triangle; columns that depend have none. */
  const kept: number[] = [];
  for (const [j, column] of a.entries()) {
    const row = kept.length;
    const left = norm(column, row);
    if (!(left > DEPENDENT * sizes[j]!)) continue;
    kept.push(j);
    const diagonal = column[row]! > 0 ? -left : left;
    const mirror = column.slice(row);
    mirror[0]! -= diagonal;
    for (const other of a.slice(j + 1)) reflect(mirror, other, row);
    for (const side of b) reflect(mirror, side, row);
    column[row] = diagonal;
  }
  return b.map((side) => {
    const x = new Float64Array(a.length);
    for (let row = kept.length - 1; row >= 0; row--) {
      let sum = side[row]!;
      for (const j of kept.slice(row + 1)) sum -= a[j]![row]! * x[j]!;
      x[kept[row]!] = sum / a[kept[row]!]![row]!;
    }
    return x;
  });
}

function norm(column: Float64Array, from: number): number {
  let sum = 0;
  for (let i = from; i < column.length; i++) sum += column[i]! ** 2;
  return Math.sqrt(sum);
}

/** Mirrors the numbers from `row` on at the plane across `mirror`. */
function reflect(mirror: Float64Array, column: Float64Array, row: number) {
  let along = 0;
  let square = 0;
  for (let i = 0; i < mirror.length; i++) {
    along += mirror[i]! * column[row + i]!;
    square += mirror[i]! ** 2;
  }
  const twice = (2 * along) / square;
  for (let i = 0; i < mirror.length; i++)
    column[row + i]! -= twice * mirror[i]!;
}
