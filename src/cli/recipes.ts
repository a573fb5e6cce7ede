/**
 * Recipes: an architecture with the data that it is made for and numbers that
 * train it well. One entry is all that `isochron train NAME` needs.
 */

import {
  alexnet,
  cnn,
  lstm,
  mlp,
  resnet,
  rnn,
  transformer,
} from '../../models/index.ts';
import { OptionError } from '../base/errors.ts';
import {
  type Fields,
  list,
  oneOf,
  type Values,
  whole,
} from '../base/schema.ts';
import { loadNames, loadText } from '../data/corpora.ts';
import { loadDataset } from '../data/datasets.ts';
import {
  imageExamples,
  nameExamples,
  type TrainingData,
  textExamples,
} from '../data/examples.ts';
import type { Graph } from '../graph/graph.ts';
import type { OptimiserName } from '../simulation/optim.ts';
import type { Phase } from '../training/learner.ts';

interface LoadOptions {
  readonly seed: number;
  readonly onProgress: (line: string) => void;
}

/** Data of one kind: names, of which the first is usual, and how to load one. */
interface Kind {
  readonly names: readonly string[];
  load(name: string, options: LoadOptions): Promise<TrainingData>;
}

/** A name is one of a kind's own: what loads it checks nothing more. */
const kind = <N extends string>(
  names: readonly N[],
  load: (name: N, options: LoadOptions) => Promise<TrainingData>,
): Kind => ({ names, load: load as Kind['load'] });

const grey = ['digits', 'mnist', 'fashion-mnist'] as const;
const greyImages = kind(['auto', ...grey], async (name, options) =>
  imageExamples(await loadDataset(name, options)),
);
const clothes: Kind = { ...greyImages, names: ['auto-clothes', ...grey] };
/** Each channel with mean 0 and deviation 1 over the training images. */
const colourImages = kind(
  ['auto-colour', 'shapes', 'cifar10-subset'],
  async (name, options) =>
    imageExamples(await loadDataset(name, options), { standardise: true }),
);
const namesOfPeople = kind(
  ['auto', 'few-names', 'names'],
  async (name, options) => nameExamples(await loadNames(name, options)),
);
/** Texts in pieces of so many characters. */
const texts = (steps: number, form: 'steps' | 'tokens') =>
  kind(['auto', 'sonnets', 'shakespeare'], async (name, options) =>
    textExamples(await loadText(name, options), { steps, form }),
  );

/** Numbers that options replace; the others are as `train` has them. */
export interface Defaults {
  readonly optimiser: OptimiserName;
  /** With that optimiser; its own if not given. */
  readonly lr?: number;
  readonly batch: number;
  readonly epochs: number;
  readonly steps?: number;
  readonly evaluateEvery?: number;
  readonly testBatch?: number;
  readonly testLimit?: number;
  readonly dropLast?: boolean;
}

/** How a model of configuration C, with options F of its own, is trained. */
export interface Recipe<C = object, F extends Fields = Fields> {
  readonly name: string;
  /** For people, in a list. */
  readonly title: string;
  readonly data: Kind;
  /** Options of this recipe alone. */
  readonly options?: F;
  readonly defaults: Defaults;
  /** Its model writes text, and a sample of it ends the training. */
  readonly writes?: true;
  /** What a result tells of the model. Throws if it does not fit the data. */
  config(data: TrainingData, own: Values<F>): C;
  graph(config: C, batch: number, phase: Phase): Graph;
}

/** A recipe with the types of its own kept where it is written. */
const recipe = <C extends object, const F extends Fields>(of: Recipe<C, F>) =>
  of as unknown as Recipe;

/** What every classifier of images or names has in common. */
const CLASSES = { loss: 'softmax_xent', reduction: 'mean' } as const;

const inputsOf = ({ train }: TrainingData) => train.feeds(Uint32Array.of(0));

export const recipes: readonly Recipe[] = [
  recipe({
    name: 'mlp',
    title: 'multilayer perceptron on grey images',
    data: greyImages,
    options: {
      sizes: list(whole({ least: 1 }), {
        default: [784, 128, 128, 10],
        help: 'widths from input to output',
      }),
      activation: oneOf(['tanh', 'sigmoid', 'relu'], {
        default: 'tanh',
        help: 'of the hidden layers',
      }),
    },
    config(data, { sizes, activation }) {
      checkSizes(sizes, data);
      return { sizes, activation, ...CLASSES };
    },
    graph: (config, batch) => mlp({ ...config, batch }),
    defaults: { optimiser: 'adam', batch: 64, epochs: 1, testBatch: 500 },
  }),
  recipe({
    name: 'cnn',
    title: 'convolutional network of Millidge 2020 on colour images',
    data: colourImages,
    config: ({ classes }) => ({ classes: classes.length, ...CLASSES }),
    graph: (config, batch) => cnn({ ...config, batch }),
    defaults: { optimiser: 'adam', batch: 32, epochs: 8, testBatch: 100 },
  }),
  recipe({
    name: 'alexnet',
    title: 'AlexNet, an eighth of its width, on grey images, with dropout',
    data: clothes,
    config: ({ classes }) => ({
      image: [1, 28, 28] as const,
      ...{ width: 1 / 8, classes: classes.length, ...CLASSES, dropout: 0.5 },
    }),
    graph: ({ dropout, ...config }, batch, phase) =>
      alexnet({ ...config, batch, dropout: phase === 'train' ? dropout : 0 }),
    defaults: {
      ...{ optimiser: 'adam', batch: 32, epochs: 1, steps: 600 },
      ...{ evaluateEvery: 200, testBatch: 100, testLimit: 2000 },
      dropLast: true,
    },
  }),
  recipe({
    name: 'rnn',
    title: 'recurrent network of Salvatori 2022, Eq. 36: languages of names',
    data: namesOfPeople,
    config(data) {
      const { target: _, ...inputs } = inputsOf(data);
      const steps = Object.keys(inputs).length;
      const outputs = data.classes.length;
      return {
        ...{ steps, inputs: inputs.x1.length, hidden: 128, outputs },
        ...CLASSES,
      };
    },
    graph: (config, batch) => rnn({ ...config, batch }),
    defaults: { optimiser: 'adam', batch: 64, epochs: 10, testBatch: 200 },
  }),
  recipe({
    name: 'lstm',
    title: 'LSTM of Millidge 2020, 128 units: the next character of a text',
    data: texts(32, 'steps'),
    config: ({ classes }) => {
      return { steps: 32, inputs: classes.length, hidden: 128, ...CLASSES };
    },
    graph: (config, batch) => lstm({ ...config, batch }),
    defaults: {
      ...{ optimiser: 'adam', lr: 0.003, batch: 32, epochs: 20, steps: 1000 },
      ...{ evaluateEvery: 250, testBatch: 32, testLimit: 512, dropLast: true },
    },
    writes: true,
  }),
  recipe({
    name: 'resnet',
    title: 'ResNet-18, an eighth of its width, on colour images',
    data: colourImages,
    config: ({ classes }) => {
      return { channels: 8, classes: classes.length, ...CLASSES };
    },
    graph: (config, batch, phase) => {
      const norm = phase === 'train' ? 'batch' : 'inference';
      return resnet({ ...config, batch, norm });
    },
    defaults: {
      ...{ optimiser: 'adam', batch: 32, epochs: 4, testBatch: 100 },
      dropLast: true,
    },
  }),
  recipe({
    name: 'transformer',
    title: 'decoder-only transformer: the next character of a text',
    data: texts(64, 'tokens'),
    config: ({ classes }) => ({
      ...{ steps: 64, vocabulary: classes.length, width: 64, heads: 4 },
      ...{ layers: 2, dropout: 0.1 },
    }),
    graph: ({ dropout, ...config }, batch, phase) =>
      transformer({
        ...{ ...config, batch, reduction: 'mean' },
        dropout: phase === 'train' ? dropout : 0,
      }),
    defaults: {
      ...{ optimiser: 'adam', lr: 0.003, batch: 16, epochs: 20, steps: 1000 },
      ...{ evaluateEvery: 250, testBatch: 16, testLimit: 512, dropLast: true },
    },
    writes: true,
  }),
];

/** Checks that no option is given that only other recipes have. */
export function checkOwn(recipe: Recipe, told: ReadonlySet<string>): void {
  if (told.has('sample') && !recipe.writes) {
    throw new OptionError(
      `Option --sample: recipe ${recipe.name} writes no text: leave it out`,
      { name: 'sample', recipe: recipe.name },
    );
  }
  for (const { name, options = {} } of recipes) {
    for (const option of Object.keys(options)) {
      if (recipe.options?.[option] || !told.has(option)) continue;
      throw new OptionError(
        `Option --${option} is not of recipe ${recipe.name}: leave it out, ` +
          `or train ${name}`,
        { option },
      );
    }
  }
}

/** Wrong sizes are told before anything is opened. */
function checkSizes(sizes: readonly number[], data: TrainingData): void {
  const pixels = inputsOf(data).x.length;
  const classes = data.classes.length;
  if (sizes.length < 2 || sizes[0] !== pixels || sizes.at(-1) !== classes) {
    throw new OptionError(
      `Option --sizes = ${sizes.join(',')}: ${data.name} needs ` +
        `${pixels} first and ${classes} last`,
      { name: 'sizes', value: sizes, allowed: { pixels, classes } },
    );
  }
}
