/**
 * Backpropagation and Predictive Coding: an experimental comparison. How the
 * weights of the first two and the last two layers are distributed.
 */

import type { Figure } from '../../figures/figure.ts';
import { Simulation } from '../../simulation/simulate.ts';
import type { Context, Experiment, Section } from '../../studies/experiment.ts';
import type { Settings } from '../../studies/settings.ts';
import { digest } from '../training.ts';
import { densityOf, momentsOf, uniformOff } from './moments.ts';
import {
  network,
  ruleOf,
  trainVariant,
  VARIANTS,
  VARIANTS_TOLD,
  type Variant,
  variantData,
  variantParameters,
} from './variants.ts';

export type WeightsRow = {
  readonly experiment: 'weights';
  readonly data: string;
  readonly backend: string;
  readonly dtype: string;
  readonly seed: number;
  /** The rule, or `start`: as they were drawn. */
  readonly rule: Variant | 'start';
  /** Layers are counted from 1, after the input. */
  readonly layer: number;
  readonly parameter: string;
  readonly elements: number;
  readonly mean: number;
  readonly deviation: number;
  /** Third and fourth standardised moments; the fourth less a Gaussian's 3. */
  readonly skewness: number;
  readonly kurtosis: number;
  readonly least: number;
  readonly most: number;
  /** Distance to the start over the length at the start. */
  readonly moved: number;
  /** Deviation by theory, and in standard errors off it; of the start. */
  readonly expected: number | null;
  readonly off: number | null;
  /** Middles of the bins, and how much of the weights is in each per unit. */
  readonly places: readonly number[];
  readonly density: readonly number[];
  readonly digest: string;
  readonly holds: boolean;
};

/** Standard errors that a deviation of drawn weights may be off. */
const MOST_OFF = 5;

export const weights: Experiment<WeightsRow> = {
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
    rules: {
      value: [...VARIANTS],
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
    decay: {
      value: 0,
      help: 'weight decay',
      from: 'chosen',
      least: 0,
    },
    bins: {
      value: 31,
      help: 'bins of a density',
      from: 'chosen',
      least: 3,
      whole: true,
    },
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
  pieces: (settings, seeds) =>
    seeds.flatMap((seed) =>
      (['start', ...settings.texts('rules')] as WeightsRow['rule'][]).map(
        (rule) => ({
          key: `${rule}/${seed}`,
          run: (context: Context) => measure(rule, seed, settings, context),
        }),
      ),
    ),
  sections: (rows) => [moments(rows)],
  figures: (rows, settings) =>
    rows.length === 0
      ? []
      : shown(settings.number('layers')).map((layer) => densities(rows, layer)),
  conclude(rows, settings) {
    const starts = rows.filter(({ off }) => off !== null);
    const zil = rows.filter(({ rule }) => rule === 'zil');
    const apart = zil.filter(
      (row) =>
        rows.find(
          ({ rule, parameter, seed }) =>
            rule === 'bp' && parameter === row.parameter && seed === row.seed,
        )?.digest !== row.digest,
    );
    const hasBp = rows.some(({ rule }) => rule === 'bp');
    const lines = [
      `At the start ${starts.filter(({ holds }) => holds).length} of ` +
        `${starts.length} deviations are those of a uniform distribution ` +
        `(off by ${Math.max(0, ...starts.map(({ off }) => Math.abs(off!))).toFixed(1)} ` +
        `standard errors at most, ${MOST_OFF} allowed).`,
    ];
    if (hasBp && zil.length > 0) {
      lines.push(
        `Z-IL ends with BP's weights to the bit in ${zil.length - apart.length} of ` +
          `${zil.length} layers.`,
      );
    }
    for (const layer of shown(settings.number('layers'))) {
      const own = rows.filter((row) => row.layer === layer && row.off === null);
      const told = settings.texts('rules').map((rule) => {
        const moved = own.filter((row) => row.rule === rule);
        const sum = moved.reduce((all, row) => all + row.moved, 0);
        return `${rule} ${(sum / moved.length).toFixed(3)}`;
      });
      lines.push(
        `Layer ${layer} has moved by, of its length: ${told.join(', ')}.`,
      );
    }
    lines.push(
      `Data: ${[...new Set(rows.map(({ data }) => data))].join('; ')}.`,
    );
    const broken = rows.filter(({ holds }) => !holds);
    for (const row of broken) {
      lines.push(
        `NOT as the theory has it: ${row.rule}, ${row.parameter}, deviation ` +
          `${row.deviation}, expected ${row.expected}.`,
      );
    }
    for (const row of hasBp ? apart : []) {
      lines.push(
        `NOT as the theory has it: Z-IL differs from BP in ${row.parameter}.`,
      );
    }
    return {
      lines,
      holds: broken.length === 0 && (!hasBp || apart.length === 0),
    };
  },
};

/** The first two and the last two of all layers, the output among them. */
export function shown(hidden: number): number[] {
  const all = hidden + 1;
  const wanted = [1, 2, all - 1, all].filter((layer) => layer >= 1);
  return [...new Set(wanted)].sort((a, b) => a - b);
}

async function measure(
  rule: WeightsRow['rule'],
  seed: number,
  settings: Settings,
  context: Context,
): Promise<WeightsRow[]> {
  const { backend } = context;
  const width = settings.number('width');
  const data = await variantData(settings, seed);
  const graph = network(settings, width, data.classes.length)(1);
  const opened = Simulation.open(graph, {
    rule: ruleOf('bp', settings),
    backend,
    seed,
  });
  const start = await opened.allParameters();
  opened.destroy();
  const [rate, decay] = [settings.number('rate'), settings.number('decay')];
  const run = { width, rate, decay, tests: 1, seed };
  const ended =
    rule === 'start'
      ? start
      : (await trainVariant({ ...run, variant: rule }, settings, context))
          .weights;
  return shown(settings.number('layers')).map((layer) => {
    const parameter = `W${layer}`;
    const values = ended.get(parameter)!;
    const before = start.get(parameter)!;
    const own = momentsOf(values);
    const inputs = graph.vertices.find(({ id }) => id === parameter)!.shape[1];
    const theory = rule === 'start' ? uniformOff(own, inputs) : null;
    return {
      experiment: 'weights',
      data: data.title,
      backend: backend.name,
      dtype: backend.dtype,
      ...{ seed, rule, layer, parameter },
      ...own,
      moved: apart(values, before) / lengthOf(before),
      expected: theory?.expected ?? null,
      off: theory?.off ?? null,
      ...densityOf(values, own, settings.number('bins')),
      digest: digest(new Map([[parameter, values]])),
      holds: theory === null || Math.abs(theory.off) <= MOST_OFF,
    };
  });
}

function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum);
}

const lengthOf = (a: ArrayLike<number>) => apart(a, new Float64Array(a.length));

function moments(rows: readonly WeightsRow[]): Section {
  const sorted = [...rows].sort((a, b) => a.layer - b.layer);
  return {
    title: 'Moments of the weights',
    head: [
      ...['layer', 'rule', 'mean', 'deviation', 'skewness', 'kurtosis'],
      ...['least', 'greatest', 'moved'],
    ],
    rows: sorted.map((row) => [
      `${row.layer}`,
      row.rule,
      ...[row.mean, row.deviation].map((value) => value.toFixed(5)),
      ...[row.skewness, row.kurtosis, row.least, row.most, row.moved].map(
        (value) => value.toFixed(3),
      ),
    ]),
  };
}

function densities(rows: readonly WeightsRow[], layer: number): Figure {
  const own = rows.filter((row) => row.layer === layer && row.rule !== 'zil');
  const [{ seed, data }] = own;
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
