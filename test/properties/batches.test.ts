/**
 * Levels as batches. Oracle: the same programs with every call by itself, whose
 * results must be the same in every bit; and BP.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { models } from '../../models/index.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { GraphBuilder } from '../../src/graph/graph.ts';
import { check, feedsFor } from '../../src/proof/check.ts';
import { bp } from '../../src/rules/bp.ts';
import { zil } from '../../src/rules/zil.ts';
import { adam, sgd } from '../../src/simulation/optim.ts';
import { Simulation } from '../../src/simulation/simulate.ts';
import { graphs, totalOps } from '../arbitraries/index.ts';
import { expectSameBits, gradientsOf, trained } from './support.ts';

const apart = new CpuBackend('f32');
const batched = new CpuBackend('f32', { batches: true });

test('give the gradients of calls by themselves', async () => {
  await fc.assert(
    fc.asyncProperty(graphs({ join: true, maxOps: 20 }), async (graph) => {
      const wanted = await gradientsOf(graph, bp(), apart);
      expectSameBits(await gradientsOf(graph, zil(), batched), wanted);
    }),
    { numRuns: 500 },
  );
});

test('give the weights of calls by themselves', async () => {
  const calm = graphs({ ops: totalOps, join: true });
  await fc.assert(
    fc.asyncProperty(calm, async (graph) => {
      const options = { rule: zil(), optimiser: sgd({ lr: 0.01 }) };
      const wanted = await trained(graph, 3, { ...options, backend: apart });
      const got = await trained(graph, 3, { ...options, backend: batched });
      expectSameBits(got, wanted);
    }),
    { numRuns: 100 },
  );
});

test('give the weights of every small model, and make calls fewer', async () => {
  let fewer = 0;
  for (const { size, make } of models) {
    if (size !== 'small') continue;
    const graph = make();
    const results = [];
    for (const backend of [apart, batched]) {
      const options = { rule: zil(), optimiser: adam(), backend, seed: 2 };
      const run = Simulation.open(graph, options);
      for (let n = 0; n < 3; n++) await run.submit(feedsFor(graph, 2));
      const { launches } = await run.cost();
      results.push({ weights: await run.allParameters(), launches });
      run.destroy();
    }
    const [one, two] = results;
    expectSameBits(two.weights, one.weights);
    if (two.launches < one.launches) fewer += 1;
  }
  expect(fewer).toBeGreaterThanOrEqual(4);
});

// Four linear maps are one call; errors of two of them, with others between,
// are summed in place. Once the sums ran over what lay between.
test('write over nothing that lies between', async () => {
  const g = new GraphBuilder();
  const draw = (n: number, seed: number) =>
    Array.from({ length: n }, (_, i) => Math.fround(Math.sin(seed + i)));
  const x = g.input('x', [1, 3], draw(3, 1));
  const q = g.input('q', [1, 3], draw(3, 5));
  const weights = (name: string, count: number, rows: number) =>
    Array.from({ length: count }, (_, i) =>
      g.param(`${name}${i}`, [rows, 3], draw(3 * rows, 7 * i + rows)),
    );
  const [W, V, U] = [
    weights('W', 5, 3),
    weights('V', 4, 2),
    weights('U', 3, 2),
  ];
  const a = W.slice(0, 4).map((w) => x.linear(w));
  const z = x.linear(W[4]);
  const d = [a[0].add(q), z.add(q), a[2].add(q)];
  const ends = [
    ...a.map((v, i) => v.tanh().linear(V[i])),
    ...d.map((v, i) => v.linear(U[i])),
  ];
  const graph = g.output(ends[0].add(...ends.slice(1)), 'half_sse', {
    target: [1, 2],
  });
  const row = await check(
    { name: 'between', graph },
    { rule: zil(), backend: batched },
  );
  expect(row.differingBits).toBe(0);
  expectSameBits(
    await gradientsOf(graph, zil(), batched),
    await gradientsOf(graph, bp(), apart),
  );
});
