/**
 * isochron nir on files written here. Oracles: the graph that was written;
 * impulses, whose sums and ticks are known; the same run through the library.
 */

import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readNir, writeNir } from '../../src/nir/file.ts';
import type { NirGraph, NirNode } from '../../src/nir/graph.ts';
import { networkFromNir } from '../../src/nir/to-network.ts';
import { build, chain, lif } from '../nir/build.ts';
import { doings, graph, input, output, t } from '../nir/convert-run.ts';
import { complaint, isochron, lines, objects, temporary } from './run.ts';

const each = (size: number, value: number) =>
  t([size], ...Array<number>(size).fill(value));
const cell: NirNode = {
  ...{ type: 'LIF', tau: t([3], 0.01, 0.02, 0.04), r: each(3, 30) },
  ...{ v_leak: each(3, 0), v_threshold: each(3, 1), v_reset: each(3, 0) },
};
const weight = t([3, 2], 1, 2, 3, 4, 5, 6);
const line: NirGraph = graph(
  {
    in: input(2),
    fc: { type: 'Linear', weight },
    late: { type: 'Delay', delay: t([3], 0.002, 0.0034, 0.007) },
    cell,
    out: output(3),
  },
  ['in', 'fc'],
  ['fc', 'late'],
  ['late', 'cell'],
  ['cell', 'out'],
);
const looped: NirGraph = {
  nodes: new Map([
    ...line.nodes,
    ['back', { type: 'Scale', scale: each(3, 1) }],
  ]),
  edges: [...line.edges, ['cell', 'back'], ['back', 'cell']],
};

let folder = '';
beforeAll(async () => {
  folder = temporary();
  const put = (name: string, bytes: Uint8Array) =>
    fs.writeFileSync(path.join(folder, name), bytes);
  put('line.nir', await writeNir(line));
  put('looped.nir', await writeNir(looped));
  put('broken.nir', (await writeNir(line)).subarray(0, 900));
  put('single.nir', await build(chain({ ...lif, r: 2 })));
});

const nir = (...args: string[]) => isochron(['nir', ...args], { cwd: folder });

describe.concurrent('shows a file', () => {
  test('nodes with ranges and units, populations, delays, window', async () => {
    const { code, stdout, stderr } = await nir('line.nir', '--dt', '0.2');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^line\.nir: NIR 1\.0, 5 nodes, 4 edges\n/);
    const cells = (start: RegExp) =>
      lines(stdout)
        .filter((text) => start.test(text))
        .map((text) => text.split(/ {2,}/));
    expect(cells(/^fc /)).toEqual([
      ['fc', 'Linear', '[2]', '[3]', 'weight 1 to 6'],
      ['fc', '3', 'relay', 'values'],
      ['fc', 'late', 'values', '3', '2 to 7 ms'],
    ]);
    expect(cells(/^cell /)).toEqual([
      [
        ...['cell', 'LIF', '[3]', '[3]'],
        'tau 0.01 to 0.04 s, r 30, v_leak 0, v_threshold 1, v_reset 0',
      ],
      ['cell', '3', 'LIF', 'spikes'],
      ['cell', 'out', 'spikes', '3'],
    ]);
    expect(cells(/^late /)[0][4]).toBe('delay 0.002 to 0.007 s');
    expect(stdout).toMatch(/^dt = 0\.2 ms; a window has 32 ticks: /m);
  });

  test('--json: the file, then the network', async () => {
    const { code, stdout } = await nir('line.nir', '--dt', '0.2', '--json');
    expect(code).toBe(0);
    const [file, network, ...more] = objects(stdout);
    expect(more).toEqual([]);
    expect(file).toMatchObject({ file: 'line.nir', version: '1.0' });
    expect(new Set((file.edges as string[][]).map(String))).toEqual(
      new Set(line.edges.map(String)),
    );
    const late = (file.nodes as { node: string }[]).find(
      ({ node }) => node === 'late',
    );
    expect(late).toEqual({
      ...{ node: 'late', type: 'Delay', input: [3], output: [3] },
      parameters: [
        { name: 'delay', low: 0.002, high: 0.007, shape: [3], unit: 's' },
      ],
    });
    expect(network).toMatchObject({ dtMs: 0.2, window: { ticks: 32 } });
    expect(network.projections).toContainEqual({
      ...{ from: 'fc', to: 'late', sends: 'values' },
      ...{ synapses: 3, delayMs: [2, 7] },
    });
  });

  test('--lenient: what was mended is told, and can be run', async () => {
    const strict = await nir('single.nir');
    expect(strict.code).toBe(1);
    expect(complaint(strict)).toMatch(/"node" \(LIF\) has r \[1\]/);
    const { code, stderr, stdout } = await nir(
      ...['single.nir', '--lenient', '--run', '5', '--json'],
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^warning: single\.nir: .*single r, 2: taken for all/,
    );
    expect(objects(stdout)).toHaveLength(3);
  });
});

describe.concurrent('--run', () => {
  test('the impulse: the library gives the same spikes and values', async () => {
    const args = ['line.nir', '--dt', '0.2', '--run', '40', '--json'];
    const { code, stdout } = await nir(...args);
    expect(code).toBe(0);
    const row = objects(stdout)[2];
    const network = networkFromNir(line, {
      dt: 0.2,
      inputs: { in: { values: [1, 1] } },
    });
    const { spikes, traces } = await doings(network, 200);
    expect(spikes['cell'].length).toBeGreaterThan(0);
    expect(row).toMatchObject({ input: 'impulse', ranMs: 40, ticks: 200 });
    expect(row.results).toEqual([
      { population: 'fc', final: traces['fc.y'][199] },
      { population: 'late', final: traces['late.y'][199] },
      { population: 'cell', spikes: spikes['cell'].length },
      { population: 'out', final: traces['out.y'][199] },
    ]);
    expect(row.realTimeFactor).toBeGreaterThan(0);
  });

  test('after one tick the impulse is at the Linear: its sums', async () => {
    const run = ['--run', '0.2', '--dt', '0.2'];
    const { stdout } = await nir('line.nir', ...run);
    expect(stdout).toMatch(/^fc +3 to 11$/m);
    expect(stdout).toMatch(/^cell +0$/m);
    expect(stdout).toMatch(
      /0\.2 ms of model time \(1 ticks, impulse .*real-time/,
    );
  });

  test('--input zeros: nothing happens', async () => {
    const run = ['--run', '40', '--dt', '0.2', '--input', 'zeros', '--json'];
    const row = objects((await nir('line.nir', ...run)).stdout)[2];
    expect(row.results).toContainEqual({ population: 'cell', spikes: 0 });
    expect(row.results).toContainEqual({ population: 'out', final: [0, 0, 0] });
  });

  test('in float32 too', async () => {
    const on = ['--run', '4', '--dt', '0.2', '--backend', 'cpu', '--json'];
    const row = objects((await nir('line.nir', ...on)).stdout)[2];
    expect(row.backend).toMatch('float32');
  });
});

describe.concurrent('loops, rounding, what is written', () => {
  test('a loop: an error that names it; --close-loops mends it', async () => {
    const ending = await nir('looped.nir', '--dt', '0.2');
    expect(ending.code).toBe(1);
    expect(complaint(ending)).toMatch(
      /The loop cell -> back -> cell .*--close-loops/,
    );
    const args = ['--dt', '0.2', '--close-loops', '--write', 'closed.nir'];
    const mended = await nir('looped.nir', ...args, '--draw', 'c.svg');
    expect(mended.code).toBe(0);
    expect(mended.stderr).toMatch(
      /^warning: looped\.nir: Edge back -> cell got a delay of one dt, 0\.2 ms/,
    );
    expect(mended.stdout).toMatch('written: closed.nir');
    expect(mended.stdout).toMatch('picture: c.svg');
    const read = async (name: string) =>
      (await readNir(fs.readFileSync(path.join(folder, name)))).graph;
    const written = await read('closed.nir');
    for (const [name, node] of looped.nodes) {
      expect(written.nodes.get(name)).toEqual(node);
    }
    expect(written.nodes.get('back->cell.delay')).toEqual({
      type: 'Delay',
      delay: each(3, 0.0002),
    });
    expect((await nir('closed.nir', '--dt', '0.2')).code).toBe(0);
    const svg = fs.readFileSync(path.join(folder, 'c.svg'), 'utf8');
    for (const name of looped.nodes.keys()) {
      expect(svg).toContain(`data-population="${name}"`);
    }
    expect(svg).toContain('0.2 ms');
  });

  test('a delay between ticks: an error; --round tells what it did', async () => {
    const ending = await nir('line.nir');
    expect(ending.code).toBe(1);
    expect(complaint(ending)).toMatch(
      /"late" \(Delay\) 3\.4 ms is not a multiple/,
    );
    const args = ['--round', '--write', 'rounded.nir'];
    const { code, stderr } = await nir('line.nir', ...args);
    expect(code).toBe(0);
    expect(stderr).toMatch(/"late" \(Delay\) .*rounded .*by 0\.4 ms at most/);
    const bytes = fs.readFileSync(path.join(folder, 'rounded.nir'));
    const { nodes } = (await readNir(bytes)).graph;
    expect(nodes.get('late')).toEqual({
      type: 'Delay',
      delay: t([3], 0.002, 0.003, 0.007),
    });
  });

  test('a file written back as it is: the same graph', async () => {
    const args = ['line.nir', '--dt', '0.2', '--write', 'same.nir'];
    expect((await nir(...args)).code).toBe(0);
    const { graph: read } = await readNir(
      fs.readFileSync(path.join(folder, 'same.nir')),
    );
    expect(Object.fromEntries(read.nodes)).toEqual(
      Object.fromEntries(line.nodes),
    );
    expect(read.edges.map(String).sort()).toEqual(
      line.edges.map(String).sort(),
    );
  });
});

describe.concurrent('failures', () => {
  test.each<[string, number, RegExp]>([
    ['', 2, /No file: give the path/],
    ['line.nir looped.nir', 2, /Unexpected "looped.nir"/],
    ['line.nir --dt 0', 2, /--dt = 0: give a number above 0, in ms/],
    ['line.nir --run x', 2, /--run = "x": give a number above 0, in ms/],
    [
      'line.nir --input noise',
      2,
      /--input = "noise": give one of impulse, zeros/,
    ],
    [
      'line.nir --dt 0.2 --run 0.3',
      1,
      /0\.3 ms is not a multiple of dt = 0\.2/,
    ],
    ['line.nir --dt 0.2 --run 1 --dtype f16', 2, /--dtype = "f16"/],
    ['nosuch.nir', 1, /nosuch\.nir cannot be read/],
    ['broken.nir', 1, /HDF5|damaged|complete/i],
    ['line.nir --dt 0.2 --write no/such.nir', 1, /no\/such\.nir cannot be/],
    ['line.nir --dt 0.2 --draw no/such.svg', 1, /no\/such\.svg cannot be/],
  ])('%s', async (command, code, told) => {
    const ending = await nir(...command.split(' ').filter(Boolean));
    expect(ending.code).toBe(code);
    expect(complaint(ending)).toMatch(told);
  });

  test('--json: an object that tells it', async () => {
    const { code, stdout } = await nir('looped.nir', '--dt', '0.2', '--json');
    expect(code).toBe(1);
    expect(objects(stdout).at(-1)).toMatchObject({ type: 'DelayError' });
  });
});
