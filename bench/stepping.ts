/** Training steps as contenders. */

import type { Backend } from '../src/backends/backend.ts';
import { feedsFor } from '../src/check.ts';
import { messageOf } from '../src/errors.ts';
import type { Graph } from '../src/graph.ts';
import { adam, type Optimiser } from '../src/optim.ts';
import type { Rule } from '../src/rules/rule.ts';
import { Simulation } from '../src/simulate.ts';
import type { Contender, Failure } from './rounds.ts';

export interface StepOptions {
  readonly rule: Rule;
  readonly backend: Backend;
  readonly optimiser?: Optimiser;
}

/** One step on the same data, its loss read at the end, and what it needs. */
export interface Stepping extends Contender {
  readonly simulation: Simulation;
  /** How long the rule took to be recorded. */
  readonly recordMs: number;
  /** Kernel launches of a step. */
  readonly launches: number;
  /** Memory beside the parameters. */
  readonly bytes: number;
}

/** Opens and compiles a simulation, to be destroyed by the caller. */
export async function stepping(
  name: string,
  graph: Graph,
  { rule, backend, optimiser = adam() }: StepOptions,
): Promise<Stepping> {
  const options = { rule, backend, optimiser, seed: 1 };
  const simulation = Simulation.open(graph, options);
  try {
    const begun = performance.now();
    simulation.record();
    const recordMs = performance.now() - begun;
    const { launches, bytes } = await simulation.cost();
    const feeds = feedsFor(graph, 1);
    const run = () => simulation.step(feeds);
    return { name, run, simulation, recordMs, launches, bytes };
  } catch (error) {
    simulation.destroy();
    throw error;
  }
}

/** Opens several; those that cannot be opened are among the failures. */
export async function steppings(
  graph: Graph,
  all: readonly (readonly [name: string, options: StepOptions])[],
): Promise<{ open: Stepping[]; failed: Failure[] }> {
  const open: Stepping[] = [];
  const failed: Failure[] = [];
  for (const [name, options] of all) {
    try {
      open.push(await stepping(name, graph, options));
    } catch (error) {
      failed.push({ name, error: messageOf(error) });
    }
  }
  return { open, failed };
}

export function destroyAll(steppings: readonly Stepping[]): void {
  for (const { simulation } of steppings) simulation.destroy();
}
