/**
 * Draws in WebAssembly. Oracles: those in JavaScript, bit by bit; published
 * answers of Philox4x32-10 (the authors' kat_vectors).
 */

import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { FloatArray } from '../../src/base/tensor.ts';
import { Code, type WasmMemory, wasm } from '../../src/formula/wasm/code.ts';
import { normal32 } from '../../src/formula/wasm/draws.ts';
import { floatsInWasm, memoryOf } from '../../src/formula/wasm/memory.ts';
import { wasmNoise } from '../../src/formula/wasm/noise.ts';
import { normal64 } from '../../src/formula/wasm/normal64.ts';
import {
  normal32 as js32,
  normal64 as js64,
  jsNoiseInto,
  type NoiseSpec,
  noiseInto,
  wasmNoiseInto,
} from '../../src/network/run/noise.ts';
import { difference } from '../formula/loops.ts';

const PRECISIONS = [
  ['f32', true],
  ['f64', false],
] as const;

/** No draw is this: it stays where nothing is drawn. */
const UNTOUCHED = 77;

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });

const specs: fc.Arbitrary<NoiseSpec> = fc.record({
  noise: fc.array(
    fc.tuple(
      fc.constant('x'),
      fc.constantFrom('normal' as const, 'uniform' as const),
    ),
    { minLength: 1, maxLength: 5 },
  ),
  key: fc.tuple(word, word),
  neurons: fc.integer({ min: 1, max: 67 }),
  trials: fc.integer({ min: 1, max: 5 }),
  firstTrial: fc.oneof(fc.nat(5), word),
});

const sizeOf = ({ noise, neurons, trials }: NoiseSpec) =>
  noise.length * neurons * trials;

function inMemory(dtype: 'f32' | 'f64', elements = 4096) {
  const { floats } = floatsInWasm(dtype, elements);
  const memory = memoryOf(floats);
  if (!memory) throw new Error('no memory of WebAssembly');
  return { floats, memory };
}

/** Where the draws of two ticks in WebAssembly are not those in JavaScript. */
function compare(
  spec: NoiseSpec,
  tick: number,
  all: FloatArray,
  at: number,
  tried: NoiseSpec = spec,
): string | null {
  const single = all instanceof Float32Array;
  all.fill(UNTOUCHED);
  const wanted = all.slice();
  const size = sizeOf(spec);
  const draw = wasmNoiseInto(tried, all.subarray(at, at + size), single);
  const oracle = jsNoiseInto(spec, wanted.subarray(at, at + size), single);
  if (!draw) throw new Error('no draws in WebAssembly');
  for (const each of [tick, (tick + 1) % 2 ** 32]) {
    draw(each);
    oracle(each);
    const found = difference(all, wanted);
    if (found) return found;
  }
  return null;
}

describe.each(PRECISIONS)('draws in WebAssembly, %s', (dtype, single) => {
  const { floats } = inMemory(dtype);

  test('have the bits of those in JavaScript', () => {
    fc.assert(
      fc.property(specs, word, fc.nat(9), (spec, tick, at) => {
        expect(compare(spec, tick, floats, at)).toBeNull();
      }),
      { numRuns: 300 },
    );
  });

  test('do so in arrays outside all memory', () => {
    const outside = floats.slice();
    expect(memoryOf(outside)).toBeNull();
    fc.assert(
      fc.property(specs, word, fc.nat(9), (spec, tick, at) => {
        expect(compare(spec, tick, outside, at)).toBeNull();
      }),
      { numRuns: 100 },
    );
  });

  test('are none in large arrays outside all memory', () => {
    const noise = [['x', 'normal']] as const;
    const large = { noise, key: [1, 2], trials: 100, firstTrial: 0 } as const;
    const spec = { ...large, neurons: 41 };
    const into = single ? new Float32Array(4100) : new Float64Array(4100);
    expect(wasmNoiseInto(spec, into, single)).toBeNull();
    noiseInto(spec, into, single)(7);
    const wanted = inMemory(dtype, 4100).floats;
    noiseInto(spec, wanted, single)(7);
    expect(difference(into, wanted)).toBeNull();
  });

  // Ablation: each part of the counter and the key tells.
  test('of another key, tick, trial or variable are found', () => {
    const noise = [
      ['x', 'normal'],
      ['x', 'uniform'],
      ['x', 'uniform'],
    ] as const;
    const key = [5, 6] as const;
    const spec = { noise, key, neurons: 7, trials: 3, firstTrial: 1 };
    expect(compare(spec, 9, floats, 0)).toBeNull();
    const [one, two, three] = noise;
    const others: readonly Partial<NoiseSpec>[] = [
      { key: [4, 6] },
      { key: [5, 7] },
      { firstTrial: 2 },
      { neurons: 3, trials: 7 },
      { noise: [two, one, three] },
    ];
    for (const other of others) {
      const found = compare(spec, 9, floats, 0, { ...spec, ...other });
      expect(found).not.toBeNull();
    }
    noiseInto(spec, floats, single)(9);
    const first = floats.slice(0, sizeOf(spec));
    noiseInto(spec, floats, single)(10);
    expect(first.some((x, e) => x === floats[e])).toBe(false);
    expect(new Set(first).size).toBe(first.length);
  });
});

describe('Philox in WebAssembly', () => {
  const run = wasmNoise(['words', 'words'], false)!;

  test.each([
    ['0 0 0 0', '0 0', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [
      'ffffffff ffffffff ffffffff ffffffff',
      'ffffffff ffffffff',
      '408f276d 41c83b0e a20bc7c6 6d5451fd',
    ],
    [
      '243f6a88 85a308d3 13198a2e 03707344',
      'a4093822 299f31d0',
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    ],
  ])('of counter %s and key %s', (counter, key, answer) => {
    const words = (text: string) => text.split(' ').map((w) => parseInt(w, 16));
    const { floats, memory } = inMemory('f64');
    const [c0, c1, c2, c3] = words(counter);
    const [k0, k1] = words(key);
    const u32 = new Uint32Array(floats.buffer);
    // The neuron in the first lane, and in the third.
    for (const [before, n] of [
      [0, 1],
      [2, 3],
      [2, 4],
    ]) {
      u32.fill(UNTOUCHED);
      run(memory)(0, 64, n, c0 - before, 0, c1, c2, c3, k0, k1);
      const two = [...u32.subarray(2 * before, 2 * before + 2)];
      const more = [...u32.subarray(16 + 2 * before, 18 + 2 * before)];
      expect([...two, ...more]).toEqual(words(answer));
      expect(u32.subarray(2 * n, 16).every((w) => w === UNTOUCHED)).toBe(true);
      expect(u32.subarray(16 + 2 * n).every((w) => w === UNTOUCHED)).toBe(true);
    }
  });

  test('is not to be written outside its memory', () => {
    const { memory } = inMemory('f64');
    const end = memory.buffer.byteLength;
    const draw = (at: number) => run(memory)(at, 0, 4, 0, 4, 0, 0, 0, 0, 0);
    draw(end - 32);
    expect(() => draw(end - 31)).toThrow(/out of bounds/);
  });
});

/** Normal numbers of four pairs of words: words at 0, numbers at 32. */
function ofWords(single: boolean) {
  const { floats, memory } = inMemory(single ? 'f32' : 'f64');
  const code = new Code([]);
  const [a, b] = [0, 16].map((at) => {
    const local = code.local('v128');
    code.int(0);
    code.access('v128.load', at);
    code.set(local);
    return local;
  });
  const made = single ? [normal32(code, a, b)] : normal64(code, a, b);
  made.forEach((vector, k) => {
    code.int(0);
    code.get(vector);
    code.access('v128.store', 32 + 16 * k);
  });
  code.int(0);
  const { Module, Instance } = wasm!;
  const instance = new Instance(new Module(code.module()), { env: { memory } });
  const { run } = instance.exports as { readonly run: () => void };
  const u32 = new Uint32Array((memory as WasmMemory).buffer, 0, 8);
  const numbers = floats.subarray(single ? 8 : 4, single ? 12 : 8);
  return { run, u32, numbers };
}

// A logarithm or a cosine is of 24 bits: in float64 all are tried; in float32,
// where JavaScript is slow, each 37th and those around what is special, powers
// of 2, the square root of 2 and multiples of pi / 4. With an engine that has
// a logarithm or a cosine of its own, those of float64 fail: there, draws are
// right, but slower.
describe.each(PRECISIONS)('normal numbers in WebAssembly, %s', (_, single) => {
  const { run, u32, numbers } = ofWords(single);
  const oracle = single ? js32 : js64;

  /** Of n times four lanes; `pick` is the bits that come at a place. */
  function differences(
    n: number,
    pick: (place: number) => number,
    words: (bits: number) => readonly [number, number],
  ): string[] {
    const found: string[] = [];
    for (let place = 0; place < 4 * n; place += 4) {
      for (let k = 0; k < 4; k++) {
        const [a, b] = words(pick(place + k));
        u32[k] = a;
        u32[4 + k] = b;
      }
      run();
      for (let k = 0; k < 4; k++) {
        const wanted = oracle(u32[k], u32[4 + k]);
        if (Object.is(numbers[k], wanted) || found.length > 4) continue;
        found.push(`${numbers[k]} for ${wanted} of ${u32[k]}, ${u32[4 + k]}`);
      }
    }
    return found;
  }

  const ALL = 2 ** 24;
  const powers = Array.from({ length: 24 }, (_, k) => ALL - 2 ** k);
  const roots = powers.map((bits) => ALL - (ALL - bits) * Math.SQRT1_2);
  const eighths = Array.from({ length: 8 }, (_, k) => (k * ALL) / 8);
  const special = [...powers, ...roots.map(Math.floor), ...eighths];
  const around = (place: number) =>
    (special[Math.floor(place / 400)] + (place % 400) - 200 + ALL) % ALL;
  const step = single ? 37 : 1;

  test.each<[string, (bits: number) => [number, number]]>([
    ['logarithms alone', (bits) => [bits << 8, 0]],
    ['cosines', (bits) => [0xa0000000, bits << 8]],
  ])('have the bits of those in JavaScript: %s', (_, words) => {
    const most = Math.floor(ALL / step / 4);
    expect(differences(most, (place) => place * step, words)).toEqual([]);
    expect(differences(100 * special.length, around, words)).toEqual([]);
  });

  test('have the bits of those in JavaScript: all kinds', () => {
    const mixed = (bits: number): [number, number] => [
      bits << 8,
      Math.imul(bits, 0x9e3779b1),
    ];
    expect(differences(1e5, (place) => place * 41, mixed)).toEqual([]);
    for (const at of [0, 0x3456789a, 0x12345678, 0xffffffff]) {
      for (const words of [
        (bits: number) => [bits << 8, at] as const,
        (bits: number) => [at, (bits << 8) | 255] as const,
      ]) {
        expect(differences(100 * special.length, around, words)).toEqual([]);
      }
    }
  });
});

describe('where the engine is another', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  const spec: NoiseSpec = {
    noise: [
      ['x', 'normal'],
      ['y', 'uniform'],
      ['z', 'normal'],
    ],
    key: [3, 4],
    neurons: 130,
    trials: 2,
    firstTrial: 0,
  };

  // The functions of an engine that rounds one number in 50 in another way.
  test.each(['log', 'cos'] as const)('with %s of its own', async (name) => {
    const usual = Math[name];
    vi.spyOn(Math, name).mockImplementation((x) => {
      const y = usual(x);
      return Math.floor(Math.abs(y) * 2 ** 40) % 50 === 0
        ? y * (1 + 2 ** -52)
        : y;
    });
    vi.resetModules();
    const own = await import('../../src/network/run/noise.ts');
    const { floatsInWasm } = await import('../../src/formula/wasm/memory.ts');
    const { floats } = floatsInWasm('f64', 4096);
    const wanted = floats.slice();
    own.wasmNoiseInto(spec, floats, false)!(11);
    own.jsNoiseInto(spec, wanted, false)(11);
    expect(difference(floats, wanted)).toBeNull();
    // And they do differ from the usual ones.
    vi.restoreAllMocks();
    jsNoiseInto(spec, wanted, false)(11);
    expect(difference(floats, wanted)).not.toBeNull();
  });

  test('without WebAssembly', async () => {
    const wanted = new Float64Array(sizeOf(spec));
    noiseInto(spec, wanted, false)(5);
    vi.stubGlobal('WebAssembly', undefined);
    vi.resetModules();
    const own = await import('../../src/network/run/noise.ts');
    const into = new Float64Array(sizeOf(spec));
    expect(own.wasmNoiseInto(spec, into, false)).toBeNull();
    own.noiseInto(spec, into, false)(5);
    expect(difference(into, wanted)).toBeNull();
  });
});
