/**
 * The rules that the experimental comparison sets beside backpropagation, and
 * the networks that it trains: what its experiments have in common.
 */

import { mlp } from '../../../models/index.ts';
import { type AutoName, loadDataset } from '../../data/datasets.ts';
import { imageExamples, type TrainingData } from '../../data/examples.ts';
import type { Graph } from '../../graph/graph.ts';
import { level } from '../../graph/level.ts';
import { bp } from '../../rules/bp.ts';
import { il } from '../../rules/il.ts';
import type { Rule } from '../../rules/rule.ts';
import { zil } from '../../rules/zil.ts';
import { adam, momentum, type Optimiser, sgd } from '../../simulation/optim.ts';
import type { Context } from '../../studies/experiment.ts';
import type { Parameters, Settings } from '../../studies/settings.ts';
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

/** Parameters of experiments that train these networks. */
export const variantParameters = {
  data: {
    value: 'auto-clothes',
    help: 'auto-clothes: Fashion-MNIST, drawn digits where it is not; auto: MNIST',
    from: 'paper',
    oneOf: ['auto-clothes', 'auto', 'digits', 'mnist', 'fashion-mnist'],
  },
  layers: {
    value: 4,
    help: 'hidden layers (the paper: 8)',
    from: 'chosen',
    least: 1,
    whole: true,
  },
  T: {
    value: 64,
    help: 'inference steps of a presentation (the paper: 256)',
    from: 'chosen',
    least: 1,
    whole: true,
  },
  every: {
    value: 8,
    help: 'inference steps between plasticity of rc2 and rc23',
    from: 'paper',
    least: 1,
    whole: true,
  },
  gamma: {
    value: 0.1,
    help: 'size of an inference step',
    from: 'chosen',
    least: 1e-6,
  },
  activation: {
    value: 'tanh',
    help: 'of the hidden layers',
    from: 'chosen',
    oneOf: ['tanh', 'sigmoid', 'relu'],
  },
  optimiser: {
    value: 'adam',
    help: 'of weights and of ln Sigma',
    from: 'chosen',
    oneOf: ['adam', 'sgd', 'momentum'],
  },
  batch: {
    value: 32,
    help: 'examples of a presentation',
    from: 'chosen',
    least: 1,
    whole: true,
  },
  presentations: {
    value: 300,
    help: 'presentations of a training',
    from: 'chosen',
    least: 1,
    whole: true,
  },
  train: {
    value: 8000,
    help: 'training images, the first ones',
    from: 'chosen',
    least: 1,
    whole: true,
  },
  test: {
    value: 500,
    help: 'images of each part that losses and accuracies are of',
    from: 'chosen',
    least: 1,
    whole: true,
  },
} as const satisfies Parameters;

/**
 * mu = f(W x + b) is one population a layer; the last is linear, and its loss
 * is half the squared distance to the one-hot target, as of a Gaussian.
 */
export function network(settings: Settings, width: number, classes: number) {
  const hidden = new Array<number>(settings.number('layers')).fill(width);
  const activation = settings.text('activation') as 'tanh' | 'sigmoid' | 'relu';
  const sizes = [784, ...hidden, classes];
  return (batch: number): Graph =>
    mlp({ sizes, batch, activation, vertices: 'layer' });
}

export function ruleOf(variant: Variant, settings: Settings): Rule {
  if (variant === 'bp') return bp();
  if (variant === 'zil') return zil();
  const relaxed = variant === 'rc2' || variant === 'rc23';
  return il({
    steps: settings.number('T'),
    gamma: settings.number('gamma'),
    plasticity: relaxed ? settings.number('every') : 'end',
    precision: variant === 'rc3' || variant === 'rc23' ? 'learned' : 'one',
  });
}

/**
 * Inference steps of one presentation. Z-IL needs as many as there are levels;
 * BP's sweep back passes as many layers.
 */
export function stepsOf(
  variant: Variant,
  settings: Settings,
  graph: Graph,
): number {
  const waits = variant === 'bp' || variant === 'zil';
  return waits ? level(graph).depth : settings.number('T');
}

export function optimiserOf(
  settings: Settings,
  lr: number,
  weightDecay: number,
): Optimiser {
  const make = { adam, sgd, momentum }[settings.text('optimiser')];
  if (!make) throw new Error(`no optimiser ${settings.text('optimiser')}`);
  return make({ lr, weightDecay });
}

export async function variantData(
  settings: Settings,
  seed: number,
): Promise<TrainingData> {
  const name = settings.text('data') as AutoName;
  const [trainCount, testCount] = ['train', 'test'].map((key) =>
    settings.number(key),
  );
  return imageExamples(
    await loadDataset(name, { trainCount, testCount, seed }),
  );
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
  settings: Settings,
  { backend, signal, progress }: Context,
): Promise<Followed & { data: TrainingData; graph: Graph }> {
  const data = await variantData(settings, seed);
  const model = network(settings, width, data.classes.length);
  const batch = settings.number('batch');
  const steps = settings.number('presentations');
  const followed = await follow({
    ...{ model, data, backend, seed, batch, steps, signal },
    rule: ruleOf(variant, settings),
    optimiser: optimiserOf(settings, rate, decay),
    tests: testsOf(steps, tests),
    examples: settings.number('test'),
    progress: (part) => progress(part, `${Math.round(part * steps)}`),
  });
  return { ...followed, data, graph: model(batch) };
}
