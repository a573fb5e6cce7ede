/** The architectures of Salvatori 2022, Table 2, in three sizes. */

import {
  alexnet,
  mlp,
  resnet,
  rnn,
  transformer,
} from '../../../models/index.ts';
import type { Graph } from '../../graph/graph.ts';
import { named } from '../../studies/study.ts';

export const SIZES = ['tiny', 'reduced', 'large'] as const;
export type Size = (typeof SIZES)[number];

export interface Timed {
  readonly name: string;
  /** What a size is, for people. */
  readonly title: (size: Size) => string;
  readonly make: (size: Size) => Graph;
}

/** Names of people: 57 letters, 18 languages, 19 letters the longest. */
const NAMES = { steps: 19, inputs: 57, outputs: 18 } as const;
/** Characters of Tiny Shakespeare. */
const CHARACTERS = 65;
const CLASSES = { loss: 'softmax_xent', reduction: 'mean' } as const;

export const timed: readonly Timed[] = [
  model(
    'mlp',
    {
      tiny: { sizes: [784, 32, 32, 10], batch: 16 },
      reduced: { sizes: [784, 128, 128, 10], batch: 64 },
      large: { sizes: [784, 1024, 1024, 1024, 10], batch: 64 },
    },
    ({ sizes, batch }) => `${sizes.join('-')}, batch ${batch}`,
    (config) => mlp({ ...config, ...CLASSES }),
  ),
  model(
    'alexnet',
    {
      tiny: { width: 1 / 32, batch: 2 },
      reduced: { width: 1 / 8, batch: 16 },
      large: { width: 1, batch: 16 },
    },
    ({ width, batch }) => `28 x 28, width 1/${1 / width}, batch ${batch}`,
    (config) =>
      alexnet({ ...config, image: [1, 28, 28], classes: 10, ...CLASSES }),
  ),
  model(
    'rnn',
    {
      tiny: { hidden: 16, batch: 8 },
      reduced: { hidden: 128, batch: 32 },
      large: { hidden: 128, batch: 64 },
    },
    ({ hidden, batch }) => `19 steps of ${hidden}, batch ${batch}`,
    (config) => rnn({ ...NAMES, ...config, ...CLASSES }),
  ),
  model(
    'resnet',
    {
      tiny: { channels: 2, batch: 2, blocks: [1, 1, 1, 1] },
      reduced: { channels: 8, batch: 8, blocks: [2, 2, 2, 2] },
      large: { channels: 64, batch: 8, blocks: [2, 2, 2, 2] },
    },
    ({ channels, batch, blocks }) =>
      `ResNet-${2 + 2 * blocks.reduce((n, b) => n + b, 0)}, 32 x 32, ` +
      `${channels} channels, batch ${batch}`,
    (config) => resnet({ ...config, ...CLASSES }),
  ),
  model(
    'transformer',
    {
      tiny: { steps: 8, width: 16, batch: 2 },
      reduced: { steps: 32, width: 64, batch: 8 },
      large: { steps: 64, width: 128, batch: 16 },
    },
    ({ steps, width, batch }) =>
      `2 layers of ${width}, ${steps} characters, batch ${batch}`,
    (config) =>
      transformer({ ...config, vocabulary: CHARACTERS, reduction: 'mean' }),
  ),
];

function model<C>(
  name: string,
  sizes: Readonly<Record<Size, C>>,
  title: (config: C) => string,
  make: (config: C) => Graph,
): Timed {
  return {
    name,
    title: (size) => title(sizes[size]),
    make: (size) => make(sizes[size]),
  };
}

/** A model by name. Throws OptionError. */
export const timedByName = (name: string) => named('model', timed, name);
