/** Opens runs of networks, on the backend that runs them fastest. */

import type { Backend } from '../../backends/backend.ts';
import {
  backendOptions,
  type OnBackend,
  onBackendFields,
  openBackend,
} from '../../backends/open.ts';
import { OptionError } from '../../base/errors.ts';
import { Schema } from '../../base/schema.ts';
import { openSession } from '../../simulation/session.ts';
import { Network } from '../network.ts';
import { NetworkRun, type NetworkRunOptions, networkFields } from './run.ts';

const openOptions = new Schema('openNetwork', {
  ...networkFields,
  ...onBackendFields,
});

/**
 * Opens a run of a network. A backend that is not open yet (auto: the quicker
 * one for this network, in float32; cpu with dtype f64 is the reference) closes
 * with the run.
 *
 *     const run = await openNetwork(network, { seed: 1 });
 *     run.spikes$('cells').subscribe(({ time, neurons }) => { ... });
 *     await run.run(100); // ms of model time
 *     run.destroy();
 *
 * @throws OptionError, DelayError, NonFiniteError, DeviceMissingError
 */
export async function openNetwork(
  network: Network,
  options: NetworkRunOptions & OnBackend = {},
): Promise<NetworkRun> {
  const { dtype: _, ...rest } = openOptions.read(options);
  if (!(network instanceof Network)) {
    throw new OptionError('openNetwork takes a Network, then its options', {
      value: network,
    });
  }
  return openSession(
    options,
    (backend) => NetworkRun.open(network, { ...rest, backend }),
    (...given) => backendFor(network, ...given),
  );
}

/** Windows that are timed, after as many that are not. */
const WINDOWS = 16;

/**
 * Opens a backend for a network. In float32 all give the same bits, so the
 * choice is of speed alone, and it is made by measuring: `auto` times a few
 * windows on the CPU and on the adapter, if there is a real one.
 *
 * @throws DeviceMissingError for `webgpu` without an adapter
 */
export async function backendFor(
  network: Network,
  ...given: Parameters<typeof openBackend>
): ReturnType<typeof openBackend> {
  const options = backendOptions(...given);
  const opened = await openBackend(options);
  const device = opened.backend;
  if (options.name !== 'auto' || device.name === 'cpu') return opened;
  const cpu = (await openBackend({ ...options, name: 'cpu' })).backend;
  const take = (backend: Backend, note: string) => {
    (backend === cpu ? device : cpu).close();
    return { backend, note };
  };
  if (network.populations.some((p) => p.source?.kind === 'live')) {
    const why = 'live sources take one window at a time';
    return take(cpu, `running on the CPU: ${why}, which is quickest there`);
  }
  try {
    const onCpu = await pace(network, cpu);
    const onDevice = await pace(network, device);
    const times = (Math.max(onCpu, onDevice) / Math.min(onCpu, onDevice))
      .toPrecision(2)
      .concat(' times as fast as');
    return onDevice < onCpu
      ? take(device, `running on WebGPU: ${times} the CPU here`)
      : take(cpu, `running on the CPU: ${times} WebGPU here`);
  } catch (error) {
    cpu.close();
    device.close();
    throw error;
  }
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
