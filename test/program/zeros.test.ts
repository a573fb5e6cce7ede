/**
 * Oracle: IEEE 754. 0 and -0 are two numbers, whose quotients are two
 * infinities: no part of the way may take calls for alike by them.
 */

import { expect, test } from 'vitest';
import type { Backend } from '../../src/backends/backend.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { GraphBuilder } from '../../src/graph/graph.ts';
import { bp } from '../../src/rules/bp.ts';
import { type Feeds, Simulation } from '../../src/simulation/simulate.ts';
import { describeBackends } from '../backends.ts';

/** Signs of the zeros that x * 0 and y * -0 are, by 1 / them. */
async function infinities(backend: Backend, same: boolean) {
  const g = new GraphBuilder();
  const x = g.input('x', [1, 64]);
  const y = same ? x : g.input('y', [1, 64]);
  const one = g.input('one', [1, 64]);
  const inverse = (zero: typeof x) => g.apply('div', [one, zero]);
  const both = g.apply('concat', [inverse(x.scale(0)), inverse(y.scale(-0))], {
    axis: 1,
  });
  const graph = g.output(both);
  const options = { rule: bp(), backend, optimiser: null, seed: 1 };
  const simulation = Simulation.open(graph, options);
  const ones = new Float32Array(64).fill(1);
  const feeds: Feeds = { x: ones, one: ones, ...(same ? {} : { y: ones }) };
  const values = await simulation.predict(feeds);
  simulation.destroy();
  return [values[0], values[63], values[64], values[127]];
}

const wanted = [Infinity, Infinity, -Infinity, -Infinity];

describeBackends('scale(0) and scale(-0)', (open) => {
  test.each([true, false])('of one operand: %s', async (same) => {
    expect(await infinities(await open(), same)).toEqual(wanted);
  });
});

test('calls alike as one', async () => {
  const backend = new CpuBackend('f32', { batches: true });
  expect(await infinities(backend, false)).toEqual(wanted);
});
