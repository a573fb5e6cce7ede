/**
 * What a run holds on to, whatever is asked of it in between. Oracle: the same
 * run left alone, and arithmetic.
 */

import { describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { NonFiniteError, OptionError } from '../../src/base/errors.ts';
import { cubaLif, leaky, lif, relay } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { hebbian } from '../../src/network/plasticity.ts';
import { NetworkRun } from '../../src/network/run/run.ts';
import { convolution, oneToOne, pairs } from '../../src/network/synapses.ts';
import { describeBackends } from '../backends.ts';

describeBackends('weights that were learned', (open) => {
  test('stay each trial’s own through watching, snapshots and settings', async () => {
    const make = async () => {
      const net = new Network({ dt: 1 });
      const x = net.samples('x', 2, {
        trials: [1, 2, 3].map((v) => new Array<number>(12).fill(v / 4)),
      });
      const y = net.population('y', 2, relay);
      net.project(x, y, {
        name: 'p',
        pattern: oneToOne(),
        weight: 0.5,
        delay: 1,
        plasticity: hebbian({ rate: 0.5 }),
      });
      return NetworkRun.open(net, { backend: await open(), trials: 3 });
    };
    const [alone, looked] = [await make(), await make()];
    await alone.run(6);
    await looked.run(2);
    looked.state$('y', 'y').subscribe().unsubscribe();
    looked.state$('y', 'y').subscribe();
    await looked.run(2);
    await looked.restore(await looked.snapshot());
    await looked.setWeights('p', await looked.weights('p'));
    await looked.run(2);
    const expected = await alone.weights('p');
    expect(expected.length).toBe(6);
    expect(new Set(expected).size).toBe(3);
    expect([...(await looked.weights('p'))]).toEqual([...expected]);
    alone.destroy();
    looked.destroy();
  });
});

describeBackends('state', (open) => {
  test('is read and set, trial by trial', async () => {
    const net = new Network({ dt: 1 });
    net.population('cells', 2, lif, { parameters: { tau: 10 } });
    const run = NetworkRun.open(net, { backend: await open(), trials: 2 });
    await run.setState('cells', 'v', [0.1, 0.2, 0.3, 0.4]);
    await run.run(1);
    const keep = Math.exp(-0.1);
    const values = await run.state('cells', 'v');
    [0.1, 0.2, 0.3, 0.4].forEach((v, i) => {
      expect(values[i]).toBeCloseTo(v * keep, 6);
    });
    expect([...(await run.state('cells', 'rest'))]).toEqual([0, 0, 0, 0]);
    expect(() => run.setState('cells', 'v', [1])).toThrow('has 4 values');
    expect(() => run.setState('cells', 'w', 1)).toThrow('there are v, rest');
    run.destroy();
  });
});

describe('a run', () => {
  test('asks for parameters and starts once', async () => {
    let calls = 0;
    const net = new Network({ dt: 1 });
    net.population('x', 1, leaky(), {
      parameters: { tau: () => 10 + calls++ },
      start: { x: () => 1 + calls++ },
    });
    const run = NetworkRun.open(net, { backend: new CpuBackend('f64') });
    const told = calls;
    await run.run(2);
    run.state$('x', 'x').subscribe();
    await run.run(2);
    expect(calls).toBe(told);
    expect((await run.state('x', 'x'))[0]).toBeCloseTo(2 * Math.exp(-0.4), 12);
    run.destroy();
  });

  test('is where it was when memory for a probe cannot be had', async () => {
    const backend = new CpuBackend('f64');
    const net = new Network({ dt: 1 });
    net.population('x', 1, leaky(), { start: { x: 1 } });
    const run = NetworkRun.open(net, { backend });
    await run.run(5);
    const allocate = backend.allocateApart.bind(backend);
    backend.allocateApart = () => {
      throw new OptionError('no memory');
    };
    run.state$('x', 'x').subscribe();
    await expect(run.run(1)).rejects.toThrow('no memory');
    backend.allocateApart = allocate;
    await run.run(1);
    expect((await run.state('x', 'x'))[0]).toBeCloseTo(Math.exp(-0.6), 12);
    run.destroy();
  });

  test('fails where what is sent without a state diverges', async () => {
    const net = new Network({ dt: 1 });
    const x = net.samples('x', 1, { values: [1] });
    const y = net.population('y', 1, relay);
    net.project(x, y, { delay: 0 });
    net.project(y, y, { delay: 1, weight: 1e200 });
    const run = NetworkRun.open(net, { backend: new CpuBackend('f64') });
    await expect(run.run(10)).rejects.toThrow(NonFiniteError);
    run.destroy();
  });

  test('keeps its network as it was opened', () => {
    const net = new Network({ dt: 1 });
    net.population('x', 1, relay);
    NetworkRun.open(net, { backend: new CpuBackend('f64') }).destroy();
    expect(() => net.population('y', 1, relay)).toThrow('has been opened');
    expect(() => net.project('x', 'x', { delay: 1 })).toThrow('build another');
  });
});

describe('pairs in any order', () => {
  test('keep the weights and delays that were given with them', () => {
    const net = new Network({ dt: 1 });
    net.population('x', 3, relay);
    net.project('x', 'x', {
      name: 'p',
      pattern: pairs([2, 0, 1], [0, 2, 1]),
      weight: [20, 2, 11],
      delay: [7, 5, 6],
    });
    net.project('x', 'x', {
      name: 'own',
      pattern: pairs([2, 0], [0, 2], [20, 2]),
      delay: 1,
    });
    const run = NetworkRun.open(net, { backend: new CpuBackend('f64') });
    const { pre, post, weight, delay } = run.synapses('p');
    const rows = [...pre].map((from, s) => [
      from,
      post[s],
      weight[s],
      delay[s],
    ]);
    expect(rows).toEqual([
      [0, 2, 2, 5],
      [1, 1, 11, 6],
      [2, 0, 20, 7],
    ]);
    expect([...run.synapses('own').weight]).toEqual([2, 20]);
    run.destroy();
  });
});

describe('a convolution', () => {
  test('takes a list of delays by source, then target', () => {
    const net = new Network({ dt: 1 });
    net.population('x', 2, relay);
    net.population('y', 2, relay);
    // Made channel by channel: not in the order of sources.
    net.project('x', 'y', {
      name: 'p',
      pattern: convolution({
        image: [1, 1, 2],
        kernel: [[[[1, 2]]], [[[3, 4]]]],
      }),
      delay: [1, 2, 3, 4],
    });
    const run = NetworkRun.open(net, { backend: new CpuBackend('f64') });
    const { pre, post, weight, delay } = run.synapses('p');
    expect([...pre]).toEqual([0, 0, 1, 1]);
    expect([...post]).toEqual([0, 1, 0, 1]);
    expect([...weight]).toEqual([1, 3, 2, 4]);
    expect([...delay]).toEqual([1, 2, 3, 4]);
    run.destroy();
  });
});

describe('what is no model, pattern or name', () => {
  const net = () => {
    const made = new Network({ dt: 1 });
    made.population('x', 2, relay);
    return made;
  };
  const options = { backend: new CpuBackend('f64') };
  test.each<[string, () => unknown]>([
    ['call it', () => net().population('y', 1, leaky as never)],
    ['such as lif', () => net().population('y', 1, 'lif' as never)],
    [
      'needs part ports: give a list of names',
      () => net().population('y', 1, { ...relay, ports: undefined } as never),
    ],
    [
      'comparison',
      () => net().population('y', 1, { ...relay, spike: 'gain' } as never),
    ],
    [
      'split it into lets',
      () =>
        net().population('y', 1, {
          ...relay,
          outputs: { y: new Array(60).fill('gain').join(' + ') },
        }),
    ],
    [
      'which objects have',
      () => net().population('y', 1, { ...relay, ports: ['constructor'] }),
    ],
    [
      'pattern = "all" of projection from "x" to "x": give one such as oneToOne()',
      () => net().project('x', 'x', { delay: 1, pattern: 'all' as never }),
    ],
    [
      'call it, as oneToOne()',
      () => {
        const made = net();
        made.project('x', 'x', { delay: 1, pattern: oneToOne as never });
        return NetworkRun.open(made, options);
      },
    ],
    [
      'without / and @',
      () => net().project('x', 'x', { delay: 1, name: 'p@5' }),
    ],
    [
      'seed = 4294967296: give a whole number from 0 to 4294967295',
      () => NetworkRun.open(net(), { ...options, seed: 2 ** 32 }),
    ],
    [
      'list of times for each neuron',
      () => {
        const made = net();
        made.events('e', 2, { times: [1, 2] as never });
        return NetworkRun.open(made, options);
      },
    ],
  ])('%s', (text, make) => {
    expect(make).toThrow(text);
  });
});

describe('cuba-lif', () => {
  test('takes time constants that are nearly the same', () => {
    // Oracle: the limit, dt / tau exp(-dt / tau), to first order around it.
    const p = (tauE: number) =>
      cubaLif.derived!({ ...cubaLif.parameters, tau_m: 5, tau_e: tauE }, 0.1)
        .p_e;
    const limit = (0.1 / 5) * Math.exp(-0.1 / 5);
    expect(p(5)).toBeCloseTo(limit, 15);
    for (const near of [1e-12, 1e-9, 1e-6, 1e-4]) {
      expect(Math.abs(p(5 + near) - limit)).toBeLessThan(limit * near);
    }
    // Both forms agree where both have digits.
    expect(p(5.005)).toBeCloseTo((p(5.0049999) + p(5.0050001)) / 2, 10);
  });
});
