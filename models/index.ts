import type { Graph } from '../src/graph/graph.ts';
import { alexnet } from './alexnet.ts';
import { cnn } from './cnn.ts';
import { lstm } from './lstm.ts';
import { mlp } from './mlp.ts';
import { residualMlp, resnet } from './resnet.ts';
import { rnn } from './rnn.ts';
import { skip, tanSqrtSin } from './toys.ts';
import { encoderLayer, transformer } from './transformer.ts';

export { type AlexnetConfig, alexnet } from './alexnet.ts';
export { type CnnConfig, cnn } from './cnn.ts';
export { type LstmConfig, lstm } from './lstm.ts';
export { type MlpConfig, mlp } from './mlp.ts';
export {
  type ResidualMlpConfig,
  type ResnetConfig,
  residualMlp,
  resnet,
} from './resnet.ts';
export { type RnnConfig, rnn } from './rnn.ts';
export { skip, tanSqrtSin } from './toys.ts';
export {
  type EncoderConfig,
  encoderLayer,
  type TransformerConfig,
  transformer,
} from './transformer.ts';

/** A model in the list `models`. */
export interface ModelEntry {
  /** Its name on the command line, such as `mlp-relu`. */
  readonly name: string;
  /** What it is, in a few words. */
  readonly title: string;
  /** As small as its structure allows, or as a paper has it. */
  readonly size: 'small' | 'paper';
  /** Its batch size if none is given. */
  readonly batch: number;
  /** Builds its graph for a batch size; a model of scalars takes no notice. */
  readonly make: (batch?: number) => Graph;
}

function entry(
  name: string,
  title: string,
  batch: number,
  make: (batch: number) => Graph,
  size: ModelEntry['size'] = 'small',
): ModelEntry {
  return { name, title, size, batch, make: (n = batch) => make(n) };
}

const paper: typeof entry = (name, title, batch, make) =>
  entry(name, title, batch, make, 'paper');

const sizes = (inputs: number, layers: number, width: number) => [
  inputs,
  ...new Array<number>(layers - 1).fill(width),
  10,
];

/** Names are letters: 57 of them, 18 languages, 19 letters the longest. */
const NAMES = { steps: 19, inputs: 57, outputs: 18 };
/** Characters of Tiny Shakespeare. */
const CHARACTERS = 65;

/** Models by name: small ones, quick to check, and the papers' in full size. */
export const models: readonly ModelEntry[] = [
  entry('mlp', 'multilayer perceptron 12-10-8-5, tanh', 6, (batch) =>
    mlp({ sizes: [12, 10, 8, 5], batch }),
  ),
  entry(
    'mlp-relu',
    'multilayer perceptron 12-10-8-5, relu, softmax cross-entropy',
    6,
    (batch) =>
      mlp({
        sizes: [12, 10, 8, 5],
        batch,
        activation: 'relu',
        loss: 'softmax_xent',
      }),
  ),
  entry(
    'tan-sqrt-sin',
    'tan(sqrt(theta v0)) + sin(v0^2), Millidge 2020',
    1,
    () => tanSqrtSin(),
  ),
  entry(
    'skip',
    's z3 + s z3 z2 z1, a skip connection, Salvatori 2022 Eq. 10-13',
    1,
    () => skip(),
  ),
  entry('cnn', 'two convolutions, 2 x 12 x 12, 3 and 4 filters', 3, (batch) =>
    cnn({
      batch,
      image: [2, 12, 12],
      filters: [3, 4],
      kernel: 3,
      hidden: [8, 6],
      classes: 4,
    }),
  ),
  entry(
    'alexnet',
    'AlexNet, 28 x 28, a thirty-second of its width',
    2,
    (batch) =>
      alexnet({ batch, image: [1, 28, 28], classes: 10, width: 1 / 32 }),
  ),
  entry(
    'rnn',
    'recurrent network of 5 steps, 6 units, many to one',
    4,
    (batch) => rnn({ batch, steps: 5, inputs: 4, hidden: 6, outputs: 3 }),
  ),
  entry('lstm', 'LSTM of 4 steps, 6 units', 3, (batch) =>
    lstm({ batch, steps: 4, inputs: 5, hidden: 6 }),
  ),
  entry('residual-mlp', '3 residual layers of 8 units', 4, (batch) =>
    residualMlp({ batch, inputs: 6, width: 8, layers: 3, classes: 3 }),
  ),
  entry('resnet', 'ResNet-10, 8 x 8, 4 channels', 3, (batch) =>
    resnet({
      batch,
      image: [3, 8, 8],
      blocks: [1, 1, 1, 1],
      channels: 4,
      classes: 4,
    }),
  ),
  entry('encoder', 'transformer encoder layer, width 8, 2 heads', 2, (batch) =>
    encoderLayer({ batch, steps: 5, width: 8, heads: 2, hidden: 12 }),
  ),
  entry('transformer', 'language model of 2 layers, width 8', 2, (batch) =>
    transformer({ batch, steps: 6, vocabulary: 11, width: 8, heads: 2 }),
  ),
  ...[2, 3, 4].map((layers) =>
    paper(
      `mlp-${layers}x128`,
      `${layers} layers, 784-128-...-10, Song 2020`,
      20,
      (batch) =>
        mlp({
          sizes: sizes(784, layers, 128),
          batch,
          activation: 'sigmoid',
        }),
    ),
  ),
  ...[256, 1024].map((width) =>
    paper(
      `mlp-8x${width}`,
      `8 hidden layers of ${width}, experimental comparison`,
      64,
      (batch) =>
        mlp({ sizes: sizes(784, 9, width), batch, activation: 'relu' }),
    ),
  ),
  paper('mlp-song', '50176-4096-2048-1024-27, Song 2020', 20, (batch) =>
    mlp({ sizes: [50176, 4096, 2048, 1024, 27], batch, activation: 'sigmoid' }),
  ),
  paper('cnn-millidge', 'CNN of Millidge 2020, Appendix A', 64, (batch) =>
    cnn({ batch }),
  ),
  paper('cnn-millidge-100', 'the same with 100 classes', 64, (batch) =>
    cnn({ batch, classes: 100 }),
  ),
  paper('alexnet-28', 'AlexNet adapted to 28 x 28, grey', 8, (batch) =>
    alexnet({ batch, image: [1, 28, 28], classes: 10 }),
  ),
  paper('alexnet-32', 'AlexNet adapted to 32 x 32, colour', 8, (batch) =>
    alexnet({ batch, image: [3, 32, 32], classes: 10 }),
  ),
  paper('alexnet-224', 'AlexNet, 224 x 224, 1000 classes', 2, (batch) =>
    alexnet({ batch }),
  ),
  paper(
    'rnn-salvatori',
    'RNN of Salvatori 2022, Eq. 36, n = 128, names',
    64,
    (batch) => rnn({ ...NAMES, batch, hidden: 128 }),
  ),
  paper(
    'rnn-millidge',
    'RNN of Millidge 2020, Appendix B, 256 units, names',
    64,
    (batch) => rnn({ ...NAMES, batch, hidden: 256, form: 'millidge' }),
  ),
  paper(
    'lstm-millidge',
    'LSTM of Millidge 2020, Appendix C, 1056 units, 50 characters',
    64,
    (batch) => lstm({ batch, steps: 50, inputs: CHARACTERS, hidden: 1056 }),
  ),
  paper(
    'residual-mlp-salvatori',
    '5 residual layers of 256, Salvatori 2022',
    64,
    (batch) => residualMlp({ batch }),
  ),
  paper('resnet-18', 'ResNet-18, CIFAR form', 8, (batch) => resnet({ batch })),
  paper('resnet-18-224', 'ResNet-18, 224 x 224, 1000 classes', 2, (batch) =>
    resnet({ batch, image: [3, 224, 224], classes: 1000 }),
  ),
  paper(
    'encoder-vaswani',
    'encoder layer of Vaswani 2017, width 512, 8 heads, 64 positions',
    8,
    (batch) => encoderLayer({ batch }),
  ),
  paper(
    'transformer-small',
    'language model, 2 layers of width 128, 64 characters',
    16,
    (batch) => transformer({ batch, steps: 64, vocabulary: CHARACTERS }),
  ),
];
