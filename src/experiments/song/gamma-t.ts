/**
 * Song 2020, supplement, Figures 1 to 3: the update of one weight matrix at
 * plasticity time t with integration step gamma, against backpropagation's.
 */

import type { Figure, HeatFigure } from '../../figures/figure.ts';
import { divergence, type Gradients, gradientsOf } from '../../proof/check.ts';
import { bp } from '../../rules/bp.ts';
import {
  type Context,
  type Experiment,
  type Section,
  short,
} from '../../studies/experiment.ts';
import type { Settings } from '../../studies/settings.ts';
import { gradientsAt } from '../instants.ts';
import {
  type Activation,
  firstBatch,
  saysTheSame,
  songData,
  songNetwork,
  songParameters,
} from './song.ts';

export type GammaTRow = {
  readonly experiment: 'gamma-t';
  readonly data: string;
  readonly backend: string;
  readonly dtype: string;
  readonly seed: number;
  /** Weight matrices of the network; with one alone nothing would ever move. */
  readonly layers: number;
  /** The matrix that learns, theta^(l+1), by its l; l = 0 is at the output. */
  readonly l: number;
  readonly gamma: number;
  /** When it learns. */
  readonly t: number;
  /** |update - BP's update| / |BP's update|. */
  readonly relative: number;
  /** The same by theory; null: other than 0, no more is known. */
  readonly expected: number | null;
  /** |update - expected update| / |BP's update|; null where none is known. */
  readonly deviation: number | null;
  /** Weights that differ from BP's in any bit. */
  readonly differingBits: number;
  readonly holds: boolean;
};

/**
 * What is expected at t = l is gamma^l times BP's update. Each of l <= 3
 * layers rounds sums of a hidden layer's width and two products by gamma:
 * about 100 roundings of 1e-16 (float64) or 6e-8, times what cancels in sums.
 */
const TOLERANCE = { f64: 1e-12, f32: 1e-4 } as const;

export const gammaT: Experiment<GammaTRow> = {
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
    ...songParameters,
    data: { ...songParameters.data, value: ['auto'] },
    layers: {
      value: [2, 3, 4],
      help: 'weight matrices of a network',
      from: 'paper',
      least: 2,
      whole: true,
    },
    activation: {
      value: 'sigmoid',
      help: 'f in mu = theta f(x)',
      from: 'chosen',
      oneOf: ['sigmoid', 'tanh', 'relu'],
    },
    gammas: {
      value: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3],
      help: 'integration steps',
      from: 'chosen',
      least: 1e-6,
    },
    times: {
      value: 8,
      help: 'plasticity times, from t = 0 on',
      from: 'chosen',
      least: 1,
      whole: true,
    },
  },
  quick: { hidden: '16', times: '6' },
  full: { hidden: '128', batch: '100' },
  pieces: (settings, seeds) =>
    seeds.flatMap((seed) =>
      settings.texts('data').flatMap((data) =>
        settings.numbers('layers').map((layers) => ({
          key: `${data}/${layers}/${seed}`,
          run: (context: Context) =>
            measure({ data, layers, seed }, settings, context),
        })),
      ),
    ),
  sections: (rows) => [summary(rows)],
  figures(rows) {
    const several = new Set(rows.map(({ data }) => data)).size > 1;
    return matrices(rows).map((own) => figure(own, several));
  },
  conclude(rows) {
    const wrong = rows.filter(({ holds }) => !holds);
    const known = rows.filter(({ expected }) => expected !== null);
    const exact = rows.filter(({ t, l, gamma }) => t === l && gamma === 1);
    const zeros = rows.filter(({ differingBits }) => differingBits === 0);
    const stray = zeros.filter((row) => row.t !== row.l);
    const worst = Math.max(0, ...known.map(({ deviation }) => deviation ?? 0));
    const lines = [
      `t = l and gamma = 1: ${exact.filter(({ differingBits }) => differingBits === 0).length} ` +
        `of ${exact.length} updates equal BP's in every bit.`,
      `t <= l: ${known.length} updates are 0 or gamma^l times BP's, off by ` +
        `${short(worst)} at most.`,
      `At any other time ${stray.length} of ` +
        `${rows.filter(({ t, l }) => t !== l).length} updates equal BP's.`,
    ];
    for (const { layers, l, gamma, t } of wrong.slice(0, 3)) {
      lines.push(
        `NOT as the theory has it: ${layers} layers, l = ${l}, ` +
          `gamma = ${gamma}, t = ${t}.`,
      );
    }
    return { lines, holds: wrong.length === 0 };
  },
};

async function measure(
  of: { data: string; layers: number; seed: number },
  settings: Settings,
  { backend, signal, progress }: Context,
): Promise<GammaTRow[]> {
  const { layers, seed } = of;
  const batch = settings.number('batch');
  const set = await songData(of.data, { train: batch, test: 1 }, seed);
  if (saysTheSame(of.data, set, settings)) return [];
  const hidden = Array(layers - 1).fill(settings.number('hidden'));
  const graph = songNetwork(
    {
      sizes: [784, ...hidden, set.classes.length],
      batch,
      activation: settings.text('activation') as Activation,
      biases: false,
    },
    firstBatch(set, batch),
  );
  const wanted = await gradientsOf(graph, { rule: bp(), backend, seed });
  const length = settings.number('times');
  const instants = Array.from({ length }, (_, t) => t);
  const rows: GammaTRow[] = [];
  const gammas = settings.numbers('gammas');
  for (const [i, gamma] of gammas.entries()) {
    signal.throwIfAborted();
    progress(i / gammas.length, `gamma = ${gamma}`);
    const found = await gradientsAt(
      graph,
      { gamma, prediction: 'recomputed', levelling: 'longest-path', instants },
      { backend, seed },
    );
    for (let l = 0; l < layers; l++) {
      for (const t of instants) {
        rows.push({
          experiment: 'gamma-t',
          data: set.title,
          backend: backend.name,
          dtype: backend.dtype,
          ...{ seed, layers, l, gamma, t },
          ...compare(found[t], wanted, { l, gamma, t }, backend.dtype),
        });
      }
    }
  }
  return rows;
}

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
function matrices(rows: readonly GammaTRow[]): GammaTRow[][] {
  const groups = new Map<string, GammaTRow[]>();
  for (const row of rows) {
    const key = `${row.data}/${row.layers}/${row.l}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}

function summary(rows: readonly GammaTRow[]): Section {
  const half = (row: GammaTRow) => Math.abs(row.gamma - 0.5) < 1e-9;
  return {
    title: "Distance to BP's update, over its length",
    head: [
      'data',
      'layers',
      'l',
      't = l',
      't = l + 1',
      't = l, gamma .5',
      'expected',
    ],
    rows: matrices(rows).map((own) => {
      const [{ data, layers, l }] = own;
      const at = (t: number, of: (row: GammaTRow) => boolean) =>
        own.find((row) => row.t === t && of(row));
      const whole = ({ gamma }: GammaTRow) => gamma === 1;
      return [
        data,
        `${layers}`,
        `${l}`,
        short(at(l, whole)?.relative ?? null),
        short(at(l + 1, whole)?.relative ?? null),
        short(at(l, half)?.relative ?? null),
        short(at(l, half)?.expected ?? null),
      ];
    }),
  };
}

function figure(own: readonly GammaTRow[], several: boolean): Figure {
  const [{ data, layers, l }] = own;
  const times = [...new Set(own.map(({ t }) => t))];
  const gammas = [...new Set(own.map(({ gamma }) => gamma))];
  const mean = (gamma: number, t: number) => {
    const cells = own.filter((row) => row.gamma === gamma && row.t === t);
    const sum = cells.reduce((all, { relative }) => all + relative, 0);
    return Number.isFinite(sum) ? sum / cells.length : null;
  };
  const heat: HeatFigure = {
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
  return heat;
}

/** A part of a file's name: mnist, fashion-mnist or synthetic. */
function slug(data: string): string {
  return data.split(' ')[0].toLowerCase();
}
