/** Memory that is used again changes no value. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Memory } from '../../src/backends/backend.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { planMemory } from '../../src/program/memory.ts';
import { fazil } from '../../src/rules/fazil.ts';
import { il } from '../../src/rules/il.ts';
import { zil } from '../../src/rules/zil.ts';
import {
  makeOptimiser,
  type OptimiserName,
} from '../../src/simulation/optim.ts';
import type { Mode } from '../../src/simulation/record.ts';
import { Simulation } from '../../src/simulation/simulate.ts';
import { graphs } from '../arbitraries/index.ts';
import { givenBy } from './by-hand.ts';
import { interpret } from './interpreter.ts';
import { expectSameBits } from './support.ts';

const backend = new CpuBackend('f32');
const cases = fc.record({
  graph: graphs({ join: true, maxOps: 8 }),
  rule: fc.constantFrom(
    zil(),
    zil({ plasticity: 'every', gamma: 0.1 }),
    fazil({ trigger: 'unit' }),
    il({ steps: 4 }),
    il({ steps: 4, plasticity: 1 }),
  ),
  mode: fc.constantFrom<Mode>('clocked', 'event-driven', 'pruned'),
  optimiser: fc.constantFrom<OptimiserName | null>(
    null,
    'sgd',
    'momentum',
    'adam',
  ),
  probe: fc.boolean(),
});

// Oracle: an interpreter that gives every value an array of its own.
test('a planned program computes what an unplanned one does', async () => {
  let saved = 0;
  await fc.assert(
    fc.asyncProperty(cases, async ({ graph, rule, mode, optimiser, probe }) => {
      const run = Simulation.open(graph, {
        rule,
        backend,
        mode,
        optimiser: optimiser ? makeOptimiser(optimiser, 0.01) : null,
      });
      if (probe) run.probe(graph.output.id).error$.subscribe();
      const program = await run.program();

      const residents = new Map<string, Memory>();
      let given = givenBy(graph);
      for (const name of program.feeds.keys()) {
        if (!given.has(name)) given.set(name, [0.05]);
      }
      for (const [name, { before }] of program.residents) {
        const memory = backend.allocate(before.size);
        backend.write(memory, given.get(name) ?? []);
        residents.set(name, memory);
      }
      const planned = await backend.compile(program, residents);
      for (const name of program.feeds.keys()) {
        planned.feed(name, given.get(name) ?? []);
      }
      // Twice: the second run starts from what the first has left behind.
      for (let n = 0; n < 2; n++) {
        const wanted = interpret(program, given, true);
        fc.pre(
          [...wanted.outputs.values()].every((v) => v.every(Number.isFinite)),
        );
        fc.pre(
          [...wanted.residents.values()].every((v) => v.every(Number.isFinite)),
        );
        planned.run();
        const names = [...program.outputs.keys()];
        const outputs = await planned.read(names);
        expectSameBits(
          new Map(names.map((k, i) => [k, outputs[i]])),
          wanted.outputs,
        );
        const after = new Map<string, ArrayLike<number>>();
        for (const [name, memory] of residents) {
          after.set(name, await backend.read(memory));
        }
        expectSameBits(after, wanted.residents);
        given = new Map([...given, ...wanted.residents]);
      }
      const values = new Set(program.calls.flatMap((call) => call.outputs))
        .size;
      if (planMemory(program).sizes.length < values) saved += 1;
    }),
    { numRuns: 300 },
  );
  // Else the plan would be right for want of doing anything.
  expect(saved).toBeGreaterThan(30);
});
