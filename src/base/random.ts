/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel
 * random numbers: as easy as 1, 2, 3"). The number at a counter does not
 * depend on how many were drawn before, so order and device do not matter.
 */

import { whole } from './schema.ts';

/** The seed of all that is drawn where none is given. */
export const SEED = 1;

/** A seed, as an option. */
export const seed = whole({
  ...{ most: 2 ** 32 - 1, default: SEED },
  help: 'seed of all randomness',
});

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

export type Words4 = [number, number, number, number];

/** One block of four 32-bit words for a counter and a key. */
export function philox(
  counter: Readonly<Words4>,
  key: readonly [number, number],
): Words4 {
  const block = new Uint32Array(4);
  philoxBlock(block, ...counter, ...key);
  return [block[0]!, block[1]!, block[2]!, block[3]!];
}

/**
 * The high word of the 64-bit product of two 32-bit words. No sum of the
 * halves reaches 2^32, so all of it is done in 32-bit integers.
 */
function high(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const mid = (Math.imul(ah, bl) + (Math.imul(al, bl) >>> 16)) | 0;
  const mid2 = (Math.imul(al, bh) + (mid & 0xffff)) | 0;
  return (Math.imul(ah, bh) + (mid >>> 16) + (mid2 >>> 16)) | 0;
}

/** One block into four words of an array: many draws make no garbage. */
export function philoxBlock(
  into: Uint32Array,
  counter0: number,
  counter1: number,
  counter2: number,
  counter3: number,
  key0: number,
  key1: number,
): void {
  let c0 = counter0 | 0;
  let c1 = counter1 | 0;
  let c2 = counter2 | 0;
  let c3 = counter3 | 0;
  let k0 = key0 | 0;
  let k1 = key1 | 0;
  for (let round = 0; round < 10; round++) {
    const high0 = high(M0, c0);
    const low0 = Math.imul(M0, c0);
    const high1 = high(M1, c2);
    const low1 = Math.imul(M1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + W0) | 0;
    k1 = (k1 + W1) | 0;
  }
  into[0] = c0;
  into[1] = c1;
  into[2] = c2;
  into[3] = c3;
}

/** A stream of numbers with its own key: same seed and stream, same numbers. */
export class Random {
  private readonly key: readonly [number, number];
  private index = 0;
  private readonly block = new Uint32Array(4);

  /** `stream` keeps uses of one seed apart (parameters, batches, noise). */
  constructor(seed: number, stream: number | string = 0) {
    this.key = [
      seed >>> 0,
      typeof stream === 'string' ? hash(stream) : stream >>> 0,
    ];
  }

  /** Next 32-bit word. */
  word(): number {
    const lane = this.index & 3;
    if (lane === 0) {
      const n = this.index / 4;
      const [key0, key1] = this.key;
      const upper = Math.floor(n / 2 ** 32);
      philoxBlock(this.block, n >>> 0, upper, 0, 0, key0, key1);
    }
    this.index += 1;
    return this.block[lane]!;
  }

  /** Uniform in [0, 1), a multiple of 2^-32. */
  uniform(): number {
    return this.word() / 2 ** 32;
  }

  /** Standard normal (Box-Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Whole number in [0, n). */
  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Permutation of 0 .. n-1 (Fisher-Yates). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const swap = order[i]!;
      order[i] = order[j]!;
      order[j] = swap;
    }
    return order;
  }
}

/** 32-bit FNV-1a, to turn a name into a stream number. */
export function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  }
  return h >>> 0;
}
