/**
 * Song 2020, supplement, Tables 1 and 2: Z-IL from errors that do not start at
 * 0. How far do trained weights end from backpropagation's, and does it matter?
 */

import type { DType } from '../../base/tensor.ts';
import type { Figure } from '../../figures/figure.ts';
import { divergence } from '../../proof/check.ts';
import { bp } from '../../rules/bp.ts';
import { zil } from '../../rules/zil.ts';
import {
  column,
  origin,
  percent,
  type RowOf,
  short,
} from '../../studies/columns.ts';
import { counts, sizes } from '../../studies/parameters.ts';
import { curve, groupsOf, meanOf, sumOf } from '../../studies/rows.ts';
import { product, study } from '../../studies/study.ts';
import { every } from '../../studies/verdict.ts';
import {
  activation,
  songData,
  songParameters,
  trainingParameters,
  trainSong,
  valuesOf,
} from './song.ts';

const columns = {
  ...origin,
  data: column<string>('data'),
  seed: column('seed'),
  /** Hidden layers. */
  layers: column('layers'),
  /** Standard deviation of the noise on the initial values. */
  sigma: column('sigma'),
  steps: column(),
  weights: column(),
  /** Euclidean distance of the final weights to BP's, and over their length. */
  distance: column('distance', short),
  relative: column('over length', short),
  differingBits: column('bits'),
  /** Parts of the test examples, from 0 to 1. */
  testError: column('test error', percent(2)),
  bpTestError: column('of BP', percent(2)),
  /** No bit differs if, and only if, sigma = 0. */
  holds: column<boolean>(),
};

export type SigmaRow = RowOf<typeof columns>;

/** Noise so small may be rounded away: nothing is expected of it. */
const LEAST = { f64: 1e-14, f32: 1e-5 } as const;

export const sigma = study({
  name: 'sigma',
  title: 'Z-IL from errors that do not start at zero',
  source: 'Song 2020, supplement, Tables 1 and 2',
  about: [
    'A condition of Z-IL is that a presentation starts without errors: every value',
    'is what its inputs predict. Here the hidden values start with normal noise of',
    'deviation sigma, so that errors are there before the output has spoken, in each',
    'presentation anew. Two networks learn the same examples in the same order from',
    'the same weights, one by BP and one by Z-IL with that noise. In the end their',
    'weights are compared, and how many test images each of them gets wrong.',
  ],
  paper: [
    "The paper's tables list the divergence of the final weights and the test error",
    'for growing noise. Without noise they print 2e-13, which is rounding in float64;',
    'here it is exactly 0, in every bit, also in float32.',
    'Its networks and its values of sigma are not those used here (chosen by us);',
    'the full size trains longer on all images, in about half an hour.',
  ],
  parameters: {
    ...songParameters(['auto', 'auto-clothes']),
    sigmas: sizes(
      [0, 0.001, 0.01, 0.1, 0.3, 1],
      'standard deviations of the noise',
      { least: 0 },
    ),
    layers: counts([2], 'hidden layers'),
    activation: activation('tanh', 'mu = theta f(x) + beta'),
    ...trainingParameters(2000, 'presentations'),
  },
  quick: { steps: '300', data: 'auto', train: '4000', test: '1000' },
  full: { steps: '30000', train: '60000', test: '10000', layers: '1,2,3' },
  columns,
  grid: ({ data, layers, sigmas }, seeds) =>
    product({ seed: seeds, data, layers, sigma: sigmas }),
  async measure({ data: name, layers, sigma, seed }, settings, context) {
    const { backend, signal, progress } = context;
    const { hidden, batch, rate, steps, activation } = settings;
    const data = await songData(name, settings, settings, seed);
    if (!data) return [];
    const sizes = [784, ...Array(layers).fill(hidden), data.classes.length];
    const config = { sizes, activation, biases: true };
    const options = { data, backend, seed, signal, steps, batch, rate };
    const true_ = await trainSong(config, bp(), {
      ...options,
      progress: (part) => progress(part / 2, 'bp'),
    });
    const found = await trainSong(config, zil({ sigma }), {
      ...options,
      progress: (part) => progress((1 + part) / 2, 'zil'),
    });
    const apart = divergence(valuesOf(found), valuesOf(true_));
    const { elements, distance, relative, differingBits } = apart;
    return [
      {
        ...{ data: data.title, steps, weights: elements },
        ...{ distance, relative, differingBits },
        testError: found.testError,
        bpTestError: true_.testError,
        holds: asExpected(sigma, differingBits, backend.dtype),
      },
    ];
  },
  table: "Final weights and test errors, beside BP's",
  figures: (rows) => (rows.length === 0 ? [] : [distances(rows), errors(rows)]),
  conclude(rows) {
    const calm = rows.filter((row) => row.sigma === 0);
    const noisy = rows.filter((row) => row.sigma > 0);
    const worst = noisy.filter((row) => row.testError > row.bpTestError + 0.02);
    const steadily = Math.min(...series(rows).map(({ own }) => growsTo(own)));
    const nameOf = ({ data, sigma, differingBits }: SigmaRow) =>
      `${data}, sigma = ${sigma}, ${differingBits} weights differ`;
    return {
      verdicts: [
        ...every("without noise: networks with BP's weights", calm, nameOf),
        ...every('with noise: networks with others', noisy, nameOf),
      ],
      remarks: [
        `Without noise ${sumOf(calm, (row) => row.differingBits)} of ` +
          `${sumOf(calm, (row) => row.weights)} final weights differ from BP's in any bit.`,
        `The distance grows with sigma up to sigma = ${steadily} in every network.`,
        worst.length === 0
          ? 'No noise costs more than 2 % of the test images.'
          : `From sigma = ${Math.min(...worst.map((row) => row.sigma))} on it ` +
            'costs more than 2 % of the test images.',
      ],
    };
  },
});

/** No bit differs without noise, and some do with it. */
export function asExpected(
  sigma: number,
  differingBits: number,
  dtype: DType,
): boolean {
  if (sigma === 0) return differingBits === 0;
  return differingBits > 0 || sigma < LEAST[dtype];
}

/** Means over seeds by sigma, of each data set and depth. */
function series(rows: readonly SigmaRow[]) {
  const nameOf = ({ data, layers }: SigmaRow) => `${data}, ${layers} hidden`;
  return groupsOf(rows, nameOf).map(([name, mine]) => ({
    name,
    own: groupsOf(mine, (row) => row.sigma)
      .sort(([a], [b]) => a - b)
      .map(([sigma, same]) => ({
        sigma,
        relative: meanOf(same, (row) => row.relative),
        testError: meanOf(same, (row) => row.testError),
        bpTestError: meanOf(same, (row) => row.bpTestError),
      })),
  }));
}

/** The largest sigma up to which each distance is above the one before. */
function growsTo(own: readonly { sigma: number; relative: number }[]): number {
  const falls = own.findIndex(
    (row, i) => i > 0 && row.relative <= own[i - 1]!.relative,
  );
  return (falls < 0 ? own.at(-1) : own[falls - 1])?.sigma ?? 0;
}

function distances(rows: readonly SigmaRow[]): Figure {
  return {
    kind: 'lines',
    name: 'sigma-distance',
    title: 'Distance of the final weights to those of backpropagation',
    subtitle: `After ${rows[0]!.steps} presentations`,
    caption:
      'Noise on the initial values moves the result away from BP. Look for a ' +
      'straight line where the noise is small: the distance follows sigma. sigma = 0 ' +
      'has no place on a logarithmic axis, nor has its distance, which is exactly 0.',
    lines: series(rows).map(({ name, own }) =>
      curve(
        name,
        own.filter((row) => row.sigma > 0 && row.relative > 0),
        'sigma',
        'relative',
      ),
    ),
    x: { label: 'sigma, deviation of the noise on values', log: true },
    y: { label: 'distance / length of the weights', log: true },
  };
}

function errors(rows: readonly SigmaRow[]): Figure {
  const all = series(rows);
  const groups = all[0]!.own.map(({ sigma }) => `${sigma}`);
  return {
    kind: 'bars',
    name: 'sigma-error',
    title: 'Test error with noise on the initial errors',
    subtitle: `After ${rows[0]!.steps} presentations; mean over seeds`,
    caption:
      'Bars are parts of the test images that are classified wrongly, by the noise ' +
      'with which each presentation started. sigma = 0 is as long as BP by theory. ' +
      'Look for the noise from which on the error leaves that length.',
    groups: ['BP', ...groups],
    series: all.map(({ name, own }) => ({
      name,
      values: [own[0]!.bpTestError, ...own.map((row) => row.testError)].map(
        (part) => 100 * part,
      ),
    })),
    x: { label: 'sigma' },
    y: { label: 'test error (%)' },
  };
}
