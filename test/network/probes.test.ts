/**
 * What is watched, and when. Oracle: events put in by hand, which come out at
 * n + d; all samples of a run, of which a probe must have every n-th.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { leaky, lif, relay } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { hebbian } from '../../src/network/plasticity.ts';
import { NetworkRun } from '../../src/network/run/run.ts';
import { allToAll, oneToOne } from '../../src/network/synapses.ts';
import { describeBackends } from '../backends.ts';
import { f64 } from './support.ts';

/** Cells that spike where `ticks` say, `delay` ticks later. */
function relayed(ticks: readonly (readonly number[])[], delay: number) {
  const net = new Network({ dt: 0.1 });
  const times = ticks.map((list) => list.map((tick) => tick / 10));
  net.events('in', ticks.length, { times });
  net.population('cells', ticks.length, lif);
  net.project('in', 'cells', {
    pattern: oneToOne(),
    weight: 2,
    delay: delay / 10,
  });
  return net;
}

const every = (n: number, from: number, end: number) =>
  Array.from({ length: Math.ceil((end - from) / n) }, (_, i) => from + i * n);

describeBackends('windows of 32 ticks', (open) => {
  // 128 windows are a chunk: 4096 ticks. Bit 31 is the sign of a word.
  test('over chunks, cuts and every bit of a word', async () => {
    const lists = [
      every(1, 0, 300),
      every(32, 31, 9000),
      every(31, 0, 9000),
      [0, 31, 32, 63, 4095, 4096, 4097, 8191, 8192, 8999],
      [],
    ];
    const delay = 3;
    const run = NetworkRun.open(relayed(lists, delay), {
      backend: await open(),
    });
    expect(run.window.ticks).toBe(32);
    const seen: number[][] = lists.map(() => []);
    const sent: number[][] = lists.map(() => []);
    run.spikes$('cells').subscribe(({ tick, neurons }) => {
      for (const neuron of neurons) seen[neuron].push(tick);
    });
    run.spikes$('in').subscribe(({ tick, neurons }) => {
      for (const neuron of neurons) sent[neuron].push(tick);
    });
    for (const piece of [1, 31, 32, 33, 4000, 4099, 0, 804]) {
      await run.runTicks(piece);
    }
    expect(run.tick).toBe(9000);
    expect(sent).toEqual(lists);
    expect(seen).toEqual(
      lists.map((list) =>
        list.map((tick) => tick + delay).filter((tick) => tick < 9000),
      ),
    );
    run.destroy();
  });
});

describeBackends('a probe at an interval', (open) => {
  // A loop with a delay of one tick: a chunk is 128 ticks.
  test('has every n-th sample, over chunks and cuts', async () => {
    const backend = await open();
    const net = new Network({ dt: 0.5 });
    net.samples('in', 3, { values: [1, -2, 3, 0, 5, 1], after: 'loop' });
    net.population('x', 3, leaky(), { parameters: { tau: [3, 5, 9] } });
    net.project('in', 'x', { pattern: oneToOne(), delay: 0 });
    net.project('x', 'x', { pattern: oneToOne(), weight: -0.5, delay: 0.5 });
    const run = NetworkRun.open(net, { backend, trials: 2 });
    expect(run.window.ticks).toBe(1);
    const intervals = [1, 2, 7, 127, 128, 129, 300];
    const seen = new Map<number, { tick: number; data: number[] }[]>();
    for (const n of intervals) {
      const list: { tick: number; data: number[] }[] = [];
      seen.set(n, list);
      run
        .state$('x', 'x', { every: n / 2 })
        .subscribe(({ tick, data }) => list.push({ tick, data: [...data] }));
    }
    for (const piece of [1, 5, 333, 128, 2, 231]) await run.runTicks(piece);
    const all = seen.get(1)!;
    expect(all.map(({ tick }) => tick)).toEqual(every(1, 0, 700));
    for (const n of intervals) {
      expect(seen.get(n)).toEqual(all.filter(({ tick }) => tick % n === 0));
    }
    run.destroy();
  });
});

test('a probe that comes and goes changes nothing', async () => {
  const open = () => {
    const net = new Network({ dt: 1 });
    net.samples('in', 2, { values: [1, -1, 0.5, 0.25, 0, 2], after: 'loop' });
    net.population('x', 2, leaky());
    net.project('in', 'x', {
      name: 'learns',
      delay: 2,
      weight: 0.25,
      plasticity: hebbian({ rate: 0.125 }),
    });
    return NetworkRun.open(net, { backend: f64 });
  };
  const [one, other] = [open(), open()];
  await one.runTicks(30);
  await other.runTicks(10);
  const early = other.state$('x', 'x').subscribe();
  await other.runTicks(10);
  early.unsubscribe();
  const late = other.state$('x', 'y', { every: 3 }).subscribe();
  await other.runTicks(10);
  late.unsubscribe();
  const weights = await one.weights('learns');
  expect(weights).not.toEqual(Float64Array.of(0.25, 0.25, 0.25, 0.25));
  expect(await other.weights('learns')).toEqual(weights);
  one.destroy();
  other.destroy();
});

describe('rates', () => {
  const lists = [
    [0, 3, 9, 10, 14, 19, 20, 29, 39, 44],
    [5, 10, 15, 20, 21, 22, 23, 24, 25, 38],
  ];
  const inBin = (first: number, bin: number) =>
    lists.flat().filter((tick) => tick >= first && tick < first + bin).length;
  /** Hz of two neurons whose ticks are .1 ms. */
  const hertz = (first: number, bin: number) =>
    inBin(first, bin) / (2 * bin * 1e-4);

  function watch(run: NetworkRun, bin: number) {
    const seen: (readonly [number, number])[] = [];
    const subscription = run
      .rate$('in', { bin: bin / 10 })
      .subscribe(({ tick, value }) => seen.push([tick, value]));
    return { seen, subscription };
  }

  test('of bins that begin in one call and end in another', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 17 }), { maxLength: 8 }),
        fc.constantFrom(1, 3, 10, 16, 45),
        async (pieces, bin) => {
          const run = NetworkRun.open(relayed(lists, 1), { backend: f64 });
          const { seen } = watch(run, bin);
          for (const piece of pieces) {
            await run.runTicks(Math.min(piece, 45 - run.tick));
          }
          await run.runTicks(45 - run.tick);
          const firsts = every(bin, 0, 45).filter((tick) => tick + bin <= 45);
          expect(seen).toEqual(
            firsts.map((first) => [
              first,
              expect.closeTo(hertz(first, bin), 9),
            ]),
          );
          run.destroy();
        },
      ),
      { numRuns: 25 },
    );
  });

  test('of bins that were watched from their beginning, no others', async () => {
    const run = NetworkRun.open(relayed(lists, 1), { backend: f64 });
    await run.runTicks(4);
    const first = watch(run, 10);
    await run.runTicks(21);
    expect(first.seen).toEqual([[10, hertz(10, 10)]]);
    first.subscription.unsubscribe();
    await run.runTicks(3);
    const second = watch(run, 10);
    await run.runTicks(17);
    expect(second.seen).toEqual([[30, hertz(30, 10)]]);
    run.destroy();
  });

  test('after a return to a snapshot', async () => {
    const run = NetworkRun.open(relayed(lists, 1), { backend: f64 });
    const { seen } = watch(run, 10);
    await run.runTicks(20);
    const snapshot = await run.snapshot();
    await run.runTicks(5);
    await run.restore(snapshot);
    await run.runTicks(20);
    expect(seen).toEqual(
      [0, 10, 20, 30].map((tick) => [tick, hertz(tick, 10)]),
    );
    run.destroy();
  });
});

// Oracle: the definition, with the samples of the probes it is made of.
test('samples tell their tick and time, trial after trial', async () => {
  const net = new Network({ dt: 0.1 });
  const values = (time: number, trial: number) => [time, trial];
  net.samples('in', 2, { values });
  net.population('out', 2, relay);
  net.project('in', 'out', { pattern: oneToOne(), delay: 0.3 });
  const run = NetworkRun.open(net, { backend: f64, trials: 2, firstTrial: 5 });
  const seen: unknown[] = [];
  run
    .state$('out', 'y', { every: 0.2 })
    .subscribe(({ tick, time, data }) => seen.push([tick, time, ...data]));
  await run.run(1);
  expect(seen).toEqual([
    [0, 0, 0, 0, 0, 0],
    [2, 0.2, 0, 0, 0, 0],
    [4, 0.4, 0.1, 5, 0.1, 6],
    [6, 0.6, 0.3, 5, 0.3, 6],
    [8, 0.8, 0.5, 5, 0.5, 6],
  ]);
  run.destroy();
});

test('a probe sees the state after the update of its tick', async () => {
  const net = new Network({ dt: 1 });
  net.events('in', 1, { times: [[2]] });
  net.population('cells', 1, lif, { parameters: { tau: 1 / Math.LN2 } });
  net.project('in', 'cells', { pattern: allToAll(), weight: 0.5, delay: 3 });
  const run = NetworkRun.open(net, { backend: f64 });
  const seen: number[] = [];
  run.state$('cells', 'v').subscribe(({ data }) => seen.push(data[0]));
  await run.run(8);
  expect(seen.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 0.5]);
  expect(seen[6]).toBeCloseTo(0.25, 15);
  run.destroy();
});
