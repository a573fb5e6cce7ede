import { describe, expect, test } from 'vitest';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { OptionError, ShapeError } from '../../src/base/errors.ts';
import { type Graph, GraphBuilder } from '../../src/graph/graph.ts';
import type { Vertex } from '../../src/graph/vertex.ts';
import { bp } from '../../src/rules/bp.ts';
import { Simulation } from '../../src/simulation/simulate.ts';
import { type SampleOptions, sampleText } from '../../src/training/sample.ts';

const CHARACTERS = ['a', 'b', 'c', 'd'];
const V = CHARACTERS.length;
const T = 3;

/** A sample of a graph; nothing is left open. */
async function sample(graph: Graph, more: Partial<SampleOptions> = {}) {
  const options = { rule: bp(), backend: new CpuBackend('f32') };
  const simulation = Simulation.open(graph, options);
  try {
    const known = { simulation, characters: CHARACTERS, length: 5 };
    return await sampleText({ ...known, ...more });
  } finally {
    simulation.destroy();
  }
}

/** 1 at a place, else 0. */
const unit = (size: number, at: number) =>
  Array.from({ length: size }, (_, i) => (i === at ? 1 : 0));

/** Rows of T places, each of what `row` makes of the place's inputs. */
function steps(
  row: (g: GraphBuilder, xs: readonly Vertex[], t: number) => Vertex,
): Graph {
  const g = new GraphBuilder();
  const xs = Array.from({ length: T }, (_, t) => g.input(`x${t + 1}`, [1, V]));
  const rows = xs.map((_, t) =>
    g.param(`place${t}`, [T, 1], unit(T, t)).matmul(row(g, xs, t)),
  );
  return g.output(rows[0].add(...rows.slice(1)), 'softmax_xent');
}

/** After each character of the vocabulary comes the next, round about. */
const next = steps((g, xs, t) => {
  const before = CHARACTERS.flatMap((_, v) => unit(V, (v + V - 1) % V));
  const values = before.map((value) => 100 * value);
  const W = g.param(`W${t}`, [V, V], values);
  return xs[t].linear(W);
});

/** The first character that is seen comes again, at every place. */
const first = steps((g, xs, t) => {
  const same = CHARACTERS.flatMap((_, v) => unit(V, v));
  const W = g.param(
    `W${t}`,
    [V, V],
    same.map((value) => 100 * value),
  );
  return xs[0].linear(W);
});

/**
 * Outputs -50 (v - token - 1)^2 but for what all v share: the next character
 * comes with certainty, the last one again after itself.
 */
function nextOfTokens(more: { step?: boolean } = {}): Graph {
  const g = new GraphBuilder();
  const eye = Array.from({ length: T }, (_, t) => unit(T, t)).flat();
  const tokens = g.input('tokens', [1, T]);
  const column = g
    .param('eye', [T, T], eye)
    .matmul(tokens, { transpose_b: true });
  const W = g.param('W', [V, 1], [0, 100, 200, 300]);
  const b = g.param('b', [V], [0, 50, 0, -150]);
  const y = column.affine(W, b);
  if (!more.step) return g.output(y, 'softmax_xent');
  const none = g.param('none', [V, 1], { kind: 'zeros' });
  const step = g
    .param('one', [T, 1], [1, 1, 1])
    .linear(g.param('zero', [1, 1], [0]));
  const number = step.affine(g.param('w', [1, 1], [0]), g.input('step', [1]));
  return g.output(y.add(number.linear(none)), 'softmax_xent');
}

/** A first state of its own, as an LSTM has, which adds nothing. */
const withState = (() => {
  const g = new GraphBuilder();
  const h0 = g.input('h0', [1, V], new Float32Array(V));
  const before = CHARACTERS.flatMap((_, v) => unit(V, (v + V - 1) % V));
  const values = before.map((value) => 100 * value);
  const W = g.param('W', [V, V], values);
  return g.output(g.input('x1', [1, V]).add(h0).linear(W), 'softmax_xent');
})();

describe('what is certain is written', () => {
  test.each([
    ['', 'bcdab'],
    ['a', 'bcdab'],
    ['cc', 'dabcd'],
    ['abc', 'dabcd'],
    ['abcdabcdb', 'cdabc'],
  ])('steps, after "%s"', async (prompt, wanted) => {
    expect(await sample(next, { prompt })).toBe(wanted);
    expect(await sample(next, { prompt, temperature: 0 })).toBe(wanted);
  });

  test.each([
    ['', 'bcddd'],
    ['b', 'cdddd'],
    ['dda', 'bcddd'],
    ['ddda', 'bcddd'],
  ])('tokens, after "%s"', async (prompt, wanted) => {
    expect(await sample(nextOfTokens(), { prompt })).toBe(wanted);
    expect(await sample(nextOfTokens({ step: true }), { prompt })).toBe(wanted);
  });

  test('by a model with a first state', async () => {
    expect(await sample(withState, { prompt: 'b' })).toBe('cdabc');
  });

  // By hand: the window is ab, aba, baa, aab, aba.
  test('of the last T characters, from the first place on', async () => {
    expect(await sample(first, { prompt: 'ab' })).toBe('aabaa');
    expect(await sample(first, { prompt: 'dabc' })).toBe('abcab');
  });

  test('nothing, where nothing is asked for or it is stopped', async () => {
    expect(await sample(next, { length: 0 })).toBe('');
    expect(await sample(next, { stop: AbortSignal.abort() })).toBe('');
  });
});

describe('what is not certain is drawn', () => {
  const g = new GraphBuilder();
  const W = g.param('W', [2, 2], { kind: 'zeros' });
  const b = g.param('b', [2], [Math.log(3), 0]);
  const graph = g.output(g.input('x1', [1, 2]).affine(W, b), 'softmax_xent');
  const draw = (more: Partial<SampleOptions>) =>
    sample(graph, { characters: ['a', 'b'], length: 2000, ...more });

  // Oracle: 3/4; at half the temperature 9/10; within four deviations.
  test.each([
    [1, 1500, 78],
    [0.5, 1800, 54],
    [0, 2000, 0],
  ])('at temperature %f', async (temperature, wanted, apart) => {
    const text = await draw({ temperature });
    const count = [...text].filter((character) => character === 'a').length;
    expect(text).toHaveLength(2000);
    expect(Math.abs(count - wanted)).toBeLessThanOrEqual(apart);
  });

  test('the same by the same seed', async () => {
    expect(await draw({ seed: 1 })).toBe(await draw({ seed: 1 }));
    expect(await draw({ seed: 1 })).not.toBe(await draw({ seed: 2 }));
  });
});

describe('refused', () => {
  test.each<[string, Partial<SampleOptions>, RegExp]>([
    ['a character unknown', { prompt: 'az' }, /"z" is not in the vocabulary/],
    ['no length', { length: 1.5 }, /length = 1.5: give a whole number/],
    ['no temperature', { temperature: -1 }, /temperature = -1: give/],
    ['another vocabulary', { characters: ['a', 'b'] }, /x1 of 4, .* of 2 each/],
  ])('%s', async (_, more, told) => {
    await expect(sample(next, more)).rejects.toThrow(OptionError);
    await expect(sample(next, more)).rejects.toThrow(told);
  });

  test('a model of something else, or of one answer', async () => {
    const g = new GraphBuilder();
    const image = g.input('image', [1, V]).linear(g.param('W', [V, V]));
    await expect(sample(g.output(image))).rejects.toThrow(
      /image of 4, not tok/,
    );
    const h = new GraphBuilder();
    const [x1, x2] = [h.input('x1', [1, V]), h.input('x2', [1, V])];
    const last = x1.add(x2).linear(h.param('W', [V, V]));
    await expect(sample(h.output(last))).rejects.toThrow(ShapeError);
  });
});

// Oracle: the same graph in a simulation of one's own.
test('of a trained model: opened for it, as it was trained', async () => {
  const backend = new CpuBackend('f32');
  const simulation = Simulation.open(first, { rule: bp(), backend });
  const weights = new Map(
    [...(await simulation.allParameters())].map(([id, data]) => [
      id,
      { shape: simulation.shapeOf(id), data },
    ]),
  );
  simulation.destroy();
  const graph = { ...first, inits: new Map(first.inits) };
  for (const id of weights.keys()) graph.inits.set(id, { kind: 'zeros' });
  const model = { graph, rule: bp(), weights, backend: 'cpu' as const };
  const more = { prompt: 'c', temperature: 0 };
  expect(await sample(first, { ...more, simulation: model })).toBe(
    await sample(first, more),
  );
});
