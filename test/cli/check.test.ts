import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
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
    expect(rows.length).toBeGreaterThanOrEqual(4);
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
    ['zil', ['--form', 'explicit', '--mode', 'event']],
  ])('%s %j is exact on an oracle too', async (rule, more) => {
    const args = [...onCpu, '--json', '--rule', rule, ...more, relu];
    const { code, stdout } = await isochron(args);
    expect(code).toBe(0);
    const [row] = objects(stdout);
    expect(row).toMatchObject({ rule, differingBits: 0, pass: true });
    expect(row.relToOracle).toBeLessThan(2e-5);
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
