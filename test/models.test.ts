/**
 * The models. Oracles: numbers of parameters as published or counted by hand
 * from the papers' sizes; finite differences of the loss; BP, bit by bit.
 */

import { describe, expect, test } from 'vitest';
import {
  encoderLayer,
  lstm,
  models,
  resnet,
  rnn,
  transformer,
} from '../models/index.ts';
import { CpuBackend } from '../src/backends/cpu/cpu.ts';
import { Random } from '../src/base/random.ts';
import { type Graph, parametersOf } from '../src/graph/graph.ts';
import { graphFromJson, graphToJson } from '../src/graph/json.ts';
import { level } from '../src/graph/level.ts';
import { check, feedsFor } from '../src/proof/check.ts';
import { bp } from '../src/rules/bp.ts';
import { type Feeds, Simulation } from '../src/simulation/simulate.ts';
import { describeBackends, describeWebGpu, webgpu } from './backends.ts';
import { exactRules } from './properties/support.ts';

const small = models.filter(({ size }) => size === 'small');
const byName = (name: string) => models.find((model) => model.name === name)!;

/**
 * AlexNet with its groups: 60,965,224; ResNet-18: 11,689,512. Both are what
 * other frameworks count. The others by hand: weights and biases of each layer.
 */
const COUNTS: Record<string, number> = {
  'mlp-2x128': 784 * 128 + 128 + 128 * 10 + 10,
  'mlp-3x128': 784 * 128 + 128 * 129 + 128 + 128 * 10 + 10,
  'mlp-4x128': 784 * 128 + 2 * 128 * 129 + 128 + 128 * 10 + 10,
  'mlp-8x256': 784 * 256 + 7 * 256 * 257 + 256 + 2560 + 10,
  'mlp-8x1024': 784 * 1024 + 7 * 1024 * 1025 + 1024 + 10240 + 10,
  'mlp-song': 50177 * 4096 + 4097 * 2048 + 2049 * 1024 + 1025 * 27,
  'cnn-millidge': 456 + 2416 + 1601 * 200 + 201 * 150 + 151 * 10,
  'cnn-millidge-100': 456 + 2416 + 1601 * 200 + 201 * 150 + 151 * 100,
  'alexnet-224': 60_965_224,
  'rnn-salvatori': 128 * 57 + 128 * 128 + 18 * 128,
  'rnn-millidge': 256 * (57 + 256 + 1) + 18 * 257,
  'lstm-millidge': 4 * 1056 * (1056 + 65 + 1) + 65 * 1057,
  'residual-mlp-salvatori': 785 * 256 + 5 * 257 * 256 + 257 * 10,
  'resnet-18-224': 11_689_512,
  'resnet-18': 11_689_512 - 3 * 64 * (49 - 9) - 513 * 990,
  'encoder-vaswani': 4 * 513 * 512 + 513 * 2048 + 2049 * 512 + 4 * 512,
};

test.each(Object.entries(COUNTS))('%s has %s parameters', (name, count) => {
  const graph = byName(name).make();
  const found = parametersOf(graph).reduce((sum, { size }) => sum + size, 0);
  expect(found).toBe(count);
});

test.each(models.map((model) => [model.name, model] as const))(
  '%s takes a batch size',
  (_, { make, batch }) => {
    const graph = make();
    const twice = make(2 * batch);
    expect(parametersOf(twice).map(({ shape }) => shape)).toEqual(
      parametersOf(graph).map(({ shape }) => shape),
    );
    expect(graph.output.size).toBeGreaterThan(0);
  },
);

describeBackends('all small models', (open) => {
  test.each(small.map((model) => [model.name, model] as const))(
    '%s: exact rules give the gradients of BP',
    async (name, { make }) => {
      const graph = make();
      for (const rule of exactRules) {
        for (const mode of ['pruned', 'event-driven'] as const) {
          const backend = await open();
          const row = await check({ name, graph }, { rule, backend, mode });
          expect(row).toMatchObject({ differingBits: 0, pass: true });
          expect(row.elements).toBeGreaterThan(0);
        }
      }
    },
  );
});

describe('explicit identity vertices', () => {
  test.each(['cnn', 'lstm', 'residual-mlp', 'resnet', 'encoder'])(
    '%s gives the gradients of BP',
    async (name) => {
      const [rule] = exactRules;
      const backend = new CpuBackend('f32');
      const graph = byName(name).make();
      const form = 'explicit';
      const row = await check({ name, graph }, { rule, backend, form });
      expect(row.differingBits).toBe(0);
    },
  );
});

describeWebGpu('a model in full size', () => {
  test.each(['rnn-salvatori', 'rnn-millidge', 'residual-mlp-salvatori'])(
    '%s: Z-IL gives the gradients of BP',
    async (name) => {
      const [rule] = exactRules;
      const graph = byName(name).make(8);
      const backend = await webgpu();
      const row = await check({ name, graph }, { rule, backend });
      expect(row.differingBits).toBe(0);
    },
  );
});

describe('finite differences', () => {
  const H = 1e-6;
  // A kink (relu, a maximum) within H of a value is improbable, not impossible:
  // the seed is fixed.
  test.each(small.map((model) => [model.name, model] as const))(
    '%s: BP gives the derivative of the loss',
    async (name, { make }) => {
      const graph = make();
      const backend = new CpuBackend('f64');
      const feeds = feedsFor(graph, 3);
      const run = Simulation.open(graph, { rule: bp(), backend, seed: 3 });
      const loss = async () => {
        await run.submit(feeds);
        return run.loss();
      };
      await run.submit(feeds);
      const gradients = await run.gradients();
      const random = new Random(1, name);
      for (const [id, gradient] of gradients) {
        const at = random.below(gradient.length);
        const values = await run.parameter(id);
        const moved = async (by: number) => {
          const changed = values.slice();
          changed[at] += by;
          run.setParameter(id, changed);
          return loss();
        };
        const slope = ((await moved(H)) - (await moved(-H))) / (2 * H);
        run.setParameter(id, values);
        const scale = 1 + Math.abs(slope) + Math.abs(await loss());
        expect(Math.abs(gradient[at] - slope) / scale, id).toBeLessThan(1e-7);
      }
      run.destroy();
    },
  );
});

test('a graph survives being written and read', async () => {
  const backend = new CpuBackend('f64');
  for (const { name, make } of small) {
    const graph = make();
    const again = graphFromJson(
      JSON.parse(JSON.stringify(graphToJson(graph))),
      name,
    );
    const [a, b] = await Promise.all(
      [graph, again].map((each) => gradientsOf(each, backend)),
    );
    expect(b, name).toEqual(a);
  }
});

async function gradientsOf(graph: Graph, backend: CpuBackend, feeds?: Feeds) {
  const run = Simulation.open(graph, { rule: bp(), backend, seed: 1 });
  await run.submit(feeds ?? feedsFor(graph, 1));
  const gradients = await run.gradients();
  run.destroy();
  return gradients;
}

describe('what the papers say of them', () => {
  test('ResNet and transformers are not levelled by design', () => {
    for (const name of ['resnet', 'encoder', 'transformer', 'residual-mlp']) {
      const { axons } = level(byName(name).make());
      const inner = axons.filter(({ from }) => !from.isLeaf);
      expect(
        inner.some(({ delay }) => delay > 0),
        name,
      ).toBe(true);
    }
    for (const name of ['mlp', 'cnn', 'alexnet']) {
      const { axons } = level(byName(name).make());
      expect(
        axons.every(({ delay }) => delay === 0),
        name,
      ).toBe(true);
    }
  });

  // Oracle: the definition of "causal".
  test('a later token changes no earlier score', async () => {
    const config = { batch: 1, steps: 5, vocabulary: 7, width: 8, heads: 2 };
    const backend = new CpuBackend('f64');
    const run = Simulation.open(transformer(config), { rule: bp(), backend });
    const before = await run.predict({ tokens: [0, 1, 2, 3, 4] });
    const after = await run.predict({ tokens: [0, 1, 2, 6, 4] });
    expect(after.slice(0, 21)).toEqual(before.slice(0, 21));
    expect(after.slice(21)).not.toEqual(before.slice(21));
    run.destroy();
  });

  test('without a mask an encoder sees the whole sequence', async () => {
    const backend = new CpuBackend('f64');
    const graph = encoderLayer({ steps: 3, width: 4, heads: 2, hidden: 5 });
    const run = Simulation.open(graph, { rule: bp(), backend });
    const x = Float64Array.from({ length: 12 }, (_, i) => Math.sin(i));
    const before = await run.predict({ x });
    x[11] += 1;
    const after = await run.predict({ x });
    expect(after[0]).not.toBe(before[0]);
    run.destroy();
  });

  // Oracle: the equations of Appendix C, in loops.
  test('the LSTM computes what its equations say', async () => {
    const sizes = { batch: 2, steps: 3, inputs: 3, hidden: 4 };
    const backend = new CpuBackend('f64');
    const graph = lstm(sizes);
    const run = Simulation.open(graph, { rule: bp(), backend, seed: 5 });
    const feeds = feedsFor(graph, 5);
    const weights = await run.allParameters();
    const expected: number[] = [];
    const affine = (v: number[], gate: string) => {
      const b = weights.get(`b${gate}`)!;
      const W = weights.get(`W${gate}`)!;
      return Array.from(b, (shift, i) =>
        v.reduce((sum, x, j) => sum + x * W[i * v.length + j], shift),
      );
    };
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    const state = [0, 1].map(() => ({ h: [0, 0, 0, 0], c: [0, 0, 0, 0] }));
    for (let t = 1; t <= sizes.steps; t++) {
      state.forEach((s, row) => {
        const x = Array.from(feeds[`x${t}`]).slice(3 * row, 3 * row + 3);
        const v = [...s.h, ...x];
        const [f, i, o] = ['f', 'i', 'o'].map((g) => affine(v, g).map(sigmoid));
        const g = affine(v, 'c').map(Math.tanh);
        s.c = s.c.map((c, k) => f[k] * c + i[k] * g[k]);
        s.h = s.c.map((c, k) => o[k] * Math.tanh(c));
        expected.push(...affine(s.h, 'y'));
      });
    }
    const found = await run.predict(
      Object.fromEntries(
        Object.entries(feeds).filter(([name]) => name !== 'target'),
      ),
    );
    expect(found.length).toBe(expected.length);
    found.forEach((y, i) => {
      expect(y).toBeCloseTo(expected[i], 12);
    });
    run.destroy();
  });

  // Oracle: Salvatori 2022, Eq. 36, in loops.
  test('the RNN computes what its equation says', async () => {
    const sizes = { batch: 1, steps: 3, inputs: 2, hidden: 3, outputs: 2 };
    const graph = rnn(sizes);
    const { run, feeds, weights } = await opened(graph);
    const dot = (W: string, v: number[]) => times(weights.get(W)!, v);
    let y: number[] = [];
    for (let t = 1; t <= sizes.steps; t++) {
      const x = dot('Wx', Array.from(feeds[`x${t}`]));
      const before = y.length > 0 ? dot('Wh', y.map(Math.tanh)) : [0, 0, 0];
      y = x.map((own, i) => own + before[i]);
    }
    await expectOutput(run, feeds, dot('Wy', y.map(Math.tanh)));
  });

  // Oracle: Vaswani et al. 2017, section 3, in loops.
  test('the encoder layer computes what its equations say', async () => {
    const [steps, width, heads] = [3, 4, 2];
    const graph = encoderLayer({ steps, width, heads, hidden: 5 });
    const { run, feeds, weights } = await opened(graph);
    const affine = (id: string, v: number[]) =>
      times(weights.get(`${id}.W`)!, v).map(
        (y, i) => y + weights.get(`${id}.b`)![i],
      );
    const norm = (v: number[]) => {
      const mean = v.reduce((a, b) => a + b) / v.length;
      const apart = v.map((x) => x - mean);
      const variance = apart.reduce((a, x) => a + x * x, 0) / v.length;
      return apart.map((x) => x / Math.sqrt(variance + 1e-5));
    };
    const x = rows(Array.from(feeds['x']), width);
    const [q, k, v] = ['q', 'k', 'v'].map((id) => x.map((r) => affine(id, r)));
    const depth = width / heads;
    const expected = x.flatMap((row, t) => {
      const mixed = Array.from({ length: heads }, (_, head) => {
        const part = (r: number[]) => r.slice(head * depth, (head + 1) * depth);
        const scores = k.map((key) => {
          const all = part(key).map((a, i) => a * part(q[t])[i]);
          return Math.exp(all.reduce((a, b) => a + b) / Math.sqrt(depth));
        });
        const total = scores.reduce((a, b) => a + b);
        return Array.from({ length: depth }, (_, i) =>
          v.reduce((sum, r, s) => sum + (scores[s] / total) * part(r)[i], 0),
        );
      }).flat();
      const h = norm(affine('o', mixed).map((y, i) => y + row[i]));
      const inner = affine('in', h).map((y) => Math.max(0, y));
      return norm(affine('out', inner).map((y, i) => y + h[i]));
    });
    await expectOutput(run, feeds, expected);
  });

  // Krizhevsky 2012: alpha 1e-4 over 5 channels, which lrn divides by 5.
  test('AlexNet normalises as its paper says', () => {
    const { vertices } = byName('alexnet').make();
    const found = vertices.filter(({ op }) => op === 'lrn');
    expect(found.map(({ attrs }) => attrs)).toEqual([
      { size: 5, alpha: 5e-4, beta: 0.75, k: 2 },
      { size: 5, alpha: 5e-4, beta: 0.75, k: 2 },
    ]);
  });

  test('a ResNet may normalise by given statistics', async () => {
    const config = { image: [3, 8, 8], blocks: [1, 1], channels: 2 } as const;
    const backend = new CpuBackend('f64');
    const main = Simulation.open(resnet({ ...config, batch: 2 }), {
      rule: bp(),
      backend,
    });
    const test = main.variant(resnet({ ...config, norm: 'inference' }));
    const names = test.graph.vertices
      .filter(({ op }) => op === 'input')
      .map(({ id }) => id);
    expect(names).toContain('n1.mean');
    expect(names).toContain('n5.variance');
    main.destroy();
  });
});

async function opened(graph: Graph) {
  const backend = new CpuBackend('f64');
  const run = Simulation.open(graph, { rule: bp(), backend, seed: 5 });
  const { target, ...feeds } = feedsFor(graph, 5);
  return { run, feeds, weights: await run.allParameters() };
}

/** W v, W row-major. */
function times(W: ArrayLike<number>, v: readonly number[]): number[] {
  return rows(Array.from(W), v.length).map((row) =>
    row.reduce((sum, w, i) => sum + w * v[i], 0),
  );
}

function rows(values: number[], width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, i) =>
    values.slice(i * width, (i + 1) * width),
  );
}

async function expectOutput(
  run: Simulation,
  feeds: Feeds,
  expected: readonly number[],
): Promise<void> {
  const found = await run.predict(feeds);
  expect(found.length).toBe(expected.length);
  found.forEach((y, i) => {
    expect(y).toBeCloseTo(expected[i], 10);
  });
  run.destroy();
}
