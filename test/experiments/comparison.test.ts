/**
 * Oracles: Z-IL is BP to the bit; Adam's step is at most about its rate, which
 * bounds ln Sigma; made-up rows, whose best rates, distances and claims are
 * known by hand.
 */

import { describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { comparison } from '../../src/experiments/comparison/comparison.ts';
import {
  apartFrom,
  bestOf,
  type ComparisonRow,
  claims,
  summaries,
} from '../../src/experiments/comparison/summary.ts';
import { rowsOf, settingsOf, told } from './run.ts';

const params = {
  ...{ data: 'digits', layers: '2', widths: '6', rates: '0.002', decays: '0' },
  ...{ T: '16', presentations: '12', batch: '8', train: '100', test: '40' },
  tests: '3',
};
const settings = settingsOf(comparison, params);
const backend = new CpuBackend('f32');

describe('the experiment', () => {
  const rows = rowsOf(comparison, { backend, params });

  test('gives a row a rule, all with equal keys', async () => {
    const got = await rows;
    const rules = ['bp', 'zil', 'pc', 'rc2', 'rc3', 'rc23'];
    expect(got.map(({ rule }) => rule)).toEqual(rules);
    const keys = new Set(got.map((row) => Object.keys(row).join()));
    expect(keys.size).toBe(1);
    expect(got.map(({ inference }) => inference)).toEqual([
      3, 3, 16, 16, 16, 16,
    ]);
  });

  test('Z-IL is BP, the others are not, and it holds', async () => {
    const got = await rows;
    const [bp, zil, ...others] = got.map((row) => row.digest);
    expect(zil).toBe(bp);
    expect(others).not.toContain(bp);
    expect(told(comparison, got, settings).holds).toBe(true);
    const wrong = got.map((row) =>
      row.rule === 'zil' ? { ...row, digest: '0' } : row,
    );
    const { holds, lines } = told(comparison, wrong, settings);
    expect(holds).toBe(false);
    expect(lines.join(' ')).toContain('Z-IL differs from BP');
  });

  test('ln Sigma is learned by rc3 and rc23, as far as Adam can go', async () => {
    const far = (rule: string) => {
      const row = all.find((each) => each.rule === rule)!;
      expect(row.neurons).toEqual([6, 6, 10]);
      return Math.min(...row.lnSigma!);
    };
    const all = await rows;
    expect(far('rc3')).toBeCloseTo(-12 * 0.002, 2);
    expect(far('rc23')).toBeCloseTo(-2 * 12 * 0.002, 2);
    expect(all.filter(({ lnSigma }) => lnSigma)).toHaveLength(2);
  });

  test('figures and tables can be made of them', async () => {
    const got = await rows;
    expect(comparison.tables(got, settings)).toHaveLength(2);
    const names = comparison.figures(got, settings).map(({ name }) => name);
    expect(names).toEqual([
      ...['comparison-test-6', 'comparison-train-6', 'comparison-accuracy-6'],
      ...['comparison-rates-6', 'comparison-speed'],
      ...['comparison-sigma-rc3-6', 'comparison-sigma-rc23-6'],
    ]);
  });
});

describe('claims', () => {
  const two = settingsOf(comparison, {
    ...params,
    rules: 'bp,pc,rc2,rc3',
    rates: '0.1,1',
  });
  const row = (
    rule: ComparisonRow['rule'],
    rate: number,
    finalAccuracy: number | null,
    testLoss: readonly number[],
  ) =>
    ({
      ...{ rule, rate, width: 6, decay: 0, seed: 1, finalAccuracy, testLoss },
      ...{ finalLoss: testLoss.at(-1), lnSigma: null, trainLoss: testLoss },
      ...{ reached: null, reachedSteps: null },
      broke: finalAccuracy === null ? 5 : null,
    }) as unknown as ComparisonRow;
  const made = [
    row('bp', 0.1, 0.8, [1, 1]),
    row('bp', 1, 0.9, [2, 1]),
    row('pc', 0.1, 0.85, [8, 4]),
    row('pc', 1, 0.8, [2, 1]),
    row('rc2', 0.1, 0.7, [4, 4]),
    row('rc2', 1, null, [4]),
    row('rc3', 0.1, 0.6, [9, 9]),
    row('rc3', 1, 0.7, [2, 2]),
  ];

  test('are of the best rate of each rule', () => {
    const best = bestOf(made, 6, two);
    expect(best.map(({ rule, rate }) => [rule, rate])).toEqual([
      ...[
        ['bp', 1],
        ['pc', 0.1],
        ['rc2', 0.1],
      ],
      ['rc3', 1],
    ]);
    const [bp, pc, rc2, rc3] = best;
    expect(apartFrom(pc, bp)).toBeCloseTo(Math.log(4), 12);
    expect(apartFrom(rc2, bp)).toBeCloseTo((Math.log(2) + Math.log(4)) / 2, 12);
    expect(apartFrom(rc3, bp)).toBeCloseTo(Math.log(2) / 2, 12);
  });

  test('come out where they do', () => {
    const [nearest, stable] = claims(made, 6, two);
    expect(nearest).toContain('rc3 is closest to BP": it comes out');
    expect(stable).toContain('unstable at larger rates": it comes out');
  });

  test('do not where they do not', () => {
    const other = made.map((each) => {
      if (each.rule === 'rc2' && each.rate === 1) {
        return row('rc2', 1, 0.7, [2, 1]);
      }
      return each.rule === 'rc3' ? { ...each, testLoss: [99, 99] } : each;
    });
    const [nearest, stable] = claims(other, 6, two);
    expect(nearest).toContain('it does NOT come out, rc2 is closest');
    expect(stable).toContain('it does NOT come out');
  });

  test('a training that broke is right about nothing', () => {
    const broken = summaries(made, 6).find(
      ({ rule, rate }) => rule === 'rc2' && rate === 1,
    )!;
    expect(broken).toMatchObject({ accuracy: 0, broken: 1 });
    const { rows } = comparison.tables(made, two)[1];
    expect(rows.find(([, rule]) => rule === 'rc2')!.at(-1)).toBe(
      'overflow at 5',
    );
  });
});
