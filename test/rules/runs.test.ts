/**
 * Oracle: the definitions of the rules: when a parameter learns, how many
 * instants a presentation has, and what the events of a wave cost.
 */

import { describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { OptionError, ShapeError } from '../../src/base/errors.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { level } from '../../src/graph/level.ts';
import { Recorder } from '../../src/program/recorder.ts';
import { bp } from '../../src/rules/bp.ts';
import { fazil } from '../../src/rules/fazil.ts';
import { il } from '../../src/rules/il.ts';
import type { CircuitRule, Rule } from '../../src/rules/rule.ts';
import { zil } from '../../src/rules/zil.ts';
import { sgd } from '../../src/simulation/optim.ts';
import {
  type SimulateOptions,
  Simulation,
} from '../../src/simulation/simulate.ts';
import { branching, layers } from '../circuit/graphs.ts';
import { allSameBits } from '../circuit/levelled-run.ts';
import { feedsOf, show } from '../oracles/run.ts';

/** Steps a rule by hand; what learned, by the tick at which it did. */
function byHand(graph: Graph, rule: CircuitRule) {
  const levelled = level(graph, { levelling: rule.levelling });
  const recorder = new Recorder();
  const learned: string[][] = [];
  const circuit = rule.circuit({
    levelled,
    recorder,
    probes: [],
    clocked: false,
    plasticity: ({ id }) => {
      const tick = circuit.clock.now();
      learned[tick] ??= [];
      learned[tick].push(id);
      return null;
    },
  });
  const ticks = [...rule.run(circuit)];
  return { ticks, learned, circuit };
}

describe('stepped by hand', () => {
  test('zil yields K - 1 ticks and learns level by level', () => {
    const { ticks, learned } = byHand(layers(3), zil());
    expect(ticks).toEqual([1, 2, 3, 4]);
    expect([...learned]).toEqual([
      ['W3', 'b3'],
      undefined,
      ['W2', 'b2'],
      undefined,
      ['W1', 'b1'],
    ]);
  });

  test('a weight read at several levels learns at its deepest', () => {
    const { learned } = byHand(branching(), zil());
    expect(learned.findIndex((ids) => ids?.includes('V'))).toBe(4);
    expect(learned.findIndex((ids) => ids?.includes('W'))).toBe(6);
    expect(learned.flat()).toHaveLength(3);
  });

  test('fazil needs as many instants and learns when they end', () => {
    const { ticks, learned } = byHand(layers(3), fazil());
    expect(ticks).toEqual([1, 2, 3, 4]);
    expect([...learned.keys()].filter((tick) => learned[tick])).toEqual([4]);
    expect(byHand(layers(3), fazil({ steps: 9 })).ticks).toHaveLength(8);
  });

  test('il yields T ticks and learns at the end, or every n steps', () => {
    const { ticks, learned } = byHand(layers(2), il({ steps: 6 }));
    expect(ticks).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...learned.keys()].filter((tick) => learned[tick])).toEqual([6]);
    const often = byHand(layers(2), il({ steps: 6, plasticity: 2 })).learned;
    expect([...often.keys()].filter((tick) => often[tick])).toEqual([2, 4, 6]);
  });

  test('a presentation can be left in the middle', () => {
    const rule = il({ steps: 50 });
    const levelled = level(layers(2), { levelling: rule.levelling });
    const circuit = rule.circuit({
      levelled,
      recorder: new Recorder(),
      probes: [],
      clocked: false,
      plasticity: () => null,
    });
    const run = rule.run(circuit);
    for (const tick of [1, 2, 3]) {
      expect(run.next()).toEqual({ done: false, value: tick });
      expect(circuit.clock.now()).toBe(tick);
    }
    expect(circuit.output.eps).not.toBeNull();
  });
});

describe.each([2, 3, 4, 8])('what %i layers cost', (count) => {
  const graph = layers(count);
  const K = level(graph).depth;

  test('live zil: at most the calls of bp and one a level', async () => {
    const [tape, wave] = await Promise.all(
      [bp(), zil()].map((rule) => show(graph, rule)),
    );
    const calls = wave.program.calls.length;
    expect(calls).toBeLessThanOrEqual(tape.program.calls.length + K);
    expect(calls).toBeGreaterThanOrEqual(2 * count);
    const all = await show(graph, zil(), { mode: 'event-driven' });
    expect(calls).toBeLessThan(all.program.calls.length);
    const clocked = await show(graph, zil(), { mode: 'clocked' });
    expect(all.program.calls.length).toBeLessThan(clocked.program.calls.length);
  });

  test('live zil: one error event a population, at its level', async () => {
    const { program } = await show(graph, zil());
    const levelled = level(graph);
    const expected = levelled.vertices
      .filter((vertex) => !vertex.isLeaf)
      .map((v) => `error of ${v.id} at ${levelled.levels.get(v)}`);
    const found = program.events.map(
      ({ kind, population, tick }) => `${kind} of ${population} at ${tick}`,
    );
    expect(found.sort()).toEqual(expected.sort());
    expect(program.dropped.events).toBeGreaterThan(0);
  });
});

test('live zil of a branching graph: one error event a population', async () => {
  const graph = branching();
  const { program } = await show(graph, zil());
  const { levels } = level(graph);
  const populations = graph.vertices.filter((vertex) => !vertex.isLeaf);
  expect(program.events).toHaveLength(populations.length);
  for (const { kind, population, tick } of program.events) {
    const vertex = populations.find(({ id }) => id === population);
    expect([kind, vertex && levels.get(vertex)]).toEqual(['error', tick]);
  }
});

describe('learning', () => {
  const simulate = (rule: Rule, rest: Partial<SimulateOptions> = {}) =>
    Simulation.open(branching(), {
      rule,
      backend: new CpuBackend('f32'),
      optimiser: sgd({ lr: 0.1 }),
      ...rest,
    });

  test('a weight changed at t does not colour a message sent at t', async () => {
    const feeds = feedsOf(branching());
    const tape = simulate(bp());
    const before = await tape.allParameters();
    const others = [
      simulate(zil()),
      simulate(zil(), { mode: 'event-driven' }),
      simulate(zil(), { mode: 'clocked' }),
      simulate(zil(), { form: 'explicit' }),
      simulate(zil(), { levelling: 'least-delay' }),
      simulate(fazil()),
    ];
    for (let n = 0; n < 3; n++) {
      const { loss } = await tape.step(feeds);
      const expected = await tape.allParameters();
      for (const other of others) {
        expect(await other.step(feeds)).toEqual({ loss });
        const found = await other.allParameters();
        expect(allSameBits(found, expected)).toBe(true);
      }
    }
    expect(allSameBits(await tape.allParameters(), before)).toBe(false);
  });

  test('one update by sgd is the rate times the gradient', async () => {
    for (const rule of [bp(), zil(), fazil(), il({ steps: 4 })]) {
      const simulation = simulate(rule, { backend: new CpuBackend() });
      const before = await simulation.allParameters();
      await simulation.step(feedsOf(branching()));
      const { gradients } = await show(branching(), rule);
      for (const [id, values] of await simulation.allParameters()) {
        const expected = before
          .get(id)
          ?.map((w, i) => w - 0.1 * (gradients.get(id)?.[i] ?? Number.NaN));
        expect(values).toEqual(expected);
      }
    }
  });

  test('noise is drawn by the seed, anew for each presentation', async () => {
    const losses = async (seed: number) => {
      const simulation = simulate(zil({ sigma: 0.3 }), {
        seed,
        optimiser: null,
      });
      const feeds = feedsOf(branching());
      return [await simulation.step(feeds), await simulation.step(feeds)];
    };
    const [first, second] = await losses(1);
    expect(first).not.toEqual(second);
    expect(await losses(1)).toEqual([first, second]);
    expect((await losses(2))[0]).not.toEqual(first);
  });

  test.each([
    ['noise/nothing', [1], OptionError],
    ['noise/h', [1, 2], ShapeError],
    ['noise/h', Array.from({ length: 13 }, () => 0), ShapeError],
  ])(
    'noise that fits no population is an error: %s',
    async (name, data, type) => {
      const simulation = simulate(zil({ sigma: 0.3 }));
      const feeds = { ...feedsOf(branching()), [name]: data };
      await expect(simulation.step(feeds)).rejects.toThrow(type);
    },
  );
});
