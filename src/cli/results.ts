/** Rows for people, as JSON or as CSV, on stdout. */

import { flag } from '../base/schema.ts';
import { csvRecord } from '../formats/csv.ts';
import { oneOfThem } from './command.ts';
import type { Output } from './output.ts';

export const asCsv = {
  csv: flag({ help: 'comma-separated values (RFC 4180) on stdout' }),
};

export class Results {
  private readonly out: Output;
  private readonly csv: boolean;
  private head: readonly string[] | null = null;

  /** Throws OptionError where rows are asked for in two forms. */
  constructor(out: Output, csv: boolean) {
    if (csv && out.json) throw oneOfThem('json', 'csv');
    this.out = out;
    this.csv = csv;
  }

  /** A row, for machines. Every row has the keys of the first. */
  row(row: Readonly<Record<string, unknown>>): void {
    if (this.out.json) this.out.row(row);
    else if (this.csv) {
      if (!this.head) {
        this.head = Object.keys(row);
        this.record(this.head);
      }
      this.record(this.head.map((key) => row[key]));
    }
  }

  /** A line for people; nothing with --json or --csv. */
  line(text = ''): void {
    if (!this.csv) this.out.line(text);
  }

  private record(cells: readonly unknown[]): void {
    this.out.line(`${csvRecord(cells)}\r`);
  }
}

/** Rows that all have the keys of the first. */
export function csvOf(rows: readonly Readonly<Record<string, unknown>>[]) {
  if (rows.length === 0) return '';
  const head = Object.keys(rows[0]!);
  const records = [head, ...rows.map((row) => head.map((key) => row[key]))];
  return records.map((record) => `${csvRecord(record)}\r\n`).join('');
}
