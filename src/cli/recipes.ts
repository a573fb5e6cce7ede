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
import {
  type AutoName,
  type DatasetName,
  loadDataset,
} from '../data/datasets.ts';
import {
  imageExamples,
  nameExamples,
  type TrainingData,
  textExamples,
} from '../data/examples.ts';
import type { Graph } from '../graph/graph.ts';
import type { OptimiserName } from '../simulation/optim.ts';
import type { Phase } from '../training/learner.ts';
import { schemaOf } from './command.ts';

export interface Recipe {
  readonly name: string;
  /** For people, in a list. */
  readonly title: string;
  /** What --data may say; the first if it says nothing. */
  readonly data: readonly string[];
  /** Loads one of `data`. */
  load(name: string, options: LoadOptions): Promise<TrainingData>;
  /** Options of this recipe alone. */
  readonly options?: Fields;
  /**
   * The model, in two steps: values of the options are checked before any data
   * are loaded, whether the model fits them before anything is opened.
   */
  model(values: never): (data: TrainingData) => RecipeModel;
  readonly defaults: Defaults;
  /** Its model writes text, and a sample of it ends the training. */
  readonly writes?: true;
}

export interface LoadOptions {
  readonly seed: number;
  readonly onProgress: (line: string) => void;
}

export interface RecipeModel {
  /** What a result tells of the model. */
  readonly config: Readonly<Record<string, unknown>>;
  graph(batch: number, phase: Phase): Graph;
}

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

const mlpOptions = {
  sizes: list(whole({ least: 1 }), {
    ...{ default: [784, 128, 128, 10], help: 'widths from input to output' },
  }),
  activation: oneOf(['tanh', 'sigmoid', 'relu'], {
    ...{ default: 'tanh', placeholder: 'F', help: 'activation' },
  }),
};

const mlpRecipe: Recipe = {
  name: 'mlp',
  title: 'multilayer perceptron on grey images',
  data: ['auto', 'digits', 'mnist', 'fashion-mnist'],
  load: async (name, options) =>
    imageExamples(await loadDataset(name as DatasetName | 'auto', options)),
  options: mlpOptions,
  model({ sizes, activation }: Values<typeof mlpOptions>) {
    const config = {
      ...{ sizes, activation },
      loss: 'softmax_xent',
      reduction: 'mean',
    } as const;
    return (data) => {
      checkSizes(config.sizes, data);
      return { config, graph: (batch) => mlp({ ...config, batch }) };
    };
  },
  defaults: { optimiser: 'adam', batch: 64, epochs: 1, testBatch: 500 },
};

/** What every classifier of images or names has in common. */
const CLASSES = { loss: 'softmax_xent', reduction: 'mean' } as const;

const cnnRecipe: Recipe = {
  name: 'cnn',
  title: 'convolutional network of Millidge 2020 on colour images',
  data: ['auto-colour', 'shapes', 'cifar10-subset'],
  load: colourImages,
  model: () => (data) => {
    const config = { classes: data.classes.length, ...CLASSES };
    return { config, graph: (batch) => cnn({ ...config, batch }) };
  },
  defaults: { optimiser: 'adam', batch: 32, epochs: 8, testBatch: 100 },
};

const alexnetRecipe: Recipe = {
  name: 'alexnet',
  title: 'AlexNet, an eighth of its width, on grey images, with dropout',
  data: ['auto-clothes', 'digits', 'mnist', 'fashion-mnist'],
  load: async (name, options) =>
    imageExamples(await loadDataset(name as DatasetName | AutoName, options)),
  model: () => (data) => {
    const classes = data.classes.length;
    const config = { image: [1, 28, 28], width: 1 / 8, classes, ...CLASSES };
    const image = [1, 28, 28] as const;
    const graph = (batch: number, phase: Phase) =>
      alexnet({
        ...{ ...config, image, batch },
        dropout: phase === 'train' ? 0.5 : 0,
      });
    return { config: { ...config, dropout: 0.5 }, graph };
  },
  defaults: {
    ...{ optimiser: 'adam', batch: 32, epochs: 1, steps: 600 },
    ...{ evaluateEvery: 200, testBatch: 100, testLimit: 2000, dropLast: true },
  },
};

const rnnRecipe: Recipe = {
  name: 'rnn',
  title: 'recurrent network of Salvatori 2022, Eq. 36: languages of names',
  data: ['auto', 'few-names', 'names'],
  load: async (name, options) =>
    nameExamples(await loadNames(name as NamesName, options)),
  model: () => (data) => {
    const steps = Object.keys(firstFeeds(data)).length - 1;
    const inputs = firstFeeds(data).x1.length;
    const outputs = data.classes.length;
    const config = { steps, inputs, hidden: 128, outputs, ...CLASSES };
    return { config, graph: (batch) => rnn({ ...config, batch }) };
  },
  defaults: { optimiser: 'adam', batch: 64, epochs: 10, testBatch: 200 },
};

const lstmRecipe: Recipe = {
  name: 'lstm',
  title: 'LSTM of Millidge 2020, 128 units: the next character of a text',
  data: ['auto', 'sonnets', 'shakespeare'],
  load: async (name, options) =>
    textExamples(await loadText(name as TextName, options), {
      steps: 32,
      form: 'steps',
    }),
  model: () => (data) => {
    const inputs = data.classes.length;
    const config = { steps: 32, inputs, hidden: 128, ...CLASSES };
    return { config, graph: (batch) => lstm({ ...config, batch }) };
  },
  defaults: {
    ...{ optimiser: 'adam', lr: 0.003, batch: 32, epochs: 20, steps: 1000 },
    ...{ evaluateEvery: 250, testBatch: 32, testLimit: 512, dropLast: true },
  },
  writes: true,
};

const resnetRecipe: Recipe = {
  name: 'resnet',
  title: 'ResNet-18, an eighth of its width, on colour images',
  data: ['auto-colour', 'shapes', 'cifar10-subset'],
  load: colourImages,
  model: () => (data) => {
    const classes = data.classes.length;
    const config = { channels: 8, classes, ...CLASSES };
    const graph = (batch: number, phase: Phase) => {
      const norm = phase === 'train' ? 'batch' : 'inference';
      return resnet({ ...config, batch, norm });
    };
    return { config, graph };
  },
  defaults: {
    ...{ optimiser: 'adam', batch: 32, epochs: 4, testBatch: 100 },
    ...{ dropLast: true },
  },
};

const transformerRecipe: Recipe = {
  name: 'transformer',
  title: 'decoder-only transformer: the next character of a text',
  data: ['auto', 'sonnets', 'shakespeare'],
  load: async (name, options) =>
    textExamples(await loadText(name as TextName, options), {
      steps: 64,
      form: 'tokens',
    }),
  model: () => (data) => {
    const vocabulary = data.classes.length;
    const config = { steps: 64, vocabulary, width: 64, heads: 4, layers: 2 };
    const graph = (batch: number, phase: Phase) =>
      transformer({
        ...{ ...config, batch, reduction: 'mean' },
        dropout: phase === 'train' ? 0.1 : 0,
      });
    return { config: { ...config, dropout: 0.1 }, graph };
  },
  defaults: {
    ...{ optimiser: 'adam', lr: 0.003, batch: 16, epochs: 20, steps: 1000 },
    ...{ evaluateEvery: 250, testBatch: 16, testLimit: 512, dropLast: true },
  },
  writes: true,
};

type NamesName = 'few-names' | 'names' | 'auto';
type TextName = 'sonnets' | 'shakespeare' | 'auto';

/** Each channel with mean 0 and deviation 1 over the training images. */
async function colourImages(name: string, options: LoadOptions) {
  const images = await loadDataset(name as DatasetName | AutoName, options);
  return imageExamples(images, { standardise: true });
}

const firstFeeds = (data: TrainingData) => data.train.feeds(Uint32Array.of(0));

export const recipes: readonly Recipe[] = [
  mlpRecipe,
  cnnRecipe,
  alexnetRecipe,
  rnnRecipe,
  lstmRecipe,
  resnetRecipe,
  transformerRecipe,
];

/** Throws OptionError. */
export function recipeOf(name: string): Recipe {
  const recipe = recipes.find((each) => each.name === name);
  if (recipe) return recipe;
  throw new OptionError(
    `Unknown recipe "${name}": use one of ` +
      recipes.map((each) => each.name).join(', '),
    { name },
  );
}

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
  const pixels = firstFeeds(data).x.length;
  const classes = data.classes.length;
  if (sizes.length < 2 || sizes[0] !== pixels || sizes.at(-1) !== classes) {
    const remedy = `${data.name} needs ${pixels} first and ${classes} last`;
    throw schemaOf('train', mlpOptions).error('sizes', sizes, remedy);
  }
}
