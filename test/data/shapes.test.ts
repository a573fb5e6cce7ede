import { describe, expect, it } from 'vitest';
import { OptionError } from '../../src/base/errors.ts';
import { sha256Of } from '../../src/data/download.ts';
import type { LabelledImages } from '../../src/data/labelled.ts';
import { drawShapes, SHAPES } from '../../src/data/shapes.ts';

const train = drawShapes(1, 'train', 1500);
const test = drawShapes(1, 'test', 500);

function image(set: LabelledImages, i: number): Uint8Array {
  return set.images.subarray(i * 3072, (i + 1) * 3072);
}

/** Part of the test that the nearest class mean of a feature gets right. */
function nearestMean(feature: (picture: Uint8Array) => Float64Array): number {
  const means = SHAPES.map(
    () => new Float64Array(feature(image(train, 0)).length),
  );
  for (let i = 0; i < train.count; i++) {
    const mean = means[train.labels[i]];
    feature(image(train, i)).forEach((value, at) => {
      mean[at] += value / (train.count / 10);
    });
  }
  let right = 0;
  for (let i = 0; i < test.count; i++) {
    const found = feature(image(test, i));
    const squares = means.map((mean) =>
      mean.reduce((sum, value, at) => sum + (value - found[at]) ** 2, 0),
    );
    if (squares.indexOf(Math.min(...squares)) === test.labels[i]) right++;
  }
  return right / test.count;
}

/** Where brightness changes, along each axis: 8 x 8 places, as parts of all. */
function edges(picture: Uint8Array): Float64Array {
  const found = new Float64Array(128);
  let sum = 0;
  for (let y = 0; y < 31; y++) {
    for (let x = 0; x < 31; x++) {
      for (let channel = 0; channel < 3; channel++) {
        const at = channel * 1024 + y * 32 + x;
        const dx = Math.abs(picture[at + 1] - picture[at]);
        const dy = Math.abs(picture[at + 32] - picture[at]);
        const place = Math.floor(y / 4) * 8 + Math.floor(x / 4);
        found[place] += dx;
        found[64 + place] += dy;
        sum += dx + dy;
      }
    }
  }
  return found.map((value) => value / sum);
}

describe('drawShapes', () => {
  // Oracle: the definition of a seed.
  it('draws the same bytes for the same seed only', () => {
    const again = drawShapes(1, 'train', 1500);
    expect(sha256Of(again.images)).toBe(sha256Of(train.images));
    expect(again.labels).toEqual(train.labels);
    const other = drawShapes(2, 'train', 100);
    expect(other.images).not.toEqual(train.images.subarray(0, 307_200));
    expect(other.labels).not.toEqual(train.labels.subarray(0, 100));
  });

  // Oracle: bytes recorded when the shapes were first drawn: change them only
  // with a note in the change log.
  it('draws the bytes of the first release', () => {
    const hundred = drawShapes(1, 'train', 100);
    expect(sha256Of(hundred.images)).toBe(
      '7c32b681ae00942874ed3d6dfa210ab18ec283da8e5f5d2715cc2c5c0c49c5f5',
    );
    expect([...hundred.labels.subarray(0, 10)]).toEqual([
      8, 2, 4, 1, 9, 3, 7, 0, 6, 5,
    ]);
  });

  it('draws a smaller set as the beginning of a larger one', () => {
    const few = drawShapes(1, 'test', 37);
    expect(few.images).toEqual(test.images.subarray(0, 37 * 3072));
    expect(few.labels).toEqual(test.labels.subarray(0, 37));
  });

  // Oracle: two independent drawings of thousands of numbers differ.
  it('draws no picture twice, in training and test together', () => {
    const seen = new Set<string>();
    for (const set of [train, test]) {
      for (let i = 0; i < set.count; i++) seen.add(sha256Of(image(set, i)));
    }
    expect(seen.size).toBe(train.count + test.count);
  });

  it('has a name for each class, and as many of each', () => {
    expect(new Set(SHAPES).size).toBe(10);
    const counts = SHAPES.map(
      (_, label) => train.labels.filter((other) => other === label).length,
    );
    expect(counts).toEqual(Array(10).fill(150));
    expect(train.shape).toEqual([3, 32, 32]);
  });

  // Oracle: 0.1 is chance. Colours and places are random, so a class has no
  // typical picture, but where its edges are tells much.
  it('can be learnt from form, hardly from colour', () => {
    const pixels = nearestMean((picture) => Float64Array.from(picture));
    expect(pixels).toBeLessThan(0.25);
    expect(nearestMean(edges)).toBeGreaterThan(0.5);
  });

  it.each([
    [-1, 10],
    [2 ** 32, 10],
    [Number.NaN, 10],
    [1, 0],
    [1, 2.5],
    [1, 1e9],
  ])('refuses seed %d with count %d', (seed, count) => {
    expect(() => drawShapes(seed, 'train', count)).toThrow(OptionError);
  });
});
