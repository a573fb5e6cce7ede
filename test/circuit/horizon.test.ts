/**
 * How long populations matter. Oracles: light cones drawn by hand; the same
 * simulation with nothing left out.
 */

import { describe, expect, test } from 'vitest';
import { lstm } from '../../models/index.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { horizons } from '../../src/circuit/horizon.ts';
import { GraphBuilder } from '../../src/graph/graph.ts';
import { level } from '../../src/graph/level.ts';
import type { Vertex } from '../../src/graph/vertex.ts';
import { il } from '../../src/rules/il.ts';
import { zil } from '../../src/rules/zil.ts';
import { sgd } from '../../src/simulation/optim.ts';
import { Simulation } from '../../src/simulation/simulate.ts';

/** w -> a -> b -> c, and a skip axon from a to c; b reads v. */
function graph() {
  const g = new GraphBuilder();
  const w = g.param('w', [1], [2]);
  const v = g.param('v', [1], [3]);
  const a = w.tanh().named('a');
  const b = a.mul(v).named('b');
  const c = b.add(a).named('c');
  return g.output(c, 'half_sse', { target: [1] });
}

describe('a light cone', () => {
  const found = (ends: Record<string, number>, levelled = true) => {
    const how = level(graph(), {
      levelling: levelled ? 'longest-path' : 'none',
    });
    const vertex = (id: string) => how.vertices.find((v) => v.id === id)!;
    const result = horizons(
      how.axons,
      new Map<Vertex, number>(
        Object.entries(ends).map(([id, tick]) => [vertex(id), tick]),
      ),
    );
    return Object.fromEntries([...result].map(([v, tick]) => [v.id, tick]));
  };

  test('ends where the wave of Z-IL has passed', () => {
    // Levels: c 0, b 1, a 2, w 3, v 2. w learns at 2, v at 1.
    expect(found({ w: 2, v: 1 })).toEqual({ c: 0, b: 1, a: 2, w: 2, v: 1 });
  });

  test('is wider for what is near', () => {
    // v learns late: what happens at c a tick before can still reach b, and
    // what happens at a in the same tick.
    expect(found({ v: 5 })).toEqual({ v: 5, b: 5, c: 4, a: 5 });
  });

  test('knows delays', () => {
    // From c to a the skip axon takes a tick more than an axon without delay.
    expect(found({ w: 2 })).toMatchObject({ w: 2, a: 2, b: 1, c: 0 });
    expect(found({ w: 2 }, false)).toMatchObject({ w: 2, a: 2, b: 1, c: 1 });
  });

  test('is empty without results', () => {
    expect(found({})).toEqual({});
    expect(found({ w: -1 })).toEqual({});
  });
});

test('one event a population is all that Z-IL leaves', () => {
  const graph = lstm({ batch: 1, steps: 6, inputs: 2, hidden: 2 });
  const backend = new CpuBackend('f32');
  const run = Simulation.open(graph, { rule: zil(), backend });
  const { program } = run.record();
  const populations = run.levelled.vertices.filter((v) => !v.isLeaf);
  const errors = program.events.filter(({ kind }) => kind === 'error');
  expect(program.events.length).toBe(errors.length);
  // Those without a way to a parameter have none: the last step's c and h of
  // an LSTM do have one.
  expect(errors.length).toBeLessThanOrEqual(populations.length);
  expect(new Set(errors.map((e) => e.population)).size).toBe(errors.length);
  run.destroy();
});

// What is recorded, dropped events and all, grows with the sequence, not with
// its square: twice the steps, about twice the calls.
test('recording grows with the length of a sequence', () => {
  const backend = new CpuBackend('f32');
  const recorded = (steps: number) => {
    const graph = lstm({ batch: 1, steps, inputs: 2, hidden: 2 });
    const run = Simulation.open(graph, { rule: zil(), backend });
    const { calls, dropped } = run.record().program;
    run.destroy();
    return calls.length + dropped.calls;
  };
  const [once, twice] = [recorded(10), recorded(20)];
  expect(twice / once).toBeLessThan(2.2);
});

// Oracle: the same run with every population at every tick.
test('the energy alone keeps all populations', async () => {
  const energies = async (mode: 'pruned' | 'clocked') => {
    const backend = new CpuBackend('f64');
    const run = Simulation.open(graph(), { rule: zil(), backend, mode });
    const seen: number[] = [];
    run.energy$.subscribe(({ data }) => seen.push(data[0]));
    await run.step({ target: [1] });
    run.destroy();
    return seen;
  };
  const pruned = await energies('pruned');
  expect(pruned).toHaveLength(3);
  expect(pruned).toEqual(await energies('clocked'));
});

// A vertex that passes a parameter on is that parameter's memory, which changes
// during the run. Oracle: the run in one piece.
test('probes by hand see a parameter as it was at their tick', async () => {
  const g = new GraphBuilder();
  const w = g.param('w', [1], [0.5]);
  const same = w.apply('identity', [], {}, 'same');
  const graph = g.output(same.square().named('y'), 'half_sse', {
    target: [2],
  });
  const values = async (byHand: boolean) => {
    const run = Simulation.open(graph, {
      rule: il({ steps: 7, plasticity: 3 }),
      backend: new CpuBackend('f64'),
      optimiser: sgd({ lr: 0.1 }),
      mode: 'clocked',
    });
    const seen: number[] = [];
    run.probe('same').prediction$.subscribe(({ data }) => seen.push(data[0]));
    if (byHand) for await (const _ of run.ticks({ target: [2] }));
    else await run.step({ target: [2] });
    run.destroy();
    return seen;
  };
  const whole = await values(false);
  expect(new Set(whole).size).toBeGreaterThan(2);
  expect(await values(true)).toEqual(whole);
});
