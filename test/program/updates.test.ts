/**
 * The optimiser's calls as one, and the rates that they share. Oracle: the same
 * presentations with a call for each parameter, in this machine's float32; their
 * weights must be the same in every bit.
 */

import { describe, expect, test } from 'vitest';
import { mlp } from '../../models/index.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { type Graph, GraphBuilder } from '../../src/graph/graph.ts';
import { planMemory } from '../../src/program/memory.ts';
import { feedsFor } from '../../src/proof/check.ts';
import { bp } from '../../src/rules/bp.ts';
import { il } from '../../src/rules/il.ts';
import type { Rule } from '../../src/rules/rule.ts';
import { zil } from '../../src/rules/zil.ts';
import {
  adam,
  momentum,
  type Optimiser,
  sgd,
} from '../../src/simulation/optim.ts';
import { Simulation } from '../../src/simulation/simulate.ts';
import { describeBackends } from '../backends.ts';
import { expectSameBits } from '../properties/support.ts';

const apart = () => new CpuBackend('f32', { batches: false });
const batched = () => new CpuBackend('f32', { batches: true });
const graph = () => mlp({ sizes: [5, 7, 4, 3], batch: 2 });

const open = (
  of: Graph,
  backend: CpuBackend,
  optimiser: Optimiser,
  rule: Rule,
) => Simulation.open(of, { rule, backend, optimiser, seed: 4 });

/** Calls of the optimiser in a step, as they are placed. */
async function updatesIn(simulation: Simulation): Promise<number> {
  const { optimiser, backend, graph } = simulation;
  const program = await simulation.program();
  const parameters = graph.vertices.filter(({ op }) => op === 'param');
  const sizes = parameters.map(({ size }) => size);
  // One pool a role, as parameters and states have it.
  const roles = ['', ...(optimiser?.states ?? []).map((state) => `@${state}/`)];
  const homes = new Map(
    roles.flatMap((role) => {
      const memories = backend.allocateAll(sizes);
      return parameters.map(
        ({ id }, i) => [`${role}${id}`, memories[i]] as const,
      );
    }),
  );
  const { calls } = planMemory(program, { homes, batches: true });
  return calls.filter(({ kernel }) => kernel.name === optimiser?.kernel.name)
    .length;
}

describe.each([
  ['sgd', () => sgd({ lr: 0.1 })],
  ['momentum', () => momentum({ lr: 0.1 })],
  ['adam', () => adam({ lr: 0.1 })],
])('%s', (_, make) => {
  test.each([
    ['bp', bp()],
    ['zil', zil()],
    ['il', il({ steps: 6, plasticity: 2 })],
  ])(
    'under %s gives the weights of calls by themselves',
    async (_name, rule) => {
      const results = [];
      for (const backend of [apart(), batched()]) {
        const run = open(graph(), backend, make(), rule);
        for (let n = 0; n < 4; n++) await run.submit(feedsFor(graph(), n));
        results.push(await run.allParameters());
      }
      expectSameBits(results[1], results[0]);
    },
  );

  test('is one call for all parameters', async () => {
    const run = open(graph(), batched(), make(), zil());
    expect(await updatesIn(run)).toBe(1);
  });
});

test('each of several updates of a presentation is one call', async () => {
  // Late enough for errors to have reached all of them at the first.
  const rule = il({ steps: 30, plasticity: 10 });
  expect(await updatesIn(open(graph(), batched(), adam(), rule))).toBe(3);
});

// By hand: the bias's gradient is the very error that the message reads too, so
// it cannot lie where the gradients are written.
test('a gradient that others read is left where it is', async () => {
  const make = () => {
    const g = new GraphBuilder();
    const x = g.input('x', [1, 3]);
    const V = g.param('V', [3, 3]);
    const b = g.param('b', [1, 3]);
    const W = g.param('W', [2, 3]);
    return g.output(x.linear(V).add(b).tanh().linear(W), 'half_sse');
  };
  const results = [];
  for (const backend of [apart(), batched()]) {
    const run = open(make(), backend, adam(), bp());
    for (let n = 0; n < 3; n++) await run.submit(feedsFor(make(), n));
    results.push(await run.allParameters());
  }
  expectSameBits(results[1], results[0]);
});

/** Two layers, or the first with the head right on it: fewer parameters. */
function part(whole: boolean): Graph {
  const g = new GraphBuilder();
  const x = g.input('x', [2, 3]);
  const V = g.param('V', [4, 3]);
  const W = g.param('W', [4, 4]);
  const U = g.param('U', [2, 4]);
  const h = x.linear(V).tanh();
  return g.output((whole ? h.linear(W).tanh() : h).linear(U), 'half_sse');
}

// adam's rates tell of each parameter's own count: V and U are ahead of W here.
test('parameters updated unequally often have rates of their own', async () => {
  const order = [true, false, false, true, true, false, true];
  const counts = { V: 0, W: 0, U: 0 };
  const results = [];
  for (const backend of [apart(), batched()]) {
    const main = open(part(true), backend, adam({ lr: 0.1 }), zil());
    const other = main.variant(part(false));
    for (const whole of order) {
      const graph = part(whole);
      await (whole ? main : other).submit(feedsFor(graph, 1));
    }
    results.push(await main.allParameters());
    expect(await updatesIn(main)).toBeGreaterThan(1);
  }
  expectSameBits(results[1], results[0]);
  for (const whole of order) {
    for (const id of whole ? ['V', 'W', 'U'] : ['V', 'U']) {
      counts[id as keyof typeof counts] += 1;
    }
  }
  // The same by the rates' definition, one parameter a call, told beforehand.
  expect(counts).toEqual({ V: 7, W: 4, U: 7 });
  const optimiser = adam({ lr: 0.1 });
  const fed: number[] = [];
  const spied: Optimiser = {
    ...optimiser,
    ratesAt: (n) => {
      fed.push(n);
      return optimiser.ratesAt(n);
    },
  };
  const main = open(part(true), batched(), spied, zil());
  const other = main.variant(part(false));
  for (const whole of order) {
    await (whole ? main : other).submit(feedsFor(part(whole), 1));
  }
  // At the last, V and U are updated for the 7th time, W for the 4th.
  expect(fed.slice(-2).sort()).toEqual([4, 7]);
});

describeBackends('a run in one go and one tick by tick', (open) => {
  test('give the same weights, in any order', async () => {
    const results = [];
    for (const byHand of [[], [1, 2], [0, 1, 2, 3]]) {
      const backend = await open();
      const options = { rule: zil(), backend, optimiser: adam(), seed: 4 };
      const run = Simulation.open(graph(), options);
      for (let n = 0; n < 4; n++) {
        const feeds = feedsFor(graph(), n);
        if (!byHand.includes(n as never)) await run.submit(feeds);
        else for await (const _ of run.ticks(feeds));
        expect(await run.loss()).toBeGreaterThan(0);
      }
      results.push(await run.allParameters());
      run.destroy();
    }
    expectSameBits(results[1], results[0]);
    expectSameBits(results[2], results[0]);
  });

  test('that is not waited for takes no memory that grows', async () => {
    const backend = await open();
    const options = { rule: bp(), backend, optimiser: sgd(), seed: 4 };
    const run = Simulation.open(graph(), options);
    const feeds = feedsFor(graph(), 1);
    await run.step(feeds);
    const bytes = 'bytes' in backend ? backend.bytes : 0;
    await Promise.all(Array.from({ length: 200 }, () => run.submit(feeds)));
    expect(await run.loss()).toBeGreaterThan(0);
    expect('bytes' in backend ? backend.bytes : 0).toBe(bytes);
    run.destroy();
  });
});
