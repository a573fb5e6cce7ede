/**
 * A model in training: one set of weights under one rule. Training and tests,
 * and batches of any size, have graphs of their own that share it.
 */

import { differing } from '../base/compare.ts';
import { OptionError, ShapeError } from '../base/errors.ts';
import { checkFinite, shapeText } from '../base/tensor.ts';
import type { Examples, TrainingData } from '../data/examples.ts';
import { type Graph, inputsOf, lossDivisor } from '../graph/graph.ts';
import type { Feeds, Simulation } from '../simulation/simulate.ts';
import { batchStatistics, statisticsNames } from './calibrate.ts';
import { Tally } from './score.ts';

/** What a graph is for: a model may drop units in training only. */
export type Phase = 'train' | 'test';

/** What is learned, in which batches, and on what it is tested. */
export interface LearnerOptions {
  /**
   * The graph for a batch size. It reads the inputs that the examples give
   * and, if it has an input `step` of shape [1], the number of the
   * presentation from 1. Parameters of 'test' are all among those of 'train'.
   * Where that of 'train' has a batchnorm ID, that of 'test' may have inputs
   * ID.mean and ID.variance: those of the training data.
   */
  readonly model: (batch: number, phase: Phase) => Graph;
  /** Examples to learn from and to test on. */
  readonly data: TrainingData;
  /** Training examples of a step. Default 64. */
  readonly batch?: number;
  /**
   * Leaves out what does not fill a batch, in training and test: a batch of
   * another size is another program, which large models take long to compile.
   * Default false.
   */
  readonly dropLast?: boolean;
  /** Examples tested at a time. Default `batch`. */
  readonly testBatch?: number;
  /** Tests on at most so many examples, the first ones. Default all. */
  readonly testLimit?: number;
}

/** Values of a parameter, by themselves. */
export interface Weights {
  /** Sizes of the axes. */
  readonly shape: readonly number[];
  /** As many numbers as the shape has elements, row-major. */
  readonly data: Float32Array | Float64Array;
}

/** A simulation whose parameters have been set, by name; others stay. */
export function startFrom(
  simulation: Simulation,
  weights?: ReadonlyMap<string, Weights>,
): Simulation {
  for (const [id, { shape, data }] of weights ?? []) {
    simulation.setParameter(id, data, shape);
  }
  return simulation;
}

/** Training batches whose means and variances stand for all data in tests. */
const CALIBRATION_BATCHES = 8;

export class Learner {
  private readonly options: LearnerOptions;
  private readonly main: Simulation;
  /** By phase and batch size. */
  private readonly variants = new Map<string, Simulation>();
  private presentations = 0;
  /** Means and variances of the training data, for tests. */
  private statistics: Feeds = {};

  constructor(options: LearnerOptions, open: (graph: Graph) => Simulation) {
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

  /** Throws NonFiniteError: weights that are not finite are no result. */
  async weights(): Promise<Map<string, Weights>> {
    const values = await this.main.allParameters();
    for (const [id, data] of values) checkFinite(id, data);
    return new Map(
      [...values].map(([id, data]) => [
        id,
        { shape: this.main.shapeOf(id), data },
      ]),
    );
  }

  /** Weights of both, bit by bit. */
  async compare(other: Learner) {
    const mine = await this.main.allParameters();
    const theirs = await other.main.allParameters();
    let elements = 0;
    let differingBits = 0;
    for (const [id, data] of mine) {
      const other = theirs.get(id);
      // What one of the rules adds of its own has nothing beside it.
      if (!other) continue;
      elements += data.length;
      differingBits += differing(data, other);
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
      if (Object.hasOwn(this.statistics, id)) feeds[id] = this.statistics[id]!;
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
      const { length } = feeds[id]!;
      if (length === size || Object.hasOwn(this.statistics, id)) continue;
      const fact = `${length} numbers for "${id}"`;
      const remedy = `it must take ${length / chosen.length} an example`;
      throw new ShapeError(differ(fact, remedy), { id, size, length });
    }
    return { ...feeds, target: target! };
  }

  /** A loss as bits a row, where it can be told so. */
  private bits(loss: number, graph: Graph): { bits: number } | undefined {
    if (this.options.data.score !== 'bits per character') return undefined;
    if (graph.loss.kind !== 'softmax_xent') return undefined;
    const rows = graph.output.size / this.options.data.classes.length;
    return { bits: (loss * lossDivisor(graph)) / rows / Math.LN2 };
  }
}
