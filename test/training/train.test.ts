import { firstValueFrom, lastValueFrom, take, tap, toArray } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { mlp } from '../../models/index.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { OptionError, ShapeError } from '../../src/base/errors.ts';
import { loadDataset } from '../../src/data/datasets.ts';
import {
  type Examples,
  imageExamples,
  type TrainingData,
} from '../../src/data/examples.ts';
import { GraphBuilder } from '../../src/graph/graph.ts';
import { bp } from '../../src/rules/bp.ts';
import { fazil } from '../../src/rules/fazil.ts';
import { il } from '../../src/rules/il.ts';
import { zil } from '../../src/rules/zil.ts';
import { adam, momentum, sgd } from '../../src/simulation/optim.ts';
import { Simulation } from '../../src/simulation/simulate.ts';
import type { Weights } from '../../src/training/learner.ts';
import {
  countSteps,
  type TrainEvent,
  type TrainOptions,
  train,
} from '../../src/training/train.ts';
import { expectSameBits } from '../properties/support.ts';

const digits = imageExamples(
  await loadDataset('digits', { seed: 1, trainCount: 600, testCount: 300 }),
);
const f32 = new CpuBackend('f32');

const base: TrainOptions = {
  model: (batch) =>
    mlp({
      sizes: [784, 12, 10],
      batch,
      loss: 'softmax_xent',
      reduction: 'mean',
    }),
  rule: zil(),
  optimiser: adam(),
  backend: f32,
  data: digits,
  batch: 32,
  steps: 12,
  seed: 3,
};

type Kind<K extends TrainEvent['kind']> = Extract<TrainEvent, { kind: K }>;

/** All events of a training, by kind. */
async function events(more: Partial<TrainOptions> = {}) {
  const all = await lastValueFrom(train({ ...base, ...more }).pipe(toArray()));
  const of = <K extends TrainEvent['kind']>(kind: K) =>
    all.filter((event): event is Kind<K> => event.kind === kind);
  return { all, of };
}

async function weights(more: Partial<TrainOptions> = {}) {
  const [done] = (await events(more)).of('done');
  return done.weights;
}

async function values(more: Partial<TrainOptions> = {}) {
  return new Map([...(await weights(more))].map(([id, w]) => [id, w.data]));
}

/** Values with the shapes of others. */
function inShape(
  values: ReadonlyMap<string, Weights['data']>,
  shapes: ReadonlyMap<string, Weights>,
): [string, Weights][] {
  return [...values].map(([id, data]) => {
    const shape = shapes.get(id)?.shape ?? [];
    return [id, { shape, data }];
  });
}

// Oracle: bp on a tape, which shares neither circuit nor clock with zil.
describe.each([sgd({ lr: 0.1 }), momentum(), adam()])('$name', (optimiser) => {
  test.each(['f32', 'f64'] as const)('zil = bp to the bit, %s', async (t) => {
    const common = { optimiser, backend: new CpuBackend(t) };
    const wanted = await values({ ...common, rule: bp() });
    expectSameBits(await values({ ...common, rule: zil() }), wanted);
    expectSameBits(await values({ ...common, rule: fazil() }), wanted);
    const start = await values({ ...common, rule: bp(), steps: 1 });
    expect(() => expectSameBits(start, wanted)).toThrow(/\[\d+\] is/);
  });
});

test('against: the comparison is made every so often and at the end', async () => {
  const { of } = await events({ against: bp(), compareEvery: 5 });
  expect(of('compared')).toEqual(
    [5, 10, 12].map((step) => ({
      ...{ kind: 'compared', step, differingBits: 0 },
      elements: 784 * 12 + 12 + 12 * 10 + 10,
    })),
  );
  const differ = await events({ rule: il({ steps: 3 }), against: bp() });
  expect(differ.of('compared')[0].differingBits).toBeGreaterThan(0);
});

describe('epochs and batches', () => {
  test('the last batch of an epoch is smaller where it must be', async () => {
    const more = { batch: 250, steps: undefined, epochs: 2 };
    // 600 = 250 + 250 + 100, twice.
    const { all, of } = await events({ ...more, against: bp() });
    expect(of('step').map(({ step, epoch }) => [step, epoch])).toEqual([
      ...[1, 2, 3].map((step) => [step, 1]),
      ...[4, 5, 6].map((step) => [step, 2]),
    ]);
    expect(of('epoch').map(({ step }) => step)).toEqual([3, 6]);
    expect(of('compared').at(-1)?.differingBits).toBe(0);
    expect(all.at(-1)?.kind).toBe('done');
    const losses = of('step').map(({ loss }) => loss);
    const mean = (losses[0] + losses[1] + losses[2]) / 3;
    expect(of('epoch')[0].meanLoss).toBeCloseTo(mean, 12);
  });

  test('one batch of all images; batches of one', async () => {
    const all = await events({ batch: 600, steps: undefined });
    expect(all.of('step')).toHaveLength(1);
    const one = await events({ batch: 1, steps: 3, against: bp() });
    expect(one.of('step').every(({ steps }) => steps === 3)).toBe(true);
    expect(one.of('compared')[0].differingBits).toBe(0);
  });

  test('steps are the smaller of steps and epochs', () => {
    const data = digits;
    // By hand: 600 / 64 = 9.4.
    expect(countSteps({ data, batch: 64 })).toBe(10);
    expect(countSteps({ data, batch: 64, epochs: 3 })).toBe(30);
    expect(countSteps({ data, batch: 64, epochs: 3, steps: 7 })).toBe(7);
    expect(countSteps({ data, batch: 64, steps: 99 })).toBe(10);
    expect(countSteps({ data, batch: 64, dropLast: true })).toBe(9);
  });

  test.each([
    { batch: 601 },
    { batch: 0 },
    { batch: 1.5 },
    { epochs: 0 },
    { steps: 0 },
    { steps: Number.NaN },
    { testBatch: 0 },
    { testLimit: -1 },
    { evaluateEvery: 1.5 },
    { compareEvery: 0 },
  ])('%j is an option error', async (wrong) => {
    await expect(events(wrong)).rejects.toThrow(OptionError);
  });
});

describe('seeds', () => {
  test('the same seed gives the same bits, another seed others', async () => {
    const one = await values();
    expectSameBits(await values(), one);
    const other = await values({ seed: 4 });
    expect(() => expectSameBits(other, one)).toThrow(/\[\d+\] is/);
  });

  test('modes give the same bits', async () => {
    const one = await values();
    expectSameBits(await values({ mode: 'clocked', steps: 12 }), one);
    expectSameBits(await values({ mode: 'event-driven', steps: 12 }), one);
  });
});

describe('as a stream', () => {
  test('nothing runs before it is subscribed to, each time anew', async () => {
    const stream = train({ ...base, steps: 2 });
    const first = await lastValueFrom(stream.pipe(toArray()));
    const second = await lastValueFrom(stream.pipe(toArray()));
    expect(second).toEqual(first);
  });

  test('unsubscribing stops it and frees what it had', async () => {
    let allocated = 0;
    let freed = 0;
    let fed = 0;
    class Counting extends CpuBackend {
      override allocateAll(sizes: readonly number[]) {
        allocated += sizes.length;
        return super.allocateAll(sizes);
      }
      override free(): void {
        freed += 1;
      }
    }
    const { count, feeds } = digits.train;
    const data: TrainingData = {
      ...digits,
      train: {
        count,
        feeds(chosen) {
          fed += 1;
          return feeds(chosen);
        },
      },
    };
    const backend = new Counting('f32');
    const stream = train({ ...base, backend, data, epochs: 9, steps: 150 });
    const seen = await lastValueFrom(stream.pipe(take(3), toArray()));
    expect(seen.map((event) => event.kind)).toEqual(['step', 'step', 'step']);
    // Time for many more steps, had it gone on.
    await new Promise((resolve) => setTimeout(resolve, 100));
    // At most one batch too many.
    expect(fed).toBeLessThanOrEqual(4);
    expect(allocated).toBeGreaterThan(0);
    expect(freed).toBe(allocated);
  });

  test('a step is told when it is made, not in the end', async () => {
    const first = await firstValueFrom(train({ ...base, steps: 12 }));
    expect(first).toMatchObject({ kind: 'step', step: 1, steps: 12, epoch: 1 });
  });

  // On the CPU every step is made of microtasks; a program must still be able
  // to hear a signal, a page to draw.
  test('it leaves turns to others, on the CPU too', async () => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    await events({ batch: 300, epochs: 20, steps: 40 });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });
});

describe('models that do not fit the data', () => {
  test.each([
    [
      'pixels',
      [100, 10],
      /reads x \[32, 100\] but 32 examples of digits give 25088 .* take 784 an/,
    ],
    ['classes', [784, 11], /11 outputs but digits has 10 classes/],
  ])('by their %s', async (_, sizes, told) => {
    const model = (batch: number) => mlp({ sizes, batch });
    await expect(events({ model })).rejects.toThrow(ShapeError);
    await expect(events({ model })).rejects.toThrow(told);
  });

  test('by the names of their inputs: both sides are told', async () => {
    const reads = (...names: string[]) => {
      const g = new GraphBuilder();
      const W = g.param('W', [10, 784]);
      const [first, ...others] = names.map((name) => g.input(name, [32, 784]));
      const y = others.reduce(
        (sum, x) => sum.add(x.linear(W)),
        first.linear(W),
      );
      return () => g.output(y);
    };
    const image = events({ model: reads('image') });
    await expect(image).rejects.toThrow(OptionError);
    await expect(image).rejects.toThrow(
      /reads image \[32, 784\] but 32 examples of digits give x: name/,
    );
    await expect(events({ model: reads('x', 'z') })).rejects.toThrow(
      /reads x \[32, 784\], z \[32, 784\] but 32 .* give x: name/,
    );
    // Too large for the number of the presentation, so an unknown input.
    await expect(events({ model: reads('x', 'step') })).rejects.toThrow(
      /step \[32, 784\] but .* give x: name/,
    );
  });
});

test('an input with values of its own need not be in the examples', async () => {
  const g = new GraphBuilder();
  const x = g.input('x', [32, 784]);
  const start = g.input('h0', [32, 784], new Float32Array(32 * 784).fill(1));
  const y = x.add(start).linear(g.param('W', [10, 784]));
  const model = () => g.output(y, 'softmax_xent', { reduction: 'mean' });
  const { of } = await events({ model, steps: 2, dropLast: true });
  expect(of('step')).toHaveLength(2);
  expect(of('epoch')).toHaveLength(1);
});

/** Examples by hand: rows of x, the target of each row, classes. */
function byHand(rows: readonly (readonly [number[], number])[], width: number) {
  const feeds: Examples['feeds'] = (chosen) => {
    const target = new Float32Array(chosen.length * width);
    chosen.forEach((example, row) => {
      target[row * width + rows[example][1]] = 1;
    });
    const x = Float32Array.from([...chosen].flatMap((i) => rows[i][0]));
    return { x, target };
  };
  return { count: rows.length, feeds };
}

describe('scores on outputs that are known', () => {
  // y = x: what is trained on has no error, so that the weights stay.
  const identity = (batch: number) => {
    const g = new GraphBuilder();
    const W = g.param('W', [2, 2], [1, 0, 0, 1]);
    return g.output(g.input('x', [batch, 2]).linear(W));
  };
  const { log } = Math;
  const data: TrainingData = {
    ...{ name: 'by hand', title: 'by hand', synthetic: true, source: 'here' },
    classes: ['a', 'b'],
    score: 'accuracy',
    train: byHand(
      [
        [[1, 0], 0],
        [[0, 1], 1],
        [[1, 0], 0],
      ],
      2,
    ),
    // softmax: 3/4 1/4, 3/4 1/4, 1/2 1/2, 1/5 4/5, 1/9 8/9.
    test: byHand(
      [
        [[log(3), 0], 0],
        [[log(3), 0], 1],
        [[0, 0], 0],
        [[0, log(4)], 1],
        [[0, log(8)], 0],
      ],
      2,
    ),
  };
  const known = { model: identity, data, batch: 1, steps: 1 };

  test('accuracy: rows 1, 3 (the first of equals) and 4 of 5; three are of one class', async () => {
    const [epoch] = (await events(known)).of('epoch');
    expect(epoch).toMatchObject({
      ...{ scoreName: 'accuracy', score: 3 / 5, chance: 3 / 5, examples: 5 },
      ...{ meanLoss: 0, step: 1, epoch: 1 },
    });
  });

  test.each([1, 2, 3, 500])(
    'batches of %i tell the same',
    async (testBatch) => {
      const [epoch] = (await events({ ...known, testBatch })).of('epoch');
      expect(epoch).toMatchObject({ score: 3 / 5, examples: 5 });
      const dropped = await events({ ...known, testBatch, dropLast: true });
      const examples = { 1: 5, 2: 4, 3: 3, 500: 5 }[testBatch];
      expect(dropped.of('epoch')[0]).toMatchObject({ examples });
    },
  );

  test('bits per character, and the entropy of the targets', async () => {
    const bits = { ...data, score: 'bits per character' as const };
    const [epoch] = (await events({ ...known, data: bits })).of('epoch');
    expect(epoch.scoreName).toBe('bits per character');
    // log2(4/3), log2 4, log2 2, log2(5/4), log2 9.
    const wanted = (0.4150375 + 2 + 1 + 0.3219281 + 3.169925) / 5;
    expect(epoch.score).toBeCloseTo(wanted, 6);
    // Three of one and two of the other: 0.6 log2(5/3) + 0.4 log2(5/2).
    expect(epoch.chance).toBeCloseTo(0.970951, 6);
    const limit = { ...known, data: bits, testLimit: 3 };
    const [first] = (await events(limit)).of('epoch');
    expect(first.examples).toBe(3);
    expect(first.score).toBeCloseTo((0.4150375 + 2 + 1) / 3, 6);
    // Two of one and one of the other.
    expect(first.chance).toBeCloseTo(0.918296, 6);
  });

  // Oracle: two equal outputs are one bit, whatever the loss is divided by.
  test.each(['mean', 'sum'] as const)(
    'bits of a step, %s',
    async (reduction) => {
      const model = (batch: number) => {
        const g = new GraphBuilder();
        const W = g.param('W', [2, 2], { kind: 'zeros' });
        const y = g.input('x', [batch, 2]).linear(W);
        return g.output(y, 'softmax_xent', { reduction });
      };
      const bits = { ...data, score: 'bits per character' as const };
      const { of } = await events({ ...known, model, data: bits, batch: 3 });
      expect(of('step')[0].bits).toBeCloseTo(1, 6);
      expect((await events(known)).of('step')[0].bits).toBeUndefined();
    },
  );

  // Oracle: y = x W + step with x = 0, so half of its square is the loss.
  test('an input "step" is the number of the presentation', async () => {
    const model = (batch: number) => {
      const g = new GraphBuilder();
      const W = g.param('W', [1, 2], { kind: 'zeros' });
      const x = g.input('x', [batch, 2]);
      return g.output(x.affine(W, g.input('step', [1])));
    };
    const train = byHand([[[0, 0], 0]], 1);
    const feeds: Examples['feeds'] = (chosen) => {
      return { ...train.feeds(chosen), target: Float32Array.of(0) };
    };
    const one = {
      ...data,
      classes: ['a'],
      train: { count: 1, feeds },
      test: train,
    };
    const more = { model, data: one, batch: 1, epochs: 4, steps: 4 };
    const { of } = await events({ ...more, against: bp() });
    expect(of('step').map(({ loss }) => loss)).toEqual([0.5, 2, 4.5, 8]);
    expect(of('compared').at(-1)?.differingBits).toBe(0);
  });
});

describe('tests between epochs', () => {
  test('evaluateEvery: once a step, and as an epoch at its end', async () => {
    const more = { batch: 100, steps: 9, epochs: 2, evaluateEvery: 2 };
    const { all, of } = await events(more);
    const tests = all.filter((event) => 'meanLoss' in event);
    // Six steps an epoch.
    expect(tests.map(({ kind, step, epoch }) => [kind, step, epoch])).toEqual([
      ['evaluated', 2, 1],
      ['evaluated', 4, 1],
      ['epoch', 6, 1],
      ['evaluated', 8, 2],
      ['epoch', 9, 2],
    ]);
    const losses = of('step').map(({ loss }) => loss);
    const mean = (from: number, to: number) =>
      losses.slice(from, to).reduce((a, b) => a + b, 0) / (to - from);
    const wanted = [mean(0, 2), mean(2, 4), mean(0, 6), mean(6, 8), mean(6, 9)];
    tests.forEach(({ meanLoss }, i) => {
      expect(meanLoss).toBeCloseTo(wanted[i], 12);
    });
    // A test changes nothing.
    const without = await values({ ...more, evaluateEvery: undefined });
    expectSameBits(await values(more), without);
  });
});

describe('dropLast', () => {
  const made: string[] = [];
  const model: TrainOptions['model'] = (batch, phase) => {
    made.push(`${phase} ${batch}`);
    return base.model(batch, phase);
  };

  test('every batch is full, in training and test', async () => {
    made.length = 0;
    const more = { model, batch: 250, epochs: 2, dropLast: true };
    const { of } = await events({ ...more, steps: undefined });
    // 600 = 250 + 250 + 100, and 300 = 250 + 50: by hand.
    expect(of('step').map(({ epoch }) => epoch)).toEqual([1, 1, 2, 2]);
    expect(of('epoch').map(({ step }) => step)).toEqual([2, 4]);
    expect(of('epoch')[0].examples).toBe(250);
    expect(made).toEqual(['train 250', 'test 250']);
  });

  test('is not the default', async () => {
    made.length = 0;
    await events({ model, batch: 250, steps: undefined });
    expect(made).toEqual(['train 250', 'train 100', 'test 250', 'test 50']);
  });
});

describe('stopped', () => {
  test('after the step in hand, with the weights so far', async () => {
    const stop = new AbortController();
    const kinds: string[] = [];
    let last: Kind<'done'> | undefined;
    const more = { against: bp(), compareEvery: 100, stop: stop.signal };
    await lastValueFrom(
      train({ ...base, ...more }).pipe(
        tap((event) => {
          kinds.push(event.kind);
          if (event.kind === 'step' && event.step === 3) stop.abort();
          if (event.kind === 'done') last = event;
        }),
      ),
    );
    expect(kinds).toEqual(['step', 'step', 'step', 'compared', 'done']);
    const got = new Map([...last!.weights].map(([id, w]) => [id, w.data]));
    expectSameBits(got, await values({ steps: 3 }));
  });

  test('during a test, which is then not told', async () => {
    const stop = new AbortController();
    let tested = 0;
    const test: Examples = {
      count: digits.test.count,
      feeds(chosen) {
        tested += 1;
        stop.abort();
        return digits.test.feeds(chosen);
      },
    };
    const data = { ...digits, test };
    const { all } = await events({ data, steps: 1, stop: stop.signal });
    expect(all.map(({ kind }) => kind)).toEqual(['step', 'done']);
    expect(tested).toBe(1);
  });

  test('before the first step: the weights of the start', async () => {
    const { all } = await events({ stop: AbortSignal.abort() });
    expect(all.map(({ kind }) => kind)).toEqual(['done']);
  });
});

describe('weights to start from', () => {
  test('those of a new simulation change nothing', async () => {
    const { model, rule, seed } = base;
    const options = { rule, backend: f32, seed };
    const start = Simulation.open(model(32, 'train'), options);
    const from = new Map(
      inShape(await start.allParameters(), await weights({ steps: 1 })),
    );
    expectSameBits(await values({ weights: from }), await values());
  });

  test('those of a training go on from it', async () => {
    const optimiser = sgd({ lr: 0.3 });
    const once = await weights({ optimiser, steps: undefined, epochs: 2 });
    const loss = async (from?: typeof once) =>
      (await events({ optimiser, weights: from, steps: 1 })).of('step')[0].loss;
    expect(await loss(once)).toBeLessThan(0.8 * (await loss()));
    const again = { optimiser, weights: once };
    const wanted = await values({ ...again, rule: bp() });
    expectSameBits(await values(again), wanted);
  });

  test('unknown names and other shapes are refused', async () => {
    const data = new Float32Array(784 * 12);
    const unknown = new Map([['W9', { shape: [12, 784], data }]]);
    await expect(events({ weights: unknown })).rejects.toThrow(OptionError);
    const turned = new Map([['W1', { shape: [784, 12], data }]]);
    await expect(events({ weights: turned })).rejects.toThrow(ShapeError);
  });
});

// Oracle: chance is 10 %; a linear classifier has far more than half right.
test('accuracy on digits rises clearly above chance', async () => {
  const { of } = await events({ epochs: 8, steps: undefined });
  expect(of('epoch')).toHaveLength(8);
  expect(of('epoch')[7].score).toBeGreaterThan(0.6);
  const losses = of('epoch').map(({ meanLoss }) => meanLoss);
  expect(losses[7]).toBeLessThan(0.7 * losses[0]);
});

test('on MNIST', async (context) => {
  if (!process.env['ISOCHRON_DATA']) {
    context.skip('ISOCHRON_DATA is not set: no real data on this machine');
  }
  const data = imageExamples(
    await loadDataset('mnist', { testCount: 2000, download: false }),
  );
  const model = (batch: number) =>
    mlp({
      sizes: [784, 32, 10],
      batch,
      loss: 'softmax_xent',
      reduction: 'mean',
    });
  const more = { model, data, batch: 64, steps: 300, against: bp() };
  const { of } = await events({ ...more, optimiser: adam({ lr: 0.003 }) });
  expect(of('compared').at(-1)).toMatchObject({ step: 300, differingBits: 0 });
  // Oracle: LeCun 1998 has 88 % for a linear classifier.
  expect(of('epoch')[0].score).toBeGreaterThan(0.85);
});
