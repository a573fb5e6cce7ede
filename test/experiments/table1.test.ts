/**
 * Oracles: the theorem (levelled: no bit differs), the structure of the
 * models, and derivatives by hand for `skip`.
 */

import { describe, expect, test } from 'vitest';
import { models, rnn } from '../../models/index.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import {
  sharedParameters,
  withCopies,
} from '../../src/experiments/salvatori/copies.ts';
import { table1 } from '../../src/experiments/salvatori/table1.ts';
import { level } from '../../src/graph/level.ts';
import { divergence, gradientsOf } from '../../src/proof/check.ts';
import { bp } from '../../src/rules/bp.ts';
import { Simulation } from '../../src/simulation/simulate.ts';
import { rowsOf, settingsOf, told } from './run.ts';

const backend = new CpuBackend('f64');

describe('table 1', async () => {
  const settings = settingsOf(table1);
  const rows = await rowsOf(table1);
  const of = (name: string) => rows.find(({ model }) => model === name)!;

  test('has every small model, and levelled no bit differs', () => {
    const small = models.filter(({ size }) => size === 'small');
    expect(rows.map(({ model }) => model)).toEqual(small.map((m) => m.name));
    for (const row of rows) {
      expect(row).toMatchObject({
        ...{ levelledBits: 0, levelledDistance: 0, levelledRelative: 0 },
        ...{ holds: true, skipped: null },
      });
    }
    expect(told(table1, rows, settings).holds).toBe(true);
  });

  test.each(['mlp', 'mlp-relu', 'cnn', 'alexnet'])(
    '%s is levelled by itself',
    (name) => {
      const { delays, unlevelledBits, unlevelledDistance } = of(name);
      expect([delays, unlevelledBits, unlevelledDistance]).toEqual([0, 0, 0]);
    },
  );

  test.each([
    'skip',
    'residual-mlp',
    'resnet',
    'lstm',
    'encoder',
    'transformer',
  ])('%s is not, with copies of shared weights neither', (name) => {
    const row = of(name);
    expect(row.delaysBetween).toBeGreaterThan(0);
    expect(row.unlevelledBits).toBeGreaterThan(0);
    expect(row.copiesBits).toBeGreaterThan(0);
    expect(row.unlevelledDistance).not.toBe(0);
  });

  test('a recurrent network needs delays for its shared weights only', () => {
    const row = of('rnn');
    expect(row.delaysBetween).toBe(0);
    expect(row.unlevelledBits).toBeGreaterThan(0);
    expect(row).toMatchObject({ copiesBits: 0, copiesDistance: 0 });
    expect(row).toMatchObject({ paperLevelled: 0, paperUnlevelled: 0 });
  });

  test('the length of the update of skip, by hand', () => {
    const [s, z1, z2, z3, target] = [1.6, 0.7, -1.3, 0.9, 0.4].map(Math.fround);
    const a = s * z3;
    const e = z1 * z2 * a + a - target;
    const wanted = Math.hypot(e * z2 * a, e * z1 * a, e * s * (z1 * z2 + 1));
    expect(of('skip').bpLength).toBeCloseTo(wanted, 6);
  });

  test('says so where a row is not as the theory has it', () => {
    const wrong = { ...of('cnn'), levelledBits: 1, holds: false };
    const { lines, holds } = told(table1, [of('mlp'), wrong], settings);
    expect(holds).toBe(false);
    expect(lines.at(-1)).toBe('NOT as theory says: cnn.');
  });

  test('its picture has a bar for each distance that is a number', () => {
    const [figure, ...more] = table1.figures(rows, settings);
    expect(more).toEqual([]);
    if (figure.kind !== 'bars') throw new Error(figure.kind);
    expect(figure.groups).toEqual(rows.map(({ model }) => model));
    const [levelled, not, copies] = figure.series.map(({ values }) => values);
    expect(levelled).toEqual(rows.map(() => 0));
    const at = figure.groups.indexOf('skip');
    expect(not[at]).toBe(of('skip').unlevelledRelative);
    expect(copies[figure.groups.indexOf('rnn')]).toBe(0);
    const wild = { ...of('skip'), unlevelledRelative: Number.NaN };
    const [one] = table1.figures([wild], settings);
    expect(one).toMatchObject({ series: [{}, { values: [null] }, {}] });
  });

  test('rows are one flat record each, with the same keys', () => {
    const [first] = rows;
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(Object.keys(first));
    }
    for (const { head, rows: cells } of table1.tables(rows, settings)) {
      for (const row of cells) expect(row).toHaveLength(head.length);
    }
  });
});

describe('copies of shared weights', () => {
  const graph = rnn({ batch: 2, steps: 3, inputs: 2, hidden: 3, outputs: 2 });
  // By hand, of 3 steps: y is at level 0, h3, h2, h1 at 1, 4, 7; the sums
  // a3, a2 at 2 and 5, and u3, r3 at 3, u2, r2 at 6, u1 at 8.
  test('there is one for each level that reads the weight', () => {
    const shared = [...sharedParameters(level(graph))].map(
      ([{ id }, levels]) => [id, levels.sort((a, b) => a - b)],
    );
    expect(Object.fromEntries(shared)).toEqual({ Wx: [3, 6, 8], Wh: [3, 6] });
  });

  test("their updates add up to the shared weight's", async () => {
    const options = { rule: bp(), backend, seed: 3 };
    const simulation = Simulation.open(graph, options);
    const values = await simulation.allParameters();
    simulation.destroy();
    const apart = withCopies(graph, values);
    expect(sharedParameters(level(apart)).size).toBe(0);
    const got = await gradientsOf(apart, options);
    const wanted = await gradientsOf(graph, options);
    const sums = new Map(
      [...wanted].map(([id, { length }]) => {
        const own = [...got].filter(([name]) => name.split(' ')[0] === id);
        const sum = (i: number) => own.reduce((n, [, copy]) => n + copy[i], 0);
        return [id, Float64Array.from({ length }, (_, i) => sum(i))];
      }),
    );
    expect(divergence(sums, wanted).relative).toBeLessThan(1e-14);
  });
});
