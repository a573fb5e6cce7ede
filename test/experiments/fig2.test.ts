/**
 * Oracle: the divergence step by step by another framework, for the seven step
 * sizes of the paper.
 */

import { describe, expect, test } from 'vitest';
import { asExpected, fig2 } from '../../src/experiments/millidge/fig2.ts';
import { oracle } from '../oracles/oracle.ts';
import { rowsOf, settingsOf, told } from './run.ts';

const { curves, dL_dv0 } = oracle<{
  dL_dv0: number;
  curves: Record<
    string,
    { divergence_first_101: readonly number[]; divergence_at_500: number }
  >;
}>('toy_millidge_trajectory');

const params = { steps: '500' };
const settings = settingsOf(fig2, params);
const rows = await rowsOf(fig2, { params });

describe('Figure 2 of Millidge', () => {
  test('has the step sizes of the paper, and every step', () => {
    const gammas = Object.keys(curves).map(Number);
    expect(settings.gammas).toEqual(gammas);
    expect(rows).toHaveLength(7 * 501);
  });

  test.each(Object.entries(curves))('gamma = %s', (gamma, curve) => {
    const own = rows.filter((row) => row.gamma === Number(gamma));
    const known = [
      ...curve.divergence_first_101.map((value, n) => [n, value] as const),
      [500, curve.divergence_at_500] as const,
    ];
    for (const [n, value] of known) {
      const { measured, expected, holds } = own[n];
      expect(holds).toBe(true);
      const least = 1e-12 * Math.abs(dL_dv0);
      expect(Math.abs(measured - value)).toBeLessThan(least);
      expect(Math.abs(expected - value)).toBeLessThan(least);
    }
  });

  test('the tolerance does not forgive another step size', () => {
    const other = rows.find(({ gamma, step }) => gamma === 0.1 && step === 30)!;
    const near = rows.find(({ gamma, step }) => gamma === 0.1 && step === 31)!;
    const off = Math.abs(other.measured - near.expected);
    expect(off).toBeGreaterThan(1e9 * other.tolerance);
    const { measured, measuredTheta } = near;
    expect(asExpected({ ...other })).toBe(true);
    expect(asExpected({ ...other, measured })).toBe(false);
    expect(asExpected({ ...other, measuredTheta })).toBe(false);
  });

  test('says so where a row is not as the theory has it', () => {
    expect(told(fig2, rows, settings).holds).toBe(true);
    const wrong = { ...rows[7], holds: false };
    const { holds, lines } = told(fig2, [...rows, wrong], settings);
    expect(holds).toBe(false);
    expect(lines.at(-1)).toMatch(/^NOT as theory says: gamma = 0.01/);
  });

  test('a line a step size and the closed form, with gaps at 0', () => {
    const [figure] = fig2.figures(rows, settings);
    if (figure.kind !== 'lines') throw new Error('lines');
    expect(figure.lines).toHaveLength(8);
    for (const { xs, ys } of figure.lines) {
      expect(xs.length).toBe(ys.length);
      for (const y of Array.from(ys))
        expect(y > 0 || Number.isNaN(y)).toBe(true);
    }
  });
});
