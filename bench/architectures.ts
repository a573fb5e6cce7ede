/**
 * Questions: what does Z-IL cost beside BP on each architecture, and what does
 * it gain by making one call of calls that are alike? Steps are interleaved
 * pairs in one process.
 *
 *   npm run bench:architectures -- [--pairs N] [--only NAME,...]
 */

import { parseArgs } from 'node:util';
import {
  alexnet,
  cnn,
  encoderLayer,
  lstm,
  mlp,
  residualMlp,
  resnet,
  rnn,
  transformer,
} from '../models/index.ts';
import { openGpu } from '../src/backends/device.ts';
import { WebGpuBackend } from '../src/backends/webgpu.ts';
import { feedsFor } from '../src/check.ts';
import type { Graph } from '../src/graph.ts';
import { adam } from '../src/optim.ts';
import { table } from '../src/report/circuit-text.ts';
import { bp } from '../src/rules/bp.ts';
import type { Rule } from '../src/rules/rule.ts';
import { zil } from '../src/rules/zil.ts';
import { Simulation } from '../src/simulate.ts';
import { keep, paired } from './pairs.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '25' },
    only: { type: 'string', default: '' },
  },
});

const CLASSES = { loss: 'softmax_xent', reduction: 'mean' } as const;
const GREY = [1, 28, 28] as const;

const graphs: Record<string, () => Graph> = {
  'mlp 784-128-128-10, batch 64': () =>
    mlp({ sizes: [784, 128, 128, 10], batch: 64, ...CLASSES }),
  'cnn of Millidge, batch 16': () => cnn({ batch: 16, ...CLASSES }),
  'alexnet 28 x 28, width 1/8, batch 16': () =>
    alexnet({ batch: 16, image: GREY, width: 1 / 8, classes: 10, ...CLASSES }),
  'rnn 19 steps of 128, batch 64': () =>
    rnn({
      ...{ batch: 64, steps: 19, inputs: 57, hidden: 128, outputs: 18 },
      ...CLASSES,
    }),
  'lstm 32 steps of 128, batch 32': () =>
    lstm({ batch: 32, steps: 32, inputs: 65, hidden: 128, ...CLASSES }),
  'lstm 20 steps of 32, batch 8': () =>
    lstm({ batch: 8, steps: 20, inputs: 65, hidden: 32, ...CLASSES }),
  'residual mlp 5 x 256, batch 64': () =>
    residualMlp({ batch: 64, ...CLASSES }),
  'resnet-18, 8 channels, batch 8': () =>
    resnet({ batch: 8, channels: 8, ...CLASSES }),
  'encoder layer 64 x 128, batch 8': () =>
    encoderLayer({ batch: 8, width: 128, heads: 4, hidden: 512 }),
  'transformer 2 x 64, 32 characters, batch 8': () =>
    transformer({
      ...{ batch: 8, steps: 32, vocabulary: 65, width: 64 },
      reduction: 'mean',
    }),
};

const gpu = await openGpu();
const backend = new WebGpuBackend(gpu);
const apart = new WebGpuBackend(gpu, { batches: false });
console.error(`backend: ${backend.description}`);
const rows = [];
for (const [name, make] of Object.entries(graphs)) {
  const wanted = values.only.split(',');
  if (values.only && !wanted.some((part) => name.includes(part))) continue;
  const graph = make();
  const feeds = feedsFor(graph, 1);
  const open = async (rule: Rule, on: WebGpuBackend) => {
    const options = { rule, backend: on, optimiser: adam(), seed: 1 };
    const simulation = Simulation.open(graph, options);
    await simulation.step(feeds); // compiles
    return simulation;
  };
  const [theirs, mine, single] = [
    await open(bp(), backend),
    await open(zil(), backend),
    await open(zil(), apart),
  ];
  const pairs = Number(values.pairs);
  const step = (simulation: Simulation) => () => simulation.step(feeds);
  const toBp = await paired(step(mine), step(theirs), pairs);
  const toApart = await paired(step(mine), step(single), pairs);
  rows.push({
    model: name,
    zilMs: toBp.ms,
    bpMs: toBp.otherMs,
    ratioToBp: toBp.medianRatio,
    medianOfPairRatiosToBp: toBp.medianOfPairRatios,
    launches: (await mine.cost()).launches,
    bpLaunches: (await theirs.cost()).launches,
    ratioToUnbatched: toApart.medianRatio,
    medianOfPairRatiosToUnbatched: toApart.medianOfPairRatios,
    pairs,
  });
  console.error(`${name}: ${toBp.medianOfPairRatios.toFixed(3)}`);
  for (const simulation of [theirs, mine, single]) simulation.destroy();
}
console.log(
  table(
    [
      'model',
      'zil ms',
      'bp ms',
      'ratio of medians',
      'median of ratios',
      'launches',
      'bp launches',
      'to zil unbatched',
    ],
    rows.map((row) => [
      row.model,
      row.zilMs.toFixed(1),
      row.bpMs.toFixed(1),
      row.ratioToBp.toFixed(3),
      row.medianOfPairRatiosToBp.toFixed(3),
      `${row.launches}`,
      `${row.bpLaunches}`,
      row.medianOfPairRatiosToUnbatched.toFixed(3),
    ]),
  ),
);
const path = keep('architectures', backend, {
  question:
    'one training step (adam) of Z-IL beside BP, and beside Z-IL without ' +
    'level batches',
  rows,
});
console.error(`saved ${path}`);
backend.close();
