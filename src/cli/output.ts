/** Results on stdout; progress, notes and warnings on stderr. */

import type { WriteStream } from 'node:tty';

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
  progress(done: number, total: number, startedAt: number, more = ''): void {
    const now = performance.now();
    const interactive = 'isTTY' in this.stderr && this.stderr.isTTY === true;
    const every = interactive ? 100 : 10_000;
    if (this.lastDrawn < startedAt) this.lastDrawn = startedAt;
    if (now - this.lastDrawn < every && done < total) return;
    this.lastDrawn = now;
    const seconds = (now - startedAt) / 1000;
    const rate = done / Math.max(seconds, 1e-9);
    const left = (total - done) / Math.max(rate, 1e-9);
    const width = 24;
    const filled = Math.round((width * done) / total);
    const bar = '#'.repeat(filled).padEnd(width, '.');
    const text =
      `[${bar}] ${done}/${total} steps  ${rate.toFixed(1)} steps/s  ` +
      `${done < total ? `${duration(left)} left` : `${duration(seconds)} in all`}  ${more}`;
    if (!interactive) {
      this.stderr.write(`${text.trimEnd()}\n`);
      return;
    }
    this.clear();
    const columns = (this.stderr as WriteStream).columns ?? 80;
    this.bar = text.slice(0, columns - 1);
    this.stderr.write(this.bar);
    if (done === total) {
      this.stderr.write('\n');
      this.bar = '';
    }
  }

  /** Takes the progress bar away, so that a line can be written. */
  clear(): void {
    if (!this.bar) return;
    this.stderr.write(`\r${' '.repeat(this.bar.length)}\r`);
    this.bar = '';
  }
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  return `${minutes} min ${Math.round(seconds % 60)} s`;
}
