/**
 * How a network is run changes nothing. Oracle: the same network run in one
 * piece, in the longest windows, alone, or declared in another order, to the bit.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NetworkRun } from '../../src/network/run/run.ts';
import {
  networkOf,
  type ProjectionRecipe,
} from '../arbitraries/network-recipe.ts';
import { networks } from '../arbitraries/networks.ts';
import { expectShared, optionsOf, run } from './recipes.ts';
import { expectSame, f32, f64, recorded, traces } from './support.ts';

const whole = networks({ integer: true });
const cut = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 6 });

describe('how it is run', () => {
  test('in pieces: nothing changes', async () => {
    await fc.assert(
      fc.asyncProperty(
        networks(),
        cut,
        fc.boolean(),
        async (recipe, pieces, single) => {
          const options = { ...optionsOf(recipe), backend: single ? f32 : f64 };
          const { recording, run } = await recorded(
            networkOf(recipe),
            options,
            async (run) => {
              for (const piece of pieces) {
                const ticks = Math.min(piece, recipe.ticks - run.tick);
                await run.runTicks(ticks).catch(() => {});
              }
              await run.runTicks(recipe.ticks - run.tick);
            },
          );
          const wanted = await traces(networkOf(recipe), options, recipe.ticks);
          wanted.forEach((trace, t) => {
            expectSame(recording.trace(t), trace);
          });
          run.destroy();
        },
      ),
      { numRuns: 40 },
    );
  });

  test('in shorter windows: nothing changes', async () => {
    const windows = new Set<number>();
    await fc.assert(
      fc.asyncProperty(networks(), fc.nat(), async (recipe, n) => {
        const network = networkOf(recipe);
        const asked = NetworkRun.open(network, optionsOf(recipe));
        const most = asked.window.ticks;
        asked.destroy();
        windows.add(most);
        const options = { ...optionsOf(recipe), window: 1 + (n % most) };
        const got = await traces(network, options, recipe.ticks);
        const wanted = await run(recipe);
        got.forEach((trace, t) => {
          expectSame(trace, wanted[t]);
        });
      }),
      { numRuns: 40 },
    );
    expect(windows.size).toBeGreaterThan(3);
  });

  test('trial by trial: each is what it is in a batch', async () => {
    let differing = 0;
    await fc.assert(
      fc.asyncProperty(networks(), async (recipe) => {
        const batch = await run(recipe);
        for (let trial = 0; trial < recipe.trials; trial++) {
          const own = { ...optionsOf(recipe), trials: 1, firstTrial: trial };
          const [alone] = await traces(networkOf(recipe), own, recipe.ticks);
          expectSame(alone, batch[trial]);
          const differs =
            JSON.stringify([...alone.values]) !==
            JSON.stringify([...batch[0].values]);
          if (differs) differing += 1;
        }
      }),
      { numRuns: 50 },
    );
    expect(differing).toBeGreaterThan(8);
  });
});

/** In an order given by numbers: ties stay as they are. */
const shuffled = <T>(list: readonly T[], keys: readonly number[]): T[] =>
  list
    .map((item, i) => [item, keys[i % keys.length]] as const)
    .sort(([, a], [, b]) => a - b)
    .map(([item]) => item);

const keys = fc.array(fc.nat({ max: 99 }), { minLength: 8, maxLength: 8 });

describe('the order of declaration', () => {
  test('of whole numbers changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(whole, keys, keys, async (recipe, a, b) => {
        const other = {
          ...recipe,
          populations: shuffled(recipe.populations, a),
          projections: shuffled(recipe.projections, b),
        };
        expectShared(await run(other), await run(recipe));
      }),
      { numRuns: 50 },
    );
  });

  test('of populations, and of projections to other ports, not even of any', async () => {
    await fc.assert(
      fc.asyncProperty(networks(), keys, async (recipe, a) => {
        const port = ({ to, port }: ProjectionRecipe) => `${to}/${port}`;
        const ports = shuffled([...new Set(recipe.projections.map(port))], a);
        const other = {
          ...recipe,
          populations: shuffled(recipe.populations, a),
          projections: recipe.projections.toSorted(
            (p, q) => ports.indexOf(port(p)) - ports.indexOf(port(q)),
          ),
        };
        expectShared(await run(other), await run(recipe));
      }),
      { numRuns: 40 },
    );
  });
});
