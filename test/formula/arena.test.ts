/**
 * Oracle: what an allocator promises. Arrays in use never overlap, are zero
 * when they are handed out, stay as they were while others come and go, and
 * what is given back is used again.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FloatArray } from '../../src/base/tensor.ts';
import {
  addressOf,
  arenaBytes,
  floatsInArena,
  release,
} from '../../src/formula/wasm/arena.ts';

describe('arena', () => {
  test('arrays do not overlap, start at 0 and keep what they hold', () => {
    const act = fc.oneof(
      fc.record({
        take: fc.integer({ min: 1, max: 5000 }),
        single: fc.boolean(),
      }),
      fc.record({ drop: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const before = arenaBytes();
        const live: { array: FloatArray; mark: number }[] = [];
        const marks = () => {
          for (const { array, mark } of live) {
            expect(array.every((value) => value === mark)).toBe(true);
          }
        };
        acts.forEach((one, i) => {
          if ('take' in one) {
            const array = floatsInArena(one.single ? 'f32' : 'f64', one.take);
            if (!array) throw new Error('the arena is full');
            expect(array.every((value) => value === 0)).toBe(true);
            expect(addressOf(array) % 64).toBe(0);
            array.fill(i + 1);
            live.push({ array, mark: i + 1 });
          } else if (live.length > 0) {
            const [gone] = live.splice(one.drop % live.length, 1);
            release(gone.array);
          }
          marks();
        });
        for (const { array } of live) release(array);
        expect(arenaBytes()).toBe(before);
      }),
      { numRuns: 60 },
    );
  });

  test('what is given back is used again, even in pieces', () => {
    const parts = [1000, 2000, 3000].map((n) => floatsInArena('f64', n));
    const start = addressOf(parts[0] as FloatArray);
    for (const array of [parts[1], parts[0], parts[2]]) {
      release(array as FloatArray);
    }
    const whole = floatsInArena('f64', 6000) as FloatArray;
    expect(addressOf(whole)).toBe(start);
    release(whole);
  });

  test('what is forgotten is used again', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const before = arenaBytes();
    let array = floatsInArena('f64', 1000);
    // A part does not keep it, the whole does.
    expect(arenaBytes()).toBeGreaterThan(before);
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(arenaBytes()).toBeGreaterThan(before);
    expect(array?.length).toBe(1000);
    array = null;
    for (let i = 0; i < 50 && arenaBytes() > before; i++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(arenaBytes()).toBe(before);
  });

  test('the memory grows and the arrays in it stay where they are', () => {
    const small = floatsInArena('f32', 10) as FloatArray;
    small.fill(7);
    const large = floatsInArena('f64', 1 << 22) as FloatArray;
    large.fill(1);
    expect([...small]).toEqual(new Array(10).fill(7));
    release(large);
    release(small);
  });

  test('arrays are known whatever other memories of the process do', () => {
    // Growth of any shared memory gives all of them new buffers in V8.
    const other = new (
      globalThis as unknown as {
        WebAssembly: { Memory: new (o: object) => { grow(n: number): number } };
      }
    ).WebAssembly.Memory({ initial: 1, maximum: 100, shared: true });
    const before = floatsInArena('f32', 64) as FloatArray;
    other.grow(3);
    const after = floatsInArena('f32', 64) as FloatArray;
    expect(addressOf(before)).toBeGreaterThan(0);
    expect(addressOf(after)).toBeGreaterThan(0);
    release(before);
    release(after);
  });

  test('an array is given back once, and others are left alone', () => {
    const before = arenaBytes();
    const array = floatsInArena('f32', 100) as FloatArray;
    release(array);
    const other = floatsInArena('f32', 100) as FloatArray;
    release(array);
    release(new Float32Array(4));
    expect(arenaBytes()).toBeGreaterThan(before);
    expect(addressOf(new Float32Array(4))).toBe(-1);
    release(other);
    expect(arenaBytes()).toBe(before);
  });
});
