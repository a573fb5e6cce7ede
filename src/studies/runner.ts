/**
 * Runs studies: what their journal has is not done again, progress is told, and
 * a signal ends them between two pieces.
 */

import type { Backend } from '../backends/backend.ts';
import type { Fields, Values } from '../base/schema.ts';
import type { Section } from './columns.ts';
import type { Journal } from './journal.ts';
import type { Context, Piece, Study } from './study.ts';
import type { Verdict } from './verdict.ts';

/** Who hears how far a run is. */
export interface Listener {
  note(text: string): void;
  progress(
    done: number,
    all: number,
    since: number,
    more: string,
    what: string,
  ): void;
  clear(): void;
}

/** What a study is run on, and who hears of it. */
export interface RunOptions {
  readonly backend: Backend;
  readonly listener: Listener;
  readonly heads?: Context['heads'];
  /** Keeps the rows of pieces; without it a signal ends the program. */
  readonly journal?: Journal;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Signals as one that can be awaited; a second one ends the program at once. */
export class Interruption {
  private readonly stop = new AbortController();
  private readonly interrupt = () => this.stop.abort();

  get signal(): AbortSignal {
    return this.stop.signal;
  }

  /** From here on there is something to save. */
  begin(): void {
    for (const signal of SIGNALS) process.once(signal, this.interrupt);
  }

  end(): void {
    for (const signal of SIGNALS) process.off(signal, this.interrupt);
  }
}

/** Does what is not done yet; all rows in order, or null if interrupted. */
export async function runPieces<R extends object>(
  name: string,
  pieces: readonly Piece<R>[],
  { backend, listener, heads, journal }: RunOptions,
): Promise<R[] | null> {
  const known = (key: string) => journal?.rowsOf(key) as R[] | undefined;
  const rows: R[] = [];
  const before = pieces.filter(({ key }) => known(key)).length;
  if (before > 0) {
    listener.note(
      `${name}: ${before} of ${pieces.length} pieces are done already`,
    );
  }
  const begun = performance.now();
  const interruption = new Interruption();
  const { signal } = interruption;
  if (journal) interruption.begin();
  let done = before;
  try {
    for (const { key, run } of pieces) {
      let made = known(key);
      if (!made) {
        const progress: Context['progress'] = (part, more = '') => {
          if (typeof part !== 'number') {
            const { done, all, since, what } = part;
            listener.progress(done, all, since, more, what);
            return;
          }
          const all = pieces.length - before;
          const now = Math.min(done + part - before, all);
          listener.progress(now, all, begun, `${key}  ${more}`, 'pieces');
        };
        if (journal) progress(0);
        made = [...(await run({ backend, signal, progress, heads }))];
        // What ended early is no result.
        if (signal.aborted) break;
        await journal?.add(key, made);
        done += 1;
        if (journal) progress(0);
      }
      rows.push(...made);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    interruption.end();
    listener.clear();
  }
  if (!signal.aborted) return rows;
  listener.note(
    `interrupted: ${done} of ${pieces.length} pieces of ${name} are kept in ` +
      `${journal?.path}; run it again and it goes on`,
  );
  return null;
}

/** What a study came to, without its pictures. */
export interface Told {
  readonly tables: readonly Section[];
  readonly verdicts: readonly Verdict[];
  readonly remarks: readonly string[];
  readonly holds: boolean;
}

/** What the rows of a study say. */
export function toldOf<R, F extends Fields>(
  study: Pick<Study<R, F>, 'tables' | 'conclude'>,
  rows: readonly R[],
  values: Values<F>,
): Told {
  const { verdicts, remarks = [] } = study.conclude(rows, values);
  const holds = verdicts.every((verdict) => verdict.holds);
  return { tables: study.tables(rows, values), verdicts, remarks, holds };
}
