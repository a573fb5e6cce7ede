import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { complaint, isochron, lines, objects, temporary } from './run.ts';

// Oracle: what the theory says of these models; formats by their definition.

const onCpu = ['--backend', 'cpu', '--dtype', 'f64'];
const run = (...args: string[]) => isochron(['experiment', ...args]);
const models = (names: string) => ['--param', `models=${names}`];
const skip = [...models('skip'), ...onCpu];

describe.concurrent('experiment', () => {
  test('--list names every experiment, and its parameters if asked', async () => {
    const { code, stdout } = await run('--list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\ntable1 .*Salvatori 2022, Table 1\n/);
    const rows = objects((await run('--list', '--json')).stdout);
    const names = rows.map((row) => row.experiment);
    expect(names).toEqual(
      expect.arrayContaining([
        ...['table1', 'table2', 'table3', 'levelling', 'delays'],
      ]),
    );
    const one = await run('--list', 'table2');
    expect(one.stdout).toMatch(/\nmodels +mlp,alexnet.* +the paper +architec/);
    expect(one.stdout).toMatch(/\nsteps +100 +chosen by us +inference steps/);
  });

  test('table1 as text, for one who has not read the paper', async () => {
    const args = ['table1', ...models('mlp,skip'), ...onCpu];
    const { code, stdout } = await run(...args);
    expect(code).toBe(0);
    expect(lines(stdout)[0]).toMatch(/\(Salvatori 2022, Table 1\)$/);
    expect(stdout).toMatch(/\n {2}levelled +delays on axons make all errors/);
    expect(stdout).toMatch(/\nmlp +\d+ +5 +0 +0 +0 +0 +0\n/);
    expect(stdout).toMatch(/\nskip +3 +4 +2 +0 +\d\.\d+e\+0 \(.*\) .* -\n/);
    expect(stdout).toMatch('\nLevelled, 0 of 266 weights differ from BP');
    expect(stdout).toMatch(/\nSeed 1, cpu, float64\.\n/);
  });

  test('table3 as text, with gamma^l expected and measured', async () => {
    const { code, stdout } = await run('table3', ...skip);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /\nskip +0\.125 to 0\.5 +0\.125 to 0\.5 +0 +0 +1: 0\.5, 2: 0\.25, 3: 0\.125\n/,
    );
    expect(stdout).toMatch(
      /\none dropped: updates that must differ and do +5 of 5 +5 of 5 /,
    );
  });

  test('--json: one object a row, a row for each seed', async () => {
    const seeds = ['--seed', '7', '--seeds', '2'];
    const { code, stdout } = await run('table3', '--json', ...seeds, ...skip);
    expect(code).toBe(0);
    const rows = objects(stdout);
    expect(rows.map(({ seed }) => seed)).toEqual([
      ...[7, 7, 7, 7, 7, 7, 8, 8, 8, 8, 8, 8],
    ]);
    for (const row of rows) {
      expect(row).toMatchObject({ experiment: 'table3', holds: true });
    }
    expect(rows.find((row) => row.condition === 'C2')).toMatchObject({
      ratios: { 1: 0.5, 2: 0.25, 3: 0.125 },
      scaledBits: 0,
    });
  });

  test('--csv and the file in --out: the same bytes', async () => {
    const cwd = temporary();
    const args = ['experiment', 'table3', '--csv', '--out', 'rows', ...skip];
    const { code, stdout, stderr } = await isochron(args, { cwd });
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /\nsaved table3.csv, table3.svg, table3-gamma.svg in rows\n$/,
    );
    const file = path.join(cwd, 'rows', 'table3.csv');
    expect(fs.readFileSync(file, 'utf8')).toBe(stdout);
    const records = stdout.split('\r\n');
    expect(records).toHaveLength(8);
    expect(records[0]).toMatch(/^experiment,model,backend,dtype,seed,weights,/);
    expect(stdout).toContain('"{""1"":0.5,""2"":0.25,""3"":0.125}"');
  });

  test('several, with pictures and one page of all', async () => {
    const cwd = temporary();
    const args = ['table1', 'levelling', '--quick', '--report', 'page.html'];
    const { code, stdout } = await isochron(
      ['experiment', ...args, '--param', 'graphs=residual', ...onCpu],
      { cwd },
    );
    // Settings are of every experiment named, or of none.
    expect([code, stdout]).toEqual([2, '']);
    const all = await isochron(['experiment', ...args, ...onCpu], { cwd });
    expect(all.code).toBe(0);
    expect(all.stdout).toMatch(
      /\ntable1 +yes\nlevelling +yes\nAs theory says: 2 of 2 experiments\.\n/,
    );
    const page = fs.readFileSync(path.join(cwd, 'page.html'), 'utf8');
    expect(page).toContain('Divergence of one update between BP and Z-IL');
    expect(page).toContain('Graphs before and after identity vertices');
    const folder = path.join(cwd, 'results', 'experiments');
    const made = fs.readdirSync(folder);
    expect(made).toEqual(
      expect.arrayContaining([
        ...['table1.csv', 'table1.svg', 'levelling.csv'],
        ...['levelling-residual-before.svg', 'levelling-residual-explicit.svg'],
      ]),
    );
  });

  test.each<[string, RegExp]>([
    ['', /No experiment is named: give all, or some of .*table1, table2/],
    ['table9', /Unknown experiment "table9": use one of .*table1, table2/],
    [
      'table1 --param models=nosuch',
      /Unknown model "nosuch": use small, paper/,
    ],
    [
      'table1 --param batch=-1',
      /batch = -1 of experiment table1: give a whole number from 0/,
    ],
    [
      'table1 --param nosuch=1',
      /table1 has no parameter "nosuch": it takes mod/,
    ],
    ['table1 --param batch', /--param "batch": give NAME=VALUE/],
    ['table1 --param =1', /--param "=1": give NAME=VALUE/],
    [
      'levelling --param graphs=tree',
      /graphs = "tree" of .*: give .*one of residual/,
    ],
    ['table1 --seeds 0', /--seeds = 0: give a whole number >= 1/],
    ['table1 --json --csv', /Options --json and --csv: give one of them/],
    ['table1 --quick --full', /Options --quick and --full: give one of them/],
    ['table1 table3 --csv', /Option --csv: rows of several experiments/],
  ])('experiment %s is wrong use', async (args, told) => {
    const ending = await run(...args.split(' ').filter(Boolean), ...onCpu);
    expect(ending.code).toBe(2);
    expect(complaint(ending)).toMatch(told);
  });

  test('a folder that cannot be written is told before the run', async () => {
    const cwd = temporary();
    fs.writeFileSync(path.join(cwd, 'file'), '');
    const args = ['experiment', 'table1', ...skip, '--out', 'file/rows'];
    const ending = await isochron(args, { cwd });
    expect(ending.code).toBe(1);
    expect(ending.stderr).not.toMatch('pieces');
    expect(complaint(ending)).toMatch(
      /cannot be written to file\/rows .*--out/s,
    );
  });
});

/** Sends a signal as soon as a run has kept a piece in its journal. */
function atFirstPiece(folder: string, signal: NodeJS.Signals) {
  return (child: ChildProcess) => {
    const look = setInterval(() => {
      if (!fs.existsSync(folder)) return;
      const file = fs.readdirSync(folder).find((f) => f.endsWith('.jsonl'));
      if (!file) return;
      const text = fs.readFileSync(path.join(folder, file), 'utf8');
      if (text.split('\n').length < 3) return;
      clearInterval(look);
      child.kill(signal);
    }, 2);
    child.on('close', () => clearInterval(look));
  };
}

describe.skipIf(process.platform === 'win32').concurrent('interrupted', () => {
  const args = [
    ...['experiment', 'table1', '--json', '--out', 'out', '--seeds', '3'],
    ...[...models('mlp,rnn,lstm,transformer'), ...onCpu],
  ];

  test.each([
    ['SIGKILL', null],
    ['SIGINT', 130],
  ] as const)(
    '%s: run again it goes on, to the same rows',
    async (signal, code) => {
      const cwd = temporary();
      const folder = path.join(cwd, 'out');
      const cut = await isochron(args, {
        cwd,
        onStart: atFirstPiece(folder, signal),
      });
      expect([cut.code, cut.stdout]).toEqual([code, '']);
      if (code !== null) {
        expect(cut.stderr).toMatch(
          /\ninterrupted: \d+ of 12 pieces of table1 are kept in out\/.*on\n$/,
        );
      }
      // No results of a part.
      expect(fs.readdirSync(folder)).toHaveLength(1);
      const again = await isochron(args, { cwd });
      expect(again.code).toBe(0);
      const [, done] = /table1: (\d+) of 12 pieces are done already/.exec(
        again.stderr,
      )!;
      expect(Number(done)).toBeGreaterThan(0);
      expect(Number(done)).toBeLessThan(12);
      const whole = await isochron(args, { cwd: temporary() });
      expect(whole.stderr).not.toMatch('done already');
      expect(again.stdout).toBe(whole.stdout);
    },
  );

  test('done before: nothing is measured again, unless --fresh', async () => {
    const cwd = temporary();
    const timed = [
      ...['experiment', 'table2', '--quick', '--json', '--backend', 'cpu'],
      ...['--param', 'models=mlp', '--param', 'steps=2'],
    ];
    const first = await isochron(timed, { cwd });
    const again = await isochron(timed, { cwd });
    expect([first.code, again.code]).toEqual([0, 0]);
    expect(again.stderr).toMatch('table2: 1 of 1 pieces are done already');
    // Times are never the same twice: these were read.
    expect(again.stdout).toBe(first.stdout);
    const fresh = await isochron([...timed, '--fresh'], { cwd });
    expect(fresh.stderr).not.toMatch('done already');
    expect(fresh.stdout).not.toBe(first.stdout);
  });
});
