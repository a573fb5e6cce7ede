/** What is said of timings: order statistics, for machines that drift. */

export interface Summary {
  /** How many values there were. */
  readonly n: number;
  readonly min: number;
  /** Quartiles, between two values where they fall between them. */
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
}

/** The value below which a share of them lies; values must be sorted. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.ceil(at);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/** Summary of at least one value; of none, all NaN. */
export function summarise(values: readonly number[]): Summary {
  const n = values.length;
  if (n === 0) {
    const none = Number.NaN;
    return { n, min: none, q1: none, median: none, q3: none };
  }
  const sorted = [...values].sort((a, b) => a - b);
  return {
    n,
    min: sorted[0],
    q1: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    q3: quantile(sorted, 0.75),
  };
}

export const median = (values: readonly number[]): number =>
  summarise(values).median;

export interface Line {
  readonly slope: number;
  readonly intercept: number;
  /** Standard error of the slope; null for fewer than three points. */
  readonly error: number | null;
}

/** The straight line of least squares through at least two points. */
export function line(points: readonly (readonly [number, number])[]): Line {
  const n = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  let [squares, products] = [0, 0];
  for (const [x, y] of points) {
    squares += (x - meanX) ** 2;
    products += (x - meanX) * (y - meanY);
  }
  const slope = products / squares;
  const intercept = meanY - slope * meanX;
  let rest = 0;
  for (const [x, y] of points) rest += (y - intercept - slope * x) ** 2;
  const error = n < 3 ? null : Math.sqrt(rest / (n - 2) / squares);
  return { slope, intercept, error };
}

export interface Exponent {
  /** p of y = c x^p. */
  readonly exponent: number;
  /** Its standard error; null where two points were all. */
  readonly error: number | null;
  /** The x between which it was fitted, and how many points that were. */
  readonly from: number;
  readonly to: number;
  readonly points: number;
}

/**
 * Fits y = c x^p by the slope of log y over log x, on the upper half of the
 * points (three of them at least, where there are so many): what is constant
 * hides the growth of small ones. Null for fewer than two points.
 */
export function fitExponent(
  points: readonly (readonly [x: number, y: number])[],
): Exponent | null {
  if (points.length < 2) return null;
  const sorted = [...points].sort(([a], [b]) => a - b);
  const count = Math.max(3, Math.ceil(sorted.length / 2));
  const upper = sorted.slice(-count);
  const { slope, error } = line(
    upper.map(([x, y]) => [Math.log(x), Math.log(y)] as const),
  );
  return {
    exponent: slope,
    error,
    from: upper[0][0],
    to: upper[upper.length - 1][0],
    points: upper.length,
  };
}
