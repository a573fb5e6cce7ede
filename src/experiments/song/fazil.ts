/**
 * Song 2020, Algorithm 3: fully autonomous Z-IL, whose weights learn when an
 * error leaves 0 and not when a clock says so, against Z-IL and BP.
 */

import type { Figure } from '../../figures/figure.ts';
import { divergence, gradientsOf } from '../../proof/check.ts';
import { bp } from '../../rules/bp.ts';
import { fazil as rule } from '../../rules/fazil.ts';
import { zil } from '../../rules/zil.ts';
import { Simulation } from '../../simulation/simulate.ts';
import {
  column,
  origin,
  percent,
  type RowOf,
  short,
  shortPair,
} from '../../studies/columns.ts';
import { count } from '../../studies/parameters.ts';
import { groupsOf, meanOf, sumOf, unique } from '../../studies/rows.ts';
import { type Context, product, study } from '../../studies/study.ts';
import { every } from '../../studies/verdict.ts';
import {
  activations,
  type Batch,
  firstBatch,
  type SongConfig,
  songData,
  songNetwork,
  songParameters,
  trainingParameters,
  trainSong,
  valuesOf,
} from './song.ts';

const TRIGGERS = ['population', 'unit'] as const;

const columns = {
  ...origin,
  activation: column<string>('f'),
  biases: column<boolean>('biases'),
  trigger: column<(typeof TRIGGERS)[number]>('trigger'),
  /** Hidden units of the batch that can fire late, and those whose delta is 0. */
  units: column(),
  zeros: column('errors of 0', (zeros, { units }) => `${zeros} of ${units}`),
  expected: column<'equal' | 'differs'>('expected'),
  elements: column(),
  /** One update against Z-IL's; against BP's it is the same. */
  differingBits: column('bits off'),
  distance: column('distance (over length)', (distance, { relative }) =>
    shortPair(distance, relative as number),
  ),
  relative: column(),
  /** Bits of Z-IL's update that differ from BP's. */
  zilBits: column(),
  /** After training: weights that differ, distance, parts of test images. */
  trainedBits: column(),
  trainedRelative: column('trained: over length', short),
  testError: column('test error', percent(2)),
  zilTestError: column('of Z-IL', percent(2)),
  holds: column<boolean>(),
};

export type FazilRow = RowOf<typeof columns>;

export const fazil = study({
  name: 'fazil',
  title: 'Plasticity that is triggered by errors and not by a clock',
  source: 'Song 2020, Algorithm 3; biases: supplement, section A.1',
  about: [
    'Z-IL tells each weight when to learn: at t = l, its distance from the output.',
    'Fa-Z-IL does not: a weight learns when the error that it sees leaves 0 for the',
    'first time. Read in two ways:',
    '  population  the first error event of a population counts for all its units',
    '  unit        each unit waits for its own error',
    'Per unit, a unit whose true error is exactly 0 when the wave passes, such as a',
    'ReLU that is off, does not fire; it fires later, when other layers have moved,',
    'and learns what is wrong. So per unit equals Z-IL only where no error is 0.',
    'One update on a batch is compared bit by bit, then whole trainings. Units of the',
    'deepest hidden layer do not count: what predicts them is data, which never moves.',
  ],
  paper: [
    'The paper states that Fa-Z-IL equals BP. Read for populations that is so in every',
    'bit; read for each unit it is so for smooth functions, and not for ReLU.',
    'Biases are weights from a unit that is always 1 (section A.1): with or without',
    'them nothing else changes. Networks and rates are chosen by us: sigmoid networks',
    'have hardly begun to learn at this rate in the default number of presentations.',
    'The full size takes about half an hour.',
  ],
  parameters: {
    ...songParameters(['auto']),
    layers: count(3, 'hidden layers'),
    activations: activations('mu = theta f(x) + beta'),
    ...trainingParameters(1000, 'presentations of the training'),
  },
  quick: { steps: '200', train: '4000', test: '1000' },
  full: {
    steps: '30000',
    train: '60000',
    test: '10000',
    data: 'auto,auto-clothes',
  },
  columns,
  grid: ({ data, activations }, seeds) =>
    product({
      ...{ seed: seeds, data, activation: activations },
      biases: [true, false],
    }),
  key: ({ data, activation, biases, seed }) =>
    `${data}/${activation}/${biases ? 'biases' : 'none'}/${seed}`,
  async measure({ data: name, activation, biases, seed }, settings, context) {
    const { backend, signal, progress } = context;
    const { layers, hidden, batch, steps, rate } = settings;
    const data = await songData(name, settings, settings, seed);
    if (!data) return [];
    const sizes = [784, ...Array(layers).fill(hidden), data.classes.length];
    const config = { sizes, activation, biases };
    const first = firstBatch(data, batch);
    const graph = songNetwork({ ...config, batch }, first);
    const options = { backend, seed };
    const wanted = await gradientsOf(graph, { ...options, rule: bp() });
    const clocked = await gradientsOf(graph, { ...options, rule: zil() });
    const { zeros, units } = await silent({ ...config, batch }, first, options);
    const training = { data, backend, seed, batch, signal, steps, rate };
    const after = await trainSong(config, zil(), {
      ...training,
      progress: (part) => progress(part / 3, 'zil'),
    });
    const rows = [];
    for (const [i, trigger] of TRIGGERS.entries()) {
      const mine = rule({ trigger });
      const update = await gradientsOf(graph, { ...options, rule: mine });
      const apart = divergence(update, clocked);
      const { elements, differingBits, distance, relative } = apart;
      const trained = await trainSong(config, mine, {
        ...training,
        progress: (part) => progress((1 + i + part) / 3, trigger),
      });
      const later = divergence(valuesOf(trained), valuesOf(after));
      const equal = trigger === 'population' || zeros === 0;
      const row = {
        ...{ data: data.title, trigger, units, zeros, elements },
        ...{ differingBits, distance, relative },
        expected: equal ? ('equal' as const) : ('differs' as const),
        zilBits: divergence(clocked, wanted).differingBits,
        trainedBits: later.differingBits,
        trainedRelative: later.relative,
        testError: trained.testError,
        zilTestError: after.testError,
      };
      rows.push({ ...row, holds: asExpected(row) });
    }
    return rows;
  },
  table: 'Fa-Z-IL against Z-IL',
  figures: (rows) => (rows.length === 0 ? [] : [bars(rows)]),
  conclude(rows) {
    const nameOf = ({ activation, trigger, biases }: FazilRow) =>
      `${activation}, trigger ${trigger}, ${biases ? 'with' : 'without'} biases`;
    const [population, unit] = TRIGGERS.map((trigger) =>
      rows.filter((row) => row.trigger === trigger),
    ) as [FazilRow[], FazilRow[]];
    const [equal, apart] = ['equal', 'differs'].map((expected) =>
      unit.filter((row) => row.expected === expected),
    ) as [FazilRow[], FazilRow[]];
    const what = 'per unit: updates';
    return {
      verdicts: [
        ...every(
          "per population: networks that are Z-IL's",
          population,
          nameOf,
        ),
        ...every(
          `${what} without an error of 0 that are Z-IL's`,
          equal,
          nameOf,
        ),
        ...every(`${what} with an error of 0 that differ`, apart, nameOf),
      ],
      remarks: [
        `Per population ${sumOf(population, (row) => row.differingBits)} weights ` +
          `of the updates and ${sumOf(population, (row) => row.trainedBits)} of ` +
          "the trained networks differ from Z-IL's in any bit, biases or not.",
        `Z-IL differs from BP in ${sumOf(rows, (row) => row.zilBits)} bits.`,
      ],
    };
  },
});

/** Equal to the bit where it must be, then also after training; else not. */
export function asExpected(
  row: Pick<
    FazilRow,
    'trigger' | 'expected' | 'differingBits' | 'trainedBits' | 'zilBits'
  >,
): boolean {
  const { trigger, expected, differingBits, trainedBits, zilBits } = row;
  return (
    zilBits === 0 &&
    (differingBits === 0) === (expected === 'equal') &&
    (trigger === 'unit' || trainedBits === 0)
  );
}

/** Hidden units whose error is exactly 0 when the wave passes them. */
async function silent(
  config: SongConfig,
  data: Batch,
  options: { backend: Context['backend']; seed: number },
): Promise<{ zeros: number; units: number }> {
  const graph = songNetwork(config, data);
  const simulation = Simulation.open(graph, { rule: zil(), ...options });
  let zeros = 0;
  let units = 0;
  for (let l = 1; l < config.sizes.length - 2; l++) {
    simulation.probe(`x${l}`).error$.subscribe(({ tick, data }) => {
      if (tick !== l) return;
      units += data.length;
      for (let i = 0; i < data.length; i++) if (data[i] === 0) zeros += 1;
    });
  }
  await simulation.submit({ x: data.x, target: data.target });
  simulation.destroy();
  return { zeros, units };
}

function bars(rows: readonly FazilRow[]): Figure {
  const nameOf = ({ activation, biases }: FazilRow) =>
    `${activation}${biases ? '' : ', no biases'}`;
  const groups = groupsOf(rows, nameOf);
  return {
    kind: 'bars',
    name: 'fazil',
    title: "Distance of Fa-Z-IL's update to Z-IL's",
    subtitle: `One batch; ${unique(rows.map(({ data }) => data)).join(', ')}`,
    caption:
      "Bars are distances over the length of Z-IL's update. Per population the " +
      'distance is exactly 0 everywhere, so there is nothing to see; per unit it is 0 ' +
      'for smooth functions, and not for ReLU, whose units that are off fire too late.',
    groups: groups.map(([name]) => name),
    series: TRIGGERS.map((trigger) => ({
      name: `trigger: ${trigger}`,
      values: groups.map(([, all]) => {
        const own = all.filter((row) => row.trigger === trigger);
        return own.length === 0 ? null : meanOf(own, (row) => row.relative);
      }),
    })),
    x: { label: 'function of the units' },
    y: { label: "distance / length of Z-IL's update" },
  };
}
