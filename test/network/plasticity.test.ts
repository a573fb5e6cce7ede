/**
 * Oracles: the rules written as loops over time and synapses (STDP in the form
 * of all pairs of spikes, without traces), Oja's theorem, and the learning of
 * the populations of a graph.
 */

import { describe, expect, test } from 'vitest';
import { Random } from '../../src/base/random.ts';
import {
  leaky,
  lif,
  poisson,
  relay,
  valueError,
} from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import {
  hebbian,
  learning,
  oja,
  predictive,
  stdp,
} from '../../src/network/plasticity.ts';
import { NetworkRun } from '../../src/network/run/run.ts';
import { matrix, random } from '../../src/network/synapses.ts';
import { describeBackends } from '../backends.ts';

const RULE = { aPlus: 0.03, aMinus: 0.04, tauPlus: 12, tauMinus: 17 };

/** Spikes by tick of 5 sources and 3 targets that fire by themselves. */
function pairs(self = false): Network {
  const net = new Network({ dt: 0.5 });
  const pre = net.population('pre', 5, poisson, { parameters: { rate: 90 } });
  const post = self
    ? pre
    : net.population('post', 3, poisson, { parameters: { rate: 70 } });
  net.project(pre, post, {
    name: 'plastic',
    pattern: random({ inDegree: 4 }),
    weight: { uniform: [0.2, 0.8] },
    delay: { uniform: [0.5, 8] },
    plasticity: stdp({ ...RULE, high: 1 }),
  });
  return net;
}

describeBackends('STDP', (open) => {
  test.each([false, true])(
    'equals the sum over all pairs of spikes, recurrent %s',
    async (self) => {
      const backend = await open();
      const net = pairs(self);
      const run = NetworkRun.open(net, { backend, seed: 3 });
      const spikes = new Map<string, [tick: number, neuron: number][]>();
      for (const { name } of net.populations) {
        spikes.set(name, []);
        run.spikes$(name).subscribe(({ tick, neurons }) => {
          for (const n of neurons) spikes.get(name)!.push([tick, n]);
        });
      }
      await run.run(150);
      const { pre, post, weight, delay } = run.synapses('plastic');
      const sent = spikes.get('pre')!;
      const own = spikes.get(self ? 'pre' : 'post')!;
      expect(own.length).toBeGreaterThan(20);
      const expected = weight.map((w, s) => {
        const arrivals = sent
          .filter(([, n]) => n === pre[s])
          .map(([tick]) => tick + delay[s])
          .filter((tick) => tick < 300);
        const fired = own
          .filter(([, n]) => n === post[s])
          .map(([tick]) => tick);
        const events = [
          ...arrivals.map((tick) => ({ tick, kind: 0 })),
          ...fired.map((tick) => ({ tick, kind: 1 })),
        ].sort((a, b) => a.tick - b.tick || a.kind - b.kind);
        for (const { tick, kind } of events) {
          const others = kind === 0 ? fired : arrivals;
          const felt = others
            .filter((other) => (kind === 0 ? other < tick : other <= tick))
            .reduce((sum, other) => {
              const tau = kind === 0 ? RULE.tauMinus : RULE.tauPlus;
              return sum + Math.exp((-(tick - other) * 0.5) / tau);
            }, 0);
          w += kind === 0 ? -RULE.aMinus * felt : RULE.aPlus * felt;
          w = Math.min(1, Math.max(0, w));
        }
        return w;
      });
      const digits = backend.dtype === 'f64' ? 12 : 5;
      const learnt = await run.weights('plastic');
      learnt.forEach((w, s) => {
        expect(w).toBeCloseTo(expected[s], digits);
      });
      // It did learn, and not only at the bounds.
      expect(learnt.some((w, s) => w > 0 && w < 1 && w !== weight[s])).toBe(
        true,
      );
      run.destroy();
    },
  );

  test('an arrival in the tick of a spike comes before it', async () => {
    const backend = await open();
    const net = new Network({ dt: 1 });
    const pre = net.events('pre', 2, { times: [[3], [4]] });
    const go = net.events('go', 1, { times: [[5]] });
    const post = net.population('post', 1, lif);
    net.project(go, post, { weight: 2, delay: 0 });
    net.project(pre, post, {
      name: 'plastic',
      weight: 0.1,
      delay: 2,
      plasticity: stdp({ ...RULE, high: 1 }),
    });
    const run = NetworkRun.open(net, { backend });
    await run.run(8);
    const [same, late] = await run.weights('plastic');
    expect(same).toBeCloseTo(0.1 + RULE.aPlus, 6);
    expect(late).toBeCloseTo(
      0.1 - RULE.aMinus * Math.exp(-1 / RULE.tauMinus),
      6,
    );
    run.destroy();
  });

  test('transmits the weight as it is before what arrives changes it', async () => {
    const backend = await open();
    const net = new Network({ dt: 1 });
    const pre = net.events('pre', 1, { times: [[0, 1, 2, 3]] });
    const post = net.population('post', 1, lif, {
      parameters: { threshold: 0.05, tau: 1e9 },
    });
    net.project(pre, post, {
      name: 'plastic',
      weight: 0.1,
      delay: 1,
      plasticity: stdp({ aPlus: 0, aMinus: 0.5, high: 1 }),
    });
    const run = NetworkRun.open(net, { backend });
    const fired: number[] = [];
    run.spikes$('post').subscribe(({ tick }) => fired.push(tick));
    await run.run(8);
    // The first arrival fires the target; the second still finds w = .1.
    expect(fired).toEqual([1, 2]);
    expect([...(await run.weights('plastic'))]).toEqual([0]);
    run.destroy();
  });

  test('pieces, snapshots and trials change nothing', async () => {
    const backend = await open();
    const net = pairs();
    const all = NetworkRun.open(net, { backend, seed: 3, trials: 3 });
    await all.run(60);
    const whole = await all.weights('plastic');
    for (const trial of [0, 2]) {
      const one = NetworkRun.open(net, { backend, seed: 3, firstTrial: trial });
      await one.run(21.5);
      const other = NetworkRun.open(net, {
        backend,
        seed: 3,
        firstTrial: trial,
      });
      await other.restore(await one.snapshot());
      one.destroy();
      other.spikes$('pre').subscribe();
      await other.run(60 - 21.5);
      const alone = await other.weights('plastic');
      expect([...alone]).toEqual([
        ...whole.slice(trial * alone.length, (trial + 1) * alone.length),
      ]);
      other.destroy();
    }
    all.destroy();
  });
});

describeBackends('rules on values', (open) => {
  test('Hebb, tick by tick, with what arrives over the delay', async () => {
    const backend = await open();
    const net = new Network({ dt: 1 });
    const pre = [1, -2, 3, 0, 2, 1, -1, 2];
    const post = [2, 1, 0, -1, 1, 3, 2, -2];
    const x = net.samples('x', 1, { values: pre });
    const y = net.samples('y', 1, { values: post });
    const cell = net.population('cell', 1, {
      ...relay,
      ports: ['input', 'teacher'],
      outputs: { y: 'teacher' },
    });
    net.project(y, cell, { port: 'teacher', delay: 0 });
    net.project(x, cell, {
      name: 'plastic',
      weight: 3,
      delay: 2,
      plasticity: hebbian({ rate: 0.5 }),
    });
    const run = NetworkRun.open(net, { backend });
    const seen: number[] = [];
    run.weights$('plastic', { every: 1 }).subscribe(({ data }) => {
      seen.push(data[0]);
    });
    await run.run(8);
    let w = 3;
    const expected = [w];
    for (let n = 0; n < 8; n++) {
      w += 0.5 * (pre[n - 2] ?? 0) * post[n];
      expected.push(w);
    }
    expect(seen).toEqual(expected);
    run.destroy();
  });

  test("Oja's rule finds the first principal component", async () => {
    const backend = await open();
    const net = new Network({ dt: 1 });
    const draw = new Random(5);
    const values = Array.from({ length: 4000 }, () => {
      const [a, b] = [2 * draw.normal(), 0.5 * draw.normal()];
      return [0.6 * a - 0.8 * b, 0.8 * a + 0.6 * b];
    }).flat();
    const x = net.samples('x', 2, { values });
    const y = net.population('y', 1, relay);
    net.project(x, y, {
      name: 'plastic',
      weight: { uniform: [0.1, 0.5] },
      delay: 0,
      plasticity: oja({ rate: 0.005 }),
    });
    const run = NetworkRun.open(net, { backend, seed: 1 });
    await run.run(4000);
    const [a, b] = await run.weights('plastic');
    expect(Math.abs(a)).toBeCloseTo(0.6, 1);
    expect(Math.abs(b)).toBeCloseTo(0.8, 1);
    run.destroy();
  });

  test('the rule of predictive coding learns a linear map', async () => {
    const backend = await open();
    const net = new Network({ dt: 1 });
    const draw = new Random(6);
    const truth = [
      [0.7, -0.4],
      [0.2, 0.9],
    ];
    const input: number[] = [];
    const target: number[] = [];
    for (let n = 0; n < 600; n++) {
      const u = [draw.normal(), draw.normal()];
      input.push(...u);
      target.push(...truth.map((row) => row[0] * u[0] + row[1] * u[1]));
    }
    const u = net.samples('u', 2, { values: input });
    const t = net.samples('t', 2, { values: target });
    // eps = mu - x of an output that is clamped: what arrives, not what was.
    const out = net.population('out', 2, {
      name: 'clamped',
      ports: ['mu', 'x'],
      parameters: {},
      state: {},
      update: {},
      outputs: { eps: 'mu - x' },
    });
    net.project(t, out, {
      port: 'x',
      delay: 3,
      pattern: matrix([
        [1, 0],
        [0, 1],
      ]),
    });
    net.project(u, out, {
      name: 'W',
      port: 'mu',
      weight: 0,
      delay: 3,
      plasticity: predictive({ alpha: 0.1 }),
    });
    const run = NetworkRun.open(net, { backend });
    await run.run(600);
    // Canonical order: source, then target.
    const learnt = await run.weights('W');
    [truth[0][0], truth[1][0], truth[0][1], truth[1][1]].forEach((w, s) => {
      expect(learnt[s]).toBeCloseTo(w, 4);
    });
    run.destroy();
  });

  test('each trial has weights of its own', async () => {
    const backend = await open();
    const net = new Network({ dt: 1 });
    const x = net.samples('x', 1, {
      trials: [
        [1, 1],
        [2, 2],
      ],
    });
    const y = net.population('y', 1, leaky());
    net.project(x, y, {
      name: 'plastic',
      weight: 0,
      delay: 0,
      plasticity: learning('w + pre'),
    });
    const run = NetworkRun.open(net, { backend, trials: 2 });
    await run.run(2);
    expect([...(await run.weights('plastic'))]).toEqual([2, 4]);
    run.destroy();
  });
});

describe('what cannot learn', () => {
  const net = () => {
    const made = new Network({ dt: 1 });
    made.samples('x', 1, { values: [1] });
    made.population('cell', 1, lif);
    made.population('pair', 1, valueError);
    return made;
  };
  const rule = stdp({ ...RULE, high: 1 });
  test.each([
    [
      'STDP needs spikes',
      () => net().project('x', 'cell', { delay: 1, plasticity: rule }),
    ],
    [
      'no output "z"',
      () =>
        net().project('x', 'pair', {
          delay: 1,
          plasticity: learning('w + pre', {}, 'z'),
        }),
    ],
    ['uses "v"', () => learning('w + v')],
    ['lower first', () => stdp({ ...RULE, low: 2, high: 1 })],
    ['no option "tau"', () => stdp({ ...RULE, high: 1, tau: 3 } as never)],
  ])('%s', (text, make) => {
    expect(make).toThrow(text);
  });

  test('delays of a projection that learns do not change', async () => {
    const { CpuBackend } = await import('../../src/backends/cpu/cpu.ts');
    const run = NetworkRun.open(pairs(), { backend: new CpuBackend('f64') });
    expect(() => run.setDelay('plastic', 1)).toThrow('learns');
    run.destroy();
  });
});
