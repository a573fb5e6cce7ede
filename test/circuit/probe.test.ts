/**
 * Oracle: the definition of a probe (one emission a tick, of the state at
 * that tick) and the clocked run, in which nothing is skipped or dropped.
 */

import { describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { OptionError } from '../../src/base/errors.ts';
import { type Graph, GraphBuilder } from '../../src/graph/graph.ts';
import { level } from '../../src/graph/level.ts';
import { bp } from '../../src/rules/bp.ts';
import { il } from '../../src/rules/il.ts';
import { zil } from '../../src/rules/zil.ts';
import { sgd } from '../../src/simulation/optim.ts';
import {
  type Mode,
  type Sample,
  type SimulateOptions,
  Simulation,
} from '../../src/simulation/simulate.ts';
import { feedsOf, show } from '../oracles/run.ts';
import { branching, filled, layers } from './graphs.ts';
import { allSameBits, sameBits } from './levelled-run.ts';

const graphs: readonly [string, Graph][] = [
  ['four layers', layers(4)],
  ['a branching graph', branching()],
];

function open(graph: Graph, rest: Partial<SimulateOptions> = {}): Simulation {
  return Simulation.open(graph, {
    rule: zil(),
    backend: new CpuBackend('f32'),
    ...rest,
  });
}

/** Probes of every population's three quantities. */
function everything(graph: Graph): string[] {
  return graph.vertices
    .filter((vertex) => !vertex.isLeaf)
    .flatMap(({ id }) => [`${id}.value`, `${id}.prediction`, `${id}.error`]);
}

describe.each(graphs)('%s', (_, graph) => {
  const probes = [...everything(graph), 'energy'];
  const { depth, levels } = level(graph);

  test('emits once a tick, whatever the mode, and with the same bits', async () => {
    const runs = await Promise.all(
      (['clocked', 'event-driven', 'pruned'] as Mode[]).map((mode) =>
        show(graph, zil(), { mode, probes }),
      ),
    );
    for (const name of probes) {
      const [clocked, ...others] = runs.map(({ samples }) => samples.get(name));
      expect(clocked).toHaveLength(depth);
      for (const other of others) {
        expect(other).toHaveLength(depth);
        clocked?.forEach((data, tick) => {
          expect(sameBits(other?.[tick], data)).toBe(true);
        });
      }
    }
  });

  test('an error is 0 until its level, and not 0 then', async () => {
    const { samples } = await show(graph, zil(), { probes });
    for (const vertex of graph.vertices) {
      if (vertex.isLeaf) continue;
      const errors = samples.get(`${vertex.id}.error`) ?? [];
      const due = levels.get(vertex) ?? Number.NaN;
      errors.slice(0, due).forEach((eps) => {
        expect(eps.every((value) => value === 0)).toBe(true);
      });
      expect(errors[due].some((value) => value !== 0)).toBe(true);
    }
  });

  test('keeps its events alive, and changes no bit', async () => {
    const alone = await show(graph, zil(), { dtype: 'f32' });
    const watched = await show(graph, zil(), { dtype: 'f32', probes });
    expect(allSameBits(watched.gradients, alone.gradients)).toBe(true);
    const calls = (run: typeof alone) => run.program.calls.length;
    expect(calls(watched)).toBeGreaterThan(calls(alone));
    expect(watched.program.events.length).toBeGreaterThan(
      alone.program.events.length,
    );
    expect(watched.program.dropped.events).toBeLessThan(
      alone.program.dropped.events,
    );
  });

  test('the energy is the loss and half the squared errors', async () => {
    const rule = il({ gamma: 0.2, steps: 12 });
    const { samples } = await show(graph, rule, { probes });
    const energies = samples.get('energy') ?? [];
    expect(energies).toHaveLength(13);
    energies.forEach(([energy], t) => {
      let sum = 0;
      for (const name of probes.filter((name) => name.endsWith('.error'))) {
        for (const eps of samples.get(name)?.[t] ?? []) sum += eps ** 2 / 2;
      }
      expect(Math.abs(energy / sum - 1)).toBeLessThan(1e-12);
    });
  });

  test('a presentation by hand shows the same, tick by tick', async () => {
    for (const rule of [zil(), il({ steps: 5 }), il({ prediction: 'fixed' })]) {
      const byHand = open(graph, { rule });
      const atOnce = open(graph, { rule });
      const seen: Sample[][] = [byHand, atOnce].map((simulation) => {
        const samples: Sample[] = [];
        for (const { id, isLeaf } of graph.vertices) {
          if (isLeaf) continue;
          const { value$, prediction$, error$ } = simulation.probe(id);
          for (const stream$ of [value$, prediction$, error$]) {
            stream$.subscribe((sample) => samples.push(sample));
          }
        }
        return samples;
      });
      const ticks: number[] = [];
      for await (const tick of byHand.ticks(feedsOf(graph))) {
        ticks.push(tick);
        expect(seen[0].every((sample) => sample.tick <= tick)).toBe(true);
      }
      await atOnce.step(feedsOf(graph));
      expect(ticks).toEqual([...new Set(seen[1].map(({ tick }) => tick))]);
      expect(seen[0].map(({ tick }) => tick)).toEqual(
        seen[1].map(({ tick }) => tick),
      );
      seen[0].forEach(({ data }, i) => {
        expect(sameBits(data, seen[1][i].data)).toBe(true);
      });
      expect(
        allSameBits(await byHand.gradients(), await atOnce.gradients()),
      ).toBe(true);
    }
  });
});

test('an instant without calls is an instant too', async () => {
  // The error of h is its own message to w: at t = 1 nothing is computed.
  const g = new GraphBuilder();
  const w = g.param('w', [2, 3]);
  const V = g.param('V', [2, 3]);
  const h = g.input('x', [2, 3]).add(w).named('h');
  const graph = filled(g.output(h.linear(V)));
  const simulation = open(graph);
  const seen: number[] = [];
  simulation.probe('h').error$.subscribe(({ tick }) => seen.push(tick));
  await simulation.step(feedsOf(graph));
  expect(seen.splice(0)).toEqual([0, 1]);
  const ticks: number[] = [];
  for await (const tick of simulation.ticks(feedsOf(graph))) ticks.push(tick);
  expect(ticks).toEqual([0, 1]);
  expect(seen).toEqual([0, 1]);
});

test('a probe that comes later sees the later steps', async () => {
  const simulation = open(layers(2));
  const feeds = feedsOf(layers(2));
  const { loss } = await simulation.step(feeds);
  const samples: Sample[] = [];
  const { error$ } = simulation.probe('h1');
  const first = error$.subscribe((sample) => samples.push(sample));
  expect(await simulation.step(feeds)).toEqual({ loss });
  expect(samples.map(({ tick }) => tick)).toEqual([0, 1, 2]);
  expect(samples.map(({ shape }) => shape)).toEqual(
    [0, 1, 2].map(() => [3, 5]),
  );
  first.unsubscribe();
  await simulation.step(feeds);
  expect(samples).toHaveLength(3);
});

test('an identity of a weight shows the weight before it learned', async () => {
  const g = new GraphBuilder();
  const W = g.param('W', [2, 3]).apply('identity').named('h');
  const graph = filled(g.output(g.input('x', [4, 3]).linear(W)));
  const simulation = open(graph, { optimiser: sgd({ lr: 0.5 }) });
  const samples: Sample[] = [];
  simulation.probe('h').prediction$.subscribe((s) => samples.push(s));
  for (let n = 0; n < 2; n++) {
    const before = await simulation.parameter('W');
    await simulation.step(feedsOf(graph));
    expect(await simulation.parameter('W')).not.toEqual(before);
    expect(samples.splice(0)[0].data).toEqual(before);
  }
});

test('what cannot be probed is named, with what can', () => {
  const simulation = open(layers(2));
  for (const id of ['W1', 'x', 'nothing', '__proto__']) {
    expect(() => simulation.probe(id)).toThrow(OptionError);
    expect(() => simulation.probe(id)).toThrow(`"${id}"`);
    expect(() => simulation.probe(id)).toThrow('h1');
  }
});

test('bp has no circuit, so there is nothing to probe', async () => {
  const shown = show(layers(2), bp(), { probes: ['h1.error'] });
  await expect(shown).rejects.toThrow(OptionError);
});

test('a probe that nobody watches any more costs nothing', async () => {
  // Oracle: the program before anything was watched.
  const graph = filled(layers(2));
  const simulation = open(graph);
  const outputs = async () => [...(await simulation.program()).outputs.keys()];
  const before = await outputs();
  const watching = simulation.probe('h1').error$.subscribe();
  expect((await outputs()).length).toBeGreaterThan(before.length);
  watching.unsubscribe();
  expect(await outputs()).toEqual(before);
});
