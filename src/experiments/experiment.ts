/** What an experiment is: plain rows of measurements, and what they say. */

import { type ModelEntry, models } from '../../models/index.ts';
import type { Backend } from '../backends/backend.ts';
import { OptionError } from '../errors.ts';

/** A cell of a row; a record is for those who read JSON. */
export type Cell =
  | string
  | number
  | boolean
  | null
  | Readonly<Record<string, number>>;

/** A row of measurements; every row of an experiment has the same keys. */
export type Row = Readonly<Record<string, Cell>>;

/** A table for people: its head, and the cells of each row. */
export interface Section {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface ExperimentOptions {
  readonly backend: Backend;
  readonly seed: number;
  /** Models by name; by default those that the experiment is about. */
  readonly models: readonly string[];
  /** By default also those in the size of the papers. */
  readonly full: boolean;
  /** Batch size, in place of each model's own. */
  readonly batch?: number;
  /** Told of each model before it is run. */
  readonly onModel?: (name: string) => void;
}

export interface Experiment<R extends Row = Row> {
  readonly name: string;
  readonly title: string;
  /** Where in the papers it comes from. */
  readonly source: string;
  /** What is measured, and how, for one who has not read the paper. */
  readonly about: readonly string[];
  /** One row after another, as they are measured. */
  run(options: ExperimentOptions): AsyncGenerator<R>;
  sections(rows: readonly R[]): Section[];
  /** What the rows say, a line each; `holds`: as the theory has it. */
  conclude(rows: readonly R[]): { lines: string[]; holds: boolean };
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

/** The models of a run: those asked for, else the small ones and `paper`. */
export function chosen(
  { models: names, full }: ExperimentOptions,
  paper: readonly string[],
): ModelEntry[] {
  if (names.length > 0) return names.map(modelByName);
  const small = models.filter(({ size }) => size === 'small');
  return full ? [...small, ...paper.map(modelByName)] : small;
}

function modelByName(name: string): ModelEntry {
  const entry = models.find((model) => model.name === name);
  if (entry) return entry;
  throw new OptionError(
    `Unknown model "${name}": use one of ` +
      models.map((model) => model.name).join(', '),
    { name },
  );
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
