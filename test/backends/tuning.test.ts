/**
 * The choice of a form of summing products. Oracle: what the choice may depend
 * on, as stated: the traits of the adapter, and a file that holds for one
 * adapter and one version of the kernels. What is fastest is for benchmarks.
 */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gpu } from '../../src/backends/webgpu/device.ts';
import { candidatesOf, traitsOf } from '../../src/backends/webgpu/traits.ts';
import { bestForm } from '../../src/backends/webgpu/tuning.ts';
import { WebGpuBackend } from '../../src/backends/webgpu/webgpu.ts';
import { OptionError } from '../../src/base/errors.ts';
import { describeWebGpu, webgpu } from '../backends.ts';

describeWebGpu('choice of a form', () => {
  let folder = '';
  let gpu: Gpu;
  const living: GPUComputePipeline[] = [];
  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'isochron-tuning-'));
    const open = (await webgpu()).gpu;
    // Measured as a GPU is, whatever it is.
    gpu = { ...open, info: { ...open.info, isSoftware: false } };
    // Dawn gives a pipeline again while it lives: each is compiled once.
    const { device } = open;
    const make = device.createComputePipelineAsync.bind(device);
    device.createComputePipelineAsync = async (descriptor) => {
      const pipeline = await make(descriptor);
      living.push(pipeline);
      return pipeline;
    };
  });
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  const read = (file: string): Record<string, string> =>
    JSON.parse(fs.readFileSync(file, 'utf8'));

  test('is kept, and read the next time', async () => {
    const file = path.join(folder, 'new', 'forms.json');
    const form = await bestForm(gpu, { file });
    expect(candidatesOf(gpu)).toContain(form);
    const [[key, kept], ...more] = Object.entries(read(file));
    expect(kept).toBe(form);
    expect(more).toEqual([]);
    expect(fs.readdirSync(path.dirname(file))).toEqual(['forms.json']);
    for (const other of candidatesOf(gpu)) {
      fs.writeFileSync(file, JSON.stringify({ [key]: other }));
      expect(await bestForm(gpu, { file })).toBe(other);
    }
  });

  test('is made anew for other adapters and other kernels', async () => {
    const file = path.join(folder, 'forms.json');
    await bestForm(gpu, { file });
    const [[key]] = Object.entries(read(file));
    const info = { ...gpu.info, description: 'another' };
    await bestForm({ ...gpu, info }, { file });
    const keys = Object.keys(read(file));
    expect(keys).toHaveLength(2);
    expect(keys[1]).toContain('another');
    // The last word of a key is the kernels' version.
    const old = key.replace(/\w+$/, '0');
    fs.writeFileSync(file, JSON.stringify({ [old]: 'registers' }));
    await bestForm(gpu, { file });
    expect(Object.keys(read(file))).toEqual([old, key]);
  });

  test('does without a file, with a spoiled one, and with none to write', async () => {
    const file = path.join(folder, 'spoiled.json');
    const forms = candidatesOf(gpu);
    expect(forms).toContain(await bestForm(gpu, { file: null }));
    for (const text of ['{"a":', 'null', '[7]']) {
      fs.writeFileSync(file, text);
      expect(forms).toContain(await bestForm(gpu, { file }));
      expect(forms).toContain(Object.values(read(file)).at(-1));
    }
    const [[key]] = Object.entries(read(file));
    for (const wrong of ['naive', 3]) {
      fs.writeFileSync(file, JSON.stringify({ [key]: wrong }));
      expect(forms).toContain(await bestForm(gpu, { file }));
    }
    // A folder in the way of the file, and a file in the way of its folder.
    expect(forms).toContain(await bestForm(gpu, { file: folder }));
    const below = path.join(file, 'forms.json');
    expect(forms).toContain(await bestForm(gpu, { file: below }));
  });

  test('is known for software, and no file is made', async () => {
    const file = path.join(folder, 'software.json');
    const { info } = gpu;
    const software = { ...gpu, info: { ...info, isSoftware: true } };
    const with8 = { ...software, subgroup: { min: 8, max: 8 } };
    expect(await bestForm(with8, { file })).toBe('subgroup');
    for (const subgroup of [
      null,
      { min: 4, max: 16 },
      { min: 128, max: 128 },
    ]) {
      const form = await bestForm({ ...software, subgroup }, { file });
      expect(form).toBe('registers');
    }
    expect(fs.existsSync(file)).toBe(false);
  });

  test('is one that the adapter has', () => {
    const without = { ...gpu, subgroup: null };
    expect(candidatesOf(without)).toEqual(['registers', 'workgroup']);
    const make = (form: string) => () =>
      new WebGpuBackend(without, { form: form as 'naive' });
    expect(make('subgroup')).toThrow(OptionError);
    expect(make('none')).toThrow(OptionError);
    expect(make('naive')().traits).toEqual({ subgroup: 0, form: 'naive' });
    const lanes = { ...gpu, subgroup: { min: 32, max: 32 } };
    expect(traitsOf(lanes)).toEqual({ subgroup: 32, form: 'registers' });
    expect(traitsOf(lanes, 'subgroup').form).toBe('subgroup');
  });
});
