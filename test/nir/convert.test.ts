/**
 * There and back. Oracle: the network itself, whose spikes and traces its
 * graph must have, in a file too.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { leaky, lif, relay } from '../../src/network/models.ts';
import {
  Network,
  type Population,
  type ProjectionOptions,
} from '../../src/network/network.ts';
import { NetworkRun } from '../../src/network/run/run.ts';
import {
  allToAll,
  matrix,
  oneToOne,
  pairs,
  random,
} from '../../src/network/synapses.ts';
import { networkToNir } from '../../src/nir/from-network.ts';
import type { NirNode } from '../../src/nir/graph.ts';
import { nirAffine, nirModels } from '../../src/nir/models.ts';
import {
  byFile,
  doings,
  expectSame,
  input,
  output,
  sorted,
  t,
} from './convert-run.ts';

const TICKS = 60;

interface Drawn {
  readonly network: Network;
  readonly seed: number;
}

/** Networks of 1 to 4 populations and 2 sources, joined at random. */
function networks(whole: boolean): fc.Arbitrary<Drawn> {
  const size = fc.integer({ min: 1, max: 4 });
  const tenth = (low: number, high: number) =>
    fc.integer({ min: 10 * low, max: 10 * high }).map((n) => n / 10);
  const real = (low: number, high: number) =>
    fc.double({ min: low, max: high, noNaN: true });
  const number = whole ? tenth : real;
  const each = (n: number, one: fc.Arbitrary<number>) =>
    fc.array(one, { minLength: n, maxLength: n });
  const spikingModels = [lif, nirModels.LIF, nirModels.IF, nirModels.CubaLIF];
  const gradedModels = [leaky(), nirModels.LI, nirModels.CubaLI, relay];
  const passing = [relay, nirModels.Threshold, nirAffine];
  const chosen = whole
    ? [...spikingModels, ...passing]
    : [...gradedModels, nirModels.Threshold, lif, nirModels.CubaLIF];
  const population = fc
    .tuple(size, fc.constantFrom(...chosen))
    .chain(([n, model]) => {
      const values: Record<string, fc.Arbitrary<number | number[]>> = {};
      for (const name of Object.keys(model.parameters)) {
        if (name === 'refractory') continue;
        const scale = model.name === 'lif' || model.name === 'leaky' ? 1 : 1000;
        const one = /^tau/.test(name)
          ? number(1, 30).map((ms) => ms / scale)
          : name === 'r'
            ? number(2, 20).map((r) => (model.name === 'IF' ? 100 * r : r))
            : /bias|gain|^threshold$/.test(name) && model.name !== 'lif'
              ? whole
                ? fc.integer({ min: -2, max: 2 })
                : real(0.1, 1)
              : /threshold/.test(name)
                ? number(0.4, 1.5)
                : number(-0.5, 0.4);
        values[name] = fc.oneof(one, each(n, one));
      }
      return fc.record(values).map((parameters) => ({ n, model, parameters }));
    });
  const weight = whole ? fc.integer({ min: -2, max: 3 }) : real(-0.8, 1);
  const link = fc.record({
    from: fc.nat(6),
    to: fc.nat(3),
    pattern: fc.nat(3),
    kind: fc.nat(3),
    weights: each(16, weight),
    delays: each(16, fc.nat(5)),
    named: fc.boolean(),
  });
  const samples = each(
    2 * TICKS,
    whole ? fc.integer({ min: -1, max: 3 }) : real(-1, 3),
  );
  const times = fc.array(fc.uniqueArray(fc.nat(TICKS - 1), { maxLength: 30 }), {
    minLength: 3,
    maxLength: 3,
  });
  return fc
    .record({
      dt: fc.constantFrom(1, 0.5, 0.1),
      cells: fc.array(population, { minLength: 1, maxLength: 4 }),
      links: fc.array(link, { minLength: 3, maxLength: 8 }),
      samples,
      times,
      seed: fc.nat(100),
    })
    .map(({ dt, cells, links, samples, times, seed }) => {
      const network = new Network({ dt });
      const sources = [
        network.samples('values', 2, { values: samples, after: 'hold' }),
        network.events('spikes', 3, {
          times: times.map((list) => list.map((n) => n * dt)),
        }),
      ];
      const made = cells.map(({ n, model, parameters }, i) =>
        network.population(`cells ${i}`, n, model, { parameters }),
      );
      // Fires by itself, so that no network is silent.
      const pacer = network.population('pacer', 2, nirModels['LIF'], {
        parameters: { tau: 0.001, v_leak: [1.5, 4] },
      });
      const all: Population[] = [...sources, pacer, ...made];
      links.forEach(
        ({ from, to, pattern, kind, weights, delays, named }, l) => {
          const source = all[from % all.length];
          const target = made[to % made.length];
          // Only forward there may be no delay.
          const ahead = all.indexOf(source) < all.indexOf(target);
          const ms = delays.map((n) => (ahead ? n : n + 1) * dt);
          const same = source.size === target.size;
          const patterns = [
            allToAll(),
            random({ probability: 0.6 }),
            matrix(
              Array.from({ length: target.size }, (_, i) =>
                weights.slice(i, i + source.size),
              ),
            ),
            same ? oneToOne() : random({ inDegree: 2 }),
          ];
          const by = (list: number[]) => (a: number, b: number) =>
            list[(3 * a + b) % 16];
          const options: ProjectionOptions = {
            pattern: patterns[pattern],
            delay: [
              ms[0],
              ms[0],
              { perSource: ms.slice(0, source.size) },
              by(ms),
            ][kind],
            ...(pattern === 2 || (pattern === 3 && same && l % 2 === 0)
              ? {}
              : { weight: by(weights) }),
            ...(target.model === lif ? { port: 'current' } : {}),
            ...(named ? { name: `a b.${l}` } : {}),
          };
          network.project(source, target, options);
        },
      );
      return { network, seed };
    });
}

describe('network -> NIR -> file -> NIR -> network', () => {
  test.each([
    ['sums of whole numbers: the same bits', true, 0],
    ['sums of any numbers: within 1e-12', false, 1e-12],
  ])('%s', async (_, whole, within) => {
    let fired = 0;
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(networks(whole), async ({ network, seed }) => {
        const wanted = await doings(network, TICKS, { seed });
        // Relays in loops may grow without bound, past whole numbers too.
        const values = Object.values(wanted.traces).flat(2);
        fc.pre(values.every((x) => Math.abs(x) < 2 ** 50));
        // A file takes a second, and changes nothing: some are enough.
        const again = await byFile(network, seed, seed % 16 === 5);
        expectSame(await doings(again, TICKS), wanted, within);
        fired += Object.values(wanted.spikes).slice(1).flat().length;
        sent += values.filter((x) => x !== 0).length;
      }),
      { numRuns: 150 },
    );
    // Networks in which nothing happens would all agree.
    expect(sent).toBeGreaterThan(20_000);
    expect(fired).toBeGreaterThan(1_000);
  });

  test('a delay of one tick more would be seen', async () => {
    const make = (delay: number) => {
      const network = new Network({ dt: 1 });
      network.events('in', 1, { times: [[0, 5]] });
      network.population('cell', 1, relay);
      network.project('in', 'cell', { delay, weight: 2 });
      return network;
    };
    const wanted = await doings(make(3), 12);
    const again = await doings(await byFile(make(3), 0), 12);
    expectSame(again, wanted, 0);
    const other = await doings(await byFile(make(4), 0), 12);
    expect(() => expectSame(other, wanted, 0)).toThrow('cell');
  });

  test('synapses and delays of a run, as they are now', async () => {
    const network = new Network({ dt: 1 });
    network.samples('in', 2, { values: () => 1 });
    network.population('cell', 2, relay);
    network.project('in', 'cell', {
      name: 'p',
      pattern: random({ probability: 0.7 }),
      weight: { uniform: [1, 2] },
      delay: 1,
    });
    const run = NetworkRun.open(network, {
      backend: new CpuBackend('f64'),
      seed: 9,
    });
    const drawn = networkToNir(network, { seed: 9 });
    const asked = { synapses: (name: string) => run.synapses(name) };
    expect(networkToNir(network, asked)).toEqual(drawn);
    expect(networkToNir(network, { seed: 8 })).not.toEqual(drawn);
    await run.setDelay('p', 4);
    await run.setWeights(
      'p',
      run.synapses('p').weight.map((_, i) => i + 5),
    );
    const { nodes } = networkToNir(network, asked);
    const { pre, post } = run.synapses('p');
    const weight = [0, 0, 0, 0];
    pre.forEach((from, s) => {
      weight[2 * post[s] + from] = s + 5;
    });
    run.destroy();
    expect(nodes.get('p')).toEqual({
      type: 'Linear',
      weight: t([2, 2], ...weight),
    });
    expect(nodes.get('p.delay')).toEqual({
      type: 'Delay',
      delay: t([2], 0.004, 0.004),
    });
  });

  test('each model by hand: nodes, names, parameters in seconds', () => {
    const network = new Network({ dt: 1 });
    network.samples('in', 2, { values: [1, 1] });
    network.population('lif', 2, lif, {
      parameters: { tau: 20, E: [0, 0.5], threshold: 1.5, reset: -1, r: 3 },
    });
    network.population('leaky', 2, leaky(), { parameters: { tau: [5, 7] } });
    network.population('relay', 2, relay, { parameters: { gain: 4 } });
    network.project('in', 'relay', { pattern: oneToOne(), delay: 0 });
    network.project('in', 'relay', { pattern: oneToOne(), delay: 0 });
    network.project('relay', 'lif', { delay: 2, port: 'current', weight: 5 });
    network.project('lif', 'leaky', {
      pattern: oneToOne(),
      delay: { perSource: [1, 3] },
    });
    network.project('leaky', 'leaky', {
      weight: 0.5,
      delay: (a, b) => 1 + a + b,
    });
    const { nodes, edges } = networkToNir(network);
    const halves = (...data: number[]): NirNode => ({
      type: 'Linear',
      weight: t([2, 2], ...data),
    });
    const late = (...data: number[]): NirNode => ({
      type: 'Delay',
      delay: t([2], ...data),
    });
    const self = 'leaky->leaky';
    expect(Object.fromEntries(nodes)).toEqual({
      in: input(2),
      relay: { type: 'Scale', scale: t([2], 4, 4) },
      'in->relay#2': { type: 'Scale', scale: t([2], 1, 1) },
      'relay->lif': halves(5, 5, 5, 5),
      'relay->lif.delay': late(0.002, 0.002),
      lif: {
        type: 'LIF',
        tau: t([2], 0.02, 0.02),
        r: t([2], 3, 3),
        v_leak: t([2], 0, 0.5),
        v_threshold: t([2], 1.5, 1.5),
        v_reset: t([2], -1, -1),
      },
      'lif->leaky.delay': late(0.001, 0.003),
      leaky: {
        type: 'LI',
        tau: t([2], 0.005, 0.007),
        r: t([2], 1, 1),
        v_leak: t([2], 0, 0),
      },
      [`${self}.1`]: halves(0.5, 0, 0, 0),
      [`${self}.2`]: halves(0, 0.5, 0.5, 0),
      [`${self}.3`]: halves(0, 0, 0, 0.5),
      [`${self}.1.delay`]: late(0.001, 0.001),
      [`${self}.2.delay`]: late(0.002, 0.002),
      [`${self}.3.delay`]: late(0.003, 0.003),
    });
    expect(sorted(edges)).toEqual(
      sorted([
        ['in', 'relay'],
        ['in', 'in->relay#2'],
        ['in->relay#2', 'relay'],
        ['relay', 'relay->lif'],
        ['relay->lif', 'relay->lif.delay'],
        ['relay->lif.delay', 'lif'],
        ['lif', 'lif->leaky.delay'],
        ['lif->leaky.delay', 'leaky'],
        ...['1', '2', '3'].flatMap((n): [string, string][] => [
          ['leaky', `${self}.${n}`],
          [`${self}.${n}`, `${self}.${n}.delay`],
          [`${self}.${n}.delay`, 'leaky'],
        ]),
      ]),
    );
  });

  test('a source without synapses opens no way without delay', async () => {
    const network = new Network({ dt: 1 });
    network.population('loop', 3, nirAffine, { parameters: { bias: 1 } });
    network.project('loop', 'loop', {
      pattern: pairs([0, 1], [1, 0]),
      delay: { perSource: [2, 1, 9] },
    });
    const { nodes } = networkToNir(network);
    expect(nodes.get('loop->loop.delay')).toEqual({
      type: 'Delay',
      delay: t([3], 0.002, 0.001, 0.001),
    });
    const wanted = await doings(network, 9);
    expectSame(await doings(await byFile(network, 0), 9), wanted, 0);
  });

  test('what nobody reads gets an Output, under a name of its own', () => {
    const network = new Network({ dt: 1 });
    network.samples('a', 1, { values: [1] });
    network.population('a.out', 1, relay);
    network.project('a', 'a.out', { pattern: oneToOne(), delay: 0 });
    network.population('b', 1, relay);
    const { nodes, edges } = networkToNir(network);
    expect([...nodes.keys()]).toEqual([
      'a',
      'a.out',
      'b',
      'a.out.out',
      'b.out',
    ]);
    expect(nodes.get('b.out')).toEqual(output(1));
    expect(sorted(edges)).toEqual(
      sorted([
        ['a', 'a.out'],
        ['a.out', 'a.out.out'],
        ['b', 'b.out'],
      ]),
    );
  });
});
