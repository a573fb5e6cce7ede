/**
 * Oracle: the circuit that a graph makes. Value and error neurons joined by hand
 * go through the same states, bit by bit, as inference learning on that graph.
 */

import { expect, test } from 'vitest';
import { GraphBuilder } from '../../src/graph/graph.ts';
import { valueError } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { NetworkRun } from '../../src/network/run/run.ts';
import { matrix } from '../../src/network/synapses.ts';
import { il } from '../../src/rules/il.ts';
import { Simulation } from '../../src/simulation/simulate.ts';
import { describeBackends } from '../backends.ts';

const X = [0.5, -1.25];
const W1 = [
  [0.3, -0.7],
  [1.1, 0.4],
  [-0.2, 0.9],
];
const W2 = [
  [0.6, -0.5, 0.8],
  [-0.9, 0.1, 0.35],
];
const TARGET = [1, -0.5];
const GAMMA = 0.125;
const TICKS = 40;

const transposed = (rows: readonly number[][]) =>
  rows[0].map((_, i) => rows.map((row) => row[i]));

describeBackends('value and error neurons joined by hand', (open) => {
  test('are the populations of inference learning, to the bit', async () => {
    const backend = await open();
    const g = new GraphBuilder();
    const h = g
      .input('x', [1, 2], X)
      .linear(g.param('W1', [3, 2], W1.flat()))
      .named('h');
    const graph = g.output(
      h.linear(g.param('W2', [2, 3], W2.flat())).named('out'),
      'half_sse',
      { target: TARGET },
    );
    const simulation = Simulation.open(graph, {
      rule: il({ gamma: GAMMA, steps: TICKS }),
      backend,
    });
    const expected = { x: [] as number[][], eps: [] as number[][] };
    const prediction: number[][] = [];
    simulation.probe('h').value$.subscribe(({ data }) => {
      expected.x.push([...data]);
    });
    simulation.probe('h').error$.subscribe(({ data }) => {
      expected.eps.push([...data]);
    });
    simulation.probe('out').prediction$.subscribe(({ data }) => {
      prediction.push([...data]);
    });
    await simulation.step({ target: TARGET });
    simulation.close();

    // The circuit at t = 0: x = mu, and an error at the output alone.
    const start = expected.x[0];
    const mu = prediction[0];
    const single = (x: number) =>
      backend.dtype === 'f32' ? Math.fround(x) : x;
    const first = mu.map((m, i) => single(m - single(TARGET[i])));
    const net = new Network({ dt: 1 });
    const x = net.samples('x', 2, { values: X, after: 'hold' });
    const hidden = net.population('h', 3, valueError, {
      parameters: { gamma: GAMMA },
      start: { x: start, mu0: start },
    });
    const clamped = {
      name: 'clamped',
      ports: ['mu'],
      parameters: { y: 0 },
      state: {},
      update: {},
      outputs: { eps: 'mu - y' },
    };
    const out = net.population('out', 2, clamped, {
      parameters: { y: TARGET },
      history: { eps: first },
    });
    net.project(x, hidden, { pattern: matrix(W1), port: 'mu', delay: 0 });
    net.project(hidden, out, { pattern: matrix(W2), output: 'x', delay: 0 });
    net.project(out, hidden, {
      pattern: matrix(transposed(W2)),
      port: 's',
      delay: 1,
    });
    const run = NetworkRun.open(net, { backend });
    const seen = { x: [start], eps: [[0, 0, 0]] };
    for (const name of ['x', 'eps'] as const) {
      run.state$('h', name).subscribe(({ data }) => seen[name].push([...data]));
    }
    await run.run(TICKS);
    run.destroy();
    expect(expected.x.length).toBeGreaterThan(TICKS - 2);
    const same = (values: number[][]) =>
      values.slice(0, expected.x.length).map((row) => row.map((v) => v + 0));
    expect(same(seen.x)).toEqual(same(expected.x));
    expect(same(seen.eps)).toEqual(same(expected.eps));
    expect(seen.eps[20].some((eps) => eps !== 0)).toBe(true);
  });
});
