/**
 * Oracles: the quadratic loss of a linear layer in closed form; the definition
 * of filter normalisation (Li et al. 2018); for a wrong landscape, that the
 * experiment says so.
 */

import { describe, expect, test } from 'vitest';
import { mlp } from '../../models/index.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import {
  direction,
  lengthOf,
  moved,
  worstLength,
} from '../../src/experiments/comparison/directions.ts';
import { landscape } from '../../src/experiments/comparison/landscape.ts';
import {
  linearLosses,
  lossesOn,
  planeOf,
} from '../../src/experiments/comparison/plane.ts';
import { variantData } from '../../src/experiments/comparison/variants.ts';
import { rowsOf, settingsOf, told } from './run.ts';

const params = {
  ...{ data: 'digits', rules: 'bp', layers: '1', width: '4', batch: '8' },
  ...{ T: '8', presentations: '8', train: '100', test: '20', grid: '5' },
};
const settings = settingsOf(landscape, params);
const backend = new CpuBackend('f64');

const weights = [
  {
    id: 'W',
    shape: [2, 3],
    values: Float64Array.of(3, 4, 0, 1, 2, 2),
  },
  { id: 'b', shape: [2], values: Float64Array.of(5, 6) },
];

describe('directions', () => {
  test('each filter is as long as that of the weights; biases stay', () => {
    const along = direction(weights, 1, 'first');
    const W = along.get('W')!;
    expect(lengthOf(W.subarray(0, 3))).toBeCloseTo(5, 12);
    expect(lengthOf(W.subarray(3, 6))).toBeCloseTo(3, 12);
    expect(along.get('b')).toEqual(new Float64Array(2));
    expect(worstLength(weights, along)).toBeLessThan(1e-14);
  });

  test('a direction that is not scaled is found out', () => {
    const along = direction(weights, 1, 'first');
    const wrong = new Map(
      [...along].map(([id, d]) => [id, d.map((v) => 2 * v)]),
    );
    expect(worstLength(weights, wrong)).toBeCloseTo(1, 12);
  });

  test('two of them differ, and the same seed gives the same', () => {
    const one = direction(weights, 1, 'first').get('W');
    expect(direction(weights, 1, 'second').get('W')).not.toEqual(one);
    expect(direction(weights, 2, 'first').get('W')).not.toEqual(one);
    expect(direction(weights, 1, 'first').get('W')).toEqual(one);
  });

  test('a step goes along both', () => {
    const first = new Map([['b', Float64Array.of(1, 0)]]);
    const second = new Map([['b', Float64Array.of(0, 10)]]);
    expect(moved(weights[1], [2, 3], [first, second])).toEqual(
      Float64Array.of(7, 36),
    );
  });

  test('a filter of zeros has a direction of zeros', () => {
    const values = new Float64Array(2);
    const along = direction([{ id: 'W', shape: [1, 2], values }], 1, 'first');
    expect(lengthOf(along.get('W')!)).toBe(0);
  });
});

test('the landscape of a linear layer is the quadratic function', async () => {
  const data = await variantData(settings, 1);
  const sizes = [784, data.classes.length];
  const model = (batch: number) => mlp({ sizes, batch });
  const values = new Map([
    ['W1', Float64Array.from({ length: 7840 }, (_, i) => Math.sin(i) / 30)],
    ['b1', Float64Array.from({ length: 10 }, (_, i) => i / 10)],
  ]);
  const plane = planeOf(model(1), values, { seed: 4, grid: 5, reach: 0.7 });
  expect(plane.places).toEqual([-0.7, -0.35, 0, 0.35, 0.7]);
  const { signal } = new AbortController();
  const of = { model, data, examples: 20, backend, signal };
  const found = await lossesOn(plane, of, () => undefined);
  const known = linearLosses(plane, data.train, 20);
  expect(found).toEqual(known.map((loss) => expect.closeTo(loss, 12)));
  // Along each line the second difference of a quadratic is a constant.
  const second = (a: number, b: number, c: number) =>
    found[a] - 2 * found[b] + found[c];
  expect(second(0, 1, 2)).toBeCloseTo(second(2, 3, 4), 12);
  expect(second(0, 5, 10)).toBeCloseTo(second(10, 15, 20), 12);
  expect(second(0, 1, 2)).toBeGreaterThan(1e-3);
});

describe('the experiment', () => {
  const rows = rowsOf(landscape, { backend, params });

  test('holds, and its figures have a value for each place', async () => {
    const got = await rows;
    expect(got.map(({ model }) => model)).toEqual(['linear', 'network']);
    expect(told(landscape, got, settings).holds).toBe(true);
    expect(got[0].deviation).toBeLessThan(1e-13);
    for (const figure of landscape.figures(got, settings)) {
      if (figure.kind !== 'heat') throw new Error(figure.kind);
      expect(figure.values).toHaveLength(5);
      expect(figure.values.every((row) => row.length === 5)).toBe(true);
    }
  });

  test('a landscape that is not the quadratic does not hold', async () => {
    const [linear, ...others] = await rows;
    const wrong = { ...linear, deviation: 1e-3, holds: false };
    const { holds, lines } = told(landscape, [wrong, ...others], settings);
    expect(holds).toBe(false);
    expect(lines.join(' ')).toContain('NOT as theory says: linear');
  });
});
