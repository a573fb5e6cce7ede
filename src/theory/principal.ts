/**
 * Principal directions of columns, by one-sided Jacobi rotations (M. R.
 * Hestenes 1958): small singular values are as exact as large ones.
 */

export interface Principal {
  /** Orthogonal columns, the columns times the loadings; largest first. */
  readonly scores: readonly Float64Array[];
  /** One per score: a weight for each column; orthonormal. */
  readonly loadings: readonly Float64Array[];
}

const MOST_SWEEPS = 40;
const ORTHOGONAL = 1e-14;

/**
 * @param columns d columns of m numbers each
 * @param least size below which a score is dropped, beside the largest one
 */
export function principal(
  columns: readonly Float64Array[],
  least: number,
): Principal {
  const scores = columns.map((column) => column.slice());
  const loadings = columns.map((_, i) =>
    Float64Array.from(columns, (_, j) => (i === j ? 1 : 0)),
  );
  // What is far below those that are kept need not be told apart from them.
  const nothing =
    (1e-3 * least) ** 2 * Math.max(...scores.map((score) => dot(score, score)));
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let turned = false;
    for (let i = 0; i < scores.length; i++) {
      for (let j = i + 1; j < scores.length; j++) {
        const [a, b] = [scores[i]!, scores[j]!];
        const [aa, bb, ab] = [dot(a, a), dot(b, b), dot(a, b)];
        if (Math.min(aa, bb) <= nothing) continue;
        if (Math.abs(ab) <= ORTHOGONAL * Math.sqrt(aa * bb)) continue;
        turned = true;
        const cot = (bb - aa) / (2 * ab);
        const tan = Math.sign(cot || 1) / (Math.abs(cot) + Math.hypot(1, cot));
        rotate(a, b, tan);
        rotate(loadings[i]!, loadings[j]!, tan);
      }
    }
    if (!turned) break;
  }
  const sizes = scores.map((score) => Math.sqrt(dot(score, score)));
  const largest = Math.max(...sizes);
  const order = sizes
    .map((_, i) => i)
    .filter((i) => sizes[i]! > 0 && sizes[i]! >= least * largest)
    .sort((i, j) => sizes[j]! - sizes[i]!);
  return {
    scores: order.map((i) => scores[i]!),
    loadings: order.map((i) => loadings[i]!),
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function rotate(a: Float64Array, b: Float64Array, tan: number): void {
  const cos = 1 / Math.hypot(1, tan);
  const sin = tan * cos;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    a[i] = cos * x - sin * y;
    b[i] = sin * x + cos * y;
  }
}
