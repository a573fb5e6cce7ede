/** Oracle: the order of runs that was written down by hand. */

import { describe, expect, test } from 'vitest';
import { ratios, timeRounds } from '../../bench/rounds.ts';
import { throughput } from '../../bench/throughput.ts';

function noted(names: readonly string[]) {
  const runs: string[] = [];
  const contenders = names.map((name) => ({
    name,
    run: async () => void runs.push(name),
  }));
  return { runs, contenders };
}

const endless = Number.POSITIVE_INFINITY;

describe('rounds', () => {
  test('turn their order round each time, after two runs of each', async () => {
    const { runs, contenders } = noted(['a', 'b', 'c']);
    const options = { rounds: 3, budgetMs: endless, least: 1 };
    const { ms, failed } = await timeRounds(contenders, options);
    expect(runs.join('')).toBe('aabbccabccbaabc');
    expect([...ms].map(([name, times]) => [name, times.length])).toEqual([
      ['a', 3],
      ['b', 3],
      ['c', 3],
    ]);
    expect(failed).toEqual([]);
  });

  test('a dear one takes part in the first alone, as often as it must', async () => {
    const { runs, contenders } = noted(['a', 'dear']);
    const options = { rounds: 4, budgetMs: 0, least: 2 };
    const dear = {
      name: 'dear',
      run: async () => {
        const end = performance.now() + 1;
        while (performance.now() < end);
        runs.push('dear');
      },
    };
    const { ms } = await timeRounds([contenders[0], dear], options);
    expect(ms.get('dear')).toHaveLength(2);
    expect(runs.slice(4, 8)).toEqual(['a', 'dear', 'dear', 'a']);
  });

  test('one that throws is out, and the others go on', async () => {
    const { runs, contenders } = noted(['a', 'b']);
    let left = 3;
    const failing = {
      name: 'failing',
      run: async () => {
        if (left-- === 0) throw new Error('worn out');
      },
    };
    const options = { rounds: 3, budgetMs: endless, least: 1 };
    const timings = await timeRounds([failing, ...contenders], options);
    expect(timings.failed).toEqual([{ name: 'failing', error: 'worn out' }]);
    expect(timings.ms.has('failing')).toBe(false);
    expect(runs.filter((name) => name === 'a')).toHaveLength(5);
    expect(ratios(timings, 'a', 'failing')).toBeNull();
  });

  test('ratios are made of rounds in which both took part', () => {
    const ms = new Map([
      ['a', [2, 6, 12, 1000]],
      ['b', [1, 2, 3]],
    ]);
    const found = ratios({ ms, failed: [] }, 'a', 'b');
    expect(found).toMatchObject({ n: 3, min: 2, median: 3, q1: 2.5, q3: 3.5 });
  });
});

describe('benny', () => {
  test('runs what is quick enough, one after another, and prints nothing', async () => {
    let [inside, most] = [0, 0];
    const run = async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    };
    const contenders = ['a', 'b', 'dear'].map((name) => ({ name, run }));
    const ms = new Map([
      ['a', [1]],
      ['b', [1]],
      ['dear', [60_000]],
    ]);
    const { log } = console;
    const found = await throughput(
      'test',
      contenders,
      { ms, failed: [] },
      0.05,
    );
    expect(console.log).toBe(log);
    expect([...found.keys()]).toEqual(['a', 'b']);
    for (const { perSecond, samples } of found.values()) {
      expect(perSecond).toBeGreaterThan(0);
      expect(samples).toBeGreaterThan(0);
    }
    expect(most).toBe(1);
  });
});
