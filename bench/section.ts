/** What the benchmark suite is made of: sections of cases that give tables. */

import type { Failure } from './rounds.ts';
import type { Setting } from './setting.ts';
import type { Summary } from './statistics.ts';

export interface Section {
  readonly name: string;
  /** What its numbers answer. */
  readonly question: string;
  /** How they are to be read, where that is not plain. */
  readonly reading?: string;
  readonly cases: readonly Case[];
}

export interface Case {
  readonly name: string;
  /** Whether it is too long for --quick. */
  readonly slow?: boolean;
  run(setting: Setting): Promise<Outcome>;
}

/** What a case found. */
export interface Outcome {
  readonly tables: readonly Table[];
  /** Parts of it that failed. */
  readonly failed?: readonly Failure[];
  /** What was left out, and why. */
  readonly notes?: readonly string[];
}

/** Rows as they are kept, and the same as text. */
export interface Table {
  /** Tables of one name and head are printed as one. */
  readonly name: string;
  readonly rows: readonly object[];
  readonly head: readonly string[];
  readonly cells: readonly (readonly string[])[];
}

/** Columns of a table: heading, and the text of a row. */
export type Columns<Row> = readonly (readonly [
  heading: string,
  text: (row: Row) => string,
])[];

export function tableOf<Row extends object>(
  name: string,
  columns: Columns<Row>,
  rows: readonly Row[],
): Table {
  return {
    name,
    rows,
    head: columns.map(([heading]) => heading),
    cells: rows.map((row) => columns.map(([, text]) => text(row))),
  };
}

/** Three digits, as many as timings are good for. */
export function digits(x: number | null | undefined): string {
  if (x === null || x === undefined || Number.isNaN(x)) return '-';
  if (Math.abs(x) >= 100) return Math.round(x).toLocaleString('en');
  return x === 0 ? '0' : x.toPrecision(3);
}

/** Median, and between what half of the values lie: `5.1 (4.9-5.6)`. */
export function spread(summary: Summary | null | undefined): string {
  if (!summary) return '-';
  const { n, median, q1, q3 } = summary;
  if (n === 1) return digits(median);
  return `${digits(median)} (${digits(q1)}-${digits(q3)})`;
}

/** A ratio, to three places. */
export const ratio = (summary: Summary | null | undefined): string =>
  summary ? summary.median.toFixed(summary.median < 10 ? 3 : 1) : '-';

export const mebibytes = (bytes: number): string =>
  (bytes / 2 ** 20).toFixed(2);
