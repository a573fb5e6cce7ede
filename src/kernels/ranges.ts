/**
 * Functions of WebAssembly over ranges of elements, (job, first, n): threads
 * take the ranges of large calls.
 */

import type { FloatArray } from '../base/tensor.ts';
import { addressOf, arrayInArena } from '../formula/wasm/arena.ts';
import { type Code, hasSimd } from '../formula/wasm/code.ts';
import { type Steps, stepsOf } from '../formula/wasm/steps.ts';
import { runOf, runParts } from '../formula/wasm/team.ts';

/** Elements that are worth a part of their own: some 10 us. */
const RANGE = 1 << 14;

/** Ranges a thread: the last to end is not much later than the others. */
const RANGES_A_THREAD = 2;

/** Threads should not write to one line of the cache. */
const TOGETHER = 64;

/**
 * Does the elements 0 .. n - 1 of a job, each of which is as much work as
 * `weight` steps of a simple loop; ranges are multiples of `together`.
 */
export function runRange(
  code: Uint8Array,
  job: number,
  n: number,
  weight: number,
  threads: number,
  together = TOGETHER,
): void {
  const worth = threads === 1 ? 1 : Math.floor((n * weight) / RANGE);
  const many = Math.min(worth, threads * RANGES_A_THREAD);
  if (many < 2) {
    runOf(code)(job, 0, n);
    return;
  }
  const size = Math.ceil(n / many / together) * together;
  const calls: number[][] = [];
  for (let first = 0; first < n; first += size) {
    calls.push([job, first, Math.min(size, n - first)]);
  }
  runParts(code, calls, threads);
}

/** The code of such a function: steps on the words of a job, by their names. */
export function rangeCode(
  words: readonly string[],
  single: boolean,
  write: (steps: Steps, code: Code) => void,
): Uint8Array {
  const names = ['job', 'first', 'count'];
  const code = stepsOf(names, single, (steps, code) => {
    steps.words(words);
    write(steps, code);
  });
  return code.module(true);
}

/** Bytes of a job before its divisor. */
const wordBytes = (words: readonly string[]) => 8 * Math.ceil(words.length / 2);

/** Puts the divisor of a job into all lanes of `divisor`. */
export const loadDivisor = (steps: Steps, words: readonly string[]) =>
  steps.load('divisor', 'job', 'splat', wordBytes(words));

const codes = new Map<string, Uint8Array>();

/** What the calls of a function work on: words, and a number behind them. */
export interface Job {
  readonly code: Uint8Array;
  /** Byte of the arena at which it is. */
  readonly address: number;
  readonly words: Int32Array;
  /** Sets the divisor; false: float32 does not have it. */
  setDivisor(divisor: number): boolean;
}

/** A job for the function of a name, which is made once; null: there is none. */
export function makeJob(
  name: string,
  names: readonly string[],
  single: boolean,
  make: () => Uint8Array,
): Job | null {
  const at = wordBytes(names);
  const words = hasSimd() ? arrayInArena(Int32Array, at / 4 + 2, 4) : null;
  if (!words) return null;
  const key = `${name} ${single}`;
  const code = codes.get(key) ?? make();
  codes.set(key, code);
  const { buffer, byteOffset } = words;
  const Numbers = single ? Float32Array : Float64Array;
  const divisors: FloatArray = new Numbers(buffer, byteOffset + at, 1);
  const setDivisor = (divisor: number) => {
    divisors[0] = divisor;
    return divisors[0] === divisor;
  };
  return { code, address: addressOf(words), words, setDivisor };
}
