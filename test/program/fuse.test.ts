/**
 * Calls made one with what reads them. Oracles: the same programs with every
 * call by itself, whose results must be the same in every bit, on this machine's
 * CPU and on its adapter; and, by hand, which calls may not be joined.
 */

import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { models } from '../../models/index.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { openGpu } from '../../src/backends/webgpu/device.ts';
import { WebGpuBackend } from '../../src/backends/webgpu/webgpu.ts';
import { gemm, rowMajor } from '../../src/kernels/gemm.ts';
import type { Ref } from '../../src/kernels/kernel.ts';
import { mapKernel } from '../../src/kernels/map.ts';
import { fuse } from '../../src/program/fuse.ts';
import { type Plan, planMemory } from '../../src/program/memory.ts';
import { type Program, Recorder } from '../../src/program/recorder.ts';
import { feedsFor } from '../../src/proof/check.ts';
import { bp } from '../../src/rules/bp.ts';
import { il } from '../../src/rules/il.ts';
import type { Rule } from '../../src/rules/rule.ts';
import { zil } from '../../src/rules/zil.ts';
import { adam } from '../../src/simulation/optim.ts';
import { Simulation } from '../../src/simulation/simulate.ts';
import { graphs } from '../arbitraries/index.ts';
import { describeWebGpu } from '../backends.ts';
import {
  expectSameBits,
  gradientsOf,
  type Values,
} from '../properties/support.ts';

const map = (name: string, each: string[], ...outputs: [string, string][]) =>
  mapKernel({ name: `fuse-${name}`, each, outputs });
const plus = map('plus', ['x', 'z'], ['y', 'x + z']);
const minus = map('minus', ['x', 'z'], ['y', 'x - z']);
const kernels = [
  plus,
  minus,
  map('into', ['s', 'x'], ['s', 's + x * x']),
  map('from', ['x', 's'], ['s', 'x - 3 * s']),
  map('twice', ['x', 'z'], ['a', 'x * z'], ['x', 'a - x']),
];

/** Runs a plan on arrays, each place as large as a device's. */
function execute(
  plan: Plan,
  feeds: Readonly<Record<string, readonly number[]>>,
): Map<string, number[]> {
  const places = plan.sizes.map((size) => new Float32Array(size));
  const part = ({
    place,
    offset,
    length,
  }: {
    place: number;
    offset: number;
    length: number;
  }) => places[place].subarray(offset, offset + length);
  for (const { span, fill } of plan.constants) part(span).fill(fill);
  for (const [name, span] of plan.feeds) part(span).set(feeds[name]);
  for (const { kernel, inputs, outputs, params } of plan.calls) {
    const to = outputs.map(part) as [Float32Array];
    kernel.cpu(true)(inputs.map(part), to, params);
  }
  return new Map(
    [...plan.outputs].map(([name, span]) => [name, [...part(span)]]),
  );
}

const SIZE = 6;
const feeds = {
  x: [1, -3, 0.3, 7, 1e-3, 2],
  z: [0.1, 5, -2.7, 1e4, 3, -1],
  w: [2, 0.5, -1, 3, 0.7, -0.2],
};

/** Products of 2 x 3 by 3 x 3 and elementwise calls, on each other's results. */
function record(
  steps: readonly { kernel: number; a: number; b: number }[],
  outputs: readonly number[],
): Program {
  const recorder = new Recorder();
  const square = recorder.constant(9, 0.37);
  const refs: Ref[] = Object.keys(feeds).map((name) =>
    recorder.feed(name, SIZE),
  );
  // Mostly the newest: chains are what is joined.
  const pick = (n: number) => refs[Math.max(0, refs.length - 1 - (n % 4))];
  steps.forEach(({ kernel, a, b }, i) => {
    recorder.tick = i >> 2;
    if (kernel < kernels.length) {
      refs.push(...kernels[kernel].emit(recorder.emit, [pick(a), pick(b)]));
      return;
    }
    const base = kernel % 2 === 0 ? pick(b) : null;
    const left = rowMajor(pick(a), 3);
    refs.push(
      gemm(recorder.emit, [2, 3, 3], left, rowMajor(square, 3), { base }),
    );
  });
  outputs.forEach((n, i) => {
    recorder.output(`y${i}`, pick(n));
  });
  return recorder.finish({ live: true });
}

test('a program in fewer calls computes the same bits', () => {
  let joined = 0;
  const nat = fc.nat({ max: 1000 });
  const step = fc.record({ kernel: fc.nat({ max: 6 }), a: nat, b: nat });
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 2, maxLength: 24 }),
      fc.array(nat, { minLength: 1, maxLength: 2 }),
      fc.boolean(),
      fc.boolean(),
      (steps, outputs, batches, stepwise) => {
        const program = record(steps, outputs);
        const wanted = execute(planMemory(program), feeds);
        const plan = planMemory(program, { fuses: 1, batches, stepwise });
        expect(execute(plan, feeds)).toEqual(wanted);
        joined += program.calls.length - fuse(program).calls.length;
      },
    ),
    { numRuns: 1500 },
  );
  // Else the results would be right for want of doing anything.
  expect(joined).toBeGreaterThan(1000);
});

describe('calls that may be joined', () => {
  const start = () => {
    const recorder = new Recorder();
    const [x, z] = [recorder.feed('x', SIZE), recorder.feed('z', SIZE)];
    const emit = (kernel: typeof plus, ...refs: Ref[]) =>
      kernel.emit(recorder.emit, refs)[0];
    const names = (options = {}) =>
      fuse(recorder.finish({ live: true }), options).calls.map(
        ({ kernel }) => kernel.name,
      );
    return { recorder, x, z, emit, names };
  };

  test('a chain is one call', () => {
    const { recorder, x, z, emit, names } = start();
    recorder.output('y', emit(minus, emit(plus, x, z), emit(plus, z, z)));
    expect(names()).toHaveLength(1);
  });

  test('what two calls read is made by a call of its own', () => {
    const { recorder, x, z, emit, names } = start();
    const sum = emit(plus, x, z);
    recorder.output('a', emit(minus, sum, x));
    recorder.output('b', emit(minus, sum, z));
    expect(names()).toHaveLength(3);
  });

  test('what one call reads twice is made by a call of its own', () => {
    const { recorder, x, z, emit, names } = start();
    const sum = emit(plus, x, z);
    recorder.output('a', emit(minus, sum, sum));
    expect(names()).toHaveLength(2);
  });

  test('an output is made by a call of its own', () => {
    const { recorder, x, z, emit, names } = start();
    const sum = emit(plus, x, z);
    recorder.output('sum', sum);
    recorder.output('y', emit(minus, sum, x));
    expect(names()).toHaveLength(2);
  });

  test('commits stay by themselves, and so does what they read', () => {
    const { recorder, x, z, emit, names } = start();
    recorder.resident('W', SIZE);
    const sum = emit(plus, x, z);
    recorder.commit(() => [['W', emit(minus, recorder.current('W'), sum)]]);
    expect(names()).toHaveLength(2);
  });

  test('a run tick by tick joins nothing across ticks', () => {
    const { recorder, x, z, emit, names } = start();
    const sum = emit(plus, x, z);
    recorder.tick = 1;
    recorder.output('y', emit(minus, sum, x));
    expect(names({ stepwise: true })).toHaveLength(2);
    expect(names()).toHaveLength(1);
  });

  test('a kernel that too few calls would use is not made', () => {
    const { recorder, x, z, emit, names } = start();
    recorder.output('y', emit(minus, emit(plus, x, z), x));
    expect(names({ least: 2 })).toHaveLength(2);
  });
});

describeWebGpu('on the adapter', () => {
  const opened: WebGpuBackend[] = [];
  const open = async (fuses: number) => {
    const backend = new WebGpuBackend(await openGpu(), { fuses });
    opened.push(backend);
    return backend;
  };
  afterAll(() => {
    for (const backend of opened) backend.close();
  });
  const cpu = new CpuBackend('f32');

  // What drivers would write as z.
  test('a sum that loses z still loses it', async () => {
    const recorder = new Recorder();
    const [x, z] = [recorder.feed('x', 4), recorder.feed('z', 4)];
    const [sum] = plus.emit(recorder.emit, [x, z]);
    recorder.output('y', minus.emit(recorder.emit, [sum, x])[0]);
    const run = await (await open(1)).compile(
      recorder.finish({ live: true }),
      new Map(),
    );
    expect(run.launches).toBe(1);
    const [big, small] = [1e8, 1.25];
    run.feed('x', [big, big, 1, -big]);
    run.feed('z', [small, 5, small, small]);
    run.run();
    const wanted = [big, big, 1, -big].map((a, i) => {
      const b = [small, 5, small, small][i];
      return Math.fround(Math.fround(a + b) - a);
    });
    expect([...(await run.read(['y']))[0]]).toEqual(wanted);
  });

  test.each(['mlp', 'cnn', 'lstm', 'transformer'])(
    'the weights of a small %s are those of calls by themselves',
    async (name) => {
      const entry = models.find(
        (m) => m.size === 'small' && m.name.includes(name),
      );
      const graph = (entry ?? models[0]).make();
      const [apart, joined] = [await open(0), await open(1)];
      const rules: Rule[] = [
        bp(),
        zil(),
        il({ steps: 4, prediction: 'fixed' }),
      ];
      for (const rule of rules) {
        const results: Values[] = [];
        const launches: number[] = [];
        for (const backend of [cpu, apart, joined]) {
          const options = { rule, optimiser: adam(), backend, seed: 3 };
          const run = Simulation.open(graph, options);
          for (let n = 0; n < 2; n++) await run.submit(feedsFor(graph, 2));
          results.push(await run.allParameters());
          launches.push((await run.cost()).launches);
          run.destroy();
        }
        expectSameBits(results[1], results[0]);
        expectSameBits(results[2], results[0]);
        expect(launches[2]).toBeLessThanOrEqual(launches[1]);
      }
    },
  );

  test('the gradients of any graph are those of the CPU', async () => {
    const backend = await open(1);
    await fc.assert(
      fc.asyncProperty(graphs({ join: true, maxOps: 8 }), async (graph) => {
        const wanted = await gradientsOf(graph, bp(), cpu);
        expectSameBits(await gradientsOf(graph, zil(), backend), wanted);
        expectSameBits(await gradientsOf(graph, bp(), backend), wanted);
      }),
      { numRuns: 12 },
    );
  });
});
