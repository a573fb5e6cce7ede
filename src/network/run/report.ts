/** What a run tells of its calls: how far one is, and what it took. */

import type { Subject } from 'rxjs';

/** What a call of `run` did. */
export interface RunReport {
  /** Ticks that were computed. */
  readonly ticks: number;
  /** Model time in ms. */
  readonly time: number;
  /** Wall time in seconds, building and warm-up not counted. */
  readonly seconds: number;
  /** Wall time / model time, NEST's measure: below 1 is faster than life. */
  readonly realTimeFactor: number;
  /** Wall time in seconds of building and warm-up that this call waited for. */
  readonly buildSeconds: number;
}

/** How far a call of `run` is. */
export interface Progress {
  /** Ticks of the call that are computed. */
  readonly done: number;
  /** Ticks that the call asked for. */
  readonly ticks: number;
  /** Wall time in seconds so far. */
  readonly seconds: number;
  /** Wall time / model time so far. */
  readonly realTimeFactor: number;
}

/** ms between two tellings of progress. */
const PROGRESS_MS = 200;

/** Tells how far a call is that began at a tick, a few times a second. */
export function teller(
  progress$: Subject<Progress>,
  start: number,
  ticks: number,
  dt: number,
): (tick: number) => void {
  const begun = performance.now();
  let told = begun;
  return (tick) => {
    const now = performance.now();
    if (now - told < PROGRESS_MS) return;
    told = now;
    const done = tick - start;
    const seconds = (now - begun) / 1000;
    const realTimeFactor = seconds / ((done * dt) / 1000);
    progress$.next({ done, ticks, seconds, realTimeFactor });
  };
}
