/** Section: the three cases of acceptance beside what a user would pick instead. */

import { mlp } from '../../models/mlp.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { messageOf } from '../../src/base/errors.ts';
import { bp } from '../../src/rules/bp.ts';
import { zil } from '../../src/rules/zil.ts';
import { sgd } from '../../src/simulation/optim.ts';
import { Simulation } from '../../src/simulation/simulate.ts';
import { agree, trainingData } from '../peers/agree.ts';
import type { Peer, TrainingOptions, Work } from '../peers/peer.ts';
import { type Failure, ratios, timeRounds } from '../rounds.ts';
import {
  type Case,
  type Columns,
  digits,
  type Outcome,
  ratio,
  type Section,
  spread,
  tableOf,
} from '../section.ts';
import type { Named, Setting } from '../setting.ts';
import { type Summary, summarise } from '../statistics.ts';
import { programRun } from '../work.ts';
import { type Extent, productProgram } from './kernel-programs.ts';

/** Time over each of ours, by label: how many times faster ours is. */
type Faster = Readonly<Record<string, Summary | null>>;

interface Row {
  readonly case: string;
  readonly who: string;
  readonly ms: Summary;
  readonly over: Faster;
}

/** What the columns compare with; products have no rule. */
const OURS = ['webgpu', 'cpu f32', 'cpu f32, 1 thread'] as const;

const columns: Columns<Row> = [
  ['case', (row) => row.case],
  ['who', (row) => row.who],
  ['ms (quartiles)', (row) => spread(row.ms)],
  ['least', (row) => digits(row.ms.min)],
  ['rounds', (row) => `${row.ms.n}`],
  ...OURS.map(
    (label) => [`over ${label}`, (row: Row) => ratio(row.over[label])] as const,
  ),
];

interface Opened extends Work {
  readonly name: string;
  /** Which of ours it is, for the columns. */
  readonly label?: string;
}

/** Our backends: the CPU by all threads and by one. */
async function ours(setting: Setting): Promise<Named[]> {
  const all = await setting.backends();
  if (setting.backend === 'webgpu') return all;
  const backend = new CpuBackend('f32', { threads: 1 });
  return [...all, { label: 'cpu f32, 1 thread', backend }];
}

interface Comparison {
  readonly name: string;
  mine(named: Named): Promise<Opened[]>;
  theirs(peer: Peer): Promise<Work>;
  /** Parts of names of peers that --quick leaves out: seconds a run. */
  readonly dear: readonly string[];
}

async function compare(what: Comparison, setting: Setting): Promise<Outcome> {
  const runs: Opened[] = [];
  const failed: Failure[] = [];
  const notes: string[] = [];
  const open = async (name: string, make: () => Promise<Opened[]>) => {
    try {
      runs.push(...(await make()));
    } catch (error) {
      failed.push({ name, error: messageOf(error) });
    }
  };
  try {
    for (const named of await ours(setting)) {
      await open(named.label, () => what.mine(named));
    }
    const { peers, missing } = await setting.peers();
    notes.push(...missing.map(({ name, reason }) => `${name}: ${reason}`));
    for (const peer of peers) {
      const { name } = peer;
      if (setting.quick && what.dear.some((part) => name.includes(part))) {
        notes.push(`${name}: left out by --quick`);
        continue;
      }
      await open(name, async () => {
        const work = await what.theirs(peer);
        return [{ name, run: () => work.run(), free: () => work.free() }];
      });
    }
    const timings = await timeRounds(runs, setting.rounds);
    const rows = [...timings.ms].map(([who, times]): Row => {
      const over = runs.flatMap(({ name, label }) =>
        label ? [[label, ratios(timings, who, name)] as const] : [],
      );
      const ms = summarise(times);
      return { case: what.name, who, ms, over: Object.fromEntries(over) };
    });
    return {
      tables: [tableOf('peers', columns, rows)],
      failed: [...failed, ...timings.failed],
      notes,
    };
  } finally {
    for (const { free } of runs) free();
  }
}

/** One product [m, k] x [k, n] in float32. */
export function productAmongPeers(extent: Extent): Case {
  const [m, n, k] = extent;
  const name = `product ${m} x ${n} x ${k}`;
  const comparison: Comparison = {
    name,
    async mine({ label, backend }) {
      const program = productProgram(extent, 'nn');
      const run = await programRun(`isochron ${label}`, backend, program);
      return [{ ...run, label }];
    },
    theirs: (peer) => peer.product(m, n, k),
    dear: ['tfjs cpu'],
  };
  return { name, run: (setting) => compare(comparison, setting) };
}

const TRAINING: TrainingOptions = { activation: 'tanh', lr: 0.01 };

/** A training step of an MLP by sgd: of ours bp and zil, zil in the columns. */
export function stepAmongPeers(
  name: string,
  sizes: readonly number[],
  batch: number,
  dear: readonly string[] = [],
): Case {
  const { activation, lr } = TRAINING;
  const { parameters, x, target } = trainingData(sizes, batch);
  const comparison: Comparison = {
    name,
    dear,
    async mine({ label, backend }) {
      const graph = mlp({
        ...{ sizes, batch, activation },
        ...{ loss: 'softmax_xent', reduction: 'mean' },
      });
      return Object.entries({ bp: bp(), zil: zil() }).map(([of, rule]) => {
        const options = { rule, backend, optimiser: sgd({ lr }) };
        const simulation = Simulation.open(graph, options);
        parameters.forEach((values, i) => {
          simulation.setParameter(`${'Wb'[i % 2]}${(i >> 1) + 1}`, values);
        });
        return {
          name: `isochron ${of}, ${label}`,
          ...(of === 'zil' && { label }),
          run: async () => void (await simulation.step({ x, target })),
          free: () => simulation.destroy(),
        };
      });
    },
    async theirs(peer) {
      const training = await peer.mlp(sizes, batch, TRAINING);
      training.load(parameters, x, target);
      return training;
    },
  };
  return { name, run: (setting) => compare(comparison, setting) };
}

interface Agreed {
  readonly peer: string;
  readonly weights: number;
  readonly changes: number;
  readonly loss: number;
  readonly agrees: boolean;
}

const agreedColumns: Columns<Agreed> = [
  ['peer', (row) => row.peer],
  ['weights', (row) => row.weights.toExponential(1)],
  ['changes', (row) => row.changes.toExponential(1)],
  ['loss', (row) => row.loss.toExponential(1)],
  ['agrees', (row) => (row.agrees ? 'yes' : 'NO')],
];

/** Whether the others compute the same; one that does not has failed. */
export const agreement: Case = {
  name: 'agreement',
  async run(setting) {
    const { peers, missing } = await setting.peers();
    const rows: Agreed[] = [];
    const failed: Failure[] = [];
    for (const peer of peers) {
      const { name } = peer;
      try {
        const found = await agree(peer);
        rows.push({ peer: name, ...found });
        if (found.agrees) continue;
        failed.push({ name, error: 'it computes something else than bp' });
      } catch (error) {
        failed.push({ name, error: messageOf(error) });
      }
    }
    return {
      tables: [tableOf('agreement', agreedColumns, rows)],
      failed,
      notes: missing.map(({ name, reason }) => `${name}: ${reason}`),
    };
  },
};

const wide = new Array<number>(9).fill(1024);

export const peers: Section = {
  name: 'peers',
  question:
    'how many times faster is isochron than what a user would pick instead?',
  reading:
    '"over X": time over that of isochron on X in the same round, under zil ' +
    'where there are rules. Steps end with the loss read; isochron uploads x ' +
    'and the target in each, the others keep them. "agreement": distance from ' +
    'bp in float64 after three steps, relative.',
  cases: [
    agreement,
    productAmongPeers([1024, 1024, 1024]),
    stepAmongPeers('mlp 784-128-128-10, batch 64', [784, 128, 128, 10], 64),
    stepAmongPeers('mlp 1024 x 8 layers, batch 64', wide, 64, [
      'tfjs cpu',
      'tfjs wasm',
    ]),
  ],
};
