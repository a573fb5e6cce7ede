import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { complaint, isochron, lines } from './run.ts';

const commands = [
  ...['demo', 'train', 'simulate', 'nir', 'check', 'experiment', 'level'],
  ...['info', 'models', 'rules'],
];
const ESC = String.fromCharCode(27);

// Oracle: the manual of exit codes, 0 ok and 2 wrong use.

describe.concurrent('help', () => {
  test.each([['--help'], ['help']])('%s lists every command', async (flag) => {
    const { code, stdout, stderr } = await isochron([flag]);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const name of commands) expect(stdout).toMatch(`\n  ${name} `);
  });

  test.each(commands)('%s --help tells its options', async (name) => {
    const { code, stdout, stderr } = await isochron([name, '--help']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toMatch(new RegExp(`^isochron ${name}: `));
    expect(stdout).toMatch('--json');
    expect(stdout).toMatch(`\n  isochron ${name}`);
    expect(stdout).not.toContain(ESC);
  });

  test('the version is the one of the package', async () => {
    const file = new URL('../../package.json', import.meta.url);
    const { version } = JSON.parse(fs.readFileSync(file, 'utf8'));
    const { code, stdout } = await isochron(['--version']);
    expect([code, stdout]).toEqual([0, `${version}\n`]);
  });

  test('no command: the overview on stderr, and exit code 2', async () => {
    const { code, stdout, stderr } = await isochron([]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch('Usage: isochron COMMAND');
  });
});

describe.concurrent('wrong use', () => {
  test.each<[string, RegExp]>([
    ['nosuch', /Unknown command "nosuch": use one of demo, train/],
    ['toString', /Unknown command "toString"/],
    ['level --nosuch', /Unknown option '--nosuch': see isochron level --help/],
    ['level --format', /--format .*argument missing/],
    ['level --format png', /--format = "png": give one of table, dot, mermaid/],
    ['level --levelling up', /--levelling = "up": give one of longest-path/],
    ['models skip', /Unexpected "skip"/],
    ['check --rule nosuch', /Unknown rule "nosuch": use one of bp, zil/],
    ['check --param gamma', /Option --param "gamma": give NAME=VALUE/],
    ['check --param nosuch=1', /zil has no option "nosuch": it takes gamma/],
    ['check --param gamma=', /gamma/],
    ['check --seed=-1', /--seed = -1: give a whole number/],
    ['check --seed 4294967296', /--seed = 4294967296/],
    ['check --seed 0.5', /--seed = 0.5/],
    ['check --backend gpu', /--backend = "gpu": give one of auto, webgpu, cpu/],
    ['check --dtype f16', /--dtype = "f16": give one of f32, f64/],
    ['check --backend webgpu --dtype f64', /WebGPU has no float64: use/],
    ['train --lr nan', /--lr = "nan": give a number above 0/],
    ['train --sizes 784,x', /--sizes = "x": give a whole number >= 1/],
    ['train --batch 0', /--batch = 0: give a whole number >= 1/],
    ['train --optimiser lion', /Unknown optimiser "lion": use one of sgd/],
    ['train --data cifar', /--data = "cifar": give one of auto, digits/],
    ['train --data digits --batch 20000', /batch of 20000 is larger than/],
    ['info --adapter gpu', /--adapter = "gpu": give one of auto, system/],
  ])('%s', async (command, told) => {
    const ending = await isochron(command.split(' '));
    expect(ending.code).toBe(2);
    expect(ending.stdout).toBe('');
    expect(complaint(ending)).toMatch(told);
    expect(lines(ending.stderr)).toHaveLength(1);
  });

  test('with --json, the error is an object on stdout too', async () => {
    const ending = await isochron(['check', '--json', '--rule', 'nosuch']);
    expect(ending.code).toBe(2);
    const { error, type } = JSON.parse(ending.stdout);
    expect(type).toBe('OptionError');
    expect(complaint(ending)).toBe(`isochron: ${error}`);
  });
});

describe.concurrent('lists', () => {
  test('models: one row each, levels as levelling gives them', async () => {
    const { code, stdout, stderr } = await isochron(['models', '--json']);
    expect([code, stderr]).toEqual([0, '']);
    const rows = lines(stdout).map((line) => JSON.parse(line));
    expect(rows.map((row) => row.model)).toContain('skip');
    // By hand: out <- m <- b <- a <- s is the longest path, four axons.
    const skip = rows.find((row) => row.model === 'skip');
    expect(skip).toMatchObject({ levels: 4, vertices: 8 });
    const text = await isochron(['models']);
    for (const { model, title } of rows) {
      expect(text.stdout).toMatch(`\n${model} `);
      expect(text.stdout).toContain(title);
    }
  });

  test('rules: names, options and which are exact', async () => {
    const { code, stdout } = await isochron(['rules', '--json']);
    expect(code).toBe(0);
    const rows = lines(stdout).map((line) => JSON.parse(line));
    const names = rows.map((row) => row.rule);
    expect(names).toEqual(expect.arrayContaining(['bp', 'zil', 'fazil', 'il']));
    expect(rows.find((row) => row.rule === 'il').exact).toBe(false);
    expect(rows.find((row) => row.rule === 'zil').exact).toBe(true);
    const text = await isochron(['rules']);
    for (const { rule, options } of rows) {
      expect(`\n${text.stdout}`).toMatch(`\n${rule}  `);
      for (const name of Object.keys(options)) {
        expect(text.stdout).toMatch(`--param ${name}=...  `);
      }
    }
  });
});
