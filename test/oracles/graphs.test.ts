/**
 * Oracle: gradients, activations and levels of another framework's automatic
 * differentiation, in float64.
 */

import { describe, expect, test } from 'vitest';
import { graphFromJson } from '../../src/graph/json.ts';
import { delayCost, level } from '../../src/graph/level.ts';
import { bp } from '../../src/rules/bp.ts';
import { fazil } from '../../src/rules/fazil.ts';
import { zil } from '../../src/rules/zil.ts';
import {
  type GraphOracle,
  graphOracles,
  oracle,
  relativeDistance,
  relativeDistanceOfAll,
} from './oracle.ts';
import { type ShowOptions, show } from './run.ts';

const names = graphOracles();

test('the oracles whose ops exist are all here', () => {
  expect(names).toEqual(
    expect.arrayContaining([
      'mlp2_tanh',
      'mlp3_relu',
      'mlp4_mixed_xent',
      'residual_mlp',
      'rnn_salvatori_eq36',
      'toy_millidge_tan_sqrt_sin',
      'toy_salvatori_skip',
    ]),
  );
});

const ways: readonly [string, () => ReturnType<typeof zil>, ShowOptions][] = [
  ['zil, pruned', zil, { mode: 'pruned' }],
  ['zil, event-driven', zil, { mode: 'event-driven' }],
  ['zil, clocked', zil, { mode: 'clocked' }],
  ['zil, explicit', zil, { form: 'explicit' }],
  ['zil, explicit and clocked', zil, { form: 'explicit', mode: 'clocked' }],
  ['zil, least delay', zil, { levelling: 'least-delay' }],
  ['fazil', fazil, {}],
  ['fazil, explicit', fazil, { form: 'explicit' }],
];

describe.each(names)('%s', (name) => {
  const answers = oracle<GraphOracle>(name);
  const graph = graphFromJson(answers, name);

  test('the loss and the gradients of bp', async () => {
    const { loss, gradients } = await show(graph, bp());
    expect(Math.abs(loss / answers.loss.value - 1)).toBeLessThan(1e-12);
    expect(gradients.size).toBe(
      answers.graph.filter(({ op }) => op === 'param').length,
    );
    expect(relativeDistanceOfAll(gradients, answers.gradients)).toBeLessThan(
      1e-12,
    );
  });

  test.each(ways)('the gradients of %s', async (_, rule, options) => {
    const { gradients } = await show(graph, rule(), options);
    expect(relativeDistanceOfAll(gradients, answers.gradients)).toBeLessThan(
      1e-12,
    );
  });

  test('the gradients in float32', async () => {
    for (const rule of [bp(), zil(), fazil()]) {
      const { gradients } = await show(graph, rule, { dtype: 'f32' });
      const distance = relativeDistanceOfAll(gradients, answers.gradients);
      expect(distance).toBeLessThan(2e-5);
      // Single precision: were it smaller, float64 would have been at work.
      expect(distance).toBeGreaterThan(1e-10);
    }
  });

  test('activations, and the error of each vertex at its level', async () => {
    const ids = Object.keys(answers.activations);
    const probes = ids.flatMap((id) => [`${id}.prediction`, `${id}.error`]);
    const { samples } = await show(graph, zil(), { probes });
    for (const id of ids) {
      const forward = samples.get(`${id}.prediction`)?.[0] ?? [];
      const activation = answers.activations[id].data;
      expect(relativeDistance(forward, activation)).toBeLessThan(1e-12);
      const errors = samples.get(`${id}.error`) ?? [];
      const depth = answers.levels.depth[id];
      const delta = answers.vertex_gradients[id].data;
      expect(relativeDistance(errors[depth], delta)).toBeLessThan(1e-12);
      for (const early of errors.slice(0, depth)) {
        expect(early.every((eps) => eps === 0)).toBe(true);
      }
    }
  });

  test('levels, identity vertices and K', () => {
    const { levels, axons, depth, vertices } = level(graph);
    const found = Object.fromEntries(
      vertices.map((v) => [v.id, levels.get(v)]),
    );
    expect(found).toEqual(answers.levels.depth);
    expect(depth).toBe(answers.levels.K);
    const key = (from: string, to: string, slot: number) =>
      `${from} to ${to}, slot ${slot}`;
    const inputs = new Set(
      answers.graph.filter(({ op }) => op === 'input').map(({ id }) => id),
    );
    // A data input needs no error, so no delays.
    const expected = answers.levels.identity_vertices
      .filter(({ child }) => !inputs.has(child))
      .map(({ child, parent, operand, count }) => [
        key(child, parent, operand),
        count,
      ]);
    const delays = axons
      .filter(({ delay }) => delay > 0)
      .map(({ from, to, slot, delay }) => [key(from.id, to.id, slot), delay]);
    expect(Object.fromEntries(delays)).toEqual(Object.fromEntries(expected));
    const explicit = level(graph, { form: 'explicit' });
    expect(explicit.vertices.length - vertices.length).toBe(
      delayCost(level(graph)).steps,
    );
  });
});
