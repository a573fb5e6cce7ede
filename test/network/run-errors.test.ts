/**
 * Runs that cannot go on fail with a typed error of one line that names the
 * fact, the value and the remedy. Oracle: the texts.
 */

import { deserialize, serialize } from 'node:v8';
import { interval, map, Observable, Subject, throwError } from 'rxjs';
import { describe, expect, test } from 'vitest';
import {
  DelayError,
  IsochronError,
  NonFiniteError,
  OptionError,
} from '../../src/base/errors.ts';
import type { PopulationModel } from '../../src/network/model.ts';
import { relay } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { NetworkRun } from '../../src/network/run/run.ts';
import type { Snapshot } from '../../src/network/run/snapshot.ts';
import { describeBackends } from '../backends.ts';
import { base, expectFailure, type Kind, open } from './failures.ts';

describe('windows', () => {
  test.each([0, 1.5, 5, Number.NaN])('of %d ticks', async (window) => {
    const net = base();
    net.project('x', 'x', { name: 'loop', delay: 2 });
    await expectFailure(
      () => open(net, { window }),
      OptionError,
      `${window} ticks`,
      '1 to 4',
      'least delay of "loop" is 4 ticks',
    );
    const run = open(net, { window: 4 });
    await expectFailure(() => run.setDelay('loop', 1), OptionError, '1 to 2');
    expect([...run.synapses('loop').delay]).toEqual([4, 4, 4, 4]);
    run.destroy();
  });
});

const growing: PopulationModel = {
  name: 'growing',
  ports: ['input'],
  parameters: {},
  state: { calm: 0, x: 1 },
  update: { x: 'x * x * 1000 + input' },
  outputs: { y: 'x' },
};

describeBackends('a state that diverges', (open) => {
  test('fails, and names neuron, variable and time', async () => {
    const net = new Network({ dt: 0.5 });
    net.population('x', 3, growing, { start: { x: [0, 1, 0] } });
    const run = NetworkRun.open(net, { backend: await open() });
    await run.run(0.5);
    await expectFailure(
      () => run.run(10),
      NonFiniteError,
      'State x of "x"',
      'neuron 1',
      'after 10.5 ms',
      'smaller dt',
    );
    run.destroy();
  });
});

describe('a run', () => {
  test.each<[string, (run: NetworkRun) => unknown, Kind, string[]]>([
    ['half a tick', (run) => run.runTicks(0.5), OptionError, ['0.5', 'whole']],
    ['ticks back', (run) => run.runTicks(-1), OptionError, ['-1', 'whole']],
    ['a part of dt', (run) => run.run(0.7), DelayError, ['0.7 ms', 'dt = 0.5']],
    [
      'a part of dt after many',
      (run) => run.run(1000000.2),
      DelayError,
      ['1000000.2 ms', 'dt = 0.5'],
    ],
    ['NaN ms', (run) => run.run(Number.NaN), DelayError, ['NaN', 'finite']],
    ['ms back', (run) => run.run(-1), DelayError, ['-1 ms', 'at least 0']],
    [
      'an interval of 0',
      (run) => run.state$('x', 'x', { every: 0 }),
      DelayError,
      ['0 ms', 'at least 0.5 ms'],
    ],
    [
      'a bin between ticks',
      (run) => run.rate$('cells', { bin: 0.75 }),
      DelayError,
      ['0.75 ms', 'dt = 0.5'],
    ],
  ])('of %s', async (_, work, type, texts) => {
    const run = open(base());
    await expectFailure(() => work(run), type, ...texts);
    // It can go on.
    await run.run(1);
    expect(run.tick).toBe(2);
    run.destroy();
  });

  test('that is destroyed', async () => {
    const net = base();
    net.project('x', 'y', { name: 'p', delay: 1 });
    const run = open(net);
    await run.run(1);
    const snapshot = await run.snapshot();
    run.destroy();
    const works = [
      () => run.run(1),
      () => run.snapshot(),
      () => run.restore(snapshot),
      () => run.setDelay('p', 2),
      () => run.setWeights('p', [1, 1, 1, 1]),
      () => run.weights('p'),
    ];
    for (const work of works) {
      await expectFailure(work, OptionError, 'destroyed', 'open another');
    }
  });
});

describeBackends('a run', (open) => {
  test('that is destroyed while it runs', async () => {
    const net = base();
    net.project('x', 'x', { delay: 0.5 });
    for (const at of [3, 128, 400]) {
      const run = NetworkRun.open(net, { backend: await open() });
      const seen: number[] = [];
      run.state$('x', 'x').subscribe(({ tick }) => {
        seen.push(tick);
        if (tick === at) run.destroy();
      });
      const all = () => run.runTicks(2000);
      await expectFailure(all, OptionError, 'destroyed', 'open another');
      expect(seen).toEqual(Array.from({ length: at + 1 }, (_, tick) => tick));
    }
  });
});

describe('a snapshot', () => {
  test('of another network, of other trials', async () => {
    const nets = [0, 1].map((port) => {
      const net = base();
      net.project('x', 'y', { delay: 1, name: `p${port}` });
      return net;
    });
    const run = open(nets[0]);
    const snapshot = await run.snapshot();
    const other = open(nets[1]);
    await expectFailure(() => other.restore(snapshot), OptionError, 'another');
    const twice = open(nets[0], { trials: 2 });
    await expectFailure(
      () => twice.restore(snapshot),
      OptionError,
      'trials 1',
      '2',
    );
    // Also where no projection would tell.
    const alone = open(base());
    const none = await alone.snapshot();
    await expectFailure(() => other.restore(none), OptionError, 'another');
    const seeded = open(nets[0], { seed: 5 });
    await expectFailure(() => seeded.restore(snapshot), OptionError, 'seed 1');
    await expectFailure(
      () => run.restore(JSON.parse(JSON.stringify(snapshot))),
      OptionError,
      'no snapshot',
    );
  });

  test('goes on where it was kept, in a network made anew', async () => {
    const make = () => {
      const net = base();
      net.project('x', 'y', { name: 'p', delay: 3 });
      return net;
    };
    const run = open(make());
    await run.run(2);
    const kept = deserialize(serialize(await run.snapshot())) as Snapshot;
    const other = open(make());
    await other.restore(kept);
    const values = async (run: NetworkRun) => {
      await run.run(8);
      return [...(await run.state('x', 'x'))];
    };
    expect(await values(other)).toEqual(await values(run));
  });

  test('that the windows do not allow leaves the run as it was', async () => {
    const net = base();
    net.project('in', 'x', { delay: 0 });
    net.project('x', 'x', { name: 'loop', weight: 0.5, delay: 2 });
    const short = open(net);
    await short.setDelay('loop', 0.5);
    await short.run(1);
    const snapshot = await short.snapshot();
    const [run, same] = [open(net, { window: 4 }), open(net)];
    await run.run(3);
    await same.run(3);
    await expectFailure(
      () => run.restore(snapshot),
      OptionError,
      'Window of 4',
    );
    const last = async (run: NetworkRun) => {
      const seen: number[] = [];
      run.state$('x', 'x').subscribe(({ data }) => seen.push(...data));
      await run.run(3);
      return seen;
    };
    expect(run.tick).toBe(6);
    expect(await last(run)).toEqual(await last(same));
  });
});

describe('a live source', () => {
  const live = (
    kind: 'graded' | 'spiking',
    stream: (clock: NetworkRun['clock']) => Observable<number | number[]>,
    delay = 1,
  ) => {
    const net = new Network({ dt: 1 });
    net.live('in', 2, { kind, stream });
    net.population('x', 2, relay);
    net.project('in', 'x', { delay });
    return open(net);
  };
  test.each<[string, () => unknown, Kind, string[]]>([
    [
      'without delay',
      () => live('graded', () => new Subject<number>(), 0),
      DelayError,
      ['"in->x"', '"in"', 'at least one dt'],
    ],
    [
      'that emits NaN',
      () =>
        live('graded', (clock) =>
          interval(3, clock).pipe(map(() => Number.NaN)),
        ).run(9),
      NonFiniteError,
      ['"in"', 'NaN', 'tick 3', 'finite'],
    ],
    [
      'that emits too little',
      () =>
        live('graded', (clock) => interval(3, clock).pipe(map(() => [1]))).run(
          9,
        ),
      OptionError,
      ['"in"', '1 values', 'tick 3', '2 neurons'],
    ],
    [
      'that emits too much',
      () =>
        live('graded', (clock) =>
          interval(3, clock).pipe(map(() => [1, 2, 3])),
        ).run(9),
      OptionError,
      ['"in"', '3 values', 'tick 3', '2 neurons'],
    ],
    [
      'that emits a neuron that is not there',
      () =>
        live('spiking', (clock) => interval(2, clock).pipe(map(() => 2))).run(
          9,
        ),
      OptionError,
      ['"in"', '2', 'tick 2', '0 to 1'],
    ],
    [
      'whose spikes are asked for',
      () => live('spiking', () => new Subject<number>()).spikes$('in'),
      OptionError,
      ['"in"', 'stream'],
    ],
  ])('%s', async (_, work, type, texts) => {
    await expectFailure(work, type, ...texts);
  });

  test.each(['graded', 'spiking'] as const)('%s, that fails', async (kind) => {
    const failure = new IsochronError('The lamp went out: change it');
    const run = live(
      kind,
      (clock) =>
        new Observable<number>((subscriber) =>
          clock.schedule(() => subscriber.error(failure), 4),
        ),
    );
    await run.run(3);
    await expect(run.run(40)).rejects.toBe(failure);
    await expect(run.run(1)).rejects.toBe(failure);
    const now = live(kind, () => throwError(() => failure));
    await expect(now.run(1)).rejects.toBe(failure);
  });

  test('of no kind', async () => {
    const net = new Network({ dt: 1 });
    const stream = () => new Subject<number>();
    for (const kind of ['spikes', undefined]) {
      await expectFailure(
        () => net.live('in', 1, { kind: kind as never, stream }),
        OptionError,
        '"in"',
        'one of graded, spiking',
      );
    }
  });
});
