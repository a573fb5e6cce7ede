/**
 * Backpropagation and Predictive Coding: an experimental comparison. The loss
 * around trained weights, on a plane of two random directions whose filters
 * are as long as those of the weights (Li et al. 2018).
 */

import { mlp } from '../../../models/index.ts';
import {
  type Context,
  type Experiment,
  short,
} from '../../studies/experiment.ts';
import type { Settings } from '../../studies/settings.ts';
import { type Followed, follow } from '../training.ts';
import { worstLength } from './directions.ts';
import { landscapeFigure } from './landscape-figures.ts';
import { linearLosses, lossesOn, type PlaneOptions, planeOf } from './plane.ts';
import {
  network,
  optimiserOf,
  ruleOf,
  trainVariant,
  VARIANTS,
  VARIANTS_TOLD,
  type Variant,
  variantData,
  variantParameters,
} from './variants.ts';

export type LandscapeRow = {
  readonly experiment: 'landscape';
  readonly data: string;
  readonly backend: string;
  readonly dtype: string;
  readonly seed: number;
  /** `network`, or `linear`: one layer, whose landscape is known. */
  readonly model: 'network' | 'linear';
  readonly rule: Variant;
  /** Steps along either direction. */
  readonly places: readonly number[];
  /** Mean loss of an example; row after row of the second direction. */
  readonly losses: readonly number[];
  readonly centre: number;
  /** The least of all, and how far from the centre it is. */
  readonly least: number;
  readonly leastAt: number;
  /** Mean loss at the rim of the plane over that of the centre. */
  readonly rise: number;
  /** Largest |length of a direction's filter / length of the filter - 1|. */
  readonly lengths: number;
  /** Largest difference to the closed form, over the greatest loss. */
  readonly deviation: number | null;
  readonly holds: boolean;
};

/**
 * float32 rounds weights, sums of 784 products, and losses of 500 examples:
 * some 1e-6 of the greatest loss; a hundred times that is allowed.
 */
const TOLERANCE = { f64: 1e-12, f32: 1e-4 } as const;
/** Lengths are made in float64, whatever the backend has. */
const LENGTHS = 1e-12;

export const landscape: Experiment<LandscapeRow> = {
  name: 'landscape',
  title: 'The loss around trained weights',
  source:
    'Backpropagation and Predictive Coding: an experimental comparison; Li et al. 2018',
  about: [
    'Networks are trained alike, from the same weights, by',
    ...VARIANTS_TOLD,
    'Then the weights are moved along two random directions, and the loss is taken of',
    'training images. Each filter of a direction (what makes one unit) is as long as',
    'the filter itself (Li et al. 2018): without that, a network with large weights',
    'would look flatter than it is. Biases stay. Directions are the same for all',
    'rules but for that length. A step of 1 is as long as the weights themselves.',
    'A network of one linear layer is measured too. Its loss is a quadratic function,',
    'which is known in closed form from its errors and how the directions change them.',
  ],
  paper: [
    'The paper draws landscapes of 8 hidden layers of 256 and 1024 after training on',
    'Fashion-MNIST. Here network, T and number of presentations are reduced by default.',
    'Grid, reach, rates, optimiser and gamma are chosen by us. --full, an epoch of',
    '8 x 256 with each rule, takes about an hour on 2 cores.',
  ],
  parameters: {
    rules: {
      value: ['bp', 'pc', 'rc2', 'rc3'],
      help: 'rules to compare (zil is not of the paper)',
      from: 'chosen',
      oneOf: [...VARIANTS],
    },
    width: {
      value: 64,
      help: 'units of a hidden layer (the paper: 256 and 1024)',
      from: 'chosen',
      least: 1,
      whole: true,
    },
    rate: {
      value: 0.001,
      help: 'learning rate of all rules',
      from: 'chosen',
      least: 1e-9,
    },
    reach: {
      value: 1,
      help: 'steps from the centre to the edge of the plane',
      from: 'chosen',
      least: 1e-6,
    },
    grid: {
      value: 21,
      help: 'places along either direction; odd, so that the centre is one',
      from: 'chosen',
      least: 3,
      whole: true,
    },
    ...variantParameters,
  },
  quick: {
    ...{ rules: 'bp,pc', width: '32', T: '32', batch: '16' },
    ...{ presentations: '100', train: '3200', test: '200', grid: '11' },
  },
  full: {
    ...{ layers: '8', width: '256', T: '256', batch: '64', grid: '51' },
    ...{ presentations: '938', train: '60000', test: '1000' },
  },
  pieces: (settings, seeds) =>
    seeds.flatMap((seed) => [
      {
        key: `linear/bp/${seed}`,
        run: (context: Context) => linear(seed, settings, context),
      },
      ...(settings.texts('rules') as Variant[]).map((rule) => ({
        key: `network/${rule}/${seed}`,
        run: (context: Context) => deep(rule, seed, settings, context),
      })),
    ]),
  sections: (rows) => [
    {
      title: 'The plane around the trained weights',
      head: [
        ...['model', 'rule', 'loss at the centre', 'least loss', 'at distance'],
        ...['rim / centre', 'off the closed form'],
      ],
      rows: rows.map((row) => [
        row.model,
        row.rule,
        row.centre.toFixed(4),
        row.least.toFixed(4),
        row.leastAt.toFixed(2),
        row.rise.toFixed(2),
        row.deviation === null ? '-' : short(row.deviation),
      ]),
    },
  ],
  figures: (rows) => {
    const most = Math.max(...rows.flatMap(({ losses }) => losses));
    return rows
      .filter(({ seed }) => seed === rows[0].seed)
      .map((row) => landscapeFigure(row, most));
  },
  conclude(rows, settings) {
    const known = rows.filter(({ deviation }) => deviation !== null);
    const worst = Math.max(0, ...known.map(({ deviation }) => deviation!));
    const lengths = Math.max(0, ...rows.map((row) => row.lengths));
    const lines = [
      `The landscape of the linear layer is the known quadratic function, off by ` +
        `${short(worst)} of its greatest value.`,
      `Filters of directions are as long as those of the weights, off by ` +
        `${short(lengths)}.`,
    ];
    const own = rows.filter(({ model }) => model === 'network');
    lines.push(
      'Loss at the rim over that of the centre: ' +
        `${own.map(({ rule, rise }) => `${rule} ${rise.toFixed(2)}`).join(', ')}.`,
    );
    const off = own.filter(({ leastAt }) => leastAt > 0);
    lines.push(
      off.length === 0
        ? 'No place on the plane is better than the trained weights.'
        : `A better place than the trained weights is on the plane of ` +
            `${off.map(({ rule }) => rule).join(', ')}: training had not ended.`,
      `Data: ${[...new Set(rows.map(({ data }) => data))].join('; ')}.`,
    );
    const missing = settings
      .texts('rules')
      .filter((rule) => own.every((row) => row.rule !== rule));
    if (missing.length > 0) {
      lines.push(
        `No landscape of ${missing.join(', ')}: the numbers of the training left ` +
          'their range.',
      );
    }
    const wrong = rows.filter(({ holds }) => !holds);
    for (const { model, rule } of wrong) {
      lines.push(`NOT as the theory has it: ${model}, ${rule}.`);
    }
    return { lines, holds: wrong.length === 0 };
  },
};

/** The layer whose landscape is known, trained by BP. */
async function linear(
  seed: number,
  settings: Settings,
  context: Context,
): Promise<LandscapeRow[]> {
  const { backend, signal } = context;
  const data = await variantData(settings, seed);
  const sizes = [784, data.classes.length];
  const model = (batch: number) => mlp({ sizes, batch });
  const trained = await follow({
    ...{ model, data, backend, seed, signal, tests: [], examples: 1 },
    rule: ruleOf('bp', settings),
    optimiser: optimiserOf(settings, settings.number('rate'), 0),
    batch: settings.number('batch'),
    steps: settings.number('presentations'),
  });
  const plane = planeOf(
    model(1),
    trained.weights,
    planeOptions(settings, seed),
  );
  const examples = settings.number('test');
  const of = { model, data, examples, backend, signal };
  const losses = await lossesOn(plane, of, context.progress);
  const known = linearLosses(plane, data.train, examples);
  const most = Math.max(...known);
  const deviation = Math.max(
    ...losses.map((loss, i) => Math.abs(loss - known[i]) / most),
  );
  const row = rowOf('linear', 'bp', seed, plane, losses, context);
  return [
    {
      ...row,
      data: data.title,
      deviation,
      holds: row.holds && deviation <= TOLERANCE[backend.dtype],
    },
  ];
}

async function deep(
  rule: Variant,
  seed: number,
  settings: Settings,
  context: Context,
): Promise<LandscapeRow[]> {
  const { backend, signal, progress } = context;
  const [width, rate] = [settings.number('width'), settings.number('rate')];
  const run = { variant: rule, width, rate, decay: 0, tests: 1, seed };
  const half = (part: number, text?: string) => progress(part / 2, text);
  const training = { ...context, progress: half };
  const trained = await trainVariant(run, settings, training);
  if (ended(trained)) return [];
  const { data } = trained;
  const model = network(settings, width, data.classes.length);
  const plane = planeOf(
    model(1),
    trained.weights,
    planeOptions(settings, seed),
  );
  const examples = settings.number('test');
  const losses = await lossesOn(
    plane,
    { model, data, examples, backend, signal },
    (part) => progress((1 + part) / 2, 'plane'),
  );
  const row = rowOf('network', rule, seed, plane, losses, context);
  return [{ ...row, data: data.title }];
}

/** Weights that are not finite have no surroundings. */
const ended = ({ broke }: Followed) => broke !== null;

const planeOptions = (settings: Settings, seed: number): PlaneOptions => ({
  seed,
  grid: settings.number('grid'),
  reach: settings.number('reach'),
});

function rowOf(
  model: LandscapeRow['model'],
  rule: Variant,
  seed: number,
  { places, weights, directions }: ReturnType<typeof planeOf>,
  losses: readonly number[],
  { backend }: Pick<Context, 'backend'>,
): LandscapeRow {
  const n = places.length;
  const middle = (n * n - 1) / 2;
  const least = losses.reduce((at, loss, i) => (loss < losses[at] ? i : at), 0);
  const rim = losses.filter((_, i) => {
    const [row, column] = [Math.floor(i / n), i % n];
    return [row, column].some((place) => place === 0 || place === n - 1);
  });
  const lengths = Math.max(
    ...directions.map((each) => worstLength(weights, each)),
  );
  const centre = losses[middle];
  return {
    experiment: 'landscape',
    data: '',
    backend: backend.name,
    dtype: backend.dtype,
    ...{ seed, model, rule, places, losses, centre, lengths },
    least: losses[least],
    leastAt: Math.hypot(places[Math.floor(least / n)], places[least % n]),
    rise: rim.reduce((all, loss) => all + loss, 0) / rim.length / centre,
    deviation: null,
    holds: lengths <= LENGTHS,
  };
}
