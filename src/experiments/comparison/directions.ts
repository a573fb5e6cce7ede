/**
 * Directions in the space of weights whose filters are as long as those of the
 * weights (Li et al. 2018): a step of 1 means the same for every filter,
 * whatever its scale.
 */

import { Random } from '../../base/random.ts';
import type { FloatArray } from '../../base/tensor.ts';

export interface Weight {
  readonly id: string;
  readonly shape: readonly number[];
  readonly values: FloatArray;
}

export type Direction = ReadonlyMap<string, Float64Array>;

/**
 * A random direction. Filters are the rows of a weight [filters, ...]: what
 * makes one unit of its layer. Biases and whatever has one axis stay as they
 * are, as in the paper. A filter of zeros has a direction of zeros.
 */
export function direction(
  weights: readonly Weight[],
  seed: number,
  name: string,
): Direction {
  return new Map(
    weights.map(({ id, shape, values }) => {
      const own = new Float64Array(values.length);
      if (shape.length < 2) return [id, own];
      const random = new Random(seed, `direction/${name}/${id}`);
      const size = values.length / shape[0]!;
      for (let from = 0; from < own.length; from += size) {
        for (let i = from; i < from + size; i++) own[i] = random.normal();
        const wanted = lengthOf(values.subarray(from, from + size));
        const scale = wanted / lengthOf(own.subarray(from, from + size));
        for (let i = from; i < from + size; i++) own[i]! *= scale;
      }
      return [id, own];
    }),
  );
}

/** Largest |length of a filter's direction / length of the filter - 1|. */
export function worstLength(
  weights: readonly Weight[],
  along: Direction,
): number {
  let worst = 0;
  for (const { id, shape, values } of weights) {
    if (shape.length < 2) continue;
    const size = values.length / shape[0]!;
    for (let from = 0; from < values.length; from += size) {
      const wanted = lengthOf(values.subarray(from, from + size));
      const found = lengthOf(along.get(id)!.subarray(from, from + size));
      worst = Math.max(
        worst,
        wanted === 0 ? found : Math.abs(found / wanted - 1),
      );
    }
  }
  return worst;
}

/** weights + a first + b second. */
export function moved(
  { id, values }: Weight,
  [a, b]: readonly [number, number],
  [first, second]: readonly [Direction, Direction],
): Float64Array {
  const [d, e] = [first.get(id)!, second.get(id)!];
  return Float64Array.from(values, (w, i) => w + a * d[i]! + b * e[i]!);
}

export function lengthOf(values: FloatArray): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}
