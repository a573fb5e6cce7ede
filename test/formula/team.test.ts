/**
 * Oracle: every part is done exactly once, whoever does it. A function of
 * WebAssembly adds 1 to a word; a thread that fails is told.
 */

import { describe, expect, test } from 'vitest';
import {
  addressOf,
  arrayInArena,
  release,
} from '../../src/formula/wasm/arena.ts';
import { Code } from '../../src/formula/wasm/code.ts';
import { MOST_PARTS, runOf, runParts } from '../../src/formula/wasm/team.ts';

/** (from, to): adds to each number of a stretch its own address, as a float. */
function marking(): Uint8Array {
  const code = new Code(['i32', 'i32']);
  const [at, end] = [0, 1];
  code.open('loop');
  code.get(at, at);
  code.access('v128.load');
  code.get(at);
  code.op('i32x4.splat', 'i32x4.add');
  code.access('v128.store');
  code.get(at);
  code.int(16);
  code.op('i32.add');
  code.tee(at);
  code.get(end);
  code.op('i32.lt_u');
  code.branchIf(0);
  code.op('end');
  code.int(0);
  return code.module(true);
}

describe('team', () => {
  const code = marking();
  test.each([1, 2, 3, 5])('does each part once with %i threads', (threads) => {
    const words = arrayInArena(Int32Array, MOST_PARTS * 4096, 4) as Int32Array;
    const start = addressOf(words);
    for (let round = 1; round <= 40; round++) {
      const parts = 1 + ((round * 13) % MOST_PARTS);
      words.fill(0);
      const calls = Array.from({ length: parts }, (_, p) => [
        start + p * 16384,
        start + (p + 1) * 16384,
      ]);
      runParts(code, calls, threads);
      let wrong = 0;
      for (let i = 0; i < words.length; i++) {
        const expected = i < parts * 4096 ? start + 16 * (i >> 2) : 0;
        if (words[i] !== expected) wrong += 1;
      }
      expect(wrong).toBe(0);
    }
    release(words);
  });

  test('a part that fails makes the whole fail, and the next is right', () => {
    const words = arrayInArena(Int32Array, 4096, 4) as Int32Array;
    const start = addressOf(words);
    // Beyond the 4 GiB that a memory may have.
    const bad = [-16, 0];
    expect(() => runOf(code)(...bad)).toThrow();
    expect(() =>
      runParts(
        code,
        Array.from({ length: 8 }, () => bad),
        3,
      ),
    ).toThrow();
    words.fill(0);
    const halves = [
      [start, start + 8192],
      [start + 8192, start + 16384],
    ];
    // A failure that is over must not be told again.
    for (let again = 0; again < 3; again++) {
      words.fill(0);
      runParts(code, halves, 3);
      expect(words[8]).toBe(start + 32);
      expect(words[4090]).toBe(start + 16 * (4090 >> 2));
    }
    release(words);
  });
});
