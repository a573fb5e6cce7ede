import { OptionError } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import { sizeOf } from '../base/tensor.ts';
import type { ImageShape, LabelledImages } from './labelled.ts';

/** What the sets of drawn pictures have in common. */

/** The two sets of one seed share no image's random stream. */
export type Split = 'train' | 'test';

/** Which images are drawn. */
interface Drawing {
  /** Whole number in [0, 2^32). */
  readonly seed: number;
  readonly split: Split;
  readonly count: number;
}

const MOST_IMAGES = 1_000_000;

/**
 * Draws `count` images of ten classes, as many of each as possible, in
 * shuffled order. An image depends on seed, split and its index alone, so a
 * smaller set is the beginning of a larger one.
 *
 * @param what the images in words; each kind has random streams of its own
 * @param draw draws one image, which is all 0 before
 * @throws OptionError if seed or count is out of range
 */
export function drawImages(
  what: string,
  shape: ImageShape,
  { seed, split, count }: Drawing,
  draw: (label: number, random: Random, image: Uint8Array) => void,
): LabelledImages {
  checkDrawing(what, seed, count);
  const values = sizeOf(shape);
  const images = new Uint8Array(count * values);
  const labels = drawLabels(what, seed, split, count);
  // Streams 2 i and 2 i + 1 of a key of their own: no two images share one.
  const key = new Random(seed, what).word();
  const parity = split === 'train' ? 0 : 1;
  for (let i = 0; i < count; i++) {
    const random = new Random(key, 2 * i + parity);
    draw(labels[i]!, random, images.subarray(i * values, (i + 1) * values));
  }
  return { images, labels, count, shape };
}

function checkDrawing(what: string, seed: number, count: number): void {
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
function drawLabels(
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

/**
 * Cosine and sine of a rotation by the tangent of half its angle: the point
 * (1 - t^2, 2 t) / (1 + t^2) is on the circle.
 */
export function rotation(t: number): { cos: number; sin: number } {
  return { cos: (1 - t * t) / (1 + t * t), sin: (2 * t) / (1 + t * t) };
}
