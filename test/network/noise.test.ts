/**
 * Random numbers of networks. Oracle: published answers of Philox4x32-10 (the
 * authors' kat_vectors); one backend beside the other; the distributions.
 */

import { describe, expect, test } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { philoxBlock } from '../../src/base/random.ts';
import { poisson } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { NetworkRun } from '../../src/network/run/run.ts';
import { zoo } from '../arbitraries/network-recipe.ts';
import { describeBackends, describeWebGpu, webgpu } from '../backends.ts';
import { f32, f64 } from './support.ts';

describe('philoxBlock', () => {
  test.each([
    ['0 0 0 0', '0 0', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [
      'ffffffff ffffffff ffffffff ffffffff',
      'ffffffff ffffffff',
      '408f276d 41c83b0e a20bc7c6 6d5451fd',
    ],
    [
      '243f6a88 85a308d3 13198a2e 03707344',
      'a4093822 299f31d0',
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    ],
  ])('of counter %s and key %s', (counter, key, answer) => {
    const words = (text: string) => text.split(' ').map((w) => parseInt(w, 16));
    const block = new Uint32Array(4);
    const [c0, c1, c2, c3] = words(counter);
    const [k0, k1] = words(key);
    philoxBlock(block, c0, c1, c2, c3, k0, k1);
    expect([...block]).toEqual(words(answer));
    // Words as signed numbers are the same words.
    philoxBlock(block, c0 | 0, c1 | 0, c2 | 0, c3 | 0, k0 | 0, k1 | 0);
    expect([...block]).toEqual(words(answer));
  });
});

interface Drawn {
  /** Normal, uniform, normal: [ticks][trials][neurons]. */
  readonly a: number[];
  readonly b: number[];
  readonly c: number[];
}

/** All draws of two populations of noisy neurons. */
async function draws(
  backend: Backend,
  options: { seed: number; size?: number; ticks?: number; trials?: number },
  name = 'noisy',
): Promise<Drawn> {
  const { seed, size = 64, ticks = 40, trials = 3 } = options;
  const net = new Network({ dt: 0.1 });
  net.population(name, size, zoo.noisy);
  const run = NetworkRun.open(net, { backend, seed, trials });
  const drawn: Drawn = { a: [], b: [], c: [] };
  for (const key of ['a', 'b', 'c'] as const) {
    run.state$(name, key).subscribe(({ data }) => drawn[key].push(...data));
  }
  await run.runTicks(ticks);
  run.destroy();
  return drawn;
}

describeWebGpu('noise on a device', () => {
  test('has the bits of float32 on the CPU', async () => {
    for (const seed of [0, 7, 2 ** 32 - 1]) {
      const [gpu, cpu] = [await webgpu(), f32];
      expect(await draws(gpu, { seed })).toEqual(await draws(cpu, { seed }));
    }
  });
});

const correlation = (x: readonly number[], y: readonly number[]) => {
  const mean = (list: readonly number[]) =>
    list.reduce((a, b) => a + b, 0) / list.length;
  const [mx, my] = [mean(x), mean(y)];
  const product = (f: (i: number) => number) =>
    x.reduce((sum, _, i) => sum + f(i), 0) / x.length;
  return (
    product((i) => (x[i] - mx) * (y[i] - my)) /
    Math.sqrt(
      product((i) => (x[i] - mx) ** 2) * product((i) => (y[i] - my) ** 2),
    )
  );
};

/** Greatest distance of the distribution of numbers from one that is known. */
function distance(list: readonly number[], known: (x: number) => number) {
  const sorted = Float64Array.from(list).sort();
  let most = 0;
  sorted.forEach((x, i) => {
    const p = known(x);
    most = Math.max(most, p - i / sorted.length, (i + 1) / sorted.length - p);
  });
  return most;
}

/** Abramowitz and Stegun 7.1.26: within 1.5e-7. */
function normalBelow(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const series = [1.061405429, -1.453152027, 1.421413741, -0.284496736];
  const p = series.reduce((sum, c) => sum * t + c, 0) * t + 0.254829592;
  const tail = 0.5 * p * t * Math.exp(-z * z);
  return x < 0 ? tail : 1 - tail;
}

describe('noise', () => {
  const N = 200;
  const T = 120;
  const all = [f64, f32].map((backend) =>
    draws(backend, { seed: 5, size: N, ticks: T, trials: 2 }),
  );
  const count = N * T * 2;
  // A thousand to one against a good generator; the seed is fixed.
  const furthest = 1.95 / Math.sqrt(count);

  test.each([0, 1])('is normal and uniform (%i)', async (at) => {
    const { a, b, c } = await all[at];
    expect(a.length).toBe(count);
    for (const normal of [a, c]) {
      const mean = normal.reduce((x, y) => x + y, 0) / count;
      const variance = normal.reduce((x, y) => x + (y - mean) ** 2, 0) / count;
      expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(count));
      expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
      expect(distance(normal, normalBelow)).toBeLessThan(furthest);
    }
    expect(distance(b, (x) => x)).toBeLessThan(furthest);
    expect(b.every((x) => x >= 0 && x < 1)).toBe(true);
    // The test can tell: a normal of another width is not one.
    const wider = a.map((x) => 1.05 * x);
    expect(distance(wider, normalBelow)).toBeGreaterThan(furthest);
  });

  test('is as good as new for each variable, neuron, tick and trial', async () => {
    const { a, b, c } = await all[0];
    const least = 4 / Math.sqrt(count);
    expect(Math.abs(correlation(a, c))).toBeLessThan(least);
    expect(Math.abs(correlation(a, b))).toBeLessThan(least);
    // Next neuron, next trial, next tick.
    for (const step of [1, N, 2 * N]) {
      const rest = a.slice(step);
      const first = a.slice(0, -step);
      expect(Math.abs(correlation(first, rest))).toBeLessThan(1.1 * least);
    }
  });

  test('uniform: one number in float64 and float32; normal: nearly', async () => {
    const [double, single] = await Promise.all(all);
    expect(single.b).toEqual(double.b);
    double.a.forEach((x, i) => {
      expect(Math.abs(single.a[i] - x)).toBeLessThan(3e-6 * (1 + Math.abs(x)));
    });
  });

  test('depends on the seed and the name, and on nothing else', async () => {
    const few = { seed: 5, size: 8, ticks: 5, trials: 1 };
    const { a } = await draws(f64, few);
    expect((await draws(f64, few)).a).toEqual(a);
    expect((await draws(f64, { ...few, seed: 6 })).a).not.toEqual(a);
    expect((await draws(f64, few, 'other')).a).not.toEqual(a);
    // Of more neurons the first are the same.
    const more = await draws(f64, { ...few, size: 9 });
    expect(more.a.filter((_, i) => i % 9 < 8)).toEqual(a);
  });
});

describeBackends('Poisson neurons', (open) => {
  async function spikes(rate: number, dt: number, ticks: number) {
    const net = new Network({ dt });
    net.population('p', 100, poisson, { parameters: { rate } });
    const run = NetworkRun.open(net, { backend: await open(), seed: 3 });
    let count = 0;
    run.spikes$('p').subscribe(({ neurons }) => {
      count += neurons.length;
    });
    await run.runTicks(ticks);
    run.destroy();
    return count;
  }

  test('never, always, and as often as their rate says', async () => {
    expect(await spikes(0, 1, 50)).toBe(0);
    expect(await spikes(1000, 1, 50)).toBe(5000);
    await expect(spikes(5000, 1, 50)).rejects.toThrow('at most 1000 Hz');
    const wanted = 0.04 * 100 * 500;
    const got = await spikes(80, 0.5, 500);
    expect(Math.abs(got - wanted)).toBeLessThan(4 * Math.sqrt(wanted * 0.96));
  });
});
