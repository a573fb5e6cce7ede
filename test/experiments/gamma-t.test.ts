/**
 * Oracle: THEORY, section 4: before t = l nothing has come; at t = l the update
 * is gamma^l times BP's, so BP's itself at gamma = 1 only; later it is another.
 */

import { describe, expect, test } from 'vitest';
import { compare, gammaT } from '../../src/experiments/song/gamma-t.ts';
import { rowsOf, settingsOf, told } from './run.ts';

const params = {
  ...{ data: 'digits', hidden: '5', batch: '3', layers: '2,3', times: '4' },
  gammas: '0.25,0.7,1,1.5',
};
const settings = settingsOf(gammaT, params);

describe.each(['sigmoid', 'relu'])('%s', async (activation) => {
  const rows = await rowsOf(gammaT, { params: { ...params, activation } });

  test('a row for each matrix, gamma and time, all of them as expected', () => {
    expect(rows).toHaveLength((2 + 3) * 4 * 4);
    for (const row of rows) {
      expect(row.holds, `${row.layers} ${row.l} ${row.gamma} ${row.t}`).toBe(
        true,
      );
    }
    expect(told(gammaT, rows, settings).holds).toBe(true);
  });

  test('equal to BP at t = l and gamma = 1, and at t = l = 0, nowhere else', () => {
    for (const { l, t, gamma, relative, differingBits } of rows) {
      const equal = t === l && (gamma === 1 || l === 0);
      expect(differingBits === 0).toBe(equal);
      expect(relative === 0).toBe(equal);
    }
  });

  test('distances by hand', () => {
    const at = (l: number, gamma: number, t: number) =>
      rows.find(
        (row) =>
          row.layers === 3 && row.l === l && row.gamma === gamma && row.t === t,
      )!.relative;
    expect(at(2, 0.25, 1)).toBe(1);
    expect(at(2, 1, 0)).toBe(1);
    expect(at(1, 0.25, 1)).toBeCloseTo(0.75, 12);
    expect(at(2, 0.25, 2)).toBeCloseTo(1 - 1 / 16, 12);
    expect(at(2, 0.7, 2)).toBeCloseTo(0.51, 12);
    expect(at(2, 1.5, 2)).toBeCloseTo(1.25, 12);
  });

  test('a map for each matrix, as many cells as rows', () => {
    const figures = gammaT.figures(rows, settings);
    expect(figures).toHaveLength(5);
    expect(new Set(figures.map(({ name }) => name)).size).toBe(5);
    for (const figure of figures) {
      if (figure.kind !== 'heat') throw new Error('heat');
      expect(figure.values.flat()).toHaveLength(16);
    }
  });
});

test('a wrong update is not as the theory has it', () => {
  const update = (factor: number) =>
    new Map([['theta2', Float64Array.of(3 * factor, -factor)]]);
  const holds = (factor: number, gamma: number, t: number) =>
    compare(update(factor), update(1), { l: 1, gamma, t }, 'f64').holds;
  expect([holds(0, 0.5, 0), holds(1, 0.5, 0)]).toEqual([true, false]);
  expect([holds(0.5, 0.5, 1), holds(1, 0.5, 1)]).toEqual([true, false]);
  expect([holds(1, 1, 1), holds(1 + 2e-16, 1, 1)]).toEqual([true, false]);
  expect([holds(0.9, 1, 2), holds(1, 1, 2)]).toEqual([true, false]);
});

test('an update at a wrong time is not as the theory has it', async () => {
  const rows = await rowsOf(gammaT, { params: { ...params, layers: '2' } });
  const wrong = rows.map((row) =>
    row.l === 1 && row.t === 1 && row.gamma === 1
      ? { ...row, differingBits: 4, holds: false }
      : row,
  );
  const { holds, lines } = told(gammaT, wrong, settings);
  expect(holds).toBe(false);
  expect(lines.at(-1)).toMatch('2 layers, l = 1, gamma = 1, t = 1');
});
