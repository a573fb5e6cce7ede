/**
 * Oracle: Millidge 2020, section 2.1, v_L = tan(sqrt(theta v0)) + sin(v0^2):
 * closed forms, and the divergence of fixed-prediction IL step by step for
 * seven step sizes by another framework.
 */

import { describe, expect, test } from 'vitest';
import { tanSqrtSin } from '../../models/toys.ts';
import { bp } from '../../src/rules/bp.ts';
import { il } from '../../src/rules/il.ts';
import { zil } from '../../src/rules/zil.ts';
import { oracle } from './oracle.ts';
import { gradientsOverTime, show } from './run.ts';

const answers = oracle<{
  dL_dv0: number;
  fixed_points: Record<'eps1' | 'eps2' | 'eps3' | 'eps4', number>;
  curves: Record<
    string,
    { divergence_first_101: readonly number[]; divergence_at_500: number }
  >;
}>('toy_millidge_trajectory');

const [v0, theta, target] = [5, 2, 3];
const root = Math.sqrt(theta * v0);
const vL = Math.tan(root) + Math.sin(v0 ** 2);
const e0 = vL - target;
const dRoot = (1 + Math.tan(root) ** 2) / (2 * root);
const dv0 = e0 * (dRoot * theta + Math.cos(v0 ** 2) * 2 * v0);
const dtheta = e0 * dRoot * v0;

function expectClose(found: number | undefined, expected: number): void {
  const distance = Math.abs((found ?? Number.NaN) / expected - 1);
  expect(distance).toBeLessThan(1e-12);
}

describe('closed forms', () => {
  test('agree with the printed values', () => {
    expectClose(vL, -0.11166379285306455);
    expectClose(dv0, -31.827314641658038);
    expectClose(dtheta, -2.4610390779021243);
  });

  const rules = [bp(), zil(), il({ gamma: 1, steps: 4, prediction: 'fixed' })];
  test.each(rules.map((rule) => [rule.name, rule] as const))(
    'hold for %s',
    async (_, rule) => {
      for (const paper of [false, true]) {
        const { loss, gradients } = await show(tanSqrtSin({ paper }), rule);
        expectClose(loss, e0 ** 2 / 2);
        expectClose(gradients.get('v0')?.[0], dv0);
        expectClose(gradients.get('theta')?.[0], dtheta);
      }
    },
  );
});

test('there are seven step sizes', () => {
  expect(Object.keys(answers.curves)).toHaveLength(7);
  expectClose(answers.dL_dv0, dv0);
});

describe.each(Object.entries(answers.curves))('gamma = %s', (text, curve) => {
  const gamma = Number(text);
  const graph = tanSqrtSin({ paper: true });

  test('the divergence from bp at each of 101 instants and at 500', async () => {
    const gradients = await gradientsOverTime(graph, {
      gamma,
      steps: 500,
      prediction: 'fixed',
    });
    const divergence = (await gradients('v0')).map(([found]) =>
      Math.abs(found - dv0),
    );
    // To 1e-12 of the gradient: the last divergences are rounding themselves.
    const tolerance = 1e-12 * Math.abs(dv0);
    expect(curve.divergence_first_101).toHaveLength(101);
    curve.divergence_first_101.forEach((expected, t) => {
      expect(Math.abs(divergence[t] - expected)).toBeLessThan(tolerance);
    });
    const late = Math.abs(divergence[500] - curve.divergence_at_500);
    expect(late).toBeLessThan(tolerance);
  });

  test('the errors follow their closed forms', async () => {
    const steps = 100;
    const { samples } = await show(
      graph,
      il({ gamma, steps, prediction: 'fixed' }),
      { probes: ['v1.error', 'v2.error', 'v3.error', 'vL.error'] },
    );
    const { eps1, eps2, eps3, eps4 } = answers.fixed_points;
    const q = 1 - gamma;
    for (let n = 0; n <= steps; n++) {
      const reached = 1 - q ** n;
      const slope = n === 0 ? 0 : n * gamma * q ** (n - 1);
      const expected = {
        v1: eps1 * (reached - slope),
        v2: eps2 * reached,
        v3: eps3 * reached,
        vL: eps4,
      };
      for (const [id, value] of Object.entries(expected)) {
        const [eps] = samples.get(`${id}.error`)?.[n] ?? [];
        expect(Math.abs(-eps - value)).toBeLessThan(1e-12 * eps4);
      }
    }
  });
});
