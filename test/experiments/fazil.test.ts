/**
 * Oracle: THEORY, section 4: Fa-Z-IL by populations equals BP to the bit; by
 * units where no error is exactly 0, so not for a ReLU that is off.
 */

import { describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { asExpected, fazil } from '../../src/experiments/song/fazil.ts';
import { rowsOf, settingsOf, told } from './run.ts';

const params = {
  ...{ data: 'digits', hidden: '6', layers: '3', steps: '8', batch: '5' },
  ...{ train: '50', test: '20' },
};
const settings = settingsOf(fazil, params);

describe.each(['f64', 'f32'] as const)('triggers, in %s', async (dtype) => {
  const backend = new CpuBackend(dtype);
  const rows = await rowsOf(fazil, { params, backend });

  test('there is a row for each function, with biases or not, and trigger', () => {
    const names = rows.map((r) => `${r.activation} ${r.biases} ${r.trigger}`);
    expect(new Set(names).size).toBe(12);
  });

  test('by populations: no bit, in the update and after training', () => {
    for (const row of rows.filter(({ trigger }) => trigger === 'population')) {
      expect(row).toMatchObject({
        ...{ expected: 'equal', differingBits: 0, zilBits: 0 },
        ...{ trainedBits: 0, distance: 0, holds: true },
      });
    }
  });

  test('by units: equal for smooth functions, not for ReLU', () => {
    for (const row of rows.filter(({ trigger }) => trigger === 'unit')) {
      // Two hidden layers of 6 units can fire late, for 5 examples.
      expect(row.units).toBe(60);
      const smooth = row.activation !== 'relu';
      expect(row.zeros === 0).toBe(smooth);
      expect(row.expected).toBe(smooth ? 'equal' : 'differs');
      expect(row.differingBits === 0).toBe(smooth);
      expect(row.holds).toBe(true);
    }
    expect(told(fazil, rows, settings).holds).toBe(true);
  });

  test('a bit where none may differ is not as expected', () => {
    const [row] = rows;
    expect(asExpected(row)).toBe(true);
    expect(asExpected({ ...row, differingBits: 1 })).toBe(false);
    expect(asExpected({ ...row, trainedBits: 1 })).toBe(false);
    expect(asExpected({ ...row, zilBits: 1 })).toBe(false);
    expect(asExpected({ ...row, expected: 'differs' })).toBe(false);
  });

  test('says so where a row is not as the theory has it', () => {
    const wrong = { ...rows[0], differingBits: 1, holds: false };
    const { holds, lines } = told(fazil, [wrong], settings);
    expect(holds).toBe(false);
    expect(lines.at(-1)).toMatch('sigmoid, trigger population, with biases');
  });
});

test('with one hidden layer no unit can fire late, not even a ReLU', async () => {
  const rows = await rowsOf(fazil, {
    params: { ...params, layers: '1', activations: 'relu' },
  });
  for (const row of rows) {
    expect(row).toMatchObject({ units: 0, differingBits: 0, holds: true });
  }
});
