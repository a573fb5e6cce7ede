/**
 * Oracles: `train`, which follows the same seed by code of its own; losses and
 * accuracies by hand; what two's complement says of the bits of -0.
 */

import { describe, expect, test } from 'vitest';
import { mlp } from '../../models/index.ts';
import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import { Random } from '../../src/base/random.ts';
import type { Examples, TrainingData } from '../../src/data/examples.ts';
import {
  digest,
  type FollowOptions,
  follow,
  testsOf,
} from '../../src/experiments/training.ts';
import { bp } from '../../src/rules/bp.ts';
import { il } from '../../src/rules/il.ts';
import { zil } from '../../src/rules/zil.ts';
import { sgd } from '../../src/simulation/optim.ts';
import { Simulation } from '../../src/simulation/simulate.ts';
import { type TrainEvent, train } from '../../src/training/train.ts';

const INPUTS = 4;
const CLASSES = 3;

function examples(count: number, stream: string): Examples {
  const random = new Random(5, stream);
  const x = Float32Array.from({ length: count * INPUTS }, () =>
    random.normal(),
  );
  return {
    count,
    feeds(chosen) {
      const target = new Float32Array(chosen.length * CLASSES);
      chosen.forEach((number, row) => {
        target[row * CLASSES + (number % CLASSES)] = 1;
      });
      const rows = Array.from(chosen, (number) =>
        Array.from(x.subarray(number * INPUTS, (number + 1) * INPUTS)),
      );
      return { x: Float32Array.from(rows.flat()), target };
    },
  };
}

const data: TrainingData = {
  ...{ name: 'points', title: 'points', synthetic: true, source: 'here' },
  ...{ classes: ['a', 'b', 'c'], score: 'accuracy' },
  train: examples(23, 'train'),
  test: examples(7, 'test'),
};

const backend = new CpuBackend('f64');
const model = (batch: number) => mlp({ sizes: [INPUTS, 5, CLASSES], batch });
const common: FollowOptions = {
  ...{ model, data, backend, seed: 3, batch: 4, steps: 12, tests: [0, 12] },
  ...{ rule: bp(), optimiser: sgd({ lr: 0.05 }), examples: 100 },
  signal: new AbortController().signal,
};

describe('a training that is followed', () => {
  test('ends where train ends, with its test accuracy', async () => {
    const { tests, examples: _, signal, ...options } = common;
    const events = await new Promise<TrainEvent[]>((resolve, reject) => {
      const seen: TrainEvent[] = [];
      train({ ...options, epochs: 9, dropLast: true, testBatch: 7 }).subscribe({
        next: (event) => seen.push(event),
        complete: () => resolve(seen),
        error: reject,
      });
    });
    const done = events.find((event) => event.kind === 'done')!;
    const score = events.filter((event) => event.kind === 'epoch').at(-1)!;
    const { points, weights, broke } = await follow(common);
    expect(broke).toBeNull();
    expect(points.map(({ step }) => step)).toEqual([0, 12]);
    expect(points[1].testScore).toBeCloseTo(score.score, 15);
    expect([...weights.keys()].sort()).toEqual([...done.weights.keys()].sort());
    for (const [id, values] of weights) {
      expect(values).toEqual(done.weights.get(id)!.data);
    }
    // It has moved: equality is not that of a start.
    const first = await follow({ ...common, steps: 0 });
    expect(digest(first.weights)).not.toBe(digest(weights));
  });

  test.each(['half_sse', 'softmax_xent'] as const)(
    'losses of %s and accuracies are those of the outputs',
    async (loss) => {
      const sizes = [INPUTS, 5, CLASSES];
      const own = (batch: number) => mlp({ sizes, batch, loss });
      const options = { ...common, model: own, steps: 0, tests: [0] };
      const { points } = await follow(options);
      const simulation = Simulation.open(own(7), {
        ...{ rule: bp(), backend, seed: 3 },
      });
      const all = Uint32Array.from({ length: 7 }, (_, i) => i);
      const { target, ...feeds } = data.test.feeds(all);
      const outputs = Array.from(await simulation.predict(feeds));
      let [sum, right] = [0, 0];
      for (let row = 0; row < 7; row++) {
        const own = outputs.slice(row * CLASSES, (row + 1) * CLASSES);
        const wanted = row % CLASSES;
        if (Math.max(...own) === own[wanted]) right += 1;
        const total = own.reduce((all, value) => all + Math.exp(value), 0);
        sum +=
          loss === 'softmax_xent'
            ? -Math.log(Math.exp(own[wanted]) / total)
            : own.reduce(
                (all, value, i) => all + (value - (i === wanted ? 1 : 0)) ** 2,
                0,
              ) / 2;
      }
      expect(points[0].testLoss).toBeCloseTo(sum / 7, 12);
      expect(points[0].testScore).toBeCloseTo(right / 7, 12);
      simulation.destroy();
    },
  );

  test('numbers that leave their range end it, and are told', async () => {
    const optimiser = sgd({ lr: 1e6 });
    const { broke, points } = await follow({
      ...common,
      optimiser,
      steps: 200,
    });
    expect(broke).toBeGreaterThan(1);
    expect(broke).toBeLessThan(200);
    expect(points).toHaveLength(2);
    expect(points.map(({ step }) => step)).toEqual([0, 12].slice(0, 2));
  });

  test('a signal ends it by its own reason', async () => {
    const stop = new AbortController();
    const progress = (part: number) => part > 0.3 && stop.abort('enough');
    const running = follow({ ...common, signal: stop.signal, progress });
    await expect(running).rejects.toBe('enough');
  });

  test('learned precisions are among its weights', async () => {
    const rule = il({ steps: 4, precision: 'learned' });
    const { weights } = await follow({ ...common, rule });
    expect(weights.has('@lnSigma/y')).toBe(true);
  });
});

describe('a digest', () => {
  test('of Z-IL is that of BP, of inference learning not', async () => {
    const of = async (rule: FollowOptions['rule']) =>
      digest((await follow({ ...common, rule })).weights);
    const wanted = await of(bp());
    expect(await of(zil())).toBe(wanted);
    expect(await of(zil({ gamma: 0.5 }))).not.toBe(wanted);
    expect(await of(il({ steps: 20 }))).not.toBe(wanted);
  });

  test('counts 0 and -0 as equal, and tells the last bit', () => {
    const of = (...values: number[]) =>
      digest(new Map([['w', Float64Array.from(values)]]));
    expect(of(0, 1)).toBe(of(-0, 1));
    expect(of(1)).not.toBe(of(1 + 2 ** -52));
    expect(of(1, 2)).not.toBe(of(2, 1));
    expect(of(1)).not.toBe(of(1, 0));
  });
});

test('tests are even, with the first and the last', () => {
  expect(testsOf(10, 4)).toEqual([0, 3, 5, 8, 10]);
  expect(testsOf(2, 10)).toEqual([0, 1, 2]);
});
