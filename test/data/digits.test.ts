import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { OptionError } from '../../src/base/errors.ts';
import { drawDigits } from '../../src/data/digits.ts';
import type { LabelledImages } from '../../src/data/labelled.ts';

const train = drawDigits(1, 'train', 3000);
const test = drawDigits(1, 'test', 1000);

function image(set: LabelledImages, i: number): Uint8Array {
  return set.images.subarray(i * 784, (i + 1) * 784);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('drawDigits', () => {
  // Oracle: the definition of a seed.
  it('draws the same bytes for the same seed only', () => {
    const again = drawDigits(1, 'train', 3000);
    expect(sha256(again.images)).toBe(sha256(train.images));
    expect(again.labels).toEqual(train.labels);
    const other = drawDigits(2, 'train', 3000);
    expect(sha256(other.images)).not.toBe(sha256(train.images));
    expect(other.labels).not.toEqual(train.labels);
  });

  // Oracle: bytes recorded when the digits were first drawn. They are in
  // published results: change them only with a note in the change log.
  it('draws the bytes of the first release', () => {
    const hundred = drawDigits(1, 'train', 100);
    expect(sha256(hundred.images)).toBe(
      '2f5695efa6980f994c217447a2ee003d3e1d35b1ebf2e0c68f9947de1a21a857',
    );
    expect([...hundred.labels.subarray(0, 10)]).toEqual([
      9, 2, 6, 4, 3, 1, 7, 8, 0, 5,
    ]);
  });

  it('draws a smaller set as the beginning of a larger one', () => {
    const few = drawDigits(1, 'train', 37);
    expect(sha256(few.images)).toBe(sha256(train.images.subarray(0, 37 * 784)));
    expect(few.labels).toEqual(train.labels.subarray(0, 37));
  });

  // Oracle: two independent drawings of 500 or so random numbers differ.
  it('draws no image twice, in training and test together', () => {
    const seen = new Set<string>();
    for (const set of [train, test]) {
      for (let i = 0; i < set.count; i++) seen.add(sha256(image(set, i)));
    }
    expect(seen.size).toBe(train.count + test.count);
  });

  // Oracle: counting.
  it('balances the classes', () => {
    const { labels } = drawDigits(4, 'test', 104);
    const counts = Array(10).fill(0);
    for (const label of labels) counts[label]++;
    expect(Math.min(...counts)).toBe(10);
    expect(Math.max(...counts)).toBe(11);
  });

  it('shuffles the classes', () => {
    const starts = new Set(
      Array.from({ length: 30 }, (_, i) => train.labels[10 * i]),
    );
    expect(starts.size).toBeGreaterThan(5);
  });

  // Oracle: MNIST, where 19 % of the pixels are ink and the mean is 0.13.
  it('is sparse as handwriting is', () => {
    const inked = train.images.reduce((n, grey) => n + (grey > 0 ? 1 : 0), 0);
    const sum = train.images.reduce((total, grey) => total + grey, 0);
    expect(inked / train.images.length).toBeGreaterThan(0.12);
    expect(inked / train.images.length).toBeLessThan(0.25);
    expect(sum / train.images.length / 255).toBeGreaterThan(0.06);
    expect(sum / train.images.length / 255).toBeLessThan(0.2);
  });

  // Oracle: the nearest class mean. MNIST itself gives about 82 %.
  it('can be learnt but is not trivial', () => {
    const means = Array.from({ length: 10 }, () => new Float64Array(784));
    for (let i = 0; i < train.count; i++) {
      const mean = means[train.labels[i]];
      image(train, i).forEach((grey, p) => {
        mean[p] += grey / 300;
      });
    }
    let right = 0;
    for (let i = 0; i < test.count; i++) {
      const picture = image(test, i);
      const squares = means.map((mean) =>
        mean.reduce((sum, grey, p) => sum + (grey - picture[p]) ** 2, 0),
      );
      const nearest = squares.indexOf(Math.min(...squares));
      if (nearest === test.labels[i]) right++;
    }
    expect(right / test.count).toBeGreaterThan(0.6);
    expect(right / test.count).toBeLessThan(0.85);
  });

  it.each([
    [-1, 10],
    [0.5, 10],
    [2 ** 32, 10],
    [Number.NaN, 10],
    [1, 0],
    [1, 2.5],
    [1, 1e9],
  ])('refuses seed %d with count %d', (seed, count) => {
    expect(() => drawDigits(seed, 'train', count)).toThrow(OptionError);
  });
});
