/**
 * Recipes: an architecture with the data that it is made for and numbers that
 * train it well. One entry is all that `isochron train NAME` needs.
 */

import { mlp } from '../../models/index.ts';
import { type DatasetName, loadDataset } from '../data/datasets.ts';
import { imageExamples, type TrainingData } from '../data/examples.ts';
import { OptionError } from '../errors.ts';
import type { Graph } from '../graph.ts';
import type { OptimiserName } from '../optim.ts';
import type { Phase } from '../train.ts';
import { type Options, oneOf, text, type Values } from './command.ts';

export interface Recipe {
  readonly name: string;
  /** For people, in a list. */
  readonly title: string;
  /** What --data may say; the first if it says nothing. */
  readonly data: readonly string[];
  /** Loads one of `data`. */
  load(name: string, options: LoadOptions): Promise<TrainingData>;
  /** Options of this recipe alone. */
  readonly options?: Options;
  /**
   * The model, in two steps: values of the options are checked before any data
   * are loaded, whether the model fits them before anything is opened.
   */
  model(values: Values): (data: TrainingData) => RecipeModel;
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

const mlpRecipe: Recipe = {
  name: 'mlp',
  title: 'multilayer perceptron on grey images',
  data: ['auto', 'digits', 'mnist', 'fashion-mnist'],
  load: async (name, options) =>
    imageExamples(await loadDataset(name as DatasetName | 'auto', options)),
  options: {
    sizes: {
      type: 'string',
      value: 'N,N,...',
      help: 'widths from input to output (784,128,128,10)',
    },
    activation: {
      type: 'string',
      value: 'F',
      help: 'tanh, sigmoid or relu (tanh)',
    },
  },
  model(values) {
    const config = {
      sizes: sizesOf(text(values, 'sizes', '784,128,128,10')),
      activation: oneOf(
        values,
        'activation',
        ['tanh', 'sigmoid', 'relu'],
        'tanh',
      ),
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

export const recipes: readonly Recipe[] = [mlpRecipe];

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
export function checkOwn(recipe: Recipe, values: Values): void {
  if (values.sample !== undefined && !recipe.writes) {
    throw new OptionError(
      `Option --sample: recipe ${recipe.name} writes no text: leave it out`,
    );
  }
  for (const { name, options = {} } of recipes) {
    for (const option of Object.keys(options)) {
      if (recipe.options?.[option] || values[option] === undefined) continue;
      throw new OptionError(
        `Option --${option} is not of recipe ${recipe.name}: leave it out, ` +
          `or train ${name}`,
        { option },
      );
    }
  }
}

function sizesOf(value: string): number[] {
  const sizes = value
    .split(',')
    .map((part) => Number(part.trim() || Number.NaN));
  if (sizes.some((size) => !Number.isInteger(size) || size < 1)) {
    throw new OptionError(
      `Option --sizes = ${value}: give whole numbers, as 784,128,10`,
    );
  }
  return sizes;
}

/** Wrong sizes are told before anything is opened. */
function checkSizes(sizes: readonly number[], data: TrainingData): void {
  const pixels = data.train.feeds(Uint32Array.of(0)).x.length;
  const classes = data.classes.length;
  if (sizes.length < 2 || sizes[0] !== pixels || sizes.at(-1) !== classes) {
    throw new OptionError(
      `Option --sizes = ${sizes.join(',')}: ${data.name} needs ` +
        `${pixels} first and ${classes} last`,
    );
  }
}
