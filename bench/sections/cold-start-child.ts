/**
 * A process that trains one step of an MLP and says how long that took since
 * it began: `node cold-start-child.js WHO`, one object as JSON on stdout. WHO
 * is cpu, webgpu, or a part of the name of one peer.
 */

import { fileURLToPath } from 'node:url';
import { DeviceMissingError, messageOf } from '../../src/base/errors.ts';

/** Times since the process began, ms. */
export interface ColdStart {
  readonly who: string;
  /** Code is loaded and the device is open. */
  readonly openMs: number;
  /** The first step is done, and its loss read. */
  readonly firstMs: number;
  /** The second step alone. */
  readonly secondMs: number;
  readonly loss: number;
}

/** Exit code where a library or a device is not there. */
export const MISSING = 3;

const SIZES = [784, 128, 128, 10];
const BATCH = 64;
const LR = 0.01;

/** Runs the steps in this process. */
export async function coldStart(who: string): Promise<ColdStart> {
  const step = await (who === 'cpu' || who === 'webgpu'
    ? ours(who)
    : theirs(who));
  const openMs = performance.now();
  const loss = await step();
  const firstMs = performance.now();
  await step();
  const secondMs = performance.now() - firstMs;
  return { who, openMs, firstMs, secondMs, loss };
}

type Step = () => Promise<number>;

// What one of them needs, the others must not load.

async function ours(name: 'cpu' | 'webgpu'): Promise<Step> {
  const { openBackend } = await import('../../src/backends/open.ts');
  const { mlp } = await import('../../models/mlp.ts');
  const { Simulation } = await import('../../src/simulation/simulate.ts');
  const { sgd } = await import('../../src/simulation/optim.ts');
  const { zil } = await import('../../src/rules/zil.ts');
  const { feedsFor } = await import('../../src/proof/check.ts');
  const { backend } = await openBackend(name);
  const graph = mlp({
    ...{ sizes: SIZES, batch: BATCH },
    ...{ loss: 'softmax_xent', reduction: 'mean' },
  });
  const options = { rule: zil(), backend, optimiser: sgd({ lr: LR }) };
  const simulation = Simulation.open(graph, options);
  const feeds = feedsFor(graph, 1);
  return async () => (await simulation.step(feeds)).loss;
}

async function theirs(name: string): Promise<Step> {
  const { openPeers } = await import('../peers/peer.ts');
  const { trainingData } = await import('../peers/agree.ts');
  const { openGpu } = await import('../../src/backends/webgpu/device.ts');
  const gpu = name.includes('webgpu') ? await openGpu() : null;
  const { peers, missing } = await openPeers({
    device: gpu?.device,
    only: name,
  });
  const [peer] = peers;
  if (!peer) {
    console.error(missing[0]?.reason ?? `no peer is named ${name}`);
    process.exit(MISSING);
  }
  const { parameters, x, target } = trainingData(SIZES, BATCH);
  const training = await peer.mlp(SIZES, BATCH, {
    ...{ activation: 'tanh', lr: LR },
  });
  training.load(parameters, x, target);
  return async () => {
    await training.run();
    return training.loss;
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = await coldStart(process.argv[2]).catch((error: unknown) => {
    console.error(messageOf(error));
    process.exit(error instanceof DeviceMissingError ? MISSING : 1);
  });
  process.stdout.write(`${JSON.stringify(found)}\n`, () => process.exit(0));
}
