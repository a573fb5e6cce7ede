/** Section: how the cost of a step grows with what is computed. */

import { mlp, rnn } from '../../models/index.ts';
import { messageOf, OptionError } from '../../src/base/errors.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { bp } from '../../src/rules/bp.ts';
import { zil } from '../../src/rules/zil.ts';
import { sgd } from '../../src/simulation/optim.ts';
import { smallMlp } from '../architectures.ts';
import { ratios, timeRounds } from '../rounds.ts';
import {
  type Case,
  type Columns,
  mebibytes,
  ratio,
  type Section,
  spread,
  tableOf,
} from '../section.ts';
import type { Named, Setting } from '../setting.ts';
import { type Summary, summarise } from '../statistics.ts';
import { destroyAll, type Stepping, stepping } from '../stepping.ts';
import { type FitRow, fitColumns, fitRow } from './fits.ts';

interface Row {
  readonly series: string;
  readonly backend: string;
  readonly x: number;
  readonly zil: Point;
  readonly bp: Point;
  /** zil over bp, within rounds. */
  readonly toBp: Summary | null;
}

interface Point {
  readonly ms: Summary;
  readonly launches: number;
  readonly bytes: number;
  readonly recordMs: number;
}

const columns: Columns<Row> = [
  ['series', (row) => row.series],
  ['backend', (row) => row.backend],
  ['x', (row) => `${row.x}`],
  ['zil ms (quartiles)', (row) => spread(row.zil.ms)],
  ['bp ms', (row) => spread(row.bp.ms)],
  ['zil/bp', (row) => ratio(row.toBp)],
  ['launches', (row) => `${row.zil.launches}`],
  ['bp', (row) => `${row.bp.launches}`],
  ['MiB', (row) => mebibytes(row.zil.bytes)],
  ['bp MiB', (row) => mebibytes(row.bp.bytes)],
  ['recorded, ms', (row) => row.zil.recordMs.toFixed(1)],
];

/** A series stops once a step takes longer, ms. */
const LONGEST = 10_000;

export interface Series {
  readonly name: string;
  readonly sizes: readonly number[];
  /** How many of the sizes --quick takes. */
  readonly quick: number;
  make(x: number): Graph;
}

const RULES = { bp, zil };

/** One point: zil and bp interleaved. */
async function point(
  { name, make }: Series,
  x: number,
  { label, backend }: Named,
  setting: Setting,
): Promise<Row> {
  const graph = make(x);
  const open: Stepping[] = [];
  try {
    for (const [rule, of] of Object.entries(RULES)) {
      const options = { rule: of(), backend, optimiser: sgd() };
      open.push(await stepping(rule, graph, options));
    }
    const timings = await timeRounds(open, setting.rounds);
    if (timings.failed.length > 0) throw new Error(timings.failed[0].error);
    const [theirs, mine] = open.map(({ name, ...cost }): Point => {
      const { launches, bytes, recordMs } = cost;
      const ms = summarise(timings.ms.get(name) ?? []);
      return { ms, launches, bytes, recordMs };
    });
    const toBp = ratios(timings, 'zil', 'bp');
    return { series: name, backend: label, x, zil: mine, bp: theirs, toBp };
  } finally {
    destroyAll(open);
  }
}

/** A series on all backends, and how time and memory grow in it. */
export function seriesCase(series: Series): Case {
  return {
    name: series.name,
    async run(setting) {
      const rows: Row[] = [];
      const fits: FitRow[] = [];
      const notes: string[] = [];
      const sizes = setting.quick
        ? series.sizes.slice(0, series.quick)
        : series.sizes;
      for (const named of await setting.backends()) {
        const own: Row[] = [];
        for (const x of sizes) {
          setting.log(`${series.name} ${x}, ${named.label}`);
          const stop = (why: string) =>
            notes.push(`${series.name} on ${named.label}: ${why}`);
          try {
            own.push(await point(series, x, named, setting));
          } catch (error) {
            // What does not fit the device is told; the rest is a failure.
            if (!(error instanceof OptionError)) throw error;
            stop(`${x} is refused: ${messageOf(error)}`);
            break;
          }
          const { median } = own[own.length - 1].zil.ms;
          if (median < LONGEST || x === sizes[sizes.length - 1]) continue;
          stop(`no more than ${x}: a step takes ${Math.round(median)} ms`);
          break;
        }
        rows.push(...own);
        for (const rule of ['zil', 'bp'] as const) {
          const of = `${named.label}, ${rule}`;
          const fit = (what: string, value: (row: Point) => number) =>
            fitRow(
              series.name,
              of,
              what,
              own.map((row) => [row.x, value(row[rule])] as const),
            );
          fits.push(
            ...fit('ms', ({ ms }) => ms.median),
            ...fit('least ms', ({ ms }) => ms.min),
            ...fit('bytes', ({ bytes }) => bytes),
          );
        }
      }
      return {
        tables: [
          tableOf('points', columns, rows),
          tableOf('exponents', fitColumns, fits),
        ],
        notes,
      };
    },
  };
}

const CLASSES = { loss: 'softmax_xent', reduction: 'mean' } as const;
const uniform = (width: number, layers: number) =>
  new Array<number>(layers + 1).fill(width);

export const scaling: Section = {
  name: 'scaling',
  question:
    'how do time, launches and memory of a step (sgd) grow with depth, width, ' +
    'batch and the length of a sequence?',
  reading:
    'Exponents: slope of log y over log x by least squares on the upper half ' +
    'of the sizes (at least three), with its standard error. Bytes: memory of a ' +
    'step beside the parameters.',
  cases: [
    seriesCase({
      name: 'layers of 128, batch 64',
      sizes: [2, 4, 8, 16, 32, 64],
      quick: 5,
      make: (x) => mlp({ sizes: uniform(128, x), batch: 64, ...CLASSES }),
    }),
    seriesCase({
      name: 'width of 2 layers, batch 32',
      sizes: [128, 256, 512, 1024, 2048, 4096],
      quick: 4,
      make: (x) => mlp({ sizes: uniform(x, 2), batch: 32, ...CLASSES }),
    }),
    seriesCase({
      name: 'batch, mlp 784-128-128-10',
      sizes: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
      quick: 9,
      make: smallMlp,
    }),
    seriesCase({
      name: 'steps of an rnn of 64, batch 32',
      sizes: [10, 20, 50, 100, 200],
      quick: 3,
      make: (steps) =>
        rnn({
          ...{ batch: 32, steps, inputs: 57, hidden: 64, outputs: 18 },
          ...CLASSES,
        }),
    }),
  ],
};
