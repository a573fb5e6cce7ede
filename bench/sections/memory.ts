/** Section: working memory by depth and length, and whether it stays flat. */

import { lstm, mlp, residualMlp } from '../../models/index.ts';
import type { Backend } from '../../src/backends/backend.ts';
import { WebGpuBackend } from '../../src/backends/webgpu/webgpu.ts';
import { type Graph, parametersOf } from '../../src/graph/graph.ts';
import { delayCost } from '../../src/graph/level.ts';
import { feedsFor } from '../../src/proof/check.ts';
import { bp } from '../../src/rules/bp.ts';
import { zil } from '../../src/rules/zil.ts';
import { sgd } from '../../src/simulation/optim.ts';
import { smallMlp } from '../architectures.ts';
import { collectGarbage } from '../garbage.ts';
import {
  type Case,
  type Columns,
  mebibytes,
  type Section,
  tableOf,
} from '../section.ts';
import type { Setting } from '../setting.ts';
import { type Line, line } from '../statistics.ts';
import { stepping } from '../stepping.ts';

interface Row {
  readonly model: string;
  readonly backend: string;
  readonly levels: number;
  readonly parameterBytes: number;
  readonly zil: Cost;
  readonly bp: Cost;
  /** What identity vertices in place of delays would hold. */
  readonly bytesAsIdentities: number;
}

interface Cost {
  readonly bytes: number;
  readonly launches: number;
  readonly recordMs: number;
}

const columns: Columns<Row> = [
  ['model', (row) => row.model],
  ['backend', (row) => row.backend],
  ['levels', (row) => `${row.levels}`],
  ['parameters, MiB', (row) => mebibytes(row.parameterBytes)],
  ['zil, MiB', (row) => mebibytes(row.zil.bytes)],
  ['bp, MiB', (row) => mebibytes(row.bp.bytes)],
  ['as identities, MiB', (row) => mebibytes(row.bytesAsIdentities)],
  ['recorded in, ms', (row) => row.zil.recordMs.toFixed(0)],
];

async function costOf(name: string, graph: Graph, backend: Backend) {
  const cost = async (rule: typeof bp | typeof zil) => {
    const options = { rule: rule(), backend, optimiser: sgd() };
    const { simulation, ...rest } = await stepping(name, graph, options);
    const { recordMs, bytes, launches } = rest;
    const { levelled } = simulation;
    simulation.destroy();
    return { cost: { bytes, launches, recordMs }, levelled };
  };
  const theirs = await cost(bp);
  const mine = await cost(zil);
  return { bp: theirs.cost, zil: mine.cost, levelled: mine.levelled };
}

/** Working memory of a growing model: what a step needs beside parameters. */
export function growthCase(
  name: string,
  sizes: readonly number[],
  make: (x: number) => Graph,
): Case {
  return {
    name,
    async run(setting) {
      const rows: Row[] = [];
      const [{ label, backend }] = await setting.backends();
      for (const x of sizes) {
        const model = `${name}: ${x}`;
        const graph = make(x);
        const { levelled, ...costs } = await costOf(model, graph, backend);
        const numbers = parametersOf(graph).map(({ size }) => size);
        rows.push({
          ...{ model, backend: label, levels: levelled.depth },
          parameterBytes: 4 * numbers.reduce((sum, size) => sum + size, 0),
          ...costs,
          bytesAsIdentities: 4 * delayCost(levelled).elements,
        });
      }
      return { tables: [tableOf('growth', columns, rows)] };
    },
  };
}

interface Sample {
  readonly backend: string;
  readonly steps: number;
  readonly rss: number;
  readonly heap: number;
  /** Buffers of the device; arrays of the CPU backend are in rss. */
  readonly device: number | null;
}

const sampleColumns: Columns<Sample> = [
  ['backend', (row) => row.backend],
  ['steps', (row) => row.steps.toLocaleString('en')],
  ['rss, MiB', (row) => mebibytes(row.rss)],
  ['heap, MiB', (row) => mebibytes(row.heap)],
  ['device, MiB', (row) => (row.device === null ? '-' : mebibytes(row.device))],
];

interface Slope extends Line {
  readonly backend: string;
  readonly of: string;
}

const slopeColumns: Columns<Slope> = [
  ['backend', (row) => row.backend],
  ['of', (row) => row.of],
  ['bytes a step', (row) => row.slope.toFixed(1)],
  ['+-', (row) => row.error?.toFixed(1) ?? '-'],
];

/** Steps after which the device is waited for, as a training loop would. */
const WAIT = 50;

/** Runs many steps and looks at memory after each `every`. */
export function flatCase(steps: number, every: number): Case {
  return {
    name: `memory of ${steps} steps`,
    async run(setting) {
      const samples: Sample[] = [];
      const slopes: Slope[] = [];
      for (const { label, backend } of await setting.backends()) {
        const own = await watch(backend, label, { steps, every }, setting);
        samples.push(...own);
        for (const of of ['rss', 'heap', 'device'] as const) {
          const points = own.flatMap(({ steps, [of]: bytes }) =>
            bytes === null ? [] : [[steps, bytes] as const],
          );
          if (points.length < 2) continue;
          slopes.push({ backend: label, of, ...line(points) });
        }
      }
      return {
        tables: [
          tableOf('flatness', sampleColumns, samples),
          tableOf('slopes', slopeColumns, slopes),
        ],
      };
    },
  };
}

async function watch(
  backend: Backend,
  label: string,
  { steps, every }: { steps: number; every: number },
  setting: Setting,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  const graph = smallMlp(8);
  const options = { rule: zil(), backend };
  const { simulation } = await stepping('zil', graph, options);
  const feeds = feedsFor(graph, 1);
  try {
    // What compiling left behind goes, and what steps need is there.
    for (let step = 0; step < every; step++) await simulation.submit(feeds);
    await simulation.loss();
    collectGarbage();
    for (let step = 1; step <= steps; step++) {
      await simulation.submit(feeds);
      if (step % WAIT === 0) await simulation.loss();
      if (step % every !== 0) continue;
      await simulation.loss();
      collectGarbage();
      const { rss, heapUsed } = process.memoryUsage();
      const gpu = backend instanceof WebGpuBackend;
      const device = gpu ? backend.bytes : null;
      samples.push({
        ...{ backend: label, steps: step },
        ...{ rss, heap: heapUsed, device },
      });
      setting.log(`${step} of ${steps} steps, ${label}`);
    }
    return samples;
  } finally {
    simulation.destroy();
  }
}

export const memory: Section = {
  name: 'memory',
  question:
    'how much memory does a step need, and do many steps leave it flat?',
  reading:
    'zil, bp: what a step needs beside parameters. As identities: what delays ' +
    'would hold if vertices stood in their place. Flatness: zil on mlp ' +
    '784-128-128-10, batch 8, the device waited for every 50 steps, after a ' +
    'collection of garbage; slopes by least squares. rss and heap hold what ' +
    'other sections left, too.',
  cases: [
    growthCase('lstm of 128, batch 32, steps', [5, 10, 20, 50, 100], (steps) =>
      lstm({ batch: 32, steps, inputs: 65, hidden: 128, loss: 'softmax_xent' }),
    ),
    growthCase('mlp of 256, batch 64, layers', [2, 4, 8, 16, 32], (layers) =>
      mlp({ sizes: new Array<number>(layers + 1).fill(256), batch: 64 }),
    ),
    growthCase('residual mlp of 256, batch 64, layers', [5, 10, 20, 40], (n) =>
      residualMlp({ batch: 64, layers: n }),
    ),
    { ...flatCase(10_000, 1000), slow: true },
    flatCase(1000, 100),
  ],
};
