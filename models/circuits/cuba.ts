/**
 * S6: the CUBA network of Vogels and Abbott (2005) as the benchmark of Brette et al.
 * (2007) has it, with delays of 1 to 20 ms drawn for each synapse. 4,000 leaky
 * integrate-and-fire neurons, 2 % connected, fire irregularly for ever.
 * Everything drawn comes from Philox4x32-10, so the first 100 ms are the same
 * in every implementation that computes in float64.
 */

import { philoxBlock } from '../../src/base/random.ts';
import { cubaLif } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { type Pairs, pairs } from '../../src/network/synapses.ts';
import { size } from '../../src/studies/parameters.ts';
import { meanOf } from '../../src/studies/rows.ts';
import { shelve } from '../../src/studies/shelf.ts';
import { between, exactly, type Verdict } from '../../src/studies/verdict.ts';

const SEED = 42;
const DT = 0.1;
/** Weights in mV. */
const EXCITATORY = 1.62;
const INHIBITORY = -9;
/** ms that the raster shows. */
const SHOWN = 400;
/** ms from which on a run tells rate and irregularity. */
const LONG = 2000;

/** The k-th word of a stream: lane k & 3 of block k >> 2. */
function words(tag: number): (k: number) => number {
  const block = new Uint32Array(4);
  let at = -1;
  return (k) => {
    const n = Math.floor(k / 4);
    if (n !== at) philoxBlock(block, n >>> 0, 0, 0, 0, SEED, tag);
    at = n;
    return block[k & 3];
  };
}

interface Drawn extends Pairs {
  /** In ticks. */
  readonly delay: Uint32Array;
}

/** Synapses from neurons `first` to below `end` to all. */
function draw(size: number, first: number, end: number): Drawn {
  const joined = words(1);
  const late = words(2);
  const least = Math.floor(0.02 * 2 ** 32);
  const pre: number[] = [];
  const post: number[] = [];
  const delay: number[] = [];
  for (let i = first; i < end; i++) {
    for (let j = 0; j < size; j++) {
      const k = size * i + j;
      if (joined(k) >= least) continue;
      pre.push(i - first);
      post.push(j);
      delay.push(10 + Math.floor((late(k) * 191) / 2 ** 32));
    }
  }
  return {
    pre: Uint32Array.from(pre),
    post: Uint32Array.from(post),
    delay: Uint32Array.from(delay),
  };
}

const third = words(3);

/** Membrane potential at which a neuron starts, in mV. */
export const start = (neuron: number) => -60 + (10 * third(neuron)) / 2 ** 32;

/** The network in one population; excitatory neurons come first. */
export function cubaNetwork(size = 4000): Network {
  const network = new Network({ dt: DT });
  const cells = network.population('cells', size, cubaLif, {
    start: { v: start },
  });
  const excitatory = Math.floor(0.8 * size);
  const all = draw(size, 0, size);
  const part = (isOurs: (source: number) => boolean) => {
    const chosen = [...all.pre.keys()].filter((s) => isOurs(all.pre[s]));
    return {
      pattern: pairs(
        chosen.map((s) => all.pre[s]),
        chosen.map((s) => all.post[s]),
      ),
      delay: chosen.map((s) => all.delay[s] * DT),
    };
  };
  network.project(cells, cells, {
    name: 'excitatory',
    ...part((source) => source < excitatory),
    weight: EXCITATORY,
    port: 'exc',
  });
  network.project(cells, cells, {
    name: 'inhibitory',
    ...part((source) => source >= excitatory),
    weight: INHIBITORY,
    port: 'inh',
  });
  return network;
}

/** Mean over neurons of the CV of intervals, of those with 3 spikes or more. */
function meanCv(times: readonly (readonly number[])[]): number {
  const all = times.flatMap((list) => {
    if (list.length < 3) return [];
    const intervals = list.slice(1).map((time, i) => time - list[i]);
    const mean = meanOf(intervals, (x) => x);
    const variance = meanOf(intervals, (x) => (x - mean) ** 2);
    return [Math.sqrt(variance) / mean];
  });
  return meanOf(all, (cv) => cv);
}

const parameters = {
  duration: size(
    2000,
    `model time; rate and intervals are held from ${LONG} ms on`,
    { unit: 'ms', least: 100 },
  ),
};

export const cuba = shelve({
  name: 'cuba',
  title: 'S6: 4,000 spiking neurons, 320,185 synapses, delays of 1 to 20 ms',
  source: 'Vogels and Abbott 2005; Brette et al. 2007',
  parameters,
  network: () => cubaNetwork(),
  async measure({ duration }, bench) {
    const network = cubaNetwork();
    const run = bench.open(network);
    const spikes: { time: number; neuron: number; group: string }[] = [];
    const times: number[][] = Array.from({ length: 4000 }, () => []);
    let early = 0;
    let total = 0;
    run.spikes$('cells').subscribe(({ time, neurons }) => {
      total += neurons.length;
      if (time < 99.95) early += neurons.length;
      for (const neuron of neurons) {
        times[neuron].push(time);
        if (time >= SHOWN) continue;
        const inhibits = neuron >= 3200;
        spikes.push({
          time,
          neuron: inhibits ? neuron - 3200 : neuron,
          group: inhibits ? 'inhibitory' : 'excitatory',
        });
      }
    });
    const report = await run.run(duration);
    const e = run.synapses('excitatory');
    const first = [0, 1, 2, 3, 4].map(
      (s) => `(${e.pre[s]},${e.post[s]},${e.delay[s]})`,
    );
    const count = e.pre.length + run.synapses('inhibitory').pre.length;
    const shown = Math.min(SHOWN, duration);
    const rate = total / 4000 / (duration / 1000);
    const verdicts: Verdict[] = [
      exactly('synapses', 320185, count),
      exactly(
        'first (source, target, ticks)',
        '(0,9,57) (0,47,59) (0,97,29) (0,155,187) (0,190,18)',
        first.join(' '),
      ),
      bench.precise
        ? exactly('spikes in the first 100 ms', 2834, early)
        : between('spikes in the first 100 ms', 2600, 3050, early),
    ];
    if (duration >= LONG) {
      verdicts.push(
        between('rate', 5.3, 6.15, rate, 'Hz'),
        between('CV of intervals', 0.58, 0.66, meanCv(times)),
      );
    }
    return {
      verdicts,
      figures: {
        spikes: total,
        'real-time factor': report.realTimeFactor,
      },
      pictures: [
        {
          kind: 'raster',
          title:
            'CUBA network with delays: ' +
            `${duration > SHOWN ? 'the first ' : ''}${shown} ms`,
          groups: [
            { name: 'excitatory', size: 3200 },
            { name: 'inhibitory', size: 800 },
          ],
          spikes,
          duration: shown,
        },
      ],
    };
  },
});
