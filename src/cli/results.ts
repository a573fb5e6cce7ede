/** Rows for people, as JSON or as CSV; on stdout, or in a file. */

import { OptionError } from '../base/errors.ts';
import { csvRecord } from '../formats/csv.ts';
import type { Options, Values } from './command.ts';
import { type Output, put } from './output.ts';

export const asCsv: Options = {
  csv: { type: 'boolean', help: 'comma-separated values (RFC 4180) on stdout' },
};

export class Results {
  private readonly out: Output;
  private readonly csv: boolean;
  private readonly file: string | null;
  private readonly written: string[] = [];
  private head: readonly string[] | null = null;

  private constructor(out: Output, csv: boolean, file: string | null) {
    this.out = out;
    this.csv = csv;
    this.file = file;
  }

  /** Checks that the file can be written, before anything is computed. */
  static async open(out: Output, values: Values): Promise<Results> {
    if (values.csv && out.json) {
      throw new OptionError('Options --json and --csv: give one of them');
    }
    const file = typeof values.out === 'string' ? values.out : null;
    if (file !== null) await write(file, '', 'a');
    return new Results(out, values.csv === true, file);
  }

  /** A row, for machines. Every row has the keys of the first. */
  row(row: Readonly<Record<string, unknown>>): void {
    if (this.out.json) {
      if (this.file === null) this.out.row(row);
      else this.written.push(`${JSON.stringify(row)}\n`);
    } else if (this.csv) {
      if (!this.head) {
        this.head = Object.keys(row);
        this.record(this.head);
      }
      this.record(this.head.map((key) => row[key]));
    }
  }

  /** A line for people; nothing with --json or --csv. */
  line(text = ''): void {
    if (this.out.json || this.csv) return;
    if (this.file === null) this.out.line(text);
    else this.written.push(`${text}\n`);
  }

  /** Writes the file, if there is one. */
  async end(): Promise<void> {
    if (this.file === null) return;
    await write(this.file, this.written.join(''), 'w');
    this.out.note(`saved ${this.file}`);
  }

  private record(cells: readonly unknown[]): void {
    const record = csvRecord(cells);
    if (this.file === null) this.out.line(`${record}\r`);
    else this.written.push(`${record}\r\n`);
  }
}

const write = (file: string, text: string, flag: 'w' | 'a') =>
  put(
    file,
    text,
    [`Results cannot be written to "${file}"`, 'give another --out'],
    flag,
  );

/** Rows that all have the keys of the first. */
export function csvOf(rows: readonly Readonly<Record<string, unknown>>[]) {
  if (rows.length === 0) return '';
  const head = Object.keys(rows[0]);
  const records = [head, ...rows.map((row) => head.map((key) => row[key]))];
  return records.map((record) => `${csvRecord(record)}\r\n`).join('');
}
