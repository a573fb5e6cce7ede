/**
 * Salvatori 2022, Table 2: the time of one training step under BP, IL and
 * Z-IL, by architecture, and the kernel calls that make it.
 */

import type { Backend } from '../backends/backend.ts';
import { feedsFor } from '../check.ts';
import { OptionError } from '../errors.ts';
import type { Graph } from '../graph.ts';
import { sgd } from '../optim.ts';
import type { BarsFigure } from '../report/figure.ts';
import { bp } from '../rules/bp.ts';
import { il } from '../rules/il.ts';
import type { Rule } from '../rules/rule.ts';
import { zil } from '../rules/zil.ts';
import { Simulation } from '../simulate.ts';
import type { Context, Experiment } from './experiment.ts';
import { quartiles, ratiosOf, timeRounds } from './rounds.ts';
import type { Settings } from './settings.ts';
import { SIZES, type Size, type Timed, timed } from './table2-models.ts';

export type Table2Row = {
  readonly experiment: 'table2';
  readonly model: string;
  readonly size: string;
  readonly weights: number;
  readonly backend: string;
  readonly dtype: string;
  readonly seed: number;
  readonly rule: RuleName;
  /** Inference steps of one training step; null for rules without them. */
  readonly inferenceSteps: number | null;
  /** Of one training step: median and quartiles over rounds, ms. */
  readonly ms: number;
  readonly msLower: number;
  readonly msUpper: number;
  readonly rounds: number;
  /** Time over BP's in the same round: median and quartiles. */
  readonly toBp: number;
  readonly toBpLower: number;
  readonly toBpUpper: number;
  /** The same over the models of the paper, from and to. */
  readonly paperLeast: number | null;
  readonly paperMost: number | null;
  /** Kernel calls of the recorded step, and what a backend makes of them. */
  readonly calls: number;
  readonly launches: number;
  /** Calls of a kernel more or fewer than in BP's step. */
  readonly callsOff: number;
  /** What theory says of the calls; null: nothing. */
  readonly expectedOff: number | null;
  /** Working memory beside the parameters. */
  readonly bytes: number;
  readonly holds: boolean;
};

const RULES = ['bp', 'zil', 'il fixed', 'il'] as const;
type RuleName = (typeof RULES)[number];

/** Of its Table 2, ratios over all its models. */
const PAPER: Readonly<Partial<Record<RuleName, readonly [number, number]>>> = {
  zil: [1, 1.03],
  il: [74, 160],
};

export const table2: Experiment<Table2Row> = {
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
  ],
  paper: [
    'The paper prints, over its five models, times of Z-IL of 1.00 to 1.03 and of IL',
    'of 74 to 160 times those of BP. Here models are smaller unless size = large, so',
    'that they fit the time, and calls that do not depend on each other may be made',
    'at once. Errors of 0 are not propagated: IL with recomputed predictions pays',
    'less in its first steps. T and gamma are ours.',
  ],
  parameters: {
    models: {
      value: timed.map(({ name }) => name),
      help: 'architectures',
      from: 'paper',
      oneOf: timed.map(({ name }) => name),
    },
    size: {
      value: 'reduced',
      help: "tiny, reduced, or large: near the paper's",
      from: 'chosen',
      oneOf: SIZES,
    },
    steps: {
      value: 100,
      help: 'inference steps T of IL',
      from: 'chosen',
      least: 1,
      whole: true,
    },
    gamma: {
      value: 0.1,
      help: 'integration step of IL',
      from: 'chosen',
      least: 1e-6,
    },
    lr: {
      value: 1e-4,
      help: 'learning rate (sgd): weights hardly move, times do not depend on it',
      from: 'chosen',
      least: 1e-12,
    },
    rounds: {
      value: 15,
      help: 'rounds at most',
      from: 'chosen',
      least: 1,
      whole: true,
    },
    seconds: {
      value: 4,
      help: 'of one rule on one model; at least 3 rounds whatever they take',
      from: 'chosen',
      least: 0,
    },
  },
  quick: { size: 'tiny', seconds: '0.5' },
  full: { size: 'large', seconds: '60' },
  pieces: (settings, seeds) =>
    seeds.flatMap((seed) =>
      settings.texts('models').map((name) => ({
        key: `${name}/${seed}`,
        run: (context: Context) =>
          measure(timedByName(name), { settings, seed }, context),
      })),
    ),
  sections: (rows) => [
    {
      title: '',
      head: [
        'model',
        'rule',
        'ms',
        'to BP (quartiles)',
        'paper',
        'calls',
        'launches',
        'rounds',
      ],
      rows: rows.map((row) => [
        row.model,
        row.rule,
        digits(row.ms),
        row.rule === 'bp'
          ? '1'
          : `${digits(row.toBp)} (${digits(row.toBpLower)} to ${digits(row.toBpUpper)})`,
        row.paperLeast === null ? '-' : `${row.paperLeast} to ${row.paperMost}`,
        `${row.calls}`,
        `${row.launches}`,
        `${row.rounds}`,
      ]),
    },
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
    const wrong = rows.filter(({ holds }) => !holds);
    const exact = of('zil').filter(({ callsOff }) => callsOff === 0);
    return {
      holds: wrong.length === 0,
      lines: [
        `Z-IL's step calls the kernels that BP's step calls, each as often, in ` +
          `${exact.length} of ${of('zil').length} models.`,
        `Time over BP's, medians: Z-IL ${range('zil')} (the paper: 1.00 to 1.03), ` +
          `IL ${range('il')} (the paper: 74 to 160), IL with fixed predictions ` +
          `${range('il fixed')}.`,
        ...wrong.map(
          ({ model, rule, callsOff }) =>
            `NOT as the theory has it: ${model}, ${rule}: ${callsOff} calls more or fewer.`,
        ),
      ],
    };
  },
};

function timedByName(name: string): Timed {
  const found = timed.find((each) => each.name === name);
  if (found) return found;
  throw new OptionError(
    `Unknown model "${name}": use one of ` +
      timed.map((each) => each.name).join(', '),
    { name },
  );
}

function rulesOf(settings: Settings): Record<RuleName, Rule> {
  const steps = settings.number('steps');
  const gamma = settings.number('gamma');
  return {
    bp: bp(),
    zil: zil(),
    'il fixed': il({ steps, gamma, prediction: 'fixed' }),
    il: il({ steps, gamma }),
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

async function measure(
  { name, title, make }: Timed,
  { settings, seed }: { settings: Settings; seed: number },
  { backend, signal, progress }: Context,
): Promise<Table2Row[]> {
  const size = settings.text('size') as Size;
  const graph = make(size);
  const rules = rulesOf(settings);
  const feeds = feedsFor(graph, seed);
  const opened: Opened[] = [];
  try {
    for (const rule of RULES) {
      signal.throwIfAborted();
      progress(0, `${rule} is prepared`);
      const lr = settings.number('lr');
      opened.push(
        await open(rule, graph, { of: rules[rule], backend, lr, seed }),
      );
    }
    const times = await timeRounds(
      opened.map(({ name, simulation }) => ({
        name,
        run: () => simulation.step(feeds),
      })),
      {
        rounds: settings.number('rounds'),
        budget: 1000 * settings.number('seconds'),
        signal,
        progress,
      },
    );
    const [base] = opened;
    return opened.map((each): Table2Row => {
      const own = times.get(each.name)!;
      const ms = quartiles(own);
      const toBp = quartiles(ratiosOf(own, times.get('bp')!));
      const callsOff = kernelsOff(each.kernels, base.kernels);
      const inferring = each.name === 'il' || each.name === 'il fixed';
      const [paperLeast, paperMost] = PAPER[each.name] ?? [null, null];
      return {
        experiment: 'table2',
        model: name,
        size: title(size),
        weights: weightsOf(graph),
        backend: backend.name,
        dtype: backend.dtype,
        seed,
        rule: each.name,
        inferenceSteps: inferring ? settings.number('steps') : null,
        ms: ms.median,
        msLower: ms.lower,
        msUpper: ms.upper,
        rounds: own.length,
        toBp: toBp.median,
        toBpLower: toBp.lower,
        toBpUpper: toBp.upper,
        ...{ paperLeast, paperMost },
        calls: [...each.kernels.values()].reduce((n, count) => n + count, 0),
        launches: each.launches,
        callsOff,
        expectedOff: inferring ? null : 0,
        bytes: each.bytes,
        holds: inferring || callsOff === 0,
      };
    });
  } finally {
    for (const { simulation } of opened) simulation.destroy();
  }
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

function weightsOf({ vertices }: Graph): number {
  return vertices.reduce((n, v) => n + (v.op === 'param' ? v.size : 0), 0);
}

function digits(value: number): string {
  return Number(value.toPrecision(3)).toString();
}

function figure(rows: readonly Table2Row[]): BarsFigure {
  const models = [...new Set(rows.map(({ model }) => model))];
  const shown = RULES.filter((rule) => rule !== 'bp');
  return {
    kind: 'bars',
    name: 'table2',
    title: "Time of a training step over backpropagation's",
    subtitle: [...new Set(rows.map((r) => `${r.backend}, ${r.dtype}`))].join(),
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
