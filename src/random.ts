/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel
 * random numbers: as easy as 1, 2, 3"). The number at a counter does not
 * depend on how many were drawn before, so order and device do not matter.
 */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

export type Words4 = [number, number, number, number];

/** High and low word of the 64-bit product of two 32-bit words. */
function mulHiLo(a: number, b: number): [number, number] {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const ll = al * bl;
  const mid = ah * bl + (ll >>> 16);
  const mid2 = al * bh + (mid % 0x10000);
  const hi = ah * bh + Math.floor(mid / 0x10000) + Math.floor(mid2 / 0x10000);
  return [hi >>> 0, Math.imul(a, b) >>> 0];
}

/** One block of four 32-bit words for a counter and a key. */
export function philox(
  counter: Readonly<Words4>,
  key: readonly [number, number],
): Words4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const [hi0, lo0] = mulHiLo(M0, c0);
    const [hi1, lo1] = mulHiLo(M1, c2);
    [c0, c1, c2, c3] = [(hi1 ^ c1 ^ k0) >>> 0, lo1, (hi0 ^ c3 ^ k1) >>> 0, lo0];
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** A stream of numbers with its own key: same seed and stream, same numbers. */
export class Random {
  private readonly key: readonly [number, number];
  private index = 0;
  private block: Words4 = [0, 0, 0, 0];

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
      this.block = philox([n >>> 0, Math.floor(n / 2 ** 32), 0, 0], this.key);
    }
    this.index += 1;
    return this.block[lane];
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
      const swap = order[i];
      order[i] = order[j];
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
