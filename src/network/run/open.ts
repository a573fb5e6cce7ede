/** Opens runs of networks on backends by name. */

import type { Backend } from '../../backends/backend.ts';
import type { BackendChoice } from '../../backends/open.ts';
import { OptionError } from '../../base/errors.ts';
import { checkKeys } from '../../base/options.ts';
import type { DType } from '../../base/tensor.ts';
import { Network } from '../network.ts';
import { backendFor } from './choose.ts';
import { NETWORK_OPTIONS, type NetworkOptions, NetworkRun } from './run.ts';

/**
 * A run of a network. A backend given by name (auto: the quicker one for this
 * network, in float32; cpu with dtype f64 is the reference) closes with the run.
 *
 * @throws OptionError, DelayError, NonFiniteError, DeviceMissingError
 */
export async function openNetwork(
  network: Network,
  options: Omit<NetworkOptions, 'backend'> & {
    readonly backend?: BackendChoice | Backend;
    readonly dtype?: DType;
  } = {},
): Promise<NetworkRun> {
  checkKeys('openNetwork', options, [...NETWORK_OPTIONS, 'dtype']);
  if (!(network instanceof Network)) {
    throw new OptionError('openNetwork takes a Network, then its options');
  }
  const { backend: choice = 'auto', dtype, ...rest } = options;
  if (typeof choice !== 'string') {
    return NetworkRun.open(network, { ...rest, backend: choice });
  }
  const { backend } = await backendFor(network, choice, dtype);
  try {
    return NetworkRun.open(network, { ...rest, backend }).ownBackend();
  } catch (error) {
    backend.close();
    throw error;
  }
}
