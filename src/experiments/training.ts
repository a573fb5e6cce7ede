/**
 * Trainings that are followed: losses and scores of training and test examples
 * on the way, all by forward sweeps alone, and the weights at the end.
 */

import type { Backend } from '../backends/backend.ts';
import { NonFiniteError } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import type { FloatArray } from '../base/tensor.ts';
import { yielder } from '../base/turns.ts';
import type { Examples, TrainingData } from '../data/examples.ts';
import type { Graph } from '../graph/graph.ts';
import type { Rule } from '../rules/rule.ts';
import type { Optimiser } from '../simulation/optim.ts';
import { Simulation } from '../simulation/simulate.ts';
import { largest } from '../training/score.ts';

export interface FollowOptions {
  /** The graph for a batch size. */
  readonly model: (batch: number) => Graph;
  readonly data: TrainingData;
  readonly rule: Rule;
  readonly optimiser: Optimiser;
  readonly backend: Backend;
  readonly seed: number;
  readonly batch: number;
  /** Presentations. */
  readonly steps: number;
  /** Presentations after which is tested; 0 is before the first. */
  readonly tests: readonly number[];
  /** Examples of each part that a test is of, the first ones. */
  readonly examples: number;
  readonly signal: AbortSignal;
  readonly progress?: (part: number) => void;
  /** What else is done at a test, as with the weights so far. */
  readonly visit?: (step: number, simulation: Simulation) => Promise<void>;
}

/** Of a test; losses are means over examples. */
export interface Point {
  readonly step: number;
  readonly trainLoss: number;
  readonly testLoss: number;
  /** Parts of the rows whose largest output is the target's. */
  readonly trainScore: number;
  readonly testScore: number;
}

export interface Followed {
  readonly points: readonly Point[];
  /** All that was learned, by id; of precisions too. */
  readonly weights: ReadonlyMap<string, FloatArray>;
  /** The presentation at which numbers were no longer finite, or null. */
  readonly broke: number | null;
}

/** Most examples of one forward sweep. */
const SWEEP = 500;

/**
 * Trains; the same seed gives the same start, order and result. Numbers that
 * leave their range end it early and are no error: to be unstable is a result.
 */
export async function follow(options: FollowOptions): Promise<Followed> {
  const { model, data, rule, optimiser, backend, seed, batch } = options;
  const { steps, tests, signal, visit } = options;
  const graph = model(batch);
  const main = Simulation.open(graph, { rule, backend, optimiser, seed });
  const test = new Tester(main, options);
  const yieldNow = yielder();
  const points: Point[] = [];
  let broke: number | null = null;
  let step = 0;
  const look = async () => {
    if (!tests.includes(step)) return;
    points.push({ step, ...(await test.measure()) });
    await visit?.(step, main);
  };
  try {
    await look();
    for (const chosen of batches(data.train.count, batch, steps, seed)) {
      await yieldNow();
      signal.throwIfAborted();
      step += 1;
      await main.step(data.train.feeds(chosen));
      options.progress?.(step / steps);
      await look();
    }
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error;
    broke = step;
  }
  try {
    return { points, weights: await main.allParameters(), broke };
  } finally {
    test.close();
    main.destroy();
  }
}

/** Every epoch has an order of its own; what fills no batch is left out. */
function* batches(
  count: number,
  batch: number,
  steps: number,
  seed: number,
): Generator<Uint32Array> {
  let done = 0;
  for (let epoch = 1; done < steps; epoch++) {
    const order = new Random(seed, `order/${epoch}`).permutation(count);
    for (let at = 0; at + batch <= count && done < steps; at += batch) {
      done += 1;
      yield order.subarray(at, at + batch);
    }
  }
}

/** Tests of weights by forward sweeps. */
export class Tester {
  private readonly main: Simulation;
  private readonly options: Pick<FollowOptions, 'model' | 'data' | 'examples'>;
  private readonly variants = new Map<number, Simulation>();

  constructor(
    main: Simulation,
    options: Pick<FollowOptions, 'model' | 'data' | 'examples'>,
  ) {
    this.main = main;
    this.options = options;
  }

  /** Throws NonFiniteError. */
  async measure(): Promise<Omit<Point, 'step'>> {
    const { train, test } = this.options.data;
    const [own, other] = [await this.part(train), await this.part(test)];
    return {
      trainLoss: own.loss,
      testLoss: other.loss,
      trainScore: own.score,
      testScore: other.score,
    };
  }

  /** Mean loss of an example, and the part of rows that are right. */
  async part(examples: Examples): Promise<{ loss: number; score: number }> {
    const { model } = this.options;
    const count = Math.min(this.options.examples, examples.count);
    let [loss, right, rows] = [0, 0, 0];
    for (let at = 0; at < count; at += SWEEP) {
      const n = Math.min(SWEEP, count - at);
      const sweep = this.variants.get(n) ?? this.main.variant(model(n));
      this.variants.set(n, sweep);
      const numbers = Uint32Array.from({ length: n }, (_, i) => at + i);
      const { target, ...feeds } = examples.feeds(numbers);
      const outputs = await sweep.predict(feeds);
      const { shape } = sweep.graph.output;
      const width = shape[shape.length - 1]!;
      for (let from = 0; from < outputs.length; from += width) {
        rows += 1;
        loss += rowLoss(sweep.graph, outputs, target!, from, width);
        const wanted = largest(target!, from, width);
        if (largest(outputs, from, width) === wanted) right += 1;
      }
    }
    if (!Number.isFinite(loss)) {
      throw new NonFiniteError(
        `The loss of ${count} examples is ${loss}: lower the learning rate`,
        { loss },
      );
    }
    return { loss: loss / count, score: right / rows };
  }

  close(): void {
    for (const variant of this.variants.values()) variant.close();
  }
}

/** Loss of one row of outputs, in float64 whatever the backend has. */
function rowLoss(
  { loss: { kind } }: Graph,
  outputs: ArrayLike<number>,
  target: ArrayLike<number>,
  from: number,
  width: number,
): number {
  let sum = 0;
  if (kind === 'half_sse') {
    for (let i = from; i < from + width; i++) {
      sum += (outputs[i]! - target[i]!) ** 2 / 2;
    }
    return sum;
  }
  const most = outputs[from + largest(outputs, from, width)]!;
  let total = 0;
  for (let i = from; i < from + width; i++) {
    total += Math.exp(outputs[i]! - most);
  }
  const all = most + Math.log(total);
  for (let i = from; i < from + width; i++) {
    sum += target[i]! * (all - outputs[i]!);
  }
  return sum;
}

/** The columns of a training that was followed. */
export const curves = ({ points, weights, broke }: Followed) => ({
  steps: points.map(({ step }) => step),
  trainLoss: points.map(({ trainLoss }) => trainLoss),
  testLoss: points.map(({ testLoss }) => testLoss),
  trainAccuracy: points.map(({ trainScore }) => trainScore),
  testAccuracy: points.map(({ testScore }) => testScore),
  broke,
  digest: digest(weights),
});

/** Numbers of the first examples. */
export const firstOf = (count: number) =>
  Uint32Array.from({ length: count }, (_, i) => i);

/** 0 and so many presentations after it, evenly, the last among them. */
export function testsOf(steps: number, count: number): number[] {
  const all = Array.from({ length: count + 1 }, (_, i) =>
    Math.round((i * steps) / count),
  );
  return [...new Set(all)];
}

/**
 * A number of 64 bits for the bits of some values, as text: equal for equal
 * bits, and else different but for chance. 0 and -0 count as equal.
 */
export function digest(weights: ReadonlyMap<string, FloatArray>): string {
  let [a, b] = [0x811c9dc5, 0x9e3779b9];
  const ids = [...weights.keys()].sort();
  for (const id of ids) {
    const positive = weights.get(id)!.map((value) => value + 0);
    for (const word of new Uint32Array(positive.buffer)) {
      a = Math.imul(a ^ word, 0x01000193);
      a ^= a >>> 15;
      b = Math.imul(b ^ word, 0x85ebca6b);
      b ^= b >>> 13;
    }
  }
  return [a, b]
    .map((half) => (half >>> 0).toString(16).padStart(8, '0'))
    .join('');
}
