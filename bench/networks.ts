/**
 * Questions: how long does a second of a spiking network with delays of its
 * own on every synapse take, beside the same network in plain JavaScript; and
 * how do time and memory grow with neurons, synapses and delays?
 *
 *   npm run bench:networks [-- --quick]
 */

import { cubaNetwork, start } from '../models/circuits/cuba.ts';
import type { Backend } from '../src/backends/backend.ts';
import { openBackend } from '../src/backends/open.ts';
import { OptionError } from '../src/errors.ts';
import { backendFor } from '../src/network/choose.ts';
import { cubaLif } from '../src/network/models.ts';
import { Network } from '../src/network/network.ts';
import { NetworkRun } from '../src/network/run.ts';
import { random } from '../src/network/synapses.ts';
import { table } from '../src/report/circuit-text.ts';
import { keep, median } from './pairs.ts';
import { PlainCuba } from './plain-cuba.ts';

const quick = process.argv.includes('--quick');
const ROUNDS = quick ? 1 : 5;

/** Opens all backends that this machine has. */
async function backends(): Promise<Backend[]> {
  const made = [
    (await openBackend('cpu', 'f64')).backend,
    (await openBackend('cpu', 'f32')).backend,
  ];
  try {
    made.push((await openBackend('webgpu')).backend);
  } catch {
    console.error('no WebGPU adapter: the CPU alone');
  }
  return made;
}

/** One simulated second of S6, spikes recorded, interleaved. */
async function cuba(all: readonly Backend[]) {
  const network = cubaNetwork();
  const runs = all.map((backend) => {
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
  for (let round = 0; round < ROUNDS; round++) {
    for (const each of runs) {
      const report = await each.run.run(1000);
      each.factors.push(report.realTimeFactor);
      each.built += report.buildSeconds;
    }
    const begun = performance.now();
    plain.run(10_000);
    plainFactors.push((performance.now() - begun) / 1000);
    console.error(`round ${round + 1} of ${ROUNDS}`);
  }
  const events = (spikes: number) => (spikes * 80.05) / ROUNDS;
  const rows = [
    ...runs.map(({ backend, run, counted, factors, built }) => ({
      what: backend.description,
      realTimeFactor: median(factors),
      least: Math.min(...factors),
      most: Math.max(...factors),
      eventsPerSecond: events(counted.spikes) / median(factors),
      spikes: counted.spikes,
      buildSeconds: built,
      bytes: run.bytes,
    })),
    {
      what: 'plain JavaScript, float64',
      realTimeFactor: median(plainFactors),
      least: Math.min(...plainFactors),
      most: Math.max(...plainFactors),
      eventsPerSecond: events(plain.spikes) / median(plainFactors),
      spikes: plain.spikes,
    },
  ];
  for (const { run } of runs) run.destroy();
  const { backend, note } = await backendFor(network);
  backend.close();
  return { rows, auto: { backend: backend.description, note } };
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

async function growth(all: readonly Backend[]) {
  const cases = [
    ...[100, 1_000, 10_000, ...(quick ? [] : [100_000])].map(
      (size) => ['neurons', size, 80, 20] as const,
    ),
    ...[20, 80, 320].map((k) => ['synapses', 4_000, k, 20] as const),
    ...[2, 20, 200].map((ms) => ['delays', 4_000, 80, ms] as const),
  ];
  const rows = [];
  for (const [grows, size, inDegree, longest] of cases) {
    const network = scaled(size, inDegree, longest);
    for (const backend of all) {
      const begun = performance.now();
      const run = NetworkRun.open(network, { backend, seed: 1 });
      let spikes = 0;
      for (const name of ['e', 'i']) {
        run.spikes$(name).subscribe(({ neurons }) => {
          spikes += neurons.length;
        });
      }
      const ms = size >= 100_000 ? 200 : 500;
      try {
        await run.run(100);
      } catch (error) {
        // What does not fit a binding of the adapter is told, and left out.
        if (!(error instanceof OptionError)) throw error;
        console.error(`${size} x ${inDegree}: ${error.message}`);
        run.destroy();
        continue;
      }
      const build = (performance.now() - begun) / 1000;
      spikes = 0;
      const { seconds, realTimeFactor } = await run.run(ms);
      rows.push({
        grows,
        neurons: size,
        inDegree,
        longestMs: longest,
        backend: backend.name,
        dtype: backend.dtype,
        realTimeFactor,
        eventsPerSecond: (spikes * inDegree) / seconds,
        rateHz: spikes / size / (ms / 1000),
        bytes: run.bytes,
        openSeconds: build,
      });
      console.error(
        `${grows} ${size} x ${inDegree}, ${longest} ms: ${backend.name}`,
      );
      run.destroy();
    }
  }
  return rows;
}

const all = await backends();
const millions = (n: number) => (n / 1e6).toPrecision(3);
const s6 = await cuba(all);
console.log(
  table(
    [
      'S6, one second',
      'real-time factor',
      'least to most',
      'M events/s',
      'MiB',
    ],
    s6.rows.map((row) => [
      row.what,
      row.realTimeFactor.toFixed(3),
      `${row.least.toFixed(3)} to ${row.most.toFixed(3)}`,
      millions(row.eventsPerSecond),
      'bytes' in row ? (row.bytes / 2 ** 20).toFixed(1) : '',
    ]),
  ),
);
console.log(`\n--backend auto takes ${s6.auto.backend} (${s6.auto.note})\n`);
const rows = await growth(all);
console.log(
  table(
    [
      ...['grows', 'neurons', 'in-degree', 'delays to', 'backend'],
      ...['real-time factor', 'M events/s', 'rate', 'MiB', 'opened in'],
    ],
    rows.map((row) => [
      row.grows,
      `${row.neurons}`,
      `${row.inDegree}`,
      `${row.longestMs} ms`,
      `${row.backend} ${row.dtype}`,
      row.realTimeFactor.toFixed(3),
      millions(row.eventsPerSecond),
      `${row.rateHz.toFixed(1)} Hz`,
      (row.bytes / 2 ** 20).toFixed(1),
      `${row.openSeconds.toFixed(1)} s`,
    ]),
  ),
);
const last = all[all.length - 1];
const question =
  'a second of a spiking network with delays, and what grows with what';
if (!quick) {
  console.error(
    `saved ${keep('networks', last, { question, s6, growth: rows })}`,
  );
}
for (const backend of all) backend.close();
