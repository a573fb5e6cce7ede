/** What rows have in common: groups, means, and curves with their bands. */

import type { LinesFigure } from '../figures/figure.ts';

type Line = LinesFigure['lines'][number];

/** Each value once, in the order in which they first come. */
export const unique = <T>(values: Iterable<T>): T[] => [...new Set(values)];

/** Rows by a value of theirs, in the order in which values first come. */
export function groupsOf<R, K>(
  rows: readonly R[],
  keyOf: (row: R) => K,
): [key: K, own: R[]][] {
  const groups = new Map<K, R[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const own = groups.get(key);
    if (own) own.push(row);
    else groups.set(key, [row]);
  }
  return [...groups];
}

/** Sum over rows, in their order. */
export const sumOf = <R>(rows: readonly R[], of: (row: R) => number): number =>
  rows.reduce((sum, row) => sum + of(row), 0);

/** Mean over rows; NaN of none. */
export const meanOf = <R>(rows: readonly R[], of: (row: R) => number): number =>
  sumOf(rows, of) / rows.length;

/** The greatest, and at least 0. */
export const mostOf = <R>(rows: readonly R[], of: (row: R) => number): number =>
  Math.max(0, ...rows.map(of));

type NumbersOf<R> = {
  [K in keyof R]: R[K] extends number ? K : never;
}[keyof R];

/** A column over another; a logarithmic one has gaps where it is not above 0. */
export function curve<R>(
  name: string,
  rows: readonly R[],
  x: NumbersOf<R>,
  y: NumbersOf<R>,
  { log = false, ...style }: Pick<Line, 'style'> & { log?: boolean } = {},
): Line {
  const ys = rows.map((row) => row[y] as number);
  return {
    name,
    xs: rows.map((row) => row[x] as number),
    ys: log ? ys.map((value) => (value > 0 ? value : Number.NaN)) : ys,
    ...style,
  };
}

/** Mean over seeds at each place; with several a band from least to greatest. */
export function band(
  name: string,
  xs: readonly number[],
  seeds: readonly (readonly number[])[],
): Line {
  const at = (i: number) => seeds.map((values) => values[i] ?? Number.NaN);
  return {
    name,
    xs,
    ys: xs.map((_, i) => meanOf(at(i), (value) => value)),
    ...(seeds.length > 1 && {
      lower: xs.map((_, i) => Math.min(...at(i))),
      upper: xs.map((_, i) => Math.max(...at(i))),
    }),
  };
}

/** The data that rows are of, as a remark. */
export const dataOf = (rows: readonly { readonly data: string }[]): string =>
  `Data: ${unique(rows.map(({ data }) => data)).join('; ')}.`;

/** Whether a claim of a paper comes out, as a remark. */
export const claim = (said: string, comes: boolean, otherwise = ''): string =>
  `claim "${said}": it ${comes ? 'comes out' : `does NOT come out${otherwise}`}`;
