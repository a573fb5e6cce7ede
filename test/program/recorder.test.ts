/**
 * Oracle: the definition of a program. What a call reads is made before it,
 * what no result depends on is dropped, and commits come last in their tick.
 */

import { describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import type { Ref } from '../../src/kernels/kernel.ts';
import { mapKernel } from '../../src/kernels/map.ts';
import { Recorder } from '../../src/program/recorder.ts';

const double = mapKernel({
  name: 'test-double',
  each: ['x'],
  outputs: [['y', '2 * x']],
});
const minus = mapKernel({
  name: 'test-minus',
  each: ['a', 'b'],
  outputs: [['c', 'a - b']],
});

const call = (recorder: Recorder, kernel: typeof minus, ...refs: Ref[]) =>
  kernel.emit(recorder.emit, refs)[0];

describe('recording', () => {
  test('a call that is known is found again', () => {
    const recorder = new Recorder();
    const [x, z] = [recorder.feed('x', 3), recorder.feed('z', 3)];
    const once = call(recorder, minus, x, z);
    expect(call(recorder, minus, x, z)).toBe(once);
    expect(call(recorder, minus, z, x)).not.toBe(once);
    recorder.output('y', once);
    expect(recorder.finish({ live: true }).calls).toHaveLength(1);
    expect(recorder.finish({ live: false }).calls).toHaveLength(2);
  });

  test('feeds, residents and constants are one value a name', () => {
    const recorder = new Recorder();
    expect(recorder.feed('x', 3)).toBe(recorder.feed('x', 3));
    expect(recorder.resident('W', 3)).toBe(recorder.resident('W', 3));
    expect(recorder.constant(3, 0)).toBe(recorder.constant(3, 0));
    expect(recorder.constant(3, 0)).not.toBe(recorder.constant(3, 1));
    expect(recorder.constant(4, 0)).not.toBe(recorder.constant(3, 0));
  });

  test('an earlier tick is kept, but not before what is read is made', () => {
    const recorder = new Recorder();
    const x = recorder.feed('x', 1);
    recorder.tick = 2;
    const late = call(recorder, double, x);
    recorder.tick = 5;
    recorder.at(1, () => {
      recorder.output('early', call(recorder, minus, x, x));
      recorder.output('then', call(recorder, double, late));
    });
    expect(recorder.tick).toBe(5);
    const ticks = recorder.finish({ live: true }).calls.map(({ tick }) => tick);
    expect(ticks).toEqual([1, 2, 2]);
  });

  test('after an error the tick is what it was', () => {
    const recorder = new Recorder();
    recorder.tick = 4;
    expect(() =>
      recorder.at(1, () => {
        throw new RangeError('inside');
      }),
    ).toThrow('inside');
    expect(recorder.tick).toBe(4);
  });
});

describe('live programs', () => {
  function record() {
    const recorder = new Recorder();
    const x = recorder.feed('x', 2);
    const a = call(recorder, double, x);
    const b = call(recorder, double, a);
    const dead = call(recorder, minus, b, x);
    const deader = call(recorder, double, dead);
    const event = { kind: 'error', population: 'h' } as const;
    recorder.event({ ...event, tick: 0, ref: a });
    recorder.event({ ...event, tick: 1, ref: b });
    recorder.event({ ...event, tick: 2, ref: dead });
    recorder.event({ ...event, tick: 3, ref: deader });
    recorder.output('b', b);
    return recorder;
  }

  test('drop calls and events on which nothing depends', () => {
    const live = record().finish({ live: true });
    expect(live.calls).toHaveLength(2);
    expect(live.events.map(({ tick }) => tick)).toEqual([0, 1]);
    expect(live.dropped).toEqual({ calls: 2, events: 2 });
    const all = record().finish({ live: false });
    expect(all.calls).toHaveLength(4);
    expect(all.events).toHaveLength(4);
    expect(all.dropped).toEqual({ calls: 0, events: 0 });
  });

  test('a result keeps all before it', () => {
    const recorder = record();
    const [, , , { ref }] = recorder.finish({ live: false }).events;
    recorder.output('deader', ref);
    const live = recorder.finish({ live: true });
    expect(live.dropped).toEqual({ calls: 0, events: 0 });
  });
});

describe('commits', () => {
  test('all reads of a tick see the state before it', async () => {
    const recorder = new Recorder();
    const W = recorder.resident('W', 1);
    recorder.tick = 1;
    recorder.commit(() => [['W', call(recorder, double, W)]]);
    // Recorded after the commit, of the same tick: the old weight.
    recorder.output(
      'message',
      call(recorder, minus, W, recorder.constant(1, 1)),
    );
    const program = recorder.finish({ live: true });
    const names = program.calls.map(({ kernel }) => kernel.name);
    expect(names).toEqual(['map:test-minus', 'map:test-double']);
    const backend = new CpuBackend();
    const memory = backend.allocate(1);
    backend.write(memory, [10]);
    const run = await backend.compile(program, new Map([['W', memory]]));
    const results: number[] = [];
    for (let n = 0; n < 3; n++) {
      run.run();
      const [[message]] = await run.read(['message']);
      results.push(message, (await backend.read(memory))[0]);
    }
    expect(results).toEqual([9, 20, 19, 40, 39, 80]);
  });

  test('residents may trade places', async () => {
    const recorder = new Recorder();
    const [a, b] = [recorder.resident('a', 2), recorder.resident('b', 2)];
    recorder.commit(() => [
      ['a', b],
      ['b', a],
    ]);
    const backend = new CpuBackend();
    const memory = new Map(
      ['a', 'b'].map((name) => [name, backend.allocate(2)] as const),
    );
    backend.write(memory.get('a')!, [1, 2]);
    backend.write(memory.get('b')!, [3, 4]);
    const run = await backend.compile(recorder.finish({ live: true }), memory);
    run.run();
    expect(await backend.read(memory.get('a')!)).toEqual(Float64Array.of(3, 4));
    expect(await backend.read(memory.get('b')!)).toEqual(Float64Array.of(1, 2));
  });

  test('the newest version is the current one', () => {
    const recorder = new Recorder();
    const W = recorder.resident('W', 1);
    expect(recorder.current('W')).toBe(W);
    const next = call(recorder, double, W);
    recorder.commit(() => [['W', next]]);
    expect(recorder.current('W')).toBe(next);
    const { residents } = recorder.finish({ live: true });
    expect(residents.get('W')).toEqual({ before: W, after: next });
  });
});
