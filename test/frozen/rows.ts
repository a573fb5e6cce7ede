/**
 * Rows of the command line: of each experiment in its quick size, column by
 * column, and of each circuit that `simulate --all` holds to its numbers.
 */

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashOf } from './hash.ts';
import type { Case } from './picture.ts';

/** Measured times: never the same twice. */
const TIMES = /^(ms|rounds|toBp)(Lower|Upper)?$|real-time factor/;

const COMMAND = fileURLToPath(
  new URL('../../src/cli/main.js', import.meta.url),
);

export async function rowCases(): Promise<Case[]> {
  const list = await isochron(['experiment', '--list', '--json']);
  const names = list.map(({ experiment }) => `${experiment}`);
  return [
    ...names.map((name) => ({
      key: `experiment ${name}`,
      parts: {},
      lines: () => experimentRows(name),
    })),
    { key: 'simulate', parts: {}, lines: circuitRows },
  ];
}

type Row = Readonly<Record<string, unknown>>;

/** Hashes of the columns of an experiment's file of rows. */
async function experimentRows(name: string): Promise<Record<string, string>> {
  return inFolder(async (folder) => {
    const how = ['--quick', '--fresh', '--backend', 'cpu', '--seed', '1'];
    await isochron(['experiment', name, ...how, '--out', folder]);
    const file = path.join(folder, `${name}.csv`);
    const [head, ...records] = recordsOf(fs.readFileSync(file, 'utf8'));
    const columns = head.map((column, i) => [
      column,
      hashOf(records.map((record) => record[i])),
    ]);
    return Object.fromEntries(
      columns.filter(([column]) => !TIMES.test(column)),
    );
  });
}

/** Hashes of what each circuit gives, in words and numbers. */
async function circuitRows(): Promise<Record<string, string>> {
  const rows = await isochron(['simulate', '--all', '--json', '--seed', '1']);
  return Object.fromEntries(
    rows.map(({ circuit, ...row }) => {
      const verdicts = row.verdicts as readonly Row[];
      const of = (key: string) => hashOf(verdicts.map((each) => each[key]));
      const keys = ['what', 'expected', 'measured', 'tolerance', 'holds'];
      const figures = Object.entries(row.figures as Row);
      const lasting = figures.filter(([name]) => !TIMES.test(name));
      const parts = [
        ...keys.map((key) => `${key} ${of(key)}`),
        `figures ${hashOf(lasting)}`,
        `parameters ${hashOf(row.parameters)}`,
      ];
      return [circuit, parts.join(' ')];
    }),
  );
}

/** Records of comma-separated values, quoted ones too. */
function recordsOf(text: string): string[][] {
  const cell = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n|$)/gy;
  const records: string[][] = [];
  let record: string[] = [];
  while (cell.lastIndex < text.length) {
    const [, value, end] = cell.exec(text)!;
    const quoted = value.startsWith('"');
    record.push(quoted ? value.slice(1, -1).replaceAll('""', '"') : value);
    if (end === ',') continue;
    records.push(record);
    record = [];
  }
  return records;
}

/** Runs the built command line; the objects that it prints. */
async function isochron(args: readonly string[]): Promise<Row[]> {
  return inFolder(async (cwd) => {
    const child = spawn(process.execPath, [COMMAND, ...args], { cwd });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    if (code !== 0) throw new Error(`${args.join(' ')}: ${code}\n${stderr}`);
    if (!args.includes('--json')) return [];
    const lines = stdout.trim().split('\n');
    return lines.map((line) => JSON.parse(line));
  });
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'isochron-frozen-'));
  try {
    return await work(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
