/** Throughput of cases by benny, one after another and not interleaved. */

import benny from 'benny';
import type { Contender, Timings } from './rounds.ts';
import { median } from './statistics.ts';

export interface Throughput {
  readonly perSecond: number;
  /** Margin of error at 99 %, in percent. */
  readonly margin: number;
  readonly samples: number;
}

/**
 * Runs a suite of benny over contenders whose median is known. Those that take
 * more than `maxSeconds` a run are left out: benny runs each several times.
 */
export async function throughput(
  suite: string,
  contenders: readonly Contender[],
  { ms }: Timings,
  maxSeconds: number,
): Promise<Map<string, Throughput>> {
  const quick = contenders.filter(({ name }) => {
    const times = ms.get(name);
    return times && median(times) < 1000 * maxSeconds;
  });
  if (quick.length === 0) return new Map();
  const options = { maxTime: maxSeconds, minSamples: 3 };
  const cases = quick.map(({ name, run }) => {
    // benny calls each once to see what it is, and does not wait for it.
    let seen = false;
    const work = async () => {
      if (seen) await run();
      seen = true;
    };
    return benny.add(name, async () => work, options);
  });
  const { log } = console;
  // benny announces a suite on stdout, which is for results.
  console.log = () => {};
  try {
    const { results } = await benny.suite(suite, ...cases);
    return new Map(
      results.map(({ name, margin, samples, details }) => [
        name,
        { perSecond: 1 / details.mean, margin, samples },
      ]),
    );
  } finally {
    console.log = log;
  }
}
