/** Measures a circuit of the shelf as the command does, or spoiled. */

import type { Backend } from '../../src/backends/backend.ts';
import { loadHeads } from '../../src/data/heads.ts';
import type { NetworkRun } from '../../src/network/run/run.ts';
import {
  type Outcome,
  parametersOf,
  type Shelved,
  Workbench,
} from '../../src/studies/shelf.ts';

export type Spoil = (run: NetworkRun) => Promise<void>[];

/** `spoil` changes each run before it begins. */
export async function measuredOn(
  backend: Backend,
  circuit: Shelved,
  given: Readonly<Record<string, number>>,
  spoil: Spoil,
): Promise<Outcome> {
  const bench = new Workbench(backend, 1, () => loadHeads('sphere'));
  const open = bench.open.bind(bench);
  const spoils: Promise<void>[] = [];
  bench.open = (network, options) => {
    const run = open(network, options);
    // Runs do in turn what they are told.
    spoils.push(...spoil(run));
    return run;
  };
  try {
    const outcome = await circuit.measure(parametersOf(circuit, given), bench);
    await Promise.all(spoils);
    return outcome;
  } finally {
    bench.close();
  }
}
