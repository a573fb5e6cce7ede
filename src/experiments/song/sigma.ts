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
  type Context,
  type Experiment,
  short,
} from '../../studies/experiment.ts';
import type { Settings } from '../../studies/settings.ts';
import {
  type Activation,
  saysTheSame,
  songData,
  songParameters,
  trainSong,
  valuesOf,
} from './song.ts';

export type SigmaRow = {
  readonly experiment: 'sigma';
  readonly data: string;
  readonly backend: string;
  readonly dtype: string;
  readonly seed: number;
  /** Hidden layers. */
  readonly layers: number;
  /** Standard deviation of the noise on the initial values. */
  readonly sigma: number;
  readonly steps: number;
  readonly weights: number;
  /** Euclidean distance of the final weights to BP's, and over their length. */
  readonly distance: number;
  readonly relative: number;
  readonly differingBits: number;
  /** Parts of the test examples, from 0 to 1. */
  readonly testError: number;
  readonly bpTestError: number;
  /** No bit differs if, and only if, sigma = 0. */
  readonly holds: boolean;
};

/** Noise so small may be rounded away: nothing is expected of it. */
const LEAST = { f64: 1e-14, f32: 1e-5 } as const;

export const sigma: Experiment<SigmaRow> = {
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
    ...songParameters,
    sigmas: {
      value: [0, 0.001, 0.01, 0.1, 0.3, 1],
      help: 'standard deviations of the noise',
      from: 'chosen',
      least: 0,
    },
    layers: {
      value: [2],
      help: 'hidden layers',
      from: 'chosen',
      least: 1,
      whole: true,
    },
    activation: {
      value: 'tanh',
      help: 'f in mu = theta f(x) + beta',
      from: 'chosen',
      oneOf: ['sigmoid', 'tanh', 'relu'],
    },
    rate: {
      value: 0.01,
      help: 'learning rate, on losses summed over the batch',
      from: 'chosen',
      least: 1e-9,
    },
    steps: {
      value: 2000,
      help: 'presentations',
      from: 'chosen',
      least: 1,
      whole: true,
    },
    train: {
      value: 10_000,
      help: 'training images',
      from: 'chosen',
      least: 1,
      whole: true,
    },
    test: {
      value: 2000,
      help: 'test images',
      from: 'chosen',
      least: 1,
      whole: true,
    },
  },
  quick: { steps: '300', data: 'auto', train: '4000', test: '1000' },
  full: { steps: '30000', train: '60000', test: '10000', layers: '1,2,3' },
  pieces: (settings, seeds) =>
    seeds.flatMap((seed) =>
      settings.texts('data').flatMap((data) =>
        settings.numbers('layers').flatMap((layers) =>
          settings.numbers('sigmas').map((sigma) => ({
            key: `${data}/${layers}/${sigma}/${seed}`,
            run: (context: Context) =>
              measure({ data, layers, sigma, seed }, settings, context),
          })),
        ),
      ),
    ),
  sections: (rows) => [
    {
      title: "Final weights and test errors, beside BP's",
      head: [
        ...['data', 'layers', 'sigma', 'seed', 'distance', 'over length'],
        ...['bits', 'test error', 'of BP'],
      ],
      rows: rows.map((row) => [
        row.data,
        `${row.layers}`,
        `${row.sigma}`,
        `${row.seed}`,
        short(row.distance),
        short(row.relative),
        `${row.differingBits}`,
        percent(row.testError),
        percent(row.bpTestError),
      ]),
    },
  ],
  figures: (rows) => (rows.length === 0 ? [] : [distances(rows), errors(rows)]),
  conclude(rows) {
    const calm = rows.filter((row) => row.sigma === 0);
    const noisy = rows.filter((row) => row.sigma > 0);
    const bits = calm.reduce((sum, row) => sum + row.differingBits, 0);
    const all = calm.reduce((sum, row) => sum + row.weights, 0);
    const lines = [
      `Without noise ${bits} of ${all} final weights differ from BP's in any bit.`,
      `With noise ${noisy.filter((row) => row.differingBits > 0).length} of ` +
        `${noisy.length} networks differ.`,
    ];
    const steadily = Math.min(...series(rows).map(({ own }) => growsTo(own)));
    lines.push(
      `The distance grows with sigma up to sigma = ${steadily} in every network.`,
    );
    const worst = noisy.filter((row) => row.testError > row.bpTestError + 0.02);
    const from = Math.min(...worst.map((row) => row.sigma));
    lines.push(
      worst.length === 0
        ? 'No noise costs more than 2 % of the test images.'
        : `From sigma = ${from} on it costs more than 2 % of the test images.`,
    );
    for (const row of rows.filter((row) => !row.holds).slice(0, 3)) {
      lines.push(
        `NOT as the theory has it: ${row.data}, sigma = ${row.sigma}, ` +
          `${row.differingBits} weights differ.`,
      );
    }
    return { lines, holds: rows.every((row) => row.holds) };
  },
};

async function measure(
  of: { data: string; layers: number; sigma: number; seed: number },
  settings: Settings,
  { backend, signal, progress }: Context,
): Promise<SigmaRow[]> {
  const { layers, sigma, seed } = of;
  const counts = {
    train: settings.number('train'),
    test: settings.number('test'),
  };
  const data = await songData(of.data, counts, seed);
  if (saysTheSame(of.data, data, settings)) return [];
  const hidden = Array(layers).fill(settings.number('hidden'));
  const steps = settings.number('steps');
  const config = {
    sizes: [784, ...hidden, data.classes.length],
    activation: settings.text('activation') as Activation,
    biases: true,
  };
  const options = {
    ...{ data, backend, seed, signal, steps },
    batch: settings.number('batch'),
    rate: settings.number('rate'),
  };
  const [true_, found] = [
    await trainSong(config, bp(), {
      ...options,
      progress: (part) => progress(part / 2, 'bp'),
    }),
    await trainSong(config, zil({ sigma }), {
      ...options,
      progress: (part) => progress((1 + part) / 2, 'zil'),
    }),
  ];
  const apart = divergence(valuesOf(found), valuesOf(true_));
  return [
    {
      experiment: 'sigma',
      data: data.title,
      backend: backend.name,
      dtype: backend.dtype,
      ...{ seed, layers, sigma, steps },
      weights: apart.elements,
      distance: apart.distance,
      relative: apart.relative,
      differingBits: apart.differingBits,
      testError: found.testError,
      bpTestError: true_.testError,
      holds: asExpected(sigma, apart.differingBits, backend.dtype),
    },
  ];
}

/** No bit differs without noise, and some do with it. */
export function asExpected(
  sigma: number,
  differingBits: number,
  dtype: DType,
): boolean {
  if (sigma === 0) return differingBits === 0;
  return differingBits > 0 || sigma < LEAST[dtype];
}

const percent = (part: number) => `${(100 * part).toFixed(2)} %`;

/** Means over seeds by sigma, of each data set and depth. */
function series(rows: readonly SigmaRow[]) {
  const keys = [...new Set(rows.map(nameOf))];
  return keys.map((name) => {
    const mine = rows.filter((row) => nameOf(row) === name);
    const sigmas = [...new Set(mine.map((row) => row.sigma))].sort(
      (a, b) => a - b,
    );
    const own = sigmas.map((sigma) => {
      const same = mine.filter((row) => row.sigma === sigma);
      const mean = (key: 'relative' | 'testError' | 'bpTestError') =>
        same.reduce((sum, row) => sum + row[key], 0) / same.length;
      return {
        sigma,
        relative: mean('relative'),
        testError: mean('testError'),
        bpTestError: mean('bpTestError'),
      };
    });
    return { name, own };
  });
}

/** The largest sigma up to which each distance is above the one before. */
function growsTo(own: readonly { sigma: number; relative: number }[]): number {
  const falls = own.findIndex(
    (row, i) => i > 0 && row.relative <= own[i - 1].relative,
  );
  return (falls < 0 ? own.at(-1) : own[falls - 1])?.sigma ?? 0;
}

function nameOf({ data, layers }: SigmaRow): string {
  return `${data}, ${layers} hidden`;
}

function distances(rows: readonly SigmaRow[]): Figure {
  return {
    kind: 'lines',
    name: 'sigma-distance',
    title: 'Distance of the final weights to those of backpropagation',
    subtitle: `After ${rows[0].steps} presentations`,
    caption:
      'Noise on the initial values moves the result away from BP. Look for a ' +
      'straight line where the noise is small: the distance follows sigma. sigma = 0 ' +
      'has no place on a logarithmic axis, nor has its distance, which is exactly 0.',
    lines: series(rows).map(({ name, own }) => {
      const noisy = own.filter((row) => row.sigma > 0 && row.relative > 0);
      return {
        name,
        xs: noisy.map((row) => row.sigma),
        ys: noisy.map((row) => row.relative),
      };
    }),
    x: { label: 'sigma, deviation of the noise on values', log: true },
    y: { label: 'distance / length of the weights', log: true },
  };
}

function errors(rows: readonly SigmaRow[]): Figure {
  const all = series(rows);
  const groups = all[0].own.map(({ sigma }) => `${sigma}`);
  return {
    kind: 'bars',
    name: 'sigma-error',
    title: 'Test error with noise on the initial errors',
    subtitle: `After ${rows[0].steps} presentations; mean over seeds`,
    caption:
      'Bars are parts of the test images that are classified wrongly, by the noise ' +
      'with which each presentation started. sigma = 0 is as high as BP by theory. ' +
      'Look for the noise from which on the error leaves that height.',
    groups: ['BP', ...groups],
    series: all.map(({ name, own }) => ({
      name,
      values: [own[0].bpTestError, ...own.map((row) => row.testError)].map(
        (part) => 100 * part,
      ),
    })),
    x: { label: 'sigma' },
    y: { label: 'test error (%)' },
  };
}
