/**
 * Oracles: one wave of errors is the work of BP, so Z-IL's step must call the
 * same kernels (THEORY, section 5); IL of T steps calls more, and more with T.
 * No time is judged: only how times are put together, on times by hand.
 */

import { describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import {
  quartiles,
  ratiosOf,
  timeRounds,
} from '../../src/experiments/salvatori/rounds.ts';
import { kernelsOff, table2 } from '../../src/experiments/salvatori/table2.ts';
import { timed } from '../../src/experiments/salvatori/table2-models.ts';
import { rowsOf, settingsOf, told } from './run.ts';

const params = { size: 'tiny', seconds: '0', rounds: '1', steps: '3' };
const settings = settingsOf(table2, params);

describe('table 2', async () => {
  const backend = new CpuBackend('f32');
  const rows = await rowsOf(table2, { params, backend });

  test.each(timed.map(({ name }) => name))(
    '%s: Z-IL calls the kernels of BP, IL others',
    (model) => {
      const own = rows.filter((row) => row.model === model);
      const [bp, zil, fixed, il] = own;
      expect(own.map(({ rule }) => rule)).toEqual([
        ...['bp', 'zil', 'il fixed', 'il'],
      ]);
      expect(zil).toMatchObject({ callsOff: 0, expectedOff: 0, holds: true });
      expect(zil.calls).toBe(bp.calls);
      expect(fixed.callsOff).toBeGreaterThan(0);
      expect(il.callsOff).toBeGreaterThan(0);
      expect(il).toMatchObject({ inferenceSteps: 3, expectedOff: null });
      for (const row of own) {
        expect(row.ms).toBeGreaterThan(0);
        expect(row.weights).toBe(bp.weights);
        expect(Object.keys(row)).toEqual(Object.keys(bp));
      }
      expect(bp.toBp).toBe(1);
    },
  );

  test('says so where Z-IL does other work', () => {
    expect(told(table2, rows, settings).holds).toBe(true);
    const wrong = rows.map((row) =>
      row.model === 'rnn' && row.rule === 'zil'
        ? { ...row, callsOff: 4, holds: false }
        : row,
    );
    const { lines, holds, verdicts } = told(table2, wrong, settings);
    expect(holds).toBe(false);
    expect(verdicts).toMatchObject([{ measured: '4 of 5' }]);
    expect(verdicts[0].what).toMatch(/^models/);
    // Nothing is made at once on the CPU.
    expect(lines[0]).toMatch('launches than BP in 0 of 5 models');
    const less = rows.map((row) =>
      row.rule === 'zil' ? { ...row, launches: row.launches - 1 } : row,
    );
    expect(told(table2, less, settings).lines[0]).toMatch('in 5 of 5');
    expect(lines.at(-1)).toMatch('rnn, zil: 4 calls more or fewer.');
  });

  test('one more step of IL costs the same calls again', async () => {
    const calls = await Promise.all(
      ['20', '21', '22'].map(async (steps) => {
        const of = { ...params, models: 'mlp', steps };
        const found = await rowsOf(table2, { params: of, backend });
        return found.map((row) => row.calls);
      }),
    );
    const [bp, zil, fixed, il] = calls[0].map((_, i) =>
      calls.map((all) => all[i]),
    );
    expect([new Set(bp).size, new Set(zil).size]).toEqual([1, 1]);
    expect(il[2] - il[1]).toBe(il[1] - il[0]);
    expect(il[1]).toBeGreaterThan(il[0]);
    expect(fixed[0]).toBeGreaterThan(bp[0]);
    expect(il[0]).toBeGreaterThan(fixed[0]);
  });

  test('tables and picture have what the rows have', () => {
    for (const { head, rows: cells } of table2.tables(rows, settings)) {
      for (const row of cells) expect(row).toHaveLength(head.length);
    }
    const [figure] = table2.figures(rows, settings);
    expect(figure).toMatchObject({ groups: timed.map(({ name }) => name) });
    if (figure.kind !== 'bars') throw new Error(figure.kind);
    const [zil] = figure.series;
    expect(zil.values[2]).toBe(
      rows.find(({ model, rule }) => model === 'rnn' && rule === 'zil')?.toBp,
    );
  });

  test('ends at the next step when it is told to', async () => {
    const stop = new AbortController();
    const [piece] = table2.pieces(settings, [1]);
    const running = piece.run({
      backend,
      signal: stop.signal,
      progress: () => stop.abort(),
    });
    await expect(running).rejects.toThrow(/abort/i);
  });
});

test('calls that differ are counted both ways', () => {
  const one = new Map([
    ['gemm', 3],
    ['add', 1],
  ]);
  const other = new Map([
    ['gemm', 1],
    ['mul', 5],
  ]);
  expect(kernelsOff(one, other)).toBe(2 + 1 + 5);
  expect(kernelsOff(one, new Map(one))).toBe(0);
});

describe('rounds', () => {
  const turns = {
    ...{ rounds: 4, budget: 0, progress: () => undefined },
    signal: new AbortController().signal,
  };
  const contender = (name: string, log: string[]) => ({
    name,
    prepare: () => void log.push('-'),
    run: async () => void log.push(name),
  });

  test('the order is turned round from each to the next', async () => {
    const log: string[] = [];
    const two = [contender('a', log), contender('b', log)];
    const times = await timeRounds(two, { ...turns, budget: 1e9, rounds: 3 });
    expect([...times.values()].map(({ length }) => length)).toEqual([3, 3]);
    const order = log
      .join('')
      .replaceAll('-', '')
      .replace(/(.)\1*/g, '$1');
    // Before them a and b by themselves; then a b, b a, a b.
    expect(order).toBe('ab' + 'ab' + 'ab');
    expect(log.filter((each) => each === '-')).toHaveLength(log.length / 2);
  });

  test('the dear take part in three at least', async () => {
    const times = await timeRounds([contender('a', [])], turns);
    expect(times.get('a')).toHaveLength(3);
  });

  test('quartiles and ratios, by hand', () => {
    expect(quartiles([4, 1, 3, 2])).toEqual({
      ...{ median: 2.5, lower: 1.75, upper: 3.25 },
    });
    expect(quartiles([7])).toEqual({ median: 7, lower: 7, upper: 7 });
    expect(ratiosOf([2, 9], [4, 3, 100])).toEqual([0.5, 3]);
  });
});
