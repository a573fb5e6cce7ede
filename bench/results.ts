/** Where results are kept, and under which conditions they were had. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { FileError, messageOf } from '../src/base/errors.ts';
import type { Failure } from './rounds.ts';
import type { Outcome } from './section.ts';
import type { Setting } from './setting.ts';

/** What a number depends on that is not in its row. */
export interface Conditions {
  readonly version: string;
  readonly date: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  /** The adapter; null where the CPU worked alone. */
  readonly adapter: string | null;
  readonly quick: boolean;
  readonly rounds: Setting['rounds'];
}

/** A case as it is kept: rows by the name of their table. */
export interface KeptCase {
  readonly seconds: number;
  readonly conditions: Conditions;
  readonly tables: Readonly<Record<string, readonly object[]>>;
  readonly failed: readonly Failure[];
  readonly notes: readonly string[];
}

export interface KeptSection {
  readonly question: string;
  readonly reading?: string;
  readonly cases: Readonly<Record<string, KeptCase>>;
}

export type Kept = Readonly<Record<string, KeptSection>>;

export interface Document {
  readonly version: string;
  readonly sections: Kept;
}

/** The checkout, from the source or from dist/. */
function checkout(): URL {
  const up = import.meta.url.endsWith('.ts') ? '../' : '../../';
  return new URL(up, import.meta.url);
}

export function packageVersion(): string {
  const text = readFileSync(new URL('package.json', checkout()), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

export async function conditionsOf(setting: Setting): Promise<Conditions> {
  return {
    version: packageVersion(),
    date: new Date().toISOString(),
    node: process.version,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    platform: `${platform()} ${arch()}`,
    adapter: await setting.adapter(),
    quick: setting.quick,
    rounds: setting.rounds,
  };
}

export function keptCase(
  { tables, failed = [], notes = [] }: Outcome,
  conditions: Conditions,
  seconds: number,
): KeptCase {
  const rows: Record<string, object[]> = {};
  for (const table of tables) {
    rows[table.name] = [...(rows[table.name] ?? []), ...table.rows];
  }
  return { seconds, conditions, tables: rows, failed, notes };
}

/**
 * New results over old ones: a section that was run as a whole replaces its
 * predecessor; of one that was run in part, the cases that were run do.
 */
export function merged(
  old: Kept,
  fresh: Kept,
  whole: ReadonlySet<string>,
): Kept {
  const all: Record<string, KeptSection> = { ...old };
  for (const [name, section] of Object.entries(fresh)) {
    const before = whole.has(name) ? {} : (old[name]?.cases ?? {});
    all[name] = { ...section, cases: { ...before, ...section.cases } };
  }
  return all;
}

/** Merges results into the file of this version; gives its path. */
export function keep(fresh: Kept, whole: ReadonlySet<string>): string {
  const version = packageVersion();
  const folder = new URL('bench/results/', checkout());
  const path = fileURLToPath(new URL(`bench-${version}.json`, folder));
  const sections = merged(readKept(path), fresh, whole);
  const document: Document = { version, sections };
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, `${JSON.stringify(document, null, 2)}\n`);
  return path;
}

function readKept(path: string): Kept {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new FileError(`${path} cannot be read: ${messageOf(error)}`, {
      path,
    });
  }
  try {
    return (JSON.parse(text) as Document).sections;
  } catch (error) {
    throw new FileError(
      `${path} holds no results (${messageOf(error)}): delete or mend it`,
      { path },
    );
  }
}
