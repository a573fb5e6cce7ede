/** Clocked, event-driven and live are three ways to one result. */

import fc from 'fast-check';
import { describe, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import type { Graph } from '../../src/graph/graph.ts';
import type { DelayForm } from '../../src/graph/level.ts';
import { fazil } from '../../src/rules/fazil.ts';
import { il } from '../../src/rules/il.ts';
import type { Rule } from '../../src/rules/rule.ts';
import { zil } from '../../src/rules/zil.ts';
import { adam } from '../../src/simulation/optim.ts';
import type { Mode } from '../../src/simulation/record.ts';
import { Simulation } from '../../src/simulation/simulate.ts';
import { feedsOf, graphs, totalOps } from '../arbitraries/index.ts';
import { expectSameBits, gradientsOf, type Values } from './support.ts';

const RUNS = { numRuns: 100 };
const backend = new CpuBackend('f32');

/** After the wave, values may leave the domain of a root or a tangent. */
const arbitrary = graphs({ ops: totalOps, join: true, maxOps: 9 });

const rules: readonly [name: string, rule: Rule][] = [
  ['zil', zil()],
  ['zil, gamma = 0.3', zil({ gamma: 0.3 })],
  ['zil, unlevelled', zil({ levelled: false })],
  ['zil, every instant', zil({ plasticity: 'every' })],
  ['zil, noise', zil({ sigma: 0.1 })],
  ['fazil', fazil()],
  ['fazil, longer than the wave', fazil({ steps: 9 })],
  ['fazil, by unit', fazil({ trigger: 'unit' })],
  ['il', il({ steps: 6 })],
  ['il, fixed prediction', il({ steps: 6, prediction: 'fixed' })],
  ['il, every 2 steps', il({ steps: 6, plasticity: 2 })],
];

describe.each(rules)('%s', (_, rule) => {
  // Oracle: the clocked run, which computes every term of every equation.
  test('clocked, event-driven and pruned runs have gradients of the same bits', async () => {
    const forms = fc.constantFrom<DelayForm>('axonal', 'explicit');
    await fc.assert(
      fc.asyncProperty(arbitrary, forms, async (graph, form) => {
        const inMode = (mode: Mode) =>
          gradientsOf(graph, rule, backend, { mode, form });
        const wanted = await inMode('clocked');
        const others = [await inMode('event-driven'), await inMode('pruned')];
        expectAllSameBits(wanted, others);
      }),
      RUNS,
    );
  });

  // Oracle: the clocked run, at every tick of every population.
  test('probes see the same bits at every tick', async () => {
    await fc.assert(
      fc.asyncProperty(arbitrary, async (graph) => {
        const inMode = (mode: Mode) => probed(graph, rule, mode);
        const wanted = await inMode('clocked');
        const others = [await inMode('event-driven'), await inMode('pruned')];
        expectAllSameBits(wanted, others);
      }),
      { numRuns: 40 },
    );
  });

  // Oracle: one whole step.
  test('ticks by hand = one step, and a second run = the first', async () => {
    await fc.assert(
      fc.asyncProperty(arbitrary, async (graph) => {
        const optimiser = adam({ lr: 0.01 });
        const open = () =>
          Simulation.open(graph, { rule, backend, optimiser, seed: 7 });
        const [whole, again, byHand] = [open(), open(), open()];
        for (let n = 0; n < 2; n++) {
          await whole.submit(feedsOf(graph));
          await again.submit(feedsOf(graph));
          for await (const _ of byHand.ticks(feedsOf(graph)));
        }
        expectAllSameBits(await whole.allParameters(), [
          await again.allParameters(),
          await byHand.allParameters(),
        ]);
      }),
      { numRuns: 40 },
    );
  });

  test('the same simulation gives the same gradients twice', async () => {
    // Noise is drawn anew for each presentation.
    if (rule.sigma > 0) return;
    await fc.assert(
      fc.asyncProperty(arbitrary, async (graph) => {
        const run = Simulation.open(graph, { rule, backend });
        await run.submit(feedsOf(graph));
        const first = await run.gradients();
        await run.submit(feedsOf(graph));
        expectAllSameBits(first, [await run.gradients()]);
      }),
      { numRuns: 40 },
    );
  });
});

/** Value, prediction and error of every population at every tick. */
async function probed(graph: Graph, rule: Rule, mode: Mode): Promise<Values> {
  const run = Simulation.open(graph, { rule, backend, mode });
  const seen = new Map<string, ArrayLike<number>>();
  for (const { id, isLeaf } of run.levelled.vertices) {
    if (isLeaf) continue;
    for (const [name, stream] of Object.entries(run.probe(id))) {
      stream.subscribe(({ tick, data }) => {
        seen.set(`${id} ${name} at ${tick}`, data);
      });
    }
  }
  await run.submit(feedsOf(graph));
  run.destroy();
  return seen;
}

/**
 * A case is discarded only where no run is finite: numbers that overflow in
 * one way of running and not in another are a difference.
 */
function expectAllSameBits(wanted: Values, others: readonly Values[]): void {
  fc.pre([wanted, ...others].some(allFinite));
  for (const other of others) expectSameBits(other, wanted);
}

function allFinite(values: Values): boolean {
  return [...values.values()].every((data) =>
    Array.from(data).every(Number.isFinite),
  );
}
