import { unpacked } from '../formats/gzip.ts';
import type { NameSet, TextSet } from './examples.ts';
import { FEW_NAMES } from './few-names.ts';
import type { FileSet, FoundFiles } from './files.ts';
import {
  firstNames,
  parseNames,
  type SplitNames,
  splitNames,
  textOf,
} from './names.ts';
import {
  checkCounts,
  choose,
  countOf,
  type DataEntry,
  fromFiles,
  type Loaded,
  type SetOptions,
} from './sets.ts';
import { SONNETS } from './sonnets.ts';
import { type SplitText, splitText } from './text.ts';

/** Data sets of names and of text. */

export type NamesName = 'few-names' | 'names';
export type TextName = 'sonnets' | 'shakespeare';

type CorpusEntry<Name extends string, Content> = DataEntry<
  Name,
  Content,
  SetOptions
>;

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
    ...fromFiles(NAMES, namesIn),
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
    ...fromFiles(TINY_SHAKESPEARE, textIn),
  },
];

function namesIn({ source, files }: FoundFiles): Loaded<SplitNames> {
  const { bytes, file } = files[0]!;
  const rows = parseNames(unpacked(bytes, file), file);
  return { source, ...splitNames(rows) };
}

function textIn({ source, files }: FoundFiles): Loaded<SplitText> {
  const { bytes, file } = files[0]!;
  const text = textOf(unpacked(bytes, file), file);
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
  options: SetOptions = {},
): Promise<NameSet & { readonly name: NamesName }> {
  checkCounts(options, 'names');
  const [entry, found] = await choose(ofThisKind, nameSets, name, options);
  const { name: own, title, synthetic } = entry;
  const { train, test } = found;
  const { trainCount, testCount } = options;
  const trained = countOf(own, 'train names', train.count, trainCount);
  const tested = countOf(own, 'test names', test.count, testCount);
  return {
    ...{ name: own, title, synthetic, ...found },
    train: firstNames(train, trained),
    test: firstNames(test, tested),
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
  options: SetOptions = {},
): Promise<TextSet & { readonly name: TextName }> {
  checkCounts(options, 'characters');
  const [entry, found] = await choose(ofThisKind, textSets, name, options);
  const { name: own, title, synthetic } = entry;
  const { train, test } = found;
  const { trainCount, testCount } = options;
  const trained = countOf(own, 'train characters', train.length, trainCount);
  const tested = countOf(own, 'test characters', test.length, testCount);
  return {
    ...{ name: own, title, synthetic, ...found },
    train: train.subarray(0, trained),
    test: test.subarray(0, tested),
  };
}

const ofThisKind = (shown: string) => `data set ${shown} of this kind`;
