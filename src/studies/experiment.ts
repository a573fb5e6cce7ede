/**
 * What an experiment is: pieces of work that give plain rows, and what the rows
 * say, in tables, figures and words. A piece depends on nothing but its
 * settings and its seed, so that a run can stop between any two.
 */

import type { Backend } from '../backends/backend.ts';
import type { DType } from '../base/tensor.ts';
import type { Figure } from '../figures/figure.ts';
import type { Parameters, Settings } from './settings.ts';

/** A cell of a row; a record is for those who read JSON. */
export type Cell =
  | string
  | number
  | boolean
  | null
  | readonly number[]
  | Readonly<Record<string, number>>;

/** A row of measurements; every row of an experiment has the same keys. */
export type Row = Readonly<Record<string, Cell>>;

/** A table for people: its head, and the cells of each row. */
export interface Section {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What a piece is run with. */
export interface Context {
  readonly backend: Backend;
  /** Ends the piece at the next chance, by an error of its own choice. */
  readonly signal: AbortSignal;
  /** How far the piece is, from 0 to 1, and a word on it. */
  readonly progress: (part: number, text?: string) => void;
}

/** A piece of work, by a key that is its own among those of the run. */
export interface Piece<R extends Row = Row> {
  readonly key: string;
  run(context: Context): Promise<readonly R[]>;
}

export interface Experiment<R extends Row = Row> {
  readonly name: string;
  readonly title: string;
  /** Where in the papers it comes from. */
  readonly source: string;
  /** What is measured, and how, for one who has not read the paper. */
  readonly about: readonly string[];
  /** What the paper shows, and what differs here and why. */
  readonly paper: readonly string[];
  /** What can be set, as the paper has it or as we chose. */
  readonly parameters: Parameters;
  /** Settings of a quick run, and of one in the size of the paper. */
  readonly quick: Readonly<Record<string, string>>;
  readonly full: Readonly<Record<string, string>>;
  /** Numbers that it is about; by default float32 on any backend. */
  readonly dtype?: DType;
  pieces(settings: Settings, seeds: readonly number[]): readonly Piece<R>[];
  sections(rows: readonly R[], settings: Settings): Section[];
  figures(rows: readonly R[], settings: Settings): Figure[];
  /** What the rows say, a line each; `holds`: as the theory has it. */
  conclude(
    rows: readonly R[],
    settings: Settings,
  ): { lines: string[]; holds: boolean };
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
export function short(value: number | null): string {
  if (value === null) return '-';
  if (!Number.isFinite(value)) return 'overflow';
  return value === 0 ? '0' : value.toExponential(2);
}
