import { firstValueFrom, lastValueFrom, take, toArray } from 'rxjs';
import { describe, expect, test, vi } from 'vitest';
import { mlp } from '../models/index.ts';
import { CpuBackend } from '../src/backends/cpu.ts';
import { type Dataset, loadDataset } from '../src/data/datasets.ts';
import { OptionError, ShapeError } from '../src/errors.ts';
import { adam, momentum, sgd } from '../src/optim.ts';
import { bp } from '../src/rules/bp.ts';
import { fazil } from '../src/rules/fazil.ts';
import { il } from '../src/rules/il.ts';
import { zil } from '../src/rules/zil.ts';
import { Simulation } from '../src/simulate.ts';
import {
  countSteps,
  type TrainEvent,
  type TrainOptions,
  train,
  type Weights,
} from '../src/train.ts';
import { expectSameBits } from './properties/support.ts';

vi.setConfig({ testTimeout: 30_000 });

const digits = await loadDataset('digits', {
  seed: 1,
  trainCount: 600,
  testCount: 300,
});
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
  });

  test.each([
    { batch: 601 },
    { batch: 0 },
    { batch: 1.5 },
    { epochs: 0 },
    { steps: 0 },
    { steps: Number.NaN },
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
    expectSameBits(await values({ mode: 'event', steps: 12 }), one);
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
      override allocate(size: number) {
        allocated += 1;
        return super.allocate(size);
      }
      override free(): void {
        freed += 1;
      }
    }
    const data: Dataset = {
      ...digits,
      train: {
        ...digits.train,
        get labels() {
          fed += 1;
          return digits.train.labels;
        },
      },
    };
    const backend = new Counting('f32');
    const stream = train({ ...base, backend, data, epochs: 9, steps: 150 });
    const seen = await lastValueFrom(stream.pipe(take(3), toArray()));
    expect(seen.map((event) => event.kind)).toEqual(['step', 'step', 'step']);
    // Time for many more steps, had it gone on.
    await new Promise((resolve) => setTimeout(resolve, 100));
    // The labels are read once an image, at most one batch too many.
    expect(fed).toBeLessThanOrEqual(4 * 32);
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
    ['pixels', [100, 10], /an image of digits has 784 pixels/],
    ['classes', [784, 11], /11 outputs but digits has 10 classes/],
  ])('by their %s', async (_, sizes, told) => {
    const model = (batch: number) => mlp({ sizes, batch });
    await expect(events({ model })).rejects.toThrow(ShapeError);
    await expect(events({ model })).rejects.toThrow(told);
  });
});

describe('weights to start from', () => {
  test('those of a new simulation change nothing', async () => {
    const { model, rule, backend, seed } = base;
    const start = Simulation.open(model(32), { rule, backend, seed });
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
  expect(of('epoch')[7].accuracy).toBeGreaterThan(0.6);
  const losses = of('epoch').map(({ meanLoss }) => meanLoss);
  expect(losses[7]).toBeLessThan(0.7 * losses[0]);
});

test('on MNIST', async (context) => {
  if (!process.env['ISOCHRON_DATA']) {
    context.skip('ISOCHRON_DATA is not set: no real data on this machine');
  }
  const data = await loadDataset('mnist', { testCount: 2000, download: false });
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
  expect(of('epoch')[0].accuracy).toBeGreaterThan(0.85);
}, 60_000);
