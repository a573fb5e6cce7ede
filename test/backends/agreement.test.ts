/**
 * The same training on three machines at once, to the last bit: the CPU in
 * float32, the system's Vulkan driver and SwiftShader.
 */

import { afterAll, expect, test } from 'vitest';
import { mlp } from '../../models/index.ts';
import type { Backend } from '../../src/backends/backend.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { openGpu } from '../../src/backends/webgpu/device.ts';
import { WebGpuBackend } from '../../src/backends/webgpu/webgpu.ts';
import { DeviceMissingError } from '../../src/base/errors.ts';
import { loadDataset } from '../../src/data/datasets.ts';
import { bp } from '../../src/rules/bp.ts';
import type { Rule } from '../../src/rules/rule.ts';
import { zil } from '../../src/rules/zil.ts';
import { adam } from '../../src/simulation/optim.ts';
import { Simulation } from '../../src/simulation/simulate.ts';
import { expectSameBits } from '../properties/support.ts';

const BATCH = 32;
const STEPS = 20;
const digits = await loadDataset('digits', { trainCount: 640, testCount: 10 });

/** A backend, or null where this machine has no such driver. */
async function gpu(adapter: 'system' | 'swiftshader') {
  try {
    return new WebGpuBackend(await openGpu({ adapter }));
  } catch (error) {
    if (error instanceof DeviceMissingError) return null;
    throw error;
  }
}

// Opened together and used in turns: one process, three machines.
const system = await gpu('system');
const swiftshader = await gpu('swiftshader');
const adapters = [system, swiftshader].filter((backend) => backend !== null);
if (adapters.length === 0 && process.env['CI'] === 'true') {
  throw new Error('no adapter at all, and CI needs one');
}
afterAll(() => {
  for (const backend of adapters) backend.close();
});

/** One batch: pixels from 0 to 1, labels one-hot. */
function feeds(step: number) {
  const { images, labels } = digits.train;
  const target = new Float32Array(BATCH * 10);
  for (let row = 0; row < BATCH; row++) {
    target[row * 10 + labels[step * BATCH + row]] = 1;
  }
  const from = step * BATCH * 784;
  const x = Float32Array.from(
    images.subarray(from, from + BATCH * 784),
    (pixel) => pixel / 255,
  );
  return { x, target };
}

function open(backend: Backend, rule: Rule): Simulation {
  const graph = mlp({
    ...{ sizes: [784, 64, 32, 10], batch: BATCH, activation: 'tanh' },
    ...{ loss: 'softmax_xent', reduction: 'mean' },
  });
  const optimiser = adam({ lr: 0.004 });
  return Simulation.open(graph, { rule, backend, optimiser, seed: 5 });
}

// Oracle: the CPU backend, whose every operation is Math.fround of the
// float64 one. SwiftShader flushes subnormal numbers and lavapipe keeps them:
// of these data none reaches a weight.
test.skipIf(adapters.length === 0).each([zil(), bp()])(
  '$name: 20 steps with adam give the same weights on all of them',
  async (rule) => {
    const backends: Backend[] = [new CpuBackend('f32'), ...adapters];
    const runs = backends.map((backend) => open(backend, rule));
    const before = await runs[0].allParameters();
    for (let step = 0; step < STEPS; step++) {
      const losses: number[] = [];
      for (const run of runs) losses.push((await run.step(feeds(step))).loss);
      // A first difference is told by its step.
      for (const loss of losses)
        expect([step, loss]).toEqual([step, losses[0]]);
    }
    const wanted = await runs[0].allParameters();
    expect(() => expectSameBits(wanted, before)).toThrow(/\[\d+\] is/);
    for (const run of runs) {
      expectSameBits(await run.allParameters(), wanted);
      run.destroy();
    }
  },
);

test('no two of them are the same', () => {
  const names = adapters.map(({ description }) => description);
  expect(new Set(names).size).toBe(names.length);
});

// On linux x64 the development tools bring SwiftShader, so under CI the test
// above always compares it with the CPU at least.
test.skipIf(process.platform !== 'linux' || process.arch !== 'x64')(
  'SwiftShader is there',
  () => {
    expect(swiftshader?.gpu.info.driverSource).toBe('bundled SwiftShader');
  },
);
