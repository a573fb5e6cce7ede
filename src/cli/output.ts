/** Results on stdout; progress, notes and warnings on stderr. */

import { writeFile } from 'node:fs/promises';
import type { WriteStream } from 'node:tty';
import { FileError, messageOf } from '../base/errors.ts';
import { table } from '../figures/circuit-text.ts';

export class Output {
  readonly json: boolean;
  private readonly stderr: WriteStream | NodeJS.WritableStream;
  private bar = '';
  private lastDrawn = 0;

  constructor(json: boolean) {
    this.json = json;
    this.stderr = process.stderr;
  }

  /** A line for people; nothing with --json. */
  line(text = ''): void {
    if (this.json) return;
    this.clear();
    process.stdout.write(`${text}\n`);
  }

  /** A result: one JSON object a line with --json. */
  row(value: Readonly<Record<string, unknown>>): void {
    if (!this.json) return;
    this.clear();
    process.stdout.write(`${JSON.stringify(value)}\n`);
  }

  note(text: string): void {
    this.clear();
    this.stderr.write(`${text}\n`);
  }

  warn(text: string): void {
    this.note(`warning: ${text}`);
  }

  /**
   * A progress bar with rate and time left: redrawn on a terminal, a line
   * every ten seconds elsewhere.
   */
  progress(
    done: number,
    total: number,
    startedAt: number,
    more = '',
    what = 'steps',
  ): void {
    const now = performance.now();
    const interactive = 'isTTY' in this.stderr && this.stderr.isTTY === true;
    const every = interactive ? 100 : 10_000;
    if (this.lastDrawn < startedAt) this.lastDrawn = startedAt;
    if (now - this.lastDrawn < every && done < total) return;
    this.lastDrawn = now;
    const seconds = (now - startedAt) / 1000;
    const rate = done / Math.max(seconds, 1e-9);
    const left = (total - done) / Math.max(rate, 1e-9);
    const time = done < total ? `${duration(left)} left` : duration(seconds);
    const text = `${Math.floor(done)}/${total} ${what}  ${rate.toFixed(1)}/s  ${time}  ${more}`;
    if (!interactive) {
      this.stderr.write(`${text.trimEnd()}\n`);
      return;
    }
    // The bar gives way to the numbers where the line is short.
    const columns = (this.stderr as WriteStream).columns ?? 80;
    const width = Math.min(24, columns - text.length - 4);
    const filled = Math.round((width * done) / total);
    const bar = width >= 4 ? `[${'#'.repeat(filled).padEnd(width, '.')}] ` : '';
    this.bar = `${bar}${text}`.slice(0, columns - 1);
    this.stderr.write(`\r${this.bar}\x1b[K`);
    if (done === total) {
      this.stderr.write('\n');
      this.bar = '';
    }
  }

  /** Takes the progress bar away, so that a line can be written. */
  clear(): void {
    if (!this.bar) return;
    this.stderr.write('\r\x1b[K');
    this.bar = '';
  }
}

/** Columns of a table by their heads: a key of its rows, or a text of each. */
export type Columns<Row> = Readonly<
  Record<string, keyof Row | ((row: Row) => string)>
>;

/** Rows as a table for people. */
export function tableOf<Row>(
  rows: readonly Row[],
  columns: Columns<Row>,
): string {
  const cells = Object.values(columns);
  return table(
    Object.keys(columns),
    rows.map((row) =>
      cells.map((of) => (typeof of === 'function' ? of(row) : `${row[of]}`)),
    ),
  );
}

/** Lines of two columns, the left one padded. */
export function aligned(
  rows: readonly (readonly [left: string, right: unknown])[],
  indent = '  ',
): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(
    ([left, right]) => `${indent}${left.padEnd(width)}  ${right}`,
  );
}

export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * Writes a file, or with flag 'a' makes sure that it can be. Throws FileError;
 * the fact and the remedy are its words.
 */
export async function put(
  file: string,
  content: string | Uint8Array,
  [fact, remedy]: readonly [fact: string, remedy: string],
  flag: 'w' | 'a' = 'w',
): Promise<void> {
  try {
    await writeFile(file, content, { flag });
  } catch (error) {
    throw new FileError(`${fact} (${messageOf(error)}): ${remedy}`, { file });
  }
}
