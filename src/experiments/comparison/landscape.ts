/**
 * Backpropagation and Predictive Coding: an experimental comparison. The loss
 * around trained weights, on a plane of two random directions whose filters
 * are as long as those of the weights (Li et al. 2018).
 */

import { mlp } from '../../../models/index.ts';
import type { TrainingData } from '../../data/examples.ts';
import type { Figure } from '../../figures/figure.ts';
import type { Graph } from '../../graph/graph.ts';
import {
  column,
  fixed,
  origin,
  type RowOf,
  short,
} from '../../studies/columns.ts';
import { count, size } from '../../studies/parameters.ts';
import { dataOf, meanOf, mostOf } from '../../studies/rows.ts';
import { type Context, product, study } from '../../studies/study.ts';
import { every } from '../../studies/verdict.ts';
import { type Followed, follow } from '../training.ts';
import { worstLength } from './directions.ts';
import { linearLosses, lossesOn, planeOf } from './plane.ts';
import {
  network,
  networkParameters,
  optimiserOf,
  ruleOf,
  ruleParameter,
  trainVariant,
  VARIANTS_TOLD,
  type Variant,
  variantData,
  variantParameters,
} from './variants.ts';

const columns = {
  ...origin,
  /** `network`, or `linear`: one layer, whose landscape is known. */
  model: column<'network' | 'linear'>('model'),
  rule: column<Variant>('rule'),
  /** Steps along either direction. */
  places: column<readonly number[]>(),
  /** Mean loss of an example; row after row of the second direction. */
  losses: column<readonly number[]>(),
  centre: column('loss at the centre', fixed(4)),
  /** Largest |length of a direction's filter / length of the filter - 1|. */
  lengths: column(),
  /** The least of all, and how far from the centre it is. */
  least: column('least loss', fixed(4)),
  leastAt: column('at distance', fixed(2)),
  /** Mean loss at the rim of the plane over that of the centre. */
  rise: column('rim / centre', fixed(2)),
  /** Largest difference to the closed form, over the greatest loss. */
  deviation: column<number | null>('off the closed form', short),
  holds: column<boolean>(),
};

export type LandscapeRow = RowOf<typeof columns>;

/**
 * float32 rounds weights, sums of 784 products, and losses of 500 examples:
 * some 1e-6 of the greatest loss; a hundred times that is allowed.
 */
const TOLERANCE = { f64: 1e-12, f32: 1e-4 } as const;
/** Lengths are made in float64, whatever the backend has. */
const LENGTHS = 1e-12;

export const landscape = study({
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
    rules: ruleParameter(['bp', 'pc', 'rc2', 'rc3']),
    ...networkParameters,
    reach: size(1, 'steps from the centre to the edge of the plane', {
      least: 1e-6,
    }),
    grid: count(
      21,
      'places along either direction; odd, so that the centre is one',
      { least: 3 },
    ),
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
  columns,
  grid: ({ rules }, seeds) =>
    seeds.flatMap((seed) => [
      { model: 'linear' as const, rule: 'bp' as const, seed },
      ...product({ model: ['network' as const], rule: rules, seed: [seed] }),
    ]),
  async measure({ model: kind, rule, seed }, settings, context) {
    const { backend, signal, progress } = context;
    const { width, rate, batch, presentations: steps } = settings;
    const { test: examples } = settings;
    let trained: Followed & { data: TrainingData };
    let model: (batch: number) => Graph;
    if (kind === 'linear') {
      const data = await variantData(settings, seed);
      const sizes = [784, data.classes.length];
      model = (batch) => mlp({ sizes, batch });
      const followed = await follow({
        ...{ model, data, backend, seed, signal, tests: [], examples: 1 },
        rule: ruleOf('bp', settings),
        optimiser: optimiserOf(settings, rate, 0),
        ...{ batch, steps },
      });
      trained = { ...followed, data };
    } else {
      const run = { variant: rule, width, rate, decay: 0, tests: 1, seed };
      const training: Context = {
        ...context,
        progress: (part, text) => progress(Number(part) / 2, text),
      };
      trained = await trainVariant(run, settings, training);
      model = network(settings, width, trained.data.classes.length);
      // Weights that are not finite have no surroundings.
      if (trained.broke !== null) return [];
    }
    const { data } = trained;
    const { grid, reach } = settings;
    const plane = planeOf(model(1), trained.weights, { seed, grid, reach });
    const losses = await lossesOn(
      plane,
      { model, data, examples, backend, signal },
      (part) => progress(kind === 'linear' ? part : (1 + part) / 2, 'plane'),
    );
    const row = { data: data.title, ...shapeOf(plane, losses) };
    if (kind === 'network') return [row];
    const known = linearLosses(plane, data.train, examples);
    const most = Math.max(...known);
    const deviation = Math.max(
      ...losses.map((loss, i) => Math.abs(loss - known[i]!) / most),
    );
    const holds = row.holds && deviation <= TOLERANCE[backend.dtype];
    return [{ ...row, deviation, holds }];
  },
  table: 'The plane around the trained weights',
  figures: (rows) => {
    const most = Math.max(...rows.flatMap(({ losses }) => losses));
    return rows
      .filter(({ seed }) => seed === rows[0]!.seed)
      .map((row) => figure(row, most));
  },
  conclude(rows, { rules }) {
    const known = rows.filter(({ deviation }) => deviation !== null);
    const own = rows.filter(({ model }) => model === 'network');
    const off = own.filter(({ leastAt }) => leastAt > 0);
    const missing = rules.filter((rule) =>
      own.every((row) => row.rule !== rule),
    );
    const nameOf = ({ model, rule }: LandscapeRow) => `${model}, ${rule}`;
    const rounding = { tolerance: 'rounding' };
    return {
      verdicts: [
        ...every(
          'linear layers whose landscape is the known quadratic function',
          known,
          nameOf,
          rounding,
        ),
        ...every(
          'planes whose filters are as long as those of the weights',
          rows,
          nameOf,
          { ...rounding, holds: ({ lengths }) => lengths <= LENGTHS },
        ),
      ],
      remarks: [
        'The landscape of the linear layer is off by ' +
          `${short(mostOf(known, ({ deviation }) => deviation!))} of its greatest value.`,
        'Filters of directions are as long as those of the weights, off by ' +
          `${short(mostOf(rows, ({ lengths }) => lengths))}.`,
        'Loss at the rim over that of the centre: ' +
          `${own.map(({ rule, rise }) => `${rule} ${rise.toFixed(2)}`).join(', ')}.`,
        off.length === 0
          ? 'No place on the plane is better than the trained weights.'
          : `A better place than the trained weights is on the plane of ` +
            `${off.map(({ rule }) => rule).join(', ')}: training had not ended.`,
        dataOf(rows),
        ...(missing.length === 0
          ? []
          : [
              `No landscape of ${missing.join(', ')}: the numbers of the training left ` +
                'their range.',
            ]),
      ],
    };
  },
});

/** What a plane looks like. */
function shapeOf(
  { places, weights, directions }: ReturnType<typeof planeOf>,
  losses: readonly number[],
) {
  const n = places.length;
  const middle = (n * n - 1) / 2;
  const least = losses.reduce(
    (at, loss, i) => (loss < losses[at]! ? i : at),
    0,
  );
  const rim = losses.filter((_, i) => {
    const [row, column] = [Math.floor(i / n), i % n];
    return [row, column].some((place) => place === 0 || place === n - 1);
  });
  const lengths = Math.max(
    ...directions.map((each) => worstLength(weights, each)),
  );
  const centre = losses[middle]!;
  return {
    ...{ places, losses, centre, lengths, least: losses[least]! },
    leastAt: Math.hypot(places[Math.floor(least / n)]!, places[least % n]!),
    rise: meanOf(rim, (loss) => loss) / centre,
    holds: lengths <= LENGTHS,
  };
}

/** The plane of a row; `most`: the greatest loss of all pictures. */
function figure(row: LandscapeRow, most: number): Figure {
  const { model, rule, places, losses, data, seed } = row;
  const n = places.length;
  const named = places.map((place) => Number(place.toFixed(3)));
  return {
    kind: 'heat',
    name: `landscape-${model === 'linear' ? 'linear' : rule}`,
    title:
      model === 'linear'
        ? 'Loss around the weights of one linear layer'
        : `Loss around the weights that ${rule} has learned`,
    subtitle: `seed ${seed}; ${data}`,
    caption:
      (model === 'linear'
        ? 'A quadratic function, so contours are ellipses around one place; it is known ' +
          'in closed form and agrees. '
        : 'The trained weights are in the middle. Look for how round the valley is and how ' +
          'soon the loss rises, and compare it with the other rules, whose directions ' +
          'differ in the lengths of their filters only. ') +
      'Colours are of each picture by itself; the greatest loss of all pictures is ' +
      `${most.toPrecision(3)}. Lines join places of equal loss.`,
    x: { label: 'steps along the first direction', places: named },
    y: { label: 'steps along the second direction', places: named },
    values: places.map((_, i) => losses.slice(i * n, (i + 1) * n)),
    scale: {
      label: 'mean loss of a training image',
      log: Math.max(...losses) > 100 * Math.min(...losses),
    },
    contours: true,
  };
}
