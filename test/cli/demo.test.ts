import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readWeights } from '../../src/training/checkpoint.ts';
import { isochron, temporary } from './run.ts';

// Oracle: the theorem that zil equals bp to the bit, over a whole training,
// on the adapter that a user of this machine would get.
test('demo: trains, equals bp, saves what it says', async () => {
  const cwd = temporary();
  const ending = await isochron(['demo', '--out', 'out', '--seed', '3'], {
    cwd,
    env: { ISOCHRON_DATA: undefined, ISOCHRON_CACHE: cwd },
  });
  expect(ending.stderr).not.toMatch('isochron:');
  expect(ending.code).toBe(0);
  const file = path.join(cwd, 'out', 'result.json');
  const result = JSON.parse(fs.readFileSync(file, 'utf8'));
  expect(result).toMatchObject({
    ...{ command: 'demo', rule: 'zil', against: 'bp', seed: 3 },
    model: { name: 'mlp', sizes: [784, 64, 32, 10], batch: 32 },
    data: { name: 'digits', synthetic: true },
    optimiser: { name: 'adam', lr: 0.004 },
    differingBits: 0,
    // 784 * 64 + 64 + 64 * 32 + 32 + 32 * 10 + 10
    elements: 52_650,
    steps: 1500,
    backend: expect.stringMatching(/^(cpu|webgpu)$/),
    device: expect.any(String),
  });
  // The other backend must not be missing where there has to be an adapter.
  if (process.env['CI'] === 'true' || result.otherDevice) {
    expect(`${result.device} ${result.otherDevice}`).toMatch(/webgpu/);
    expect(result).toMatchObject({
      ...{ otherSteps: 100, otherElements: 52_650, otherDifferingBits: 0 },
    });
  }
  if (result.backend === 'webgpu') {
    expect(result.adapter.vendor).toEqual(expect.any(String));
    expect(result.fingerprint.hash).toMatch(/^[0-9a-f]{8}$/);
  }
  const { kernelCalls } = result;
  expect(kernelCalls.pruned.calls).toBeLessThan(
    kernelCalls['event-driven'].calls,
  );
  expect(result.accuracy).toBeGreaterThan(0.8);
  const weights = await readWeights(
    path.join(cwd, 'out', 'weights.safetensors'),
  );
  expect(weights.get('W1')?.shape).toEqual([64, 784]);
  expect(weights.get('W1')?.data).toHaveLength(64 * 784);
  expect(ending.stdout).toMatch('2. Z-IL learns, BP beside it');
  expect(ending.stdout).toMatch('0 of 52650 weights differ in any bit');
});
