/** Recipes run on the CPU in float64, and parts of what they did. */

import {
  type NetworkRecipe,
  networkOf,
  type PopulationRecipe,
  type ProjectionRecipe,
} from '../arbitraries/network-recipe.ts';
import type { Trace } from './interpreter.ts';
import { expectSame, f64, traces } from './support.ts';

export const optionsOf = ({ seed, trials }: NetworkRecipe) => ({
  backend: f64,
  seed,
  trials,
});

/** Traces of all trials. */
export const run = (recipe: NetworkRecipe) =>
  traces(networkOf(recipe), optionsOf(recipe), recipe.ticks);

/** Only what both have: relays that were put in are nobody's business. */
export function expectShared(
  got: readonly Trace[],
  wanted: readonly Trace[],
): void {
  got.forEach((trace, t) => {
    const { values, spikes } = wanted[t];
    expectSame(
      {
        values: new Map([...trace.values].filter(([key]) => values.has(key))),
        spikes: new Map([...trace.spikes].filter(([key]) => spikes.has(key))),
      },
      wanted[t],
    );
  });
}

export const neurons = (
  name: string,
  size: number,
  model: 'relay' | 'spikeRelay' | 'sum',
): PopulationRecipe => ({ kind: 'neurons', name, size, model });

/** One to one. */
export const joined = (
  name: string,
  from: string,
  to: string,
  delay: number,
  output: string,
): ProjectionRecipe => ({
  name,
  from,
  to,
  delay,
  output,
  port: 'input',
  pattern: { kind: 'one' },
});

/** The ticks from `first` to below `end`. */
export const from = (
  { values, spikes }: Trace,
  first: number,
  end?: number,
): Trace => {
  const cut = (rows: ReadonlyMap<string, readonly number[][]>) =>
    new Map([...rows].map(([key, list]) => [key, list.slice(first, end)]));
  return { values: cut(values), spikes: cut(spikes) };
};
