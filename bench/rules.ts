/**
 * Question: what does one training step cost under each rule, and what does
 * Z-IL cost beside BP? benny gives each rule's throughput; the ratios come
 * from interleaved pairs in the same process, because shared machines drift.
 *
 *   npm run bench -- [--backend auto|webgpu|cpu] [--pairs N] [--quick]
 */

import { parseArgs } from 'node:util';
import benny from 'benny';
import { mlp } from '../models/mlp.ts';
import { type BackendChoice, openBackend } from '../src/backends/open.ts';
import { adam } from '../src/optim.ts';
import { Random } from '../src/random.ts';
import { table } from '../src/report/circuit-text.ts';
import { bp } from '../src/rules/bp.ts';
import { fazil } from '../src/rules/fazil.ts';
import { il } from '../src/rules/il.ts';
import type { Rule } from '../src/rules/rule.ts';
import { zil } from '../src/rules/zil.ts';
import { Simulation } from '../src/simulate.ts';
import { keep, paired } from './pairs.ts';

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'auto' },
    pairs: { type: 'string', default: '60' },
    quick: { type: 'boolean', default: false },
  },
});

const SIZES = [784, 128, 128, 10];
const BATCH = 64;
const IL_STEPS = 20;

const contenders: readonly (readonly [string, Rule])[] = [
  ['bp', bp()],
  ['zil', zil()],
  ['fazil', fazil()],
  [`il fixed T=${IL_STEPS}`, il({ steps: IL_STEPS, prediction: 'fixed' })],
  [`il T=${IL_STEPS}`, il({ steps: IL_STEPS })],
];

const { backend } = await openBackend(values.backend as BackendChoice);
const graph = mlp({
  sizes: SIZES,
  batch: BATCH,
  loss: 'softmax_xent',
  reduction: 'mean',
});
const random = new Random(1, 'bench');
const feeds = {
  x: Float32Array.from({ length: BATCH * SIZES[0] }, () => random.uniform()),
  target: Float32Array.from({ length: BATCH * 10 }, (_, i) =>
    i % 10 === Math.floor(i / 10) % 10 ? 1 : 0,
  ),
};

const runs = new Map<string, Simulation>();
for (const [name, rule] of contenders) {
  const options = { rule, backend, optimiser: adam(), seed: 1 };
  const simulation = Simulation.open(graph, options);
  await simulation.step(feeds); // compiles
  runs.set(name, simulation);
}
const step = (name: string) => (runs.get(name) as Simulation).step(feeds);

console.error(`backend: ${backend.description}`);
const throughput: Record<string, number> = {};
await benny.suite(
  `one training step, MLP ${SIZES.join('-')}, batch ${BATCH}, adam`,
  ...contenders.map(([name]) =>
    benny.add(
      name,
      async () => {
        await step(name);
      },
      values.quick ? { maxTime: 0.5 } : {},
    ),
  ),
  benny.complete((summary) => {
    for (const { name, ops, margin } of summary.results) {
      throughput[name] = ops;
      console.error(`  ${name}: ${ops} steps/s, +-${margin} %`);
    }
  }),
);

const rows = [];
for (const [name] of contenders) {
  // Z-IL is the claim: it gets all the pairs, dearer rules fewer.
  const all = Number(values.pairs);
  const pairs = name.startsWith('il') ? Math.max(4, Math.round(all / 5)) : all;
  const { launches, bytes } = await (runs.get(name) as Simulation).cost();
  const { otherMs: bpMs, ...timing } = await paired(
    () => step(name),
    () => step('bp'),
    pairs,
  );
  rows.push({
    rule: name,
    ...timing,
    bpMs,
    launches,
    bytes,
    stepsPerSecond: throughput[name],
  });
}
console.log(
  table(
    [
      'rule',
      'ms',
      'bp ms beside it',
      'ratio of medians',
      'median of ratios',
      'launches',
      'bytes',
    ],
    rows.map((row) => [
      row.rule,
      row.ms.toFixed(2),
      row.bpMs.toFixed(2),
      row.medianRatio.toFixed(3),
      row.medianOfPairRatios.toFixed(3),
      `${row.launches}`,
      `${row.bytes}`,
    ]),
  ),
);

const path = keep('rules', backend, {
  question: 'one training step of each rule beside BP',
  model: { sizes: SIZES, batch: BATCH, optimiser: 'adam' },
  rows,
});
console.error(`saved ${path}`);
for (const simulation of runs.values()) simulation.destroy();
backend.close();
