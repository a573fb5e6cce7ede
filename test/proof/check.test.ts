import fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { models, skip } from '../../models/index.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { differing } from '../../src/base/compare.ts';
import {
  FormatError,
  IsochronError,
  OptionError,
} from '../../src/base/errors.ts';
import { type Graph, GraphBuilder } from '../../src/graph/graph.ts';
import { graphToJson, parseJson } from '../../src/graph/json.ts';
import {
  type CheckCase,
  caseFromJson,
  check,
  divergence,
  doesNotFit,
  feedsFor,
} from '../../src/proof/check.ts';
import { bp } from '../../src/rules/bp.ts';
import { il } from '../../src/rules/il.ts';
import { zil } from '../../src/rules/zil.ts';
import { describeBackends, describeWebGpu, webgpu } from '../backends.ts';

const cpu = new CpuBackend('f64');

/** y = x a b with half the squared error: gradients by hand. */
function product(): Graph {
  const g = new GraphBuilder();
  const x = g.input('x', [2], [3, -1]);
  const a = g.param('a', [2], [0.5, 2]);
  const b = g.param('b', [2], [4, 0.25]);
  return g.output(x.mul(a).mul(b), 'half_sse', { target: [5, 0] });
}

/** (x a b - t) x b and (x a b - t) x a: 1 * 3 * 4, -0.5 * -1 * 0.25, ... */
const byHand = {
  a: { shape: [2], data: [12, 0.125] },
  b: { shape: [2], data: [1.5, 1] },
};

function caseWith(gradients: unknown): CheckCase {
  const file = { ...graphToJson(product()), name: 'product', gradients };
  return caseFromJson(file, 'file');
}

// Oracle: derivatives taken by hand.
describeBackends('a row', (open, label) => {
  test('tells rule, backend, elements and distances', async () => {
    const backend = await open();
    const row = await check(caseWith(byHand), { rule: zil(), backend });
    expect(row).toEqual({
      ...{ case: 'product', rule: 'zil', elements: 4, differingBits: 0 },
      backend: label.startsWith('cpu') ? 'cpu' : 'webgpu',
      dtype: label === 'cpu f64' ? 'f64' : 'f32',
      ...{ relToBp: 0, relToOracle: 0, expected: 'equal', pass: true },
    });
  });

  test('fails by one wrong gradient of the oracle', async () => {
    const backend = await open();
    const wrong = { ...byHand, b: { shape: [2], data: [1.5, 1.001] } };
    const row = await check(caseWith(wrong), { rule: zil(), backend });
    expect(row).toMatchObject({ differingBits: 0, relToBp: 0, pass: false });
    // By hand: 0.001 over the length of (12, 0.125, 1.5, 1.001).
    expect(row.relToOracle).toBeCloseTo(0.001 / 12.1354, 6);
  });

  test('of a rule that is not exact passes, with its distance', async () => {
    const backend = await open();
    const rule = zil({ gamma: 0.5 });
    const row = await check({ name: 'skip', graph: skip() }, { rule, backend });
    expect(row.pass).toBe(true);
    expect(row.differingBits).toBeGreaterThan(0);
    expect(row.relToBp).toBeGreaterThan(0.01);
  });

  test('that must differ fails where it does not', async () => {
    const backend = await open();
    const of = { name: 'skip', graph: skip() };
    const expected = 'differs';
    const same = await check(of, { rule: zil(), backend, expected });
    expect(same).toMatchObject({ expected, differingBits: 0, pass: false });
    const rule = zil({ gamma: 0.5 });
    const other = await check(of, { rule, backend, expected });
    expect(other).toMatchObject({ expected, pass: true });
    const wrong = await check(of, { rule, backend, expected: 'equal' });
    expect(wrong.pass).toBe(false);
  });

  test('of bp against itself has no distance', async () => {
    const backend = await open();
    const [{ name, make }] = models;
    const options = { rule: bp(), backend };
    const row = await check({ name, graph: make() }, options);
    expect(row).toMatchObject({ differingBits: 0, relToBp: 0 });
    expect(row.relToOracle).toBe(null);
  });
});

describe('divergence', () => {
  const of = (...values: number[]) =>
    new Map([['w', Float64Array.from(values)]]);

  // Oracle: Pythagoras.
  test('is the distance, and relative to the second', () => {
    expect(divergence(of(3, 0, 1), of(0, 4, 1))).toEqual({
      ...{ elements: 3, differingBits: 2, distance: 5 },
      ...{ length: Math.sqrt(17), relative: 5 / Math.sqrt(17) },
    });
    expect(divergence(of(3, 4), of(0, 0)).relative).toBe(5);
    expect(divergence(of(-0), of(0)).differingBits).toBe(0);
  });
});

describe('what does not fit', () => {
  test('is told by its size; other errors are none of it', () => {
    const error = new OptionError('', { bytes: 822083584, most: 134217728 });
    expect(doesNotFit(error)).toBe(
      'does not fit: a tensor of 822 MB, and the adapter binds at most 134 MB',
    );
    expect(doesNotFit(new OptionError('x', { bytes: 1 }))).toBe(null);
    expect(doesNotFit(new Error('x'))).toBe(null);
  });
});

// Oracle: the limits that the adapter tells of itself. Nothing is allocated.
describeWebGpu('a tensor that the adapter cannot bind', () => {
  test('does not fit', async () => {
    const backend = await webgpu();
    const { maxBufferSize, maxStorageBufferBindingSize } = backend.gpu.limits;
    const bytes = Math.min(maxBufferSize, maxStorageBufferBindingSize) + 4;
    const size = Math.floor(bytes / 4);
    const g = new GraphBuilder();
    const y = g.input('x', [1, size]).linear(g.param('W', [1, size]));
    const options = { rule: zil(), backend };
    const failed = await check({ name: 'wide', graph: g.output(y) }, options)
      .then(() => null)
      .catch((error: unknown) => error);
    expect(doesNotFit(failed)).toMatch(
      /^does not fit: a tensor of \d+ MB, and/,
    );
  });
});

describe('differing', () => {
  // Oracle: IEEE 754's equality, which this must be.
  test('0 = -0, NaN differs from itself', () => {
    expect(differing([0, 1, 2], [-0, 1, 2])).toBe(0);
    expect(differing([Number.NaN, 1], [Number.NaN, 1])).toBe(1);
    const next = 1 + Number.EPSILON;
    expect(differing([1, 1, next], [1, next, 1])).toBe(2);
    expect(differing([], [])).toBe(0);
  });
});

describe('data for a check', () => {
  test('is what came with the graph', () => {
    const feeds = feedsFor(product(), 1);
    expect(Array.from(feeds['x'])).toEqual([3, -1]);
    expect(Array.from(feeds['target'])).toEqual([5, 0]);
  });

  test('else drawn from the seed, by the name of the input', () => {
    const graph = models.find(({ name }) => name === 'mlp')!.make();
    expect(feedsFor(graph, 1)).toEqual(feedsFor(graph, 1));
    expect(feedsFor(graph, 1)).not.toEqual(feedsFor(graph, 2));
    const x = Array.from(feedsFor(graph, 1)['x']);
    expect(x).toHaveLength(72);
    // Standard normal numbers: the mean of 72 is within 5 / sqrt(72).
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
    expect(Math.abs(mean)).toBeLessThan(0.6);
  });

  test('classes are one-hot where the loss wants them', () => {
    const graph = models.find(({ name }) => name === 'mlp-relu')!.make();
    const target = Array.from(feedsFor(graph, 1)['target']);
    expect(target).toHaveLength(30);
    for (let row = 0; row < 30; row += 5) {
      const values = target.slice(row, row + 5).sort();
      expect(values).toEqual([0, 0, 0, 0, 1]);
    }
  });
});

describe('a case from JSON', () => {
  test('without gradients has no oracle', () => {
    const read = caseFromJson(graphToJson(product()), 'file');
    expect(read.name).toBe('file');
    expect(read.oracle).toBe(undefined);
  });

  test.each<[string, unknown, RegExp]>([
    ['no object', [], /file: gradients is missing or not an object/],
    ['a missing one', { a: byHand.a }, /gradient of "b" is missing/],
    [
      'another shape',
      { ...byHand, b: { shape: [1, 2], data: [1, 1] } },
      /"b" has shape \[1, 2\] but the parameter has \[2\]/,
    ],
    [
      'NaN',
      { ...byHand, b: { shape: [2], data: [1, null] } },
      /holds null at index 1/,
    ],
  ])('refuses gradients with %s', (_, gradients, told) => {
    expect(() => caseWith(gradients)).toThrow(IsochronError);
    expect(() => caseWith(gradients)).toThrow(told);
  });
});

// Oracle: a case that checks to the end, or an error of our own.
describe('damaged JSON', () => {
  const file = new URL(
    '../oracles/data/toy_salvatori_skip.json',
    import.meta.url,
  );
  const text = fs.readFileSync(file, 'utf8');
  const bytes = Buffer.from(text.replace(/\s+/g, ' '));

  async function attempt(read: () => CheckCase): Promise<void> {
    try {
      const row = await check(read(), { rule: zil(), backend: cpu });
      expect(row.differingBits).toBe(0);
    } catch (error) {
      if (!(error instanceof IsochronError)) throw error;
    }
  }
  const parsed = (damaged: Buffer) => () =>
    caseFromJson(parseJson(damaged.toString('utf8'), 'f'), 'f');

  test('cut anywhere: no JSON', () => {
    const whole = bytes.toString('utf8').trimEnd().length;
    fc.assert(
      fc.property(fc.nat(whole - 1), (length) => {
        expect(parsed(bytes.subarray(0, length))).toThrow(FormatError);
      }),
      { numRuns: 300 },
    );
  });

  test('a flipped bit', async () => {
    const place = fc.nat(bytes.length - 1);
    await fc.assert(
      fc.asyncProperty(place, fc.nat(7), async (at, bit) => {
        const damaged = Buffer.from(bytes);
        damaged[at] ^= 1 << bit;
        await attempt(parsed(damaged));
      }),
      { numRuns: 1000 },
    );
  });

  test('any value in the place of any other', async () => {
    const whole: unknown = JSON.parse(text);
    const strange = fc.oneof(
      fc.constantFrom(null, true, -1, 0.5, 1e300, '', '__proto__', [], {}),
      fc.constantFrom('input', 'param', 'tanh', 'sum', 'matmul', [2], [0]),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const place = fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true }));
    await fc.assert(
      fc.asyncProperty(place, strange, async (steps, value) => {
        const damaged = replaced(whole, value, steps);
        await attempt(() => caseFromJson(damaged, 'f'));
      }),
      { numRuns: 2000 },
    );
  });
});

/** A copy of a JSON value in which one place, chosen on the way, is another. */
function replaced(
  value: unknown,
  by: unknown,
  steps: Iterator<number>,
): unknown {
  const isBranch = typeof value === 'object' && value !== null;
  const entries = isBranch ? Object.entries(value) : [];
  if (entries.length === 0) return by;
  const choose = steps.next().value as number;
  // One branch in eight is replaced itself.
  if (choose > 7 / 8) return by;
  const at = Math.floor(((choose * 8) / 7) * entries.length) % entries.length;
  const made = entries.map(
    ([key, inner], i) =>
      [key, i === at ? replaced(inner, by, steps) : inner] as const,
  );
  return Array.isArray(value)
    ? made.map(([, inner]) => inner)
    : Object.fromEntries(made);
}

test('where bp has no gradient, distances are absolute', async () => {
  const g = new GraphBuilder();
  const w = g.param('w', [1], [0]);
  const graph = g.output(w.mul(g.input('x', [1], [0])), 'half_sse', {
    target: [0],
  });
  const row = await check(
    { name: 'zero', graph },
    { rule: il(), backend: cpu },
  );
  expect(row).toMatchObject({ relToBp: 0, differingBits: 0, elements: 1 });
});
