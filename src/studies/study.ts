/**
 * What a study is: parameters, a grid of pieces of work that give plain rows,
 * and what the rows say in tables, figures, verdicts and words. A piece depends
 * on nothing but the parameters and its point of the grid, so that a run can
 * stop between any two.
 */

import type { Backend } from '../backends/backend.ts';
import { OptionError } from '../base/errors.ts';
import { type Fields, Schema, type Values } from '../base/schema.ts';
import type { DType } from '../base/tensor.ts';
import type { HeadResponses } from '../data/heads.ts';
import type { Figure } from '../figures/figure.ts';
import { type Columns, type RowOf, type Section, shownIn } from './columns.ts';
import type { Picture } from './picture.ts';
import type { Verdict } from './verdict.ts';

/** What a piece is run with. */
export interface Context {
  readonly backend: Backend;
  /** Ends the piece at the next chance, by an error of its own choice. */
  readonly signal: AbortSignal;
  /** How far the piece is, from 0 to 1 or so many of so many; a word on it. */
  readonly progress: (part: number | Share, text?: string) => void;
  /** Measured head responses, or a model of a head where there are none. */
  readonly heads?: () => Promise<HeadResponses>;
}

/** A part of a piece that is counted by itself. */
export interface Share {
  readonly done: number;
  readonly all: number;
  readonly what: string;
  /** When it began, ms. */
  readonly since: number;
}

/** A piece of work, by a key that is its own among those of the run. */
export interface Piece<R = Row> {
  readonly key: string;
  run(context: Context): Promise<readonly R[]>;
}

/** What the rows say. */
export interface Conclusion {
  /** What theory knows, and what came out. */
  readonly verdicts: readonly Verdict[];
  /** What is worth telling beside, a line each. */
  readonly remarks?: readonly string[];
}

/** What is told of a study before it is run. */
export interface Titled {
  readonly name: string;
  readonly title: string;
  /** Where in the papers it comes from. */
  readonly source: string;
  /** What is measured, and how, for one who has not read the paper. */
  readonly about?: readonly string[];
  /** What the paper shows, and what differs here and why. */
  readonly paper?: readonly string[];
  /** Parameters of a quick run, and of one in the size of the paper. */
  readonly quick?: Readonly<Record<string, string>>;
  readonly full?: Readonly<Record<string, string>>;
  /** Numbers that it is about; by default float32 on any backend. */
  readonly dtype?: DType;
}

/** A row of any study. */
export type Row = Readonly<Record<string, unknown>>;

/** Rows R, parameters F, pictures G. */
export interface Study<
  R = Row,
  F extends Fields = Fields,
  G extends Figure | Picture = Figure,
> extends Titled {
  /** What can be set, as the paper has it or as we chose. */
  readonly schema: Schema<F>;
  pieces(values: Values<F>, seeds: readonly number[]): readonly Piece<R>[];
  tables(rows: readonly R[], values: Values<F>): Section[];
  figures(rows: readonly R[], values: Values<F>): G[];
  conclude(rows: readonly R[], values: Values<F>): Conclusion;
}

/** A point of a grid. */
export type Point = Readonly<Record<string, string | number | boolean | null>>;

/** What the runner knows of every row: study and device. */
type Known = 'experiment' | 'backend' | 'dtype';
type NullOf<R> = {
  [K in keyof R]: null extends R[K] ? K : never;
}[keyof R];

/** A row as it is measured: what is not there is of the point, or null. */
export type Measured<R, P> = Partial<R> &
  Omit<R, Known | keyof P | (NullOf<R> & keyof R)>;

/** An experiment as it is written. */
interface Declared<F extends Fields, C extends Columns, P extends Point>
  extends Titled {
  readonly parameters: F;
  /** In the order of the CSV file; `experiment` comes first by itself. */
  readonly columns: C;
  /** Title of the table of the rows ... */
  readonly table?: string;
  /** ... and its columns, if not all with a head, in order. */
  readonly shown?: readonly (keyof C)[];
  /** Points that are measured by themselves, in order. */
  grid(values: Values<F>, seeds: readonly number[]): readonly P[];
  /** Key of a point; by default its values, the seed last. */
  key?(point: P): string;
  measure(
    point: P,
    values: Values<F>,
    context: Context,
  ): Promise<readonly Measured<RowOf<C>, P>[]>;
  /** More tables than the one of the rows. */
  tables?(rows: readonly RowOf<C>[], values: Values<F>): Section[];
  figures(rows: readonly RowOf<C>[], values: Values<F>): Figure[];
  conclude(rows: readonly RowOf<C>[], values: Values<F>): Conclusion;
}

const keyOf = ({ seed, ...rest }: Point) =>
  [...Object.values(rest), ...(seed === undefined ? [] : [seed])].join('/');

/** Parameters that are not said to be the paper's are chosen by us. */
const ours = <F extends Fields>(fields: F): F =>
  Object.fromEntries(
    Object.entries(fields).map(([name, option]) => [
      name,
      { ...option, from: option.from ?? 'chosen' },
    ]),
  ) as F;

/** An experiment, whose rows have the columns that it declares. */
export function study<
  const F extends Fields,
  C extends Columns,
  P extends Point,
>(declared: Declared<F, C, P>): Study<RowOf<C>, F> {
  const { parameters, columns, key = keyOf, ...rest } = declared;
  const { grid, measure, table, shown, tables, ...of } = rest;
  const names = ['experiment', ...Object.keys(columns)];
  const complete = (row: object, point: P, { backend }: Context) => {
    const { name, dtype } = backend;
    const known = { experiment: of.name, backend: name, dtype };
    const all: Record<string, unknown> = { ...known, ...point, ...row };
    return Object.fromEntries(
      names.map((each) => [each, all[each] ?? null]),
    ) as RowOf<C>;
  };
  return {
    ...of,
    schema: new Schema(`Experiment ${of.name}`, ours(parameters), 'Parameter '),
    pieces: (values, seeds) =>
      grid(values, seeds).map((point) => ({
        key: key(point),
        async run(context) {
          const rows = await measure(point, values, context);
          return rows.map((row) => complete(row, point, context));
        },
      })),
    tables: (rows, values) => [
      ...(table === undefined ? [] : [shownIn(columns, rows, table, shown)]),
      ...(tables?.(rows, values) ?? []),
    ],
  };
}

/** All points of some axes; the last turns fastest. */
export function product<
  const A extends Readonly<Record<string, readonly unknown[]>>,
>(axes: A): { -readonly [K in keyof A]: A[K][number] }[] {
  let points: object[] = [{}];
  for (const [name, values] of Object.entries(axes)) {
    points = points.flatMap((point) =>
      values.map((value) => ({ ...point, [name]: value })),
    );
  }
  return points as { -readonly [K in keyof A]: A[K][number] }[];
}

/** One of some things, by name. Throws OptionError. */
export function named<T extends { readonly name: string }>(
  what: string,
  things: readonly T[],
  name: string,
): T {
  const found = things.find((thing) => thing.name === name);
  if (found) return found;
  throw new OptionError(
    `Unknown ${what} "${name}": use one of ` +
      things.map((thing) => thing.name).join(', '),
    { name },
  );
}
