/** What the tests of errors share: texts that must be there, a small network. */

import { expect } from 'vitest';
import { leaky, lif } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { type NetworkOptions, NetworkRun } from '../../src/network/run/run.ts';
import { f64 } from './support.ts';

export type Kind = new (message: string) => Error;

/** Fails unless the work throws an error of this type with this text. */
export async function expectFailure(
  work: () => unknown,
  type: Kind,
  ...texts: readonly string[]
): Promise<void> {
  const error = await (async () => {
    try {
      await work();
    } catch (error) {
      return error;
    }
    throw new Error('Nothing failed');
  })();
  expect(error).toBeInstanceOf(type);
  const { message } = error as Error;
  expect((error as Error).constructor).toBe(type);
  for (const text of texts) expect(message).toContain(text);
  expect(message).not.toContain('\n');
  expect(message).not.toMatch(/undefined|\[object/);
}

/** `in` (samples), `spikes` (events), `x` and `y` (leaky), `cells` (lif), of 2. */
export function base(dt = 0.5): Network {
  const net = new Network({ dt });
  net.samples('in', 2, { values: [1, 2, 3, 4] });
  net.events('spikes', 2, { times: [[0], [1]] });
  net.population('x', 2, leaky());
  net.population('y', 2, leaky());
  net.population('cells', 2, lif);
  return net;
}

export const open = (net: Network, options: Partial<NetworkOptions> = {}) =>
  NetworkRun.open(net, { backend: f64, ...options });
