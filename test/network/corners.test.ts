/**
 * Corners that random networks seldom reach: large numbers of targets, of
 * ticks, of constants, of delays. Oracle: the interpreter, arithmetic by hand,
 * or the CPU in float32.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { DelayError, NonFiniteError } from '../../src/base/errors.ts';
import { Random } from '../../src/base/random.ts';
import type { PopulationModel } from '../../src/network/model.ts';
import { leaky, lif, relay } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { hebbian } from '../../src/network/plasticity.ts';
import { NetworkRun } from '../../src/network/run/run.ts';
import { oneToOne, random } from '../../src/network/synapses.ts';
import {
  type NetworkRecipe,
  networkOf,
  zoo,
} from '../arbitraries/network-recipe.ts';
import { networks } from '../arbitraries/networks.ts';
import { describeBackends, describeWebGpu, webgpu } from '../backends.ts';
import { interpret } from './interpreter.ts';
import { expectSame, f32, f64, Recording, traces } from './support.ts';

/** All traces of a network on a backend are those of the interpreter. */
async function expectInterpreted(
  network: Network,
  backend: Backend,
  ticks: number,
  trials = 1,
): Promise<void> {
  const seed = 3;
  const run = NetworkRun.open(network, { backend, seed });
  const got = await traces(network, { backend, seed, trials }, ticks);
  got.forEach((trace, trial) => {
    const { dtype } = backend;
    const synapses = (name: string) => run.synapses(name);
    const how = { dtype, ticks, seed, trial, synapses };
    expectSame(trace, interpret(network, how));
  });
  run.destroy();
}

/** More constants than a block of uniforms has room for. */
const many: PopulationModel = {
  name: 'many',
  ports: ['input'],
  parameters: Object.fromEntries(
    Array.from({ length: 90 }, (_, i) => [`p${i}`, i / 64]),
  ),
  state: { x: 0 },
  lets: Array.from({ length: 9 }, (_, i) => [
    `s${i}`,
    Array.from({ length: 10 }, (_, j) => `p${10 * i + j} * ${j}`).join(' - '),
  ]),
  update: {
    x: '0.5 * x + input + s0 - s1 + s2 - s3 + s4 - s5 + s6 * s7 - s8',
  },
  outputs: { y: 'x' },
};

describeBackends('a population', (open) => {
  test('of ninety constants, some of them its neurons own', async () => {
    const net = new Network({ dt: 1 });
    net.population('x', 3, many, {
      parameters: { p7: [1, 2, 3], p80: [4, 5, 6] },
    });
    net.project('x', 'x', { weight: 0.125, delay: 1 });
    await expectInterpreted(net, await open(), 10, 2);
  });

  // Constants, state, arrivals, outputs, spikes, records and draws at once.
  test('with all memory that there is', async () => {
    const net = new Network({ dt: 0.5 });
    const sigma = [0.25, 0.5, 0.125, 0.75];
    net.population('x', 4, zoo.noisy, { parameters: { sigma } });
    net.population('sum', 4, zoo.sum);
    net.project('x', 'x', { output: 'y', weight: -0.125, delay: 1.5 });
    net.project('x', 'x', { weight: 0.25, delay: 2 });
    net.project('x', 'sum', { weight: 1, delay: 0 });
    await expectInterpreted(net, await open(), 40, 3);
  });

  test('where a hundred projections arrive', async () => {
    const net = new Network({ dt: 1 });
    net.samples('in', 2, {
      values: [0.1, 0.7, -0.3, 0.2, 1.1, -2],
      after: 'loop',
    });
    net.events('spikes', 2, {
      times: [
        [0, 1, 2, 5, 9],
        [3, 4, 11],
      ],
    });
    net.population('x', 2, leaky());
    for (let i = 0; i < 100; i++) {
      net.project(i % 2 ? 'in' : 'spikes', 'x', {
        weight: 0.1 * i,
        delay: i % 7,
      });
    }
    await expectInterpreted(net, await open(), 30, 2);
  });

  test('that is reached after 20,000 ticks, and no sooner', async () => {
    const net = new Network({ dt: 0.1 });
    net.events('spikes', 2, { times: [[0, 1999.9], [0.1]] });
    net.samples('in', 1, { values: [1, 2] });
    net.population('cells', 2, lif);
    net.population('sum', 1, zoo.sum);
    net.project('spikes', 'cells', {
      pattern: oneToOne(),
      weight: 2,
      delay: 2000,
    });
    net.project('in', 'sum', { delay: 2000.1 });
    const run = NetworkRun.open(net, { backend: await open() });
    const seen: number[] = [];
    const sums: number[] = [];
    run.spikes$('cells').subscribe(({ tick, neurons }) => {
      for (const neuron of neurons) seen.push(tick, neuron);
    });
    run
      .state$('sum', 'y')
      .subscribe(({ tick, data }) => tick % 20000 < 4 && sums.push(data[0]));
    await run.runTicks(40_010);
    expect(seen).toEqual([20000, 0, 20001, 1, 39999, 0]);
    expect(sums).toEqual([0, 0, 0, 0, 0, 1, 3, 3, 3, 3, 3, 3]);
    run.destroy();
  });
});

describeWebGpu('delivery in parts', () => {
  // Oracle: the CPU. Above 2048 targets several workgroups deliver.
  test.each([
    ['each pair once', false],
    ['pairs that come twice', true],
  ])('%s', async (_, twice) => {
    const net = new Network({ dt: 1 });
    const draw = new Random(1);
    const sources = 7;
    const times = Array.from({ length: sources }, () =>
      Array.from({ length: 40 }, (_, t) => t).filter(() => draw.below(3) === 0),
    );
    net.events('in', sources, { times });
    net.population('out', 5000, leaky());
    net.project('in', 'out', {
      pattern: random({ inDegree: 4, replace: twice }),
      weight: { uniform: [-1, 1] },
      // Few delays, so that two synapses meet.
      delay: { uniform: [3, twice ? 4 : 9] },
    });
    const options = { seed: 5, trials: 2 };
    const wanted = await traces(net, { ...options, backend: f32 }, 45);
    const got = await traces(net, { ...options, backend: await webgpu() }, 45);
    got.forEach((trace, t) => {
      expectSame(trace, wanted[t]);
    });
  });
});

describe('late ticks', () => {
  const LATE = 2 ** 31 - 256;
  /** Without sources, which would have to be late too, and without noise. */
  const alone = (recipe: NetworkRecipe): NetworkRecipe => {
    const populations = recipe.populations.flatMap((population) =>
      population.kind !== 'neurons' ||
      population.model === 'noisy' ||
      population.model === 'poisson'
        ? []
        : [population],
    );
    const known = (name: string) => populations.some((p) => p.name === name);
    const projections = recipe.projections.filter(
      ({ from, to }) => known(from) && known(to),
    );
    return { ...recipe, populations, projections };
  };

  test.each([
    ['f64', f64],
    ['f32', f32],
  ] as const)('are like early ones, %s', async (_, backend) => {
    await fc.assert(
      fc.asyncProperty(networks({ zero: false }), async (recipe) => {
        const { seed, populations } = alone(recipe);
        fc.pre(populations.length > 0);
        const net = networkOf(alone(recipe));
        const [early] = await traces(net, { backend, seed }, 100);
        const run = NetworkRun.open(net, { backend, seed });
        const snapshot = await run.snapshot();
        await run.restore({ ...snapshot, tick: LATE });
        const recording = new Recording(run);
        await run.runTicks(100).catch(() => {});
        expectSame(recording.trace(0, LATE), early);
        run.destroy();
      }),
      { numRuns: 15 },
    );
  });

  test('end where they cannot be counted', async () => {
    const net = new Network({ dt: 1 });
    net.population('x', 1, leaky());
    const run = NetworkRun.open(net, { backend: f64 });
    await run.restore({ ...(await run.snapshot()), tick: LATE });
    await expect(run.runTicks(256)).rejects.toThrow(DelayError);
    await run.runTicks(255);
    await expect(run.runTicks(1)).rejects.toThrow('at most 2147483647');
    run.destroy();
  });
});

describe('float32', () => {
  test.each<[string, (net: Network) => void]>([
    [
      'a constant',
      (net) => net.population('x', 1, relay, { parameters: { gain: 1e39 } }),
    ],
    [
      'constants of neurons',
      (net) =>
        net.population('x', 2, relay, { parameters: { gain: [1, 1e39] } }),
    ],
    [
      'a start',
      (net) => net.population('x', 1, leaky(), { start: { x: 1e39 } }),
    ],
    [
      'a history',
      (net) => {
        net.population('x', 1, relay, { history: { y: -1e39 } });
        net.project('x', 'x', { delay: 1 });
      },
    ],
    [
      'a sample',
      (net) => {
        net.samples('in', 1, { values: [1, 1e39] });
        net.population('x', 1, relay);
        net.project('in', 'x', { delay: 0 });
      },
    ],
  ])('has no room for %s of 1e39', async (_, make) => {
    const net = new Network({ dt: 1 });
    make(net);
    const run = NetworkRun.open(net, { backend: f64 });
    await run.run(3);
    run.destroy();
    const failing = async () => {
      const run = NetworkRun.open(net, { backend: f32 });
      await run.run(3);
    };
    await expect(failing()).rejects.toThrow(NonFiniteError);
  });
});

describe('weights', () => {
  const learning = () => {
    const net = new Network({ dt: 1 });
    net.samples('in', 1, { values: [1, -1, 0.5], after: 'loop' });
    net.population('x', 1, relay);
    net.project('in', 'x', {
      name: 'p',
      delay: 1,
      weight: 0.5,
      plasticity: hebbian({ rate: 0.125 }),
    });
    return NetworkRun.open(net, { backend: f64 });
  };
  const watch = (run: NetworkRun) => {
    const seen: number[] = [];
    run
      .weights$('p', { every: 4 })
      .subscribe(({ tick, data }) => seen.push(tick, ...data));
    return seen;
  };

  test('are sent once a tick, however the run is cut', async () => {
    const whole = learning();
    const all = watch(whole);
    await whole.runTicks(20);
    expect(all.filter((_, i) => i % 2 === 0)).toEqual([0, 4, 8, 12, 16, 20]);
    const cut = learning();
    const seen = watch(cut);
    for (const piece of [4, 0, 1, 3, 0, 5, 7]) await cut.runTicks(piece);
    expect(seen).toEqual(all);
  });

  test('that are set count for what arrives, and for spikes sent', async () => {
    const net = new Network({ dt: 1 });
    net.samples('in', 1, { values: [1, 10, 100, 1000, 1e4, 1e5] });
    net.events('spikes', 1, { times: [[0, 1, 2, 3, 4, 5]] });
    net.population('x', 1, relay);
    net.population('y', 1, relay);
    net.project('in', 'x', { name: 'values', delay: 3 });
    net.project('spikes', 'y', { name: 'events', delay: 3 });
    const run = NetworkRun.open(net, { backend: f64 });
    const seen: number[][] = [[], []];
    run.state$('x', 'y').subscribe(({ data }) => seen[0].push(data[0]));
    run.state$('y', 'y').subscribe(({ data }) => seen[1].push(data[0]));
    await run.runTicks(2);
    // Both at once, and before anything runs again.
    await run.setDelay('values', 5);
    await run.setWeights('values', [2]);
    await run.setWeights('events', [3]);
    await run.runTicks(2);
    const snapshot = await run.snapshot();
    await run.setWeights('values', [7]);
    await run.setWeights('events', [7]);
    await run.restore(snapshot);
    await run.runTicks(8);
    expect(seen[0]).toEqual([0, 0, 0, 2, 20, 0, 0, 200, 2000, 2e4, 2e5, 0]);
    expect(seen[1]).toEqual([0, 0, 0, 1, 1, 3, 3, 3, 3, 0, 0, 0]);
    expect([...(await run.weights('events'))]).toEqual([3]);
    run.destroy();
  });
});

test('a failure of a later chunk loses nothing of those before', async () => {
  const net = new Network({ dt: 1 });
  net.samples('in', 1, { values: (t) => (t < 5000 ? 1 : Number.NaN) });
  net.population('x', 1, zoo.sum);
  net.project('in', 'x', { delay: 0 });
  const run = NetworkRun.open(net, { backend: f64 });
  const seen: number[] = [];
  run.state$('x', 'x').subscribe(({ data }) => seen.push(data[0]));
  await expect(run.runTicks(6000)).rejects.toThrow(NonFiniteError);
  expect(run.tick).toBe(4096);
  expect(seen.length).toBe(4096);
  // On to the last tick before.
  await run.runTicks(904);
  expect(seen).toEqual(Array.from({ length: 5000 }, (_, t) => t + 1));
  run.destroy();
});
