/**
 * What the tests of the conversion share: runs that keep all that their
 * populations do, ways through a file, and what it means to come back.
 */

import { expect } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import type { Shape, Tensor } from '../../src/base/tensor.ts';
import type { Network } from '../../src/network/network.ts';
import { NetworkRun } from '../../src/network/run/run.ts';
import type { SamplesOptions } from '../../src/network/stimuli.ts';
import { readNir, writeNir } from '../../src/nir/file.ts';
import { networkToNir } from '../../src/nir/from-network.ts';
import type { NirGraph, NirNode } from '../../src/nir/graph.ts';
import { networkFromNir } from '../../src/nir/to-network.ts';

export interface Doings {
  /** [tick, neuron] of each population that spikes. */
  readonly spikes: Readonly<Record<string, (readonly [number, number])[]>>;
  /** Each variable at every tick, as "population.variable". */
  readonly traces: Readonly<Record<string, number[][]>>;
}

export async function doings(
  network: Network,
  ticks: number,
  options: { seed?: number; backend?: Backend } = {},
): Promise<Doings> {
  const { seed = 0, backend = new CpuBackend('f64') } = options;
  const run = NetworkRun.open(network, { backend, seed });
  const spikes: Record<string, (readonly [number, number])[]> = {};
  const traces: Record<string, number[][]> = {};
  for (const { name, spiking, source, model, outputs } of network.populations) {
    if (spiking) {
      const list: (readonly [number, number])[] = [];
      spikes[name] = list;
      run.spikes$(name).subscribe(({ tick, neurons }) => {
        for (const neuron of neurons) list.push([tick, neuron]);
      });
    }
    if (source) continue;
    for (const variable of [...Object.keys(model.state), ...outputs]) {
      const rows: number[][] = [];
      traces[`${name}.${variable}`] = rows;
      run.state$(name, variable).subscribe(({ data }) => {
        rows.push([...data]);
      });
    }
  }
  await run.runTicks(ticks);
  run.destroy();
  return { spikes, traces };
}

export const t = (shape: Shape, ...data: number[]): Tensor => ({
  shape,
  data: Float64Array.from(data),
});

export const graph = (
  nodes: Readonly<Record<string, NirNode>>,
  ...edges: [string, string][]
): NirGraph => ({ nodes: new Map(Object.entries(nodes)), edges });

export const input = (...shape: number[]): NirNode => ({
  type: 'Input',
  shape,
});
export const output = (...shape: number[]): NirNode => ({
  type: 'Output',
  shape,
});

/** What a node gives, tick by tick, for values at an Input before it. */
export async function through(
  node: NirNode,
  shape: Shape,
  values: readonly (readonly number[])[],
  options: {
    dt?: number;
    round?: boolean;
    after?: SamplesOptions['after'];
  } = {},
): Promise<Doings> {
  const { dt = 1, after = 'zero', ...rest } = options;
  const nodes = { in: input(...shape), node };
  const network = networkFromNir(graph(nodes, ['in', 'node']), {
    dt,
    inputs: { in: { values: values.flat(), after } },
    ...rest,
  });
  return doings(network, values.length);
}

/** The same network by way of a file, with the same sources. */
export async function byFile(
  network: Network,
  seed: number,
  file = true,
): Promise<Network> {
  const made = networkToNir(network, { seed });
  const read = file ? (await readNir(await writeNir(made))).graph : made;
  const inputs = Object.fromEntries(
    network.populations.flatMap(({ name, source }) =>
      source && source.kind !== 'live' ? [[name, source.options]] : [],
    ),
  );
  return networkFromNir(read, { dt: network.dt, inputs });
}

/** Its names of state and outputs that a node of NIR has under others. */
const RENAMED: Readonly<Record<string, string>> = { x: 'v' };

/** The traces of a network, of the populations that another has too. */
export function expectSame(got: Doings, wanted: Doings, within: number): void {
  for (const [name, list] of Object.entries(wanted.spikes)) {
    expect([name, got.spikes[name]]).toEqual([name, list]);
  }
  for (const [key, rows] of Object.entries(wanted.traces)) {
    const at = key.lastIndexOf('.');
    const [name, variable] = [key.slice(0, at), key.slice(at + 1)];
    if (variable === 'rest') continue;
    const mine =
      got.traces[key] ?? got.traces[`${name}.${RENAMED[variable] ?? 'v'}`];
    const size = Math.max(1, ...rows.flat().map(Math.abs));
    rows.forEach((row, n) => {
      row.forEach((value, i) => {
        const apart = Math.abs(mine[n][i] - value);
        if (apart <= within * size) return;
        throw new Error(`${key}[${i}] at ${n}: ${mine[n][i]}, not ${value}`);
      });
    });
  }
}

export const sorted = (edges: readonly (readonly [string, string])[]) =>
  edges.map(([a, b]) => JSON.stringify([a, b])).sort();

/** Whether a graph is what another became; see the top. */
export function expectUnchanged(got: NirGraph, wanted: NirGraph): void {
  expect([...got.nodes.keys()].sort()).toEqual([...wanted.nodes.keys()].sort());
  for (const [name, node] of wanted.nodes) {
    expect(got.nodes.get(name)).toStrictEqual(node);
  }
  expect(sorted(got.edges)).toEqual(sorted(wanted.edges));
  expect(got.metadata).toStrictEqual(wanted.metadata);
}
