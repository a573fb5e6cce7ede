/**
 * Runs the built program (`npm test` builds it) in a process of its own, in
 * an empty folder, and gives what it printed and how it ended.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

export const main = fileURLToPath(
  new URL('../../dist/src/cli/main.js', import.meta.url),
);
if (!fs.existsSync(main)) {
  throw new Error(`${main} is not built: use npm test, or npm run build first`);
}

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'isochron-cli-'));
/** Children that still run: none may outlive a test that failed. */
const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  fs.rmSync(root, { recursive: true, force: true });
});

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Set over this process's variables; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Sees the child when it has started. */
  readonly onStart?: (child: ChildProcess) => void;
  /** Put before the program, for example a shell that sets a limit. */
  readonly wrap?: readonly [string, ...string[]];
}

/** An empty folder that is gone after the file's tests. */
export function temporary(): string {
  return fs.mkdtempSync(path.join(root, 'run-'));
}

/** Variables of the children: nothing that colours or instruments output. */
export function environment(more: RunOptions['env'] = {}): NodeJS.ProcessEnv {
  const { NODE_OPTIONS, FORCE_COLOR, NO_COLOR, ...env } = process.env;
  return { ...env, ...more };
}

export function isochron(
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ending> {
  const { cwd = temporary(), onStart, wrap } = options;
  const [command, ...before] = wrap ?? [process.execPath];
  const child = spawn(command, [...before, main, ...args], {
    cwd,
    env: environment(options.env),
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
  running.add(child);
  onStart?.(child);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal, stdout, stderr });
    });
  });
}

/** Lines without the last, empty one. */
export function lines(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** Every line of stdout as an object; throws where one is none. */
export function objects(stdout: string): Record<string, unknown>[] {
  return lines(stdout).map((line) => {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new Error(`no object: ${line}`);
    }
    return value as Record<string, unknown>;
  });
}

/**
 * The one line in which isochron tells a failure. Throws if there is none,
 * more than one, or a report of a fault; a driver's own noise is let by.
 */
export function complaint({ stderr }: Ending): string {
  const ours = lines(stderr).filter((line) => line.startsWith('isochron:'));
  if (ours.length !== 1 || /fault of isochron|^ +at .*\.js/m.test(stderr)) {
    throw new Error(`not one line of failure but:\n${stderr}`);
  }
  if (lines(stderr).at(-1) !== ours[0]) {
    throw new Error(`the failure is not told last:\n${stderr}`);
  }
  return ours[0];
}

/** A short training on the CPU. */
export const SHORT = [
  ...['train', '--backend', 'cpu', '--data', 'digits', '--steps', '20'],
  ...['--sizes', '784,16,10'],
];
