/**
 * Oracle: Z-IL with each of its conditions dropped alone, and Fa-Z-IL, on
 * networks in Song's convention, mu = theta f(x) + beta, by hand derivatives
 * of another framework.
 */

import { describe, expect, test } from 'vitest';
import type { ErrorEvent } from '../../src/circuit/event.ts';
import { type Graph, GraphBuilder } from '../../src/graph/graph.ts';
import type { Vertex } from '../../src/graph/vertex.ts';
import type { Ref } from '../../src/kernels/kernel.ts';
import { mapKernel } from '../../src/kernels/map.ts';
import { bp } from '../../src/rules/bp.ts';
import { fazil } from '../../src/rules/fazil.ts';
import { circuitRule, type Rule } from '../../src/rules/rule.ts';
import { zil } from '../../src/rules/zil.ts';
import {
  type Named,
  type Numbers,
  negated,
  oracle,
  relativeDistance,
} from './oracle.ts';
import { show } from './run.ts';

interface AblationCase {
  readonly activation: string;
  readonly theta: Named;
  readonly beta: Named;
  readonly s_in: Numbers;
  readonly s_out: Numbers;
  readonly c1_noise_unit: Named;
  readonly delta: Named;
  readonly bp_update: Named;
  readonly bp_update_bias: Named;
  readonly runs: Readonly<
    Record<string, { update: Named; distance_of_update_to_BP_alpha1: number }>
  >;
}

const { cases } = oracle<{ cases: readonly AblationCase[] }>(
  'zil_ablations_mlp',
);

/** phi(eps) eps, phi = 1 whenever a unit's error has just left 0. */
const leaves0 = mapKernel({
  name: 'leaves-0',
  each: ['eps', 'before'],
  outputs: [['gated', 'where(before != 0, 0, eps)']],
});

/**
 * Fa-Z-IL with the trigger of the oracle's long run, per unit: a unit whose
 * error comes back to 0 and leaves it again fires again. The rule of the
 * house fires once.
 */
function refiring(steps: number): Rule {
  return circuitRule({
    name: 'refiring',
    exact: false,
    levelling: 'longest-path',
    options: { steps },
    dynamics: { gamma: 1, prediction: 'recomputed' },
    *run(circuit) {
      const { recorder, parameters } = circuit;
      const last = new Map<Vertex, ErrorEvent>();
      const taught = new Map<ErrorEvent, Ref>();
      circuit.errors$.subscribe((event) => {
        const { from, eps, tick } = event;
        const known = last.get(from);
        const zero = recorder.constant(eps.size, 0);
        // No event in the tick before: the error was 0.
        const before = known?.tick === tick - 1 ? known.eps : zero;
        const [gated] = leaves0.emit(recorder.emit, [eps, before]);
        taught.set(event, gated);
        last.set(from, event);
      });
      const select = (event: ErrorEvent) => taught.get(event) ?? null;
      const sums = new Map<Vertex, Ref>();
      circuit.present();
      circuit.clamp();
      for (let t = 0; t < steps; t++) {
        for (const parameter of parameters) {
          const base = sums.get(parameter);
          const sum = circuit.gradient(parameter, { base, select });
          if (sum) sums.set(parameter, sum);
        }
        if (t < steps - 1) yield circuit.tick();
      }
      for (const [parameter, sum] of sums) circuit.commit(parameter, sum);
    },
  });
}

const rules: Readonly<Record<string, Rule>> = {
  zil: zil(),
  'gamma0.5': zil({ gamma: 0.5 }),
  'gamma0.9': zil({ gamma: 0.9 }),
  'no_level_all_at_T=lmax-1': zil({ plasticity: 'last' }),
  no_level_all_at_t0: zil({ plasticity: 'first' }),
  no_level_every_step: zil({ plasticity: 'every' }),
  'eps0_nonzero_sigma0.1': zil({ sigma: 0.1 }),
  eps0_nonzero_sigma1: zil({ sigma: 1 }),
  'fa_zil_unit_trigger_T=lmax': fazil({ trigger: 'unit', steps: 3 }),
  'fa_zil_unit_trigger_T=20': refiring(20),
  'fa_zil_layer_trigger_T=20': fazil({ trigger: 'population', steps: 20 }),
};

/** One vertex per layer l = 2, 1, 0; layer 0 is the output. */
function network({
  activation,
  theta,
  beta,
  s_in,
  s_out,
}: AblationCase): Graph {
  const g = new GraphBuilder();
  let x = g.input('x3', s_in.shape, s_in.data);
  for (const l of [2, 1, 0]) {
    const [weight, bias] = [theta[l + 1], beta[l + 1]];
    const W = g.param(`theta${l + 1}`, weight.shape, weight.data);
    const b = g.param(`beta${l + 1}`, bias.shape, bias.data);
    x = g.composite(
      [x, W, b],
      (x, W, b) => x.apply(activation).affine(W, b),
      `x${l}`,
    );
  }
  return g.output(x, 'half_sse', { target: s_out.data });
}

describe.each(cases)('$activation', (the) => {
  const graph = network(the);
  const feeds = (sigma: number) => ({
    x3: the.s_in.data,
    target: the.s_out.data,
    ...(sigma > 0
      ? Object.fromEntries(
          Object.entries(the.c1_noise_unit).map(([l, { data }]) => [
            `noise/x${l}`,
            data.map((noise) => sigma * noise),
          ]),
        )
      : {}),
  });

  test('every run has its rule', () => {
    expect(Object.keys(the.runs).sort()).toEqual(Object.keys(rules).sort());
  });

  test('bp, biases included, and the error that reaches each layer', async () => {
    const { gradients } = await show(graph, bp(), { feeds: feeds(0) });
    const expected = { ...the.bp_update, ...the.bp_update_bias };
    expect(Object.keys(expected).sort()).toEqual([...gradients.keys()].sort());
    for (const [id, { data }] of Object.entries(expected)) {
      const update = negated(gradients.get(id) ?? []);
      expect(relativeDistance(update, data)).toBeLessThan(1e-12);
    }
    const probes = ['x0.error', 'x1.error', 'x2.error'];
    const { samples } = await show(graph, zil(), { feeds: feeds(0), probes });
    [0, 1, 2].forEach((l) => {
      const eps = negated(samples.get(`x${l}.error`)?.[l] ?? []);
      expect(relativeDistance(eps, the.delta[l].data)).toBeLessThan(1e-12);
    });
  });

  test.each(Object.entries(the.runs))('%s', async (name, run) => {
    const rule = rules[name];
    const { gradients } = await show(graph, rule, { feeds: feeds(rule.sigma) });
    let distance = 0;
    for (const [id, { data }] of Object.entries(run.update)) {
      const update = negated(gradients.get(id) ?? []);
      expect(relativeDistance(update, data)).toBeLessThan(1e-12);
      const exact = the.bp_update[id].data;
      update.forEach((value, i) => {
        distance += (value - exact[i]) ** 2;
      });
    }
    const printed = run.distance_of_update_to_BP_alpha1;
    expect(Math.abs(Math.sqrt(distance) - printed)).toBeLessThan(1e-11);
    // An ablation that changed nothing would show nothing.
    const exact = rule.exact || name === 'fa_zil_layer_trigger_T=20';
    const noDeadUnit = the.activation !== 'relu' && name.startsWith('fa_zil');
    expect(printed > 1e-3).toBe(!exact && !noDeadUnit);
  });

  test('a unit that fires once gains nothing after the wave', async () => {
    const rule = fazil({ trigger: 'unit', steps: 20 });
    const { gradients } = await show(graph, rule, { feeds: feeds(0) });
    const { update } = the.runs['fa_zil_unit_trigger_T=lmax'];
    for (const [id, { data }] of Object.entries(update)) {
      const found = negated(gradients.get(id) ?? []);
      expect(relativeDistance(found, data)).toBeLessThan(1e-12);
    }
  });
});
