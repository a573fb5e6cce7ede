/**
 * Salvatori 2022, Table 2: the time of one training step under BP, IL and
 * Z-IL, by architecture, and the kernel calls that make it.
 */

import type { Backend } from '../../backends/backend.ts';
import type { BarsFigure } from '../../figures/figure.ts';
import { type Graph, weightsOf } from '../../graph/graph.ts';
import { feedsFor } from '../../proof/check.ts';
import { bp } from '../../rules/bp.ts';
import { il } from '../../rules/il.ts';
import type { Rule } from '../../rules/rule.ts';
import { zil } from '../../rules/zil.ts';
import { sgd } from '../../simulation/optim.ts';
import { Simulation } from '../../simulation/simulate.ts';
import { column, device, type RowOf } from '../../studies/columns.ts';
import { choice, choices, count, size } from '../../studies/parameters.ts';
import { sumOf, unique } from '../../studies/rows.ts';
import { product, study } from '../../studies/study.ts';
import { every } from '../../studies/verdict.ts';
import { quartiles, ratiosOf, timeRounds } from './rounds.ts';
import { SIZES, timed, timedByName } from './table2-models.ts';

const RULES = ['bp', 'zil', 'il fixed', 'il'] as const;
type RuleName = (typeof RULES)[number];

/** Of its Table 2, ratios over all its models. */
const PAPER: Readonly<Partial<Record<RuleName, readonly [number, number]>>> = {
  zil: [1, 1.03],
  il: [74, 160],
};

const digits = (value: unknown) =>
  `${Number((value as number).toPrecision(3))}`;

const columns = {
  model: column<string>('model'),
  size: column<string>(),
  weights: column(),
  ...device,
  seed: column(),
  rule: column<RuleName>('rule'),
  /** Inference steps of one training step; null for rules without them. */
  inferenceSteps: column<number | null>(),
  /** Of one training step: median and quartiles over rounds, ms. */
  ms: column('ms', digits),
  msLower: column(),
  msUpper: column(),
  rounds: column('rounds'),
  /** Time over BP's in the same round: median and quartiles. */
  toBp: column('to BP (quartiles)', (toBp, { rule, toBpLower, toBpUpper }) =>
    rule === 'bp'
      ? '1'
      : `${digits(toBp)} (${digits(toBpLower)} to ${digits(toBpUpper)})`,
  ),
  toBpLower: column(),
  toBpUpper: column(),
  /** The same over the models of the paper, from and to. */
  paperLeast: column<number | null>('paper', (least, { paperMost }) =>
    least === null ? '-' : `${least} to ${paperMost}`,
  ),
  paperMost: column<number | null>(),
  /** Kernel calls of the recorded step, and what a backend makes of them. */
  calls: column('calls'),
  launches: column('launches'),
  /** Calls of a kernel more or fewer than in BP's step. */
  callsOff: column(),
  /** What theory says of the calls; null: nothing. */
  expectedOff: column<number | null>(),
  /** Working memory beside the parameters. */
  bytes: column(),
  holds: column<boolean>(),
};

export type Table2Row = RowOf<typeof columns>;

export const table2 = study({
  name: 'table2',
  title: 'Time of one training step under BP, Z-IL and IL, by architecture',
  source: 'Salvatori 2022, Table 2',
  about: [
    'Each model takes training steps under four rules, which take turns so that a',
    "slow moment of the machine meets all: the ratio is of a rule's time to BP's in",
    'the same round, and its median is shown. A step is the forward pass, what the',
    'rule does, the update of all weights, and reading the loss.',
    '  bp        backpropagation on a tape',
    '  zil       the circuit in which every weight learns when its error comes',
    '  il        inference learning: values relax for T steps, then weights learn',
    '  il fixed  the same with predictions and derivatives held as they were',
    'Z-IL costs what BP costs since only one wave of errors passes: each population',
    'forms one error, by the very kernels that BP calls. That is what theory gives',
    'and what must hold: the recorded step calls each kernel as often as the one of',
    'BP. Times are reported; they vary, and nothing is concluded from one of them.',
    'It takes about 2 minutes on 2 cores; --full 40, reckoned from the time of a step.',
  ],
  paper: [
    'The paper prints, over its five models, times of Z-IL of 1.00 to 1.03 and of IL',
    'of 74 to 160 times those of BP. Here models are smaller unless size = large, so',
    'that they fit the time, and calls that do not depend on each other may be made',
    'at once. Errors of 0 are not propagated: IL with recomputed predictions pays',
    'less in its first steps. T and gamma are ours.',
  ],
  parameters: {
    models: choices(
      timed.map(({ name }) => name),
      'architectures',
      timed.map(({ name }) => name),
      { from: 'paper' },
    ),
    size: choice(SIZES, 'reduced', "tiny, reduced, or large: near the paper's"),
    steps: count(100, 'inference steps T of IL'),
    gamma: size(
      0.2,
      'step of IL; small ones make subnormal numbers, which are slow',
      { least: 1e-6 },
    ),
    lr: size(
      1e-4,
      'learning rate (sgd); every step starts from the same weights',
      { least: 1e-12 },
    ),
    rounds: count(
      25,
      'rounds at most; a turn is several steps where they are short',
    ),
    seconds: size(
      4,
      'of one rule on one model; at least 3 rounds whatever they take',
      { least: 0 },
    ),
  },
  quick: { size: 'tiny', seconds: '0.5' },
  full: { size: 'large', seconds: '60' },
  columns,
  grid: ({ models }, seeds) => product({ seed: seeds, model: models }),
  async measure({ model, seed }, settings, { backend, signal, progress }) {
    const { size, steps, gamma, lr, rounds, seconds } = settings;
    const { title, make } = timedByName(model);
    const graph = make(size);
    const rules: Record<RuleName, Rule> = {
      bp: bp(),
      zil: zil(),
      'il fixed': il({ steps, gamma, prediction: 'fixed' }),
      il: il({ steps, gamma }),
    };
    const feeds = feedsFor(graph, seed);
    const opened: Opened[] = [];
    try {
      for (const rule of RULES) {
        signal.throwIfAborted();
        progress(0, `${rule} is prepared`);
        const of = { of: rules[rule], backend, lr, seed };
        opened.push(await open(rule, graph, of));
      }
      const weights = await opened[0].simulation.allParameters();
      const times = await timeRounds(
        opened.map(({ name, simulation }) => ({
          name,
          // IL may diverge: its weights must not carry that on.
          prepare: () => {
            for (const [id, value] of weights)
              simulation.setParameter(id, value);
          },
          run: () => simulation.step(feeds),
        })),
        { rounds, budget: 1000 * seconds, signal, progress },
      );
      const [base] = opened;
      return opened.map(({ name: rule, kernels, launches, bytes }) => {
        const own = times.get(rule)!;
        const ms = quartiles(own);
        const toBp = quartiles(ratiosOf(own, times.get('bp')!));
        const callsOff = kernelsOff(kernels, base.kernels);
        const inferring = rule === 'il' || rule === 'il fixed';
        const [paperLeast, paperMost] = PAPER[rule] ?? [null, null];
        return {
          ...{ size: title(size), weights: weightsOf(graph.vertices), rule },
          inferenceSteps: inferring ? steps : null,
          ...{ ms: ms.median, msLower: ms.lower, msUpper: ms.upper },
          rounds: own.length,
          ...{
            toBp: toBp.median,
            toBpLower: toBp.lower,
            toBpUpper: toBp.upper,
          },
          ...{ paperLeast, paperMost, launches, callsOff, bytes },
          calls: sumOf([...kernels.values()], (count) => count),
          expectedOff: inferring ? null : 0,
          holds: inferring || callsOff === 0,
        };
      });
    } finally {
      for (const { simulation } of opened) simulation.destroy();
    }
  },
  table: '',
  tables: (rows) => [
    {
      title: 'Models',
      head: ['model', 'size', 'weights'],
      rows: rows
        .filter(({ rule }) => rule === 'bp')
        .map(({ model, size, weights }) => [model, size, `${weights}`]),
    },
  ],
  figures: (rows) => [figure(rows)],
  conclude(rows) {
    const of = (rule: RuleName) => rows.filter((row) => row.rule === rule);
    const range = (rule: RuleName) => {
      const all = of(rule).map(({ toBp }) => toBp);
      return `${digits(Math.min(...all))} to ${digits(Math.max(...all))}`;
    };
    const fewer = of('zil').filter(({ model, seed, launches }) =>
      of('bp').some(
        (bp) =>
          bp.model === model && bp.seed === seed && launches < bp.launches,
      ),
    );
    return {
      verdicts: every(
        "models: Z-IL's step calls the kernels that BP's step calls, each as often",
        of('zil'),
        ({ model, rule, callsOff }) =>
          `${model}, ${rule}: ${callsOff} calls more or fewer`,
      ),
      remarks: [
        'Calls that do not wait for each other can be one launch: Z-IL needs fewer ' +
          `launches than BP in ${fewer.length} of ${of('zil').length} models here.`,
        `Time over BP's, medians: Z-IL ${range('zil')} (the paper: 1.00 to 1.03), ` +
          `IL ${range('il')} (the paper: 74 to 160), IL with fixed predictions ` +
          `${range('il fixed')}.`,
      ],
    };
  },
});

function figure(rows: readonly Table2Row[]): BarsFigure {
  const models = unique(rows.map(({ model }) => model));
  const shown = RULES.filter((rule) => rule !== 'bp');
  return {
    kind: 'bars',
    name: 'table2',
    title: "Time of a training step over backpropagation's",
    subtitle: unique(rows.map((r) => `${r.backend}, ${r.dtype}`)).join(),
    caption:
      'Medians of ratios within rounds, with quartiles; the axis is logarithmic and ' +
      'bars begin a decade below the least, so compare their ends only. Look for ' +
      'zil at 1: it makes the same kernel calls as backpropagation. il relaxes for ' +
      `T = ${rows.find((r) => r.inferenceSteps !== null)?.inferenceSteps} steps ` +
      'first; the paper prints 74 to 160 for it. With several seeds, the first.',
    groups: models,
    series: shown.map((rule) => {
      const own = models.map(
        (model) =>
          rows.find((row) => row.model === model && row.rule === rule) ?? null,
      );
      return {
        name: rule,
        values: own.map((row) => row?.toBp ?? null),
        lower: own.map((row) => row?.toBpLower ?? null),
        upper: own.map((row) => row?.toBpUpper ?? null),
      };
    }),
    x: { label: 'model' },
    y: { label: "time / BP's time", log: true },
  };
}

interface Opened {
  readonly name: RuleName;
  readonly simulation: Simulation;
  /** Calls of the recorded step by kernel. */
  readonly kernels: ReadonlyMap<string, number>;
  readonly launches: number;
  readonly bytes: number;
}

async function open(
  name: RuleName,
  graph: Graph,
  of: { of: Rule; backend: Backend; lr: number; seed: number },
): Promise<Opened> {
  const { of: rule, backend, lr, seed } = of;
  const optimiser = sgd({ lr });
  const simulation = Simulation.open(graph, { rule, backend, optimiser, seed });
  try {
    const kernels = new Map<string, number>();
    for (const { kernel } of simulation.record().program.calls) {
      kernels.set(kernel.name, (kernels.get(kernel.name) ?? 0) + 1);
    }
    const { launches, bytes } = await simulation.cost();
    return { name, simulation, kernels, launches, bytes };
  } catch (error) {
    simulation.destroy();
    throw error;
  }
}

/** Calls by kernel that one step makes more or fewer than another. */
export function kernelsOff(
  one: ReadonlyMap<string, number>,
  other: ReadonlyMap<string, number>,
): number {
  const names = new Set([...one.keys(), ...other.keys()]);
  let off = 0;
  for (const name of names) {
    off += Math.abs((one.get(name) ?? 0) - (other.get(name) ?? 0));
  }
  return off;
}
