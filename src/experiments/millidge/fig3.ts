/**
 * Millidge 2020, Figure 3 and those of the recurrent networks: training and
 * test accuracy of networks that learn by predictive coding and by BP.
 */

import type { Figure } from '../../figures/figure.ts';
import { level } from '../../graph/level.ts';
import { bp } from '../../rules/bp.ts';
import { il } from '../../rules/il.ts';
import type { Rule } from '../../rules/rule.ts';
import { zil } from '../../rules/zil.ts';
import {
  type Context,
  type Experiment,
  short,
} from '../../studies/experiment.ts';
import type { Settings } from '../../studies/settings.ts';
import { binomialBelow } from '../../theory/binomial.ts';
import { digest, follow, testsOf } from '../training.ts';
import {
  countParameters,
  loadTask,
  TASKS,
  TASKS_TOLD,
  type TaskName,
  taskOptimiser,
  taskParameters,
} from './tasks.ts';

type Name = 'bp' | 'zil' | 'pc';

export type Fig3Row = {
  readonly experiment: 'fig3';
  readonly data: string;
  readonly backend: string;
  readonly dtype: string;
  readonly seed: number;
  readonly model: TaskName;
  readonly rule: Name;
  readonly presentations: number;
  /** Edges of the longest path; inference steps and their size. */
  readonly depth: number;
  readonly inference: number | null;
  readonly gamma: number | null;
  /** Part of an error that has not come to the end of the longest path. */
  readonly lost: number | null;
  readonly steps: readonly number[];
  readonly trainAccuracy: readonly number[];
  readonly testAccuracy: readonly number[];
  readonly trainLoss: readonly number[];
  readonly testLoss: readonly number[];
  /** The presentation at which numbers were no longer finite. */
  readonly broke: number | null;
  readonly digest: string;
};

export const fig3: Experiment<Fig3Row> = {
  name: 'fig3',
  title: 'Predictive coding and backpropagation learn alike',
  source: 'Millidge 2020, Figures 3 and 4',
  about: [
    'Three networks are trained by backpropagation and by predictive coding:',
    ...TASKS_TOLD,
    'Predictive coding (pc) relaxes its values for T steps of size gamma with fixed',
    'predictions, all vertices at the same time, and learns then. An error that has k',
    'edges to go has then come by P(Binomial(T, gamma) >= k); T is so large that hardly',
    'anything is lost on the longest path. Z-IL (zil) is predictive coding with gamma = 1',
    "that learns when an error comes first: it must end with BP's weights to the bit.",
    'Accuracies are of the same first examples of each part at each test.',
  ],
  paper: [
    'The paper shows that curves of PC and BP lie on each other, for the CNN on SVHN,',
    'CIFAR-10 and CIFAR-100, the RNN on names and the LSTM on Shakespeare. Its code',
    'sweeps layers and time backwards with steps of .1; here all vertices relax at the',
    'same time, so gamma and T differ. Sizes and numbers of presentations are reduced',
    'by default, and of CIFAR-10 there are 4,000 + 1,000 pictures. The LSTM has cross-',
    'entropy as its loss, the others half the squared distance, as in the code.',
    'The paper has plain gradient descent. --full has pieces of 20',
    'characters in place of 50 and takes about three hours on 2 cores.',
  ],
  parameters: {
    models: {
      value: [...TASKS],
      help: 'networks to train',
      from: 'paper',
      oneOf: [...TASKS],
    },
    rules: {
      value: ['bp', 'zil', 'pc'],
      help: 'bp and pc are of the paper',
      from: 'chosen',
      oneOf: ['bp', 'zil', 'pc'],
    },
    ...countParameters(
      { cnn: 120, rnn: 300, lstm: 400 },
      { cnn: 40, rnn: 80, lstm: 120 },
    ),
    gamma: {
      value: 0.5,
      help: 'size of an inference step (the paper: .1, layer after layer)',
      from: 'chosen',
      least: 1e-6,
    },
    ...taskParameters,
    tests: {
      value: 10,
      help: 'tests of a training, evenly over it',
      from: 'chosen',
      least: 1,
      whole: true,
    },
    test: {
      value: 300,
      help: 'examples of each part that accuracies are of',
      from: 'chosen',
      least: 1,
      whole: true,
    },
  },
  quick: {
    ...{ cnn: '20', rnn: '60', lstm: '20', tests: '5', test: '100' },
    ...{ hidden: '24', batch: '16', characters: '4', lstmT: '90' },
  },
  full: {
    ...{ cnn: '2500', rnn: '5000', lstm: '500', test: '1000', tests: '50' },
    ...{ dense: '200,150', hidden: '256', letters: '0', characters: '20' },
    ...{ rnnT: '180', lstmT: '340', batch: '64' },
  },
  pieces: (settings, seeds) =>
    seeds.flatMap((seed) =>
      (settings.texts('models') as TaskName[]).flatMap((model) =>
        (settings.texts('rules') as Name[]).map((rule) => ({
          key: `${model}/${rule}/${seed}`,
          run: (context: Context) =>
            measure({ model, rule, seed }, settings, context),
        })),
      ),
    ),
  sections: (rows) => [
    {
      title: 'At the end of the training',
      head: [
        ...['model', 'rule', 'seed', 'presentations', 'training accuracy'],
        ...['test accuracy', 'test loss', 'lost on the way'],
      ],
      rows: rows.map((row) => [
        row.model,
        row.rule,
        `${row.seed}`,
        row.broke === null ? `${row.presentations}` : `broke at ${row.broke}`,
        percent(row.trainAccuracy.at(-1)),
        percent(row.testAccuracy.at(-1)),
        row.testLoss.at(-1)?.toFixed(4) ?? '-',
        row.lost === null ? '-' : short(row.lost),
      ]),
    },
  ],
  figures: (rows) =>
    [...new Set(rows.map(({ model }) => model))].map((model) =>
      curves(rows.filter((row) => row.model === model)),
    ),
  conclude(rows) {
    const pairs = rows.flatMap((row) => {
      const twin = rows.find(
        ({ rule, model, seed }) =>
          rule === 'bp' && model === row.model && seed === row.seed,
      );
      return twin ? [{ row, twin }] : [];
    });
    const exact = pairs.filter(({ row }) => row.rule === 'zil');
    const apart = exact.filter(({ row, twin }) => row.digest !== twin.digest);
    const lines: string[] = [];
    if (exact.length > 0) {
      lines.push(
        `Z-IL ends with BP's weights to the bit in ${exact.length - apart.length} of ` +
          `${exact.length} trainings.`,
      );
    }
    for (const { row, twin } of pairs.filter(({ row }) => row.rule === 'pc')) {
      const gap = largestGap(row, twin);
      const together = gap <= NEAR;
      lines.push(
        `${row.model}, seed ${row.seed}, claim "PC learns as BP does": ` +
          `${together ? 'it comes out' : 'it does NOT come out'}; test accuracies ` +
          `are apart by ${(100 * gap).toFixed(1)} points at most, at the end ` +
          `${percent(row.testAccuracy.at(-1))} and ${percent(twin.testAccuracy.at(-1))}.`,
      );
    }
    lines.push(
      `Data: ${[...new Set(rows.map(({ data }) => data))].join('; ')}.`,
    );
    for (const { row } of apart) {
      lines.push(
        `NOT as the theory has it: Z-IL differs from BP, ${row.model}, ` +
          `seed ${row.seed}.`,
      );
    }
    return { lines, holds: apart.length === 0 };
  },
};

/** Accuracies that are nearer than this are called alike. */
const NEAR = 0.05;

function largestGap(a: Fig3Row, b: Fig3Row): number {
  if (a.broke !== null || b.broke !== null) return 1;
  const gaps = a.testAccuracy.map((value, i) =>
    Math.abs(value - b.testAccuracy[i]),
  );
  return Math.max(...gaps);
}

async function measure(
  of: { model: TaskName; rule: Name; seed: number },
  settings: Settings,
  { backend, signal, progress }: Context,
): Promise<Fig3Row[]> {
  const { model: name, rule, seed } = of;
  const { data, model } = await loadTask(name, settings, seed);
  const steps = settings.number(name);
  const T = settings.number(`${name}T`);
  const gamma = settings.number('gamma');
  const rules: Record<Name, Rule> = {
    bp: bp(),
    zil: zil(),
    pc: il({ steps: T, gamma, prediction: 'fixed' }),
  };
  const { points, weights, broke } = await follow({
    ...{ model, data, backend, seed, steps, signal },
    rule: rules[rule],
    optimiser: taskOptimiser(settings),
    batch: settings.number('batch'),
    tests: testsOf(steps, settings.number('tests')),
    examples: settings.number('test'),
    progress: (part) => progress(part, `${Math.round(part * steps)}`),
  });
  const { depth } = level(model(1));
  const relaxes = rule === 'pc';
  return [
    {
      experiment: 'fig3',
      data: data.title,
      backend: backend.name,
      dtype: backend.dtype,
      ...{ seed, model: name, rule, presentations: steps, depth },
      inference: relaxes ? T : null,
      gamma: relaxes ? gamma : null,
      // The deepest parameter is read one edge before the end of its path.
      lost: relaxes ? binomialBelow(T, gamma, depth - 1) : null,
      steps: points.map(({ step }) => step),
      trainAccuracy: points.map(({ trainScore }) => trainScore),
      testAccuracy: points.map(({ testScore }) => testScore),
      trainLoss: points.map(({ trainLoss }) => trainLoss),
      testLoss: points.map(({ testLoss }) => testLoss),
      broke,
      digest: digest(weights),
    },
  ];
}

const percent = (part: number | undefined) =>
  part === undefined ? '-' : `${(100 * part).toFixed(1)} %`;

function curves(rows: readonly Fig3Row[]): Figure {
  const [{ model, data }] = rows;
  const rules = (['bp', 'pc'] as const).filter((rule) =>
    rows.some((row) => row.rule === rule),
  );
  const parts = [
    { part: 'test', key: 'testAccuracy' },
    { part: 'training', key: 'trainAccuracy' },
  ] as const;
  return {
    kind: 'lines',
    name: `fig3-${model}`,
    title: `Accuracy of the ${model.toUpperCase()} by BP and by predictive coding`,
    subtitle: data,
    caption:
      'Mean over seeds' +
      (new Set(rows.map(({ seed }) => seed)).size > 1
        ? ', and bands from the least to the greatest. '
        : '. ') +
      'Look whether the curves of pc lie on those of bp; those of Z-IL are the curves of ' +
      'bp to the last bit, and are not drawn. That curves part after a while is no ' +
      'sign of a wrong gradient: trainings amplify any small difference.',
    lines: parts.flatMap(({ part, key }) =>
      rules.map((rule) => {
        const own = rows.filter((row) => row.rule === rule);
        const xs = own[0].steps;
        const at = (i: number) =>
          own.map((row) => 100 * (row[key][i] ?? Number.NaN));
        return {
          name: `${rule}, ${part}`,
          xs,
          ys: xs.map((_, i) => at(i).reduce((a, b) => a + b, 0) / own.length),
          ...(own.length > 1 && {
            lower: xs.map((_, i) => Math.min(...at(i))),
            upper: xs.map((_, i) => Math.max(...at(i))),
          }),
        };
      }),
    ),
    x: { label: 'presentations' },
    y: { label: 'rows named right (%)', fromZero: true },
  };
}
