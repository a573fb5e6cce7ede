/**
 * Oracle: the theorem (without noise no bit of the trained weights differs),
 * and its converse: with noise they must.
 */

import { expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { asExpected, sigma } from '../../src/experiments/song/sigma.ts';
import { rowsOf, settingsOf, told } from './run.ts';

const params = {
  ...{ data: 'digits', hidden: '4', layers: '1,2', steps: '12' },
  ...{ train: '60', test: '40', sigmas: '0,0.01,0.5' },
};
const settings = settingsOf(sigma, params);

test.each(['f64', 'f32'] as const)('noise is missed, in %s', async (dtype) => {
  const rows = await rowsOf(sigma, { params, backend: new CpuBackend(dtype) });
  expect(rows).toHaveLength(6);
  for (const row of rows) {
    expect(row.holds).toBe(true);
    expect(row.differingBits === 0).toBe(row.sigma === 0);
    expect(row.distance === 0).toBe(row.sigma === 0);
    if (row.sigma === 0) expect(row.testError).toBe(row.bpTestError);
  }
  // 784 x 4 + 4 x 10 weights and 14 biases; one layer more: 4 x 4 and 4.
  expect(rows[0].weights).toBe(3190);
  expect(rows[3].weights).toBe(3210);
  expect(rows[2].relative).toBeGreaterThan(rows[1].relative);
  expect(told(sigma, rows, settings).holds).toBe(true);
  const wrong = { ...rows[0], differingBits: 1, holds: false };
  expect(told(sigma, [wrong, ...rows], settings).holds).toBe(false);
  expect(sigma.figures(rows, settings)).toHaveLength(2);
});

test('one bit without noise, or none with it, is not as expected', () => {
  expect([asExpected(0, 0, 'f32'), asExpected(0, 1, 'f32')]).toEqual([
    true,
    false,
  ]);
  expect([asExpected(0.1, 1, 'f32'), asExpected(0.1, 0, 'f32')]).toEqual([
    true,
    false,
  ]);
  // Noise below the last bit of the values is no noise.
  expect(asExpected(1e-9, 0, 'f32')).toBe(true);
  expect(asExpected(1e-9, 0, 'f64')).toBe(false);
});

test('drawn digits stand in for one data set only', async () => {
  const rows = await rowsOf(sigma, {
    params: { ...params, data: 'digits,auto', layers: '1', sigmas: '0' },
  });
  const names = rows.map((row) => row.data);
  expect(new Set(names).size).toBe(names.length);
});
