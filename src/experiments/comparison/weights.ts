/**
 * Backpropagation and Predictive Coding: an experimental comparison. How the
 * weights of the first two and the last two layers are distributed.
 */

import type { Figure } from '../../figures/figure.ts';
import {
  column,
  fixed,
  origin,
  type RowOf,
  shownIn,
} from '../../studies/columns.ts';
import { count, size } from '../../studies/parameters.ts';
import { dataOf, meanOf, mostOf } from '../../studies/rows.ts';
import { product, study } from '../../studies/study.ts';
import { every } from '../../studies/verdict.ts';
import { startOf } from '../instants.ts';
import { digest } from '../training.ts';
import { zilIsBp } from '../twins.ts';
import { densityOf, momentsOf, uniformOff } from './moments.ts';
import {
  network,
  networkParameters,
  ruleParameter,
  trainVariant,
  VARIANTS_TOLD,
  type Variant,
  variantData,
  variantParameters,
} from './variants.ts';

const columns = {
  ...origin,
  /** The rule, or `start`: as they were drawn. */
  rule: column<Variant | 'start'>('rule'),
  /** Layers are counted from 1, after the input. */
  layer: column('layer'),
  parameter: column<string>(),
  elements: column(),
  mean: column('mean', fixed(5)),
  deviation: column('deviation', fixed(5)),
  /** Third and fourth standardised moments; the fourth less a Gaussian's 3. */
  skewness: column('skewness', fixed(3)),
  kurtosis: column('kurtosis', fixed(3)),
  least: column('least', fixed(3)),
  most: column('greatest', fixed(3)),
  /** Distance to the start over the length at the start. */
  moved: column('moved', fixed(3)),
  /** Deviation by theory, and in standard errors off it; of the start. */
  expected: column<number | null>(),
  off: column<number | null>(),
  /** Middles of the bins, and how much of the weights is in each per unit. */
  places: column<readonly number[]>(),
  density: column<readonly number[]>(),
  digest: column<string>(),
  holds: column<boolean>(),
};

export type WeightsRow = RowOf<typeof columns>;

/** Standard errors that a deviation of drawn weights may be off. */
const MOST_OFF = 5;

export const weights = study({
  name: 'weights',
  title: 'Distributions of weights after training',
  source: 'Backpropagation and Predictive Coding: an experimental comparison',
  about: [
    'Networks are trained alike, from the same weights, by',
    ...VARIANTS_TOLD,
    'and the weights of the first two and the last two layers are counted. They start',
    'uniform in +-1/sqrt(inputs of the layer): mean 0, deviation 1/sqrt(3 inputs),',
    'kurtosis -1.2 below a Gaussian, which is checked. Skewness and kurtosis are the',
    'third and fourth standardised moments, the latter less the 3 of a Gaussian.',
    'Z-IL must end with the weights of BP to the bit.',
  ],
  paper: [
    'The paper draws these distributions for 8 hidden layers of 256 and 1024, trained',
    'on Fashion-MNIST. Here the network, T and the number of',
    'presentations are reduced by default, and the moments stand beside the curves.',
    'Rates, optimiser and gamma are chosen by us. --full, an epoch of',
    '8 x 256 with each rule, takes more than an hour on 2 cores.',
  ],
  parameters: {
    rules: ruleParameter(),
    ...networkParameters,
    decay: size(0, 'weight decay', { least: 0 }),
    bins: count(31, 'bins of a density', { least: 3 }),
    ...variantParameters,
  },
  quick: {
    ...{ width: '32', T: '32', batch: '16', presentations: '100' },
    ...{ train: '3200' },
  },
  full: {
    ...{ layers: '8', width: '256', T: '256', batch: '64' },
    ...{ presentations: '938', train: '60000' },
  },
  columns,
  grid: ({ rules }, seeds) =>
    product({ seed: seeds, rule: ['start' as const, ...rules] }),
  async measure({ rule, seed }, settings, context) {
    const { backend } = context;
    const { width, rate, decay, bins, layers } = settings;
    const data = await variantData(settings, seed);
    const graph = network(settings, width, data.classes.length)(1);
    const start = await startOf(graph, { backend, seed });
    const run = { width, rate, decay, tests: 1, seed };
    const ended =
      rule === 'start'
        ? start
        : (await trainVariant({ ...run, variant: rule }, settings, context))
            .weights;
    return shown(layers).map((layer) => {
      const parameter = `W${layer}`;
      const values = ended.get(parameter)!;
      const before = start.get(parameter)!;
      const own = momentsOf(values);
      const { shape } = graph.vertices.find(({ id }) => id === parameter)!;
      const theory = rule === 'start' ? uniformOff(own, shape[1]!) : null;
      return {
        ...{ data: data.title, layer, parameter, ...own, ...theory },
        moved: apart(values, before) / lengthOf(before),
        ...densityOf(values, own, bins),
        digest: digest(new Map([[parameter, values]])),
        holds: theory === null || Math.abs(theory.off) <= MOST_OFF,
      };
    });
  },
  tables: (rows) => [
    shownIn(
      columns,
      [...rows].sort((a, b) => a.layer - b.layer),
      'Moments of the weights',
    ),
  ],
  figures: (rows, { layers }) =>
    rows.length === 0
      ? []
      : shown(layers).map((layer) => densities(rows, layer)),
  conclude(rows, { rules, layers }) {
    const starts = rows.filter(({ off }) => off !== null);
    const worst = mostOf(starts, ({ off }) => Math.abs(off!));
    return {
      verdicts: [
        ...every(
          'start: deviations that are those of a uniform distribution',
          starts,
          ({ rule, parameter, deviation, expected }) =>
            `${rule}, ${parameter}, deviation ${deviation}, expected ${expected}`,
          { tolerance: `${MOST_OFF} errors` },
        ),
        ...zilIsBp(
          'layers',
          rows,
          ['parameter', 'seed'],
          ({ parameter, seed }) => `${parameter}, seed ${seed}`,
        ),
      ],
      remarks: [
        `At the start deviations are off by ${worst.toFixed(1)} standard errors ` +
          `at most, ${MOST_OFF} allowed.`,
        ...shown(layers).map((layer) => {
          const own = rows.filter((r) => r.layer === layer && r.off === null);
          const told = rules.map((rule) => {
            const mine = own.filter((row) => row.rule === rule);
            return `${rule} ${meanOf(mine, (row) => row.moved).toFixed(3)}`;
          });
          return `Layer ${layer} has moved by, of its length: ${told.join(', ')}.`;
        }),
        dataOf(rows),
      ],
    };
  },
});

/** The first two and the last two of all layers, the output among them. */
export function shown(hidden: number): number[] {
  const all = hidden + 1;
  const wanted = [1, 2, all - 1, all].filter((layer) => layer >= 1);
  return [...new Set(wanted)].sort((a, b) => a - b);
}

function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}

const lengthOf = (a: ArrayLike<number>) => apart(a, new Float64Array(a.length));

function densities(rows: readonly WeightsRow[], layer: number): Figure {
  const own = rows.filter((row) => row.layer === layer && row.rule !== 'zil');
  const { seed, data } = own[0]!;
  const one = own.filter((row) => row.seed === seed);
  return {
    kind: 'lines',
    name: `weights-${layer}`,
    title: `Distribution of the weights of layer ${layer}`,
    subtitle: `seed ${seed}; ${data}`,
    caption:
      'How much of the weights is at each value; each curve has area 1 and ends at its ' +
      'least and greatest weight. start: before training, flat. Look for what training ' +
      'adds: tails beyond the ends of the start, a peak at 0, curves that part from that ' +
      'of bp. Small jags are chance: few weights are in each bin. Z-IL ends with the weights ' +
      'of bp to the bit and is not drawn.',
    lines: one.map(({ rule, places, density }) => ({
      name: rule,
      xs: places,
      ys: density,
    })),
    x: { label: `weights of layer ${layer}` },
    y: { label: 'density (per unit of weight)', fromZero: true },
  };
}
