/**
 * Oracles: moments of distributions known in closed form; an area of 1; that
 * Z-IL is BP to the bit, and that the experiment says so where it is not.
 */

import { describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { Random } from '../../src/base/random.ts';
import {
  densityOf,
  momentsOf,
  uniformOff,
} from '../../src/experiments/comparison/moments.ts';
import { shown, weights } from '../../src/experiments/comparison/weights.ts';
import { rowsOf, settingsOf, told } from './run.ts';

const params = {
  ...{ data: 'digits', rules: 'bp,zil,pc', layers: '2', width: '6' },
  ...{ T: '8', presentations: '10', batch: '8', train: '100', test: '20' },
};
const settings = settingsOf(weights, params);
const backend = new CpuBackend('f32');

describe('moments', () => {
  test('of 0, 0, 0, 4 by hand', () => {
    // mean 1, squares 1 1 1 9, cubes -1 -1 -1 27, fourth powers 1 1 1 81
    expect(momentsOf([0, 0, 0, 4])).toEqual({
      ...{ elements: 4, mean: 1, deviation: Math.sqrt(3), least: 0, most: 4 },
      skewness: 6 / Math.sqrt(3) ** 3,
      kurtosis: 21 / 9 - 3,
    });
  });

  test('of uniform numbers are within 5 standard errors, of others not', () => {
    const random = new Random(1, 'uniform');
    const bound = 1 / Math.sqrt(50);
    const values = Array.from(
      { length: 20_000 },
      () => bound * (2 * random.uniform() - 1),
    );
    expect(Math.abs(uniformOff(momentsOf(values), 50).off)).toBeLessThan(5);
    const wider = momentsOf(values.map((value) => 1.03 * value));
    expect(uniformOff(wider, 50).off).toBeGreaterThan(5);
    expect(momentsOf(values).kurtosis).toBeCloseTo(-1.2, 1);
  });

  test('of a constant have no shape', () => {
    expect(momentsOf([2, 2])).toMatchObject({ skewness: 0, kurtosis: 0 });
  });
});

test('a density has area 1 and counts its ends', () => {
  const values = [0, 0.1, 0.5, 1];
  const { places, density } = densityOf(values, momentsOf(values), 4);
  expect(places).toEqual([0.125, 0.375, 0.625, 0.875]);
  expect(density).toEqual([2, 0, 1, 1]);
});

test('the first two and the last two layers are shown', () => {
  expect(shown(8)).toEqual([1, 2, 8, 9]);
  expect(shown(2)).toEqual([1, 2, 3]);
  expect(shown(1)).toEqual([1, 2]);
});

describe('the experiment', () => {
  const rows = rowsOf(weights, { backend, params });

  test('holds; Z-IL has the weights of BP', async () => {
    const got = await rows;
    expect(got).toHaveLength(4 * 3);
    expect(told(weights, got, settings).holds).toBe(true);
    const of = (rule: string) =>
      got.filter((row) => row.rule === rule).map((row) => row.digest);
    expect(of('zil')).toEqual(of('bp'));
    expect(of('pc')).not.toEqual(of('bp'));
    expect(
      got.filter(({ rule }) => rule === 'start').map((r) => r.moved),
    ).toEqual([0, 0, 0]);
  });

  test('other weights of Z-IL do not hold', async () => {
    const wrong = (await rows).map((row) =>
      row.rule === 'zil' && row.layer === 2 ? { ...row, digest: '0' } : row,
    );
    const { holds, lines } = told(weights, wrong, settings);
    expect(holds).toBe(false);
    expect(lines.join(' ')).toContain('Z-IL differs from BP, W2');
  });

  test('a start that is not uniform does not hold', async () => {
    const wrong = (await rows).map((row) =>
      row.rule === 'start' ? { ...row, off: 9, holds: false } : row,
    );
    expect(told(weights, wrong, settings).holds).toBe(false);
  });
});
