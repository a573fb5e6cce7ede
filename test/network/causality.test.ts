/**
 * What reaches what, and when. Oracle: sums of delays along the ways, sums of
 * runs, and counting.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NetworkRun } from '../../src/network/run/run.ts';
import {
  edgesOf,
  type NetworkRecipe,
  networkOf,
} from '../arbitraries/network-recipe.ts';
import { networks } from '../arbitraries/networks.ts';
import type { Trace } from './interpreter.ts';
import { from, neurons, optionsOf, run } from './recipes.ts';
import { expectSame, staysFinite } from './support.ts';

const linear = networks({ linear: true });

/** First tick at which a population can know of what another did at `tick`. */
function reached(
  recipe: NetworkRecipe,
  source: string,
  tick: number,
): Map<string, number> {
  const earliest = new Map([[source, tick]]);
  const size = (name: string) =>
    recipe.populations.find((p) => p.name === name)!.size;
  for (let again = true; again; ) {
    again = false;
    for (const projection of recipe.projections) {
      const begun = earliest.get(projection.from);
      const edges = edgesOf(
        projection,
        size(projection.from),
        size(projection.to),
      );
      const { delay } = projection;
      const least =
        typeof delay === 'object' && 'uniform' in delay
          ? delay.uniform[0]
          : Math.min(
              ...(edges?.map((edge) => edge.delay) ??
                (typeof delay === 'number'
                  ? [delay]
                  : 'table' in delay
                    ? delay.table
                    : delay.perSource)),
            );
      if (begun === undefined || least === Infinity) continue;
      if (begun + least >= (earliest.get(projection.to) ?? Infinity)) continue;
      earliest.set(projection.to, begun + least);
      again = true;
    }
  }
  return earliest;
}

test('nothing has an effect before its delay', async () => {
  let exact = 0;
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(networks(), fc.nat(), async (recipe, n) => {
      const tick = n % recipe.ticks;
      const changed = recipe.populations[0];
      if (changed.kind === 'neurons') return;
      const { name, size } = changed;
      const populations = recipe.populations.map((population) => {
        if (population !== changed) return population;
        if (changed.kind === 'events') {
          const trials = changed.trials.map((trial) =>
            trial.map((times) =>
              times.includes(tick)
                ? times.filter((time) => time !== tick)
                : [...times, tick],
            ),
          );
          return { ...changed, trials };
        }
        const { trials, interval, after } = changed;
        const given = trials.map((list) =>
          Array.from({ length: recipe.ticks * size }, (_, at) => {
            let sample = Math.floor(Math.floor(at / size) / interval);
            const count = list.length / size;
            if (after === 'loop') sample %= count;
            if (after === 'hold') sample = Math.min(sample, count - 1);
            const value =
              sample < count ? list[sample * size + (at % size)] : 0;
            return Math.floor(at / size) === tick ? value + 1 : value;
          }),
        );
        return { ...changed, interval: 1, trials: given };
      });
      const wanted = await run(recipe);
      const got = await run({ ...recipe, populations });
      for (const [to, earliest] of reached(recipe, name, tick)) {
        if (to === name) continue;
        const own = ({ values, spikes }: Trace): Trace => ({
          values: new Map(
            [...values].filter(([key]) => key.startsWith(`${to}.`)),
          ),
          spikes: new Map([...spikes].filter(([key]) => key === to)),
        });
        got.forEach((trace, t) => {
          const before = from(own(wanted[t]), 0, earliest);
          expectSame(from(own(trace), 0, earliest), before);
          const at = JSON.stringify([
            ...from(own(trace), earliest, earliest + 1).values,
          ]);
          const was = JSON.stringify([
            ...from(own(wanted[t]), earliest, earliest + 1).values,
          ]);
          compared += 1;
          if (at !== was) exact += 1;
        });
      }
      // What cannot be reached never differs.
      const known = reached(recipe, name, tick);
      for (const population of recipe.populations) {
        if (known.has(population.name)) continue;
        got.forEach((trace, t) => {
          for (const [key, rows] of trace.values) {
            if (!key.startsWith(`${population.name}.`)) continue;
            expect(rows).toEqual(wanted[t].values.get(key));
          }
        });
      }
    }),
    { numRuns: 80 },
  );
  // Not later either: often the first tick possible is the first that differs.
  expect(exact).toBeGreaterThan(5);
  expect(compared).toBeGreaterThan(exact);
});

test('superposition in linear networks, exact', async () => {
  await fc.assert(
    fc.asyncProperty(
      linear,
      fc.integer({ min: -3, max: 3 }),
      async (recipe, k) => {
        const with_ = (
          make: (list: readonly number[], place: number) => number[],
        ) =>
          run({
            ...recipe,
            trials: 1,
            populations: recipe.populations.map((population, place) =>
              population.kind === 'samples'
                ? {
                    ...population,
                    trials: population.trials.map((l) => make(l, place)),
                  }
                : population,
            ),
          });
        const other = (list: readonly number[], place: number) =>
          list.map((_, i) => ((5 * i + place) % 7) - 3);
        const [[a], [b], [both]] = await Promise.all([
          with_((list) => [...list]),
          with_((list, place) => other(list, place)),
          with_((list, place) =>
            list.map((x, i) => x + k * other(list, place)[i]),
          ),
        ]);
        for (const [key, rows] of both.values) {
          rows.forEach((row, tick) => {
            row.forEach((value, i) => {
              const [x, y] = [a, b].map((t) => t.values.get(key)![tick][i]);
              if (value === x + k * y) return;
              throw new Error(
                `${key} at ${tick}: ${value}, not ${x} + ${k} ${y}`,
              );
            });
          });
        }
        expect(staysFinite(both)).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});

// Oracle: counting. Each projection of spikes has a listener of its own that adds up
// what arrives, with weights of 1.
test('every event arrives once, or is in flight', async () => {
  let sent = 0;
  let flying = 0;
  await fc.assert(
    fc.asyncProperty(networks(), async (recipe) => {
      const spiking = recipe.projections.filter(
        ({ output }) => output === 'spikes',
      );
      const sizes = new Map(recipe.populations.map((p) => [p.name, p.size]));
      const listeners = spiking.map((projection) => ({
        ...projection,
        name: `${projection.name} heard`,
        to: `${projection.name} ear`,
        port: 'input',
        weight: 1,
      }));
      const heard: NetworkRecipe = {
        ...recipe,
        populations: [
          ...recipe.populations,
          ...listeners.map(({ to }, i) =>
            neurons(to, sizes.get(spiking[i].to)!, 'sum'),
          ),
        ],
        projections: [...recipe.projections, ...listeners],
      };
      const opened = NetworkRun.open(networkOf(heard), optionsOf(heard));
      const all = await run(heard);
      for (const { name, from, to } of listeners) {
        const { pre, delay } = opened.synapses(name);
        all.forEach(({ values, spikes }) => {
          const rows = values.get(`${to}.x`)!;
          rows.forEach((row, tick) => {
            let due = 0;
            let late = 0;
            spikes
              .get(from)!
              .slice(0, tick + 1)
              .forEach((fired, n) => {
                for (const source of fired) {
                  pre.forEach((each, s) => {
                    if (each !== source) return;
                    if (n + delay[s] <= tick) due += 1;
                    else late += 1;
                  });
                }
              });
            const got = row.reduce((x, y) => x + y, 0);
            if (got !== due)
              throw new Error(`${name} at ${tick}: ${got}, not ${due}`);
            if (tick === rows.length - 1) {
              sent += due;
              flying += late;
            }
          });
        });
      }
      opened.destroy();
    }),
    { numRuns: 25 },
  );
  expect(sent).toBeGreaterThan(200);
  expect(flying).toBeGreaterThan(20);
});
