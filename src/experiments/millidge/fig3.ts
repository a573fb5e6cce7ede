/**
 * Millidge 2020, Figure 3 and those of the recurrent networks: training and
 * test accuracy of networks that learn by predictive coding and by BP.
 */

import type { Figure } from '../../figures/figure.ts';
import { level } from '../../graph/level.ts';
import { bp } from '../../rules/bp.ts';
import { il } from '../../rules/il.ts';
import { zil } from '../../rules/zil.ts';
import {
  column,
  fixed,
  origin,
  percent,
  type RowOf,
  short,
} from '../../studies/columns.ts';
import { choices, count, size } from '../../studies/parameters.ts';
import { band, claim, dataOf, groupsOf, unique } from '../../studies/rows.ts';
import { product, study } from '../../studies/study.ts';
import { binomialBelow } from '../../theory/binomial.ts';
import { curves, follow, testsOf } from '../training.ts';
import { twinOf, zilIsBp } from '../twins.ts';
import {
  countParameters,
  loadTask,
  TASKS,
  TASKS_TOLD,
  type TaskName,
  taskOptimiser,
  taskParameters,
} from './tasks.ts';

const RULES = ['bp', 'zil', 'pc'] as const;

const last = percent(1);

const columns = {
  ...origin,
  seed: column('seed'),
  model: column<TaskName>('model'),
  rule: column<(typeof RULES)[number]>('rule'),
  presentations: column('presentations', (count, { broke }) =>
    broke === null ? `${count}` : `broke at ${broke}`,
  ),
  /** Edges of the longest path; inference steps and their size. */
  depth: column(),
  inference: column<number | null>(),
  gamma: column<number | null>(),
  /** Part of an error that has not come to the end of the longest path. */
  lost: column<number | null>('lost on the way', short),
  steps: column<readonly number[]>(),
  trainAccuracy: column<readonly number[]>('training accuracy', (all) =>
    last(all.at(-1)),
  ),
  testAccuracy: column<readonly number[]>('test accuracy', (all) =>
    last(all.at(-1)),
  ),
  trainLoss: column<readonly number[]>(),
  testLoss: column<readonly number[]>('test loss', (all) =>
    fixed(4)(all.at(-1)),
  ),
  /** The presentation at which numbers were no longer finite. */
  broke: column<number | null>(),
  digest: column<string>(),
};

export type Fig3Row = RowOf<typeof columns>;

export const fig3 = study({
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
    models: choices(TASKS, 'networks to train', TASKS, { from: 'paper' }),
    rules: choices(RULES, 'bp and pc are of the paper'),
    ...countParameters(
      { cnn: 120, rnn: 300, lstm: 400 },
      { cnn: 40, rnn: 80, lstm: 120 },
    ),
    gamma: size(
      0.5,
      'size of an inference step (the paper: .1, layer after layer)',
      { least: 1e-6 },
    ),
    ...taskParameters(),
    tests: count(10, 'tests of a training, evenly over it'),
    test: count(300, 'examples of each part that accuracies are of'),
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
  columns,
  grid: ({ models, rules }, seeds) =>
    product({ seed: seeds, model: models, rule: rules }),
  async measure({ model: name, rule, seed }, settings, context) {
    const { backend, signal, progress } = context;
    const { data, model } = await loadTask(name, settings, seed);
    const { gamma, batch, test: examples } = settings;
    const [steps, T] = [settings[name], settings[`${name}T`]];
    const relaxes = rule === 'pc';
    const pc = () => il({ steps: T, gamma, prediction: 'fixed' });
    const followed = await follow({
      ...{ model, data, backend, seed, steps, batch, examples, signal },
      rule: { bp, zil, pc }[rule](),
      optimiser: taskOptimiser(settings),
      tests: testsOf(steps, settings.tests),
      progress: (part) => progress(part, `${Math.round(part * steps)}`),
    });
    const { depth } = level(model(1));
    return [
      {
        ...{ data: data.title, presentations: steps, depth },
        ...(relaxes && { inference: T, gamma }),
        // The deepest parameter is read one edge before the end of its path.
        lost: relaxes ? binomialBelow(T, gamma, depth - 1) : null,
        ...curves(followed),
      },
    ];
  },
  table: 'At the end of the training',
  figures: (rows) =>
    groupsOf(rows, ({ model }) => model).map(([, own]) => figure(own)),
  conclude(rows) {
    const same = ['model', 'seed'] as const;
    const remarks = rows.flatMap((row) => {
      const twin = twinOf(row, rows, same);
      if (row.rule !== 'pc' || !twin) return [];
      const gap = largestGap(row, twin);
      return [
        `${row.model}, seed ${row.seed}, ` +
          `${claim('PC learns as BP does', gap <= NEAR)}; test accuracies ` +
          `are apart by ${(100 * gap).toFixed(1)} points at most, at the end ` +
          `${last(row.testAccuracy.at(-1))} and ${last(twin.testAccuracy.at(-1))}.`,
      ];
    });
    return {
      verdicts: zilIsBp(
        'trainings',
        rows,
        same,
        ({ model, seed }) => `${model}, seed ${seed}`,
      ),
      remarks: [...remarks, dataOf(rows)],
    };
  },
});

/** Accuracies that are nearer than this are called alike. */
const NEAR = 0.05;

function largestGap(a: Fig3Row, b: Fig3Row): number {
  if (a.broke !== null || b.broke !== null) return 1;
  const gaps = a.testAccuracy.map((value, i) =>
    Math.abs(value - b.testAccuracy[i]!),
  );
  return Math.max(...gaps);
}

function figure(rows: readonly Fig3Row[]): Figure {
  const { model, data } = rows[0]!;
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
      (unique(rows.map(({ seed }) => seed)).length > 1
        ? ', and bands from the least to the greatest. '
        : '. ') +
      'Look whether the curves of pc lie on those of bp; those of Z-IL are the curves of ' +
      'bp to the last bit, and are not drawn. That curves part after a while is no ' +
      'sign of a wrong gradient: trainings amplify any small difference.',
    lines: parts.flatMap(({ part, key }) =>
      rules.map((rule) => {
        const own = rows.filter((row) => row.rule === rule);
        const seeds = own.map((row) => row[key].map((part) => 100 * part));
        return band(`${rule}, ${part}`, own[0]!.steps, seeds);
      }),
    ),
    x: { label: 'presentations' },
    y: { label: 'rows named right (%)', fromZero: true },
  };
}
