/** Columns of a study's rows: name, type, head and look, each declared once. */

/** A table for people: its head, and the cells of each row. */
export interface Section {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A cell of a row; lists and records are for those who read JSON. */
export type Cell =
  | string
  | number
  | boolean
  | null
  | readonly number[]
  | Readonly<Record<string, number>>;

/** A column of values T: its head in tables, and the text of a cell. */
export interface Column<T = never> {
  /** Head in tables; without one it is in CSV and JSON only. */
  readonly head?: string;
  show(value: T, row: Readonly<Record<string, unknown>>): string;
}

/** Columns by name, in the order of the CSV file. */
export type Columns = Readonly<Record<string, Column>>;

/** A row of measurements; every row of a study has the same keys. */
export type RowOf<C> = { readonly experiment: string } & {
  readonly [K in keyof C]: C[K] extends Column<infer T> ? T : never;
};

/** A column of numbers unless its type says otherwise. */
export const column = <T extends Cell = number>(
  head?: string,
  show: Column<NoInfer<T>>['show'] = plain,
): Column<NoInfer<T>> => ({ head, show });

/** The device that a row comes from: the runner knows it. */
export const device = { backend: column<string>(), dtype: column<string>() };
/** The data (their title), the device and the seed of a row. */
export const origin = {
  data: column<string>(),
  ...device,
  seed: column(),
};

/** A table of some columns, by default of all that have a head. */
export function shownIn<C extends Columns>(
  columns: C,
  rows: readonly Readonly<Record<string, unknown>>[],
  title: string,
  keys: readonly (keyof C)[] = Object.keys(columns).filter(
    (key) => columns[key].head !== undefined,
  ),
): Section {
  return {
    title,
    head: keys.map((key) => columns[key].head ?? String(key)),
    rows: rows.map((row) =>
      keys.map((key) => columns[key].show(row[key as string] as never, row)),
    ),
  };
}

function plain(value: unknown): string {
  if (value === null) return '-';
  if (typeof value !== 'boolean') return `${value}`;
  return value ? 'yes' : 'no';
}

/** A distance, and in brackets what it is relative to BP's length. */
export function shortPair(
  distance: number | null,
  relative: number | null,
): string {
  const text = short(distance);
  return !distance || !Number.isFinite(distance)
    ? text
    : `${text} (${short(relative)})`;
}

/**
 * A distance in a table: 0 is exact, the others are rounded. Without its
 * conditions a circuit may ring until its numbers end.
 */
export function short(value: number | null | undefined): string {
  if (value === null || value === undefined) return '-';
  if (!Number.isFinite(value)) return 'overflow';
  return value === 0 ? '0' : value.toExponential(2);
}

/** So many digits behind the point. */
export const fixed =
  (digits: number) =>
  (value: number | null | undefined): string =>
    value?.toFixed(digits) ?? '-';

/** A part of 1. */
export const percent =
  (digits: number) =>
  (part: number | null | undefined): string =>
    part == null ? '-' : `${(100 * part).toFixed(digits)} %`;
