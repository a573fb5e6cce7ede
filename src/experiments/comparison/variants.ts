/**
 * The rules that the experimental comparison sets beside backpropagation, and
 * the networks that it trains: what its experiments have in common.
 */

import { mlp } from '../../../models/index.ts';
import type { Values } from '../../base/schema.ts';
import { loadDataset } from '../../data/datasets.ts';
import { imageExamples, type TrainingData } from '../../data/examples.ts';
import type { Graph } from '../../graph/graph.ts';
import { level } from '../../graph/level.ts';
import { bp } from '../../rules/bp.ts';
import { il } from '../../rules/il.ts';
import type { Rule } from '../../rules/rule.ts';
import { zil } from '../../rules/zil.ts';
import { adam, momentum, type Optimiser, sgd } from '../../simulation/optim.ts';
import { choice, choices, count, size } from '../../studies/parameters.ts';
import type { Context } from '../../studies/study.ts';
import { type Followed, follow, testsOf } from '../training.ts';

export const VARIANTS = ['bp', 'zil', 'pc', 'rc2', 'rc3', 'rc23'] as const;
export type Variant = (typeof VARIANTS)[number];

/** What each of them is, for people. */
export const VARIANTS_TOLD = [
  '  bp    backpropagation',
  '  zil   Z-IL, which is backpropagation to the last bit',
  '  pc    inference learning: values relax for T steps, then the weights learn',
  '  rc2   relaxed: the weights learn during the relaxation too, every 8 steps',
  '  rc3   relaxed: a variance Sigma of each neuron is learned, as ln Sigma',
  '  rc23  both',
] as const;

/** The rules of an experiment, by default all of them. */
export const ruleParameter = (usual: readonly Variant[] = VARIANTS) =>
  choices(VARIANTS, 'rules to compare (zil is not of the paper)', usual);

/** Of experiments that train one network by each rule. */
export const networkParameters = {
  width: count(64, 'units of a hidden layer (the paper: 256 and 1024)'),
  rate: size(0.001, 'learning rate of all rules', { least: 1e-9 }),
};

/** Parameters of experiments that train these networks. */
export const variantParameters = {
  data: choice(
    ['auto-clothes', 'auto', 'digits', 'mnist', 'fashion-mnist'],
    'auto-clothes',
    'auto-clothes: Fashion-MNIST, drawn digits where it is not; auto: MNIST',
    { from: 'paper' },
  ),
  layers: count(4, 'hidden layers (the paper: 8)'),
  T: count(64, 'inference steps of a presentation (the paper: 256)'),
  every: count(8, 'inference steps between plasticity of rc2 and rc23', {
    from: 'paper',
  }),
  gamma: size(0.1, 'size of an inference step', { least: 1e-6 }),
  activation: choice(
    ['tanh', 'sigmoid', 'relu'],
    'tanh',
    'of the hidden layers',
  ),
  optimiser: choice(
    ['adam', 'sgd', 'momentum'],
    'adam',
    'of weights and of ln Sigma',
  ),
  batch: count(32, 'examples of a presentation'),
  presentations: count(300, 'presentations of a training'),
  train: count(8000, 'training images, the first ones'),
  test: count(500, 'images of each part that losses and accuracies are of'),
};

export type VariantSettings = Values<typeof variantParameters>;

/**
 * mu = f(W x + b) is one population a layer; the last is linear, and its loss
 * is half the squared distance to the one-hot target, as of a Gaussian.
 */
export function network(
  { layers, activation }: VariantSettings,
  width: number,
  classes: number,
) {
  const hidden = new Array<number>(layers).fill(width);
  const sizes = [784, ...hidden, classes];
  return (batch: number): Graph =>
    mlp({ sizes, batch, activation, vertices: 'layer' });
}

export function ruleOf(
  variant: Variant,
  { T, gamma, every }: VariantSettings,
): Rule {
  if (variant === 'bp') return bp();
  if (variant === 'zil') return zil();
  const relaxed = variant === 'rc2' || variant === 'rc23';
  return il({
    ...{ steps: T, gamma, plasticity: relaxed ? every : 'end' },
    precision: variant === 'rc3' || variant === 'rc23' ? 'learned' : 'one',
  });
}

/**
 * Inference steps of one presentation. Z-IL needs as many as there are levels;
 * BP's sweep back passes as many layers.
 */
export function stepsOf(
  variant: Variant,
  { T }: VariantSettings,
  graph: Graph,
): number {
  const waits = variant === 'bp' || variant === 'zil';
  return waits ? level(graph).depth : T;
}

export const optimiserOf = (
  { optimiser }: VariantSettings,
  lr: number,
  weightDecay: number,
): Optimiser => ({ adam, sgd, momentum })[optimiser]({ lr, weightDecay });

export async function variantData(
  { data, train, test }: VariantSettings,
  seed: number,
): Promise<TrainingData> {
  const counts = { trainCount: train, testCount: test };
  return imageExamples(await loadDataset(data, { ...counts, seed }));
}

export interface VariantRun {
  readonly variant: Variant;
  readonly width: number;
  readonly rate: number;
  readonly decay: number;
  /** Tests of a training, evenly over it. */
  readonly tests: number;
  readonly seed: number;
}

/** Trains one network by one rule. */
export async function trainVariant(
  { variant, width, rate, decay, tests, seed }: VariantRun,
  settings: VariantSettings,
  { backend, signal, progress }: Context,
): Promise<Followed & { data: TrainingData; graph: Graph }> {
  const data = await variantData(settings, seed);
  const model = network(settings, width, data.classes.length);
  const { batch, presentations: steps, test: examples } = settings;
  const followed = await follow({
    ...{ model, data, backend, seed, batch, steps, examples, signal },
    rule: ruleOf(variant, settings),
    optimiser: optimiserOf(settings, rate, decay),
    tests: testsOf(steps, tests),
    progress: (part) => progress(part, `${Math.round(part * steps)}`),
  });
  return { ...followed, data, graph: model(batch) };
}
