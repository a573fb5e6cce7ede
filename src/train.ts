/** Training: a model under a rule, an optimiser and examples of a task. */

import { Observable } from 'rxjs';
import type { Backend } from './backends/backend.ts';
import { batchStatistics, statisticsNames } from './calibrate.ts';
import { differing } from './check.ts';
import type { Examples, TrainingData } from './data/examples.ts';
import { OptionError, ShapeError } from './errors.ts';
import { type Graph, inputsOf, lossDivisor } from './graph.ts';
import type { Optimiser } from './optim.ts';
import { wholeNumber } from './options.ts';
import { Random } from './random.ts';
import type { Mode } from './record.ts';
import type { Rule } from './rules/rule.ts';
import { type Score, Tally } from './score.ts';
import { type Feeds, Simulation } from './simulate.ts';
import { shapeText } from './tensor.ts';
import { Turns } from './turns.ts';

/** What a graph is for: a model may drop units in training only. */
export type Phase = 'train' | 'test';

export interface TrainOptions {
  /**
   * The graph for a batch size. It reads the inputs that the examples give
   * and, if it has an input `step` of shape [1], the number of the
   * presentation from 1. Parameters of 'test' are all among those of 'train'.
   * Where that of 'train' has a batchnorm ID, that of 'test' may have inputs
   * ID.mean and ID.variance: those of the training data.
   */
  readonly model: (batch: number, phase: Phase) => Graph;
  readonly rule: Rule;
  readonly optimiser: Optimiser;
  readonly backend: Backend;
  readonly data: TrainingData;
  readonly batch?: number;
  readonly epochs?: number;
  /** Stops after this many steps, if fewer than the epochs have. */
  readonly steps?: number;
  /**
   * Leaves out what does not fill a batch, in training and test: a batch of
   * another size is another program, which large models take long to compile.
   */
  readonly dropLast?: boolean;
  /** Examples tested at a time; `batch` if not given. */
  readonly testBatch?: number;
  /** Tests on at most so many examples, the first ones. */
  readonly testLimit?: number;
  /** Tests every so many steps too, not only after each epoch. */
  readonly evaluateEvery?: number;
  readonly seed?: number;
  readonly mode?: Mode;
  /** Values that parameters start from, by name; others as the model says. */
  readonly weights?: ReadonlyMap<string, Weights>;
  /** Trains with another rule in step with it, and compares the weights. */
  readonly against?: Rule;
  /** Steps between comparisons. */
  readonly compareEvery?: number;
  /**
   * Ends the training after the step in hand, without a test: `done` comes
   * with the weights so far. Unsubscribing ends it without them.
   */
  readonly stop?: AbortSignal;
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
      /** The same a row, in bits, where the score is in bits. */
      readonly bits?: number;
    }
  | {
      readonly kind: 'compared';
      readonly step: number;
      readonly elements: number;
      /** Weights whose bits differ between the two rules. */
      readonly differingBits: number;
    }
  /** After each epoch, and at the end. */
  | ({ readonly kind: 'epoch' } & Evaluation)
  /** Within an epoch, by `evaluateEvery`. */
  | ({ readonly kind: 'evaluated' } & Evaluation)
  | { readonly kind: 'done'; readonly weights: ReadonlyMap<string, Weights> };

/** What a test of the weights so far tells. */
export interface Evaluation extends Score {
  readonly epoch: number;
  readonly step: number;
  /** Test examples that the score is of. */
  readonly examples: number;
  /** Mean loss of the steps of the epoch, or since the test before. */
  readonly meanLoss: number;
}

export interface Weights {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** Training batches whose means and variances stand for all data in tests. */
const CALIBRATION_BATCHES = 8;

/** Cold: each subscription trains anew; unsubscribing stops it. */
export function train(options: TrainOptions): Observable<TrainEvent> {
  return new Observable((subscriber) => {
    const gone = new AbortController();
    run(options, (event) => subscriber.next(event), gone.signal).then(
      () => subscriber.complete(),
      (error) => subscriber.error(error),
    );
    return () => gone.abort();
  });
}

async function run(
  options: TrainOptions,
  emit: (event: TrainEvent) => void,
  gone: AbortSignal,
): Promise<void> {
  const { rule, against, optimiser, backend, mode, weights, stop } = options;
  const { seed = 0, compareEvery = 50, evaluateEvery } = options;
  const steps = countSteps(options);
  const open = (with_: Rule) =>
    new Learner(options, (graph) => {
      const options = { rule: with_, backend, optimiser, mode, seed };
      const simulation = Simulation.open(graph, options);
      for (const [id, { shape, data }] of weights ?? []) {
        simulation.setParameter(id, data, shape);
      }
      return simulation;
    });
  const turns = new Turns();
  /** Between any two pieces of work; false if there is to be no other. */
  const goOn = async () => {
    await turns.give();
    return !gone.aborted && !stop?.aborted;
  };
  const learner = open(rule);
  let other: Learner | null = null;
  try {
    if (against) other = open(against);
    let step = 0;
    let compared = 0;
    const ofEpoch = new Mean();
    const sinceTest = new Mean();
    const compare = async (other: Learner) => {
      compared = step;
      emit({ kind: 'compared', step, ...(await learner.compare(other)) });
    };
    for (const { epoch, chosen, isFirst, isLast } of batches(options, steps)) {
      if (!(await goOn())) break;
      const { loss, bits } = await learner.learn(chosen);
      await other?.learn(chosen);
      step += 1;
      if (isFirst) ofEpoch.restart();
      ofEpoch.add(loss);
      sinceTest.add(loss);
      emit({ kind: 'step', step, steps, epoch, loss, ...bits });
      if (other && (step % compareEvery === 0 || step === steps)) {
        await compare(other);
      }
      if (isLast || (evaluateEvery && step % evaluateEvery === 0)) {
        const tested = await learner.evaluate(goOn);
        if (!tested) break;
        const kind = isLast ? 'epoch' : 'evaluated';
        const meanLoss = (isLast ? ofEpoch : sinceTest).value;
        emit({ kind, epoch, step, ...tested, meanLoss });
        sinceTest.restart();
      }
    }
    if (gone.aborted) return;
    if (other && compared !== step) await compare(other);
    emit({ kind: 'done', weights: await learner.weights() });
  } finally {
    learner.close();
    other?.close();
  }
}

class Mean {
  private sum = 0;
  private count = 0;

  restart(): void {
    this.sum = 0;
    this.count = 0;
  }

  add(value: number): void {
    this.sum += value;
    this.count += 1;
  }

  get value(): number {
    return this.sum / this.count;
  }
}

interface Batch {
  readonly epoch: number;
  readonly chosen: Uint32Array;
  /** In its epoch. */
  readonly isFirst: boolean;
  /** In its epoch, or of all steps. */
  readonly isLast: boolean;
}

/** Batches of all steps: each epoch has an order of its own. */
function* batches(options: TrainOptions, steps: number): Generator<Batch> {
  const { data, batch = 64, seed = 0, dropLast } = options;
  const { count } = data.train;
  const end = dropLast ? count - (count % batch) : count;
  let step = 0;
  for (let epoch = 1; step < steps; epoch++) {
    const order = new Random(seed, `order/${epoch}`).permutation(count);
    for (let at = 0; at < end && step < steps; at += batch) {
      step += 1;
      const to = Math.min(at + batch, end);
      yield {
        epoch,
        chosen: order.subarray(at, to),
        isFirst: at === 0,
        isLast: to === end || step === steps,
      };
    }
  }
}

/** Steps of a run; checks every number of its options. Throws OptionError. */
export function countSteps(
  options: Pick<
    TrainOptions,
    | 'data'
    | 'batch'
    | 'epochs'
    | 'steps'
    | 'dropLast'
    | 'testBatch'
    | 'testLimit'
    | 'evaluateEvery'
    | 'compareEvery'
  >,
): number {
  const { data, batch = 64, epochs = 1, steps, dropLast } = options;
  const { testBatch, testLimit, evaluateEvery, compareEvery } = options;
  const numbers = { batch, epochs, steps, testBatch, testLimit };
  const every = { evaluateEvery, compareEvery };
  for (const [name, value] of Object.entries({ ...numbers, ...every })) {
    if (value !== undefined) wholeNumber(name, value, 1);
  }
  const { count } = data.train;
  if (batch > count) {
    throw new OptionError(
      `A batch of ${batch} is larger than the ${count} training examples of ` +
        `${data.name}: use a smaller batch`,
      { batch, count },
    );
  }
  const filled = count / batch;
  const each = dropLast ? Math.floor(filled) : Math.ceil(filled);
  return Math.min(steps ?? Number.POSITIVE_INFINITY, epochs * each);
}

/** One set of weights that learns: batches of any size share it. */
class Learner {
  private readonly options: TrainOptions;
  private readonly main: Simulation;
  /** By phase and batch size. */
  private readonly variants = new Map<string, Simulation>();
  private presentations = 0;
  /** Means and variances of the training data, for tests. */
  private statistics: Feeds = {};

  constructor(options: TrainOptions, open: (graph: Graph) => Simulation) {
    this.options = options;
    const { batch = 64 } = options;
    const graph = options.model(batch, 'train');
    this.checkOutput(graph);
    this.main = open(graph);
    this.variants.set(`train/${batch}`, this.main);
  }

  /** One step on the training examples of these numbers. */
  async learn(chosen: Uint32Array) {
    const { data } = this.options;
    const simulation = this.simulation(chosen.length, 'train');
    this.presentations += 1;
    const feeds = this.feeds(data.train, chosen, simulation.graph);
    const { loss } = await simulation.step(feeds);
    return { loss, bits: this.bits(loss, simulation.graph) };
  }

  /** Tests on the test examples; null if it is not to go on. */
  async evaluate(goOn: () => Promise<boolean>) {
    const { data, batch = 64, testBatch = batch, dropLast } = this.options;
    const { testLimit = data.test.count } = this.options;
    const most = Math.min(testLimit, data.test.count);
    const size = Math.min(testBatch, most);
    const examples = dropLast ? most - (most % size) : most;
    this.statistics = await this.measured(size);
    const tally = new Tally(data.score, data.classes.length);
    for (let at = 0; at < examples; at += size) {
      if (!(await goOn())) return null;
      const n = Math.min(size, examples - at);
      const chosen = Uint32Array.from({ length: n }, (_, i) => at + i);
      const simulation = this.simulation(n, 'test');
      const feeds = this.feeds(data.test, chosen, simulation.graph);
      tally.add(await simulation.predict(feeds), feeds.target);
    }
    return { ...tally.score, examples };
  }

  /** What tests at this batch size need to know of the training data. */
  private async measured(size: number): Promise<Feeds> {
    const { data, batch = 64 } = this.options;
    const names = statisticsNames(this.main.graph);
    const wanted = inputsOf(this.simulation(size, 'test').graph);
    if (!wanted.some(({ id }) => names.includes(id))) return {};
    const batches = Math.min(
      CALIBRATION_BATCHES,
      Math.floor(data.train.count / batch),
    );
    const feeds = Array.from({ length: batches }, (_, b) => {
      const chosen = Uint32Array.from(
        { length: batch },
        (_, i) => b * batch + i,
      );
      const { target, ...inputs } = this.feeds(
        data.train,
        chosen,
        this.main.graph,
      );
      return inputs;
    });
    return batchStatistics(this.main, feeds);
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
    for (const simulation of this.variants.values()) simulation.close();
    this.main.destroy();
  }

  private simulation(batch: number, phase: Phase): Simulation {
    const key = `${phase}/${batch}`;
    let simulation = this.variants.get(key);
    if (!simulation) {
      const graph = this.options.model(batch, phase);
      this.checkOutput(graph);
      simulation = this.main.variant(graph);
      this.variants.set(key, simulation);
    }
    return simulation;
  }

  private checkOutput({ output: { shape } }: Graph): void {
    const { name, classes } = this.options.data;
    const outputs = shape[shape.length - 1];
    if (outputs === classes.length) return;
    throw new ShapeError(
      `The model has ${outputs} outputs but ${name} has ${classes.length} ` +
        'classes: give its last layer as many',
      { outputs, classes: classes.length },
    );
  }

  /**
   * What a graph is fed. What the model reads and what the examples give are
   * checked here, where both can be told.
   */
  private feeds(examples: Examples, chosen: Uint32Array, graph: Graph) {
    const { target, ...given } = examples.feeds(chosen);
    const feeds: Record<string, Feeds[string]> = { ...given };
    const all = inputsOf(graph);
    for (const { id } of all) {
      if (Object.hasOwn(this.statistics, id)) feeds[id] = this.statistics[id];
    }
    const counts = all.some(({ id, size }) => id === 'step' && size === 1);
    if (counts && !Object.hasOwn(feeds, 'step')) {
      feeds.step = [Math.max(1, this.presentations)];
    }
    // An input with values of its own, as a first state, need not be given.
    const inputs = all.filter(
      ({ id }) => Object.hasOwn(feeds, id) || !graph.data.has(id),
    );
    const differ = (fact: string, remedy: string) =>
      `The model reads ${inputs.map((v) => `${v.id} ${shapeText(v.shape)}`).join(', ')} ` +
      `but ${chosen.length} examples of ${this.options.data.name} give ` +
      `${fact}: ${remedy}`;
    const known = inputs.map(({ id }) => id);
    const names = Object.keys(feeds);
    if (
      names.length !== known.length ||
      known.some((id) => !Object.hasOwn(feeds, id))
    ) {
      const remedy = 'name the inputs alike (only "step" [1] may be added)';
      throw new OptionError(differ(names.join(', '), remedy), { known, names });
    }
    for (const { id, size } of inputs) {
      const { length } = feeds[id];
      if (length === size || Object.hasOwn(this.statistics, id)) continue;
      const fact = `${length} numbers for "${id}"`;
      const remedy = `it must take ${length / chosen.length} an example`;
      throw new ShapeError(differ(fact, remedy), { id, size, length });
    }
    return { ...feeds, target };
  }

  /** A loss as bits a row, where it can be told so. */
  private bits(loss: number, graph: Graph): { bits: number } | undefined {
    if (this.options.data.score !== 'bits per character') return undefined;
    if (graph.loss.kind !== 'softmax_xent') return undefined;
    const rows = graph.output.size / this.options.data.classes.length;
    return { bits: (loss * lossDivisor(graph)) / rows / Math.LN2 };
  }
}
