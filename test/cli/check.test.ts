import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { models } from '../../models/index.ts';
import { complaint, isochron, lines, objects, temporary } from './run.ts';

const oracles = new URL('../oracles/data/', import.meta.url);
const skipOracle = fileURLToPath(new URL('toy_salvatori_skip.json', oracles));
const relu = fileURLToPath(new URL('mlp3_relu.json', oracles));
const onCpu = ['check', '--backend', 'cpu'];

// Oracles: the theorem that zil with gamma = 1 equals bp to the bit, and
// gradients of another framework in the oracle files.

describe.concurrent('check', () => {
  test('all models pass, as a table', async () => {
    const { code, stdout, stderr } = await isochron(onCpu);
    expect([code, stderr]).toEqual([0, 'backend: cpu, float32\n']);
    const rows = lines(stdout).slice(2, -3);
    const small = models.filter(({ size }) => size === 'small');
    expect(rows.map((row) => row.split(' ')[0])).toEqual(
      small.map(({ name }) => name),
    );
    for (const row of rows) {
      expect(row).toMatch(/zil {3}cpu f32 +\d+ +0 +0 +pass$/);
    }
    expect(lines(stdout).at(-1)).toBe('zil equals bp here (seed 1).');
  });

  test('--json: one object a case, with every field', async () => {
    const args = [...onCpu, '--dtype', 'f64', '--json', 'skip', skipOracle];
    const { code, stdout } = await isochron(args);
    expect(code).toBe(0);
    const rows = objects(stdout);
    expect(rows).toHaveLength(2);
    for (const row of rows) {
      expect(row).toMatchObject({
        ...{ rule: 'zil', backend: 'cpu', dtype: 'f64', differingBits: 0 },
        ...{ relToBp: 0, pass: true, elements: 3, case: expect.any(String) },
      });
    }
    expect(rows[0]).toMatchObject({ case: 'skip', relToOracle: null });
    expect(rows[1].relToOracle).toBeGreaterThanOrEqual(0);
    expect(rows[1].relToOracle).toBeLessThan(1e-12);
  });

  test.each([
    ['fazil', []],
    ['zil', ['--mode', 'clocked']],
    ['zil', ['--form', 'explicit', '--mode', 'event-driven']],
  ])('%s %j is exact on an oracle too', async (rule, more) => {
    const args = [...onCpu, '--json', '--rule', rule, ...more, relu];
    const { code, stdout } = await isochron(args);
    expect(code).toBe(0);
    const [row] = objects(stdout);
    expect(row).toMatchObject({ rule, differingBits: 0, pass: true });
    expect(row.relToOracle).toBeLessThan(5e-5);
  });

  test('an oracle whose gradient is falsified ends with 1', async () => {
    const cwd = temporary();
    const file = JSON.parse(fs.readFileSync(skipOracle, 'utf8'));
    file.gradients.z3.data[0] *= 1.001;
    fs.writeFileSync(path.join(cwd, 'false.json'), JSON.stringify(file));
    const { code, stdout } = await isochron([...onCpu, 'false.json'], { cwd });
    expect(code).toBe(1);
    expect(stdout).toMatch(/ FAIL\n/);
    const args = [...onCpu, '--json', 'false.json', 'skip'];
    const json = await isochron(args, { cwd });
    expect(json.code).toBe(1);
    const [bad, good] = objects(json.stdout);
    expect(bad).toMatchObject({ differingBits: 0, pass: false });
    expect(bad.relToOracle).toBeGreaterThan(1e-5);
    expect(good).toMatchObject({ case: 'skip', pass: true });
  });

  test.each([
    ['--param', 'gamma=0.5'],
    ['--param', 'levelled=false'],
    ['--rule', 'il'],
  ])('%s %s is not exact: it differs, and ends with 0', async (...more) => {
    const args = [...onCpu, ...more];
    const { code, stdout } = await isochron([...args, '--json', 'skip']);
    expect(code).toBe(0);
    const [row] = objects(stdout);
    expect(row.differingBits).toBeGreaterThan(0);
    expect(row.relToBp).toBeGreaterThan(0);
    expect(row.pass).toBe(true);
    const text = await isochron([...args, 'skip']);
    expect(text.stdout).toMatch(/not exact: differences are expected/);
  });

  test('the seed is told, and the same seed gives the same row', async () => {
    const args = [...onCpu, '--json', '--rule', 'il', 'mlp', '--seed'];
    const [one] = objects((await isochron([...args, '7'])).stdout);
    const [again] = objects((await isochron([...args, '7'])).stdout);
    const [other] = objects((await isochron([...args, '8'])).stdout);
    expect(one.seed).toBe(7);
    expect(again).toEqual(one);
    expect(other.relToBp).not.toBe(one.relToBp);
  });

  test('files are read before anything is computed', async () => {
    const ending = await isochron([...onCpu, '--json', 'skip', 'nosuch.json']);
    expect(ending.code).toBe(1);
    expect(objects(ending.stdout)).toEqual([
      { error: expect.stringMatching('nosuch.json'), type: 'FileError' },
    ]);
    complaint(ending);
  });
});

// Oracle: the theorem, and each of its conditions. Twelve rules and ablations
// a model: three models are enough to see the command.
describe.concurrent('check --all', () => {
  const some = ['check', '--all', 'mlp', 'skip', 'rnn'];

  test('every exact rule on every backend, and the ablations', async () => {
    const { code, stdout, stderr } = await isochron([...some, '--json']);
    expect(code).toBe(0);
    const rows = objects(stdout);
    const backends = new Set(rows.map((row) => `${row.backend} ${row.dtype}`));
    const without = /webgpu is not checked/.test(stderr);
    expect([...backends].sort()).toEqual(
      ['cpu f32', 'cpu f64', 'webgpu f32'].slice(0, without ? 2 : 3),
    );
    expect(rows).toHaveLength(3 * 6 * backends.size);
    for (const row of rows) {
      expect(row.pass).toBe(true);
      if (row.dropped === null) {
        expect(['zil', 'fazil']).toContain(row.rule);
        expect(row).toMatchObject({ expected: 'equal', differingBits: 0 });
      } else if (row.expected === 'differs') {
        expect(row.differingBits).toBeGreaterThan(0);
      } else {
        expect(row).toMatchObject({
          ...{ case: 'mlp', dropped: 'not levelled', differingBits: 0 },
          ...{ expected: 'equal', note: 'levelled by itself' },
        });
      }
    }
  });

  test('as one table, a line a model and backend', async () => {
    const args = [...some, '--backend', 'cpu', '--dtype', 'f64'];
    const { code, stdout } = await isochron(args);
    expect(code).toBe(0);
    const [head, , ...rows] = lines(stdout);
    expect(head).toMatch(/^case +backend +weights +zil +fazil +not levelled +/);
    expect(rows[0]).toMatch(
      /^mlp +cpu f64 +\d+ +0 +0 +levelled by itself +(\d+ +){3}pass$/,
    );
    expect(rows[1]).toMatch(/^skip +cpu f64 +3 +0 +0 +([123] +){4}pass$/);
    expect(rows[2]).toMatch(/^rnn +cpu f64 +\d+ +0 +0 +(\d\d +){4}pass$/);
    expect(lines(stdout).at(-1)).toBe(
      "As the theory has it: 6 updates that equal bp's, 11 that must not " +
        '(seed 1).',
    );
  });

  test('without an adapter it says so, and ends with 0', async () => {
    const env = {
      ISOCHRON_ADAPTER: 'system',
      VK_DRIVER_FILES: '/nonexistent',
      VK_ICD_FILENAMES: undefined,
    };
    const { code, stdout } = await isochron(['check', '--all', 'skip'], {
      env,
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nwebgpu: not checked\. No usable WebGPU adapter/);
  });

  test('a file whose parameters all learn is held to what must differ', async () => {
    const args = ['check', '--all', skipOracle, '--backend', 'cpu', '--json'];
    const ending = await isochron(args);
    expect(ending.code).toBe(0);
    const claims = objects(ending.stdout).filter((row) => row.dropped !== null);
    expect(claims).toHaveLength(8);
    for (const row of claims) {
      expect(row).toMatchObject({ expected: 'differs', pass: true });
    }
  });

  // Data all 0: no condition matters where nothing is learnt.
  test('a file with gradients of 0 makes no such claim', async () => {
    const cwd = temporary();
    const file = JSON.parse(fs.readFileSync(skipOracle, 'utf8'));
    file.leaves.s.data[0] = 0;
    file.target.data[0] = 0;
    delete file.gradients;
    fs.writeFileSync(path.join(cwd, 'still.json'), JSON.stringify(file));
    const args = ['check', '--all', '--backend', 'cpu', 'still.json'];
    const { code, stdout } = await isochron(args, { cwd });
    expect(code).toBe(0);
    expect(stdout).not.toMatch('FAIL');
  });

  test.each([
    [['--rule', 'zil'], /Option --all takes every exact rule: leave --rule/],
    [['--param', 'gamma=1'], /leave --rule and --param out/],
    [['--json', '--csv'], /Options --json and --csv: give one of them/],
    [['--batch', '0'], /--batch = 0: give a whole number >= 1/],
  ])('%j is wrong use', async (more, told) => {
    const ending = await isochron([...some, ...more]);
    expect(ending.code).toBe(2);
    expect(complaint(ending)).toMatch(told);
  });
});

describe.concurrent('models of the papers', () => {
  test('one alone, with a batch of its own', async () => {
    const args = [...onCpu, '--json', 'rnn-salvatori', '--batch', '2'];
    const { code, stdout } = await isochron(args);
    expect(code).toBe(0);
    const [row] = objects(stdout);
    // By hand: 128 x 57 + 128 x 128 + 18 x 128.
    expect(row).toMatchObject({ elements: 25984, differingBits: 0 });
  });

  test('a file has a batch size of its own', async () => {
    const ending = await isochron([...onCpu, skipOracle, '--batch', '2']);
    expect(ending.code).toBe(2);
    expect(complaint(ending)).toMatch(/is no model, and a file has a batch/);
  });
});

// Oracle: RFC 4180; the same rows as JSON.
test('--csv: a head and a record a row', async () => {
  const args = [...onCpu, 'skip', 'mlp'];
  const { code, stdout } = await isochron([...args, '--csv']);
  expect(code).toBe(0);
  const rows = objects((await isochron([...args, '--json'])).stdout);
  const records = stdout.split('\r\n');
  expect(records).toHaveLength(4);
  expect(records[0].split(',')).toEqual(Object.keys(rows[0]));
  rows.forEach((row, i) => {
    const text = Object.values(row).map((value) => `${value ?? ''}`);
    expect(records[i + 1].split(',')).toEqual(text);
  });
  expect(records[3]).toBe('');
});
