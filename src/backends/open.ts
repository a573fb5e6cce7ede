/** Opens backends: given by name, by options, or open already. */

import { DeviceMissingError, messageOf, OptionError } from '../base/errors.ts';
import {
  type FieldsOf,
  made,
  maybe,
  oneOf,
  Schema,
  whole,
} from '../base/schema.ts';
import type { DType } from '../base/tensor.ts';
import { type Backend, dtype } from './backend.ts';
import { CpuBackend } from './cpu/cpu.ts';

/** Names of backends; `auto` chooses one. */
export type BackendChoice = 'auto' | 'webgpu' | 'cpu';

/** Which backend is opened, and how. */
export interface BackendOptions {
  /** Which backend. Default 'auto'. */
  readonly name?: BackendChoice;
  /** Number format; 'f64' is computed on the CPU only. Default 'f32'. */
  readonly dtype?: DType;
  /**
   * Threads of the CPU backend. Default as many as the machine runs at once.
   */
  readonly threads?: number;
}

/** A backend by name, as an option. */
export const backendName = oneOf(['auto', 'webgpu', 'cpu'], {
  default: 'auto',
  help: 'auto takes a graphics adapter, else the cpu',
});

const named = new Schema('openBackend', { backend: backendName, dtype });
const byOptions = new Schema('backend', {
  name: backendName,
  dtype,
  threads: whole({ least: 1, optional: true }),
} satisfies FieldsOf<BackendOptions>);

/** On which backend something runs: the same wherever something does. */
export interface OnBackend {
  /**
   * A name or options: it is opened, and closed in the end. An open backend
   * stays open. Default 'auto'.
   */
  readonly backend?: BackendChoice | BackendOptions | Backend;
  /** Number format, if the backend's options do not tell it. Default 'f32'. */
  readonly dtype?: DType;
}

/** Those of a schema; a backend's own options are checked where it opens. */
export const onBackendFields = {
  backend: maybe('a name, options or an open backend', (backend) =>
    ['string', 'object'].includes(typeof backend),
  ),
  dtype,
} satisfies FieldsOf<OnBackend>;

const isOpen = (given: unknown): given is Backend =>
  typeof (given as Backend | null)?.compile === 'function';

/** A backend that is open already, as an option. */
export const openedBackend = made<Backend>(
  'an open backend, such as new CpuBackend()',
  isOpen,
);

/** A backend that was opened. */
export interface OpenedBackend {
  /** Who opened it closes it. */
  readonly backend: Backend;
  /** What was chosen and why, in one line; null where it was asked for. */
  readonly note: string | null;
}

/** A name or options, and a dtype, as one. Throws OptionError. */
export function backendOptions(
  given: BackendChoice | BackendOptions = 'auto',
  dtype?: DType,
): BackendOptions & { readonly name: BackendChoice } {
  const { backend, dtype: asked } = named.read(
    typeof given === 'string' ? { backend: given, dtype } : { dtype },
  );
  const options = byOptions.read(
    typeof given === 'string' ? { name: backend } : given,
  );
  const type = options.dtype ?? asked;
  checkSame(asked, type);
  return { ...options, dtype: type };
}

/**
 * Opens a backend. `auto` takes a graphics adapter if there is one and float64
 * is not asked for, else the CPU: a software adapter is the CPU too, slower
 * than the CPU backend and to the same bits. Without a dtype, webgpu and cpu
 * compute in float32. Throws DeviceMissingError for `webgpu` without an adapter.
 */
export async function openBackend(
  given: BackendChoice | BackendOptions = 'auto',
  dtype?: DType,
): Promise<OpenedBackend> {
  const { name, dtype: type = 'f32', threads } = backendOptions(given, dtype);
  const onCpu = (note: string | null = null): OpenedBackend => {
    return { backend: new CpuBackend(type, { threads }), note };
  };
  if (name === 'cpu') return onCpu();
  if (name === 'webgpu' && threads !== undefined) {
    throw new OptionError(
      `Option threads = ${threads}: they are the CPU backend's, leave them out`,
      { name: 'threads', value: threads, backend: name },
    );
  }
  if (type === 'f64') {
    if (name === 'auto') {
      return onCpu('float64 is computed on the CPU: WebGPU has float32 only');
    }
    throw new OptionError(
      'WebGPU has no float64: use backend cpu with dtype f64',
      { name: 'dtype', value: type, backend: name },
    );
  }
  try {
    const { openGpu } = await import('./webgpu/device.ts');
    const { WebGpuBackend } = await import('./webgpu/webgpu.ts');
    const { bestForm } = await import('./webgpu/tuning.ts');
    const gpu = await openGpu();
    const backend = new WebGpuBackend(gpu, { form: await bestForm(gpu) });
    if (name === 'webgpu' || !backend.software) return { backend, note: null };
    const { description, device } = backend.gpu.info;
    backend.close();
    return onCpu(
      'running on the CPU: the adapter here is software ' +
        `(${description || device}), which is slower and gives the same bits; ` +
        '--backend webgpu takes it',
    );
  } catch (error) {
    if (name === 'webgpu' || !(error instanceof DeviceMissingError)) {
      throw error;
    }
    return onCpu(`running on the CPU: ${messageOf(error)}`);
  }
}

/**
 * A backend, however it was given. `owned`: it was opened here, and who takes
 * it closes it; `open` chooses for a name or options.
 */
export async function takeBackend(
  { backend = 'auto', dtype }: OnBackend,
  open: typeof openBackend = openBackend,
): Promise<OpenedBackend & { readonly owned: boolean }> {
  if (!isOpen(backend)) return { ...(await open(backend, dtype)), owned: true };
  checkSame(dtype, backend.dtype);
  return { backend, note: null, owned: false };
}

/** Works on a backend; one that was opened for it is closed after it. */
export async function withBackend<T>(
  on: OnBackend,
  work: (backend: Backend) => Promise<T>,
): Promise<T> {
  const { backend, owned } = await takeBackend(on);
  try {
    return await work(backend);
  } finally {
    if (owned) backend.close();
  }
}

function checkSame(asked: DType | undefined, own: DType | undefined): void {
  if (asked === undefined || asked === own) return;
  throw new OptionError(
    `Option dtype = ${asked}: the backend is given with ${own}, say it once`,
    { name: 'dtype', value: asked, allowed: own },
  );
}
