import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import {
  type AdapterChoice,
  type Gpu,
  openGpu,
} from '../../src/backends/webgpu/device.ts';
import { bufferUsage } from '../../src/backends/webgpu/dispatch.ts';
import { readTar } from '../../src/backends/webgpu/driver.ts';
import { fingerprint } from '../../src/backends/webgpu/fingerprint.ts';
import { wgsl } from '../../src/backends/webgpu/wgsl.ts';
import {
  DeviceFailedError,
  DeviceMissingError,
  FileError,
  FormatError,
  messageOf,
  OptionError,
} from '../../src/base/errors.ts';

const onLinux = process.platform === 'linux' && process.arch === 'x64';
const nowhere = '/nonexistent';
const opened: Gpu[] = [];
afterAll(() => {
  for (const gpu of opened) gpu.destroy();
});

async function opens(adapter?: AdapterChoice): Promise<Gpu> {
  const gpu = await openGpu({ adapter });
  opened.push(gpu);
  return gpu;
}

/** A machine without an adapter may pass by hand, but never under CI. */
const here = await opens().catch((error) => {
  if (process.env['CI']) throw error;
  process.stderr.write(`device tests skipped: ${messageOf(error)}\n`);
  return null;
});
const system = await opens('system').catch(() => null);

interface Ending {
  readonly code: number | null;
  readonly fact: Record<string, unknown>;
}

/** Runs device-child.ts in a process of its own. */
function child(scene: string, env: Record<string, string>): Promise<Ending> {
  const file = fileURLToPath(new URL('device-child.ts', import.meta.url));
  // Node 20 runs no TypeScript, so Vite's runner loads the file.
  const script = `(await import('vite')).runnerImport(${JSON.stringify(file)})`;
  const args = ['--input-type=module', '-e', script, scene];
  const started = spawn(process.execPath, args, {
    env: { ...process.env, ISOCHRON_ADAPTER: '', ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let out = '';
  started.stdout.on('data', (chunk) => {
    out += chunk;
  });
  return new Promise((resolve, reject) => {
    started.on('error', reject);
    started.on('close', (code) => {
      resolve({ code, fact: JSON.parse(out || '{}') });
    });
  });
}

describe.skipIf(!here)('the default device', () => {
  const gpu = here as Gpu;

  test('tells what it is, and asks for more than the default limits', () => {
    expect(gpu.info.description + gpu.info.device).not.toBe('');
    expect(gpu.limits.maxBufferSize).toBeGreaterThanOrEqual(2 ** 28);
    expect(gpu.device.limits.maxBufferSize).toBe(gpu.limits.maxBufferSize);
    expect(gpu.subgroup !== null).toBe(gpu.features.has('subgroups'));
    expect(() => gpu.check()).not.toThrow();
  });

  test('is refused when it computes nothing', async () => {
    const opening = openGpu({ dawnFlags: ['backend=null'] });
    await expect(opening).rejects.toThrow(DeviceMissingError);
    await expect(opening).rejects.toThrow(/computes nothing/);
  });

  test('is missing when a driver of an unknown name is asked for', async () => {
    const opening = openGpu({ dawnFlags: ['adapter=no such adapter'] });
    await expect(opening).rejects.toThrow(DeviceMissingError);
    await expect(opening).rejects.not.toThrow(/\n/);
  });

  test('fails its check after a broken shader', async () => {
    const broken = await opens();
    broken.device.createShaderModule({ code: 'broken' });
    await broken.device.queue.onSubmittedWorkDone();
    expect(() => broken.check()).toThrow(DeviceFailedError);
    expect(() => broken.check()).toThrow(/failed \(.*WGSL.*\): /);
    broken.destroy();
  });

  test('reports the first of several errors, a bind group here', async () => {
    const broken = await opens();
    const layout = broken.device.createBindGroupLayout({ entries: [] });
    const { storage } = bufferUsage;
    const buffer = broken.device.createBuffer({ size: 16, usage: storage });
    broken.device.createBindGroup({
      layout,
      entries: [{ binding: 0, resource: { buffer } }],
    });
    broken.device.createShaderModule({ code: 'broken' });
    await broken.device.queue.onSubmittedWorkDone();
    expect(() => broken.check()).toThrow(/CreateBindGroup/);
    broken.destroy();
  });

  test('fails its check when it is lost or closed', async () => {
    const lost = await opens();
    lost.device.destroy();
    await lost.device.lost;
    expect(() => lost.check()).toThrow(/device lost/);
    const closed = await opens();
    closed.destroy();
    expect(() => closed.check()).toThrow(/it is closed/);
  });

  test('can be closed twice, and opened many times', async () => {
    for (let i = 0; i < 5; i++) {
      const next = await opens();
      next.destroy();
      next.destroy();
    }
    const [one, two] = await Promise.all([opens(), opens()]);
    one.destroy();
    expect(() => two.check()).not.toThrow();
    two.destroy();
  });
});

test('an unknown adapter choice is an option error', async () => {
  const adapter = 'gpu' as AdapterChoice;
  await expect(openGpu({ adapter })).rejects.toThrow(OptionError);
});

// Oracle: IEEE 754 by the CPU's Math.fround, and what each driver is known
// to do with the freedom that WGSL leaves.
const exact = {
  contracted: false,
  fusedFma: false,
  nearestEven: true,
  divisionExact: true,
  squareRootExact: true,
  nanBitTest: true,
};

describe('fingerprint', () => {
  test.skipIf(!onLinux)('of SwiftShader: exact, but flushes', async () => {
    const gpu = await opens('swiftshader');
    expect(gpu.info).toMatchObject({
      driverSource: 'bundled SwiftShader',
      isSoftware: true,
      backend: 'vulkan',
    });
    const found = await fingerprint(gpu);
    expect(found).toMatchObject({
      ...exact,
      subnormalInputs: false,
      subnormalResults: false,
      rewritesSums: false,
    });
    expect(found.hash).toBe(found.cpuHash);
  });

  const lavapipe = system && /llvmpipe/.test(system.info.device);
  test.skipIf(!lavapipe)('of lavapipe: exact, but rewrites sums', async () => {
    const gpu = system as Gpu;
    expect(gpu.info).toMatchObject({
      driverSource: 'system',
      isSoftware: true,
      backend: 'vulkan',
    });
    const found = await fingerprint(gpu);
    expect(found).toMatchObject({
      ...exact,
      subnormalInputs: true,
      subnormalResults: true,
      rewritesSums: true,
    });
    expect(found.hash).toBe(found.cpuHash);
  });

  test.skipIf(!here)('is plain JSON, the same twice', async () => {
    const gpu = here as Gpu;
    const found = await fingerprint(gpu);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
    expect(await fingerprint(gpu)).toEqual(found);
    expect(found.hash).toMatch(/^[0-9a-f]{8}$/);
  });
});

describe.skipIf(!onLinux)('in a process of its own', () => {
  test('no adapter: one line, what was tried and what to do', async () => {
    const env = { ISOCHRON_ADAPTER: 'system', VK_DRIVER_FILES: nowhere };
    const { fact } = await child('open', env);
    expect(fact).toMatchObject({ name: 'DeviceMissingError', exitCode: 3 });
    expect(fact['message']).toMatch(
      /^No usable WebGPU adapter \(.*no adapter with VK_DRIVER_FILES=.*\): /,
    );
    expect(fact['message']).toMatch(/mesa-vulkan-drivers.*--backend cpu$/);
  });

  test('no system driver: SwiftShader, environment untouched', async () => {
    const { code, fact } = await child('open', { VK_DRIVER_FILES: nowhere });
    expect(fact).toEqual({
      source: 'bundled SwiftShader',
      variable: nowhere,
    });
    expect(code).toBe(0);
  });

  test('processes may race to unpack the driver', async () => {
    const cache = fs.mkdtempSync(path.join(os.tmpdir(), 'isochron-test-'));
    try {
      const env = { ISOCHRON_ADAPTER: 'swiftshader', ISOCHRON_CACHE: cache };
      const races = [1, 2, 3].map(() => child('open', env));
      for (const { code, fact } of await Promise.all(races)) {
        expect(fact['source']).toBe('bundled SwiftShader');
        expect(code).toBe(0);
      }
      const left = fs.readdirSync(path.join(cache, 'isochron'));
      expect(left).toEqual(['swiftshader-147.0.0']);
    } finally {
      fs.rmSync(cache, { recursive: true });
    }
  });

  test('a cache that cannot be written is no obstacle', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'isochron-test-'));
    try {
      const { fact } = await child('open', {
        ISOCHRON_ADAPTER: 'swiftshader',
        ISOCHRON_CACHE: path.join(os.devNull, 'cache'),
        TMPDIR: folder,
      });
      expect(fact['source']).toBe('bundled SwiftShader');
      expect(fs.readdirSync(folder)).toHaveLength(1);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  for (const adapter of system ? ['swiftshader', 'system'] : ['swiftshader']) {
    const env = { ISOCHRON_ADAPTER: adapter };
    test(`${adapter}: exit with work in flight does not crash`, async () => {
      // A code of its own shows that the scene was reached.
      const endings = [1, 2, 3].map(() => child('exit', env));
      const codes = (await Promise.all(endings)).map(({ code }) => code);
      expect(codes).toEqual([7, 7, 7]);
    });

    test(`${adapter}: an exception still ends with code 1`, async () => {
      expect((await child('throw', env)).code).toBe(1);
    });

    test(`${adapter}: an open device does not keep a process`, async () => {
      expect((await child('open', env)).code).toBe(0);
    });
  }
});

describe('tar', () => {
  /** One header with its checksum, and `content` after it. */
  function tar(name: string, content: string, type = '0'): Uint8Array {
    const bytes = new Uint8Array(512 + Math.ceil(content.length / 512) * 512);
    const put = (at: number, text: string) => {
      bytes.set(new TextEncoder().encode(text), at);
    };
    put(0, name);
    put(124, content.length.toString(8).padStart(11, '0'));
    put(156, type);
    put(148, ' '.repeat(8));
    const sum = bytes.reduce((total, byte) => total + byte, 0);
    put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
    put(512, content);
    return bytes;
  }

  test('gives back plain files', () => {
    const files = readTar(tar('a.so', 'text'));
    expect([...files.keys()]).toEqual(['a.so']);
    expect(new TextDecoder().decode(files.get('a.so'))).toBe('text');
  });

  test.each(['../a', '/a', 'a/b', '..', '.', ''])('refuses "%s"', (name) => {
    expect(() => readTar(tar(name || ' ', 'text'))).toThrow(FormatError);
  });

  test.each(['1', '2', '5', 'x'])('refuses members of type %s', (type) => {
    expect(() => readTar(tar('a', 'text', type))).toThrow(FormatError);
  });

  test('refuses a damaged or shortened archive', () => {
    const whole = tar('a', 'text');
    expect(() => readTar(whole.subarray(0, 600))).not.toThrow();
    expect(() => readTar(whole.subarray(0, 514))).toThrow(FormatError);
    const damaged = whole.slice();
    damaged[0] += 1;
    expect(() => readTar(damaged)).toThrow(FormatError);
  });
});

describe('kernel texts', () => {
  test('are those of the files', () => {
    const folder = new URL('../../kernels/', import.meta.url);
    const files = fs.readdirSync(folder).filter((f) => f.endsWith('.wgsl'));
    expect(files).toContain('fingerprint.wgsl');
    for (const file of files) {
      const text = fs.readFileSync(new URL(file, folder), 'utf8');
      expect(wgsl(file.replace('.wgsl', '')), file).toBe(text);
    }
  });

  test.each(['no_such_kernel', '../package', ''])('"%s"', (name) => {
    expect(() => wgsl(name)).toThrow(FileError);
  });
});
