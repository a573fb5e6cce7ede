/**
 * Oracle: the known answers of Philox4x32-10 (Salmon et al. 2011, the test
 * vectors of Random123), and what streams and permutations are.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hash, philox, Random, type Words4 } from '../../src/base/random.ts';

const hex = (words: Iterable<number>) =>
  Array.from(words, (word) => word.toString(16).padStart(8, '0')).join(' ');

describe('philox4x32-10', () => {
  const ones = 0xffffffff;
  const cases: readonly [Words4, [number, number], string][] = [
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [
      [ones, ones, ones, ones],
      [ones, ones],
      '408f276d 41c83b0e a20bc7c6 6d5451fd',
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    ],
  ];

  test.each(cases)('of %j with key %j', (counter, key, expected) => {
    expect(hex(philox(counter, key))).toBe(expected);
  });

  test('a product of 32-bit words is exact', () => {
    // One round in BigInt: the oracle of ten.
    const mask = 0xffffffffn;
    const rounds = (counter: Words4, key: readonly [number, number]) => {
      let [a, b, c, d] = counter.map(BigInt);
      let [k, l] = key.map(BigInt);
      for (let round = 0; round < 10; round++) {
        const p = 0xd2511f53n * a;
        const q = 0xcd9e8d57n * c;
        [a, b, c, d] = [
          (q >> 32n) ^ b ^ k,
          q & mask,
          (p >> 32n) ^ d ^ l,
          p & mask,
        ];
        k = (k + 0x9e3779b9n) & mask;
        l = (l + 0xbb67ae85n) & mask;
      }
      return [a, b, c, d].map(Number);
    };
    const word = fc.integer({ min: 0, max: ones });
    fc.assert(
      fc.property(
        fc.tuple(word, word, word, word),
        fc.tuple(word, word),
        (counter, key) => {
          expect(philox(counter, key)).toEqual(rounds(counter, key));
        },
      ),
    );
  });
});

describe('streams', () => {
  const draw = (seed: number, stream: number | string, n = 64) => {
    const random = new Random(seed, stream);
    return Array.from({ length: n }, () => random.word());
  };

  test('are the blocks of the counter, word by word', () => {
    const words = draw(5, 9, 12);
    for (let block = 0; block < 3; block++) {
      expect(words.slice(4 * block, 4 * block + 4)).toEqual(
        philox([block, 0, 0, 0], [5, 9]),
      );
    }
  });

  test('repeat with their seed and name, and differ without', () => {
    const seeds = fc.integer({ min: 0, max: 2 ** 31 });
    fc.assert(
      fc.property(seeds, seeds, (seed, other) => {
        expect(draw(seed, 'init/W')).toEqual(draw(seed, 'init/W'));
        expect(draw(seed, 'init/W')).not.toEqual(draw(seed, 'init/V'));
        if (seed !== other) expect(draw(seed, 0)).not.toEqual(draw(other, 0));
      }),
    );
    const names = Array.from({ length: 1000 }, (_, i) => `noise/h${i}/0`);
    expect(new Set(names.map(hash)).size).toBe(names.length);
    const firsts = names.map((name) => draw(1, name, 4).join());
    expect(new Set(firsts).size).toBe(names.length);
  });

  test('hash is FNV-1a of 32 bits', () => {
    // Known answers of the reference implementation.
    expect(hex([hash(''), hash('a'), hash('foobar')])).toBe(
      '811c9dc5 e40c292c bf9cf968',
    );
  });
});

describe('distributions', () => {
  const N = 20_000;
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;

  test('uniform: in [0, 1), of the right mean and variance', () => {
    const random = new Random(3, 'uniform');
    const values = Array.from({ length: N }, () => random.uniform());
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    // Five standard errors.
    expect(Math.abs(mean(values) - 1 / 2)).toBeLessThan(5 / Math.sqrt(12 * N));
    const squares = mean(values.map((value) => value ** 2));
    expect(Math.abs(squares - 1 / 3)).toBeLessThan(5 / Math.sqrt(11 * N));
  });

  test('normal: finite, of mean 0 and variance 1', () => {
    const random = new Random(3, 'normal');
    const values = Array.from({ length: N }, () => random.normal());
    expect(values.every(Number.isFinite)).toBe(true);
    expect(Math.abs(mean(values))).toBeLessThan(5 / Math.sqrt(N));
    const variance = mean(values.map((value) => value ** 2));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / N));
  });

  test('below n: every number, none else', () => {
    const random = new Random(3, 'below');
    const seen = new Set(Array.from({ length: 500 }, () => random.below(7)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test('a permutation holds each number once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.integer({ min: 0, max: 200 }),
        (seed, n) => {
          const order = new Random(seed, 'batches').permutation(n);
          expect([...order].sort((a, b) => a - b)).toEqual(
            Array.from({ length: n }, (_, i) => i),
          );
        },
      ),
    );
  });

  test('permutations of three are about equally frequent', () => {
    const random = new Random(3, 'three');
    const counts = new Map<string, number>();
    const draws = 6000;
    for (let i = 0; i < draws; i++) {
      const order = random.permutation(3).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    const deviation = Math.sqrt((draws * 5) / 36);
    for (const count of counts.values()) {
      expect(Math.abs(count - draws / 6)).toBeLessThan(5 * deviation);
    }
  });
});
