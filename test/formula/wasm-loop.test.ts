/** Loops in WebAssembly. Oracle: the same loop in JavaScript, bit by bit. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { GraphError, OptionError } from '../../src/base/errors.ts';
import type { DType, FloatArray } from '../../src/base/tensor.ts';
import { jsLoop, type Loop, type LoopSpec } from '../../src/formula/loop.ts';
import { arenaMemory, floatsInArena } from '../../src/formula/wasm/arena.ts';
import type { WasmMemory } from '../../src/formula/wasm/code.ts';
import { floatsInWasm, memoryOf } from '../../src/formula/wasm/memory.ts';
import { type WasmBind, wasmLoop } from '../../src/formula/wasm-loop.ts';
import { CORNERS, difference, type Layout, layouts, specs } from './loops.ts';

const PRECISIONS = [
  ['f32', true],
  ['f64', false],
] as const;

interface Arrays {
  readonly floats: FloatArray;
  readonly u32: Uint32Array;
  readonly memory: WasmMemory;
}

function arraysIn(dtype: DType, elements = 2048, words = 1024): Arrays {
  const { floats, u32 } = floatsInWasm(dtype, elements, words);
  const memory = memoryOf(floats);
  if (!memory) throw new Error('no memory of WebAssembly');
  return { floats, u32, memory };
}

function bound(loop: LoopSpec, single: boolean): WasmBind {
  const bind = wasmLoop(loop, single);
  if (!bind) throw new Error('no loop in WebAssembly');
  return bind;
}

/** Each memory that is used for many loops. */
const shared = new Map(PRECISIONS.map(([dtype]) => [dtype, arraysIn(dtype)]));

/** Passes of a loop in WebAssembly against those in JavaScript. */
function compare(
  dtype: DType,
  loop: LoopSpec,
  layout: Layout,
  tried: LoopSpec = loop,
): string | null {
  const single = dtype === 'f32';
  const { floats, u32, memory } = shared.get(dtype)!;
  floats.fill(0).set(layout.floats);
  u32.fill(0).set(layout.u32);
  const [right, bits] = [floats.slice(), u32.slice()];
  const { constants, n, words, bit } = layout;
  const offsets = layout.offsets.slice(0, loop.arrays.length);
  const mine = bound(tried, single)(memory, floats, u32);
  const oracle = jsLoop(loop, single)(right, bits);
  for (let pass = 0; pass < 3; pass++) {
    const run = (f: Loop) => f(offsets, constants, n, words, bit);
    const [count, wanted] = [run(mine), run(oracle)];
    if (count !== wanted) return `${count} and ${wanted} marked`;
    const found = difference(floats, right) ?? difference(u32, bits);
    if (found) return found;
  }
  return null;
}

/** x and y are all pairs of corners, z one of them by turns. */
function pairs(): Layout {
  const all = CORNERS.flatMap((x) => CORNERS.map((y) => [x, y]));
  const n = all.length;
  const z = all.map((_, i) => CORNERS[(i * 5 + 3) % CORNERS.length]);
  return {
    floats: [...all.map(([x]) => x), ...all.map(([, y]) => y), ...z],
    u32: [],
    n,
    offsets: [0, n, 2 * n],
    constants: [],
    words: 0,
    bit: 2 ** 31,
  };
}

const xyz = (formula: string, marks?: string): LoopSpec => ({
  arrays: ['x', 'y', 'z'],
  constants: [],
  lets: [],
  stores: [['z', formula]],
  marks,
});

describe.each(PRECISIONS)('loops in WebAssembly, %s', (dtype, single) => {
  test('have the bits of those in JavaScript', () => {
    fc.assert(
      fc.property(specs, layouts, (loop, layout) => {
        expect(compare(dtype, loop, layout)).toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ...['x + y', 'x - y', 'x * y', 'x / y', '-x', '-(x - y)', 'abs(x)'],
    ...['sqrt(x)', 'x < y', 'x <= y', 'x > y', 'x >= y', 'x == y', 'x != y'],
    ...['where(x, y, z)', 'where(x == y, x, -y)', 'where(x != y, x, z)'],
    ...['where(x < y, x, y) + (x < y)', '-(x < y)', '(x < y) == (y < z)'],
    ...['where(-x, 1, 2)', 'where(1, x, y)', 'where(0, x, y)', 'x < y < z'],
    ...['where(where(x, y, z), x * y + z, x * z - y)', 'x * y + z'],
    ...['where(x - x, 1, 2) / (y == y)', 'sqrt(x < y) * abs(y > x)'],
  ])('%s of all pairs of corners', (formula) => {
    expect(compare(dtype, xyz(formula, formula), pairs())).toBeNull();
    const named: LoopSpec = {
      ...xyz('where(a, a + x, a)', 'a'),
      lets: [['a', formula]],
    };
    expect(compare(dtype, named, pairs())).toBeNull();
  });

  // Ablations: sums in another order, and sums that round once only.
  test('another order of a sum is found', () => {
    const [mine, other] = ['x + y + z', 'x + (y + z)'].map((f) => xyz(f));
    expect(compare(dtype, mine, pairs(), mine)).toBeNull();
    expect(compare(dtype, mine, pairs(), other)).not.toBeNull();
    expect(
      fc.check(
        fc.property(layouts, (layout) => {
          expect(compare(dtype, mine, layout, other)).toBeNull();
        }),
        { endOnFailure: true },
      ).failed,
    ).toBe(true);
  });

  test('a sum that is stored too early is found', () => {
    const mine: LoopSpec = {
      ...xyz('x'),
      stores: [
        ['x', 'x + y'],
        ['z', 'x'],
      ],
    };
    const early: LoopSpec = {
      ...mine,
      lets: [['a', 'x + y']],
      stores: [
        ['x', 'a'],
        ['z', 'a'],
      ],
    };
    expect(compare(dtype, mine, pairs(), early)).not.toBeNull();
  });

  // Oracle: counting by hand. Bits that are set stay, words outside too.
  test.each([0, 1, 2, 3, 4, 5, 7, 8, 9])('marks among %i elements', (n) => {
    const { floats, u32, memory } = arraysIn(dtype);
    floats.fill(1, 0, 40);
    floats.set([1, 0, 0, 1, 1, 1, 0, 0, 0], 3);
    u32.fill(5);
    const loop: LoopSpec = { ...xyz('z'), marks: 'x > 0' };
    const run = bound(loop, single)(memory, floats, u32);
    const marked = [1, 0, 0, 1, 1, 1, 0, 0, 0].slice(0, n);
    const count = marked.filter((x) => x).length;
    expect(run([3, 20, 20], [], n, 11, 2 ** 31)).toBe(count);
    const wanted = new Uint32Array(u32.length).fill(5);
    for (const [i, on] of marked.entries()) {
      if (on) wanted[11 + i] = 2 ** 31 + 5;
    }
    expect(difference(u32, wanted)).toBeNull();
  });

  // Numbers of locals and constants that take several bytes.
  test('may be long', () => {
    const n = 300;
    const names = Array.from({ length: n }, (_, k) => `k${k}`);
    const loop: LoopSpec = {
      arrays: ['x', 'y', 'z'],
      constants: names,
      lets: names.map((name, k) => [
        `l${k}`,
        `${k ? `l${k - 1}` : 'x'} * ${1 + k / 512} + ${name} - y / ${k}`,
      ]),
      stores: [['z', `l${n - 1}`]],
    };
    const constants = names.map((_, k) => Math.sin(k));
    expect(compare(dtype, loop, { ...pairs(), constants })).toBeNull();
  });

  test('find arrays anywhere in their memory', () => {
    const { floats, u32, memory } = arraysIn(dtype, 5000, 10);
    const part = floats.subarray(1001, 2000);
    const run = bound(xyz('x + 1', 'x == 3'), single)(
      memory,
      part,
      u32.subarray(5),
    );
    part.set([1, 2, 3], 7);
    expect(run([7, 7, 20], [], 3, 1, 2)).toBe(1);
    expect([...part.subarray(19, 24)]).toEqual([0, 2, 3, 4, 0]);
    expect([...floats.subarray(1020, 1025)]).toEqual([0, 2, 3, 4, 0]);
    expect([...u32]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 2, 0]);
    const first = bound(xyz('y'), single)(memory);
    first([0, 1021, 2], [], 2, 0, 0);
    expect([...floats.subarray(0, 5)]).toEqual([0, 0, 2, 3, 0]);
  });

  test('are refused arrays that are not theirs', () => {
    const { floats, u32, memory } = arraysIn(dtype);
    const bind = bound(xyz('x'), single);
    expect(() => bind(memory, floats, new Uint32Array(4))).toThrow(OptionError);
    expect(() => bind(memory, floats.slice(), u32)).toThrow(/floatsInWasm/);
    const other = single
      ? new Float64Array(memory.buffer)
      : new Float32Array(memory.buffer);
    expect(() => bind(memory, other, u32)).toThrow(OptionError);
  });

  test('go nowhere outside their memory', () => {
    const { floats, u32, memory } = arraysIn(dtype);
    const run = bound(xyz('x + 1'), single)(memory, floats, u32);
    const end = memory.buffer.byteLength / floats.BYTES_PER_ELEMENT;
    expect(() => run([0, 0, end - 3], [], 4, 0, 0)).toThrow(/out of bounds/);
    expect(() => run([-1, 0, 0], [], 1, 0, 0)).toThrow(/out of bounds/);
  });

  // In float64 those of JavaScript are the definition.
  test.each(['exp', 'log', 'tanh', 'sin', 'cos', 'tan'])(
    'have %s in float32 alone',
    (name) => {
      const formula = `1 + where(x < 0, -${name}(x), y)`;
      const lets = [['a', `abs(${name}(x))`]] as const;
      for (const loop of [
        xyz(formula),
        xyz(`${name}(x) / (1 + ${name}(x))`),
        xyz('x', `${name}(x) > 1`),
        { ...xyz('a'), lets },
      ]) {
        if (single) expect(compare(dtype, loop, pairs())).toBeNull();
        else expect(wasmLoop(loop, single)).toBeNull();
      }
    },
  );

  // Oracle: hand. What depends on constants alone is computed before the loop.
  test('are in shared memory too', () => {
    const floats = floatsInArena(dtype, 24);
    const memory = arenaMemory();
    if (!floats || !memory) throw new Error('no shared memory');
    floats.set([1, 2, 3, 4, 5, 6, 7]);
    const u32 = new Uint32Array(memory.buffer, floats.byteOffset, 0);
    const loop: LoopSpec = {
      ...xyz('(a + b) * x + (a + b) * (a + b)'),
      constants: ['a', 'b'],
    };
    bound(loop, single)(memory, floats, u32)([0, 0, 8], [1, 2], 7, 0, 0);
    expect([...floats.subarray(8, 16)]).toEqual([
      12, 15, 18, 21, 24, 27, 30, 0,
    ]);
    const elsewhere = shared.get(dtype)!;
    elsewhere.floats.set([5, 0], 0);
    const run = bound(loop, single)(elsewhere.memory, elsewhere.floats);
    run([0, 0, 1], [1, 2], 1, 0, 0);
    expect(elsewhere.floats[1]).toBe(24);
  });

  test('are none with more numbers than a function takes', () => {
    const constants = Array.from({ length: 994 }, (_, k) => `k${k}`);
    const loop = (length: number) => ({
      ...xyz('x + k3'),
      constants: constants.slice(0, length),
    });
    const layout = { ...pairs(), constants: constants.map((_, k) => k) };
    expect(compare(dtype, loop(994), layout)).toBeNull();
    const more = { ...xyz('x'), constants: [...constants, 'one more'] };
    expect(wasmLoop(more, single)).toBeNull();
  });

  test('are refused as those in JavaScript', () => {
    expect(() => wasmLoop(xyz('x + w'), single)).toThrow(GraphError);
    expect(() => wasmLoop(xyz('x', 'exp(w)'), single)).toThrow(/uses "w"/);
  });
});

// Ablation: products that are not rounded to float32 before they are added,
// as a fused multiply-add would leave them.
test('a contracted product is found', () => {
  const { floats, u32, memory } = arraysIn('f64');
  const x = Float32Array.from({ length: 60 }, (_, i) => Math.sin(i + 1));
  const loop = xyz('x * y + z');
  const right = x.slice();
  const offsets = [0, 20, 40];
  jsLoop(loop, true)(right, new Uint32Array())(offsets, [], 20, 0, 0);
  floats.set(x);
  bound(loop, false)(memory, floats, u32)(offsets, [], 20, 0, 0);
  const contracted = Float32Array.from(floats.subarray(0, 60));
  expect(difference(contracted, right)).not.toBeNull();
  const single = shared.get('f32')!;
  single.floats.set(x);
  bound(loop, true)(single.memory, single.floats)(offsets, [], 20, 0, 0);
  expect(difference(single.floats.slice(0, 60), right)).toBeNull();
});

describe('without WebAssembly', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  test('there are arrays, but no memory and no loop', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    vi.resetModules();
    const { wasmLoop } = await import('../../src/formula/wasm-loop.ts');
    const own = await import('../../src/formula/wasm/memory.ts');
    expect(wasmLoop(xyz('x'), true)).toBeNull();
    const { floats, u32 } = own.floatsInWasm('f32', 10_000, 3);
    expect([floats.length, u32.length]).toEqual([10_000, 3]);
    expect(own.memoryOf(floats)).toBeNull();
  });
});

describe('arrays in memory of WebAssembly', () => {
  test.each(PRECISIONS)('are zeros that do not overlap, %s', (dtype) => {
    for (const [elements, words] of [
      [0, 0],
      [5, 7],
      [1024, 0],
      [8191, 3],
      [100_001, 50_000],
    ]) {
      const { floats, u32 } = floatsInWasm(dtype, elements, words);
      expect([floats.length, u32.length]).toEqual([elements, words]);
      expect(floats).toBeInstanceOf(
        dtype === 'f32' ? Float32Array : Float64Array,
      );
      expect(floats.every((x) => Object.is(x, 0))).toBe(true);
      expect(u32.every((x) => x === 0)).toBe(true);
      floats.fill(-1);
      expect(u32.every((x) => x === 0)).toBe(true);
      u32.fill(1);
      expect(floats.every((x) => x === -1)).toBe(true);
      const memory = memoryOf(floats);
      expect(memory === null).toBe(elements < 1024);
      expect(memoryOf(u32)).toBe(memory);
      expect(memoryOf(floats.subarray(1))).toBe(memory);
    }
    expect(memoryOf(new Float64Array(10_000))).toBeNull();
  });

  // Oracle: counting; and memories that nobody has any more make room again.
  test('are in ordinary memory where there is too much of it', async () => {
    const made = Array.from({ length: 1100 }, (_, k) => {
      const { floats } = floatsInWasm('f32', 1024);
      floats[1023] = k;
      return floats;
    });
    const inWasm = made.filter((floats) => memoryOf(floats)).length;
    expect(inWasm).toBeGreaterThan(0);
    expect(inWasm).toBeLessThanOrEqual(1000);
    expect(memoryOf(made[1099])).toBeNull();
    expect(made.every((floats, k) => floats[1023] === k)).toBe(true);

    made.length = 0;
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    await vi.waitFor(() => {
      collect();
      expect(memoryOf(floatsInWasm('f32', 1024).floats)).not.toBeNull();
    });
  });
});
