/** Training: a model under a rule, an optimiser and labelled images. */

import { Observable } from 'rxjs';
import type { Backend } from './backends/backend.ts';
import { differing } from './check.ts';
import type { Dataset, LabelledImages } from './data/datasets.ts';
import { OptionError, ShapeError } from './errors.ts';
import { type Graph, inputsOf } from './graph.ts';
import type { Optimiser } from './optim.ts';
import { Random } from './random.ts';
import type { Mode } from './record.ts';
import type { Rule } from './rules/rule.ts';
import { Simulation } from './simulate.ts';

export interface TrainOptions {
  /** The graph for a batch size; its only data input takes the images. */
  readonly model: (batch: number) => Graph;
  readonly rule: Rule;
  readonly optimiser: Optimiser;
  readonly backend: Backend;
  readonly data: Dataset;
  readonly batch?: number;
  readonly epochs?: number;
  /** Stops after this many steps, if fewer than the epochs have. */
  readonly steps?: number;
  readonly seed?: number;
  readonly mode?: Mode;
  /** Values that parameters start from, by name; others as the model says. */
  readonly weights?: ReadonlyMap<string, Weights>;
  /** Trains with another rule in step with it, and compares the weights. */
  readonly against?: Rule;
  /** Steps between comparisons. */
  readonly compareEvery?: number;
}

export type TrainEvent =
  | {
      readonly kind: 'step';
      readonly step: number;
      readonly steps: number;
      /** Counted from 1. */
      readonly epoch: number;
      /** Loss of this batch before its update. */
      readonly loss: number;
    }
  | {
      readonly kind: 'compared';
      readonly step: number;
      readonly elements: number;
      /** Weights whose bits differ between the two rules. */
      readonly differingBits: number;
    }
  | {
      /** After each epoch, and at the end. */
      readonly kind: 'epoch';
      readonly epoch: number;
      readonly step: number;
      /** Part of the test images that are classified right. */
      readonly accuracy: number;
      /** Mean loss of the epoch's steps. */
      readonly meanLoss: number;
    }
  | { readonly kind: 'done'; readonly weights: ReadonlyMap<string, Weights> };

export interface Weights {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** Images evaluated at a time. */
const TEST_BATCH = 500;

/**
 * Milliseconds after which a run gives others a turn: on the CPU its steps
 * are microtasks alone, and neither Ctrl-C nor a page's clicks got through.
 */
const REST_AFTER = 50;

/** Cold: each subscription trains anew; unsubscribing stops it. */
export function train(options: TrainOptions): Observable<TrainEvent> {
  return new Observable((subscriber) => {
    const stop = new AbortController();
    run(options, (event) => subscriber.next(event), stop.signal).then(
      () => subscriber.complete(),
      (error) => subscriber.error(error),
    );
    return () => stop.abort();
  });
}

async function run(
  options: TrainOptions,
  emit: (event: TrainEvent) => void,
  stop: AbortSignal,
): Promise<void> {
  const { data, model, rule, against, optimiser, backend, mode, weights } =
    options;
  const { batch = 64, epochs = 1, seed = 0, compareEvery = 50 } = options;
  const steps = countSteps(options);
  const open = (with_: Rule) =>
    new Learner(model, batch, data, (graph) => {
      const options = { rule: with_, backend, optimiser, mode, seed };
      const simulation = Simulation.open(graph, options);
      for (const [id, { shape, data }] of weights ?? []) {
        simulation.setParameter(id, data, shape);
      }
      return simulation;
    });
  const learner = open(rule);
  let other: Learner | null = null;
  try {
    if (against) other = open(against);
    let step = 0;
    let rested = performance.now();
    for (let epoch = 1; epoch <= epochs && step < steps; epoch++) {
      const random = new Random(seed, `order/${epoch}`);
      const order = random.permutation(data.train.count);
      let sum = 0;
      let count = 0;
      for (let at = 0; at < order.length && step < steps; at += batch) {
        if (performance.now() - rested > REST_AFTER) {
          await new Promise((resolve) => setTimeout(resolve));
          rested = performance.now();
        }
        if (stop.aborted) return;
        const chosen = order.subarray(at, at + batch);
        const loss = await learner.learn(chosen);
        await other?.learn(chosen);
        step += 1;
        sum += loss;
        count += 1;
        emit({ kind: 'step', step, steps, epoch, loss });
        if (other && (step % compareEvery === 0 || step === steps)) {
          emit({ kind: 'compared', step, ...(await learner.compare(other)) });
        }
      }
      const accuracy = await learner.accuracy(data.test);
      emit({ kind: 'epoch', epoch, step, accuracy, meanLoss: sum / count });
    }
    emit({ kind: 'done', weights: await learner.weights() });
  } finally {
    learner.close();
    other?.close();
  }
}

/** Steps of a run. Throws OptionError. */
export function countSteps(
  options: Pick<TrainOptions, 'batch' | 'epochs' | 'steps' | 'data'>,
): number {
  const { batch = 64, epochs = 1, steps = Number.POSITIVE_INFINITY } = options;
  const { count } = options.data.train;
  for (const [name, value] of Object.entries({ batch, epochs })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new OptionError(
        `Option ${name} = ${value}: give a whole number >= 1`,
      );
    }
  }
  if (
    !(steps === Number.POSITIVE_INFINITY || Number.isInteger(steps)) ||
    steps < 1
  ) {
    throw new OptionError(`Option steps = ${steps}: give a whole number >= 1`);
  }
  if (batch > count) {
    throw new OptionError(
      `A batch of ${batch} is larger than the ${count} training images of ` +
        `${options.data.name}: use a smaller batch`,
      { batch, count },
    );
  }
  return Math.min(steps, epochs * Math.ceil(count / batch));
}

/** One set of weights that learns: batches of any size share it. */
class Learner {
  private readonly main: Simulation;
  private readonly model: (batch: number) => Graph;
  private readonly data: Dataset;
  private readonly sized = new Map<number, Simulation>();
  private readonly classes: number;
  private readonly input: string;

  constructor(
    model: (batch: number) => Graph,
    batch: number,
    data: Dataset,
    open: (graph: Graph) => Simulation,
  ) {
    const graph = model(batch);
    const inputs = inputsOf(graph);
    const pixels = data.train.images.length / data.train.count;
    const classes = graph.output.size / batch;
    if (inputs.length !== 1 || inputs[0].size !== batch * pixels) {
      throw new ShapeError(
        `The model reads ${inputs.map((v) => `${v.id} [${v.shape}]`).join(', ')} ` +
          `but an image of ${data.name} has ${pixels} pixels`,
      );
    }
    if (classes !== data.classes.length) {
      throw new ShapeError(
        `The model has ${classes} outputs but ${data.name} has ` +
          `${data.classes.length} classes`,
      );
    }

    this.model = model;
    this.data = data;
    this.classes = classes;
    this.input = inputs[0].id;
    this.main = open(graph);
    this.sized.set(batch, this.main);
  }

  /** One step on the training images of these numbers; gives the loss. */
  async learn(chosen: Uint32Array): Promise<number> {
    const feeds = this.feeds(this.data.train, chosen);
    return (await this.simulation(chosen.length).step(feeds)).loss;
  }

  async accuracy(images: LabelledImages): Promise<number> {
    let right = 0;
    for (let at = 0; at < images.count; at += TEST_BATCH) {
      const n = Math.min(TEST_BATCH, images.count - at);
      const chosen = Uint32Array.from({ length: n }, (_, i) => at + i);
      const feeds = this.feeds(images, chosen);
      const output = await this.simulation(n).predict(feeds);
      for (let i = 0; i < n; i++) {
        const row = output.subarray(i * this.classes, (i + 1) * this.classes);
        if (argmax(row) === images.labels[at + i]) right += 1;
      }
    }
    return right / images.count;
  }

  async weights(): Promise<Map<string, Weights>> {
    const values = await this.main.allParameters();
    const { vertices } = this.main.graph;
    return new Map(
      [...values].map(([id, data]) => [
        id,
        { shape: vertices.find((v) => v.id === id)?.shape ?? [], data },
      ]),
    );
  }

  async compare(other: Learner) {
    const mine = await this.main.allParameters();
    const theirs = await other.main.allParameters();
    let elements = 0;
    let differingBits = 0;
    for (const [id, data] of mine) {
      elements += data.length;
      differingBits += differing(data, theirs.get(id)!);
    }
    return { elements, differingBits };
  }

  close(): void {
    for (const simulation of this.sized.values()) simulation.close();
    this.main.destroy();
  }

  private simulation(batch: number): Simulation {
    let simulation = this.sized.get(batch);
    if (!simulation) {
      simulation = this.main.variant(this.model(batch));
      this.sized.set(batch, simulation);
    }
    return simulation;
  }

  /** Pixels as 0 to 1, labels one-hot. */
  private feeds(images: LabelledImages, chosen: Uint32Array) {
    const pixels = images.images.length / images.count;
    const x = new Float32Array(chosen.length * pixels);
    const target = new Float32Array(chosen.length * this.classes);
    chosen.forEach((image, row) => {
      const from = image * pixels;
      for (let i = 0; i < pixels; i++) {
        x[row * pixels + i] = images.images[from + i] / 255;
      }
      target[row * this.classes + images.labels[image]] = 1;
    });
    return { [this.input]: x, target };
  }
}

function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    if (values[i] > values[best]) best = i;
  }
  return best;
}
