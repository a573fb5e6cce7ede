import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { complaint, isochron, lines, objects, temporary } from './run.ts';

const onCpu = ['--backend', 'cpu', '--dtype', 'f64'];
const run = (...args: string[]) => isochron(['experiment', ...args]);

// Oracle: what the theory says of these models; formats by their definition.

describe.concurrent('experiment', () => {
  test('--list names every experiment', async () => {
    const { code, stdout } = await run('--list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\ntable1 .*Salvatori 2022, Table 1\n/);
    const rows = objects((await run('--list', '--json')).stdout);
    const names = rows.map((row) => row.experiment);
    expect(names).toEqual(expect.arrayContaining(['table1', 'table3']));
  });

  test('table1 as text, for one who has not read the paper', async () => {
    const { code, stdout } = await run('table1', 'mlp', 'skip', ...onCpu);
    expect(code).toBe(0);
    expect(lines(stdout)[0]).toMatch(/\(Salvatori 2022, Table 1\)$/);
    expect(stdout).toMatch(/\n {2}levelled +delays on axons make all errors/);
    expect(stdout).toMatch(/\nmlp +\d+ +5 +0 +0 +0 +0 +0\n/);
    expect(stdout).toMatch(/\nskip +3 +4 +2 +0 +\d\.\d+e\+0 \(.*\) .* -\n/);
    expect(stdout).toMatch('\nLevelled, 0 of 266 weights differ from BP');
    expect(lines(stdout).at(-1)).toBe('Seed 1, cpu, float64.');
  });

  test('table3 as text, with gamma^l expected and measured', async () => {
    const { code, stdout } = await run('table3', 'skip', ...onCpu);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /\nskip +0\.125 to 0\.5 +0\.125 to 0\.5 +0 +0 +1: 0\.5, 2: 0\.25, 3: 0\.125\n/,
    );
    expect(stdout).toMatch(
      '\nOne dropped: 5 of 5 updates that must differ do.',
    );
  });

  test('--json: one object a row; the seed is told', async () => {
    const args = ['table3', 'skip', '--json', '--seed', '7', ...onCpu];
    const { code, stdout } = await run(...args);
    expect(code).toBe(0);
    const rows = objects(stdout);
    expect(rows).toHaveLength(6);
    for (const row of rows) {
      expect(row).toMatchObject({ experiment: 'table3', seed: 7, holds: true });
    }
    expect(rows.find((row) => row.condition === 'C2')).toMatchObject({
      ratios: { 1: 0.5, 2: 0.25, 3: 0.125 },
      scaledBits: 0,
    });
  });

  test('--csv and --out: the same bytes on stdout and in a file', async () => {
    const cwd = temporary();
    const args = ['experiment', 'table3', 'skip', '--csv', ...onCpu];
    const printed = await isochron(args);
    const saved = await isochron([...args, '--out', 'rows.csv'], { cwd });
    expect([printed.code, saved.code, saved.stdout]).toEqual([0, 0, '']);
    expect(saved.stderr).toMatch(/\nsaved rows.csv\n$/);
    const text = fs.readFileSync(path.join(cwd, 'rows.csv'), 'utf8');
    expect(text).toBe(printed.stdout);
    const records = text.split('\r\n');
    expect(records).toHaveLength(8);
    expect(records[0]).toMatch(/^experiment,model,backend,dtype,seed,weights,/);
    expect(text).toContain('"{""1"":0.5,""2"":0.25,""3"":0.125}"');
  });

  test.each([['--json'], ['--csv'], ['--seed=1']])(
    'text and rows go to a file, %s',
    async (format) => {
      const cwd = temporary();
      const args = ['experiment', 'table1', 'skip', format, ...onCpu];
      const { code } = await isochron([...args, '--out', 'rows'], { cwd });
      expect(code).toBe(0);
      const text = fs.readFileSync(path.join(cwd, 'rows'), 'utf8');
      expect(text).toBe((await isochron(args)).stdout);
    },
  );

  test.each<[string, RegExp]>([
    ['', /No experiment is named: give one of table1, table3/],
    ['table9', /Unknown experiment "table9": use one of table1, table3/],
    ['table1 nosuch', /Unknown model "nosuch": use one of mlp/],
    ['table1 --batch 0', /--batch = 0: give a whole number from 1/],
    ['table1 --json --csv', /Options --json and --csv: give one of them/],
  ])('experiment %s is wrong use', async (args, told) => {
    const ending = await run(...args.split(' ').filter(Boolean), ...onCpu);
    expect(ending.code).toBe(2);
    expect(complaint(ending)).toMatch(told);
  });

  test('a file that cannot be written is told before the run', async () => {
    const ending = await run('table1', ...onCpu, '--out', '/nosuch/rows.csv');
    expect(ending.code).toBe(1);
    expect(ending.stderr).not.toMatch('table1: mlp');
    expect(complaint(ending)).toMatch(/cannot be written to "\/nosuch\/rows/);
  });
});
