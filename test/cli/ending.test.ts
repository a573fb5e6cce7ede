/** How the program ends when others end it, or take its output away. */

import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type Ending,
  environment,
  isochron,
  main,
  objects,
  SHORT,
  temporary,
} from './run.ts';

const onPosix = process.platform !== 'win32';
const LONG = [...SHORT, '--steps', '1000000', '--epochs', '10000'];

/** Runs a shell script in which "$@" is isochron with arguments. */
function shell(script: string, args: readonly string[]): Promise<Ending> {
  const command = [process.execPath, main, ...args];
  const child = spawn('/bin/sh', ['-c', script, 'sh', ...command], {
    cwd: temporary(),
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr });
    });
  });
}

/** Sends a signal to a child some time after a line of its output. */
function signalAfter(
  line: RegExp,
  milliseconds: number,
  { times = 1, on = 'stderr' as 'stderr' | 'stdout' } = {},
) {
  return (child: ChildProcess) => {
    child[on]?.on('data', (chunk) => {
      if (!line.test(String(chunk))) return;
      for (let i = 0; i < times; i++) {
        setTimeout(() => child.kill('SIGINT'), milliseconds + 20 * i);
      }
    });
  };
}

describe.skipIf(!onPosix).concurrent('interrupted', () => {
  test.each(['cpu', 'auto'])('while training on %s', async (backend) => {
    const cwd = temporary();
    const args = [...LONG, '--json', '--out', 'out', '--backend', backend];
    const { code, signal, stdout, stderr } = await isochron(args, {
      cwd,
      // The first epoch is over, and it trains on for minutes.
      onStart: signalAfter(/"epoch"/, 50, { on: 'stdout' }),
    });
    expect([code, signal]).toEqual([130, null]);
    expect(stderr).toMatch(
      /\nisochron: interrupted after \d+ steps; saved out\/result.json\n$/,
    );
    const rows = objects(stdout);
    const { kind, path: where, ...told } = rows.at(-1) ?? {};
    expect([kind, where]).toEqual(['result', 'out/result.json']);
    for (const row of rows.slice(0, -1)) expect(row.kind).toBe('epoch');
    const out = path.join(cwd, 'out');
    expect(fs.readdirSync(out).sort()).toEqual([
      'result.json',
      'weights.safetensors',
    ]);
    const file = fs.readFileSync(path.join(out, 'result.json'), 'utf8');
    const result = JSON.parse(file);
    expect(result).toEqual(told);
    expect(result.interrupted).toBe(true);
    expect(result.steps).toBeGreaterThan(0);
    // The weights are those that a training of as many steps ends with.
    const steps = ['--steps', `${result.steps}`, '--out', 'again'];
    const again = [...LONG, '--backend', backend, ...steps];
    expect((await isochron(again, { cwd })).code).toBe(0);
    const weights = ['out', 'again'].map((folder) =>
      fs.readFileSync(path.join(cwd, folder, 'weights.safetensors')),
    );
    expect(weights[0].equals(weights[1])).toBe(true);
  });

  test('in a command that has nothing to save', async () => {
    const cwd = temporary();
    const { code, signal, stderr } = await isochron(
      ['demo', '--backend', 'cpu', '--out', 'out'],
      {
        cwd,
        env: { ISOCHRON_DATA: undefined, ISOCHRON_CACHE: cwd },
        onStart: signalAfter(/^backend: /m, 100),
      },
    );
    expect([code, signal]).toEqual([130, null]);
    expect(stderr).toMatch(/\nisochron: interrupted; nothing was saved\n$/);
    expect(fs.readdirSync(path.join(cwd, 'out'))).toEqual([]);
  });

  // Steps of a second: both signals come in one, but for a rare step's end.
  test('twice: it does not wait, nor leave halves', async () => {
    const cwd = temporary();
    const wide = ['--sizes', '784,400,10', '--batch', '2000'];
    const { code, signal, stderr } = await isochron(
      [...LONG, ...wide, '--rule', 'bp', '--backend', 'cpu', '--out', 'out'],
      { cwd, onStart: signalAfter(/^data: /m, 500, { times: 2 }) },
    );
    expect([code, signal]).toEqual([130, null]);
    expect(stderr).toMatch(/\nisochron: interrupted.*saved.*\n$/);
    const saved = /; saved/.test(stderr) ? 2 : 0;
    expect(fs.readdirSync(path.join(cwd, 'out'))).toHaveLength(saved);
  });
});

describe.skipIf(!onPosix).concurrent('output that nobody takes', () => {
  test('a pipe closed after the first line is no error', async () => {
    for (const args of [['models'], ['level', 'mlp'], [...SHORT, '--json']]) {
      const script = '{ "$@"; echo "$?" >code; } | head -1; cat code';
      const { code, stdout, stderr } = await shell(script, args);
      expect(code).toBe(0);
      expect(stdout).toMatch(/\n0\n$/);
      expect(stderr).not.toMatch(/EPIPE|fault of isochron|isochron:/);
    }
  });

  test('a pipe that is closed from the start', async () => {
    const script = '{ sleep 1; "$@"; echo "$?" >code; } | true; cat code';
    const { stdout, stderr } = await shell(script, ['models']);
    expect(stdout).toBe('0\n');
    expect(stderr).toBe('');
  });

  test('progress on a closed pipe does not stop a run', async () => {
    const script =
      '{ sleep 1; "$@" 2>&1 >out; echo "$?" >code; } | true; cat code out';
    const { stdout } = await shell(script, [...SHORT, '--steps', '2']);
    expect(stdout).toMatch(/^0\n/);
    expect(stdout).toMatch(/\nsaved /);
  });

  // /dev/full: every write fails as on a full disk.
  test.skipIf(!fs.existsSync('/dev/full'))(
    'results that cannot be written are a failure',
    async () => {
      for (const args of [['models'], ['check', 'skip', '--backend', 'cpu']]) {
        const { code, stderr } = await shell('exec "$@" >/dev/full', args);
        expect(code).toBe(1);
        expect(stderr).toMatch(/isochron: .*ENOSPC.*\n$/);
        expect(stderr).not.toMatch(/\n +at /);
      }
    },
  );
});
