import { describe, expect, test } from 'vitest';
import { largest, Tally } from '../../src/training/score.ts';

// Oracle: worked by hand; see train.test.ts for whole runs.
describe('a tally', () => {
  test('counts rows of all batches alike, none without a target', () => {
    const tally = new Tally('accuracy', 2);
    tally.add([1, 0, 0, 1, 5, 1], [1, 0, 1, 0, 0, 0]);
    tally.add([3, 4], [0, 1]);
    // Right, wrong, no target; right.
    expect(tally.score).toEqual({
      ...{ scoreName: 'accuracy', score: 2 / 3, chance: 2 / 3 },
    });
  });

  test('bits: outputs that are far apart, or large, are no trouble', () => {
    const tally = new Tally('bits per character', 4);
    tally.add([2000, 2000, 2000, 2000], [0, 0, 1, 0]);
    expect(tally.score.score).toBe(2);
    // One target alone is no surprise to who knows it.
    expect(tally.score.chance).toBe(0);
    tally.add([1000, 0, 0, 0], [1, 0, 0, 0]);
    expect(tally.score.score).toBe(1);
    expect(tally.score.chance).toBe(1);
    // e^-1000 is 0 in float64, its logarithm is not.
    tally.add([1000, 0, 0, 0], [0, 1, 0, 0]);
    const wanted = (2 + 0 + 1000 / Math.LN2) / 3;
    expect(tally.score.score).toBeCloseTo(wanted, 9);
  });
});

test('the largest of a part of values, the first of equals', () => {
  expect(largest([1, 5, 5, 2])).toBe(1);
  expect(largest([9, 1, 2, 3, 9], 1, 3)).toBe(2);
});
