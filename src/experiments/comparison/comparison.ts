/**
 * Backpropagation and Predictive Coding: an experimental comparison. The rules
 * train the same networks, at several learning rates and weight decays.
 */

import type { Context, Experiment } from '../../studies/experiment.ts';
import type { Settings } from '../../studies/settings.ts';
import { digest } from '../training.ts';
import { comparisonFigures } from './comparison-figures.ts';
import { claims, comparisonSections } from './comparison-tables.ts';
import {
  stepsOf,
  trainVariant,
  VARIANTS,
  VARIANTS_TOLD,
  type Variant,
  variantParameters,
} from './variants.ts';

export type ComparisonRow = {
  readonly experiment: 'comparison';
  readonly data: string;
  readonly backend: string;
  readonly dtype: string;
  readonly seed: number;
  readonly rule: Variant;
  readonly layers: number;
  readonly width: number;
  readonly rate: number;
  readonly decay: number;
  /** Inference steps of a presentation. */
  readonly inference: number;
  readonly presentations: number;
  /** Presentations before each test, and what was tested. */
  readonly steps: readonly number[];
  readonly trainLoss: readonly number[];
  readonly testLoss: readonly number[];
  readonly trainAccuracy: readonly number[];
  readonly testAccuracy: readonly number[];
  /** At the last test; null where numbers ended before it. */
  readonly finalAccuracy: number | null;
  readonly finalLoss: number | null;
  /** First test with 90 % of the final accuracy: when, in inference steps too. */
  readonly reached: number | null;
  readonly reachedSteps: number | null;
  /** The presentation at which numbers were no longer finite. */
  readonly broke: number | null;
  /** Euclidean length of all weights and biases. */
  readonly length: number | null;
  /** ln Sigma of all neurons, layer by layer, and the neurons of each. */
  readonly lnSigma: readonly number[] | null;
  readonly neurons: readonly number[] | null;
  /** Of the bits of all weights and biases. */
  readonly digest: string;
};

/** 90 % of the final accuracy is called reached. */
const PART = 0.9;

export const comparison: Experiment<ComparisonRow> = {
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
    rules: {
      value: [...VARIANTS],
      help: 'rules to compare (zil is not of the paper)',
      from: 'chosen',
      oneOf: [...VARIANTS],
    },
    widths: {
      value: [32, 64],
      help: 'units of a hidden layer (the paper: 256 and 1024)',
      from: 'chosen',
      least: 1,
      whole: true,
    },
    rates: {
      value: [0.0003, 0.001, 0.003],
      help: 'learning rates',
      from: 'chosen',
      least: 1e-9,
    },
    decays: {
      value: [0, 0.01],
      help: 'weight decays: the first at all rates, others at decayRate',
      from: 'chosen',
      least: 0,
    },
    decayRate: {
      value: 0.001,
      help: 'learning rate at which other decays are compared; one of rates',
      from: 'chosen',
      least: 1e-9,
    },
    ...variantParameters,
    tests: {
      value: 20,
      help: 'tests of a training, evenly over it',
      from: 'chosen',
      least: 1,
      whole: true,
    },
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
  pieces: (settings, seeds) =>
    runsOf(settings).flatMap((run) =>
      seeds.map((seed) => ({
        key: `${run.width}/${run.variant}/${run.rate}/${run.decay}/${seed}`,
        run: (context: Context) => measure({ ...run, seed }, settings, context),
      })),
    ),
  sections: comparisonSections,
  figures: comparisonFigures,
  conclude(rows, settings) {
    const zil = rows.filter(({ rule }) => rule === 'zil');
    const apart = zil.filter((row) => {
      const twin = rows.find((r) => r.rule === 'bp' && sameRun(r, row));
      return twin !== undefined && twin.digest !== row.digest;
    });
    const lines = [];
    if (zil.length > 0 && rows.some(({ rule }) => rule === 'bp')) {
      lines.push(
        `Z-IL ends with BP's weights to the bit in ${zil.length - apart.length} of ` +
          `${zil.length} trainings.`,
      );
    }
    for (const width of settings.numbers('widths')) {
      lines.push(...claims(rows, width, settings));
    }
    lines.push(
      `Data: ${[...new Set(rows.map(({ data }) => data))].join('; ')}.`,
    );
    for (const { width, rate, decay } of apart) {
      lines.push(
        `NOT as the theory has it: Z-IL differs from BP, width ${width}, ` +
          `rate ${rate}, decay ${decay}.`,
      );
    }
    return { lines, holds: apart.length === 0 };
  },
};

interface Run {
  readonly variant: Variant;
  readonly width: number;
  readonly rate: number;
  readonly decay: number;
}

function runsOf(settings: Settings): Run[] {
  const [first, ...others] = settings.numbers('decays');
  const rates = settings.numbers('rates');
  return settings.numbers('widths').flatMap((width) =>
    (settings.texts('rules') as Variant[]).flatMap((variant) => [
      ...rates.map((rate) => ({ variant, width, rate, decay: first })),
      ...others.map((decay) => ({
        ...{ variant, width, decay },
        rate: settings.number('decayRate'),
      })),
    ]),
  );
}

function sameRun(a: ComparisonRow, b: ComparisonRow): boolean {
  const keys = ['width', 'rate', 'decay', 'seed'] as const;
  return keys.every((key) => a[key] === b[key]);
}

async function measure(
  run: Run & { seed: number },
  settings: Settings,
  context: Context,
): Promise<ComparisonRow[]> {
  const { variant, width, rate, decay, seed } = run;
  const tests = settings.number('tests');
  const { backend } = context;
  const trained = await trainVariant({ ...run, tests }, settings, context);
  const { points, weights, broke, data, graph } = trained;
  const inference = stepsOf(variant, settings, graph);
  const last = broke === null ? points.at(-1)! : null;
  const reached = last
    ? points.find(({ testScore }) => testScore >= PART * last.testScore)!.step
    : null;
  const precisions = [...weights].filter(([id]) => isPrecision(id));
  const plastic = new Map([...weights].filter(([id]) => !isPrecision(id)));
  const learned = precisions.length > 0 && last !== null;
  return [
    {
      experiment: 'comparison',
      data: data.title,
      backend: backend.name,
      dtype: backend.dtype,
      ...{ seed, rule: variant, width, rate, decay, inference },
      layers: settings.number('layers'),
      presentations: settings.number('presentations'),
      steps: points.map(({ step }) => step),
      trainLoss: points.map(({ trainLoss }) => trainLoss),
      testLoss: points.map(({ testLoss }) => testLoss),
      trainAccuracy: points.map(({ trainScore }) => trainScore),
      testAccuracy: points.map(({ testScore }) => testScore),
      finalAccuracy: last?.testScore ?? null,
      finalLoss: last?.testLoss ?? null,
      reached,
      reachedSteps: reached === null ? null : reached * inference,
      broke,
      length: last === null ? null : lengthOf(plastic),
      lnSigma: learned
        ? precisions.flatMap(([, values]) => Array.from(values))
        : null,
      neurons: learned ? precisions.map(([, values]) => values.length) : null,
      digest: digest(plastic),
    },
  ];
}

const isPrecision = (id: string) => id.startsWith('@lnSigma/');

function lengthOf(weights: ReadonlyMap<string, ArrayLike<number>>): number {
  let sum = 0;
  for (const values of weights.values()) {
    for (let i = 0; i < values.length; i++) sum += values[i] ** 2;
  }
  return Math.sqrt(sum);
}
