/**
 * A graph becomes a network, and the network the graph. Oracle: the graph.
 *
 * It comes back unchanged if it has the same names of nodes, each with the
 * same members (every bit, the type of every array, metadata) and the same
 * edges in some order. A nested graph comes back as the flat one: nodes under
 * dotted names, the ports of nested graphs as Scale of ones. Loops: the ticks
 * that are known of spikes that go round.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readNir, writeNir } from '../../src/nir/file.ts';
import { networkToNir } from '../../src/nir/from-network.ts';
import { MEMBERS, type NirGraph, type NirNode } from '../../src/nir/graph.ts';
import { networkFromNir } from '../../src/nir/to-network.ts';
import {
  byFile,
  doings,
  expectSame,
  expectUnchanged,
  graph,
  input,
  output,
  t,
} from './convert-run.ts';

const f32 = (shape: number[], ...data: number[]) => ({
  shape,
  data: Float32Array.from(data),
});

/** Every type of node but nested graphs, in a graph that fits. */
function everything(): NirGraph {
  const odd = (n: number, by = 0.1) =>
    t([n], ...Array.from({ length: n }, (_, i) => by * (i + 1) + 1e-17 * i));
  const wide = (by: number) => ({
    shape: [2, 3, 3],
    data: Float64Array.from({ length: 18 }, (_, i) => by * (1 + i / 7)),
  });
  const metadata = new Map([['who', 'a test']]);
  return {
    ...graph(
      {
        in: { ...input(1, 8, 8), metadata },
        conv: {
          type: 'Conv2d',
          input_shape: null,
          weight: f32([2, 1, 3, 3], ...Array(18).fill(0.1)),
          stride: [1, 1],
          padding: [0, 0],
          dilation: [1, 1],
          groups: 1,
          bias: f32([2], 0.3, 0),
        },
        sum: {
          type: 'SumPool2d',
          kernel_size: [2, 2],
          stride: [2, 2],
          padding: [0, 0],
        },
        cuba: {
          type: 'CubaLIF',
          tau_syn: wide(0.003),
          tau_mem: wide(0.01),
          r: wide(1),
          v_leak: wide(0),
          v_threshold: wide(1),
          v_reset: wide(-0.1),
          w_in: wide(1.1),
          metadata,
        },
        avg: {
          type: 'AvgPool2d',
          kernel_size: [2, 2],
          stride: [1, 1],
          padding: [0, 0],
        },
        flat: { type: 'Flatten', start_dim: 0, end_dim: -1, input_type: null },
        linear: { type: 'Linear', weight: t([4, 8], ...Array(32).fill(0.25)) },
        scale: { type: 'Scale', scale: f32([4], 0.1, 0.2, 0.3, 0) },
        delay: { type: 'Delay', delay: f32([4], 0.001, 0.002, 0.007, 0.003) },
        threshold: { type: 'Threshold', threshold: odd(4) },
        affine: {
          type: 'Affine',
          weight: t([4, 4], ...Array(16).fill(1 / 3)),
          bias: odd(4),
        },
        conv1: {
          type: 'Conv1d',
          input_shape: 4,
          weight: t([1, 1, 3], 1, -1 / 3, 2),
          stride: 1,
          padding: 'same',
          dilation: 1,
          groups: 1,
          bias: t([1], 0.1),
        },
        flat0: {
          type: 'Flatten',
          start_dim: 0,
          end_dim: 1,
          input_type: [1, 4],
        },
        i: { type: 'I', r: odd(4) },
        if: {
          type: 'IF',
          r: odd(4),
          v_threshold: odd(4),
          v_reset: odd(4, -0.1),
        },
        li: { type: 'LI', tau: odd(4), r: odd(4), v_leak: odd(4) },
        lif: {
          type: 'LIF',
          tau: f32([4], 0.01, 0.02, 0.03, 0.04),
          r: odd(4),
          v_leak: odd(4),
          v_threshold: odd(4),
          v_reset: odd(4, -0.3),
        },
        cubali: {
          type: 'CubaLI',
          tau_syn: odd(4),
          tau_mem: odd(4),
          r: odd(4),
          v_leak: odd(4),
          w_in: odd(4),
        },
        prompt: { type: 'Delay', delay: t([4], 0, 0.002, 1e-3 + 2e-19, 0) },
        unread: { type: 'Linear', weight: t([1, 2], 1, 2) },
        out: output(4),
        spike: output(2, 3, 3),
      },
      ['in', 'conv'],
      ['conv', 'sum'],
      ['sum', 'cuba'],
      ['cuba', 'avg'],
      ['cuba', 'spike'],
      ['avg', 'flat'],
      ['flat', 'linear'],
      ['linear', 'scale'],
      ['scale', 'delay'],
      ['delay', 'threshold'],
      ['threshold', 'affine'],
      ['affine', 'i'],
      ['delay', 'if'],
      ['if', 'affine'],
      ['i', 'li'],
      ['li', 'lif'],
      ['lif', 'delay'],
      ['lif', 'cubali'],
      ['cubali', 'out'],
      ['affine', 'prompt'],
      ['prompt', 'out'],
    ),
    metadata,
  };
}

describe('NIR -> network -> NIR', () => {
  test('every type of node comes back unchanged, through a file too', async () => {
    // One type of array each, so that a wrong one is seen; conv1 fits nobody.
    const made = everything();
    const types = new Set([...made.nodes.values()].map(({ type }) => type));
    const known = Object.keys(MEMBERS).filter((type) => type !== 'NIRGraph');
    expect([...types].sort()).toEqual(known.sort());
    const whole = { ...made, edges: [...made.edges, ...chainOfConv1()] };
    const nodes = new Map(made.nodes);
    nodes.set('line', input(1, 4));
    const all = { ...whole, nodes };
    const options = { dt: 1 };
    const back = networkToNir(networkFromNir(all, options));
    expectUnchanged(back, all);
    const { graph: read } = await readNir(await writeNir(back));
    expectUnchanged(networkToNir(networkFromNir(read, options)), all);
  });

  const chainOfConv1 = (): [string, string][] => [
    ['line', 'conv1'],
    ['conv1', 'flat0'],
    ['flat0', 'cubali'],
  ];

  test('a file without v_reset comes back with the zeros it was read as', async () => {
    const { build, chain, lif: fields } = await import('./build.ts');
    const { v_reset: _, ...older } = fields;
    const warnings: string[] = [];
    const { graph: read } = await readNir(await build(chain(older)), {
      onWarning: (text) => warnings.push(text),
    });
    expect(warnings.join()).toMatch('no v_reset');
    const network = networkFromNir(read, {
      dt: 1,
      inputs: { in: { values: () => 5 } },
    });
    expectUnchanged(networkToNir(network), read);
    const { traces, spikes } = await doings(network, 20);
    expect(spikes['node'].length).toBeGreaterThan(0);
    for (const [tick, neuron] of spikes['node']) {
      expect(traces['node.v'][tick][neuron]).toBe(0);
    }
  });

  test('nested graphs come back flat', () => {
    const inner: NirNode = {
      type: 'NIRGraph',
      ...graph(
        {
          i: input(2),
          s: { type: 'Scale', scale: t([2], 3, 4) },
          o: output(2),
        },
        ['i', 's'],
        ['s', 'o'],
      ),
    };
    const made = graph(
      { in: input(2), sub: inner, out: output(2) },
      ['in', 'sub'],
      ['sub', 'out'],
    );
    const ones: NirNode = { type: 'Scale', scale: t([2], 1, 1) };
    const flat = graph(
      {
        in: input(2),
        'sub.i': ones,
        'sub.s': { type: 'Scale', scale: t([2], 3, 4) },
        'sub.o': ones,
        out: output(2),
      },
      ['in', 'sub.i'],
      ['sub.i', 'sub.s'],
      ['sub.s', 'sub.o'],
      ['sub.o', 'out'],
    );
    const back = networkToNir(networkFromNir(made, { dt: 1 }));
    expectUnchanged(back, flat);
    expectUnchanged(networkToNir(networkFromNir(back, { dt: 1 })), flat);
  });

  test('delays that were rounded come back rounded', () => {
    const late = (...data: number[]): NirNode => ({
      type: 'Delay',
      delay: t([2], ...data),
    });
    const made = (node: NirNode) =>
      graph({ in: input(2), node }, ['in', 'node']);
    const network = networkFromNir(made(late(0.0014, 0.003)), {
      dt: 1,
      round: true,
    });
    expectUnchanged(networkToNir(network), made(late(0.001, 0.003)));
  });

  test('what is put behind a converted graph: its node keeps what it does', async () => {
    const affine: NirNode = {
      type: 'Affine',
      weight: t([2, 2], 1, 2, 3, 4),
      bias: t([2], 10, 20),
    };
    const made = graph({ in: input(2), affine }, ['in', 'affine']);
    const network = networkFromNir(made, {
      dt: 1,
      inputs: { in: { values: [1, 1, 2, 3] } },
    });
    network.events('more', 1, { times: [[1]] });
    network.project('more', 'affine', { weight: 100, delay: 0 });
    const wanted = await doings(network, 3);
    expect(wanted.traces['affine.y'][1]).toEqual([118, 138]);
    expectSame(await doings(await byFile(network, 0), 3), wanted, 0);
  });
});

describe('loops', () => {
  const cell: NirNode = {
    ...{ type: 'LIF', tau: t([1], 0.01), r: t([1], 10), v_leak: t([1], 0) },
    ...{ v_threshold: t([1], 0.5), v_reset: t([1], 0) },
  };
  const back: NirNode = { type: 'Linear', weight: t([1, 1], 1) };
  const recurrent = graph(
    { in: input(1), cell, back, out: output(1) },
    ['back', 'cell'],
    ['cell', 'back'],
    ['in', 'cell'],
    ['cell', 'out'],
  );

  test('closeLoops: one dt on the edge that closes it, and a warning', async () => {
    const warnings: string[] = [];
    const network = networkFromNir(recurrent, {
      dt: 0.5,
      closeLoops: true,
      inputs: { in: { times: [[1]] } },
      onWarning: (text) => warnings.push(text),
    });
    expect(warnings).toEqual([
      'Edge back -> cell got a delay of one dt, 0.5 ms: it closes the loop ' +
        'cell -> back -> cell, which had none',
    ]);
    const wanted = await doings(network, 8);
    // A pulse of 10 / 20 of the threshold's .5 fires once; 1 more does each tick.
    const gain = 10 * -Math.expm1(-0.05);
    expect(gain).toBeLessThan(0.5);
    expect(wanted.spikes['cell']).toEqual([]);
    const strong = networkFromNir(recurrent, {
      dt: 0.5,
      closeLoops: true,
      inputs: { in: { values: [0, 2] } },
    });
    const doing = await doings(strong, 8);
    // 0.97 fires at tick 1; the .49 that comes back one tick later does not.
    expect(doing.spikes['cell']).toEqual([[1, 0]]);
    const v = doing.traces['cell.v'].map(([x]) => x);
    expect(v.slice(0, 2)).toEqual([0, 0]);
    expect(v[2]).toBeCloseTo(gain, 12);
    expect(v[3]).toBeCloseTo(gain * Math.exp(-0.05), 12);
    const again = networkToNir(strong);
    expect(again.nodes.get('back->cell.delay')).toEqual({
      type: 'Delay',
      delay: t([1], 0.0005),
    });
    expectSame(await doings(await byFile(strong, 0), 8), doing, 0);
  });

  test('a Delay in the loop is enough, and keeps its own', async () => {
    const delay: NirNode = { type: 'Delay', delay: t([1], 0.003) };
    const nodes = new Map(recurrent.nodes);
    nodes.set('delay', delay);
    const made: NirGraph = {
      nodes,
      edges: [
        ['in', 'cell'],
        ['cell', 'delay'],
        ['delay', 'back'],
        ['back', 'cell'],
      ],
    };
    const warnings: string[] = [];
    const network = networkFromNir(made, {
      dt: 1,
      closeLoops: true,
      inputs: { in: { values: [2] } },
      onWarning: (text) => warnings.push(text),
    });
    const { spikes } = await doings(network, 10);
    expect(warnings.filter((text) => text.includes('dt'))).toEqual([]);
    expect(spikes['cell']).toEqual([
      [0, 0],
      [3, 0],
      [6, 0],
      [9, 0],
    ]);
  });

  test('many loops at once: each gets what it needs, and the network runs', async () => {
    const arrow = fc.tuple(fc.nat(5), fc.nat(5));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(arrow, { maxLength: 14, selector: String }),
        async (arrows) => {
          const nodes: Record<string, NirNode> = { in: input(1) };
          for (let i = 0; i < 6; i++) nodes[`n${i}`] = { ...cell };
          const made = graph(
            nodes,
            ['in', 'n0'],
            ...arrows.map(([a, b]): [string, string] => [`n${a}`, `n${b}`]),
          );
          const warnings: string[] = [];
          const network = networkFromNir(made, {
            dt: 1,
            closeLoops: true,
            onWarning: (text) => warnings.push(text),
          });
          await doings(network, 2);
          const closed = warnings.filter((text) => text.startsWith('Edge'));
          let loops = false;
          try {
            networkFromNir(made, { dt: 1 });
          } catch (error) {
            loops = true;
            expect((error as Error).message).toMatch(/^The loop n\d -> /);
          }
          expect(closed.length > 0).toBe(loops);
        },
      ),
      { numRuns: 60 },
    );
  });
});
