/** How the program ends when others end it, or take its output away. */

import { spawn } from 'node:child_process';
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

describe.skipIf(!onPosix).concurrent('interrupted', () => {
  test.each(['cpu', 'auto'])('while training on %s', async (backend) => {
    const cwd = temporary();
    const args = [...LONG, '--json', '--out', 'out', '--backend', backend];
    const { code, signal, stdout, stderr } = await isochron(args, {
      cwd,
      onStart: (child) => {
        child.stderr?.on('data', (chunk) => {
          // Half a second after this line it trains, for minutes.
          if (!/^data: /m.test(String(chunk))) return;
          setTimeout(() => child.kill('SIGINT'), 500);
        });
      },
    });
    expect([code, signal]).toEqual([130, null]);
    expect(stderr).toMatch(/\nisochron: interrupted; nothing was saved\n$/);
    expect(fs.readdirSync(path.join(cwd, 'out'))).toEqual([]);
    for (const row of objects(stdout)) expect(row.kind).toBe('epoch');
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
