/** Moments and densities of numbers, as of weights. */

import type { FloatArray } from '../../base/tensor.ts';

export interface Moments {
  readonly elements: number;
  readonly mean: number;
  readonly deviation: number;
  readonly skewness: number;
  readonly kurtosis: number;
  readonly least: number;
  readonly most: number;
}

/** Moments of at least one value, dividing by their number. */
export function momentsOf(values: FloatArray | readonly number[]): Moments {
  const n = values.length;
  let [mean, least, most] = [0, Number.POSITIVE_INFINITY, -Infinity];
  for (const value of values) {
    mean += value / n;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  let [second, third, fourth] = [0, 0, 0];
  for (const value of values) {
    const d = value - mean;
    second += d ** 2 / n;
    third += d ** 3 / n;
    fourth += d ** 4 / n;
  }
  const deviation = Math.sqrt(second);
  return {
    elements: n,
    mean,
    deviation,
    skewness: second === 0 ? 0 : third / deviation ** 3,
    kurtosis: second === 0 ? 0 : fourth / second ** 2 - 3,
    least,
    most,
  };
}

/**
 * The deviation of n values uniform in +-1/sqrt(inputs) is 1/sqrt(3 inputs). Its
 * standard error is deviation sqrt((kurtosis + 2) / 4n), with kurtosis -1.2.
 */
export function uniformOff(
  { deviation, elements }: Pick<Moments, 'deviation' | 'elements'>,
  inputs: number,
): { expected: number; off: number } {
  const expected = 1 / Math.sqrt(3 * inputs);
  const error = expected * Math.sqrt(0.8 / (4 * elements));
  return { expected, off: (deviation - expected) / error };
}

/** Parts of the values per unit, in bins from the least to the greatest. */
export function densityOf(
  values: FloatArray | readonly number[],
  { least, most }: Pick<Moments, 'least' | 'most'>,
  bins: number,
): { places: number[]; density: number[] } {
  const wide = (most - least) / bins || 1;
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    counts[Math.min(bins - 1, Math.floor((value - least) / wide))]! += 1;
  }
  return {
    places: counts.map((_, i) => least + (i + 0.5) * wide),
    density: counts.map((count) => count / values.length / wide),
  };
}
