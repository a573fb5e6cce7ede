/** Rows of isochron check: one update each, or why there is none. */

import type { Backend } from '../backends/backend.ts';
import type { Values } from '../base/schema.ts';
import { weightsOf } from '../graph/graph.ts';
import { level } from '../graph/level.ts';
import type { Ablation } from '../proof/ablations.ts';
import {
  type CheckCase,
  type CheckRow,
  check,
  doesNotFit,
  type Gradients,
  type RunOptions,
} from '../proof/check.ts';
import type { onBackend } from './command.ts';
import type { Output } from './output.ts';
import type { Results } from './results.ts';

/** A row that is shown: also of what was left out, and why. */
export interface ShownRow extends Omit<CheckRow, 'differingBits' | 'relToBp'> {
  readonly differingBits: number | null;
  readonly relToBp: number | null;
  /** The condition of the equality that is dropped, if any. */
  readonly dropped: string | null;
  /** Why it was left out, or why it need not differ. */
  readonly note: string | null;
  readonly seed: number;
}

export interface Case extends CheckCase {
  readonly size: 'small' | 'paper';
  /** False of a file, whose gradients nobody knows beforehand. */
  readonly isModel: boolean;
}

/** Options of every row of a command. */
export type How = Omit<RunOptions, 'rule' | 'backend'> & {
  readonly seed: number;
};

/** What a checking command works with. */
export interface Session {
  readonly values: Values<typeof onBackend>;
  readonly out: Output;
  readonly results: Results;
  readonly how: How;
}

/** Checks one row; what does not fit the adapter is told, and no failure. */
export async function shown(
  each: Case,
  options: RunOptions & How & { readonly backend: Backend },
  more: { reference?: Gradients; ablation?: Ablation } = {},
): Promise<ShownRow> {
  const { rule, backend, seed } = options;
  const { reference, ablation } = more;
  const dropped = ablation?.dropped ?? null;
  const differs = ablation?.mustDiffer(level(each.graph)) ?? false;
  const claimed = rule.exact ? 'equal' : 'open';
  // Where gradients are 0, as a file's may be, no condition matters.
  const must = each.isModel || allLearn(reference) ? 'differs' : 'open';
  const expected = ablation ? (differs ? must : 'equal') : claimed;
  const note = ablation && !differs ? ablation.otherwise : null;
  // An oracle holds BP's gradients: it says nothing of what must differ.
  const checked = ablation ? { ...each, oracle: undefined } : each;
  try {
    const row = await check(checked, { ...options, expected, reference });
    return { ...row, dropped, note, seed };
  } catch (error) {
    const reason = doesNotFit(error);
    if (reason === null) throw error;
    const elements = weightsOf(each.graph.vertices);
    return {
      ...{ case: each.name, rule: rule.name, backend: backend.name },
      ...{ dtype: backend.dtype, elements, expected },
      ...{ differingBits: null, relToBp: null, relToOracle: null },
      ...{ pass: true, dropped, note: reason, seed },
    };
  }
}

/** Whether every parameter has something to learn. */
function allLearn(reference: Gradients | undefined): boolean {
  const gradients = [...(reference?.values() ?? [])];
  return (
    gradients.length > 0 &&
    gradients.every((gradient) => gradient.some((x) => x !== 0))
  );
}
