/**
 * That Z-IL equals bp comes out of the dynamics: whoever breaks them loses
 * it. Oracle: bp on a tape, which shares no code with circuits.
 */

import { beforeAll, describe, expect, test } from 'vitest';
import type { FloatArray } from '../../src/base/tensor.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { level } from '../../src/graph/level.ts';
import { bp } from '../../src/rules/bp.ts';
import { circuitRule } from '../../src/rules/rule.ts';
import { zil } from '../../src/rules/zil.ts';
import { show } from '../oracles/run.ts';
import { branching, layers } from './graphs.ts';
import { allSameBits, runLevelled } from './levelled-run.ts';

const graphs: readonly [string, Graph][] = [
  ['four layers', layers(4)],
  ['a branching graph', branching()],
];

/** zil that learns `lag` ticks after the error front has passed. */
const late = (lag: number) =>
  circuitRule({
    name: 'late',
    exact: false,
    levelling: 'longest-path',
    options: { lag },
    dynamics: { gamma: 1, prediction: 'recomputed' },
    *run(circuit) {
      circuit.present();
      circuit.clamp();
      for (let t = 0; t < circuit.levelled.depth + lag; t++) {
        if (t > 0) yield circuit.tick();
        circuit.learn(circuit.parametersAt(t + 1 - lag));
      }
    },
  });

describe.each(graphs)('%s', (_, graph) => {
  const levelled = level(graph);
  let exact: ReadonlyMap<string, FloatArray>;
  beforeAll(async () => {
    exact = (await show(graph, bp(), { dtype: 'f32' })).gradients;
  });

  const equalsBp = async (...run: Parameters<typeof runLevelled>) => {
    const [by, rule, options] = run;
    const found = await runLevelled(by, rule, { dtype: 'f32', ...options });
    return allSameBits(found.gradients, exact);
  };

  test('unspoilt, it equals bp in every bit', async () => {
    expect(await equalsBp(levelled, zil())).toBe(true);
    expect(await equalsBp(levelled, late(0))).toBe(true);
    const explicit = level(graph, { form: 'explicit' });
    expect(await equalsBp(explicit, zil())).toBe(true);
  });

  test('one axon a tick too slow, or too fast, breaks it', async () => {
    let spoilt = 0;
    for (const [place, axon] of levelled.axons.entries()) {
      if (axon.from.op === 'input') continue;
      for (const delay of [axon.delay - 1, axon.delay + 1]) {
        if (delay < 0) continue;
        const axons = levelled.axons.with(place, { ...axon, delay });
        expect(await equalsBp({ ...levelled, axons }, zil())).toBe(false);
        spoilt += 1;
      }
    }
    expect(spoilt).toBeGreaterThanOrEqual(levelled.axons.length - 1);
  });

  test('plasticity a tick too late breaks it', async () => {
    expect(await equalsBp(levelled, late(1))).toBe(false);
  });

  test('each condition dropped alone breaks it', async () => {
    expect(await equalsBp(levelled, zil({ gamma: 0.5 }))).toBe(false);
    expect(await equalsBp(levelled, zil({ plasticity: 'last' }))).toBe(false);
    expect(await equalsBp(levelled, zil({ plasticity: 'first' }))).toBe(false);
    expect(await equalsBp(levelled, zil({ plasticity: 'every' }))).toBe(false);
    const { gradients } = await show(graph, zil({ sigma: 0.1 }), {
      dtype: 'f32',
    });
    expect(allSameBits(gradients, exact)).toBe(false);
  });

  test('the error taken as mu - x after x has moved is another', async () => {
    const ids = levelled.vertices
      .filter((vertex) => !vertex.isLeaf && vertex !== graph.output)
      .map(({ id }) => id);
    const { samples } = await show(graph, zil(), {
      dtype: 'f32',
      probes: ids.flatMap((id) => [
        `${id}.error`,
        `${id}.prediction`,
        `${id}.value`,
      ]),
    });
    let different = 0;
    for (const vertex of levelled.vertices) {
      if (!ids.includes(vertex.id)) continue;
      const t = levelled.levels.get(vertex) ?? 0;
      const at = (what: string) => samples.get(`${vertex.id}.${what}`)?.[t];
      const [eps, mu, x] = [at('error'), at('prediction'), at('value')];
      eps?.forEach((kept, i) => {
        const taken = Math.fround((mu?.[i] ?? 0) - (x?.[i] ?? 0));
        // The same number but for rounding, and rounding it is.
        expect(Math.abs(taken - kept)).toBeLessThan(1e-6);
        if (taken !== kept) different += 1;
      });
    }
    expect(different).toBeGreaterThan(0);
  });
});

test('without delays a branching graph misses bp, a chain does not', async () => {
  for (const [name, graph] of graphs) {
    const exact = (await show(graph, bp())).gradients;
    const { gradients } = await show(graph, zil({ levelled: false }));
    expect(allSameBits(gradients, exact)).toBe(name === 'four layers');
  }
});
