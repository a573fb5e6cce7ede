/** Section: a training step of every architecture under every rule. */

import type { Backend } from '../../src/backends/backend.ts';
import { WebGpuBackend } from '../../src/backends/webgpu/webgpu.ts';
import { bp } from '../../src/rules/bp.ts';
import { fazil } from '../../src/rules/fazil.ts';
import { il } from '../../src/rules/il.ts';
import { zil } from '../../src/rules/zil.ts';
import { type Architecture, architectures } from '../architectures.ts';
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
import { median, type Summary, summarise } from '../statistics.ts';
import {
  destroyAll,
  type StepOptions,
  stepping,
  steppings,
} from '../stepping.ts';
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

interface Contestant extends StepOptions {
  readonly name: string;
  /** Steps of inference of a presentation. */
  readonly steps?: number;
}

/** Those that are open at once, all beside bp: IL's programs are large. */
function groups(backend: Backend, T: InferenceSteps): Contestant[][] {
  const fixed = il({ steps: T.fixed, gamma: 0.1, prediction: 'fixed' });
  const recomputed = il({ steps: T.recomputed, gamma: 0.1 });
  const exact: Contestant[] = [
    { name: 'zil', rule: zil(), backend },
    { name: 'fazil', rule: fazil(), backend },
  ];
  if (backend instanceof WebGpuBackend) {
    // What it gains to make one call of those that are alike, and of those
    // that read each other.
    const apart = new WebGpuBackend(backend.gpu, { batches: false });
    const unfused = new WebGpuBackend(backend.gpu, { fuses: 0 });
    exact.push(
      { name: 'zil unbatched', rule: zil(), backend: apart },
      { name: 'zil unfused', rule: zil(), backend: unfused },
    );
  }
  const [one, other] = [`il fixed T=${T.fixed}`, `il T=${T.recomputed}`];
  return [
    exact,
    [{ name: one, rule: fixed, backend, steps: T.fixed }],
    [{ name: other, rule: recomputed, backend, steps: T.recomputed }],
  ];
}

async function measure(
  architecture: Architecture,
  { label, backend }: Named,
  setting: Setting,
  T: InferenceSteps,
): Promise<Outcome> {
  const { name } = architecture;
  const graph = architecture.make();
  const rows: Row[] = [];
  const failed: Failure[] = [];
  const notes: string[] = [];
  const tape = await stepping('bp', graph, { rule: bp(), backend });
  try {
    for (const group of groups(backend, T)) {
      const opened = await steppings(
        graph,
        group.map((each) => [each.name, each] as const),
      );
      failed.push(...opened.failed);
      for (const { name: rule, error } of opened.refused) {
        notes.push(`${name}, ${rule} on ${label}: ${error}`);
      }
      try {
        const beside = [tape, ...opened.open];
        const timings = await timeRounds(beside, setting.rounds);
        failed.push(...timings.failed);
        const measured = rows.length === 0 ? beside : opened.open;
        const seconds = setting.bennySeconds;
        const perSecond = await throughput(name, measured, timings, seconds);
        const bpMs = median(timings.ms.get('bp') ?? []);
        for (const { name: rule, launches, bytes } of measured) {
          const times = timings.ms.get(rule);
          if (!times) continue;
          const ms = summarise(times);
          const steps = group.find((each) => each.name === rule)?.steps;
          const paper = PAPER[rule.replace(/ T=\d+$/, '')];
          rows.push({
            ...{ architecture: name, backend: label, rule, ms },
            toBp: ratios(timings, rule, 'bp'),
            ...{ launches, bytes },
            ...(steps && { msPerInferenceStep: (ms.median - bpMs) / steps }),
            ...(architecture.inPaper && paper && { paper }),
            throughput: perSecond.get(rule) ?? null,
          });
        }
      } finally {
        destroyAll(opened.open);
      }
    }
  } finally {
    destroyAll([tape]);
  }
  return { tables: [tableOf('steps', columns, rows)], failed, notes };
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
        notes: done.flatMap(({ notes }) => notes ?? []),
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
