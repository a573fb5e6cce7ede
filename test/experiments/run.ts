/** Runs an experiment to its end, and reads what it says. */

import type { Backend } from '../../src/backends/backend.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import type { Fields, Values } from '../../src/base/schema.ts';
import { toldOf } from '../../src/studies/runner.ts';
import type { Study } from '../../src/studies/study.ts';
import { verdictLines } from '../../src/studies/verdict.ts';

export interface RunOptions {
  readonly backend?: Backend;
  readonly seeds?: readonly number[];
  readonly params?: Readonly<Record<string, string>>;
}

export const settingsOf = <R, F extends Fields>(
  { schema }: Study<R, F>,
  params: Readonly<Record<string, string>> = {},
): Values<F> => schema.read(schema.parse(params));

export async function rowsOf<R, F extends Fields>(
  study: Study<R, F>,
  { backend, seeds = [1], params }: RunOptions = {},
): Promise<R[]> {
  const context = {
    backend: backend ?? new CpuBackend(study.dtype ?? 'f64'),
    signal: new AbortController().signal,
    progress: () => undefined,
  };
  const rows: R[] = [];
  for (const piece of study.pieces(settingsOf(study, params), seeds)) {
    rows.push(...(await piece.run(context)));
  }
  return rows;
}

/** Verdicts, whether all hold, and lines: remarks, then what does not hold. */
export function told<R, F extends Fields>(
  study: Study<R, F>,
  rows: readonly R[],
  values: Values<F>,
) {
  const { verdicts, remarks, holds } = toldOf(study, rows, values);
  const lines = [...remarks, ...verdictLines(verdicts).slice(0, -1)];
  return { verdicts, lines, holds };
}
