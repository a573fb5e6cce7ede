/**
 * Oracles: Z-IL is BP to the bit; P(Binomial(T, gamma) >= k) of THEORY,
 * section 4, which fixed predictions with gamma = 1 make exactly 1; for weights
 * that differ, that the experiment says so.
 */

import { describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { fig3 } from '../../src/experiments/millidge/fig3.ts';
import { rowsOf, settingsOf, told } from './run.ts';

const params = {
  ...{ models: 'rnn,lstm', rnn: '6', lstm: '3', hidden: '6', batch: '4' },
  ...{ letters: '3', characters: '2', tests: '2', test: '20' },
  ...{ rnnT: '30', lstmT: '40' },
};
const settings = settingsOf(fig3, params);
const backend = new CpuBackend('f64');

describe('fig3', () => {
  const rows = rowsOf(fig3, { backend, params });

  test('Z-IL has the weights of BP; pc nearly, and it holds', async () => {
    const got = await rows;
    for (const model of ['rnn', 'lstm']) {
      const own = got.filter((row) => row.model === model);
      const [bp, zil, pc] = own;
      expect(own.map(({ rule }) => rule)).toEqual(['bp', 'zil', 'pc']);
      expect(zil.digest).toBe(bp.digest);
      expect(pc.digest).not.toBe(bp.digest);
      expect(zil.testLoss).toEqual(bp.testLoss);
      expect(pc.testLoss.at(-1)).toBeCloseTo(bp.testLoss.at(-1)!, 2);
      expect(pc.testLoss.at(-1)).not.toBe(bp.testLoss[0]);
      expect(pc.lost).toBeLessThan(0.05);
      expect(bp.lost).toBeNull();
    }
    const { holds, verdicts } = told(fig3, got, settings);
    expect(holds).toBe(true);
    expect(verdicts).toMatchObject([{ measured: '2 of 2' }]);
    expect(verdicts[0].what).toContain('trainings');
  });

  test('weights of Z-IL that differ do not hold', async () => {
    const wrong = (await rows).map((row) =>
      row.rule === 'zil' && row.model === 'rnn' ? { ...row, digest: '0' } : row,
    );
    const { holds, lines } = told(fig3, wrong, settings);
    expect(holds).toBe(false);
    expect(lines.join(' ')).toContain('Z-IL differs from BP, rnn');
  });

  test('curves that part are told', async () => {
    const apart = (await rows).map((row) =>
      row.rule === 'pc'
        ? { ...row, testAccuracy: row.testAccuracy.map((part) => part + 0.2) }
        : row,
    );
    const { holds, lines } = told(fig3, apart, settings);
    expect(holds).toBe(true);
    expect(lines.filter((l) => l.includes('does NOT come out'))).toHaveLength(
      2,
    );
  });

  test('with gamma = 1 nothing is lost, and pc is BP in its numbers', async () => {
    const own = { ...params, models: 'rnn', gamma: '1', rules: 'bp,pc' };
    const [bp, pc] = await rowsOf(fig3, { backend, params: own });
    expect(pc.lost).toBe(0);
    expect(pc.testLoss.at(-1)).toBeCloseTo(bp.testLoss.at(-1)!, 10);
  });

  test('a figure for each model, Z-IL left out', async () => {
    const figures = fig3.figures(await rows, settings);
    expect(figures.map(({ name }) => name)).toEqual(['fig3-rnn', 'fig3-lstm']);
    const [figure] = figures;
    if (figure.kind !== 'lines') throw new Error(figure.kind);
    expect(figure.lines.map(({ name }) => name)).toEqual([
      ...['bp, test', 'pc, test', 'bp, training', 'pc, training'],
    ]);
  });
});
