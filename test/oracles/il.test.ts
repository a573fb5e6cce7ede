/**
 * Oracle: inference learning of a three-layer network, one vertex per layer,
 * by another framework: energies at every step, final state and gradients.
 */

import { describe, expect, test } from 'vitest';
import { mlp } from '../../models/mlp.ts';
import { type Graph, GraphBuilder } from '../../src/graph/graph.ts';
import type { Vertex } from '../../src/graph/vertex.ts';
import { il } from '../../src/rules/il.ts';
import {
  cosine,
  type Named,
  type Numbers,
  negated,
  oracle,
  relativeDistance,
  relativeDistanceOfAll,
} from './oracle.ts';
import { show } from './run.ts';

interface IlRun {
  readonly eta: number;
  readonly steps: number;
  readonly fixed_prediction: boolean;
  readonly energy: readonly number[];
  readonly final_eps: Named;
  readonly final_v: Named;
  readonly gradients: Named;
  readonly euclid_dist_to_bp_weights: number;
  readonly cosine_to_bp: readonly number[];
}

const answers = oracle<{
  leaves: Named;
  target: Numbers;
  bp_gradients: Named;
  runs: Record<string, IlRun>;
}>('il_trajectories_mlp3');

/** The model of the house, with the parameters of the oracle. */
function network(): Graph {
  const graph = mlp({ sizes: [5, 7, 6, 3], batch: 4, vertices: 'layer' });
  const inits = new Map(
    [...graph.inits.keys()].map((id) => [
      id,
      { kind: 'values' as const, data: answers.leaves[id].data },
    ]),
  );
  return { ...graph, inits };
}

const feeds = { x: answers.leaves.x.data, target: answers.target.data };
const population: Record<string, string> = { v1: 'h1', v2: 'h2', v3: 'y' };
const weights = ['W1', 'W2', 'W3'];

describe.each(Object.entries(answers.runs))('%s', (_, run) => {
  const { eta: gamma, steps } = run;
  const prediction = run.fixed_prediction ? 'fixed' : 'recomputed';
  const result = show(network(), il({ gamma, steps, prediction }), {
    feeds,
    probes: [
      'energy',
      'h1.error',
      'h2.error',
      'y.error',
      'h1.value',
      'h2.value',
    ],
  });

  test('the energy at every tick', async () => {
    const { samples } = await result;
    const energies = samples.get('energy') ?? [];
    expect(energies).toHaveLength(steps + 1);
    // A long run keeps its first and its last energy.
    const found =
      run.energy.length === 2
        ? [energies[0], energies[steps]]
        : energies.slice();
    expect(found).toHaveLength(run.energy.length);
    found.forEach(([energy], t) => {
      expect(Math.abs(energy / run.energy[t] - 1)).toBeLessThan(1e-12);
    });
  });

  test('the final errors and values, by Euclidean norm', async () => {
    const { samples } = await result;
    for (const [id, { data }] of Object.entries(run.final_eps)) {
      const eps = samples.get(`${population[id]}.error`)?.[steps] ?? [];
      // The oracle's sign is x - mu.
      expect(relativeDistance(negated(eps), data)).toBeLessThan(1e-12);
    }
    for (const [id, { data }] of Object.entries(run.final_v)) {
      const x = samples.get(`${population[id]}.value`)?.[steps] ?? [];
      expect(relativeDistance(x, data)).toBeLessThan(1e-12);
    }
  });

  test('the gradients, and their angle to those of bp', async () => {
    const { gradients } = await result;
    expect(gradients.size).toBe(6);
    expect(relativeDistanceOfAll(gradients, run.gradients)).toBeLessThan(1e-12);
    weights.forEach((id, layer) => {
      const angle = cosine(
        gradients.get(id) ?? [],
        answers.bp_gradients[id].data,
      );
      expect(angle).toBeCloseTo(run.cosine_to_bp[layer], 12);
    });
  });
});

/** Distance of the gradients to those of bp, relative to bp's. */
async function toBp(steps: number, prediction: 'fixed' | 'recomputed') {
  const { gradients } = await show(
    network(),
    il({ gamma: 0.1, steps, prediction }),
    { feeds },
  );
  return relativeDistanceOfAll(gradients, answers.bp_gradients);
}

describe('IL converges to bp with fixed predictions only', () => {
  test('fixed: the divergence goes to rounding', async () => {
    expect(await toBp(20, 'fixed')).toBeGreaterThan(1e-2);
    expect(await toBp(100, 'fixed')).toBeLessThan(1e-3);
    expect(await toBp(500, 'fixed')).toBeLessThan(1e-13);
  });

  test('recomputed: it stays, and rest is another point', async () => {
    const late = await toBp(1000, 'recomputed');
    expect(late).toBeGreaterThan(0.5);
    expect(await toBp(2000, 'recomputed')).toBeCloseTo(late, 12);
  });
});

/** P(Binomial(n, p) >= k), summed from the least term's side. */
function binomialTail(n: number, p: number, k: number): number {
  let sum = 0;
  for (let j = n; j >= k; j--) {
    let ways = 1;
    for (let i = 1; i <= j; i++) ways = (ways * (n - j + i)) / i;
    sum += ways * p ** j * (1 - p) ** (n - j);
  }
  return sum;
}

/**
 * Oracle: with predictions fixed, an error is a sum of coin tosses; the vertex
 * k edges from the output holds delta_k P(Binomial(n, gamma) >= k).
 */
test.each([
  [0.05, 3, 60],
  [0.3, 8, 30],
  [0.5, 12, 24],
  [0.9, 5, 12],
  [1, 6, 9],
])('the transient of a chain: gamma %f, depth %i', async (gamma, depth, n) => {
  const g = new GraphBuilder();
  const factors = Array.from({ length: depth }, (_, k) => 0.5 + (k % 3) * 0.4);
  let x: Vertex = g.input('x', [1], [1.25]).scale(1).named(`v${depth}`);
  for (let k = depth - 1; k >= 0; k--) x = x.scale(factors[k]).named(`v${k}`);
  const probes = Array.from({ length: depth + 1 }, (_, k) => `v${k}.error`);
  const { samples } = await show(
    g.output(x, 'half_sse', { target: [-0.75] }),
    il({ gamma, steps: n, prediction: 'fixed' }),
    { probes },
  );
  let delta = 1.25 * factors.reduce((a, b) => a * b, 1) + 0.75;
  for (let k = 0; k <= depth; k++) {
    if (k > 0) delta *= factors[k - 1];
    for (let t = 0; t <= n; t++) {
      const [eps] = samples.get(`v${k}.error`)?.[t] ?? [];
      const expected = delta * binomialTail(t, gamma, k);
      expect(Math.abs(eps - expected)).toBeLessThan(1e-12 * Math.abs(delta));
    }
  }
});
