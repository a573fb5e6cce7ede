/** The architectures whose training steps are measured, in small sizes. */

import {
  alexnet,
  cnn,
  encoderLayer,
  lstm,
  mlp,
  residualMlp,
  resnet,
  rnn,
  transformer,
} from '../models/index.ts';
import type { Graph } from '../src/graph/graph.ts';

export interface Architecture {
  readonly name: string;
  make(): Graph;
  /** Whether it stands in Salvatori et al. 2022, Table 2. */
  readonly inPaper?: boolean;
  /** Whether it is too dear for --quick. */
  readonly slow?: boolean;
}

const CLASSES = { loss: 'softmax_xent', reduction: 'mean' } as const;

export const smallCnn = () => cnn({ batch: 16, ...CLASSES });

export const smallAlexnet = () =>
  alexnet({
    ...{ batch: 16, image: [1, 28, 28], width: 1 / 8, classes: 10 },
    ...CLASSES,
  });

export const smallMlp = (batch = 64) =>
  mlp({ sizes: [784, 128, 128, 10], batch, ...CLASSES });

export const architectures: readonly Architecture[] = [
  {
    name: 'mlp 784-128-128-10, batch 64',
    make: () => smallMlp(),
    inPaper: true,
  },
  { name: 'cnn of Millidge, batch 16', make: smallCnn },
  {
    name: 'alexnet 28 x 28, width 1/8, batch 16',
    make: smallAlexnet,
    inPaper: true,
    slow: true,
  },
  {
    name: 'rnn 19 steps of 128, batch 64',
    make: () =>
      rnn({
        ...{ batch: 64, steps: 19, inputs: 57, hidden: 128, outputs: 18 },
        ...CLASSES,
      }),
    inPaper: true,
    slow: true,
  },
  {
    name: 'lstm 32 steps of 128, batch 32',
    make: () =>
      lstm({ batch: 32, steps: 32, inputs: 65, hidden: 128, ...CLASSES }),
    slow: true,
  },
  {
    name: 'lstm 20 steps of 32, batch 8',
    make: () =>
      lstm({ batch: 8, steps: 20, inputs: 65, hidden: 32, ...CLASSES }),
    slow: true,
  },
  {
    name: 'residual mlp 5 x 256, batch 64',
    make: () => residualMlp({ batch: 64, ...CLASSES }),
  },
  {
    name: 'resnet-18, 8 channels, batch 8',
    make: () => resnet({ batch: 8, channels: 8, ...CLASSES }),
    inPaper: true,
    slow: true,
  },
  {
    name: 'encoder layer 64 x 128, batch 8',
    make: () => encoderLayer({ batch: 8, width: 128, heads: 4, hidden: 512 }),
    inPaper: true,
    slow: true,
  },
  {
    name: 'transformer 2 x 64, 32 characters, batch 8',
    make: () =>
      transformer({
        ...{ batch: 8, steps: 32, vocabulary: 65, width: 64 },
        reduction: 'mean',
      }),
    inPaper: true,
    slow: true,
  },
];
