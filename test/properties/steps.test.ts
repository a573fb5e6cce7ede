/** What step sizes do to errors: exact factors, and exact arrival. */

import fc from 'fast-check';
import { test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { type Graph, parametersOf } from '../../src/graph/graph.ts';
import { level } from '../../src/graph/level.ts';
import { bp } from '../../src/rules/bp.ts';
import { il } from '../../src/rules/il.ts';
import { zil } from '../../src/rules/zil.ts';
import { graphs } from '../arbitraries/index.ts';
import { expectSameBits, gradientsOf, type Values } from './support.ts';

const RUNS = { numRuns: 300 };

for (const dtype of ['f64', 'f32'] as const) {
  const backend = new CpuBackend(dtype);

  // Oracle: Song 2020, A.5. A reader at level l has the error gamma^l delta
  // when its parameters learn; the message that reaches a parameter of level
  // l + 1 is linear in it, and halving a number rounds nothing.
  test(`${dtype}: gamma = 1/2 gives gamma^l times BP's gradient, to the bit`, async () => {
    await fc.assert(
      fc.asyncProperty(graphs({ join: true }), async (graph) => {
        const options = { form: 'explicit' } as const;
        const wanted = await gradientsOf(graph, bp(), backend);
        const rule = zil({ gamma: 0.5 });
        const got = await gradientsOf(graph, rule, backend, options);
        // Below the normal numbers halving does round.
        const subnormal = dtype === 'f32' ? 2 ** -120 : 2 ** -1000;
        fc.pre([...wanted.values()].every((v) => noneBelow(v, subnormal)));
        expectSameBits(got, halved(graph, wanted));
      }),
      RUNS,
    );
  });

  // Oracle: BP with the same order of sums; levelled or not, every error has
  // arrived after as many steps as the longest path has edges.
  test(`${dtype}: fixed predictions and gamma = 1 reach BP after K steps`, async () => {
    await fc.assert(
      fc.asyncProperty(
        graphs({ join: true }),
        fc.nat(3),
        async (graph, more) => {
          const wanted = await gradientsOf(graph, bp(), backend);
          const steps = level(graph).depth + more;
          const rule = il({ gamma: 1, prediction: 'fixed', steps });
          expectSameBits(await gradientsOf(graph, rule, backend), wanted);
        },
      ),
      RUNS,
    );
  });
}

function halved(graph: Graph, gradients: Values): Values {
  const { levels } = level(graph);
  const all = new Map<string, number[]>();
  for (const parameter of parametersOf(graph)) {
    const gradient = gradients.get(parameter.id);
    const own = levels.get(parameter);
    if (!gradient || own === undefined) continue;
    const factor = 0.5 ** (own - 1);
    all.set(
      parameter.id,
      Array.from(gradient, (g) => factor * g),
    );
  }
  return all;
}

function noneBelow(data: ArrayLike<number>, least: number): boolean {
  return Array.from(data).every((x) => x === 0 || Math.abs(x) > least);
}
