/**
 * What runs on a backend, of a graph and of a network alike. Oracles: the same
 * work on a backend that is open, and what the texts of errors say.
 */

import type { Observable } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { skip } from '../../models/index.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { type OnBackend, withBackend } from '../../src/backends/open.ts';
import { OptionError } from '../../src/base/errors.ts';
import { SEED } from '../../src/base/random.ts';
import { relay } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { openNetwork } from '../../src/network/run/open.ts';
import { check, feedsFor, gradientsOf } from '../../src/proof/check.ts';
import { il } from '../../src/rules/il.ts';
import { zil } from '../../src/rules/zil.ts';
import { recordPresentation } from '../../src/simulation/record.ts';
import { simulate } from '../../src/simulation/simulate.ts';
import { Workbench } from '../../src/studies/shelf.ts';
import { expectFailure } from '../network/failures.ts';

const graph = skip();

function network(): Network {
  const net = new Network({ dt: 1 });
  net.events('in', 1, { times: [[1, 3]] });
  net.population('x', 1, relay);
  net.project('in', 'x', { delay: 2 });
  return net;
}

/** Everything that takes a backend, and on which it ran. */
const places: readonly [string, (on: OnBackend) => Promise<string>][] = [
  [
    'simulate',
    async (on) => {
      const run = await simulate(graph, { rule: zil(), ...on });
      await run.step(feedsFor(graph, 1));
      run.destroy();
      return run.backend.description;
    },
  ],
  [
    'openNetwork',
    async (on) => {
      const run = await openNetwork(network(), on);
      await run.run(5);
      run.destroy();
      return run.backend.description;
    },
  ],
  [
    'check',
    async (on) => {
      const row = await check({ name: '', graph }, { rule: zil(), ...on });
      expect(row.differingBits).toBe(0);
      return `${row.backend}, ${row.dtype === 'f64' ? 'float64' : 'float32'}`;
    },
  ],
  [
    'gradientsOf',
    async (on) => {
      const gradients = await gradientsOf(graph, { rule: zil(), ...on });
      const [first] = gradients.values();
      return first instanceof Float64Array ? 'cpu, float64' : 'cpu, float32';
    },
  ],
  [
    'a Workbench',
    async (on) => {
      const bench = await Workbench.open(on);
      await bench.open(network()).run(5);
      bench.close();
      return bench.backend.description;
    },
  ],
];

describe.each(places)('%s', (_, ranOn) => {
  test.each<[string, OnBackend, string]>([
    ['a name', { backend: 'cpu' }, 'cpu, float32'],
    ['a name and dtype', { backend: 'cpu', dtype: 'f64' }, 'cpu, float64'],
    ['options', { backend: { name: 'cpu', dtype: 'f64' } }, 'cpu, float64'],
    ['threads', { backend: { name: 'cpu', threads: 1 } }, 'cpu, float32'],
    ['open', { backend: new CpuBackend('f64') }, 'cpu, float64'],
  ])('takes a backend by %s', async (_, on, wanted) => {
    expect(await ranOn(on)).toBe(wanted);
    // An open one stays open.
    if (on.backend instanceof CpuBackend) {
      expect(on.backend.closed).toBe(false);
    }
  });

  test.each<[string, unknown, string[]]>([
    ['a typo', { backend: 'gpu' }, ['"gpu"', 'one of auto, webgpu, cpu']],
    ['an option', { backend: { thread: 2 } }, ['"thread"', 'threads']],
    ['threads', { backend: { name: 'cpu', threads: 0 } }, ['threads = 0']],
    [
      'threads of an adapter',
      { backend: { name: 'webgpu', threads: 2 } },
      ['threads = 2', "CPU backend's"],
    ],
    [
      'two dtypes',
      { backend: { name: 'cpu', dtype: 'f32' }, dtype: 'f64' },
      ['dtype = f64', 'f32', 'say it once'],
    ],
    [
      'another dtype than that of an open one',
      { backend: new CpuBackend('f64'), dtype: 'f32' },
      ['dtype = f32', 'f64', 'say it once'],
    ],
  ])('refuses %s', async (_, on, texts) => {
    await expectFailure(() => ranOn(on as OnBackend), OptionError, ...texts);
  });
});

test('work closes a backend that it opened, also if it fails', async () => {
  for (const fails of [false, true]) {
    let opened: unknown;
    const work = withBackend({ backend: 'cpu' }, async (backend) => {
      opened = backend;
      if (fails) throw new Error('on purpose');
    });
    await work.catch(() => {});
    expect((opened as CpuBackend).closed).toBe(true);
  }
});

describe('what is destroyed', () => {
  test('says so alike, ends its streams, and closes its backend', async () => {
    const simulation = await simulate(graph, {
      rule: il({ steps: 2 }),
      backend: 'cpu',
    });
    const run = await openNetwork(network(), { backend: 'cpu' });
    const sessions = [
      {
        ...{ session: simulation, kind: 'simulation' },
        stream: simulation.energy$ as Observable<unknown>,
        work: () => simulation.step(feedsFor(graph, 1)),
      },
      {
        ...{
          session: run,
          kind: 'run',
          stream: run.spikes$('in') as Observable<unknown>,
        },
        work: () => run.run(1),
      },
    ];
    for (const { session, kind, stream, work } of sessions) {
      let ends = 0;
      const complete = () => {
        ends += 1;
      };
      stream.subscribe({ complete });
      session.destroy();
      session.destroy();
      expect(ends).toBe(1);
      stream.subscribe({ complete });
      expect(ends).toBe(2);
      const text = `The ${kind} is destroyed: open another`;
      await expectFailure(work, OptionError, text);
      expect((session.backend as CpuBackend).closed).toBe(true);
    }
  });
});

test('the seed is the same everywhere, whoever leaves it out', async () => {
  const on = { backend: 'cpu' } as const;
  const simulation = await simulate(graph, { rule: zil(), ...on });
  const seeded = await simulate(graph, { rule: zil(), ...on, seed: SEED });
  const drawn = await simulation.allParameters();
  expect(drawn).toEqual(await seeded.allParameters());
  const run = await openNetwork(network(), on);
  const bench = await Workbench.open(on);
  expect([run.seed, bench.seed]).toEqual([SEED, SEED]);
  for (const each of [simulation, seeded, run]) each.destroy();
  bench.close();
});

test.each([
  ['event', 'event-driven'],
  ['live', 'pruned'],
])('mode %s is called %s now', async (former, now) => {
  const text = `mode = "${former}": give "${now}", as it is called now`;
  const mode = former as 'pruned';
  const options = { rule: zil(), backend: 'cpu', mode } as const;
  await expectFailure(() => simulate(graph, options), OptionError, text);
  const other = { ...options, mode: 'toString' as 'pruned' };
  await expectFailure(() => simulate(graph, other), OptionError, '"toString"');
  const record = { mode, optimiser: null };
  const { levelled } = await simulate(graph, { ...options, mode: 'pruned' });
  const work = () => recordPresentation(levelled, zil(), record);
  await expectFailure(work, OptionError, text);
});
