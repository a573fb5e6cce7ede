/** Section: from nothing to the end of the first training step. */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../../src/base/errors.ts';
import type { Failure } from '../rounds.ts';
import {
  type Case,
  type Columns,
  type Section,
  spread,
  tableOf,
} from '../section.ts';
import { type Summary, summarise } from '../statistics.ts';
import { type ColdStart, MISSING } from './cold-start-child.ts';

interface Row {
  readonly who: string;
  /** What the driver keeps of compiled kernels between processes. */
  readonly cache: Cache;
  readonly open: Summary;
  readonly first: Summary;
  readonly second: Summary;
}

type Cache = 'empty' | 'filled' | 'none';

const columns: Columns<Row> = [
  ['who', (row) => row.who],
  ['driver cache', (row) => row.cache],
  ['open, ms', (row) => spread(row.open)],
  ['first step done, ms', (row) => spread(row.first)],
  ['second step, ms', (row) => spread(row.second)],
  ['processes', (row) => `${row.first.n}`],
];

/** The built program that a process runs. */
const CHILD = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts')
      ? '../../dist/bench/sections/cold-start-child.js'
      : './cold-start-child.js',
    import.meta.url,
  ),
);

/** What is to be started is not there. */
class MissingError extends Error {}

/** Runs it in a process whose driver keeps its kernels in a folder. */
function start(who: string, cache: string): Promise<ColdStart> {
  const child = spawn(process.execPath, [CHILD, who], {
    env: {
      ...process.env,
      MESA_SHADER_CACHE_DIR: cache,
      XDG_CACHE_HOME: cache,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { out: '', err: '' };
  child.stdout.on('data', (data) => (text.out += data));
  child.stderr.on('data', (data) => (text.err += data));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(text.out) as ColdStart);
      else if (code === MISSING) reject(new MissingError(text.err.trim()));
      else reject(new Error(`it ended with ${code}: ${text.err.slice(-500)}`));
    });
  });
}

/** Processes of each, in turns: with an empty cache, and with that one again. */
export function coldStartCase(everyone: readonly string[]): Case {
  return {
    name: 'first step of mlp 784-128-128-10, batch 64',
    async run(setting) {
      const all = setting.quick ? everyone.slice(0, 3) : everyone;
      const wanted = all.filter(
        (who) =>
          setting.backend === 'all' ||
          who.includes('webgpu') === (setting.backend === 'webgpu'),
      );
      const starts = new Map<string, ColdStart[]>();
      const failed: Failure[] = [];
      const notes: string[] = [];
      const out = new Set<string>();
      const rounds = Math.min(setting.rounds.rounds, setting.quick ? 1 : 5);
      for (let round = 0; round < rounds; round++) {
        for (const who of wanted) {
          if (out.has(who)) continue;
          const cache = mkdtempSync(join(tmpdir(), 'isochron-bench-'));
          // The CPU's code is not the driver's to keep.
          const caches: Cache[] = who.includes('webgpu')
            ? ['empty', 'filled']
            : ['none'];
          try {
            for (const state of caches) {
              setting.log(`${who}, driver cache: ${state}`);
              const key = JSON.stringify([who, state]);
              const found = [
                ...(starts.get(key) ?? []),
                await start(who, cache),
              ];
              starts.set(key, found);
            }
          } catch (error) {
            const message = messageOf(error);
            out.add(who);
            if (error instanceof MissingError) notes.push(`${who}: ${message}`);
            else failed.push({ name: who, error: message });
          } finally {
            rmSync(cache, { recursive: true, force: true });
          }
        }
      }
      const rows = [...starts].map(([key, all]): Row => {
        const [who, cache] = JSON.parse(key) as [string, Cache];
        return {
          ...{ who, cache },
          open: summarise(all.map(({ openMs }) => openMs)),
          first: summarise(all.map(({ firstMs }) => firstMs)),
          second: summarise(all.map(({ secondMs }) => secondMs)),
        };
      });
      return { tables: [tableOf('cold start', columns, rows)], failed, notes };
    },
  };
}

export const coldStart: Section = {
  name: 'cold-start',
  question:
    'how long is it from the start of a process to the end of its first ' +
    'training step?',
  reading:
    'Since the process began. isochron runs zil. The folder in which the driver ' +
    'keeps compiled kernels is new for the first process (empty) and kept for ' +
    'the next (filled).',
  cases: [coldStartCase(['cpu', 'webgpu', 'tfjs webgpu', 'jax-js webgpu'])],
};
