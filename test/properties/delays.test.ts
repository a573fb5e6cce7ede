/** Where delays are, and which levels they serve, changes no gradient. */

import fc from 'fast-check';
import { describe, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import type { DelayForm, Levelling } from '../../src/graph/level.ts';
import { bp } from '../../src/rules/bp.ts';
import { graphs, integerGraphs } from '../arbitraries/index.ts';
import { exactRules, expectSameBits, gradientsOf } from './support.ts';

const RUNS = { numRuns: 300 };
const backend = new CpuBackend('f32');
const forms: readonly DelayForm[] = ['axonal', 'explicit'];
const levellings: readonly Exclude<Levelling, 'none'>[] = [
  'longest-path',
  'least-delay',
];

for (const levelling of levellings) {
  describe(`levels by ${levelling}`, () => {
    for (const rule of exactRules) {
      // Oracle: BP on the same levels, which fix the order of sums.
      for (const form of forms) {
        test(`${rule.name}, ${form} delays = BP to the bit`, async () => {
          await fc.assert(
            fc.asyncProperty(graphs({ join: true }), async (graph) => {
              const wanted = await gradientsOf(graph, bp(), backend, {
                levelling,
              });
              const got = await gradientsOf(graph, rule, backend, {
                levelling,
                form,
              });
              expectSameBits(got, wanted);
            }),
            RUNS,
          );
        });
      }
    }

    // Oracle: BP on the graph without identity vertices.
    test('BP through identity vertices = BP to the bit', async () => {
      await fc.assert(
        fc.asyncProperty(graphs({ join: true }), async (graph) => {
          const wanted = await gradientsOf(graph, bp(), backend, { levelling });
          const got = await gradientsOf(graph, bp(), backend, {
            levelling,
            form: 'explicit',
          });
          expectSameBits(got, wanted);
        }),
        RUNS,
      );
    });
  });
}

// Oracle: BP. Where nothing rounds, other levels and so another order of sums
// must not show either.
test('all levels and forms agree exactly on integers', async () => {
  await fc.assert(
    fc.asyncProperty(integerGraphs({ join: true }), async (graph) => {
      const wanted = await gradientsOf(graph, bp(), backend);
      for (const rule of exactRules) {
        for (const levelling of levellings) {
          for (const form of forms) {
            const options = { levelling, form };
            const got = await gradientsOf(graph, rule, backend, options);
            expectSameBits(got, wanted);
          }
        }
      }
    }),
    { numRuns: 200 },
  );
});
