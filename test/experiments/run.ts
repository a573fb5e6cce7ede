/** Runs an experiment to its end. */

import type { Backend } from '../../src/backends/backend.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import type { Experiment, Row } from '../../src/studies/experiment.ts';
import { Settings } from '../../src/studies/settings.ts';

export interface RunOptions {
  readonly backend?: Backend;
  readonly seeds?: readonly number[];
  readonly params?: Readonly<Record<string, string>>;
}

export function settingsOf(
  { name, parameters }: Experiment,
  params: Readonly<Record<string, string>> = {},
): Settings {
  return new Settings(name, parameters, params);
}

export async function rowsOf<R extends Row>(
  experiment: Experiment<R>,
  { backend, seeds = [1], params }: RunOptions = {},
): Promise<R[]> {
  const context = {
    backend: backend ?? new CpuBackend(experiment.dtype ?? 'f64'),
    signal: new AbortController().signal,
    progress: () => undefined,
  };
  const settings = settingsOf(experiment as unknown as Experiment, params);
  const rows: R[] = [];
  for (const piece of experiment.pieces(settings, seeds)) {
    rows.push(...(await piece.run(context)));
  }
  return rows;
}
