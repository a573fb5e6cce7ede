/** Where a benchmark runs: options, and devices that are opened when needed. */

import type { Backend } from '../src/backends/backend.ts';
import { CpuBackend } from '../src/backends/cpu/cpu.ts';
import { type Gpu, openGpu } from '../src/backends/webgpu/device.ts';
import { bestForm } from '../src/backends/webgpu/tuning.ts';
import { WebGpuBackend } from '../src/backends/webgpu/webgpu.ts';
import { DeviceMissingError, messageOf } from '../src/base/errors.ts';
import { type OpenedPeers, openPeers } from './peers/peer.ts';
import type { RoundOptions } from './rounds.ts';

export const BACKENDS = ['all', 'webgpu', 'cpu'] as const;
export type BackendsChoice = (typeof BACKENDS)[number];

export interface SettingOptions extends Partial<RoundOptions> {
  readonly quick?: boolean;
  readonly backend?: BackendsChoice;
  /** Progress, a line each. */
  readonly log?: (line: string) => void;
}

/** A backend and what tables call it. */
export interface Named<B extends Backend = Backend> {
  readonly label: string;
  readonly backend: B;
}

export class Setting {
  readonly quick: boolean;
  readonly backend: BackendsChoice;
  readonly rounds: RoundOptions;
  readonly log: (line: string) => void;
  private opening: Promise<Gpu | null> | null = null;
  private peersOpening: Promise<OpenedPeers> | null = null;

  constructor(options: SettingOptions = {}) {
    const { quick = false, backend = 'all', log = () => {} } = options;
    this.quick = quick;
    this.backend = backend;
    this.log = log;
    const rounds = options.rounds ?? (quick ? 5 : 25);
    const least = options.least ?? (quick ? 1 : 3);
    this.rounds = {
      rounds,
      budgetMs: options.budgetMs ?? rounds * (quick ? 60 : 200),
      least: Math.min(least, rounds),
    };
  }

  /** Seconds that benny may take for a case; it does none that takes longer. */
  get bennySeconds(): number {
    return this.quick ? 0.2 : 2;
  }

  /**
   * The one device of the suite, which all backends and peers share; null where
   * there is none or none is wanted. Throws where webgpu alone was asked for.
   */
  gpu(): Promise<Gpu | null> {
    this.opening ??= this.open();
    return this.opening;
  }

  private async open(): Promise<Gpu | null> {
    if (this.backend === 'cpu') return null;
    try {
      return await openGpu();
    } catch (error) {
      const missing = error instanceof DeviceMissingError;
      if (!missing || this.backend === 'webgpu') throw error;
      this.log(`the CPU alone: ${messageOf(error)}`);
      return null;
    }
  }

  /** WebGPU and the CPU in float32, as far as wanted and there. */
  async backends(): Promise<Named[]> {
    const gpu = await this.gpu();
    const all: Named[] = [];
    if (gpu) {
      // As `auto` and the command line open it.
      const form = await bestForm(gpu);
      const backend = new WebGpuBackend(gpu, { form });
      all.push({ label: 'webgpu', backend });
    }
    if (this.backend !== 'webgpu') {
      all.push({ label: 'cpu f32', backend: new CpuBackend('f32') });
    }
    return all;
  }

  /** Other libraries on the same device, opened once. */
  peers(): Promise<OpenedPeers> {
    this.peersOpening ??= this.gpu().then((gpu) =>
      openPeers({ device: gpu?.device }),
    );
    return this.peersOpening;
  }

  /** What the adapter is called; null where there is none. */
  async adapter(): Promise<string | null> {
    const gpu = await this.gpu().catch(() => null);
    return gpu && new WebGpuBackend(gpu).description;
  }

  async close(): Promise<void> {
    const { peers } = (await this.peersOpening?.catch(() => null)) ?? {};
    for (const peer of peers ?? []) peer.close();
    (await this.opening?.catch(() => null))?.destroy();
  }
}

/** Waits until all that a backend was given is done. */
export async function settled(backend: Backend): Promise<void> {
  if (!(backend instanceof WebGpuBackend)) return;
  await backend.gpu.device.queue.onSubmittedWorkDone();
  backend.gpu.check();
}
