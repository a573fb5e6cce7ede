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
  type Context,
  type Experiment,
  short,
  shortPair,
} from '../../studies/experiment.ts';
import type { Settings } from '../../studies/settings.ts';
import {
  type Activation,
  type Batch,
  firstBatch,
  type SongConfig,
  saysTheSame,
  songData,
  songNetwork,
  songParameters,
  trainSong,
  valuesOf,
} from './song.ts';

type Trigger = 'population' | 'unit';

export type FazilRow = {
  readonly experiment: 'fazil';
  readonly data: string;
  readonly backend: string;
  readonly dtype: string;
  readonly seed: number;
  readonly activation: string;
  readonly biases: boolean;
  readonly trigger: Trigger;
  /** Hidden units of the batch that can fire late, and those whose delta is 0. */
  readonly units: number;
  readonly zeros: number;
  readonly expected: 'equal' | 'differs';
  readonly elements: number;
  /** One update against Z-IL's; against BP's it is the same. */
  readonly differingBits: number;
  readonly distance: number;
  readonly relative: number;
  /** Bits of Z-IL's update that differ from BP's. */
  readonly zilBits: number;
  /** After training: weights that differ, distance, parts of test images. */
  readonly trainedBits: number;
  readonly trainedRelative: number;
  readonly testError: number;
  readonly zilTestError: number;
  readonly holds: boolean;
};

export const fazil: Experiment<FazilRow> = {
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
    ...songParameters,
    data: { ...songParameters.data, value: ['auto'] },
    layers: {
      value: 3,
      help: 'hidden layers',
      from: 'chosen',
      least: 1,
      whole: true,
    },
    activations: {
      value: ['sigmoid', 'tanh', 'relu'],
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
      value: 1000,
      help: 'presentations of the training',
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
  quick: { steps: '200', train: '4000', test: '1000' },
  full: {
    steps: '30000',
    train: '60000',
    test: '10000',
    data: 'auto,auto-clothes',
  },
  pieces: (settings, seeds) =>
    seeds.flatMap((seed) =>
      settings.texts('data').flatMap((data) =>
        settings.texts('activations').flatMap((activation) =>
          [true, false].map((biases) => ({
            key: `${data}/${activation}/${biases ? 'biases' : 'none'}/${seed}`,
            run: (context: Context) =>
              measure(
                { data, activation: activation as Activation, biases, seed },
                settings,
                context,
              ),
          })),
        ),
      ),
    ),
  sections: (rows) => [
    {
      title: 'Fa-Z-IL against Z-IL',
      head: [
        ...['f', 'biases', 'trigger', 'errors of 0', 'expected', 'bits off'],
        ...['distance (over length)', 'trained: over length'],
        ...['test error', 'of Z-IL'],
      ],
      rows: rows.map((row) => [
        row.activation,
        row.biases ? 'yes' : 'no',
        row.trigger,
        `${row.zeros} of ${row.units}`,
        row.expected,
        `${row.differingBits}`,
        shortPair(row.distance, row.relative),
        short(row.trainedRelative),
        percent(row.testError),
        percent(row.zilTestError),
      ]),
    },
  ],
  figures: (rows) => (rows.length === 0 ? [] : [bars(rows)]),
  conclude(rows) {
    const of = (trigger: Trigger) =>
      rows.filter((row) => row.trigger === trigger);
    const bits = of('population').reduce((n, row) => n + row.differingBits, 0);
    const trained = of('population').reduce((n, row) => n + row.trainedBits, 0);
    const equal = of('unit').filter((row) => row.expected === 'equal');
    const lines = [
      `Per population ${bits} weights of the updates and ${trained} of the trained ` +
        "networks differ from Z-IL's in any bit, biases or not.",
      `Per unit ${equal.filter((row) => row.differingBits === 0).length} of ` +
        `${equal.length} updates without an error of 0 are equal,`,
      `and ${of('unit').filter((row) => row.expected === 'differs' && row.differingBits > 0).length} of ` +
        `${of('unit').length - equal.length} with one differ.`,
      `Z-IL differs from BP in ${rows.reduce((n, row) => n + row.zilBits, 0)} bits.`,
    ];
    for (const row of rows.filter((row) => !row.holds).slice(0, 3)) {
      lines.push(
        `NOT as the theory has it: ${row.activation}, trigger ${row.trigger}, ` +
          `${row.biases ? 'with' : 'without'} biases.`,
      );
    }
    return { lines, holds: rows.every((row) => row.holds) };
  },
};

async function measure(
  of: { data: string; activation: Activation; biases: boolean; seed: number },
  settings: Settings,
  { backend, signal, progress }: Context,
): Promise<FazilRow[]> {
  const { activation, biases, seed } = of;
  const counts = {
    train: settings.number('train'),
    test: settings.number('test'),
  };
  const data = await songData(of.data, counts, seed);
  if (saysTheSame(of.data, data, settings)) return [];
  const hidden = Array(settings.number('layers')).fill(
    settings.number('hidden'),
  );
  const sizes = [784, ...hidden, data.classes.length];
  const batch = settings.number('batch');
  const config = { sizes, activation, biases };
  const first = firstBatch(data, batch);
  const graph = songNetwork({ ...config, batch }, first);
  const options = { backend, seed };
  const wanted = await gradientsOf(graph, { ...options, rule: bp() });
  const clocked = await gradientsOf(graph, { ...options, rule: zil() });
  const { zeros, units } = await silent({ ...config, batch }, first, options);
  const training = {
    ...{ data, backend, seed, batch, signal },
    steps: settings.number('steps'),
    rate: settings.number('rate'),
  };
  const after = await trainSong(config, zil(), {
    ...training,
    progress: (part) => progress(part / 3, 'zil'),
  });
  const rows: FazilRow[] = [];
  for (const [i, trigger] of (['population', 'unit'] as const).entries()) {
    const mine = rule({ trigger });
    const update = await gradientsOf(graph, { ...options, rule: mine });
    const apart = divergence(update, clocked);
    const trained = await trainSong(config, mine, {
      ...training,
      progress: (part) => progress((1 + i + part) / 3, trigger),
    });
    const later = divergence(valuesOf(trained), valuesOf(after));
    const zilBits = divergence(clocked, wanted).differingBits;
    const equal = trigger === 'population' || zeros === 0;
    const row = {
      experiment: 'fazil' as const,
      data: data.title,
      backend: backend.name,
      dtype: backend.dtype,
      ...{ seed, activation, biases, trigger, units, zeros },
      expected: equal ? ('equal' as const) : ('differs' as const),
      elements: apart.elements,
      differingBits: apart.differingBits,
      distance: apart.distance,
      relative: apart.relative,
      zilBits,
      trainedBits: later.differingBits,
      trainedRelative: later.relative,
      testError: trained.testError,
      zilTestError: after.testError,
    };
    rows.push({ ...row, holds: asExpected(row) });
  }
  return rows;
}

/** Equal to the bit where it must be, then also after training; else not. */
export function asExpected(row: Omit<FazilRow, 'holds'>): boolean {
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

const percent = (part: number) => `${(100 * part).toFixed(2)} %`;

function bars(rows: readonly FazilRow[]): Figure {
  const nameOf = ({ activation, biases }: FazilRow) =>
    `${activation}${biases ? '' : ', no biases'}`;
  const groups = [...new Set(rows.map(nameOf))];
  return {
    kind: 'bars',
    name: 'fazil',
    title: "Distance of Fa-Z-IL's update to Z-IL's",
    subtitle: `One batch; ${[...new Set(rows.map(({ data }) => data))].join(', ')}`,
    caption:
      "Bars are distances over the length of Z-IL's update. Per population the " +
      'distance is exactly 0 everywhere, so there is nothing to see; per unit it is 0 ' +
      'for smooth functions, and not for ReLU, whose units that are off fire too late.',
    groups,
    series: (['population', 'unit'] as const).map((trigger) => ({
      name: `trigger: ${trigger}`,
      values: groups.map((group) => {
        const own = rows.filter(
          (row) => nameOf(row) === group && row.trigger === trigger,
        );
        const sum = own.reduce((all, { relative }) => all + relative, 0);
        return own.length === 0 ? null : sum / own.length;
      }),
    })),
    x: { label: 'function of the units' },
    y: { label: "distance / length of Z-IL's update" },
  };
}
