/** What README.md shows is run as it stands: a reader's copy must work. */

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = path.join(root, 'dist/src/cli/main.js');
const readme = path.join(root, 'README.md');
const text = fs.existsSync(readme) ? fs.readFileSync(readme, 'utf8') : '';

// Below dist the package finds itself by its own name, as a user's project
// finds it in node_modules.
const here = fs.mkdtempSync(path.join(root, 'dist', 'readme-'));
const elsewhere = fs.mkdtempSync(path.join(os.tmpdir(), 'isochron-readme-'));
afterAll(() => {
  for (const folder of [here, elsewhere]) {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

/** The insides of fenced blocks in any of some languages. */
function blocks(...languages: string[]): string[] {
  const fence = /^```(\w+)[^\n]*\n([\s\S]*?)^```$/gm;
  return [...text.matchAll(fence)]
    .filter(([, language]) => languages.includes(language))
    .map(([, , inside]) => inside);
}

/** A block's first line that says more than an import, for its test's name. */
function nameOf(block: string): string {
  const lines = block.split('\n').map((line) => line.trim());
  const told = lines.filter((line) => line && !line.startsWith('import'));
  return (told[0] ?? '').slice(0, 60);
}

function node(args: readonly string[], cwd: string) {
  return spawnSync(process.execPath, args, {
    cwd,
    encoding: 'utf8',
    // Against an endless one only: a busy machine is no failure.
    timeout: 600_000,
  });
}

const programs = blocks('ts', 'js').filter((block) =>
  /from 'isochron(\/\w+)?'/.test(block),
);

interface Line {
  readonly line: string;
  readonly args: readonly string[];
}

/** Command lines of isochron, as a shell would split them. */
function commandLines(): Line[] {
  const shown = blocks('sh', 'bash', 'console')
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n');
  return shown.flatMap((whole) => {
    const line = whole.replace(/^\s*(\$ )?/, '').replace(/\s+#.*$/, '');
    const called =
      /^(?:\w+=\S+ )*(?:npm run (?:-s |--silent )?isochron --|(?:npx )?isochron)(?: |$)(.*)$/.exec(
        line,
      );
    if (!called) return [];
    // A pipe or a redirection ends what isochron itself is given.
    const own = called[1].split(/\s*(?:\||>|&&|;)\s*/)[0];
    const args = [...own.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
      ([, single, double, plain]) => single ?? double ?? plain,
    );
    return [{ line, args }];
  });
}

const lines = commandLines();
const QUICK = ['check', 'level', 'models', 'rules', 'help', '--help'];
/** Whether it is quick, and every file that it reads is there. */
const canRun = ({ args }: Line): boolean =>
  QUICK.includes(args[0]) &&
  args.every((arg) => !arg.endsWith('.json') || fs.existsSync(arg));

describe.skipIf(text === '' && process.env['CI'] !== 'true')('README', () => {
  test('shows a program and command lines', () => {
    expect(programs.length).toBeGreaterThan(0);
    expect(lines.length).toBeGreaterThan(0);
  });

  test.each(programs.map((block) => [nameOf(block), block]))(
    'the program "%s" runs',
    (_, block) => {
      const file = path.join(here, 'example.mjs');
      fs.writeFileSync(file, block);
      const { status, stderr } = node([file], here);
      // The text of a failure first: it says more than the code.
      if (status !== 0) throw new Error(stderr);
    },
  );

  test.each(lines.filter((line) => !canRun(line)))(
    '"$line" parses',
    ({ args }) => {
      // --help reads all the other options first, and refuses unknown ones.
      const { status, stderr } = node([main, ...args, '--help'], elsewhere);
      expect(stderr).toBe('');
      expect(status).toBe(0);
    },
  );

  test.each(lines.filter(canRun))('"$line" runs', ({ args }) => {
    const { status, stdout } = node([main, ...args], elsewhere);
    expect(status).toBe(0);
    expect(stdout).not.toBe('');
  });

  test('names every command', () => {
    const { stdout } = node([main, '--help'], elsewhere);
    const commands = [...stdout.matchAll(/^ {2}(\w+) {2}/gm)].map(([, c]) => c);
    expect(commands).toContain('level');
    for (const command of commands) expect(text).toMatch(`\`${command}`);
  });

  test('names npm scripts that exist', () => {
    const file = path.join(root, 'package.json');
    const { scripts } = JSON.parse(fs.readFileSync(file, 'utf8'));
    const shown = [...text.matchAll(/npm run (?:-s )?(\w+)/g)];
    for (const [, script] of shown) expect(scripts).toHaveProperty(script);
  });
});
