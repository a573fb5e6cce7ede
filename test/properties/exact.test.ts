/**
 * The central claim: on every graph, rules that call themselves exact give
 * BP's gradients to the bit.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { lossDivisor } from '../../src/graph/graph.ts';
import { bp } from '../../src/rules/bp.ts';
import { il } from '../../src/rules/il.ts';
import { zil } from '../../src/rules/zil.ts';
import { optimisers } from '../../src/simulation/optim.ts';
import type { Mode } from '../../src/simulation/record.ts';
import { graphs, integerGraphs, totalOps } from '../arbitraries/index.ts';
import { describeBackends, describeWebGpu, webgpu } from '../backends.ts';
import {
  exactRules,
  expectSameBits,
  gradientsOf,
  trained,
  type Values,
} from './support.ts';
import { wholeNumberGradients } from './whole-numbers.ts';

const GRAPHS = { 'cpu f64': 1000, 'cpu f32': 1000, webgpu: 200 };
const INTEGER_GRAPHS = { 'cpu f64': 300, 'cpu f32': 300, webgpu: 100 };
const TRAININGS = { 'cpu f64': 100, 'cpu f32': 100, webgpu: 20 };

test('the table has exact rules to hold to the claim', () => {
  const names = exactRules.map((rule) => rule.name);
  expect(names).toEqual(expect.arrayContaining(['zil', 'fazil']));
});

describeBackends('exact rules', (open, label) => {
  // Oracle: reverse differentiation on a tape (rules/bp), independent of
  // circuits. One BP run serves all rules.
  test('give the gradients of BP to the bit', async () => {
    const backend = await open();
    const arbitrary = fc.oneof(graphs({ join: true }), graphs());
    await fc.assert(
      fc.asyncProperty(arbitrary, async (graph) => {
        const wanted = await gradientsOf(graph, bp(), backend);
        for (const rule of exactRules) {
          expectSameBits(await gradientsOf(graph, rule, backend), wanted);
        }
      }),
      { numRuns: GRAPHS[label] },
    );
  });

  // Oracle: forward-mode differentiation in BigInt (whole-numbers.ts).
  test('give the gradients of whole-number arithmetic', async () => {
    const backend = await open();
    await fc.assert(
      fc.asyncProperty(integerGraphs({ join: true }), async (graph) => {
        const wanted = wholeNumberGradients(graph);
        for (const rule of [bp(), ...exactRules]) {
          const got = await gradientsOf(graph, rule, backend);
          expectSameBits(
            multiplied(got, lossDivisor(graph)),
            chosen(wanted, got),
          );
        }
      }),
      { numRuns: INTEGER_GRAPHS[label] },
    );
  });

  // Oracle: the same optimiser on BP's gradients; after the first step the
  // forward sweeps run on parameters that the rule itself has changed, and
  // values may leave the domain of a root or a tangent.
  for (const make of Object.values(optimisers)) {
    test(`give BP's parameters after 3 steps of ${make().name}`, async () => {
      const backend = await open();
      const options = { backend, optimiser: make() };
      const trainable = graphs({ ops: totalOps, join: true });
      await fc.assert(
        fc.asyncProperty(trainable, async (graph) => {
          const wanted = await trained(graph, 3, { ...options, rule: bp() });
          const got = await trained(graph, 3, { ...options, rule: zil() });
          expectSameBits(got, wanted);
        }),
        { numRuns: TRAININGS[label] },
      );
    });
  }
});

describeWebGpu('webgpu', () => {
  // Oracle: the CPU's float32 form, which rounds after every operation.
  test('gives the bits of the CPU in float32, rule by rule', async () => {
    const backend = await webgpu();
    // Hardware may approximate divisions and roots, and join operations.
    if (!backend.gpu.info.isSoftware) return;
    const twin = new CpuBackend('f32');
    const rules = [...exactRules, il({ steps: 3 }), zil({ gamma: 0.3 })];
    const anyRule = fc.constantFrom(...rules);
    const modes = fc.constantFrom<Mode>('clocked', 'event-driven', 'pruned');
    const calm = graphs({ ops: totalOps, join: true, maxOps: 8 });
    await fc.assert(
      fc.asyncProperty(calm, anyRule, modes, async (graph, rule, mode) => {
        const wanted = await gradientsOf(graph, rule, twin, { mode });
        const got = await gradientsOf(graph, rule, backend, { mode });
        expectSameBits(got, wanted);
      }),
      { numRuns: 100 },
    );
  });
});

/** Back from the mean to the sum: exact, for divisors are powers of two. */
function multiplied(values: Values, factor: number): Values {
  return new Map(
    [...values].map(([id, data]) => [id, Array.from(data, (x) => x * factor)]),
  );
}

/** The oracle's values of those parameters on which the output depends. */
function chosen(all: Map<string, bigint[]>, like: Values): Values {
  return new Map(
    [...like.keys()].map((id) => [id, (all.get(id) ?? []).map(Number)]),
  );
}
