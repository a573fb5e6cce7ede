/** Statistics of training data. Oracle: means and variances in one pass. */

import { expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { OptionError } from '../../src/base/errors.ts';
import { GraphBuilder } from '../../src/graph/graph.ts';
import { bp } from '../../src/rules/bp.ts';
import { Simulation } from '../../src/simulation/simulate.ts';
import {
  batchStatistics,
  statisticsNames,
} from '../../src/training/calibrate.ts';

const backend = new CpuBackend('f64');

function graph(batch: number) {
  const g = new GraphBuilder();
  const x = g.input('x', [batch, 2, 2]);
  const gain = g.param('gain', [2], { kind: 'constant', value: 1 });
  const shift = g.param('shift', [2], { kind: 'zeros' });
  const y = x.scale(2).named('a').batchnorm(gain, shift).named('n');
  return g.output(y);
}

test('batches are pooled as if they were one', async () => {
  const main = Simulation.open(graph(2), { rule: bp(), backend });
  const batches = [
    [1, 2, 0, 0, 3, 4, 1, 1],
    [5, 6, 0, 2, 7, 8, 0, 4],
  ];
  const found = await batchStatistics(
    main,
    batches.map((x) => ({ x })),
  );
  expect(statisticsNames(main.graph)).toEqual(['n.mean', 'n.variance']);
  // Channel 0: 2, 4, 6, ... 16; channel 1: 0, 0, 2, 2, 0, 4, 0, 8.
  expect([...found['n.mean']]).toEqual([9, 2]);
  expect([...found['n.variance']]).toEqual([21, 7]);
  main.destroy();
});

test('one batch gives what batchnorm itself computes', async () => {
  const main = Simulation.open(graph(2), { rule: bp(), backend });
  const x = [1, 2, 0, 0, 3, 4, 1, 1];
  const { 'n.mean': mean, 'n.variance': variance } = await batchStatistics(
    main,
    [{ x }],
  );
  const y = await main.predict({ x });
  x.forEach((value, i) => {
    const channel = Math.floor(i / 2) % 2;
    const root = Math.sqrt(variance[channel] + 1e-5);
    expect(y[i]).toBeCloseTo((2 * value - mean[channel]) / root, 6);
  });
  main.destroy();
});

test('values of vertices can be read, those of others not', async () => {
  const main = Simulation.open(graph(1), { rule: bp(), backend });
  const x = [1, 2, 3, 4];
  const values = await main.activations(['a', 'n', 'x'], { x });
  expect([...values.get('x')!]).toEqual(x);
  expect([...values.get('a')!]).toEqual([2, 4, 6, 8]);
  await expect(main.activations(['b'], { x })).rejects.toThrow(OptionError);
  await expect(main.activations(['gain'], { x })).rejects.toThrow(/"gain"/);
  main.destroy();
});

// Sums of squares would lose the variance of 1.25 beside a square of 1e16.
test('a large mean does not hide the variance', async () => {
  const g = new GraphBuilder();
  const x = g.input('x', [4, 1]);
  const gain = g.param('gain', [1], { kind: 'constant', value: 1 });
  const shift = g.param('shift', [1], { kind: 'zeros' });
  const graph = g.output(x.batchnorm(gain, shift).named('n'));
  const main = Simulation.open(graph, { rule: bp(), backend });
  const batches = [0, 4].map((more) => ({
    x: [0, 1, 2, 3].map((i) => 1e8 + i + more),
  }));
  const found = await batchStatistics(main, batches);
  // Of 0 ... 7.
  expect([...found['n.variance']]).toEqual([5.25]);
  main.destroy();
});
