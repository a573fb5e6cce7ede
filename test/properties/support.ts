/** What the properties share: one presentation of a graph, and bits. */

import type { Backend } from '../../src/backends/backend.ts';
import type { Graph } from '../../src/graph/graph.ts';
import type { Rule } from '../../src/rules/rule.ts';
import { rules } from '../../src/rules/table.ts';
import {
  type SimulateOptions,
  Simulation,
} from '../../src/simulation/simulate.ts';
import { feedsOf } from '../arbitraries/index.ts';

export type Values = ReadonlyMap<string, ArrayLike<number>>;

/** Rules of the table that claim to equal BP to the bit. */
export const exactRules: readonly Rule[] = rules
  .map((entry) => entry.make({}))
  .filter((rule) => rule.exact && rule.name !== 'bp');

/** Gradients of one presentation of the graph's own data. */
export async function gradientsOf(
  graph: Graph,
  rule: Rule,
  backend: Backend,
  options: Partial<SimulateOptions> = {},
): Promise<Values> {
  const run = Simulation.open(graph, { rule, backend, ...options });
  try {
    await run.submit(feedsOf(graph));
    return await run.gradients();
  } finally {
    run.destroy();
  }
}

/** Parameters after some presentations of the graph's own data. */
export async function trained(
  graph: Graph,
  steps: number,
  options: SimulateOptions,
): Promise<Values> {
  const run = Simulation.open(graph, options);
  try {
    for (let n = 0; n < steps; n++) await run.submit(feedsOf(graph));
    return await run.allParameters();
  } finally {
    run.destroy();
  }
}

/**
 * Throws where two sets of values differ in a bit. 0 and -0 count as equal;
 * anything that is not finite is a failure.
 */
export function expectSameBits(got: Values, wanted: Values): void {
  if (got.size !== wanted.size) {
    throw new Error(`${got.size} values, not ${wanted.size}`);
  }
  for (const [id, values] of wanted) {
    const mine = got.get(id);
    if (mine?.length !== values.length) {
      throw new Error(`${id}: ${mine?.length} elements, not ${values.length}`);
    }
    for (let i = 0; i < values.length; i++) {
      if (mine[i] === values[i] && Number.isFinite(mine[i])) continue;
      throw new Error(`${id}[${i}] is ${mine[i]}, not ${values[i]}`);
    }
  }
}

/** Whether two sets of values differ anywhere. */
export function differs(a: Values, b: Values): boolean {
  try {
    expectSameBits(a, b);
    return false;
  } catch {
    return true;
  }
}

/** Whether any value is not 0. */
export function isNonzero(values: Values): boolean {
  return [...values.values()].some((data) =>
    Array.from(data).some((x) => x !== 0),
  );
}
