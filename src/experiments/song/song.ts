/**
 * The networks of Song 2020, and their data: what the experiments of its
 * supplement have in common.
 */

import type { Backend } from '../../backends/backend.ts';
import type { FloatArray } from '../../base/tensor.ts';
import {
  type AutoName,
  type DatasetName,
  loadDataset,
} from '../../data/datasets.ts';
import { imageExamples, type TrainingData } from '../../data/examples.ts';
import { type Graph, GraphBuilder } from '../../graph/graph.ts';
import type { Vertex } from '../../graph/vertex.ts';
import type { Rule } from '../../rules/rule.ts';
import { sgd } from '../../simulation/optim.ts';
import { choice, choices, count, size } from '../../studies/parameters.ts';
import { train } from '../../training/train.ts';
import { firstOf } from '../training.ts';

const ACTIVATIONS = ['sigmoid', 'tanh', 'relu'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

export interface SongConfig {
  /** Widths from input to output. */
  readonly sizes: readonly number[];
  readonly batch: number;
  readonly activation: Activation;
  readonly biases: boolean;
}

/** Values of a batch, where the graph is to hold them. */
export interface Batch {
  readonly x: ArrayLike<number>;
  readonly target: ArrayLike<number>;
}

/**
 * mu^l = theta^(l+1) f(x^(l+1)) + beta^(l+1) (Song 2020, Eq. 5 and section
 * A.1), one vertex a layer; layer 0 is the output, and f is applied to the
 * input too. Parameters are named theta1 ... and beta1 ... from the output on,
 * as in the paper: those of number l + 1 make the prediction of layer l.
 */
export function songNetwork(
  { sizes, batch, activation, biases }: SongConfig,
  data?: Batch,
): Graph {
  const g = new GraphBuilder();
  const layers = sizes.length - 1;
  let x = g.input('x', [batch, sizes[0]!], data?.x);
  for (let l = layers - 1; l >= 0; l--) {
    const [from, to] = [sizes[layers - l - 1]!, sizes[layers - l]!];
    const theta = g.param(`theta${l + 1}`, [to, from]);
    const bound = 1 / Math.sqrt(from);
    const uniform = { kind: 'uniform', bound } as const;
    const beta = biases ? [g.param(`beta${l + 1}`, [to], uniform)] : [];
    const layer = (x: Vertex, W: Vertex, b?: Vertex) =>
      b ? x.apply(activation).affine(W, b) : x.apply(activation).linear(W);
    x = g.composite([x, theta, ...beta], layer, `x${l}`);
  }
  return g.output(x, 'half_sse', { target: data?.target });
}

const DATA = [
  ...(['auto', 'auto-clothes', 'digits', 'mnist'] as const),
  'fashion-mnist' as const,
];

/** Parameters of experiments on these networks; the data that are usual. */
export const songParameters = (data: readonly (typeof DATA)[number][]) => ({
  data: choices(
    DATA,
    'auto: MNIST, auto-clothes: Fashion-MNIST; drawn digits where they are not',
    data,
    { from: 'paper' },
  ),
  hidden: count(32, 'units of a hidden layer'),
  batch: count(20, 'examples of a presentation'),
});

export const activation = (usual: Activation, what: string) =>
  choice(ACTIVATIONS, usual, `f in ${what}`);
export const activations = (what: string) =>
  choices(ACTIVATIONS, `f in ${what}`);

/** Of those that train. */
export const trainingParameters = (presentations: number, help: string) => ({
  rate: size(0.01, 'learning rate, on losses summed over the batch', {
    least: 1e-9,
  }),
  steps: count(presentations, help),
  train: count(10_000, 'training images'),
  test: count(2000, 'test images'),
});

/**
 * A data set by its name in the settings. Null for drawn digits that stand in
 * for another set too: they would only say the same again.
 */
export async function songData(
  name: DatasetName | AutoName,
  { data }: { readonly data: readonly string[] },
  counts: { readonly train: number; readonly test: number },
  seed: number,
): Promise<TrainingData | null> {
  const options = { trainCount: counts.train, testCount: counts.test, seed };
  const found = imageExamples(await loadDataset(name, options));
  const again = data.indexOf(name) > 0 && name.startsWith('auto');
  return found.synthetic && again ? null : found;
}

/** The first examples of a set as one batch. */
export function firstBatch({ train }: TrainingData, batch: number): Batch {
  const { x, target } = train.feeds(firstOf(batch));
  return { x: x!, target: target! };
}

export interface Trained {
  readonly weights: ReadonlyMap<string, { readonly data: FloatArray }>;
  /** Part of the test examples whose class is not found. */
  readonly testError: number;
}

/** Trains a network; the same seed gives the same start and the same order. */
export function trainSong(
  config: Omit<SongConfig, 'batch'>,
  rule: Rule,
  options: {
    readonly data: TrainingData;
    readonly backend: Backend;
    readonly seed: number;
    readonly batch: number;
    readonly steps: number;
    readonly rate: number;
    readonly signal: AbortSignal;
    readonly progress?: (part: number) => void;
  },
): Promise<Trained> {
  const { data, backend, seed, batch, steps, signal } = options;
  const run = train({
    model: (batch) => songNetwork({ ...config, batch }),
    ...{ data, rule, backend, seed, batch, steps },
    optimiser: sgd({ lr: options.rate }),
    epochs: Math.ceil(steps / Math.floor(data.train.count / batch)),
    dropLast: true,
    testBatch: 100,
    stop: signal,
  });
  return new Promise((resolve, reject) => {
    let testError = Number.NaN;
    run.subscribe({
      next(event) {
        if (event.kind === 'step') options.progress?.(event.step / steps);
        if (event.kind === 'epoch') testError = 1 - event.score;
        if (event.kind !== 'done') return;
        if (signal.aborted) reject(signal.reason);
        else resolve({ weights: event.weights, testError });
      },
      error: reject,
    });
  });
}

/** Values of weights by parameter, to be compared. */
export function valuesOf({ weights }: Trained) {
  return new Map([...weights].map(([id, { data }]) => [id, data]));
}
