/**
 * Backpropagation and Predictive Coding: an experimental comparison. The rules
 * train the same networks, at several learning rates and weight decays.
 */

import { count, counts, size, sizes } from '../../studies/parameters.ts';
import { dataOf } from '../../studies/rows.ts';
import { study } from '../../studies/study.ts';
import { curves, digest } from '../training.ts';
import { zilIsBp } from '../twins.ts';
import { comparisonFigures } from './comparison-figures.ts';
import { claims, columns, comparisonTables } from './summary.ts';
import {
  ruleParameter,
  stepsOf,
  trainVariant,
  VARIANTS_TOLD,
  variantParameters,
} from './variants.ts';

/** 90 % of the final accuracy is called reached. */
const PART = 0.9;

export const comparison = study({
  name: 'comparison',
  title: 'Five learning rules train the same networks',
  source: 'Backpropagation and Predictive Coding: an experimental comparison',
  about: [
    'Deep networks learn to name pictures of clothes by',
    ...VARIANTS_TOLD,
    'All see the same pictures in the same order, from the same weights, with the',
    'same optimiser. A layer mu = f(W x + b) is one population, and the loss is half',
    'the squared distance to the one-hot target, summed over a batch. Predictions are',
    'recomputed at every inference step. Each rule runs at every learning rate; curves',
    'are those of the rate at which it ends with the best test accuracy. The other',
    'weight decays run at one rate, and act on weights, biases and ln Sigma alike.',
    'Speed is how many presentations come before 90 % of the final accuracy, and how',
    'many inference steps they have: T each, for BP and Z-IL as many as layers.',
    'ln Sigma starts at 0 and falls while errors are smaller than Sigma says. A step of',
    'gamma then corrects an error by gamma / Sigma: below ln Sigma = ln(gamma / 2) a',
    'population overshoots more than it corrects, and values ring.',
  ],
  paper: [
    'The paper trains 8 hidden layers of 256 and 1024 on Fashion-MNIST. It finds that',
    'learned precisions (rc3) come closest to BP and that frequent plasticity (rc2)',
    'is unstable at larger learning rates. Widths, T = 256, plasticity every 8 steps',
    'are its own; here networks, T and the number of pictures are reduced by default.',
    'Rates, optimiser, activation, gamma and decay are chosen by us. With T = 256 a',
    'presentation of 8 x 256 takes about a second on 2 cores, one of 8 x 1024 fifteen:',
    '--full, an epoch of each training, takes about three days there.',
  ],
  parameters: {
    rules: ruleParameter(),
    widths: counts(
      [32, 64],
      'units of a hidden layer (the paper: 256 and 1024)',
    ),
    rates: sizes([0.0003, 0.001, 0.003], 'learning rates', { least: 1e-9 }),
    decays: sizes(
      [0, 0.01],
      'weight decays: the first at all rates, others at decayRate',
      { least: 0 },
    ),
    decayRate: size(
      0.001,
      'learning rate at which other decays are compared; one of rates',
      { least: 1e-9 },
    ),
    ...variantParameters,
    tests: count(20, 'tests of a training, evenly over it'),
  },
  quick: {
    ...{ layers: '3', widths: '32', T: '32', rates: '0.001,0.003' },
    ...{ decays: '0', batch: '16' },
    ...{ presentations: '100', test: '300', tests: '10', train: '3200' },
  },
  full: {
    ...{ layers: '8', widths: '256,1024', T: '256', batch: '64' },
    ...{ presentations: '938', train: '60000', test: '10000' },
  },
  columns,
  grid: (
    { widths, rules, rates, decays: [first, ...others], decayRate },
    seeds,
  ) =>
    widths.flatMap((width) =>
      rules.flatMap((rule) =>
        [
          ...rates.map((rate) => ({ width, rule, rate, decay: first! })),
          ...others.map((decay) => ({ width, rule, rate: decayRate, decay })),
        ].flatMap((run) => seeds.map((seed) => ({ ...run, seed }))),
      ),
    ),
  async measure({ rule, ...run }, settings, context) {
    const { layers, presentations, tests } = settings;
    const of = { ...run, variant: rule, tests };
    const trained = await trainVariant(of, settings, context);
    const { points, weights, broke, data, graph } = trained;
    const inference = stepsOf(rule, settings, graph);
    const last = broke === null ? points.at(-1)! : null;
    const reached = last
      ? points.find(({ testScore }) => testScore >= PART * last.testScore)!.step
      : null;
    const precisions = [...weights].filter(([id]) => isPrecision(id));
    const plastic = new Map([...weights].filter(([id]) => !isPrecision(id)));
    const learned = precisions.length > 0 && last !== null;
    return [
      {
        ...{ data: data.title, inference, layers, presentations },
        ...curves(trained),
        finalAccuracy: last?.testScore ?? null,
        finalLoss: last?.testLoss ?? null,
        reached,
        reachedSteps: reached === null ? null : reached * inference,
        length: last === null ? null : lengthOf(plastic),
        lnSigma: learned
          ? precisions.flatMap(([, values]) => Array.from(values))
          : null,
        neurons: learned ? precisions.map(([, values]) => values.length) : null,
        digest: digest(plastic),
      },
    ];
  },
  tables: comparisonTables,
  figures: comparisonFigures,
  conclude: (rows, settings) => ({
    verdicts: zilIsBp(
      'trainings',
      rows,
      ['width', 'rate', 'decay', 'seed'],
      ({ width, rate, decay }) =>
        `width ${width}, rate ${rate}, decay ${decay}`,
    ),
    remarks: [
      ...settings.widths.flatMap((width) => claims(rows, width, settings)),
      dataOf(rows),
    ],
  }),
});

const isPrecision = (id: string) => id.startsWith('@lnSigma/');

function lengthOf(weights: ReadonlyMap<string, ArrayLike<number>>): number {
  let sum = 0;
  for (const values of weights.values()) {
    for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  }
  return Math.sqrt(sum);
}
