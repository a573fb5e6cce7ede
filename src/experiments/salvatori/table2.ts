/**
 * Salvatori 2022, Table 2: the time of one training step under BP, IL and
 * Z-IL, by architecture, and the kernel calls that make it.
 */

import type { BarsFigure } from '../../figures/figure.ts';
import type { Context, Experiment } from '../../studies/experiment.ts';
import { SIZES, timed, timedByName } from './table2-models.ts';
import {
  measure,
  RULES,
  type RuleName,
  type Table2Row,
} from './table2-steps.ts';

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
      value: 0.2,
      help: 'step of IL; small ones make subnormal numbers, which are slow',
      from: 'chosen',
      least: 1e-6,
    },
    lr: {
      value: 1e-4,
      help: 'learning rate (sgd); every step starts from the same weights',
      from: 'chosen',
      least: 1e-12,
    },
    rounds: {
      value: 25,
      help: 'rounds at most; a turn is several steps where they are short',
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
    const fewer = of('zil').filter(({ model, seed, launches }) =>
      of('bp').some(
        (bp) =>
          bp.model === model && bp.seed === seed && launches < bp.launches,
      ),
    );
    return {
      holds: wrong.length === 0,
      lines: [
        `Z-IL's step calls the kernels that BP's step calls, each as often, in ` +
          `${exact.length} of ${of('zil').length} models.`,
        'Calls that do not wait for each other can be one launch: Z-IL needs fewer ' +
          `launches than BP in ${fewer.length} of ${of('zil').length} models here.`,
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
