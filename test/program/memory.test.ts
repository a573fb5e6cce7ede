/**
 * Oracle: the same calls with memory of its own for each value. Using places
 * again, in-place kernels and copies change no bit.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import type { FloatArray } from '../../src/base/tensor.ts';
import { gemm, rowMajor, transposed } from '../../src/kernels/gemm.ts';
import type { Ref } from '../../src/kernels/kernel.ts';
import { mapKernel } from '../../src/kernels/map.ts';
import { reduceSum } from '../../src/kernels/reduce.ts';
import { planMemory } from '../../src/program/memory.ts';
import { type Program, Recorder } from '../../src/program/recorder.ts';

const kernels = [
  mapKernel({ name: 'm-mul', each: ['x', 'z'], outputs: [['y', 'x * z']] }),
  mapKernel({ name: 'm-add', each: ['x', 'z'], outputs: [['x', 'x + z']] }),
  mapKernel({ name: 'm-sub', each: ['x', 'z'], outputs: [['z', 'x - z']] }),
  mapKernel({
    name: 'm-both',
    each: ['x', 'z'],
    outputs: [
      ['x', 'x + z'],
      ['z', 'z - x'],
    ],
  }),
  mapKernel({
    name: 'm-two',
    each: ['x', 'z'],
    outputs: [
      ['a', 'x - z'],
      ['x', 'a + x'],
    ],
  }),
];

interface Plan {
  readonly steps: readonly {
    kernel: number;
    a: number;
    b: number;
    /** The same once more, on the values after those. */
    twice: boolean;
  }[];
  readonly outputs: readonly number[];
  readonly commits: readonly number[];
  readonly live: boolean;
}

const plans: fc.Arbitrary<Plan> = fc.record({
  steps: fc.array(
    fc.record({
      kernel: fc.nat({ max: kernels.length }),
      a: fc.nat({ max: 1000 }),
      b: fc.nat({ max: 1000 }),
      twice: fc.boolean(),
    }),
    { minLength: 1, maxLength: 40 },
  ),
  outputs: fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 5 }),
  commits: fc.array(fc.nat({ max: 1000 }), { maxLength: 2 }),
  live: fc.boolean(),
});

const SIZE = 3;
const starts: Record<string, number[]> = {
  W0: [2, -1, 3],
  W1: [0.5, 4, -2],
};
const fed = [1, -3, 0.25];

/** A program of many in-place and ordinary calls on each other's results. */
function record({ steps, outputs, commits, live }: Plan): Program {
  const recorder = new Recorder();
  const refs: Ref[] = [
    recorder.feed('x', SIZE),
    recorder.feed('z', SIZE),
    recorder.resident('W0', SIZE),
    recorder.resident('W1', SIZE),
    recorder.constant(SIZE, 0.5),
  ];
  const pick = (n: number) => refs[n % refs.length];
  steps.forEach(({ kernel, a, b, twice }, i) => {
    recorder.tick = Math.floor(i / 4);
    if (kernel < kernels.length) {
      const [x, z, W0, W1] = refs;
      const leaves = twice && a % 3 === 0;
      const pairs = leaves
        ? [
            [x, W0],
            [z, W1],
          ]
        : [[pick(a), pick(b)]];
      if (twice && !leaves) pairs.push([pick(a + 1), pick(b + 1)]);
      for (const pair of pairs) {
        refs.push(...kernels[kernel].emit(recorder.emit, pair));
      }
    } else {
      const base = a % 2 === 0 ? pick(a) : null;
      const split = [SIZE, 1, 1] as const;
      refs.push(reduceSum(recorder.emit, pick(b), split, 2, base));
    }
  });
  outputs.forEach((n, i) => {
    recorder.output(`y${i}`, pick(n));
  });
  recorder.commit(() => commits.map((n, i) => [`W${i}`, pick(n)] as const));
  return recorder.finish({ live });
}

/** Runs a program with an array for each value, copied before in-place use. */
function naive(program: Program, residents: Map<string, Float64Array>) {
  const values = new Map<Ref, Float64Array>();
  for (const ref of program.feeds.values()) {
    values.set(ref, Float64Array.from(fed));
  }
  for (const { ref, fill } of program.constants) {
    values.set(ref, new Float64Array(ref.size).fill(fill));
  }
  for (const [name, { before }] of program.residents) {
    values.set(before, residents.get(name)!.slice());
  }
  for (const { kernel, inputs, outputs, params } of program.calls) {
    const from = inputs.map((ref) => values.get(ref)!.slice());
    const to = outputs.map((ref, k) => {
      const at = kernel.inPlace[k];
      return at === null ? new Float64Array(ref.size) : from[at].slice();
    }) as [Float64Array];
    kernel.cpu(false)(from, to, params);
    outputs.forEach((ref, k) => {
      values.set(ref, to[k]);
    });
  }
  for (const [name, { after }] of program.residents) {
    residents.set(name, values.get(after)!);
  }
  return new Map([...program.outputs].map(([n, ref]) => [n, values.get(ref)!]));
}

test('a plan computes what memory without end computes', async () => {
  let merged = 0;
  await fc.assert(
    fc.asyncProperty(plans, fc.boolean(), async (plan, batches) => {
      const program = record(plan);
      const backend = new CpuBackend('f64', { batches });
      const places = backend.allocateAll(Object.keys(starts).map(() => SIZE));
      const memory = new Map(
        Object.entries(starts).map(([name, values], i) => {
          backend.write(places[i], values);
          return [name, places[i]] as const;
        }),
      );
      const residents = new Map(
        Object.entries(starts).map(([n, v]) => [n, Float64Array.from(v)]),
      );
      const run = await backend.compile(program, memory);
      const apart = planMemory(program, { homes: memory }).calls.length;
      if (run.launches < apart) merged += 1;
      run.feed('x', fed);
      run.feed('z', fed);
      // Twice: what a run leaves behind must not show in the next.
      for (let n = 0; n < 2; n++) {
        const expected = naive(program, residents);
        run.run();
        const names = [...expected.keys()];
        expect(await run.read(names)).toEqual([...expected.values()]);
        for (const [name, place] of memory) {
          expect(await backend.read(place)).toEqual(residents.get(name));
        }
      }
    }),
    { numRuns: 2000 },
  );
  // Else the batches would be right for want of doing anything.
  expect(merged).toBeGreaterThan(40);
});

// WebGPU's rule, which no CPU would tell of.
test('no call writes a place that it also reads', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const pool = {};
      const homes = new Map(
        Object.keys(starts).map((name, i) => [name, { pool, offset: 64 * i }]),
      );
      const { calls } = planMemory(record(plan), { homes, batches: true });
      for (const { kernel, inputs, outputs } of calls) {
        const read = inputs
          .filter((_, i) => !kernel.inPlace.includes(i))
          .map(({ place }) => place);
        for (const { place } of outputs) expect(read).not.toContain(place);
      }
    }),
    { numRuns: 1000 },
  );
});

// By hand: four products of one matrix with four side by side, as an LSTM's
// gates have them, are one call; so is what is done to each of the results.
test('calls alike become one', async () => {
  const recorder = new Recorder();
  const x = recorder.feed('x', 6);
  const names = ['a', 'b', 'c', 'd'];
  const double = mapKernel({
    name: 'm-double',
    each: ['x'],
    outputs: [['y', '2 * x']],
  });
  for (const name of names) {
    const weight = recorder.resident(name, 12);
    const product = gemm(
      recorder.emit,
      [2, 4, 3],
      rowMajor(x, 3),
      transposed(weight, 3),
    );
    recorder.output(`y${name}`, double.emit(recorder.emit, [product])[0]);
  }
  const program = recorder.finish({ live: true });
  expect(program.calls).toHaveLength(8);
  const backend = new CpuBackend('f64', { batches: true });
  const memory = backend.allocateAll([12, 12, 12, 12]);
  memory.forEach((place, i) => {
    backend.write(place, new Array(12).fill(i + 1));
  });
  const run = await backend.compile(
    program,
    new Map(names.map((name, i) => [name, memory[i]])),
  );
  expect(run.launches).toBe(2);
  run.feed('x', [1, 2, 3, 0, 1, 0]);
  run.run();
  const results = await run.read(names.map((name) => `y${name}`));
  results.forEach((y, i) => {
    expect([...y]).toEqual([
      ...new Array(4).fill(12 * (i + 1)),
      ...new Array(4).fill(2 * (i + 1)),
    ]);
  });
});

test('a run in pieces, tick by tick, is the same run', async () => {
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const program = record(plan);
      const backend = new CpuBackend();
      const results = await Promise.all(
        [false, true].map(async (pieces) => {
          const memory = new Map(
            Object.entries(starts).map(([name, values]) => {
              const place = backend.allocate(SIZE);
              backend.write(place, values);
              return [name, place] as const;
            }),
          );
          const run = await backend.compile(program, memory);
          run.feed('x', fed);
          run.feed('z', fed);
          const last = program.calls.at(-1)?.tick ?? 0;
          if (!pieces) run.run();
          else for (let tick = 0; tick <= last; tick++) run.run(tick, tick);
          const kept = [...memory.values()].map((place) => backend.read(place));
          return [
            ...(await run.read([...program.outputs.keys()])),
            ...(await Promise.all(kept)),
          ];
        }),
      );
      expect(results[1]).toEqual(results[0]);
    }),
    { numRuns: 300 },
  );
});

test('a long chain needs a few places, not one for each value', () => {
  const recorder = new Recorder();
  let x = recorder.feed('x', SIZE);
  const z = recorder.constant(SIZE, 1.5);
  for (let n = 0; n < 100; n++) [x] = kernels[0].emit(recorder.emit, [x, z]);
  recorder.output('y', x);
  const plan = planMemory(recorder.finish({ live: true }));
  expect(plan.calls).toHaveLength(100);
  expect(plan.sizes.length).toBeLessThanOrEqual(5);
});

/** Calls of a kernel on leaves that lie side by side, batched and apart. */
async function both(
  record: (recorder: Recorder) => void,
): Promise<{ apart: FloatArray[]; merged: FloatArray[]; launches: number }> {
  const run = async (batches: boolean) => {
    const recorder = new Recorder();
    record(recorder);
    const program = recorder.finish({ live: true });
    const backend = new CpuBackend('f64', { batches });
    const made = await backend.compile(program, new Map());
    let n = 0;
    for (const [name, { size }] of program.feeds) {
      made.feed(
        name,
        Float64Array.from({ length: size }, () => Math.sin(++n)),
      );
    }
    made.run();
    const values = await made.read([...program.outputs.keys()]);
    return { values, launches: made.launches };
  };
  const [apart, merged] = [await run(false), await run(true)];
  const { launches } = merged;
  return { apart: apart.values, merged: merged.values, launches };
}

const scaled = mapKernel({
  name: 'm-scale',
  each: ['x'],
  constants: ['factor'],
  outputs: [['y', 'factor * x']],
});

// What makes calls alike, one condition each: whoever drops it fails here.
describe('calls that only look alike', () => {
  const feeds = (recorder: Recorder, sizes: readonly number[]) =>
    sizes.map((size, i) => recorder.feed(`x${i}`, size));

  test('with other numbers stay apart', async () => {
    const { apart, merged } = await both((recorder) => {
      feeds(recorder, [3, 3, 3]).forEach((x, i) => {
        const [y] = scaled.emit(recorder.emit, [x], { factor: i + 2 });
        recorder.output(`y${i}`, y);
      });
    });
    expect(merged).toEqual(apart);
  });

  test('at uneven distances stay apart', async () => {
    // Side by side lie 64, 128 and 64 elements: 0, 64 and 192.
    const { apart, merged } = await both((recorder) => {
      const [a, b, c, d] = feeds(recorder, [64, 64, 65, 64]);
      for (const [i, x] of [a, b, d].entries()) {
        const [y] = scaled.emit(recorder.emit, [x], { factor: 2 });
        recorder.output(`y${i}`, y);
      }
      recorder.output('c', scaled.emit(recorder.emit, [c], { factor: 3 })[0]);
    });
    expect(merged).toEqual(apart);
  });

  test('of other sizes stay apart', async () => {
    const { apart, merged } = await both((recorder) => {
      feeds(recorder, [4, 8]).forEach((x, i) => {
        // The same ints; only the operand's size differs.
        recorder.output(`y${i}`, reduceSum(recorder.emit, x, [1, 4, 1]));
      });
    });
    expect(merged).toEqual(apart);
  });

  // Four values are made at once; two of them, with others between, are then
  // written over. What lies between is somebody's.
  test('in place on every second value leave the others alone', async () => {
    const { apart, merged } = await both((recorder) => {
      const xs = feeds(recorder, [3, 3, 3, 3]);
      const made = xs.map(
        (x) => scaled.emit(recorder.emit, [x], { factor: 2 })[0],
      );
      for (const at of [0, 2]) {
        const [sum] = kernels[1].emit(recorder.emit, [made[at], xs[at]]);
        recorder.output(`sum${at}`, sum);
      }
      for (const at of [1, 3]) {
        recorder.output(
          `kept${at}`,
          scaled.emit(recorder.emit, [made[at]], { factor: 5 })[0],
        );
      }
    });
    expect(merged).toEqual(apart);
  });
});

test('residents of one pool take no memory of their own', () => {
  const recorder = new Recorder();
  const [a, b] = ['a', 'b'].map((name) => recorder.resident(name, 1000));
  recorder.output('y', kernels[0].emit(recorder.emit, [a, b])[0]);
  const pool = {};
  const homes = new Map([
    ['a', { pool, offset: 0 }],
    ['b', { pool, offset: 1024 }],
  ]);
  const plan = planMemory(recorder.finish({ live: true }), { homes });
  const own = plan.sizes.filter((_, place) => !plan.given.has(place));
  expect(own.reduce((sum, size) => sum + size, 0)).toBe(1000);
});
