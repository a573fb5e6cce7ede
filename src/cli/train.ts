/** isochron train: a multilayer perceptron on images, under any rule. */

import { type MlpConfig, mlp } from '../../models/mlp.ts';
import { prepareFolder, readWeights, saveResult } from '../checkpoint.ts';
import {
  type Dataset,
  type DatasetName,
  datasets,
  loadDataset,
} from '../data/datasets.ts';
import { OptionError } from '../errors.ts';
import { makeOptimiser } from '../optim.ts';
import { makeRule } from '../rules/table.ts';
import { countSteps, type TrainOptions } from '../train.ts';
import {
  backendOf,
  type Command,
  inMode,
  modeOf,
  onBackend,
  oneOf,
  ruleOf,
  seeded,
  seedOf,
  text,
  whole,
  withRule,
} from './command.ts';
import { deviceOf, runTraining } from './training.ts';

export const trainCommand: Command = {
  name: 'train',
  summary: 'trains a multilayer perceptron on images and saves the weights',
  operands: '',
  options: {
    data: {
      type: 'string',
      value: 'NAME',
      help: `auto, ${datasets.map((d) => d.name).join(', ')} (auto: mnist if it is here, else synthetic digits)`,
    },
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
    ...withRule,
    against: {
      type: 'string',
      value: 'RULE',
      help: 'train another rule in step and compare the weights bit by bit',
    },
    optimiser: {
      type: 'string',
      value: 'NAME',
      help: 'sgd, momentum or adam (adam)',
    },
    lr: {
      type: 'string',
      value: 'X',
      help: 'learning rate (adam 0.001, others 0.01)',
    },
    batch: { type: 'string', value: 'N', help: 'images a step (64)' },
    epochs: { type: 'string', value: 'N', help: 'passes over the data (1)' },
    steps: { type: 'string', value: 'N', help: 'stop after so many steps' },
    weights: {
      type: 'string',
      value: 'FILE',
      help: 'start from the weights of a .safetensors file',
    },
    ...inMode,
    ...onBackend,
    ...seeded,
    out: {
      type: 'string',
      value: 'DIR',
      help: 'folder of the result (results/train)',
    },
  },
  examples: [
    'train --epochs 5',
    'train --data fashion-mnist --rule il --param steps=20 --steps 500',
    'train --against bp --steps 200 --backend cpu',
  ],
  async run({ values, out }) {
    const rule = ruleOf(values);
    const optimiser = makeOptimiser(
      text(values, 'optimiser', 'adam'),
      rate(values.lr),
    );
    const sizes = sizesOf(text(values, 'sizes', '784,128,128,10'));
    const activation = oneOf(
      values,
      'activation',
      ['tanh', 'sigmoid', 'relu'],
      'tanh',
    );
    const against = values.against
      ? makeRule(text(values, 'against', 'bp'))
      : undefined;
    const mode = modeOf(values);
    const seed = seedOf(values);
    const batch = whole(values, 'batch', 1) ?? 64;
    const epochs = whole(values, 'epochs', 1) ?? 1;
    const steps = whole(values, 'steps', 1);
    const folder = text(values, 'out', 'results/train');
    const config: MlpConfig = {
      sizes,
      activation,
      loss: 'softmax_xent',
      reduction: 'mean',
    };
    const data = await loadDataset(
      oneOf<DatasetName | 'auto'>(
        values,
        'data',
        ['auto', ...datasets.map((d) => d.name)],
        'auto',
      ),
      { seed, onProgress: (line) => out.note(line) },
    );
    checkSizes(sizes, data);
    const weights =
      typeof values.weights === 'string'
        ? await readWeights(values.weights)
        : undefined;
    countSteps({ data, batch, epochs, steps });
    await prepareFolder(folder);
    const backend = await backendOf(values, out);
    out.note(
      `data: ${data.title}, ${data.train.count} training and ` +
        `${data.test.count} test images (${data.source})`,
    );
    const options: TrainOptions = {
      model: (n) => mlp({ ...config, batch: n }),
      rule,
      optimiser,
      backend,
      data,
      batch,
      epochs,
      steps,
      seed,
      mode,
      against,
      weights,
    };
    const { weights: trained, ...measured } = await runTraining(options, out);
    const result = {
      command: 'train',
      model: { name: 'mlp', ...config },
      data: { name: data.name, title: data.title, synthetic: data.synthetic },
      rule: { name: rule.name, ...rule.options },
      optimiser: { name: optimiser.name, ...optimiser.options },
      batch,
      seed,
      mode,
      ...measured,
      ...(await deviceOf(backend)),
    };
    const path = await saveResult(folder, result, trained);
    backend.close();
    out.row({ kind: 'result', ...result, path });
    out.line(
      `${data.title}: test accuracy ${percent(measured.accuracy)} after ` +
        `${measured.steps} steps (seed ${seed})`,
    );
    if (against) {
      out.line(
        `${rule.name} against ${against.name}: ${measured.differingBits} of ` +
          `${measured.elements} weights differ in any bit`,
      );
    }
    out.line(`saved ${path}`);
    const broken = against && rule.exact && against.exact;
    return broken && measured.differingBits !== 0 ? 1 : 0;
  },
};

function rate(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const number = value.trim() === '' ? Number.NaN : Number(value);
  if (!(number > 0 && number < Number.POSITIVE_INFINITY)) {
    throw new OptionError(`Option --lr = ${value}: give a number above 0`);
  }
  return number;
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
function checkSizes(sizes: readonly number[], data: Dataset): void {
  const [height, width] = data.train.shape;
  const classes = data.classes.length;
  if (
    sizes.length < 2 ||
    sizes[0] !== height * width ||
    sizes.at(-1) !== classes
  ) {
    throw new OptionError(
      `Option --sizes = ${sizes.join(',')}: ${data.name} needs ` +
        `${height * width} first and ${classes} last`,
    );
  }
}

export function percent(part: number): string {
  return `${(100 * part).toFixed(2)} %`;
}
