/** The one line by which the same tests run over all backends. */

import { afterAll, beforeEach, describe } from 'vitest';
import type { Backend } from '../src/backends/backend.ts';
import { CpuBackend } from '../src/backends/cpu/cpu.ts';
import { openGpu } from '../src/backends/webgpu/device.ts';
import { WebGpuBackend } from '../src/backends/webgpu/webgpu.ts';
import { DeviceMissingError } from '../src/base/errors.ts';

export type BackendLabel = 'cpu f64' | 'cpu f32' | 'webgpu';

let opening: Promise<WebGpuBackend> | null = null;

/** The file's one WebGPU backend: opened when first asked for, then kept. */
export function webgpu(): Promise<WebGpuBackend> {
  opening ??= openGpu().then((gpu) => new WebGpuBackend(gpu));
  return opening;
}

/**
 * Runs a block of tests on WebGPU. Without an adapter it is skipped with the
 * reason, but under CI=true it fails: there a skip would hide a broken setup.
 */
export function describeWebGpu(name: string, body: () => void): void {
  describe(name, () => {
    beforeEach(async (context) => {
      try {
        await webgpu();
      } catch (error) {
        const missing = error instanceof DeviceMissingError;
        if (!missing || process.env['CI'] === 'true') throw error;
        console.warn(`skipped: ${error.message}`);
        context.skip(error.message);
      }
    });
    afterAll(async () => {
      // Errors that no call threw must not pass unseen.
      (await opening?.catch(() => null))?.gpu.check();
    });
    body();
  });
}

/** Runs a block of tests on every backend; `open` gives it, always the same. */
export function describeBackends(
  name: string,
  body: (open: () => Promise<Backend>, label: BackendLabel) => void,
): void {
  for (const dtype of ['f64', 'f32'] as const) {
    const backend = new CpuBackend(dtype);
    const label: BackendLabel = `cpu ${dtype}`;
    describe(`${name}, ${label}`, () => body(async () => backend, label));
  }
  describeWebGpu(`${name}, webgpu`, () => body(webgpu, 'webgpu'));
}
