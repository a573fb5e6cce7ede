/**
 * Song 2020, supplement, Figures 1 to 3: the update of one weight matrix at
 * plasticity time t with integration step gamma, against backpropagation's.
 */

import type { Figure } from '../../figures/figure.ts';
import { divergence, type Gradients, gradientsOf } from '../../proof/check.ts';
import { bp } from '../../rules/bp.ts';
import { column, origin, type RowOf, short } from '../../studies/columns.ts';
import { count, counts, sizes } from '../../studies/parameters.ts';
import { groupsOf, meanOf, mostOf, unique } from '../../studies/rows.ts';
import { product, study } from '../../studies/study.ts';
import { every } from '../../studies/verdict.ts';
import { gradientsAt } from '../instants.ts';
import {
  activation,
  firstBatch,
  songData,
  songNetwork,
  songParameters,
} from './song.ts';

const columns = {
  ...origin,
  /** Weight matrices of the network; with one alone nothing would ever move. */
  layers: column(),
  /** The matrix that learns, theta^(l+1), by its l; l = 0 is at the output. */
  l: column(),
  gamma: column(),
  /** When it learns. */
  t: column(),
  /** |update - BP's update| / |BP's update|. */
  relative: column(),
  /** The same by theory; null: other than 0, no more is known. */
  expected: column<number | null>(),
  /** |update - expected update| / |BP's update|; null where none is known. */
  deviation: column<number | null>(),
  /** Weights that differ from BP's in any bit. */
  differingBits: column(),
  holds: column<boolean>(),
};

export type GammaTRow = RowOf<typeof columns>;

/**
 * What is expected at t = l is gamma^l times BP's update. Each of l <= 3
 * layers rounds sums of a hidden layer's width and two products by gamma:
 * about 100 roundings of 1e-16 (float64) or 6e-8, times what cancels in sums.
 */
const TOLERANCE = { f64: 1e-12, f32: 1e-4 } as const;

export const gammaT = study({
  name: 'gamma-t',
  title: 'When a weight must learn, and how large a step must be',
  source: 'Song 2020, supplement, Figures 1 to 3',
  about: [
    'A network of 2, 3 or 4 weight matrices is shown one batch. Its errors start at',
    'the output (l = 0) and move one layer a step, values by steps of size gamma.',
    'One matrix, theta^(l+1), is allowed to learn at one time t only: how far is its',
    "update from the one of backpropagation, over the length of the latter? That's a",
    'map over t and gamma for each matrix of each network.',
    'Theory knows most of it:',
    '  t < l             no error has come, so no update: 1',
    '  t = l             gamma^l times the true update: |1 - gamma^l|, so exactly 0 at',
    '                    gamma = 1; and at l = 0 for every gamma, nothing having moved',
    '  t > l             errors have moved on and values too: not 0',
  ],
  paper: [
    'The paper shows that the divergence is zero at t = l and gamma = 1 only, which',
    'is why Z-IL learns there. Shown here for every matrix; the column l = 0, t = 0',
    'does not depend on gamma at all.',
    'The widths of the networks, the batch, and the values of gamma and t are ours.',
    'The full size takes about ten seconds.',
  ],
  parameters: {
    ...songParameters(['auto']),
    layers: counts([2, 3, 4], 'weight matrices of a network', {
      from: 'paper',
      least: 2,
    }),
    activation: activation('sigmoid', 'mu = theta f(x)'),
    gammas: sizes(
      [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3],
      'integration steps',
      { least: 1e-6 },
    ),
    times: count(8, 'plasticity times, from t = 0 on'),
  },
  quick: { hidden: '16', times: '6' },
  full: { hidden: '128', batch: '100' },
  columns,
  grid: ({ data, layers }, seeds) => product({ seed: seeds, data, layers }),
  async measure({ data: name, layers, seed }, settings, context) {
    const { backend, signal, progress } = context;
    const { batch, hidden, activation, times, gammas } = settings;
    const set = await songData(name, settings, { train: batch, test: 1 }, seed);
    if (!set) return [];
    const sizes = [784, ...Array(layers - 1).fill(hidden), set.classes.length];
    const graph = songNetwork(
      { sizes, batch, activation, biases: false },
      firstBatch(set, batch),
    );
    const wanted = await gradientsOf(graph, { rule: bp(), backend, seed });
    const instants = Array.from({ length: times }, (_, t) => t);
    const rows = [];
    for (const [i, gamma] of gammas.entries()) {
      signal.throwIfAborted();
      progress(i / gammas.length, `gamma = ${gamma}`);
      const found = await gradientsAt(
        graph,
        {
          ...{ gamma, prediction: 'recomputed', instants },
          levelling: 'longest-path',
        },
        { backend, seed },
      );
      for (let l = 0; l < layers; l++) {
        for (const t of instants) {
          const at = { l, gamma, t };
          const compared = compare(found[t]!, wanted, at, backend.dtype);
          rows.push({ data: set.title, ...at, ...compared });
        }
      }
    }
    return rows;
  },
  tables: (rows) => [
    {
      title: "Distance to BP's update, over its length",
      head: [
        ...['data', 'layers', 'l', 't = l', 't = l + 1', 't = l, gamma .5'],
        'expected',
      ],
      rows: matrices(rows).map((own) => {
        const { data, layers, l } = own[0]!;
        const at = (t: number, gamma: number) =>
          own.find((row) => row.t === t && Math.abs(row.gamma - gamma) < 1e-9);
        return [
          ...[data, `${layers}`, `${l}`],
          short(at(l, 1)?.relative),
          short(at(l + 1, 1)?.relative),
          short(at(l, 0.5)?.relative),
          short(at(l, 0.5)?.expected),
        ];
      }),
    },
  ],
  figures(rows) {
    const several = unique(rows.map(({ data }) => data)).length > 1;
    return matrices(rows).map((own) => figure(own, several));
  },
  conclude(rows) {
    const exact = rows.filter(({ t, l, gamma }) => t === l && gamma === 1);
    const known = rows.filter(({ expected }) => expected !== null);
    const others = rows.filter(({ t, l }) => t > l);
    const nameOf = ({ layers, l, gamma, t }: GammaTRow) =>
      `${layers} layers, l = ${l}, gamma = ${gamma}, t = ${t}`;
    return {
      verdicts: [
        ...every("t = l and gamma = 1: updates that are BP's", exact, nameOf),
        ...every(
          "t <= l: updates that are 0 or gamma^l times BP's",
          known,
          nameOf,
          {
            tolerance: 'rounding',
          },
        ),
        ...every("t > l: updates that are not BP's", others, nameOf),
      ],
      remarks: [
        'Where the update is known it is off by ' +
          `${short(mostOf(known, ({ deviation }) => deviation ?? 0))} at most.`,
      ],
    };
  },
});

/** One update of theta^(l+1) against BP's, and against the theory. */
export function compare(
  found: Gradients,
  wanted: Gradients,
  { l, gamma, t }: { l: number; gamma: number; t: number },
  dtype: 'f32' | 'f64',
) {
  const id = `theta${l + 1}`;
  const own = new Map([[id, found.get(id)!]]);
  const true_ = new Map([[id, wanted.get(id)!]]);
  const { relative, differingBits, length } = divergence(own, true_);
  if (t > l) {
    const holds = differingBits > 0;
    return { relative, expected: null, deviation: null, differingBits, holds };
  }
  const factor = t < l ? 0 : gamma ** l;
  const scaled = wanted.get(id)!.map((value) => factor * value);
  const off = divergence(own, new Map([[id, scaled]])).distance / length;
  const isExact = t === l && (gamma === 1 || l === 0);
  return {
    relative,
    expected: Math.abs(1 - factor),
    deviation: off,
    differingBits,
    holds: isExact ? differingBits === 0 : off <= TOLERANCE[dtype],
  };
}

/** Rows of each matrix of each network, of all seeds. */
const matrices = (rows: readonly GammaTRow[]) =>
  groupsOf(rows, ({ data, layers, l }) => `${data}/${layers}/${l}`).map(
    ([, own]) => own,
  );

function figure(own: readonly GammaTRow[], several: boolean): Figure {
  const { data, layers, l } = own[0]!;
  const times = unique(own.map(({ t }) => t));
  const gammas = unique(own.map(({ gamma }) => gamma));
  const mean = (gamma: number, t: number) => {
    const cells = own.filter((row) => row.gamma === gamma && row.t === t);
    const found = meanOf(cells, ({ relative }) => relative);
    return Number.isFinite(found) ? found : null;
  };
  return {
    kind: 'heat',
    name: `gamma-t-${layers}-${l}${several ? `-${slug(data)}` : ''}`,
    title: `Theta ${l + 1} of ${layers}: it should learn at t = ${l}`,
    subtitle: `${data}; l = ${l} counts layers from the output`,
    caption:
      "Colour is the distance of the update to backpropagation's, over its length: " +
      '1 is as far as no update at all; each picture has a scale of its own. Look for the cells marked as exact zeros: ' +
      (l === 0
        ? 'the whole column t = 0, as nothing has moved yet that gamma could matter to.'
        : `one only, at t = ${l} and gamma = 1. To its left no error has arrived yet ` +
          '(exactly 1); right of it errors and values have moved on.') +
      ' A cell without colour is beyond the range of numbers.',
    x: { label: 'plasticity time t (steps)', places: times },
    y: { label: 'integration step gamma', places: gammas },
    values: gammas.map((gamma) => times.map((t) => mean(gamma, t))),
    scale: { label: "|update - BP's| / |BP's|", log: true },
  };
}

/** A part of a file's name: mnist, fashion-mnist or synthetic. */
function slug(data: string): string {
  return data.split(' ')[0]!.toLowerCase();
}
