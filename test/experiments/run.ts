/** Runs an experiment to its end. */

import { CpuBackend } from '../../src/backends/cpu.ts';
import type {
  Experiment,
  ExperimentOptions,
  Row,
} from '../../src/experiments/experiment.ts';

export async function rowsOf<R extends Row>(
  experiment: Experiment<R>,
  options: Partial<ExperimentOptions> = {},
): Promise<R[]> {
  const backend = new CpuBackend('f64');
  const defaults = { backend, seed: 1, models: [], full: false };
  const rows: R[] = [];
  for await (const row of experiment.run({ ...defaults, ...options })) {
    rows.push(row);
  }
  return rows;
}
