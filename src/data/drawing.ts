import { OptionError } from '../base/errors.ts';
import { Random } from '../base/random.ts';

/** What the sets of drawn pictures have in common. */

/** The two sets of one seed share no image's random stream. */
export type Split = 'train' | 'test';

const MOST_IMAGES = 1_000_000;

/** @throws OptionError if seed or count is out of range */
export function checkDrawing(what: string, seed: number, count: number): void {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new OptionError(
      `Seed ${seed} is not usable: pass a whole number from 0 to 4294967295`,
      { seed },
    );
  }
  if (!Number.isInteger(count) || count < 1 || count > MOST_IMAGES) {
    throw new OptionError(
      `Cannot draw ${count} ${what}: pass a whole number from 1 to ` +
        `${MOST_IMAGES}`,
      { count },
    );
  }
}

/** Ten classes in a new order, again and again. */
export function drawLabels(
  what: string,
  seed: number,
  split: Split,
  count: number,
): Uint8Array {
  const random = new Random(seed, `${what} ${split} labels`);
  const labels = new Uint8Array(count);
  for (let start = 0; start < count; start += 10) {
    const order = random.permutation(10).subarray(0, count - start);
    labels.set(order, start);
  }
  return labels;
}

export function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random.uniform();
}

/** In (-1, 1), most often near 0: triangular. */
export function bell(random: Random): number {
  return random.uniform() + random.uniform() - 1;
}
