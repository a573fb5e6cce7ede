/**
 * Oracles: counts of delays by hand; delays counted again on the graph with
 * brute force over paths; the exponent of a power law by its definition.
 */

import { describe, expect, test } from 'vitest';
import { models } from '../../models/index.ts';
import { series } from '../../src/experiments/salvatori/delay-series.ts';
import { delays } from '../../src/experiments/salvatori/delays.ts';
import { fitPower } from '../../src/experiments/salvatori/fit-power.ts';
import type { Graph } from '../../src/graph/graph.ts';
import type { Vertex } from '../../src/graph/vertex.ts';
import { rowsOf, settingsOf, told } from './run.ts';

const params = {
  models: 'mlp,skip,rnn,residual-mlp',
  layers: '1,2,4',
  sequence: '2,3,4',
};
const settings = settingsOf(delays, params);

/** Length of the longest path to the output, by the readers of a vertex. */
function longest(graph: Graph, from: Vertex): number {
  if (from === graph.output) return 0;
  const after = graph.vertices
    .filter((vertex) => vertex.inputs.includes(from))
    .map((vertex) => longest(graph, vertex));
  return 1 + Math.max(...after);
}

function steps(graph: Graph): number {
  let sum = 0;
  for (const to of graph.vertices) {
    for (const from of to.inputs) {
      if (from.op === 'input') continue;
      sum += longest(graph, from) - longest(graph, to) - 1;
    }
  }
  return sum;
}

describe('delays', async () => {
  const rows = await rowsOf(delays, { params });
  const of = (model: string, n: number | null = null) =>
    rows.find((row) => row.model === model && row.n === n)!;

  test('of models, by hand', () => {
    const counted = ['mlp', 'skip', 'rnn', 'residual-mlp'].map((name) => {
      const { longestSteps, longestFromWeights } = of(name);
      return [name, longestSteps, longestFromWeights];
    });
    // rnn of 5 steps: Wx is read at 3, 6, 9, 12 and 14, so it waits 11 + 8 +
    // 5 + 2, and Wh at 3, 6, 9 and 12: 9 + 6 + 3.
    expect(counted).toEqual([
      ['mlp', 0, 0],
      ['skip', 2, 0],
      ['rnn', 44, 44],
      ['residual-mlp', 6, 0],
    ]);
    // Wx is 6 x 4 and Wh 6 x 6.
    expect(of('rnn').longestElements).toBe(26 * 24 + 18 * 36);
  });

  test.each(series.map((one) => [one.name, one] as const))(
    'of a growing %s, by brute force and by its formula',
    (name, { make, expected }) => {
      for (const n of [1, 2, 3]) {
        const counted = steps(make(n));
        if (expected) expect([n, counted]).toEqual([n, expected(n)]);
        const row = of(name, n);
        if (row) expect(row.longestSteps).toBe(counted);
      }
    },
  );

  test('weigh in a compiled step as identity vertices only', () => {
    for (const row of rows) {
      expect(row.holds, row.model).toBe(true);
      expect(row.leastElements).toBeLessThanOrEqual(row.longestElements);
      expect(row.axonalBytes).toBeLessThanOrEqual(row.explicitBytes!);
    }
    const { axonalBytes, explicitBytes } = of('rnn', 4);
    expect(axonalBytes!).toBeLessThan(explicitBytes!);
  });

  test('say so where a count is not the expected one', () => {
    const { lines, holds } = told(delays, rows, settings);
    expect(holds).toBe(true);
    expect(lines[0]).toBe('Levelled by themselves: mlp.');
    const [, ...counts] =
      /(\d+) models with .* in (\d+), as much in (\d+), less in (\d+)/
        .exec(lines[2])!
        .slice(0)
        .map(Number);
    const delayed = rows.filter(({ longestSteps }) => longestSteps > 0);
    const more = delayed.filter((row) => row.explicitBytes! > row.axonalBytes!);
    expect(counts).toEqual([
      ...[delayed.length, more.length, delayed.length - more.length, 0],
    ]);
    const wrong = rows.map((row) =>
      row === of('rnn', 3) ? { ...row, longestSteps: 9, holds: false } : row,
    );
    const other = told(delays, wrong, settings);
    expect(other.holds).toBe(false);
    expect(other.lines.at(-1)).toBe('NOT as theory says: rnn, n = 3.');
  });

  test('rows have the same keys, tables and pictures their numbers', () => {
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(Object.keys(rows[0]));
    }
    for (const { head, rows: cells } of delays.tables(rows, settings)) {
      expect(cells.length).toBeGreaterThan(0);
      for (const row of cells) expect(row).toHaveLength(head.length);
    }
    const [bars, growth, memory] = delays.figures(rows, settings);
    expect(bars).toMatchObject({ groups: ['skip', 'rnn', 'residual-mlp'] });
    if (growth.kind !== 'lines' || memory.kind !== 'lines') throw new Error();
    const names = series.filter(({ power }) => power !== null);
    expect(growth.lines.map(({ name }) => name)).toEqual(
      names.map(({ name }) => name),
    );
    const rnn = growth.lines.find(({ name }) => name === 'rnn');
    expect(rnn).toMatchObject({ xs: [2, 3, 4], ys: [2, 10, 24] });
    expect(memory.lines).toHaveLength(2 * names.length);
  });
});

test('a model in the size of a paper is counted, not compiled', async () => {
  const params = { models: 'rnn-salvatori', layers: '1', sequence: '2' };
  const [row] = await rowsOf(delays, { params });
  // 19 time steps: (19 - 1) (3 x 19 - 4).
  expect(row).toMatchObject({ longestSteps: 954, axonalBytes: null });
  expect(models.find(({ name }) => name === row.model)?.batch).toBe(row.batch);
});

describe('the exponent of growth', () => {
  test.each([0, 1, 2.5])('of x^%d', (power) => {
    const points = [1, 2, 4, 8, 16].map((x): [number, number] => [
      x,
      3 * x ** power,
    ]);
    expect(fitPower(points)).toBeCloseTo(power, 12);
    // Of the larger half only, in whatever order.
    const bent = [[0.5, 1e6], ...points] as [number, number][];
    expect(fitPower(bent.reverse())).toBeCloseTo(power, 12);
  });

  test('of no points, or of zeros, is none', () => {
    expect(fitPower([])).toBe(null);
    expect(fitPower([[1, 5]])).toBe(null);
    expect(
      fitPower([
        [1, 0],
        [2, 0],
        [4, 0],
      ]),
    ).toBe(null);
  });
});
