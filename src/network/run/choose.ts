/**
 * Which backend runs a network fastest. In float32 both give the same bits, so the
 * choice is of speed alone, and it is made by measuring.
 */

import type { Backend } from '../../backends/backend.ts';
import { type BackendChoice, openBackend } from '../../backends/open.ts';
import type { DType } from '../../base/tensor.ts';
import type { Network } from '../network.ts';
import { NetworkRun } from './run.ts';

export interface Chosen {
  readonly backend: Backend;
  /** What was chosen and why, in one line; null where it was asked for. */
  readonly note: string | null;
}

/** Windows that are timed, after as many that are not. */
const WINDOWS = 16;

/**
 * Opens a backend for a network. `auto` times a few windows on the CPU and on
 * the adapter, if that is a real one; a software adapter is the same CPU with
 * less at hand, so there the CPU is taken at once.
 *
 * @throws DeviceMissingError for `webgpu` without an adapter
 */
export async function backendFor(
  network: Network,
  choice: BackendChoice = 'auto',
  dtype?: DType,
): Promise<Chosen> {
  const opened = await openBackend(choice, dtype);
  const { backend } = opened;
  if (choice !== 'auto' || backend.name === 'cpu') return opened;
  const cpu = (await openBackend('cpu', dtype)).backend;
  const live = network.populations.some((p) => p.source?.kind === 'live');
  if (backend.software || live) {
    backend.close();
    const why = live
      ? 'live sources take one window at a time, which is quickest there'
      : 'the WebGPU adapter is software';
    return { backend: cpu, note: `running on the CPU: ${why}` };
  }
  let onCpu: number;
  let onDevice: number;
  try {
    onCpu = await pace(network, cpu);
    onDevice = await pace(network, backend);
  } catch (error) {
    cpu.close();
    backend.close();
    throw error;
  }
  const ratio = (a: number, b: number) => (a / b).toPrecision(2);
  if (onDevice < onCpu) {
    cpu.close();
    const note = `running on WebGPU: ${ratio(onCpu, onDevice)} times as fast as the CPU here`;
    return { backend, note };
  }
  backend.close();
  const note = `running on the CPU: ${ratio(onDevice, onCpu)} times as fast as WebGPU here`;
  return { backend: cpu, note };
}

/** Seconds for some windows of a network, the first ones not counted. */
async function pace(network: Network, backend: Backend): Promise<number> {
  const run = NetworkRun.open(network, { backend });
  try {
    const ticks = WINDOWS * run.window.ticks;
    await run.runTicks(ticks);
    return (await run.runTicks(ticks)).seconds;
  } finally {
    run.destroy();
  }
}
