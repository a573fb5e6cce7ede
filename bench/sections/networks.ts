/** Section: spiking networks with a delay of its own on every synapse. */

import { cubaNetwork, start } from '../../models/circuits/cuba.ts';
import type { Backend } from '../../src/backends/backend.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { OptionError } from '../../src/base/errors.ts';
import { cubaLif } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { backendFor } from '../../src/network/run/open.ts';
import { NetworkRun } from '../../src/network/run/run.ts';
import { random } from '../../src/network/synapses.ts';
import { PlainCuba } from '../plain-cuba.ts';
import {
  type Case,
  type Columns,
  digits,
  mebibytes,
  type Section,
  spread,
  tableOf,
} from '../section.ts';
import type { Setting } from '../setting.ts';
import { type Summary, summarise } from '../statistics.ts';

interface Row {
  readonly what: string;
  /** Wall time over model time. */
  readonly realTimeFactor: Summary;
  /** Synaptic events. */
  readonly eventsPerSecond: number;
  readonly spikes: number;
  readonly buildSeconds?: number;
  readonly bytes?: number;
}

const columns: Columns<Row> = [
  ['cuba (S6)', (row) => row.what],
  ['real-time factor (quartiles)', (row) => spread(row.realTimeFactor)],
  ['M events/s', (row) => digits(row.eventsPerSecond / 1e6)],
  ['built in, s', (row) => digits(row.buildSeconds)],
  ['MiB', (row) => (row.bytes === undefined ? '-' : mebibytes(row.bytes))],
];

async function backends(setting: Setting): Promise<Backend[]> {
  const all = (await setting.backends()).map(({ backend }) => backend);
  return setting.backend === 'webgpu' ? all : [new CpuBackend('f64'), ...all];
}

/** Synapses that leave a neuron of S6, on average: what a spike costs. */
const SYNAPSES = 80.05;

/** S6 for so long, spikes recorded, beside the same in plain JavaScript. */
export function cubaCase(ms: number): Case {
  return {
    name: `cuba, ${ms} ms`,
    async run(setting) {
      const network = cubaNetwork();
      const runs = (await backends(setting)).map((backend) => {
        const run = NetworkRun.open(network, { backend });
        const counted = { spikes: 0 };
        run.spikes$('cells').subscribe(({ neurons }) => {
          counted.spikes += neurons.length;
        });
        return { backend, run, counted, factors: [] as number[], built: 0 };
      });
      const [{ run: first }] = runs;
      const joined = [
        first.synapses('excitatory'),
        first.synapses('inhibitory'),
      ] as const;
      const plain = new PlainCuba(4000, start, joined);
      const plainFactors: number[] = [];
      const rounds = setting.quick ? 1 : Math.min(5, setting.rounds.rounds);
      for (let round = 0; round < rounds; round++) {
        setting.log(`cuba, round ${round + 1} of ${rounds}`);
        for (const each of runs) {
          const report = await each.run.run(ms);
          each.factors.push(report.realTimeFactor);
          each.built += report.buildSeconds;
        }
        const begun = performance.now();
        plain.run(10 * ms);
        plainFactors.push((performance.now() - begun) / ms);
      }
      const row = (what: string, factors: number[], spikes: number) => {
        const realTimeFactor = summarise(factors);
        const seconds = (realTimeFactor.median * ms * rounds) / 1000;
        const eventsPerSecond = (spikes * SYNAPSES) / seconds;
        return { what, realTimeFactor, eventsPerSecond, spikes };
      };
      const rows: Row[] = runs.map(({ backend, run, counted, ...each }) => ({
        ...row(backend.description, each.factors, counted.spikes),
        buildSeconds: each.built,
        bytes: run.bytes,
      }));
      rows.push(row('plain JavaScript, float64', plainFactors, plain.spikes));
      for (const { run } of runs) run.destroy();
      const { backend, note } = await backendFor(network);
      const taken = `--backend auto takes ${backend.description} (${note})`;
      backend.close();
      return { tables: [tableOf('cuba', columns, rows)], notes: [taken] };
    },
  };
}

/** A network of the same neurons with a given number of sources for each. */
function scaled(size: number, inDegree: number, longest: number): Network {
  const network = new Network({ dt: 0.1 });
  const excitatory = Math.floor(0.8 * size);
  const options = { start: { v: { uniform: [-60, -50] as const } } };
  const e = network.population('e', excitatory, cubaLif, options);
  const i = network.population('i', size - excitatory, cubaLif, options);
  const delay = { uniform: [1, longest] as const };
  for (const to of [e, i]) {
    for (const [from, share, weight, port] of [
      [e, 0.8, 1.62, 'exc'],
      [i, 0.2, -9, 'inh'],
    ] as const) {
      network.project(from, to, {
        pattern: random({ inDegree: Math.round(inDegree * share) }),
        // The same drive, however many carry it.
        weight: (weight * 80) / inDegree,
        delay,
        port,
      });
    }
  }
  return network;
}

interface Grown {
  readonly grows: string;
  readonly neurons: number;
  readonly inDegree: number;
  readonly longestMs: number;
  readonly backend: string;
  readonly realTimeFactor: number;
  readonly eventsPerSecond: number;
  readonly rateHz: number;
  readonly bytes: number;
  readonly openSeconds: number;
}

const grownColumns: Columns<Grown> = [
  ['grows', (row) => row.grows],
  ['neurons', (row) => row.neurons.toLocaleString('en')],
  ['in-degree', (row) => `${row.inDegree}`],
  ['delays to', (row) => `${row.longestMs} ms`],
  ['backend', (row) => row.backend],
  ['real-time factor', (row) => digits(row.realTimeFactor)],
  ['M events/s', (row) => digits(row.eventsPerSecond / 1e6)],
  ['rate, Hz', (row) => row.rateHz.toFixed(1)],
  ['MiB', (row) => mebibytes(row.bytes)],
  ['opened in, s', (row) => digits(row.openSeconds)],
];

/** Neurons, sources of each, and the longest delay in ms. */
export type NetworkSize = readonly [number, number, number];

/** Networks in which one of the three grows. */
export function growthCase(
  grows: string,
  sizes: readonly NetworkSize[],
  options: { slow?: boolean; ms?: number } = {},
): Case {
  const { slow, ms = 500 } = options;
  return {
    name: `growing ${grows}${slow ? ', largest' : ''}`,
    slow,
    async run(setting) {
      const rows: Grown[] = [];
      const notes: string[] = [];
      for (const [neurons, inDegree, longestMs] of sizes) {
        const network = scaled(neurons, inDegree, longestMs);
        for (const backend of await backends(setting)) {
          setting.log(`${grows}: ${neurons} x ${inDegree}, ${backend.name}`);
          const begun = performance.now();
          const run = NetworkRun.open(network, { backend, seed: 1 });
          let spikes = 0;
          for (const name of ['e', 'i']) {
            run.spikes$(name).subscribe(({ neurons }) => {
              spikes += neurons.length;
            });
          }
          try {
            await run.run(Math.min(100, ms));
            const openSeconds = (performance.now() - begun) / 1000;
            spikes = 0;
            const { seconds, realTimeFactor } = await run.run(ms);
            rows.push({
              ...{ grows, neurons, inDegree, longestMs, realTimeFactor },
              backend: `${backend.name} ${backend.dtype}`,
              eventsPerSecond: (spikes * inDegree) / seconds,
              rateHz: spikes / neurons / (ms / 1000),
              ...{ bytes: run.bytes, openSeconds },
            });
          } catch (error) {
            // What does not fit a binding of the adapter is told, and left out.
            if (!(error instanceof OptionError)) throw error;
            notes.push(`${neurons} x ${inDegree}: ${error.message}`);
          } finally {
            run.destroy();
          }
        }
      }
      return { tables: [tableOf('growth', grownColumns, rows)], notes };
    },
  };
}

export const networks: Section = {
  name: 'networks',
  question:
    'how long does a second of a spiking network with delays take, beside the ' +
    'same in plain JavaScript, and what grows with what?',
  reading: 'Real-time factor: wall time over model time. Growth is run once.',
  cases: [
    cubaCase(1000),
    growthCase('neurons', [
      [100, 80, 20],
      [1000, 80, 20],
    ]),
    growthCase(
      'neurons',
      [
        [10_000, 80, 20],
        [100_000, 80, 20],
      ],
      { slow: true, ms: 200 },
    ),
    growthCase(
      'synapses',
      [20, 80, 320].map((degree) => [4000, degree, 20] as const),
      { slow: true },
    ),
    growthCase(
      'delays',
      [2, 20, 200].map((longest) => [4000, 80, longest] as const),
      { slow: true },
    ),
  ],
};
