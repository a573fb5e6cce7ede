/**
 * Interleaved timings: machines drift by more than what is to be shown, so
 * those who are compared take turns, and ratios are made of what ran side by
 * side.
 */

import { messageOf } from '../src/base/errors.ts';
import { type Summary, summarise } from './statistics.ts';

/** One of those that are compared. */
export interface Contender {
  readonly name: string;
  /** Does its work once, and waits until it is done. */
  run(): Promise<unknown>;
}

export interface RoundOptions {
  /** Rounds at most. */
  readonly rounds: number;
  /** Time of one contender, ms: dear ones take part in the first rounds only. */
  readonly budgetMs: number;
  /** Rounds that even the dearest takes part in. */
  readonly least: number;
}

export interface Timings {
  /** Time of each run in ms, by contender; its i-th is of round i. */
  readonly ms: ReadonlyMap<string, readonly number[]>;
  readonly failed: readonly Failure[];
}

/** Something that threw, and what. */
export interface Failure {
  readonly name: string;
  readonly error: string;
}

/**
 * Times contenders in rounds, whose order is turned round each time; each has
 * run twice before. One that throws is out, and the others go on.
 */
export async function timeRounds(
  contenders: readonly Contender[],
  options: RoundOptions,
): Promise<Timings> {
  const ms = new Map<string, number[]>();
  const failed: Failure[] = [];
  const share = new Map<string, number>();
  /** Time of one run; null if it failed, now or before. */
  const time = async ({ name, run }: Contender) => {
    if (failed.some((failure) => failure.name === name)) return null;
    try {
      const begun = performance.now();
      await run();
      return performance.now() - begun;
    } catch (error) {
      failed.push({ name, error: messageOf(error) });
      ms.delete(name);
      return null;
    }
  };
  for (const contender of contenders) {
    await time(contender); // compiles
    const estimate = await time(contender);
    if (estimate === null) continue;
    const { rounds, least, budgetMs } = options;
    const affordable = Math.max(least, Math.floor(budgetMs / estimate));
    share.set(contender.name, Math.min(rounds, affordable));
    ms.set(contender.name, []);
  }
  for (let round = 0; round < options.rounds; round++) {
    const order = contenders.filter(
      ({ name }) => round < (share.get(name) ?? 0),
    );
    if (round % 2 === 1) order.reverse();
    for (const contender of order) {
      const taken = await time(contender);
      if (taken !== null) ms.get(contender.name)?.push(taken);
    }
  }
  return { ms, failed };
}

/** Of each round that both took part in, the time of one over the other's. */
export function ratios(
  { ms }: Timings,
  one: string,
  other: string,
): Summary | null {
  const [mine, theirs] = [ms.get(one), ms.get(other)];
  if (!mine || !theirs) return null;
  const both = Math.min(mine.length, theirs.length);
  if (both === 0) return null;
  return summarise(mine.slice(0, both).map((time, i) => time / theirs[i]));
}
