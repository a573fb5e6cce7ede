/** Training steps as contenders. */

import type { Backend } from '../src/backends/backend.ts';
import { messageOf, OptionError } from '../src/base/errors.ts';
import type { Graph } from '../src/graph/graph.ts';
import { feedsFor } from '../src/proof/check.ts';
import type { Rule } from '../src/rules/rule.ts';
import { adam, type Optimiser } from '../src/simulation/optim.ts';
import { Simulation } from '../src/simulation/simulate.ts';
import { collectGarbage } from './garbage.ts';
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

/**
 * Calls of a step on WebGPU. lavapipe maps memory for each bind group (measured:
 * 24,053 mappings for 22,222 launches), and Linux allows 65,530 a process: one
 * too many is a segmentation fault. Calls that are batched need no group.
 */
const MOST_CALLS = 80_000;

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
    const { program } = simulation.record();
    const recordMs = performance.now() - begun;
    const calls = program.calls.length;
    if (backend.name === 'webgpu' && calls > MOST_CALLS) {
      throw new OptionError(
        `A step of ${calls} calls may end the process, which has 65,530 ` +
          `mappings: at most ${MOST_CALLS} are measured`,
        { calls },
      );
    }
    const { launches, bytes } = await simulation.cost();
    const feeds = feedsFor(graph, 1);
    const run = () => simulation.step(feeds);
    return { name, run, simulation, recordMs, launches, bytes };
  } catch (error) {
    simulation.destroy();
    throw error;
  }
}

export interface Opened {
  readonly open: Stepping[];
  readonly failed: Failure[];
  /** What the device cannot take. */
  readonly refused: Failure[];
}

/** Opens several; those that cannot be opened are told. */
export async function steppings(
  graph: Graph,
  all: readonly (readonly [name: string, options: StepOptions])[],
): Promise<Opened> {
  const opened: Opened = { open: [], failed: [], refused: [] };
  for (const [name, options] of all) {
    try {
      opened.open.push(await stepping(name, graph, options));
    } catch (error) {
      const refused = error instanceof OptionError;
      const list = refused ? opened.refused : opened.failed;
      list.push({ name, error: messageOf(error) });
    }
  }
  return opened;
}

export function destroyAll(steppings: readonly Stepping[]): void {
  for (const { simulation } of steppings) simulation.destroy();
  // Bind groups are let go of with the objects that stand for them.
  collectGarbage();
}
