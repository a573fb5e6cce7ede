/** Trainings that differ in nothing but the rule. */

import { every, type Verdict } from '../studies/verdict.ts';

interface Trained {
  readonly rule: string;
  /** Of the bits of the weights. */
  readonly digest: string;
}

/** The training by BP that is as a row's in some columns. */
export const twinOf = <R extends Trained>(
  row: R,
  rows: readonly R[],
  same: readonly (keyof R)[],
): R | undefined =>
  rows.find(
    (each) => each.rule === 'bp' && same.every((key) => each[key] === row[key]),
  );

/** Z-IL must end with the weights of BP, in every bit. */
export function zilIsBp<R extends Trained>(
  things: string,
  rows: readonly R[],
  same: readonly (keyof R)[],
  nameOf: (row: R) => string,
): Verdict[] {
  const twin = (row: R) => twinOf(row, rows, same);
  return every(
    `${things} in which Z-IL ends with BP's weights to the bit`,
    rows.filter((row) => row.rule === 'zil' && twin(row)),
    (row) => `Z-IL differs from BP, ${nameOf(row)}`,
    { holds: (row) => row.digest === twin(row)?.digest },
  );
}
