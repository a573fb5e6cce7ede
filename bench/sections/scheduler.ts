/** Section: events a second of the clock, and what recording a rule costs. */

import { lstm, mlp, resnet, transformer } from '../../models/index.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { zil } from '../../src/rules/zil.ts';
import { Simulation } from '../../src/simulation/simulate.ts';
import { clocks, goRound } from '../queues.ts';
import { timeRounds } from '../rounds.ts';
import {
  type Case,
  type Columns,
  digits,
  type Section,
  spread,
  tableOf,
} from '../section.ts';
import { type Summary, summarise } from '../statistics.ts';
import { type FitRow, fitColumns, fitRow } from './fits.ts';

interface Row {
  readonly clock: string;
  readonly waiting: number;
  readonly longest: number;
  readonly ms: Summary;
  readonly nsPerEvent: number;
  readonly eventsPerSecond: number;
}

const columns: Columns<Row> = [
  ['clock', (row) => row.clock],
  ['waiting', (row) => row.waiting.toLocaleString('en')],
  ['delays to', (row) => row.longest.toLocaleString('en')],
  ['ms (quartiles)', (row) => spread(row.ms)],
  ['ns/event', (row) => digits(row.nsPerEvent)],
  ['M events/s', (row) => digits(row.eventsPerSecond / 1e6)],
];

/** A clock goes no further once a run of it took so long, ms. */
const LONGEST_RUN = 1000;

/** Which of the two grows, and through what. */
export interface Growth {
  readonly grows: 'waiting' | 'longest';
  readonly waiting: readonly number[];
  readonly longest: readonly number[];
  /** Notifications of a run at least. */
  readonly total: number;
}

/** Notifications go round through growing numbers or growing delays. */
export function clockCase({ grows, total, ...sizes }: Growth): Case {
  const named = { waiting: 'notifications at once', longest: 'delays' };
  return {
    name: `growing ${named[grows]}`,
    async run(setting) {
      const rows: Row[] = [];
      const notes: string[] = [];
      const tired = new Set<string>();
      const points = sizes.waiting.flatMap((waiting) =>
        sizes.longest.map((longest) => ({ waiting, longest })),
      );
      for (const { waiting, longest } of points) {
        const events = Math.max(total, 2 * waiting);
        setting.log(`${waiting} waiting, delays to ${longest}`);
        const checks = new Set<number>();
        const contenders = clocks
          .filter(([name]) => !tired.has(name))
          .map(([name, make]) => ({
            name,
            run: async () =>
              checks.add(goRound(make, waiting, longest, events)),
          }));
        const { ms, failed } = await timeRounds(contenders, setting.rounds);
        if (failed.length > 0) throw new Error(failed[0].error);
        if (checks.size > 1) throw new Error('clocks differ in their order');
        for (const [clock, times] of ms) {
          const summary = summarise(times);
          const seconds = summary.median / 1000;
          rows.push({
            ...{ clock, waiting, longest, ms: summary },
            nsPerEvent: (seconds * 1e9) / events,
            eventsPerSecond: events / seconds,
          });
          if (summary.median < LONGEST_RUN) continue;
          tired.add(clock);
          const at = `${waiting} waiting, delays to ${longest}`;
          notes.push(`${clock} goes no further than ${at}`);
        }
      }
      const fits = clocks.flatMap(([clock]): FitRow[] => {
        const own = rows.filter((row) => row.clock === clock);
        const of = own.map((row) => [row[grows], row.nsPerEvent] as const);
        const what = `ns/event over ${named[grows]}`;
        return fitRow(`growing ${named[grows]}`, clock, what, of);
      });
      return {
        tables: [
          tableOf('events', columns, rows),
          tableOf('exponents', fitColumns, fits),
        ],
        notes,
      };
    },
  };
}

interface RecordRow {
  readonly circuit: string;
  readonly vertices: number;
  readonly levels: number;
  readonly events: number;
  readonly calls: number;
  readonly ms: Summary;
  readonly usPerCall: number;
}

const recordColumns: Columns<RecordRow> = [
  ['circuit', (row) => row.circuit],
  ['vertices', (row) => row.vertices.toLocaleString('en')],
  ['levels', (row) => row.levels.toLocaleString('en')],
  ['events', (row) => row.events.toLocaleString('en')],
  ['calls', (row) => row.calls.toLocaleString('en')],
  ['ms (quartiles)', (row) => spread(row.ms)],
  ['us/call', (row) => digits(row.usPerCall)],
];

/** Circuits that grow by x, of small tensors: nothing is computed. */
export interface Circuits {
  readonly name: string;
  readonly sizes: readonly number[];
  make(x: number): Graph;
}

/** How long zil takes to be recorded, dropped events included. */
export function recordCase({ name, sizes, make }: Circuits): Case {
  return {
    name: `recording zil, ${name}`,
    async run(setting) {
      const backend = new CpuBackend('f32');
      const rows: (RecordRow & { x: number })[] = [];
      for (const x of sizes) {
        const graph = make(x);
        const circuit = `${name}: ${x}`;
        const simulation = Simulation.open(graph, { rule: zil(), backend });
        const run = async () => simulation.record();
        const { program } = await run();
        const { ms, failed } = await timeRounds(
          [{ name: circuit, run }],
          setting.rounds,
        );
        if (failed.length > 0) throw new Error(failed[0].error);
        const summary = summarise(ms.get(circuit) ?? []);
        const calls = program.calls.length + program.dropped.calls;
        rows.push({
          ...{ x, circuit, calls, ms: summary },
          vertices: graph.vertices.length,
          levels: simulation.levelled.depth,
          events: program.events.length + program.dropped.events,
          usPerCall: (1000 * summary.median) / calls,
        });
        simulation.destroy();
      }
      const of = rows.map(({ x, ms }) => [x, ms.median] as const);
      return {
        tables: [
          tableOf('recording', recordColumns, rows),
          tableOf(
            'exponents',
            fitColumns,
            fitRow(`recording zil, ${name}`, '-', 'ms', of),
          ),
        ],
      };
    },
  };
}

export const scheduler: Section = {
  name: 'scheduler',
  question:
    'how many events a second does the clock take, and how long does it take ' +
    'to record zil on large circuits?',
  reading:
    'Notifications go round: each is sent on as it arrives. All clocks must ' +
    'keep the same order. Exponents: slopes of the logarithms over the upper ' +
    'half of the sizes.',
  cases: [
    clockCase({
      grows: 'waiting',
      waiting: [10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000],
      longest: [100],
      total: 20_000,
    }),
    clockCase({
      grows: 'longest',
      waiting: [1000],
      longest: [1, 10, 100, 1000, 10_000],
      total: 20_000,
    }),
    recordCase({
      name: 'layers of an mlp of 4',
      sizes: [16, 32, 64, 128, 256, 512],
      make: (layers) => mlp({ sizes: new Array<number>(layers + 1).fill(4) }),
    }),
    recordCase({
      name: 'steps of an lstm of 4',
      sizes: [10, 20, 50, 100, 200],
      make: (steps) => lstm({ steps, inputs: 4, hidden: 4, batch: 1 }),
    }),
    recordCase({
      name: 'blocks of a transformer of 8',
      sizes: [1, 2, 4, 8, 16],
      make: (blocks) =>
        transformer({
          batch: 1,
          steps: 4,
          vocabulary: 5,
          width: 8,
          heads: 2,
          layers: blocks,
        }),
    }),
    recordCase({
      name: 'blocks in each stage of a resnet',
      sizes: [1, 2, 4, 8],
      make: (blocks) => {
        const stages = new Array<number>(4).fill(blocks);
        return resnet({ batch: 1, channels: 2, blocks: stages });
      },
    }),
  ],
};
