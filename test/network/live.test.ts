/**
 * Live sources: RxJS streams on the run's clock. Oracle: marbles moved by the
 * delay; sources that know the same spikes and values beforehand.
 */

import fc from 'fast-check';
import { delay, map, mergeMap, Subject } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { leaky, lif, relay } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { NetworkRun } from '../../src/network/run/run.ts';
import { oneToOne } from '../../src/network/synapses.ts';
import {
  type NetworkRecipe,
  networkOf,
} from '../arbitraries/network-recipe.ts';
import { networks } from '../arbitraries/networks.ts';
import { describeBackends } from '../backends.ts';
import {
  fromMarbles,
  indexOf,
  letters,
  Marbles,
  ticksOfMarbles,
} from './marbles.ts';
import { expectSame, f64, recorded } from './support.ts';

test('marbles are places of ticks', () => {
  expect(ticksOfMarbles('--a-(bc) --')).toEqual([
    '',
    '',
    'a',
    '',
    'bc',
    '',
    '',
  ]);
});

/** Three cells that spike `late` ticks after the stream's. */
function cells(marbles: string, late: number, trials = 1) {
  const net = new Network({ dt: 1 });
  net.live('in', 3, { kind: 'spiking', stream: fromMarbles(marbles, indexOf) });
  net.population('cells', 3, lif);
  net.project('in', 'cells', {
    pattern: oneToOne(),
    weight: 2,
    delay: late,
  });
  return { net, trials };
}

describeBackends('live spikes', (open) => {
  test.each([1, 2, 3, 5, 31, 32, 40])('arrive after %i ticks', async (late) => {
    const marbles = 'a-(bc)--(abc)a-b------c--------(ac)------b';
    const { net } = cells(marbles, late);
    const run = NetworkRun.open(net, { backend: await open(), trials: 2 });
    const seen = new Marbles(run.spikes$('cells'), (sample) =>
      sample.trials.includes(1) && sample.trials.includes(0)
        ? letters({
            neurons: sample.neurons.filter((_, i) => sample.trials[i] === 1),
          })
        : '!',
    );
    for (const piece of [1, 6, 33, 20, 30]) await run.runTicks(piece);
    const wanted = '-'.repeat(late) + marbles;
    const length = ticksOfMarbles(wanted).length;
    expect(length).toBeLessThan(90);
    expect(seen.show(length)).toBe(wanted);
    expect(seen.show(90)).toBe(wanted + '-'.repeat(90 - length));
    run.destroy();
  });

  test('of a closed loop go round in its delay, for ever', async () => {
    const net = new Network({ dt: 1 });
    const heard = new Subject<number[]>();
    net.live('back', 3, { kind: 'spiking', stream: () => heard });
    net.events('once', 3, { times: [[0], [2], []] });
    net.population('cells', 3, lif);
    const pattern = oneToOne();
    net.project('once', 'cells', { pattern, weight: 2, delay: 0 });
    net.project('back', 'cells', { pattern, weight: 2, delay: 7 });
    const run = NetworkRun.open(net, { backend: await open() });
    run
      .spikes$('cells')
      .subscribe(({ neurons }) => heard.next(Array.from(neurons)));
    const seen = new Marbles(run.spikes$('cells'), letters);
    for (const piece of [3, 4, 1, 40, 15]) await run.runTicks(piece);
    expect(seen.show(63)).toBe('a-b----'.repeat(9));
    run.destroy();
  });

  test('may wait on the clock before they are emitted', async () => {
    const net = new Network({ dt: 0.5 });
    const heard = new Subject<number>();
    net.live('back', 2, {
      kind: 'spiking',
      stream: (clock) => heard.pipe(delay(4, clock)),
    });
    net.events('once', 2, { times: [[0.5], [1.5]] });
    net.population('cells', 2, lif);
    const pattern = oneToOne();
    net.project('once', 'cells', { pattern, weight: 2, delay: 0 });
    net.project('back', 'cells', { pattern, weight: 2, delay: 1 });
    const run = NetworkRun.open(net, { backend: await open() });
    run
      .spikes$('cells')
      .pipe(mergeMap(({ neurons }) => [...neurons]))
      .subscribe(heard);
    const seen = new Marbles(run.spikes$('cells'), letters);
    await run.runTicks(24);
    // 4 ticks on the clock, 2 on the axon.
    expect(seen.show(24)).toBe('-a-b--'.repeat(4));
    run.destroy();
  });
});

describeBackends('live values', (open) => {
  const values: Readonly<Record<string, number>> = { a: 1, b: -2, c: 4 };
  const shown = new Map([
    ...Object.entries(values).map(([letter, x]) => [x, letter] as const),
    [0, ''],
  ]);

  test.each([
    [false, '--a-b(ac)---b', '--a-bc---b'],
    [true, '--a-b(ac)---b', '--aabccccbbbbb'],
  ])('hold: %s', async (hold, marbles, wanted) => {
    for (const late of [1, 3, 9]) {
      const net = new Network({ dt: 1 });
      const stream = fromMarbles(marbles, (letter) => values[letter]);
      net.live('in', 2, { kind: 'graded', stream, hold });
      net.population('out', 2, relay);
      net.project('in', 'out', { pattern: oneToOne(), delay: late });
      const run = NetworkRun.open(net, { backend: await open() });
      const seen = new Marbles(run.state$('out', 'y'), ({ data }) => {
        expect(data[1]).toBe(data[0]);
        return shown.get(data[0]) ?? '?';
      });
      for (const piece of [2, 5, 4, 12]) await run.runTicks(piece);
      const all = `${'-'.repeat(late)}${wanted}`;
      expect(seen.show(all.length)).toBe(all);
      run.destroy();
    }
  });

  test('close a loop: x(t + d) = 2 - x(t)', async () => {
    const net = new Network({ dt: 1 });
    const back = new Subject<number[]>();
    net.live('back', 2, { kind: 'graded', stream: () => back });
    net.population('x', 2, relay);
    net.project('back', 'x', { pattern: oneToOne(), delay: 3 });
    const run = NetworkRun.open(net, { backend: await open() });
    const seen: number[] = [];
    run
      .state$('x', 'y')
      .pipe(map(({ data }) => [2 - data[0], data[1] + 1]))
      .subscribe(back);
    run.state$('x', 'y').subscribe(({ data }) => seen.push(data[0], data[1]));
    await run.runTicks(5);
    await run.runTicks(7);
    const wanted = [0, 0, 0, 2, 2, 2, 0, 0, 0, 2, 2, 2].flatMap((x, t) => [
      x,
      Math.floor(t / 3),
    ]);
    expect(seen).toEqual(wanted);
    run.destroy();
  });
});

/** A network whose sources tell live what they know beforehand. */
function enlivened(recipe: NetworkRecipe): Network {
  const net = networkOf({
    ...recipe,
    projections: [],
    populations: recipe.populations.filter(({ kind }) => kind === 'neurons'),
  });
  for (const population of recipe.populations) {
    const { name, size, kind } = population;
    if (kind === 'events') {
      net.live(name, size, {
        kind: 'spiking',
        stream: fromTicks(recipe.ticks, (tick) => {
          const fired = population.trials[0].flatMap((ticks, neuron) =>
            ticks.includes(tick) ? [neuron] : [],
          );
          return fired.length > 0 ? [fired] : [];
        }),
      });
    } else if (kind === 'samples') {
      const { interval, after } = population;
      const [list] = population.trials;
      net.live(name, size, {
        kind: 'graded',
        hold: after === 'hold',
        stream: fromTicks(recipe.ticks, (tick) => {
          let sample = Math.floor(tick / interval);
          if (after === 'loop') sample %= list.length / size;
          const row = list.slice(sample * size, (sample + 1) * size);
          return row.length > 0 ? [row] : [];
        }),
      });
    }
  }
  const whole = networkOf(recipe);
  for (const { from, to, ...options } of whole.projections) {
    net.project(from.name, to.name, options);
  }
  return net;
}

/** Emits what `make` has for each tick, at that tick. */
const fromTicks =
  (ticks: number, make: (tick: number) => number[][]) =>
  (clock: NetworkRun['clock']) => {
    const out = new Subject<number[]>();
    for (let tick = 0; tick < ticks; tick++) {
      clock.schedule(() => {
        for (const value of make(tick)) out.next(value);
      }, tick);
    }
    return out;
  };

describe('what a live source tells', () => {
  const pieces = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 5 });
  const late = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 3 });

  test('is what a source knows beforehand, whatever the windows', async () => {
    await fc.assert(
      fc.asyncProperty(
        networks({ zero: false }),
        pieces,
        late,
        async (recipe, cuts, delays) => {
          const go = async (run: NetworkRun) => {
            for (const [i, cut] of cuts.entries()) {
              await run.runTicks(Math.min(cut, recipe.ticks - run.tick));
              const { projections } = recipe;
              if (i >= delays.length || projections.length === 0) continue;
              const { name } = projections[(3 * i) % projections.length];
              await run.setDelay(name, delays[i] * recipe.dt);
            }
            await run.runTicks(recipe.ticks - run.tick);
          };
          // A live source tells all trials the same.
          const options = { backend: f64, seed: recipe.seed };
          const wanted = await recorded(networkOf(recipe), options, go);
          const net = enlivened(recipe);
          const got = await recorded(net, options, go);
          const { values, spikes } = wanted.recording.trace();
          const neurons = new Map(
            [...spikes].filter(([name]) => !net.find(name).source),
          );
          expectSame(got.recording.trace(), { values, spikes: neurons });
          wanted.run.destroy();
          got.run.destroy();
        },
      ),
      { numRuns: 60 },
    );
  });

  // Worked by hand: the spike of tick 9 is under way when the window becomes short.
  test('is not lost when the window changes', async () => {
    const net = new Network({ dt: 1 });
    const spikes = 'ab-------c--a';
    net.live('in', 3, {
      kind: 'spiking',
      stream: fromMarbles(spikes, indexOf),
    });
    net.live('level', 1, {
      kind: 'graded',
      hold: true,
      stream: fromMarbles('a--b--c-b---a', indexOf),
    });
    net.population('cells', 3, lif);
    net.population('x', 1, leaky());
    net.population('out', 1, relay);
    net.project('in', 'cells', { pattern: oneToOne(), weight: 2, delay: 10 });
    net.project('level', 'out', { delay: 10 });
    net.project('x', 'x', { name: 'loop', delay: 20 });
    const run = NetworkRun.open(net, { backend: f64 });
    const seen = new Marbles(run.spikes$('cells'), letters);
    const heard = new Marbles(run.state$('out', 'y'), ({ data }) =>
      data[0] === 0 ? '' : String(data[0]),
    );
    expect(run.window.ticks).toBe(10);
    await run.runTicks(10);
    await run.setDelay('loop', 3);
    await run.runTicks(3);
    expect(run.window.ticks).toBe(3);
    await run.setDelay('loop', 30);
    await run.runTicks(20);
    expect(seen.show(25)).toBe(`${'-'.repeat(10)}${spikes}--`);
    expect(heard.show(25)).toBe(`${'-'.repeat(13)}111221111---`);
    run.destroy();
  });
});
