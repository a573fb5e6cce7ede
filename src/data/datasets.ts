import { type Archive, parseArchive } from './archive.ts';
import { CIFAR10_SUBSET, parseCifar } from './cifar.ts';
import { drawDigits } from './digits.ts';
import type { Split } from './drawing.ts';
import { firstOf, type ImageSets, type LabelledImages } from './labelled.ts';
import {
  type About,
  checkCounts,
  choose,
  countOf,
  type DataEntry,
  fromFiles,
  type Loaded,
  type SetOptions,
} from './sets.ts';
import { drawShapes, SHAPES } from './shapes.ts';

export type DatasetName =
  | 'digits'
  | 'mnist'
  | 'fashion-mnist'
  | 'shapes'
  | 'cifar10-subset';

/** Grey images or coloured ones: recorded if they are here, else drawn. */
export type AutoName = 'auto' | 'auto-clothes' | 'auto-colour';

/** Images to learn from and others to test on. */
export interface Dataset extends About<DatasetName>, ImageSets {
  /** Name of each class, by label. */
  readonly classes: readonly string[];
}

interface DatasetEntry extends DataEntry<DatasetName, ImageSets, SetOptions> {
  readonly classes: readonly string[];
}

const DIGITS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

const CLOTHES = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

const CIFAR10 = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
];

/** What is taken if it is on this machine, and what if it is not. */
const AUTO: Readonly<Record<AutoName, readonly DatasetName[]>> = {
  auto: ['mnist', 'digits'],
  'auto-clothes': ['fashion-mnist', 'digits'],
  'auto-colour': ['cifar10-subset', 'shapes'],
};

/** LeCun, Cortes and Burges; its first host is no longer reliable. */
export const MNIST: Archive = {
  name: 'mnist',
  mirrors: [
    'https://ossci-datasets.s3.amazonaws.com/mnist/',
    'https://storage.googleapis.com/cvdf-datasets/mnist/',
  ],
  files: [
    {
      name: 'train-images-idx3-ubyte.gz',
      bytes: 9912422,
      sha256:
        '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
    },
    {
      name: 'train-labels-idx1-ubyte.gz',
      bytes: 28881,
      sha256:
        '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
    },
    {
      name: 't10k-images-idx3-ubyte.gz',
      bytes: 1648877,
      sha256:
        '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
    },
    {
      name: 't10k-labels-idx1-ubyte.gz',
      bytes: 4542,
      sha256:
        'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
    },
  ],
};

/** Xiao, Rasul and Vollgraf 2017. */
export const FASHION_MNIST: Archive = {
  name: 'fashion-mnist',
  mirrors: ['http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/'],
  files: [
    {
      name: 'train-images-idx3-ubyte.gz',
      bytes: 26421880,
      sha256:
        '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
    },
    {
      name: 'train-labels-idx1-ubyte.gz',
      bytes: 29515,
      sha256:
        'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
    },
    {
      name: 't10k-images-idx3-ubyte.gz',
      bytes: 4422102,
      sha256:
        '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
    },
    {
      name: 't10k-labels-idx1-ubyte.gz',
      bytes: 5148,
      sha256:
        '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
    },
  ],
};

/** `load` of images that a program draws, so many if not told otherwise. */
const drawn =
  (
    draw: (seed: number, split: Split, count: number) => LabelledImages,
    train: number,
    test: number,
  ) =>
  async (options: SetOptions): Promise<Loaded<ImageSets>> => {
    const { seed = 1, trainCount = train, testCount = test } = options;
    return {
      source: `drawn by isochron, seed ${seed}`,
      train: draw(seed, 'train', trainCount),
      test: draw(seed, 'test', testCount),
    };
  };

/** Every data set there is. */
export const datasets: readonly DatasetEntry[] = [
  {
    name: 'digits',
    title: 'synthetic digits (drawn by strokes; not MNIST)',
    synthetic: true,
    classes: DIGITS,
    load: drawn(drawDigits, 10_000, 2_000),
  },
  {
    name: 'mnist',
    title: 'MNIST handwritten digits',
    synthetic: false,
    classes: DIGITS,
    ...fromFiles(MNIST, parseArchive),
  },
  {
    name: 'fashion-mnist',
    title: 'Fashion-MNIST pictures of clothes',
    synthetic: false,
    classes: CLOTHES,
    ...fromFiles(FASHION_MNIST, parseArchive),
  },
  {
    name: 'shapes',
    title: 'synthetic colour shapes (drawn by a program; not CIFAR-10)',
    synthetic: true,
    classes: SHAPES,
    load: drawn(drawShapes, 4_000, 1_000),
  },
  {
    name: 'cifar10-subset',
    title: 'CIFAR-10, the first 4,000 + 1,000 of its 60,000 colour pictures',
    synthetic: false,
    classes: CIFAR10,
    ...fromFiles(CIFAR10_SUBSET, (found) => parseCifar(CIFAR10_SUBSET, found)),
  },
];

/**
 * Loads a data set by name. `auto` is MNIST if it is on this machine, in
 * `$ISOCHRON_DATA/mnist` or the cache, else synthetic digits; `auto-clothes`
 * the same with Fashion-MNIST; `auto-colour` is the subset of CIFAR-10 or else
 * synthetic shapes. None downloads.
 *
 * @throws OptionError if the name is unknown or a count is out of range
 * @throws DataError if it cannot be had or a checksum fails
 * @throws FormatError if a file is not what its format says
 * @throws FileError if a file cannot be read or written
 */
export async function loadDataset(
  name: DatasetName | AutoName,
  options: SetOptions = {},
): Promise<Dataset> {
  checkCounts(options, 'images');
  const what = (shown: string) => `data set ${shown}`;
  const [entry, found] = await choose(what, datasets, name, options, AUTO);
  const { name: own, title, synthetic, classes } = entry;
  const { source, train, test } = found;
  const { trainCount, testCount } = options;
  const trained = countOf(own, 'train images', train.count, trainCount);
  const tested = countOf(own, 'test images', test.count, testCount);
  return {
    ...{ name: own, title, synthetic, source, classes },
    train: firstOf(train, trained),
    test: firstOf(test, tested),
  };
}
