/** Chooses and opens a backend by name. */

import { DeviceMissingError, messageOf, OptionError } from '../base/errors.ts';
import { oneOf } from '../base/options.ts';
import type { DType } from '../base/tensor.ts';
import type { Backend } from './backend.ts';
import { CpuBackend } from './cpu/cpu.ts';

export type BackendChoice = 'auto' | 'webgpu' | 'cpu';

export interface OpenedBackend {
  readonly backend: Backend;
  /** What was chosen and why, in one line; null where it was asked for. */
  readonly note: string | null;
}

/**
 * Opens a backend. `auto` takes a graphics adapter if there is one and float64
 * is not asked for, else the CPU: a software adapter is the CPU too, slower
 * than the CPU backend and to the same bits. Without a dtype, webgpu and cpu
 * compute in float32. Throws DeviceMissingError for `webgpu` without an adapter.
 */
export async function openBackend(
  choice: BackendChoice = 'auto',
  dtype?: DType,
): Promise<OpenedBackend> {
  oneOf('backend', choice, ['auto', 'webgpu', 'cpu']);
  if (dtype !== undefined) oneOf('dtype', dtype, ['f32', 'f64']);
  if (choice === 'cpu') {
    return { backend: new CpuBackend(dtype ?? 'f32'), note: null };
  }
  if (dtype === 'f64') {
    if (choice === 'webgpu') {
      throw new OptionError(
        'WebGPU has no float64: use backend cpu with dtype f64',
      );
    }
    return {
      backend: new CpuBackend('f64'),
      note: 'float64 is computed on the CPU: WebGPU has float32 only',
    };
  }
  try {
    const { openGpu } = await import('./webgpu/device.ts');
    const { WebGpuBackend } = await import('./webgpu/webgpu.ts');
    const { bestForm } = await import('./webgpu/tuning.ts');
    const gpu = await openGpu();
    const backend = new WebGpuBackend(gpu, { form: await bestForm(gpu) });
    if (choice === 'webgpu' || !backend.software) {
      return { backend, note: null };
    }
    const { description, device } = backend.gpu.info;
    backend.close();
    return {
      backend: new CpuBackend('f32'),
      note:
        'running on the CPU: the adapter here is software ' +
        `(${description || device}), which is slower and gives the same bits; ` +
        '--backend webgpu takes it',
    };
  } catch (error) {
    if (choice === 'webgpu' || !(error instanceof DeviceMissingError)) {
      throw error;
    }
    return {
      backend: new CpuBackend('f32'),
      note: `running on the CPU: ${messageOf(error)}`,
    };
  }
}
