import { OptionError } from '../base/errors.ts';
import { type Archive, findArchive, loadArchive } from './archive.ts';
import { CIFAR10_SUBSET, findCifar, loadCifar } from './cifar.ts';
import { drawDigits } from './digits.ts';
import type { FileOptions } from './files.ts';
import { firstOf, type LabelledImages } from './labelled.ts';
import { drawShapes, SHAPES } from './shapes.ts';

export type { LabelledImages } from './labelled.ts';

export type DatasetName =
  | 'digits'
  | 'mnist'
  | 'fashion-mnist'
  | 'shapes'
  | 'cifar10-subset';

/** Grey images or coloured ones: recorded if they are here, else drawn. */
export type AutoName = 'auto' | 'auto-clothes' | 'auto-colour';

/** Images to learn from and others to test on. */
export interface Dataset {
  readonly name: DatasetName;
  /** For people, as "synthetic digits (drawn by strokes; not MNIST)". */
  readonly title: string;
  /** True if drawn by a program, false if recorded. */
  readonly synthetic: boolean;
  /** Where it came from: a folder, or how it was drawn. */
  readonly source: string;
  /** Name of each class, by label. */
  readonly classes: readonly string[];
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

export interface DatasetOptions extends FileOptions {
  /** Of synthetic sets: whole number in [0, 2^32); 1 if not given. */
  readonly seed?: number;
  /** Use only the first; all (digits 10,000, shapes 4,000) if not given. */
  readonly trainCount?: number;
  /** Use only the first; all (digits 2,000, shapes 1,000) if not given. */
  readonly testCount?: number;
}

/** A data set before it is loaded. */
export interface DatasetEntry
  extends Pick<Dataset, 'name' | 'title' | 'synthetic' | 'classes'> {
  load(options: DatasetOptions): Promise<Loaded>;
  /** Of recorded sets: as load, but undefined if it is not on this machine. */
  find?(options: DatasetOptions): Promise<Loaded | undefined>;
}

type Loaded = Pick<Dataset, 'source' | 'train' | 'test'>;

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
const AUTO: Readonly<Record<AutoName, readonly [DatasetName, DatasetName]>> = {
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

/** Every data set there is. */
export const datasets: readonly DatasetEntry[] = [
  {
    name: 'digits',
    title: 'synthetic digits (drawn by strokes; not MNIST)',
    synthetic: true,
    classes: DIGITS,
    async load({ seed = 1, trainCount = 10_000, testCount = 2_000 }) {
      return {
        source: `drawn by isochron, seed ${seed}`,
        train: drawDigits(seed, 'train', trainCount),
        test: drawDigits(seed, 'test', testCount),
      };
    },
  },
  {
    name: 'mnist',
    title: 'MNIST handwritten digits',
    synthetic: false,
    classes: DIGITS,
    load: (options) => loadArchive(MNIST, options),
    find: (options) => findArchive(MNIST, options),
  },
  {
    name: 'fashion-mnist',
    title: 'Fashion-MNIST pictures of clothes',
    synthetic: false,
    classes: CLOTHES,
    load: (options) => loadArchive(FASHION_MNIST, options),
    find: (options) => findArchive(FASHION_MNIST, options),
  },
  {
    name: 'shapes',
    title: 'synthetic colour shapes (drawn by a program; not CIFAR-10)',
    synthetic: true,
    classes: SHAPES,
    async load({ seed = 1, trainCount = 4_000, testCount = 1_000 }) {
      return {
        source: `drawn by isochron, seed ${seed}`,
        train: drawShapes(seed, 'train', trainCount),
        test: drawShapes(seed, 'test', testCount),
      };
    },
  },
  {
    name: 'cifar10-subset',
    title: 'CIFAR-10, the first 4,000 + 1,000 of its 60,000 colour pictures',
    synthetic: false,
    classes: CIFAR10,
    load: (options) => loadCifar(CIFAR10_SUBSET, options),
    find: (options) => findCifar(CIFAR10_SUBSET, options),
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
  options: DatasetOptions = {},
): Promise<Dataset> {
  checkCount('train', options.trainCount);
  checkCount('test', options.testCount);
  if (!Object.hasOwn(AUTO, name)) {
    const entry = entryOf(name);
    return complete(entry, options, await entry.load(options));
  }
  const [recorded, drawn] = AUTO[name as AutoName].map(entryOf);
  const found = await recorded!.find?.(options);
  if (found !== undefined) return complete(recorded!, options, found);
  return complete(drawn!, options, await drawn!.load(options));
}

function entryOf(name: string): DatasetEntry {
  const entry = datasets.find((candidate) => candidate.name === name);
  if (entry !== undefined) return entry;
  const names = [
    ...datasets.map((known) => known.name),
    ...Object.keys(AUTO),
  ].join(', ');
  throw new OptionError(
    `There is no data set ${JSON.stringify(name)}: choose one of ${names}`,
    { name },
  );
}

function complete(
  { name, title, synthetic, classes }: DatasetEntry,
  options: DatasetOptions,
  { source, train, test }: Loaded,
): Dataset {
  return {
    name,
    title,
    synthetic,
    source,
    classes,
    train: limited(name, 'train', train, options.trainCount),
    test: limited(name, 'test', test, options.testCount),
  };
}

function limited(
  name: string,
  split: string,
  set: LabelledImages,
  count = set.count,
): LabelledImages {
  if (count <= set.count) return firstOf(set, count);
  throw new OptionError(
    `Data set ${name} has ${set.count} ${split} images but ${count} are ` +
      'asked for: ask for fewer',
    { name, split, count, available: set.count },
  );
}

/** Before anything is read or downloaded. */
export function checkCount(
  split: string,
  count: number | undefined,
  what = 'images',
): void {
  if (count === undefined || (Number.isInteger(count) && count >= 1)) return;
  throw new OptionError(
    `Cannot use ${count} ${split} ${what}: pass a whole number >= 1`,
    { split, count },
  );
}
