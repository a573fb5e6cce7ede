/**
 * Oracles: levels and identity vertices counted by hand in the pictures; the
 * gradient of the residual example by calculus, levelled and not (THEORY,
 * section 4); and that every edge of a levelled picture spans one column.
 */

import { describe, expect, test } from 'vitest';
import { skip } from '../../models/index.ts';
import {
  levelling,
  unequalPaths,
} from '../../src/experiments/salvatori/levelling.ts';
import { drawFigure } from '../../src/figures/drawing.ts';
import type { GraphFigure } from '../../src/figures/figure.ts';
import { level } from '../../src/graph/level.ts';
import { describeBackends } from '../backends.ts';
import { rowsOf, settingsOf, told } from './run.ts';

const settings = settingsOf(levelling);

describeBackends('levelling', (open) => {
  test('both forms and both levellings teach what BP does', async () => {
    const rows = await rowsOf(levelling, { backend: await open() });
    expect(rows).toHaveLength(4 * 5);
    for (const row of rows) {
      const told = `${row.graph}, ${row.levelling}, ${row.form}`;
      expect(row.holds, told).toBe(true);
      expect(row.differingBits === 0, told).toBe(row.levelling !== 'none');
      const explicit = row.form === 'explicit';
      expect(row.identities, told).toBe(explicit ? row.delaySteps : 0);
    }
    expect(told(levelling, rows, settings).holds).toBe(true);
  });
});

describe('in float64', async () => {
  const rows = await rowsOf(levelling);

  // By calculus of E = 1/2 (s z3 + s z3 z2 z1 - y)^2, and THEORY section 4.
  test('the gradient of z3, by hand', () => {
    const [s, z1, z2, z3, y] = [1.6, 0.7, -1.3, 0.9, 0.4];
    const e0 = s * z3 * (1 + z1 * z2) - y;
    const of = (graph: string) =>
      rows.filter((row) => row.graph === graph).map((row) => row.measured);
    const [before, ...after] = of('residual');
    expect(before).toBeCloseTo(e0 * s * (z1 * z2 - z1 ** 2 - z2 ** 2), 14);
    const parts = of('residual-parts').slice(1);
    for (const value of [...after, ...parts]) {
      expect(value).toBeCloseTo(e0 * s * (1 + z1 * z2), 14);
    }
    // What the paper's Eq. 12 has, the long path's share, is another.
    expect(Math.abs(before! - e0 * s * z1 * z2)).toBeGreaterThan(0.1);
  });

  test('the attention block waits less where values are made early', () => {
    // Longest: x waits 5 and h 3 times 12, norm x once 12; least: v, 6.
    const waits = rows
      .filter(({ graph }) => graph === 'transformer-block')
      .map((row) => row.delayElements);
    expect(waits).toEqual([0, 108, 108, 102, 102]);
  });

  test.each([
    ['differingBits', 1],
    ['unequal', 1],
    ['delaySteps', 2],
    ['measured', 0],
  ] as const)('a wrong %s is no success', (key, value) => {
    const wrong = rows.map((row, i) =>
      i === 1 ? { ...row, [key]: value, holds: false } : row,
    );
    const { lines, holds } = told(levelling, wrong, settings);
    expect(holds).toBe(false);
    expect(lines.at(-1)).toBe(
      'NOT as theory says: residual, longest-path, axonal.',
    );
  });

  test('rows have the same keys, and tables a cell for every column', () => {
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(Object.keys(rows[0]));
    }
    for (const { head, rows: cells } of levelling.tables(rows, settings)) {
      for (const row of cells) expect(row).toHaveLength(head.length);
    }
  });
});

describe('paths of several lengths', () => {
  // By hand: a reaches the output in 1 and in 3 edges, z3 in one more.
  test.each([
    ['none', 2],
    ['longest-path', 0],
    ['least-delay', 0],
  ] as const)('%s: %d', (levelling, count) => {
    expect(unequalPaths(level(skip(), { levelling }))).toBe(count);
    const form = 'explicit';
    expect(unequalPaths(level(skip(), { levelling, form }))).toBe(count);
  });
});

describe('pictures', async () => {
  const rows = await rowsOf(levelling);
  const figures = levelling.figures(rows, settings) as GraphFigure[];
  /** Columns that the edges between vertices with errors span. */
  const spans = ({ vertices, edges }: GraphFigure) => {
    const at = new Map(vertices.map((vertex) => [vertex.id, vertex]));
    return edges
      .map(({ from, to, delay }) => ({ from: at.get(from)!, to, delay }))
      .filter(({ from }) => from.role !== 'input')
      .map(({ from, to, delay }) => from.level - at.get(to)!.level - delay);
  };

  test('each graph before, in both forms, and with least delays', () => {
    const names = figures.map(({ name }) => name);
    expect(names).toHaveLength(4 * 3 + 1);
    expect(names.at(-1)).toBe('levelling-transformer-block-least-delay');
    expect(new Set(names).size).toBe(names.length);
  });

  test('every edge spans one column but for its delay; before, not', () => {
    for (const figure of figures) {
      const far = spans(figure).filter((span) => span !== 1);
      if (figure.name.endsWith('-before')) expect(far).not.toEqual([]);
      else expect([figure.name, far]).toEqual([figure.name, []]);
    }
  });

  test('can be drawn', async () => {
    for (const figure of figures) {
      expect(await drawFigure(figure)).toMatch(/^<svg/);
    }
  });
});
