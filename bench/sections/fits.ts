/** Fitted exponents as rows of a table. */

import type { Columns } from '../section.ts';
import { type Exponent, fitExponent } from '../statistics.ts';

export interface FitRow extends Exponent {
  readonly series: string;
  /** Clock, or backend and rule. */
  readonly of: string;
  readonly what: string;
}

export const fitColumns: Columns<FitRow> = [
  ['series', (row) => row.series],
  ['of', (row) => row.of],
  ['what', (row) => row.what],
  ['exponent', (row) => row.exponent.toFixed(2)],
  ['+-', (row) => (row.error === null ? '-' : row.error.toFixed(2))],
  ['over', (row) => `${row.from} to ${row.to} (${row.points} points)`],
];

/** A row, or none where there are too few points. */
export function fitRow(
  series: string,
  of: string,
  what: string,
  points: readonly (readonly [number, number])[],
): FitRow[] {
  const fit = fitExponent(points);
  return fit ? [{ series, of, what, ...fit }] : [];
}
