/**
 * Changes in mid-flight and returns to earlier states. Oracle: the interpreter
 * (what was sent before a change arrives by the old delays, what is sent after
 * it by the new ones), and runs that were not interrupted.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { relay } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { NetworkRun } from '../../src/network/run/run.ts';
import {
  type NetworkRecipe,
  networkOf,
} from '../arbitraries/network-recipe.ts';
import { networks } from '../arbitraries/networks.ts';
import { describeBackends } from '../backends.ts';
import { type Change, interpret } from './interpreter.ts';
import { expectSame, f32, f64, Recording, recorded } from './support.ts';

const optionsOf = (
  { seed, trials }: NetworkRecipe,
  backend: Backend = f64,
) => ({
  backend,
  seed,
  trials,
});

/** New delays at a tick, of the projection of a number. */
const change = fc.record({
  at: fc.nat({ max: 60 }),
  projection: fc.nat({ max: 9 }),
  delays: fc.array(fc.integer({ min: 1, max: 40 }), {
    minLength: 1,
    maxLength: 3,
  }),
});
type RawChange = typeof change extends fc.Arbitrary<infer T> ? T : never;
const changes = fc
  .array(change, { minLength: 1, maxLength: 5 })
  .map((list) => list.toSorted((a, b) => a.at - b.at));

/** Runs until a tick, and makes the changes that are due on the way. */
async function runChanged(
  run: NetworkRun,
  list: readonly RawChange[],
  end: number,
): Promise<Change[]> {
  const made: Change[] = [];
  const { projections, dt } = run.network;
  for (const { at, projection, delays } of list) {
    if (projections.length === 0 || at >= end) continue;
    if (at > run.tick) await run.runTicks(at - run.tick).catch(() => {});
    const { name } = projections[projection % projections.length];
    await run.setDelay(
      name,
      (pre, post) => delays[(pre + 2 * post) % delays.length] * dt,
    );
    made.push({
      tick: run.tick,
      projection: name,
      delay: run.synapses(name).delay.slice(),
    });
  }
  if (run.tick < end) await run.runTicks(end - run.tick);
  return made;
}

describe('setDelay', () => {
  test.each([
    ['f64', f64],
    ['f32', f32],
  ] as const)('loses and moves nothing, %s', async (_, backend) => {
    let many = 0;
    await fc.assert(
      fc.asyncProperty(
        networks(),
        changes,
        fc.boolean(),
        async (recipe, list, early) => {
          const { ticks, seed, trials } = recipe;
          const first = NetworkRun.open(networkOf(recipe), optionsOf(recipe));
          const synapses = new Map(
            recipe.projections.map(({ name }) => [name, first.synapses(name)]),
          );
          first.destroy();
          let made: Change[] = [];
          const { run, recording } = await recorded(
            networkOf(recipe),
            optionsOf(recipe, backend),
            async (run) => {
              // Memory may be there before the first tick.
              if (early) await run.snapshot();
              made = await runChanged(run, list, ticks);
            },
          );
          many += made.length;
          for (let trial = 0; trial < trials; trial++) {
            const wanted = interpret(run.network, {
              dtype: backend.dtype,
              ticks,
              seed,
              trial,
              synapses: (name) => synapses.get(name)!,
              changes: made,
            });
            expectSame(recording.trace(trial), wanted);
          }
          run.destroy();
        },
      ),
      { numRuns: 50 },
    );
    expect(many).toBeGreaterThan(30);
  });
});

describeBackends('setDelay', (open) => {
  // Worked by hand: 1 at tick 0 over 6 arrives at 6; 2 at tick 2 over 3 at 5.
  test('an impulse before and one after', async () => {
    const net = new Network({ dt: 1 });
    net.samples('in', 1, { values: [1, 0, 2, 0, 4] });
    net.population('out', 1, relay);
    net.project('in', 'out', { name: 'p', delay: 6 });
    const run = NetworkRun.open(net, { backend: await open() });
    const seen: number[] = [];
    run.state$('out', 'y').subscribe(({ data }) => seen.push(data[0]));
    await run.runTicks(2);
    await run.setDelay('p', 3);
    await run.runTicks(2);
    await run.setDelay('p', 9);
    await run.setDelay('p', 4);
    await run.runTicks(8);
    expect(seen).toEqual([0, 0, 0, 0, 0, 2, 1, 0, 4, 0, 0, 0]);
    run.destroy();
  });

  test('history before the first tick is known over any delay', async () => {
    const net = new Network({ dt: 1 });
    net.population('x', 2, relay, { history: { y: [5, 7] } });
    net.population('out', 2, relay);
    net.project('x', 'out', {
      name: 'p',
      pattern: (n) => ({
        pre: Uint32Array.from({ length: n }, (_, i) => i),
        post: Uint32Array.from({ length: n }, (_, i) => i),
      }),
      delay: 1,
    });
    const run = NetworkRun.open(net, { backend: await open() });
    const seen: number[] = [];
    run.state$('out', 'y').subscribe(({ data }) => seen.push(...data));
    await run.snapshot();
    await run.setDelay('p', 300);
    await run.runTicks(302);
    const wanted = Array.from({ length: 302 }, (_, t) =>
      t < 300 ? [5, 7] : [0, 0],
    );
    expect(seen).toEqual(wanted.flat());
    run.destroy();
  });
});

describe('a snapshot', () => {
  test('goes on to the bit: back in its run, and in another', async () => {
    await fc.assert(
      fc.asyncProperty(
        networks(),
        changes,
        fc.nat({ max: 60 }),
        fc.nat(),
        async (recipe, list, at, n) => {
          const network = networkOf(recipe);
          const options = optionsOf(recipe);
          const early = list.filter((each) => each.at <= at);
          const late = list.filter((each) => each.at > at);
          const end = at + 30;
          const whole = await recorded(network, options, async (run) => {
            await runChanged(run, early, at);
            await runChanged(run, late, end);
          });
          const again = await recorded(network, options, async (run) => {
            await runChanged(run, early, at);
          });
          const snapshot = await again.run.snapshot();
          await again.run.runTicks(n % 50).catch(() => {});
          // What is changed after the snapshot is undone by it.
          await runChanged(again.run, list, again.run.tick).catch(() => {});
          again.recording.forget();
          await again.run.restore(snapshot);
          expect(again.run.tick).toBe(at);
          await runChanged(again.run, late, end).catch(() => {});
          const anew = NetworkRun.open(network, options);
          const second = new Recording(anew);
          await anew.restore(snapshot);
          await runChanged(anew, late, end).catch(() => {});
          for (let trial = 0; trial < recipe.trials; trial++) {
            const wanted = whole.recording.trace(trial, at);
            expectSame(again.recording.trace(trial, at), wanted);
            expectSame(second.trace(trial, at), wanted);
          }
          for (const { run } of [whole, again]) run.destroy();
          anew.destroy();
        },
      ),
      { numRuns: 30 },
    );
  });
});

describeBackends('a snapshot on', (open) => {
  test('this backend', async () => {
    const backend = await open();
    await fc.assert(
      fc.asyncProperty(networks({ integer: true }), async (recipe) => {
        const network = networkOf(recipe);
        const options = optionsOf(recipe, backend);
        const whole = await recorded(network, options, 50);
        const first = await recorded(network, options, 20);
        const anew = NetworkRun.open(network, options);
        const recording = new Recording(anew);
        await anew.restore(await first.run.snapshot());
        await anew.runTicks(30);
        for (let trial = 0; trial < recipe.trials; trial++) {
          const wanted = whole.recording.trace(trial, 20);
          expectSame(recording.trace(trial, 20), wanted);
        }
        for (const run of [whole.run, first.run, anew]) run.destroy();
      }),
      { numRuns: 3 },
    );
  });
});
