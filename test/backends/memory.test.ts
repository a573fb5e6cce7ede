/** Device memory: what is taken is given back, what is foreign refused. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { mlp } from '../../models/index.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { openGpu } from '../../src/backends/webgpu/device.ts';
import { WebGpuBackend } from '../../src/backends/webgpu/webgpu.ts';
import { DeviceFailedError, OptionError } from '../../src/base/errors.ts';
import { GraphBuilder } from '../../src/graph/graph.ts';
import { zil } from '../../src/rules/zil.ts';
import { adam } from '../../src/simulation/optim.ts';
import { Simulation } from '../../src/simulation/simulate.ts';
import { describeWebGpu, webgpu } from '../backends.ts';

const SIZES = [8, 6, 4];
const BATCH = 4;
const feeds = {
  x: Float32Array.from({ length: BATCH * SIZES[0] }, (_, i) => Math.sin(i)),
  target: Float32Array.from({ length: BATCH * SIZES[2] }, (_, i) => i % 2),
};

function open(backend: WebGpuBackend, sizes = SIZES): Simulation {
  const graph = mlp({ sizes, batch: BATCH });
  const optimiser = adam();
  return Simulation.open(graph, { rule: zil(), backend, optimiser });
}

const extra: WebGpuBackend[] = [];
/** A backend of a test's own, which it may break. */
async function another(): Promise<WebGpuBackend> {
  const backend = new WebGpuBackend(await openGpu());
  extra.push(backend);
  return backend;
}
afterAll(() => {
  for (const backend of extra) backend.close();
});

/** A backend that has read once: the buffer for reading is kept. */
async function warm(): Promise<WebGpuBackend> {
  const backend = await webgpu();
  const simulation = open(backend);
  await simulation.step(feeds);
  simulation.destroy();
  return backend;
}

/** Resident memory has to be that of steps alone: a bare process, built. */
const LONG_RUN = `
import { adam, openBackend, Simulation, zil } from 'isochron';
import { mlp } from 'isochron/models';
const resident = async () => {
  // Twice: what finalizers release is garbage for the second.
  for (let round = 0; round < 2; round++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().rss / 2 ** 20;
};
const { backend } = await openBackend('webgpu');
const graph = mlp({ sizes: [8, 4], batch: 4 });
const options = { rule: zil(), backend, optimiser: adam() };
const simulation = Simulation.open(graph, options);
const feeds = { x: Array(32).fill(0.5), target: Array(16).fill(1) };
await simulation.step(feeds);
const bytes = new Set([backend.bytes]);
const memory = [];
for (let step = 2; step <= 24_000; step++) {
  await simulation.submit(feeds);
  // Waits for the device, so that submissions do not pile up.
  if (step % 50 === 0) await simulation.loss();
  bytes.add(backend.bytes);
  if (step % 2000 === 0) memory.push(await resident());
}
console.log(JSON.stringify({ bytes: [...bytes], memory }));
process.exit();
`;

describeWebGpu('memory of long runs', () => {
  test('24,000 steps take no more than one', () => {
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    const args = ['--expose-gc', '--input-type=module', '-e', LONG_RUN];
    const child = spawnSync(process.execPath, args, {
      cwd,
      encoding: 'utf8',
      // glibc keeps a heap for each of the driver's threads: noise here.
      env: { ...process.env, MALLOC_ARENA_MAX: '1' },
    });
    if (child.status !== 0) throw new Error(child.stderr);
    const found: { bytes: number[]; memory: number[] } = JSON.parse(
      child.stdout,
    );
    // After the first step nothing more is taken from the device.
    expect(found.bytes).toEqual([expect.any(Number)]);
    // Pools fill once, some 25 MiB within the first 8,000 steps; after that
    // 40,000 steps stay within 3 MiB. So the least of the last
    // three samples is held against the least of the three before, 6,000
    // steps apart: one buffer of 256 bytes kept a step, as tried, adds 9 MiB.
    const least = (from: number, to: number) =>
      Math.min(...found.memory.slice(from, to));
    expect(least(9, 12) - least(6, 9)).toBeLessThan(4);
  });

  test('200 times opened, compiled, run and destroyed', async () => {
    const backend = await warm();
    const { bytes } = backend;
    for (let cycle = 0; cycle < 200; cycle++) {
      const simulation = open(backend);
      await simulation.submit(feeds);
      if (cycle % 20 === 0) {
        await simulation.predict({ x: feeds.x });
        await simulation.loss();
      }
      simulation.destroy();
      expect(backend.bytes).toBe(bytes);
    }
  });

  test('variants share the parameters and give back their own', async () => {
    const backend = await warm();
    const { bytes } = backend;
    const simulation = open(backend);
    const own = backend.bytes;
    const variant = simulation.variant(mlp({ sizes: SIZES, batch: 2 }));
    await variant.predict({ x: feeds.x.subarray(0, 16) });
    expect(backend.bytes).toBeGreaterThan(own);
    variant.close();
    expect(backend.bytes).toBe(own);
    simulation.destroy();
    simulation.destroy();
    expect(backend.bytes).toBe(bytes);
  });

  test('a probe, which compiles anew, leaves nothing behind', async () => {
    const backend = await warm();
    const { bytes } = backend;
    const simulation = open(backend);
    await simulation.submit(feeds);
    const ticks: number[] = [];
    simulation.probe('h1').error$.subscribe(({ tick }) => ticks.push(tick));
    await simulation.submit(feeds);
    expect(ticks.length).toBeGreaterThan(0);
    simulation.destroy();
    expect(backend.bytes).toBe(bytes);
  });
});

describeWebGpu('what does not fit', () => {
  test('a parameter beyond the adapter is an option error', async () => {
    const backend = await warm();
    const { maxBufferSize, maxStorageBufferBindingSize } = backend.gpu.limits;
    const most = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    const { bytes } = backend;
    const rows = Math.floor(most / 4 / 8) + 1;
    const opening = () => open(backend, [8, rows, 4]);
    expect(opening).toThrow(OptionError);
    expect(opening).toThrow(`binds at most ${most}`);
    expect(() => backend.allocate(most / 4 + 1)).toThrow(/or --backend cpu$/);
    // What was taken before it was found not to fit is given back.
    expect(backend.bytes).toBe(bytes);
    backend.gpu.check();
  });

  test('a second parameter that does not fit gives back the first', async () => {
    const backend = await warm();
    const { bytes } = backend;
    const { maxBufferSize, maxStorageBufferBindingSize } = backend.gpu.limits;
    const most = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    const g = new GraphBuilder();
    const small = g.param('small', [1000]);
    const large = g.param('large', [most / 4 + 1]);
    const graph = g.output(small.sum().add(large.sum()));
    const opening = () => Simulation.open(graph, { rule: zil(), backend });
    expect(opening).toThrow(OptionError);
    expect(backend.bytes).toBe(bytes);
  });

  test('nor does a value in the middle of a program', async () => {
    const backend = await warm();
    const { bytes } = backend;
    const { maxBufferSize, maxStorageBufferBindingSize } = backend.gpu.limits;
    const most = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    const side = Math.ceil(Math.sqrt(most / 4)) + 1;
    const g = new GraphBuilder();
    const column = g.param('column', [side, 1]);
    const row = g.param('row', [1, side]);
    const graph = g.output(column.matmul(row).sum());
    const simulation = Simulation.open(graph, { rule: zil(), backend });
    const running = simulation.submit({ target: [0] });
    await expect(running).rejects.toThrow(OptionError);
    simulation.destroy();
    expect(backend.bytes).toBe(bytes);
    backend.gpu.check();
  });
});

describeWebGpu('memory of another backend', () => {
  test('is refused, whichever it is', async () => {
    const mine = await another();
    const other = await another();
    const cpu = new CpuBackend('f32');
    const foreign = [
      [mine, cpu.allocate(4)],
      [cpu, mine.allocate(4)],
      [mine, other.allocate(4)],
    ] as const;
    for (const [backend, memory] of foreign) {
      expect(() => backend.write(memory, [1, 2, 3, 4])).toThrow(OptionError);
      await expect(async () => backend.read(memory)).rejects.toThrow(
        OptionError,
      );
    }
    // No device was troubled by it.
    mine.gpu.check();
    other.gpu.check();
  });
});

describeWebGpu('a device that fails', () => {
  test('an uncaptured error makes the next read throw', async () => {
    const backend = await another();
    const simulation = open(backend);
    await simulation.step(feeds);
    await simulation.submit(feeds);
    // A real validation error: a copy beyond the end of a buffer.
    const { device } = backend.gpu;
    const buffer = device.createBuffer({ size: 16, usage: 12 });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, buffer, 8, 16);
    device.queue.submit([encoder.finish()]);
    await expect(simulation.loss()).rejects.toThrow(DeviceFailedError);
    await expect(simulation.parameter('W1')).rejects.toThrow(/not to be trust/);
    await expect(simulation.step(feeds)).rejects.toThrow(DeviceFailedError);
  });

  test('a lost device makes the read in flight throw', async () => {
    const backend = await another();
    const simulation = open(backend);
    await simulation.submit(feeds);
    const reading = simulation.loss();
    backend.gpu.device.destroy();
    await expect(reading).rejects.toThrow(DeviceFailedError);
    await expect(simulation.step(feeds)).rejects.toThrow(DeviceFailedError);
  });

  test('a closed backend says so, and closes twice', async () => {
    const backend = await another();
    const simulation = open(backend);
    await simulation.step(feeds);
    backend.close();
    backend.close();
    expect(backend.bytes).toBe(0);
    await expect(simulation.step(feeds)).rejects.toThrow(/it is closed/);
    await expect(simulation.parameter('W1')).rejects.toThrow(DeviceFailedError);
  });
});
