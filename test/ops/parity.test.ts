/**
 * WebGPU against the float32 twin on the CPU, bit by bit, for the forward
 * computation and every message of every op. Oracle: the CPU forms, whose
 * gradients are held by finite differences. Adapters that only approximate
 * division or roots cannot pass to the bit; software adapters must.
 */

import { beforeEach, expect, test } from 'vitest';
import { mapKernel } from '../../src/kernels/map.ts';
import { losses } from '../../src/ops/loss.ts';
import { ops } from '../../src/ops/table.ts';
import { Recorder } from '../../src/program/recorder.ts';
import { optimisers } from '../../src/simulation/optim.ts';
import { describeWebGpu, webgpu } from '../backends.ts';
import { casesOf, drawn, feedsFor, recordOp } from './cases.ts';
import { bitsOf, fromBits, isSubnormal, runOn, twin } from './programs.ts';

/** Operations that WGSL lets a GPU approximate. */
const APPROXIMATE = ['sigmoid', 'tanh', 'tan', 'sqrt', 'mean'];
const N = 65_536;

describeWebGpu('webgpu = float32 on the CPU, to the bit', () => {
  let isSoftware = true;
  beforeEach(async () => {
    isSoftware = (await webgpu()).gpu.info.isSoftware;
  });

  test.each(ops.map((op) => [op.name, op] as const))('%s', async (name, op) => {
    for (const opCase of casesOf(op)) {
      const program = recordOp(op, opCase);
      const feeds = feedsFor(op, program, opCase);
      const wanted = twin(program, feeds);
      const got = await runOn(await webgpu(), program, feeds);
      const approximate = !isSoftware && APPROXIMATE.includes(name);
      for (const [output, values] of wanted) {
        const mine = got.get(output) as ArrayLike<number>;
        const where = `${output} of ${JSON.stringify(opCase)}`;
        for (let i = 0; i < values.length; i++) {
          if (approximate) expect(mine[i], where).toBeCloseTo(values[i], 5);
          else expect(mine[i], where).toBe(values[i]);
        }
      }
    }
  });

  test.each(losses.map((l) => [l.name, l] as const))(
    'loss %s',
    async (_, loss) => {
      for (const shape of [[1], [7, 10], [130, 3]]) {
        const recorder = new Recorder();
        const size = shape.reduce((a, b) => a * b);
        const y = recorder.feed('y', size);
        const t = recorder.feed('t', size);
        const { emit } = recorder;
        recorder.output('eps', loss.error(emit, y, t, shape, shape[0]));
        recorder.output('loss', loss.value(emit, y, t, shape, shape[0]));
        const program = recorder.finish({ live: true });
        const feeds = new Map([
          ['y', drawn(ops[0], size, 'y')],
          ['t', drawn(ops[0], size, 't').map(Math.abs)],
        ]);
        const wanted = twin(program, feeds);
        const got = await runOn(await webgpu(), program, feeds);
        for (const [output, values] of wanted) {
          const mine = Array.from(got.get(output) as ArrayLike<number>);
          if (isSoftware) expect(mine).toEqual(Array.from(values));
          else expectClose(mine, values, 4);
        }
      }
    },
  );

  test.each(
    Object.values(optimisers).map((make) => [make().name, make()] as const),
  )(
    'optimiser %s',
    async (_, { kernel, states, rates, ratesAt, constants }) => {
      const recorder = new Recorder();
      const size = 1000;
      const refs = ['w', 'g', ...states].map((name) =>
        recorder.feed(name, size),
      );
      const singles = rates.map((name) => recorder.feed(name, 1));
      const made = kernel.emit(recorder.emit, [...refs, ...singles], constants);
      for (const [i, ref] of made.entries()) recorder.output(`${i}`, ref);
      const program = recorder.finish({ live: true });
      const feeds = new Map(
        ['w', 'g', ...states].map((name) => [
          name,
          drawn(ops[0], size, name).map(Math.abs),
        ]),
      );
      rates.forEach((name, i) => {
        feeds.set(name, Float32Array.of(ratesAt(2)[i]));
      });
      const wanted = twin(program, feeds);
      const got = await runOn(await webgpu(), program, feeds);
      if (isSoftware) expect(got).toEqual(wanted);
    },
  );

  const FUNCTIONS = ['exp', 'tanh', 'log', 'sin', 'cos', 'tan', 'sqrt'];
  const functions = mapKernel({
    name: 'test/functions',
    each: ['x'],
    outputs: FUNCTIONS.map((name) => [`y_${name}`, `${name}(x)`] as const),
  });
  /** Drivers are free to cut off angles that are this large. */
  const LARGEST_ANGLE = 8192;

  /** x of 65,536 values; names of functions with how many bits differ. */
  async function differences(
    values: Float32Array,
    counts: (name: string, x: number, y: number) => boolean,
  ): Promise<Record<string, number[]>> {
    const recorder = new Recorder();
    const x = recorder.feed('x', values.length);
    functions.emit(recorder.emit, [x]).forEach((ref, i) => {
      recorder.output(FUNCTIONS[i], ref);
    });
    const program = recorder.finish({ live: true });
    const feeds = new Map([['x', values]]);
    const wanted = twin(program, feeds);
    const got = await runOn(await webgpu(), program, feeds);
    const differing: Record<string, number[]> = {};
    for (const [name, right] of wanted) {
      const mine = got.get(name) as ArrayLike<number>;
      for (let i = 0; i < values.length; i++) {
        if (bitsOf(mine[i]) === bitsOf(right[i])) continue;
        if (!counts(name, values[i], right[i])) continue;
        differing[name] ??= [];
        if (differing[name].length < 5) differing[name].push(values[i]);
      }
    }
    return differing;
  }

  test('functions on 65,536 values between -100 and 100', async () => {
    if (!isSoftware) return;
    const values = Float32Array.from(
      { length: N },
      (_, i) => -100 + (200 * (i + 0.5)) / N,
    );
    expect(await differences(values, () => true)).toEqual({});
  });

  // Every 65,536th bit pattern, both infinities, NaN, zeros, subnormals and
  // the last arguments before exp overflows or vanishes.
  test('functions on 65,536 bit patterns of all float32', async () => {
    if (!isSoftware) return;
    const values = Float32Array.from({ length: N }, (_, i) =>
      fromBits((i * 65_537) >>> 0),
    );
    const edges = [0, -0, Infinity, -Infinity, Number.NaN, 88.72283, 88.7229];
    edges.push(-87.33654, -87.3366, 1.17549435e-38, 1e-45, -1e-45, 0.625, 9);
    values.set(edges.map(Math.fround), 1);
    // Adapters may flush subnormal numbers to 0, and do so differently.
    const angles = ['sin', 'cos', 'tan'];
    const counts = (name: string, x: number, y: number) =>
      !isSubnormal(x) &&
      !isSubnormal(y) &&
      !(angles.includes(name) && Math.abs(x) > LARGEST_ANGLE);
    expect(await differences(values, counts)).toEqual({});
  });
});

function expectClose(
  got: readonly number[],
  wanted: ArrayLike<number>,
  digits: number,
): void {
  for (const [i, x] of got.entries()) {
    expect(x, `element ${i}`).toBeCloseTo(wanted[i], digits);
  }
}
