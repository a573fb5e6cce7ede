/**
 * The Binomial distribution. With predictions fixed, an inference step of size
 * gamma carries an error on by one edge with weight gamma and keeps it where
 * it is with weight 1 - gamma: what has come k edges far after n steps is a
 * matter of coin tosses.
 */

/** P(Binomial(n, p) = j) for j = 0 ... n, each to about n roundings. */
export function binomial(n: number, p: number): Float64Array {
  const mass = new Float64Array(n + 1);
  if (p === 0 || p === 1) {
    mass[n * p] = 1;
    return mass;
  }
  // From the mode down both ways: nothing large is lost below the range.
  const mode = Math.min(n, Math.floor((n + 1) * p));
  const odds = p / (1 - p);
  mass[mode] = 1;
  for (let j = mode; j < n; j++) {
    mass[j + 1] = (mass[j]! * odds * (n - j)) / (j + 1);
  }
  for (let j = mode; j > 0; j--) {
    mass[j - 1] = (mass[j]! * j) / (odds * (n - j + 1));
  }
  const total = mass.reduce((sum, each) => sum + each, 0);
  return mass.map((each) => each / total);
}

/** P(Binomial(n, p) < k), added up from the least: it may be far below 1. */
export function binomialBelow(n: number, p: number, k: number): number {
  const mass = binomial(n, p);
  return mass.slice(0, Math.max(0, k)).reduce((sum, each) => sum + each, 0);
}
