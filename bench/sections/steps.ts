/** Section: a training step of every architecture under every rule. */

import type { Backend } from '../../src/backends/backend.ts';
import { WebGpuBackend } from '../../src/backends/webgpu.ts';
import { bp } from '../../src/rules/bp.ts';
import { fazil } from '../../src/rules/fazil.ts';
import { il } from '../../src/rules/il.ts';
import { zil } from '../../src/rules/zil.ts';
import { type Architecture, architectures } from '../architectures.ts';
import { ratios, timeRounds } from '../rounds.ts';
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
import { destroyAll, type StepOptions, steppings } from '../stepping.ts';
import { type Throughput, throughput } from '../throughput.ts';

/**
 * Table 2 of Salvatori et al. 2022 by its ratios: over its models, IL takes 74
 * to 160 times as long as BP, and Z-IL 1.00 to 1.03 times.
 */
const PAPER: Readonly<Record<string, string>> = {
  'il fixed': '74 to 160',
  zil: '1.00 to 1.03',
};

interface Row {
  readonly architecture: string;
  readonly backend: string;
  readonly rule: string;
  readonly ms: Summary;
  /** Time over that of bp in the same round. */
  readonly toBp: Summary | null;
  readonly launches: number;
  readonly bytes: number;
  /** For IL: what each of its T inference steps adds to a step. */
  readonly msPerInferenceStep?: number;
  readonly paper?: string;
  readonly throughput: Throughput | null;
}

const columns: Columns<Row> = [
  ['architecture', (row) => row.architecture],
  ['backend', (row) => row.backend],
  ['rule', (row) => row.rule],
  ['ms (quartiles)', (row) => spread(row.ms)],
  ['rounds', (row) => `${row.ms.n}`],
  ['to bp', (row) => ratio(row.toBp)],
  ['paper', (row) => row.paper ?? ''],
  [
    'ms a T',
    (row) => (row.msPerInferenceStep ? digits(row.msPerInferenceStep) : ''),
  ],
  ['launches', (row) => `${row.launches}`],
  ['bytes', (row) => row.bytes.toLocaleString('en')],
  ['steps/s (benny)', (row) => digits(row.throughput?.perSecond)],
];

/** Steps of inference of the two forms of IL. */
export interface InferenceSteps {
  readonly fixed: number;
  readonly recomputed: number;
}

const PAPERS_STEPS: InferenceSteps = { fixed: 100, recomputed: 20 };

function contenders(
  backend: Backend,
  T: InferenceSteps,
): [string, StepOptions, steps?: number][] {
  const fixed = il({ steps: T.fixed, gamma: 0.1, prediction: 'fixed' });
  const recomputed = il({ steps: T.recomputed, gamma: 0.1 });
  const all: [string, StepOptions, steps?: number][] = [
    ['bp', { rule: bp(), backend }],
    ['zil', { rule: zil(), backend }],
    ['fazil', { rule: fazil(), backend }],
    [`il fixed T=${T.fixed}`, { rule: fixed, backend }, T.fixed],
    [`il T=${T.recomputed}`, { rule: recomputed, backend }, T.recomputed],
  ];
  if (backend instanceof WebGpuBackend) {
    // What it gains to make one call of those that are alike, and of those
    // that read each other.
    const apart = new WebGpuBackend(backend.gpu, { batches: false });
    const unfused = new WebGpuBackend(backend.gpu, { fuses: 0 });
    all.splice(
      2,
      0,
      ['zil unbatched', { rule: zil(), backend: apart }],
      ['zil unfused', { rule: zil(), backend: unfused }],
    );
  }
  return all;
}

async function measure(
  { name, make, inPaper }: Architecture,
  { label, backend }: Named,
  setting: Setting,
  T: InferenceSteps,
): Promise<Outcome> {
  const all = contenders(backend, T);
  const graph = make();
  const { open, failed } = await steppings(
    graph,
    all.map(([rule, options]) => [rule, options] as const),
  );
  try {
    const timings = await timeRounds(open, setting.rounds);
    const seconds = setting.bennySeconds;
    const perSecond = await throughput(name, open, timings, seconds);
    const bpMs = summarise(timings.ms.get('bp') ?? []).median;
    const rows = open.flatMap(({ name: rule, launches, bytes }): Row[] => {
      const times = timings.ms.get(rule);
      if (!times) return [];
      const ms = summarise(times);
      const steps = all.find(([known]) => known === rule)?.[2];
      const paper = PAPER[rule.replace(/ T=\d+$/, '')];
      return [
        {
          ...{ architecture: name, backend: label, rule, ms },
          toBp: ratios(timings, rule, 'bp'),
          ...{ launches, bytes },
          ...(steps && { msPerInferenceStep: (ms.median - bpMs) / steps }),
          ...(inPaper && paper && { paper }),
          throughput: perSecond.get(rule) ?? null,
        },
      ];
    });
    return {
      tables: [tableOf('steps', columns, rows)],
      failed: [...failed, ...timings.failed],
    };
  } finally {
    destroyAll(open);
  }
}

/** The case of one architecture, on all backends. */
export function stepsCase(
  architecture: Architecture,
  T: InferenceSteps = PAPERS_STEPS,
): Case {
  return {
    name: architecture.name,
    slow: architecture.slow,
    async run(setting) {
      const done: Outcome[] = [];
      for (const named of await setting.backends()) {
        setting.log(`${architecture.name}: ${named.label}`);
        done.push(await measure(architecture, named, setting, T));
      }
      return {
        tables: done.flatMap(({ tables }) => tables),
        failed: done.flatMap(({ failed }) => failed ?? []),
      };
    },
  };
}

export const steps: Section = {
  name: 'steps',
  question: 'what does a training step (adam) cost under each rule, beside bp?',
  reading:
    '"to bp" is the median of the ratios within rounds. "paper": Salvatori ' +
    '2022, Table 2, ratios over its models (larger than these). "ms a T": what ' +
    'one inference step of IL adds.',
  cases: architectures.map((architecture) => stepsCase(architecture)),
};
