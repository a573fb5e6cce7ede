/**
 * Functions of WebAssembly over ranges of elements, (job, first, n): threads
 * take the ranges of large calls.
 */

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
