import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readWeights } from '../../src/training/checkpoint.ts';
import {
  complaint,
  isochron,
  lines,
  objects,
  SHORT,
  temporary,
} from './run.ts';

const ESC = String.fromCharCode(27);

/** Weights of a result, as bytes. */
function weightsIn(folder: string): Buffer {
  return fs.readFileSync(path.join(folder, 'weights.safetensors'));
}

describe.concurrent('train', () => {
  test('precisions that are learned are saved with the weights', async () => {
    const cwd = temporary();
    const args = ['train', 'mlp', '--steps', '4', '--backend', 'cpu'];
    const more = ['--param', 'precision=learned', '--against', 'bp'];
    const ending = await isochron([...args, ...more, '--out', 'o'], { cwd });
    expect(ending.code).toBe(0);
    const head = fs.readFileSync(path.join(cwd, 'o/weights.safetensors'));
    expect(head.toString('latin1')).toContain('"@lnSigma/');
  });

  test('saves result and weights; results and progress apart', async () => {
    const cwd = temporary();
    const ending = await isochron(SHORT, { cwd });
    expect(ending.code).toBe(0);
    const out = path.join(cwd, 'results/train/mlp');
    expect(fs.readdirSync(out).sort()).toEqual([
      'result.json',
      'weights.safetensors',
    ]);
    const result = JSON.parse(
      fs.readFileSync(path.join(out, 'result.json'), 'utf8'),
    );
    expect(result).toMatchObject({
      command: 'train',
      model: { name: 'mlp', sizes: [784, 16, 10], activation: 'tanh' },
      data: { name: 'digits', synthetic: true },
      rule: { name: 'zil', gamma: 1 },
      optimiser: { name: 'adam', lr: 0.001 },
      ...{ batch: 64, seed: 1, steps: 20, backend: 'cpu', dtype: 'f32' },
      node: process.version,
    });
    // Chance is one in ten; 20 steps are few but not nothing.
    expect(result.accuracy).toBeGreaterThan(0.2);
    const shapes = [...(await readWeights(`${out}/weights.safetensors`))].map(
      ([name, { shape }]) => [name, shape],
    );
    expect(Object.fromEntries(shapes)).toEqual({
      ...{ W1: [16, 784], b1: [16], W2: [10, 16], b2: [10] },
    });
    expect(ending.stdout).toMatch(/^epoch 1: mean loss \d/);
    expect(ending.stdout).toMatch(
      /\nsaved results\/train\/mlp\/result.json and weights.safetensors\n$/,
    );
    expect(ending.stdout).toMatch('(seed 1)');
    expect(ending.stdout).not.toMatch(/steps\/s|compiling/);
    expect(ending.stderr).toMatch(/\b20\/20 steps /);
    // Not a terminal: no colours, no cursor movements.
    expect(ending.stdout + ending.stderr).not.toContain(ESC);
    expect(ending.stdout + ending.stderr).not.toContain('\r');
  });

  test('--json: stdout is objects, the last one the result', async () => {
    const cwd = temporary();
    const args = [...SHORT, '--json', '--against', 'bp', '--out', 'here'];
    const { code, stdout } = await isochron(args, { cwd });
    expect(code).toBe(0);
    const rows = objects(stdout);
    expect(rows.map((row) => row.kind)).toEqual([
      'compared',
      'epoch',
      'result',
    ]);
    expect(rows[1]).toMatchObject({ step: 20, chance: 0.1, examples: 2000 });
    expect(rows[1].accuracy).toBe(rows[2].accuracy);
    const { kind, path: where, ...result } = rows[2];
    expect(kind).toBe('result');
    expect(result).toMatchObject({ differingBits: 0, elements: 12_730 });
    const saved = fs.readFileSync(path.join(cwd, String(where)), 'utf8');
    expect(JSON.parse(saved)).toEqual(result);
  });

  test('--against a rule that is not exact: differs, yet ends with 0', async () => {
    const rule = ['--rule', 'il', '--param', 'steps=3'];
    const args = [...SHORT, ...rule, '--against', 'bp'];
    const { code, stdout } = await isochron([...args, '--steps', '2']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/il against bp: [1-9]\d* of 12730 weights differ/);
  });

  test('same seed, same bytes; another seed, others', async () => {
    const cwd = temporary();
    for (const [out, seed] of Object.entries({ a: '5', b: '5', c: '6' })) {
      const more = ['--seed', seed, '--steps', '3', '--out', out];
      expect((await isochron([...SHORT, ...more], { cwd })).code).toBe(0);
    }
    const [a, b, c] = ['a', 'b', 'c'].map((out) => weightsIn(`${cwd}/${out}`));
    expect(a.equals(b)).toBe(true);
    expect(a.equals(c)).toBe(false);
  });

  test('--evaluate-every and --test-limit', async () => {
    const more = ['--evaluate-every', '8', '--test-limit', '30'];
    const args = [...SHORT, ...more];
    const { code, stdout } = await isochron([...args, '--json']);
    expect(code).toBe(0);
    const tests = objects(stdout).slice(0, -1);
    expect(tests.map(({ kind, step }) => [kind, step])).toEqual([
      ['evaluated', 8],
      ['evaluated', 16],
      ['epoch', 20],
    ]);
    for (const { examples } of tests) expect(examples).toBe(30);
    const text = await isochron(args);
    expect(text.stdout).toMatch(/^step 8: mean loss [\d.]+, test accuracy \d/);
  });

  test('the recipe mlp is what is trained where none is named', async () => {
    const cwd = temporary();
    const [command, ...rest] = [...SHORT, '--steps', '2'];
    const named = [command, 'mlp', ...rest, '--out', 'named'];
    expect((await isochron(named, { cwd })).code).toBe(0);
    const other = [command, ...rest, '--out', 'not'];
    expect((await isochron(other, { cwd })).code).toBe(0);
    expect(weightsIn(`${cwd}/named`).equals(weightsIn(`${cwd}/not`))).toBe(
      true,
    );
  });

  test('--list tells every recipe and its data', async () => {
    const { code, stdout } = await isochron(['train', '--list', '--json']);
    expect(code).toBe(0);
    const rows = objects(stdout);
    const mlp = rows.find(({ recipe }) => recipe === 'mlp');
    expect(mlp?.data).toEqual(['auto', 'digits', 'mnist', 'fashion-mnist']);
    const text = await isochron(['train', '--list']);
    for (const { recipe, title } of rows) {
      expect(text.stdout).toMatch(`\n${recipe} `);
      expect(text.stdout).toContain(title);
    }
  });

  test('--weights goes on from what was saved', async () => {
    const cwd = temporary();
    const sgd = [...SHORT, '--optimiser', 'sgd', '--steps', '2'];
    const first = await isochron([...sgd, '--out', 'first'], { cwd });
    expect(first.code).toBe(0);
    const weights = ['--weights', 'first/weights.safetensors'];
    const second = await isochron([...sgd, ...weights, '--out', 'b'], { cwd });
    expect(second.stderr).not.toMatch('isochron:');
    expect(second.code).toBe(0);
    expect(weightsIn(`${cwd}/b`).equals(weightsIn(`${cwd}/first`))).toBe(false);
    const other = [...SHORT, '--sizes', '784,8,10', ...weights];
    const clash = await isochron(other, { cwd });
    expect(clash.code).toBe(1);
    expect(complaint(clash)).toMatch(
      /"W1" has shape \[8, 784\] but got \[16, 784\]/,
    );
  });
});

describe.concurrent('what cannot be trained ends with one line and saves nothing', () => {
  test.each<[string, string[], number, RegExp]>([
    ['wrong pixels', ['--sizes', '100,10'], 2, /needs 784 first and 10 last/],
    ['wrong classes', ['--sizes', '784,11'], 2, /needs 784 first and 10 last/],
    ['no layer', ['--sizes', '784'], 2, /needs 784 first and 10 last/],
    ['another recipe', ['nosuch'], 2, /Unknown recipe "nosuch": use .*mlp/],
    ['two recipes', ['mlp', 'mlp'], 2, /Unexpected "mlp": train takes one/],
    ['a sample of images', ['--sample', '9'], 2, /mlp writes no text/],
    [
      'data of others',
      ['--data', 'shapes'],
      2,
      /--data = "shapes": give one of/,
    ],
    ['a test of none', ['--test-limit', '0'], 2, /--test-limit = 0: give/],
    ['a loss that explodes', ['--lr', '1e38'], 1, /loss is (NaN|Infinity)/],
    ['weights that are none', ['--weights', 'none'], 1, /none cannot be read/],
    ['a folder as weights', ['--weights', '.'], 1, /EISDIR/],
  ])('%s', async (_, more, code, told) => {
    const cwd = temporary();
    const args = [...SHORT, ...more, '--out', 'out'];
    const ending = await isochron(args, { cwd });
    expect(ending.code).toBe(code);
    expect(complaint(ending)).toMatch(told);
    const out = path.join(cwd, 'out');
    expect(fs.existsSync(out) ? fs.readdirSync(out) : []).toEqual([]);
  });

  test('weights that are cut', async () => {
    const cwd = temporary();
    fs.writeFileSync(path.join(cwd, 'cut'), Buffer.alloc(20, 1));
    const ending = await isochron([...SHORT, '--weights', 'cut'], { cwd });
    expect(ending.code).toBe(1);
    expect(complaint(ending)).toMatch(/cut is no complete safetensors file/);
  });

  test('a folder below a regular file; a device as folder', async () => {
    const cwd = temporary();
    fs.writeFileSync(path.join(cwd, 'file'), '');
    for (const out of ['file/below', '/dev/full']) {
      const ending = await isochron([...SHORT, '--out', out], { cwd });
      expect(ending.code).toBe(1);
      expect(ending.stdout).toBe('');
      expect(complaint(ending)).toMatch(/Results cannot be written to .*--out/);
      // Told before the work, not after it.
      expect(lines(ending.stderr)).toHaveLength(1);
    }
  });

  test.skipIf(process.platform === 'win32')(
    'a disk that fills up while the weights are written',
    async () => {
      const cwd = temporary();
      // The limit on a file's size fails a write as a full disk does: half
      // of the weights' 51 kB are on the disk by then.
      const limit = 'ulimit -f 40; exec "$@"';
      const ending = await isochron([...SHORT, '--out', 'out'], {
        cwd,
        wrap: ['/bin/sh', '-c', limit, 'sh', process.execPath],
      });
      expect(ending.code).toBe(1);
      expect(complaint(ending)).toMatch(/weights\.safetensors cannot be writ/);
      expect(fs.readdirSync(path.join(cwd, 'out'))).toEqual([]);
    },
  );
});
