/**
 * What delays do, whatever the network computes. Oracle: the same network with
 * its delays in other pieces, or with its stimuli shifted, to the bit.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type {
  NetworkRecipe,
  PopulationRecipe,
  ProjectionRecipe,
} from '../arbitraries/network-recipe.ts';
import { networks } from '../arbitraries/networks.ts';
import { expectShared, from, joined, neurons, run } from './recipes.ts';
import { expectSame, liveliness } from './support.ts';

const whole = networks({ integer: true });

/** Delays are one number only where a chain can stand for a projection. */
const canBeChain = ({ delay }: ProjectionRecipe) =>
  typeof delay === 'number' && delay > 0;

/** A projection whose delay is made of several, with relays between them. */
function chained(
  recipe: NetworkRecipe,
  projection: ProjectionRecipe,
  delays: readonly number[],
): NetworkRecipe {
  const { from, name, output } = projection;
  const { size } = recipe.populations.find((p) => p.name === from)!;
  const model = output === 'spikes' ? 'spikeRelay' : 'relay';
  const sent = output === 'spikes' ? 'spikes' : 'y';
  const links = delays.slice(0, -1).map((_, i) => `${name} link ${i}`);
  const nodes = [from, ...links];
  const last: ProjectionRecipe = {
    ...projection,
    from: nodes[nodes.length - 1],
    output: links.length > 0 ? sent : output,
    delay: delays[delays.length - 1],
  };
  return {
    ...recipe,
    populations: [
      ...recipe.populations,
      ...links.map((link) => neurons(link, size, model)),
    ],
    projections: [
      ...recipe.projections.map((each) => (each === projection ? last : each)),
      ...links.map((link, i) =>
        joined(link, nodes[i], link, delays[i], i === 0 ? output : sent),
      ),
    ],
  };
}

describe('delays', () => {
  // History before the first tick is a value that no relay knows of.
  const still = networks().map(
    (recipe): NetworkRecipe => ({
      ...recipe,
      populations: recipe.populations.map((population) =>
        population.kind === 'neurons'
          ? { ...population, history: {} }
          : population,
      ),
    }),
  );

  test('of a and of b are a delay of a + b', async () => {
    let tried = 0;
    await fc.assert(
      fc.asyncProperty(still, fc.nat(), async (recipe, n) => {
        const wanted = await run(recipe);
        for (const projection of recipe.projections.filter(canBeChain)) {
          const delay = projection.delay as number;
          const a = n % (delay + 1);
          // A loop needs its delay where it is; 0 and all are parts too.
          const delays = [a, delay - a];
          const other = chained(recipe, projection, delays);
          expectShared(await run(other), wanted);
          tried += 1;
        }
      }),
      { numRuns: 40 },
    );
    expect(tried).toBeGreaterThan(15);
  });

  test('are chains of relays that each take a tick', async () => {
    let tried = 0;
    await fc.assert(
      fc.asyncProperty(still, async (recipe) => {
        let other = recipe;
        for (const projection of recipe.projections.filter(canBeChain)) {
          const delay = projection.delay as number;
          if (delay > 12) continue;
          other = chained(other, projection, new Array(delay).fill(1));
          tried += 1;
        }
        expectShared(await run(other), await run(recipe));
      }),
      { numRuns: 40 },
    );
    expect(tried).toBeGreaterThan(3);
  });
});

/** All stimuli so many ticks later. Needs samples that end in zeros. */
function later(recipe: NetworkRecipe, ticks: number): NetworkRecipe {
  return {
    ...recipe,
    ticks: recipe.ticks + ticks,
    populations: recipe.populations.map((population): PopulationRecipe => {
      if (population.kind === 'events') {
        const trials = population.trials.map((trial) =>
          trial.map((times) => times.map((tick) => tick + ticks)),
        );
        return { ...population, trials };
      }
      if (population.kind !== 'samples') return population;
      const { size, interval, trials } = population;
      const before = new Array(size * ticks).fill(0);
      const each = (list: readonly number[]) =>
        Array.from({ length: (list.length / size) * interval }, (_, s) =>
          list.slice(
            Math.floor(s / interval) * size,
            (Math.floor(s / interval) + 1) * size,
          ),
        ).flat();
      return {
        ...population,
        interval: 1,
        after: 'zero',
        trials: trials.map((list) => [...before, ...each(list)]),
      };
    }),
  };
}

/** Without what happens by itself: starts, histories, noise. */
const quiet = whole.map(
  (recipe): NetworkRecipe => ({
    ...recipe,
    populations: recipe.populations.map((population): PopulationRecipe => {
      if (population.kind === 'neurons') {
        return { ...population, start: {}, history: {} };
      }
      return population.kind === 'samples'
        ? { ...population, after: 'zero' }
        : population;
    }),
  }),
);

test('stimuli that come later shift everything, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(quiet, fc.nat({ max: 70 }), async (recipe, ticks) => {
      const wanted = await run(later(recipe, 0));
      const got = await run(later(recipe, ticks));
      got.forEach((trace, t) => {
        expectSame(from(trace, ticks), wanted[t]);
        expect(liveliness(from(trace, 0, ticks))).toBe(0);
      });
    }),
    { numRuns: 40 },
  );
});
