/**
 * Elementary functions of four float32 at once. Oracle: those in JavaScript, one
 * number after another, bit by bit; any NaN is as good as any other.
 */

import { describe, expect, test } from 'vitest';
import { elementary32 } from '../../src/formula/js.ts';
import { arenaMemory, floatsInArena } from '../../src/formula/wasm/arena.ts';
import { wasmLoop } from '../../src/formula/wasm-loop.ts';

const N = 1 << 16;
const { exp, log, tanh, sin, cos, tan } = elementary32();
const TWINS = { exp, log, tanh, sin, cos, tan };

const words = new Uint32Array(1);
const word = new Float32Array(words.buffer);

function floatOf(bits: number): number {
  words[0] = bits;
  return word[0];
}

const memory = arenaMemory();
const floats = floatsInArena('f32', 2 * N);

/** The function of the first elements, up to N. */
function vectorised(name: string, formula = `${name}(x)`) {
  const loop = wasmLoop(
    {
      arrays: ['x', 'y'],
      constants: [],
      lets: [],
      stores: [['y', formula]],
    },
    true,
  );
  if (!loop || !memory || !floats) throw new Error('no vectors');
  const run = loop(memory, floats as Float32Array);
  return (n: number) => run([0, N], [], n, 0, 0);
}

/** The first number whose functions differ, if any. */
function difference(
  run: (n: number) => unknown,
  twin: (x: number) => number,
  inputs: (i: number) => number,
  n: number,
): string | null {
  const all = floats as Float32Array;
  for (let at = 0; at < n; at += N) {
    const many = Math.min(N, n - at);
    for (let i = 0; i < many; i++) all[i] = inputs(at + i);
    run(many);
    for (let i = 0; i < many; i++) {
      const right = Math.fround(twin(all[i]));
      if (!Object.is(all[N + i], right)) {
        return `of ${all[i]}: ${all[N + i]} but ${right}`;
      }
    }
  }
  return null;
}

/** Every exponent and sign with the ends and some of the middle of each. */
const MANTISSAS = [0, 1, 2, 3, 0x2aaaaa, 0x3504f2, 0x3504f3, 0x400000];
const LAST = [0x555555, 0x7ffffe, 0x7fffff];
const EVERY = [...MANTISSAS, ...LAST].flatMap((mantissa) =>
  Array.from({ length: 512 }, (_, top) => floatOf(top * 2 ** 23 + mantissa)),
);

/** Where branches meet: these and 40 neighbours to each side. */
const MEETS = [
  ...[88.72283, 88.722839, -87.33654, 0.625, 9, Math.SQRT1_2, 1, 2],
  ...[1.17549435e-38, 131072, Math.PI / 4, Math.PI / 2, Math.PI, 8192],
].flatMap((x) => {
  word[0] = x;
  const bits = words[0];
  const signs = [0, 2 ** 31];
  return signs.flatMap((sign) =>
    Array.from({ length: 81 }, (_, k) => floatOf(bits + k - 40 + sign)),
  );
});

/** Multiples of a large odd number: 2^20 bit patterns, spread evenly. */
const spread = (i: number) => floatOf(Math.imul(i + 1, 0x9e3779b1) >>> 0);

describe.each(Object.entries(TWINS))('%s of four at once', (name, twin) => {
  test('has the bits of one at every exponent', () => {
    const at = (i: number) => EVERY[i];
    expect(difference(vectorised(name), twin, at, EVERY.length)).toBeNull();
  });

  test('has them where branches meet', () => {
    const at = (i: number) => MEETS[i];
    expect(difference(vectorised(name), twin, at, MEETS.length)).toBeNull();
  });

  test('has them at 2^20 numbers of all sizes', () => {
    expect(difference(vectorised(name), twin, spread, 2 ** 20)).toBeNull();
  });

  test('has them at 2^19 numbers of usual sizes', () => {
    const usual = (i: number) => ((i - 2 ** 18) * 90) / 2 ** 18;
    expect(difference(vectorised(name), twin, usual, 2 ** 19)).toBeNull();
  });

  // Ablation: a last bit that is wrong.
  test('another rounding is found', () => {
    const other = vectorised(name, `(${name}(x) * 3) / 3`);
    expect(difference(other, twin, spread, N)).not.toBeNull();
  });
});
