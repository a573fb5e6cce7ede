/**
 * What the nodes of a converted graph do. Oracles: each node's own recursion
 * or loops, written here; the differential equations, integrated in small
 * steps; impulses, whose ticks are known.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import type { NirGraph, NirNode } from '../../src/nir/graph.ts';
import { milliseconds, nirModels, seconds } from '../../src/nir/models.ts';
import { shapesOf } from '../../src/nir/shapes.ts';
import { networkFromNir } from '../../src/nir/to-network.ts';
import { describeWebGpu, webgpu } from '../backends.ts';
import { doings, graph, input, output, t, through } from './convert-run.ts';

const DT = 0.5;
const STEPS = 60;
/** Three neurons of their own; times in seconds. */
const R = [1, 2.5, -0.75];
const LEAK = [0, 0.25, -0.5];
const THRESHOLD = [0.6, 1, 0.4];
const RESET = [0, -0.5, 0.125];
const TAU = [0.01, 0.002, 0.0375];
const SYN = [0.004, 0.002, 0.05];
const W = [1, 0.5, -2];
const signal = Array.from({ length: STEPS }, (_, n) =>
  [0, 1, 2].map((i) => 2 * Math.sin(0.7 * n + i) + [1, 1, -1][i]),
);

const close = (got: number[][], wanted: number[][], within = 1e-12) => {
  expect(got).toHaveLength(wanted.length);
  got.flat().forEach((value, i) => {
    expect(Math.abs(value - wanted.flat()[i])).toBeLessThan(within);
  });
};

/** Rows of v, and spikes, of a recursion from a start. */
function recursion(
  start: readonly number[],
  step: (v: number, x: number, i: number) => number,
  spikes: boolean,
) {
  const v = [...start];
  const rows: number[][] = [];
  const sent: [number, number][] = [];
  signal.forEach((x, n) => {
    for (let i = 0; i < 3; i++) {
      v[i] = step(v[i], x[i], i);
      if (!spikes || !(v[i] > THRESHOLD[i])) continue;
      sent.push([n, i]);
      v[i] = RESET[i];
    }
    rows.push([...v]);
  });
  return { rows, sent };
}

const v = (...data: number[]) => t([3], ...data);

describe('neurons follow their recursion', () => {
  const leak = (x: number, input: number, i: number) => {
    const left = Math.exp(-DT / (1000 * TAU[i]));
    return left * x + (1 - left) * (LEAK[i] + R[i] * input);
  };
  const add = (x: number, input: number, i: number) =>
    x + 0.0005 * R[i] * input;
  const reset = { v_threshold: v(...THRESHOLD), v_reset: v(...RESET) };
  const li = { tau: v(...TAU), r: v(...R), v_leak: v(...LEAK) };

  test.each<[NirNode, readonly number[], typeof leak]>([
    [{ type: 'LI', ...li }, LEAK, leak],
    [{ type: 'LIF', ...li, ...reset }, LEAK, leak],
    [{ type: 'I', r: v(...R) }, [0, 0, 0], add],
    [{ type: 'IF', r: v(...R), ...reset }, [0, 0, 0], add],
  ])('$type', async (node, start, step) => {
    const strong = node.type === 'IF' ? 400 : 1;
    const driven = signal.map((row) => row.map((x) => strong * x));
    const { traces, spikes } = await through(node, [3], driven, { dt: DT });
    const fires = node.type.endsWith('F');
    const wanted = recursion(start, (x, y, i) => step(x, strong * y, i), fires);
    close(traces['node.v'], wanted.rows);
    expect(spikes['node'] ?? []).toEqual(wanted.sent);
    expect(wanted.sent.length > 5).toBe(fires);
  });

  test.each(['CubaLI', 'CubaLIF'] as const)(
    '%s: the equations, in 2000 steps of Runge and Kutta a tick',
    async (type) => {
      const parameters = { ...li, tau_syn: v(...SYN), tau_mem: v(...TAU) };
      const { tau: _, ...rest } = parameters;
      const fires = type === 'CubaLIF';
      const node = {
        type,
        ...rest,
        w_in: v(...W),
        ...(fires ? reset : {}),
      } as unknown as NirNode;
      const { traces, spikes } = await through(node, [3], signal, { dt: DT });
      const now = LEAK.map((at) => [0, at]);
      const sent: [number, number][] = [];
      const rows = signal.map((x, n) =>
        now.map((state, i) => {
          const slope = ([a, b]: number[]) => [
            (W[i] * x[i] - a) / (1000 * SYN[i]),
            (LEAK[i] - b + R[i] * a) / (1000 * TAU[i]),
          ];
          const h = DT / 2000;
          for (let k = 0; k < 2000; k++) {
            const at = (by: number, d: number[]) =>
              state.map((s, j) => s + by * d[j]);
            const k1 = slope(state);
            const k2 = slope(at(h / 2, k1));
            const k3 = slope(at(h / 2, k2));
            const k4 = slope(at(h, k3));
            for (let j = 0; j < 2; j++) {
              state[j] += (h / 6) * (k1[j] + 2 * k2[j] + 2 * k3[j] + k4[j]);
            }
          }
          if (fires && state[1] > THRESHOLD[i]) {
            sent.push([n, i]);
            state[1] = RESET[i];
          }
          return [...state];
        }),
      );
      const part = (j: number) => rows.map((row) => row.map((s) => s[j]));
      close(traces['node.i'], part(0), 1e-10);
      close(traces['node.v'], part(1), 1e-10);
      expect(spikes['node'] ?? []).toEqual(sent);
      expect(sent.length > 2).toBe(fires);
    },
  );

  test('CubaLI: times that are close are as those that are equal', async () => {
    const one = async (syn: number) => {
      const each = (value: number) => t([1], value);
      const node: NirNode = {
        type: 'CubaLI',
        ...{ tau_syn: each(syn), tau_mem: each(0.01), r: each(1) },
        ...{ v_leak: each(0), w_in: each(1) },
      };
      const { traces } = await through(node, [1], [[1], [0], [0], [0]]);
      return traces['node.v'];
    };
    close(await one(0.01 * (1 + 1e-13)), await one(0.01), 1e-13);
    close(await one(0.01 * (1 + 1e-8)), await one(0.01), 1e-8);
  });

  test('at the threshold is not above it', async () => {
    const each = t([2], 1, 1);
    const node: NirNode = {
      ...{ type: 'IF', r: each, v_reset: t([2], 0, 0) },
      v_threshold: t([2], 1, 1 - 2 ** -53),
    };
    const { spikes } = await through(node, [2], [[1000, 1000]]);
    expect(spikes['node']).toEqual([[0, 1]]);
  });

  test('a tau of 0.01 in the graph is 10 ms', async () => {
    const one = t([1], 1);
    const node: NirNode = {
      ...{ type: 'LI', r: one, v_leak: t([1], 0) },
      tau: t([1], 0.01),
    };
    const pulse = [[1], ...Array<number[]>(10).fill([0])];
    const { traces } = await through(node, [1], pulse);
    const [first] = traces['node.v'][0];
    expect(traces['node.v'][10][0] / first).toBeCloseTo(Math.exp(-1), 14);
  });

  test('times of up to 15 digits come back from ms to the bit', () => {
    const decimal = fc.tuple(
      fc.integer({ min: 1, max: 10 ** 15 - 1 }),
      fc.integer({ min: -20, max: 5 }),
    );
    fc.assert(
      fc.property(decimal, ([digits, power]) => {
        const ms = Number(`${digits}e${power}`);
        expect(milliseconds(seconds(ms))).toBe(ms);
        expect(seconds(ms)).toBe(Number(`${digits}e${power - 3}`));
      }),
    );
  });
});

describeWebGpu('the models on WebGPU', () => {
  test('are their float32 twins on the CPU, to the bit', async () => {
    const nodes: Record<string, NirNode> = { in: input(3) };
    for (const [type, { parameters }] of Object.entries(nirModels)) {
      const fields = Object.entries(parameters).map(([name, value]) => [
        name,
        v(value, 0.7 * value, 1.9 * value),
      ]);
      nodes[type] = { type, ...Object.fromEntries(fields) } as NirNode;
    }
    const edges = Object.keys(nirModels).map((type): [string, string] => [
      'in',
      type,
    ]);
    const network = networkFromNir(graph(nodes, ...edges), {
      dt: DT,
      inputs: { in: { values: signal.flat().map((x) => 3 * x) } },
    });
    const twin = await doings(network, STEPS, {
      backend: new CpuBackend('f32'),
    });
    const device = await doings(network, STEPS, { backend: await webgpu() });
    expect(device).toEqual(twin);
    expect(twin.spikes['CubaLIF'].length).toBeGreaterThan(2);
  });
});

describe('delays', () => {
  const impulse = (n: number) =>
    Array.from({ length: n }, (_, i) => (i === 0 ? [1, 2, 3] : [0, 0, 0]));
  const delay = (...data: number[]): NirNode => ({
    type: 'Delay',
    delay: v(...data),
  });

  test('an impulse comes out of each element when it should', async () => {
    const node = delay(0, 0.0015, 0.004);
    const { traces } = await through(node, [3], impulse(12), { dt: DT });
    const rows = traces['node.y'];
    rows.forEach((row, n) => {
      expect(row).toEqual([n === 0 ? 1 : 0, n === 3 ? 2 : 0, n === 8 ? 3 : 0]);
    });
  });

  test('float32 delays are the multiples of dt that they stand for', async () => {
    const data = Float32Array.of(0.001, 0.0003, 0.0007);
    const node: NirNode = { type: 'Delay', delay: { shape: [3], data } };
    const { traces } = await through(node, [3], impulse(12), { dt: 0.1 });
    const at = [0, 1, 2].map((i) =>
      traces['node.y'].findIndex((row) => row[i] !== 0),
    );
    expect(at).toEqual([10, 3, 7]);
  });

  test('Delay(a), then Delay(b) is Delay(a + b)', async () => {
    const two = graph(
      {
        in: input(3),
        a: delay(0.001, 0, 0.002),
        b: delay(0.003, 0.002, 0.005),
      },
      ['in', 'a'],
      ['a', 'b'],
    );
    const inputs = { in: { values: impulse(20).flat() } };
    const twice = await doings(networkFromNir(two, { dt: 1, inputs }), 20);
    const once = await through(delay(0.004, 0.002, 0.007), [3], impulse(20));
    expect(twice.traces['b.y']).toEqual(once.traces['node.y']);
  });

  test('round: the nearest tick, and a warning', async () => {
    const warnings: string[] = [];
    const network = networkFromNir(
      graph({ in: input(3), d: delay(0.0014, 0.0016, 0.002) }, ['in', 'd']),
      {
        dt: 1,
        inputs: { in: { values: impulse(5).flat() } },
        round: true,
        onWarning: (text) => warnings.push(text),
      },
    );
    const { traces } = await doings(network, 5);
    const at = [0, 1, 2].map((i) =>
      traces['d.y'].findIndex((row) => row[i] !== 0),
    );
    expect(at).toEqual([1, 2, 2]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/"d" \(Delay\) .*rounded .*1 ms, by 0.4 ms/);
  });

  test('spikes are delayed as values are', async () => {
    const nodes = { in: input(3), d: delay(0.002, 0.001, 0) };
    const network = networkFromNir(graph(nodes, ['in', 'd']), {
      dt: 1,
      inputs: { in: { times: [[0, 3], [1], [5]] } },
    });
    const { traces } = await doings(network, 7);
    expect(traces['d.y'].map((row) => row.join(''))).toEqual([
      '000',
      '000',
      '110',
      '000',
      '000',
      '101',
      '000',
    ]);
  });
});

describe('maps', () => {
  const values = (size: number) =>
    Array.from({ length: size }, (_, i) => ((7 * i) % 11) - 5);

  async function given(node: NirNode, shape: readonly number[]) {
    const size = shape.reduce((a, b) => a * b, 1);
    const { traces } = await through(node, shape, [values(size)]);
    return traces['node.y'][0];
  }

  test('Linear, Affine, Scale, Threshold, Flatten', async () => {
    const weight = t([2, 3], 1, 2, 3, 4, 0, -6);
    // x = -5, 2, -2
    expect(await given({ type: 'Linear', weight }, [3])).toEqual([-7, -8]);
    expect(
      await given({ type: 'Affine', weight, bias: t([2], 10, 20) }, [3]),
    ).toEqual([3, 12]);
    expect(await given({ type: 'Scale', scale: v(2, -1, 0) }, [3])).toEqual([
      -10, -2, 0,
    ]);
    expect(
      await given({ type: 'Threshold', threshold: v(-5, 1.5, -2.5) }, [3]),
    ).toEqual([0, 1, 1]);
    expect(
      await given(
        { type: 'Flatten', start_dim: 0, end_dim: -1, input_type: [2, 2] },
        [2, 2],
      ),
    ).toEqual([-5, 2, -2, 5]);
  });

  test('Linear with axes before: each by its own matrix', async () => {
    const weight = t([2, 1, 2], 1, 10, 100, 1000);
    expect(await given({ type: 'Linear', weight }, [2, 2])).toEqual([15, 4800]);
  });

  const size = (most: number) => fc.integer({ min: 1, max: most });
  const pair = (most: number) => fc.tuple(size(most), size(most));

  test('Conv2d: six loops over a padded image', async () => {
    const setting = fc
      .record({
        groups: size(2),
        perGroup: size(2),
        outs: size(2),
        space: fc.tuple(
          fc.integer({ min: 3, max: 6 }),
          fc.integer({ min: 3, max: 6 }),
        ),
        kernel: pair(3),
        stride: pair(2),
        dilation: pair(2),
        padding: fc.oneof(
          fc.tuple(fc.nat(2), fc.nat(2)),
          fc.constantFrom('same' as const, 'valid' as const),
        ),
      })
      .map((made) =>
        made.padding === 'same'
          ? { ...made, stride: [1, 1] as [number, number] }
          : made,
      );
    await fc.assert(
      fc.asyncProperty(setting, async (made) => {
        const { groups, perGroup, space, kernel, stride, dilation } = made;
        const channels = groups * made.outs;
        const [H, Wd] = space;
        const weight = t(
          [channels, perGroup, ...kernel],
          ...values(channels * perGroup * kernel[0] * kernel[1]),
        );
        const node: NirNode = {
          ...{ type: 'Conv2d', input_shape: space, weight, groups },
          ...{ stride, dilation, padding: made.padding },
          bias: t([channels], ...values(channels).map((x) => 100 * x)),
        };
        const shape = [groups * perGroup, H, Wd];
        const problems: string[] = [];
        const shapes = shapesOf(
          graph({ in: input(...shape), node }, ['in', 'node']),
          (text) => problems.push(text),
        );
        fc.pre(problems.length === 0);
        const [, OH, OW] = shapes.get('node')!.output;
        const [top, left] =
          made.padding === 'valid'
            ? [0, 0]
            : made.padding === 'same'
              ? [0, 1].map((i) =>
                  Math.floor((dilation[i] * (kernel[i] - 1)) / 2),
                )
              : made.padding;
        const x = values(shape[0] * H * Wd);
        const at = (c: number, y: number, z: number) =>
          y < 0 || z < 0 || y >= H || z >= Wd ? 0 : x[(c * H + y) * Wd + z];
        const wanted: number[] = [];
        for (let o = 0; o < channels; o++) {
          const group = Math.floor(o / made.outs);
          for (let y = 0; y < OH; y++) {
            for (let z = 0; z < OW; z++) {
              let sum = node.bias.data[o];
              for (let c = 0; c < perGroup; c++) {
                for (let i = 0; i < kernel[0]; i++) {
                  for (let j = 0; j < kernel[1]; j++) {
                    const place =
                      ((o * perGroup + c) * kernel[0] + i) * kernel[1] + j;
                    sum +=
                      weight.data[place] *
                      at(
                        group * perGroup + c,
                        y * stride[0] + i * dilation[0] - top,
                        z * stride[1] + j * dilation[1] - left,
                      );
                  }
                }
              }
              wanted.push(sum);
            }
          }
        }
        expect(await given(node, shape)).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });

  test('Conv1d is Conv2d of height 1', async () => {
    const weight = t([2, 1, 3], ...values(6));
    const bias = t([2], 3, -4);
    for (const padding of ['same', 'valid', 2] as const) {
      const one: NirNode = {
        ...{ type: 'Conv1d', input_shape: 9, weight, bias, padding },
        ...{ stride: padding === 2 ? 2 : 1, dilation: 2, groups: 2 },
      };
      const two: NirNode = {
        ...{ type: 'Conv2d', input_shape: [1, 9], bias, groups: 2 },
        weight: { ...weight, shape: [2, 1, 1, 3] },
        padding: padding === 2 ? [0, 2] : padding,
        stride: [1, one.stride],
        dilation: [1, 2],
      };
      expect(await given(one, [2, 9])).toEqual(await given(two, [2, 1, 9]));
    }
  });

  test('pools: loops over a padded image; means count the padding', async () => {
    const setting = fc.record({
      channels: size(2),
      space: fc.tuple(
        fc.integer({ min: 3, max: 6 }),
        fc.integer({ min: 3, max: 6 }),
      ),
      kernel: pair(3),
      stride: pair(3),
      padding: fc.tuple(fc.nat(1), fc.nat(1)),
    });
    await fc.assert(
      fc.asyncProperty(setting, async (made) => {
        const { channels, space, kernel, stride, padding } = made;
        const [H, Wd] = space;
        const x = values(channels * H * Wd);
        const sums: number[] = [];
        for (let c = 0; c < channels; c++) {
          for (
            let y = -padding[0];
            y + kernel[0] <= H + padding[0];
            y += stride[0]
          ) {
            for (
              let z = -padding[1];
              z + kernel[1] <= Wd + padding[1];
              z += stride[1]
            ) {
              let sum = 0;
              for (let i = y; i < y + kernel[0]; i++) {
                for (let j = z; j < z + kernel[1]; j++) {
                  if (i < 0 || j < 0 || i >= H || j >= Wd) continue;
                  sum += x[(c * H + i) * Wd + j];
                }
              }
              sums.push(sum);
            }
          }
        }
        const pool = { kernel_size: kernel, stride, padding };
        const shape = [channels, H, Wd];
        expect(await given({ type: 'SumPool2d', ...pool }, shape)).toEqual(
          sums,
        );
        const means = await given({ type: 'AvgPool2d', ...pool }, shape);
        means.forEach((mean, i) => {
          const wanted = sums[i] / (kernel[0] * kernel[1]);
          expect(Math.abs(mean - wanted)).toBeLessThan(1e-12);
        });
      }),
      { numRuns: 40 },
    );
  });
});

describe('graphs', () => {
  const relayed = async (
    made: NirGraph,
    probe: string,
    warnings?: string[],
  ) => {
    const network = networkFromNir(made, {
      dt: 1,
      inputs: { in: { values: [1, 2, 3, 4], after: 'zero' } },
      onWarning: (text) => warnings?.push(text),
    });
    return (await doings(network, 4)).traces[probe];
  };

  test('edges that meet are summed', async () => {
    const scale = (by: number): NirNode => ({
      type: 'Scale',
      scale: t([1], by),
    });
    const made = graph(
      { in: input(1), a: scale(10), b: scale(100), out: output(1) },
      ['in', 'a'],
      ['in', 'b'],
      ['a', 'out'],
      ['b', 'out'],
      ['in', 'out'],
    );
    expect(await relayed(made, 'out.y')).toEqual([[111], [222], [333], [444]]);
  });

  test('nested graphs: dotted names, one port or named ones', async () => {
    const scale: NirNode = { type: 'Scale', scale: t([1], 10) };
    const delay: NirNode = { type: 'Delay', delay: t([1], 0.001) };
    const inner: NirNode = {
      type: 'NIRGraph',
      ...graph({ i: input(1), x: delay, o: output(1) }, ['i', 'x'], ['x', 'o']),
    };
    const outer: NirNode = {
      type: 'NIRGraph',
      ...graph(
        { i: input(1), g: inner, s: scale, o: output(1), p: output(1) },
        ['i', 'g'],
        ['g', 's'],
        ['s', 'o'],
        ['i', 'p'],
      ),
    };
    const made = graph(
      { in: input(1), sub: outer, a: output(1), b: output(1) },
      ['in', 'sub.i'],
      ['sub.o', 'a'],
      ['sub.p', 'b'],
    );
    expect(await relayed(made, 'a.y')).toEqual([[0], [10], [20], [30]]);
    expect(await relayed(made, 'b.y')).toEqual([[1], [2], [3], [4]]);
    expect(await relayed(made, 'sub.g.x.y')).toEqual([[0], [1], [2], [3]]);
  });

  test('an Input that is given nothing gives zeros, and is told', async () => {
    const warnings: string[] = [];
    const made = graph({ a: input(2), o: output(2) }, ['a', 'o']);
    const network = networkFromNir(made, {
      dt: 1,
      onWarning: (text) => warnings.push(text),
    });
    expect((await doings(network, 2)).traces['o.y']).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(warnings).toEqual([
      'NIR node "a" (Input) is given nothing: it gives zeros',
    ]);
  });
});
