/**
 * Exponent p of y = c x^p by the slope of log y over log x, on the larger half
 * of the points (three at least, where there are so many): what is constant
 * hides the growth of small ones. Null for fewer than two points above 0.
 */
export function fitPower(
  points: readonly (readonly [x: number, y: number])[],
): number | null {
  const sorted = points
    .filter(([x, y]) => x > 0 && y > 0)
    .sort(([a], [b]) => a - b)
    .map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const upper = sorted.slice(-Math.max(3, Math.ceil(sorted.length / 2)));
  if (upper.length < 2) return null;
  const mean = (of: (point: readonly [number, number]) => number) =>
    upper.reduce((sum, point) => sum + of(point), 0) / upper.length;
  const x = mean(([a]) => a);
  const y = mean(([, b]) => b);
  return mean(([a, b]) => (a - x) * (b - y)) / mean(([a]) => (a - x) ** 2);
}
