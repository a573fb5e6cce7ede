import { OptionError } from '../base/errors.ts';
import { unpacked } from '../formats/gzip.ts';
import { checkCount, type DatasetOptions } from './datasets.ts';
import type { NameSet, TextSet } from './examples.ts';
import { FEW_NAMES } from './few-names.ts';
import {
  type FileOptions,
  type FileSet,
  type FoundFiles,
  findFiles,
  loadFiles,
  MAX_FILE_BYTES,
} from './files.ts';
import {
  firstNames,
  parseNames,
  type SplitNames,
  splitNames,
  textOf,
} from './names.ts';
import { SONNETS } from './sonnets.ts';
import { type SplitText, splitText } from './text.ts';

/** Data sets of names and of text. */

export type NamesName = 'few-names' | 'names';
export type TextName = 'sonnets' | 'shakespeare';

/** A data set of names or of text before it is loaded. */
export interface CorpusEntry<Name extends string, Content> {
  readonly name: Name;
  /** For people. */
  readonly title: string;
  /** True if made for isochron, false if recorded. */
  readonly synthetic: boolean;
  load(options: FileOptions): Promise<Loaded<Content>>;
  /** Of recorded sets: as load, but undefined if it is not on this machine. */
  find?(options: FileOptions): Promise<Loaded<Content> | undefined>;
}

type Loaded<Content> = Content & { readonly source: string };

/**
 * Robertson's list for a tutorial of PyTorch. The tutorial's own archive is
 * not offered for download: no checksum of it is known here.
 */
export const NAMES: FileSet = {
  name: 'names',
  mirrors: [],
  files: [
    {
      name: 'names-2018.tsv',
      bytes: 319615,
      sha256:
        'aa2a0d22cb2d2d8cb27761882c3448bdf4a7de6772fc362e6afe3f8ceed090f6',
    },
  ],
  byHand:
    'get data/names/*.txt of https://github.com/spro/practical-pytorch or of ' +
    'https://download.pytorch.org/tutorial/data.zip, make names-2018.tsv of ' +
    'them, each line the language (name of the file), a tab and a name, and ' +
    'put it into $ISOCHRON_DATA/names',
};

/** Karpathy's million characters of Shakespeare's plays. */
export const TINY_SHAKESPEARE: FileSet = {
  name: 'tinyshakespeare',
  mirrors: [
    'https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/',
  ],
  files: [
    {
      name: 'input.txt',
      bytes: 1115394,
      sha256:
        '86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed',
    },
  ],
};

/** Every data set of names: the built-in one, then the recorded one. */
export const nameSets: readonly CorpusEntry<NamesName, SplitNames>[] = [
  {
    name: 'few-names',
    title: `${FEW_NAMES.length} family names (built in, small)`,
    synthetic: true,
    load: async () => ({ source: 'built in', ...splitNames(FEW_NAMES) }),
  },
  {
    name: 'names',
    title: 'names by language of origin (PyTorch tutorial)',
    synthetic: false,
    load: async (options) => namesIn(await loadFiles(NAMES, options)),
    find: async (options) => {
      const found = await findFiles(NAMES, options);
      return found && namesIn(found);
    },
  },
];

/** Every data set of text: the built-in one, then the recorded one. */
export const textSets: readonly CorpusEntry<TextName, SplitText>[] = [
  {
    name: 'sonnets',
    title: "ten of Shakespeare's sonnets (built in, small)",
    synthetic: false,
    load: async () => ({
      source: 'built in',
      ...splitText(SONNETS, 'The text of the sonnets'),
    }),
  },
  {
    name: 'shakespeare',
    title: "Tiny Shakespeare (a million characters of Shakespeare's plays)",
    synthetic: false,
    load: async (options) => textIn(await loadFiles(TINY_SHAKESPEARE, options)),
    find: async (options) => {
      const found = await findFiles(TINY_SHAKESPEARE, options);
      return found && textIn(found);
    },
  },
];

function namesIn({ source, files }: FoundFiles): Loaded<SplitNames> {
  const { bytes, file } = files[0]!;
  const rows = parseNames(unpacked(bytes, file, MAX_FILE_BYTES), file);
  return { source, ...splitNames(rows) };
}

function textIn({ source, files }: FoundFiles): Loaded<SplitText> {
  const { bytes, file } = files[0]!;
  const text = textOf(unpacked(bytes, file, MAX_FILE_BYTES), file);
  return { source, ...splitText(text, `File ${file}`) };
}

/**
 * Loads names and their languages, split so that no spelling is in both
 * parts. `auto` is the public list if it is on this machine, in
 * `$ISOCHRON_DATA/names` or the cache, else the built-in one; nothing is ever
 * downloaded. Counts are of names; there is no seed.
 *
 * @throws OptionError if the name is unknown or a count is out of range
 * @throws DataError if it cannot be had or a checksum fails
 * @throws FormatError if a file is not what its format says
 * @throws FileError if a file cannot be read
 */
export async function loadNames(
  name: NamesName | 'auto' = 'auto',
  options: DatasetOptions = {},
): Promise<NameSet & { readonly name: NamesName }> {
  const { trainCount, testCount } = options;
  checkCount('train', trainCount, 'names');
  checkCount('test', testCount, 'names');
  const [entry, found] = await choose(nameSets, name, options);
  checkAvailable(entry.name, 'train names', found.train.count, trainCount);
  checkAvailable(entry.name, 'test names', found.test.count, testCount);
  return {
    name: entry.name,
    title: entry.title,
    synthetic: entry.synthetic,
    ...found,
    train: firstNames(found.train, trainCount ?? found.train.count),
    test: firstNames(found.test, testCount ?? found.test.count),
  };
}

/**
 * Loads a text: the first nine tenths to learn from, the rest to test on.
 * `auto` is Tiny Shakespeare if it is on this machine, in
 * `$ISOCHRON_DATA/tinyshakespeare` or the cache, else the built-in sonnets;
 * it never downloads. Counts are of characters; there is no seed.
 *
 * @throws OptionError if the name is unknown or a count is out of range
 * @throws DataError if it cannot be had or a checksum fails
 * @throws FormatError if a file is no text, or too short
 * @throws FileError if a file cannot be read or written
 */
export async function loadText(
  name: TextName | 'auto' = 'auto',
  options: DatasetOptions = {},
): Promise<TextSet & { readonly name: TextName }> {
  const { trainCount, testCount } = options;
  checkCount('train', trainCount, 'characters');
  checkCount('test', testCount, 'characters');
  const [entry, found] = await choose(textSets, name, options);
  const { train, test } = found;
  checkAvailable(entry.name, 'train characters', train.length, trainCount);
  checkAvailable(entry.name, 'test characters', test.length, testCount);
  return {
    name: entry.name,
    title: entry.title,
    synthetic: entry.synthetic,
    ...found,
    train: train.subarray(0, trainCount),
    test: test.subarray(0, testCount),
  };
}

/** An entry of a table [built in, recorded], and what is in it. */
async function choose<Name extends string, Content>(
  table: readonly CorpusEntry<Name, Content>[],
  name: Name | 'auto',
  options: FileOptions,
): Promise<readonly [CorpusEntry<Name, Content>, Loaded<Content>]> {
  if (name === 'auto') {
    for (const entry of table) {
      const found = await entry.find?.(options);
      if (found !== undefined) return [entry, found];
    }
    return [table[0]!, await table[0]!.load(options)];
  }
  const entry = table.find((candidate) => candidate.name === name);
  if (entry !== undefined) return [entry, await entry.load(options)];
  const names = [...table.map((known) => known.name), 'auto'].join(', ');
  throw new OptionError(
    `There is no data set ${JSON.stringify(name)} of this kind: choose one ` +
      `of ${names}`,
    { name },
  );
}

function checkAvailable(
  name: string,
  what: string,
  available: number,
  count = available,
): void {
  if (count <= available) return;
  throw new OptionError(
    `Data set ${name} has ${available} ${what} but ${count} are asked for: ` +
      'ask for fewer',
    { name, what, count, available },
  );
}
