/** What arrives at one instant has no order among itself. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DelayForm } from '../../src/graph/level.ts';
import { fazil } from '../../src/rules/fazil.ts';
import { il } from '../../src/rules/il.ts';
import { zil } from '../../src/rules/zil.ts';
import { graphs } from '../arbitraries/index.ts';
import { givenBy, recordByHand, shuffleArrivals } from './by-hand.ts';
import { interpret } from './interpreter.ts';
import { expectSameBits } from './support.ts';

const RUNS = { numRuns: 200 };
const forms = fc.constantFrom<DelayForm>('axonal', 'explicit');

// Oracle: the undisturbed run.
for (const rule of [zil(), fazil(), il({ steps: 3, gamma: 0.1 })]) {
  test(`${rule.name}: the order of arrival within a tick makes no bit`, () => {
    let shuffled = 0;
    fc.assert(
      fc.property(
        graphs({ join: true }),
        forms,
        fc.nat(),
        (graph, form, seed) => {
          const given = givenBy(graph);
          const calm = recordByHand(graph, rule, form);
          const shuffle = shuffleArrivals(seed);
          const disturbed = recordByHand(graph, rule, form, (circuit) => {
            const all = [...circuit.populations.values()];
            if (all.some(({ inbox }) => inbox.length > 1)) shuffled += 1;
            shuffle(circuit);
          });
          expectSameBits(
            interpret(disturbed, given, true).outputs,
            interpret(calm, given, true).outputs,
          );
        },
      ),
      RUNS,
    );
    // Else the test would hold for want of anything to shuffle.
    expect(shuffled).toBeGreaterThan(RUNS.numRuns / 4);
  });
}
