/**
 * What is generated of a few kernels, as files that a reader can see and a diff
 * can show: WGSL as text, WebAssembly in hexadecimal. Oracle: yesterday's; the
 * bits are held elsewhere. After a change that is meant: `npx vitest -u`.
 */

import { expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { wgsl } from '../../src/backends/webgpu/wgsl.ts';
import { readLoop } from '../../src/formula/loop.ts';
import { rangedLoop } from '../../src/formula/wasm-loop.ts';
import { mathWgsl } from '../../src/formula/wgsl.ts';
import { productCode } from '../../src/kernels/contraction-wasm-code.ts';
import type { Kernel } from '../../src/kernels/kernel.ts';
import { shaderOf } from '../../src/kernels/shader.ts';
import { lif, poisson } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { NetworkRun } from '../../src/network/run/run.ts';
import { opByName } from '../../src/ops/table.ts';
import { casesOf, recordOp } from '../ops/cases.ts';

const TRAITS = { subgroup: 8, form: 'subgroup' } as const;

/** Kernels of an op's first case, then of its messages. */
function kernelsOf(name: string): Kernel[] {
  const op = opByName.get(name)!;
  return recordOp(op, casesOf(op)[0]).calls.map(({ kernel }) => kernel);
}

/** Neurons and their deliveries, as a network on the CPU records them. */
async function networkKernels(): Promise<Kernel[]> {
  const network = new Network({ dt: 1 });
  network.population('noise', 2, poisson);
  network.population('cells', 2, lif);
  network.project('noise', 'cells', { weight: 1, delay: 2 });
  const kernels: Kernel[] = [];
  class Watching extends CpuBackend {
    override compile(...args: Parameters<CpuBackend['compile']>) {
      kernels.push(...args[0].calls.map(({ kernel }) => kernel));
      return super.compile(...args);
    }
  }
  const run = NetworkRun.open(network, { backend: new Watching('f32') });
  await run.runTicks(1);
  await run.destroy();
  return kernels;
}

const named = (kernels: readonly Kernel[], name: string) =>
  kernels.find((kernel) => kernel.name.startsWith(name))!;

const SHADERS: Readonly<Record<string, () => Kernel | Promise<Kernel>>> = {
  silu: () => kernelsOf('silu')[0],
  linear: () => kernelsOf('linear')[0],
  'conv2d-weight': () => kernelsOf('conv2d')[2],
  sum: () => kernelsOf('sum')[0],
  maxpool2d: () => kernelsOf('maxpool2d')[0],
  lif: async () => named(await networkKernels(), 'neurons lif'),
};

test.each(Object.entries(SHADERS))('WGSL of %s', async (name, kernel) => {
  const text = shaderOf(await kernel(), TRAITS, wgsl).replace(mathWgsl(), '');
  await expect(text).toMatchFileSnapshot(`generated/${name}.wgsl`);
});

test('WGSL of the elementary functions', async () => {
  await expect(mathWgsl()).toMatchFileSnapshot('generated/math.wgsl');
});

const loop = readLoop({
  arrays: ['v', 'input'],
  constants: ['keep'],
  lets: [['next', 'keep * v + tanh(input)']],
  stores: [['v', 'where(next > 1, 0, next)']],
});
const MODULES: Readonly<Record<string, () => Uint8Array | null>> = {
  'loop-f32': () => rangedLoop(loop, true),
  'product-f32': () => productCode(true),
  'product-f64': () => productCode(false),
};

test.each(Object.entries(MODULES))('WebAssembly of %s', async (name, make) => {
  const bytes = [...make()!].map((byte) => byte.toString(16).padStart(2, '0'));
  const lines = Array.from({ length: Math.ceil(bytes.length / 26) }, (_, i) =>
    bytes.slice(26 * i, 26 * (i + 1)).join(' '),
  );
  const text = `${lines.join('\n')}\n`;
  await expect(text).toMatchFileSnapshot(`generated/${name}.hex`);
});
