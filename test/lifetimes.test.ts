/**
 * Oracle: what is freed is used no more, and says so. Another simulation's
 * weights, opened in the place of what was freed, must stay as they are.
 */

import { expect, test } from 'vitest';
import { mlp } from '../models/index.ts';
import { CpuBackend } from '../src/backends/cpu/cpu.ts';
import { OptionError } from '../src/base/errors.ts';
import { feedsFor } from '../src/proof/check.ts';
import { bp } from '../src/rules/bp.ts';
import { il } from '../src/rules/il.ts';
import { zil } from '../src/rules/zil.ts';
import { adam } from '../src/simulation/optim.ts';
import { Simulation } from '../src/simulation/simulate.ts';
import { describeBackends } from './backends.ts';

const graph = mlp({ sizes: [40, 40, 40], batch: 8 });
const feeds = feedsFor(graph, 1);

describeBackends('a simulation', (open) => {
  const make = async (optimiser = adam()) => {
    const options = { rule: zil(), backend: await open(), optimiser };
    return Simulation.open(graph, { ...options, seed: 1 });
  };

  test('does not run on parameters that are gone', async () => {
    const first = await make();
    const variant = first.variant(graph);
    await variant.step(feeds);
    first.destroy();
    const next = await make();
    await next.step(feeds);
    const before = await next.allParameters();
    await expect(variant.submit(feeds)).rejects.toThrow(OptionError);
    await expect(variant.step(feeds)).rejects.toThrow('is destroyed');
    expect(await next.allParameters()).toEqual(before);
    next.destroy();
    variant.close();
  });

  test('that is closed between ticks ends with an error', async () => {
    const first = await make();
    const ticking = async () => {
      for await (const tick of first.ticks(feeds))
        if (tick === 0) first.close();
    };
    await expect(ticking()).rejects.toThrow(OptionError);
    first.destroy();
  });

  test('destroyed while a step waits gives no loss', async () => {
    for (let turns = 0; turns < 4; turns++) {
      const simulation = await make();
      const step = simulation.step(feeds);
      for (let i = 0; i < turns; i++) await null;
      simulation.destroy();
      await expect(step).rejects.toThrow(OptionError);
      expect(() => simulation.setParameter('W1', [0])).toThrow('destroyed');
      await expect(simulation.parameter('W1')).rejects.toThrow('destroyed');
    }
  });

  test('left early counts the updates that were made, and no other', async () => {
    const left = await make(adam({ lr: 0.1 }));
    // Of the last layer learns at t = 0, of the first later.
    for await (const tick of left.ticks(feeds)) if (tick === 0) break;
    const rested = await left.allParameters();
    const fresh = await make(adam({ lr: 0.1 }));
    for (const [id, values] of rested) fresh.setParameter(id, values);
    await left.step(feeds);
    await fresh.step(feeds);
    const [one, other] = [
      await left.parameter('W1'),
      await fresh.parameter('W1'),
    ];
    expect(one).toEqual(other);
    expect(await left.parameter('W2')).not.toEqual(await fresh.parameter('W2'));
    left.destroy();
    fresh.destroy();
  });

  test('shares learned precisions only with graphs that have them', async () => {
    const rule = il({ steps: 2, precision: 'learned' });
    const options = { rule, backend: await open(), optimiser: null };
    const simulation = Simulation.open(graph, options);
    const deeper = mlp({ sizes: [40, 40, 40, 40], batch: 8 });
    expect(() => simulation.variant(deeper)).toThrow('sim');
    simulation.variant(mlp({ sizes: [40, 40, 40], batch: 2 }));
    simulation.destroy();
  });
});

test('a closed CPU backend is used no more', async () => {
  const backend = new CpuBackend('f32');
  const options = { rule: bp(), backend, optimiser: adam(), seed: 1 };
  const simulation = Simulation.open(graph, options);
  await simulation.step(feeds);
  backend.close();
  await expect(simulation.submit(feeds)).rejects.toThrow(OptionError);
  await expect(simulation.parameter('W1')).rejects.toThrow(OptionError);
});

test('a part that is freed twice leaves the others alone', () => {
  const backend = new CpuBackend('f64');
  const [a, b] = backend.allocateAll([10, 10]);
  backend.free(a);
  backend.free(a);
  backend.write(b, new Array(10).fill(3));
  const other = backend.allocate(20);
  backend.write(other, new Array(20).fill(4));
  return expect(backend.read(b)).resolves.toEqual(new Float64Array(10).fill(3));
});

test('more memory than there is is an OptionError', () => {
  expect(() => new CpuBackend('f64').allocate(2 ** 40)).toThrow(OptionError);
});

test.each([0, 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY, '2'])(
  'no CPU backend has %s threads',
  (threads) => {
    const options = { threads: threads as number };
    expect(() => new CpuBackend('f32', options)).toThrow(OptionError);
  },
);

test('nor another number format, nor an option that it does not know', () => {
  expect(() => new CpuBackend('f16' as 'f32')).toThrow(OptionError);
  const typo = { thread: 1 } as object;
  expect(() => new CpuBackend('f32', typo)).toThrow(OptionError);
});
