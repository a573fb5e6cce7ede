/**
 * Random networks against an interpreter of the stated semantics that shares
 * no code with them: every state, output and spike at every tick, to the bit.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { NetworkRun } from '../../src/network/run/run.ts';
import {
  edgesOf,
  type NetworkRecipe,
  networkOf,
} from '../arbitraries/network-recipe.ts';
import { networks } from '../arbitraries/networks.ts';
import { describeWebGpu, webgpu } from '../backends.ts';
import { interpret, type Trace } from './interpreter.ts';
import {
  expectSame,
  f32,
  f64,
  liveliness,
  staysFinite,
  traces,
} from './support.ts';

const open = (recipe: NetworkRecipe, backend: Backend = f64) =>
  NetworkRun.open(networkOf(recipe), { backend, seed: recipe.seed });

/** What the interpreter makes of each trial. */
function interpreted(recipe: NetworkRecipe, dtype: 'f64' | 'f32'): Trace[] {
  const { ticks, seed, trials } = recipe;
  const run = open(recipe);
  const synapses = (name: string) => run.synapses(name);
  const all = Array.from({ length: trials }, (_, trial) =>
    interpret(run.network, { dtype, ticks, seed, trial, synapses }),
  );
  run.destroy();
  return all;
}

async function expectInterpreted(
  recipe: NetworkRecipe,
  backend: Backend,
): Promise<Trace[]> {
  const wanted = interpreted(recipe, backend.dtype);
  const { seed, trials, ticks } = recipe;
  const options = { backend, seed, trials };
  const got = await traces(networkOf(recipe), options, ticks);
  got.forEach((trace, trial) => {
    expectSame(trace, wanted[trial]);
  });
  return got;
}

// Oracle: the interpreter; its own loops for the synapses that it is given.
describe('random networks', () => {
  test.each([
    ['f64', f64],
    ['f32', f32],
  ] as const)('are what the interpreter says, %s', async (_, backend) => {
    const lively: number[] = [];
    const finite: boolean[] = [];
    await fc.assert(
      fc.asyncProperty(networks(), async (recipe) => {
        const got = await expectInterpreted(recipe, backend);
        lively.push(liveliness(got[0]));
        finite.push(got.every(staysFinite));
      }),
      { numRuns: 100 },
    );
    // Most of them do something, and do not blow up.
    expect(lively.filter((n) => n > 20).length).toBeGreaterThan(40);
    expect(finite.filter(Boolean).length).toBeGreaterThan(60);
  });

  test('have the synapses of their recipe', () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(networks(), (recipe) => {
        const run = open(recipe);
        for (const projection of recipe.projections) {
          const size = (name: string) => run.network.find(name).size;
          const [sources, targets] = [
            size(projection.from),
            size(projection.to),
          ];
          const wanted = edgesOf(projection, sources, targets);
          const { pre, post, weight, delay } = run.synapses(projection.name);
          if (!wanted) {
            expectDrawn(
              projection,
              run.synapses(projection.name),
              sources,
              targets,
            );
            continue;
          }
          kinds.add(projection.pattern.kind);
          const got = Array.from(pre, (from, s) => ({
            pre: from,
            post: post[s],
            weight: weight[s],
            delay: delay[s],
          }));
          expect(got).toEqual(wanted);
        }
        run.destroy();
      }),
      { numRuns: 200 },
    );
    expect(kinds.size).toBe(5);
  });
});

function expectDrawn(
  { pattern, delay }: NetworkRecipe['projections'][number],
  synapses: ReturnType<NetworkRun['synapses']>,
  sources: number,
  targets: number,
): void {
  const key = (s: number) => synapses.pre[s] * targets + synapses.post[s];
  for (let s = 0; s < synapses.pre.length; s++) {
    expect(synapses.pre[s]).toBeLessThan(sources);
    expect(synapses.post[s]).toBeLessThan(targets);
    if (s > 0) expect(key(s)).toBeGreaterThanOrEqual(key(s - 1));
    if (typeof delay === 'object' && 'uniform' in delay) {
      expect(synapses.delay[s]).toBeGreaterThanOrEqual(delay.uniform[0]);
      expect(synapses.delay[s]).toBeLessThanOrEqual(delay.uniform[1]);
    }
  }
  if (pattern.kind !== 'inDegree') return;
  const counts = new Array<number>(targets).fill(0);
  for (const post of synapses.post) counts[post] += 1;
  expect(counts).toEqual(counts.map(() => pattern.n));
}

// Oracle: float64 itself: whole numbers below 2^24 have the same bits in float32.
test('whole numbers: float64 and float32 are one', async () => {
  const lively: number[] = [];
  await fc.assert(
    fc.asyncProperty(networks({ integer: true }), async (recipe) => {
      const got = await expectInterpreted(recipe, f64);
      const { seed, trials, ticks } = recipe;
      const single = { backend: f32, seed, trials };
      const other = await traces(networkOf(recipe), single, ticks);
      other.forEach((trace, trial) => {
        expectSame(trace, got[trial]);
      });
      lively.push(liveliness(got[0]));
    }),
    { numRuns: 50 },
  );
  expect(lively.filter((n) => n > 20).length).toBeGreaterThan(20);
});

describeWebGpu('on a device', () => {
  // Oracle: the CPU in float32, which the interpreter holds.
  test.each([
    ['any numbers', false, 7],
    ['whole numbers', true, 5],
  ] as const)('random networks of %s', async (_, integer, numRuns) => {
    const backend = await webgpu();
    await fc.assert(
      fc.asyncProperty(networks({ integer }), async (recipe) => {
        const { seed, trials, ticks } = recipe;
        const own = { backend: f32, seed, trials };
        const wanted = await traces(networkOf(recipe), own, ticks);
        fc.pre(wanted.every(staysFinite));
        const got = await traces(networkOf(recipe), { ...own, backend }, ticks);
        got.forEach((trace, trial) => {
          expectSame(trace, wanted[trial]);
        });
      }),
      { numRuns },
    );
  });
});
