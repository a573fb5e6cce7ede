import { FormatError, OptionError } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import { malformed } from '../formats/malformed.ts';

/**
 * Names and the languages they come from: which letters they are written in,
 * and which of them are for training. Nothing here needs Node.
 */

/** The letters of the PyTorch tutorial, in its order. */
export const LETTERS: readonly string[] = [
  ...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ',
  ..." .,;'",
];

const NUMBER_OF: ReadonlyMap<string, number> = new Map(
  LETTERS.map((letter, number) => [letter, number]),
);

/** Part of a language's spellings that are for testing. */
const TEST_PART = 0.1;
/** Fixed, so that all results are on the same split. */
const SPLIT_SEED = 1;
const MOST_LANGUAGES = 255;

/** A name as it stands in a file or a list. */
export interface NameRow {
  readonly language: string;
  readonly name: string;
}

/** Names with a language each. */
export interface LabelledNames {
  /** In letters of LETTERS alone. */
  readonly names: readonly string[];
  /** Number of each name's language. */
  readonly labels: Uint8Array;
  readonly count: number;
}

export interface SplitNames {
  /** In alphabetical order. */
  readonly languages: readonly string[];
  /** Names that were given. */
  readonly rows: number;
  /** Of these, how many were dropped: their language had them already. */
  readonly repeats: number;
  readonly train: LabelledNames;
  readonly test: LabelledNames;
}

/**
 * A name in the letters of the tutorial: accents are taken off, and what is
 * then no letter of LETTERS is dropped, as the tutorial does. Blanks at the
 * ends go too; to a reader they are not there.
 */
export function normaliseName(name: string): string {
  return [...name.normalize('NFD')]
    .filter((letter) => NUMBER_OF.has(letter))
    .join('')
    .trim();
}

/** Two names of one key are the same name, whatever their capitals. */
export function spellingOf(name: string): string {
  return normaliseName(name).toLowerCase();
}

/**
 * Numbers of a name's letters in LETTERS.
 *
 * @throws OptionError if it has another letter or none
 */
export function encodeName(name: string): Uint8Array {
  const letters = [...name];
  if (letters.length === 0) {
    throw new OptionError('A name is empty: give at least one letter', {
      name,
    });
  }
  return Uint8Array.from(letters, (letter) => {
    const number = NUMBER_OF.get(letter);
    if (number !== undefined) return number;
    throw new OptionError(
      `Name ${JSON.stringify(name)} has the letter ${JSON.stringify(letter)}, ` +
        'which is not one of the alphabet: pass it through normaliseName',
      { name, letter },
    );
  });
}

/**
 * Reads rows `Language<TAB>name` of UTF-8 text.
 *
 * @param file its name, for the text of an error
 * @throws FormatError for anything else
 */
export function parseNames(bytes: Uint8Array, file: string): NameRow[] {
  const lines = textOf(bytes, file).split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  if (lines.length === 0) {
    malformed(file, 'is empty', 'each line must be a language, a tab, a name');
  }
  return lines.map((line, i) => {
    const [language, name, ...more] = line.split('\t');
    if (!language || name === undefined || more.length > 0) {
      malformed(
        file,
        `has ${JSON.stringify(line.slice(0, 60))} in line ${i + 1}`,
        'each line must be a language, a tab, a name',
        { line: i + 1 },
      );
    }
    if (normaliseName(name) === '') {
      malformed(
        file,
        `has the name ${JSON.stringify(name.slice(0, 60))} in line ${i + 1}`,
        'a name must have a letter from A to Z, with or without accents',
        { line: i + 1 },
      );
    }
    return { language, name };
  });
}

/** @throws FormatError if the bytes are not UTF-8 */
export function textOf(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    malformed(file, 'is not text in UTF-8', 'convert it, or fetch it again');
  }
}

/**
 * Splits names into those for training and those for testing, so that no
 * spelling is in both: a name that was learnt is no test, and the public list
 * repeats many, also under several languages.
 *
 * A name that its language had already is dropped. Each spelling then has a
 * home, the language with the fewest spellings of those it occurs under, and
 * goes whole, with all its languages, to where a seeded permutation of its
 * home's spellings sends it: a tenth to the test, one at least. Rare
 * languages are thus in both parts. The order of the rows does not matter,
 * except that the first of several ways to write capitals is kept.
 *
 * @throws FormatError if a language has fewer than two spellings of its own,
 *   or there are too many languages or fewer than two
 */
export function splitNames(rows: readonly NameRow[]): SplitNames {
  const languages = [...new Set(rows.map(({ language }) => language))].sort();
  if (languages.length < 2 || languages.length > MOST_LANGUAGES) {
    throw new FormatError(
      `The names are of ${languages.length} languages: give from 2 to ` +
        `${MOST_LANGUAGES}`,
      { languages: languages.length },
    );
  }
  const labelOf = new Map(languages.map((language, i) => [language, i]));
  /** By spelling: by label, the name as it was first written. */
  const spellings = new Map<string, Map<number, string>>();
  const sizes = languages.map(() => 0);
  for (const { language, name } of rows) {
    const label = labelOf.get(language)!;
    const key = spellingOf(name);
    const written = spellings.get(key) ?? new Map<number, string>();
    spellings.set(key, written);
    if (written.has(label)) continue;
    written.set(label, normaliseName(name));
    sizes[label]! += 1;
  }
  const homes: string[][] = languages.map(() => []);
  for (const key of [...spellings.keys()].sort()) {
    const labels = [...spellings.get(key)!.keys()];
    const home = labels.reduce((best, label) =>
      sizes[label]! < sizes[best]! ||
      (sizes[label] === sizes[best] && label < best)
        ? label
        : best,
    );
    homes[home]!.push(key);
  }
  const train: [string, number][] = [];
  const test: [string, number][] = [];
  homes.forEach((keys, label) => {
    const language = languages[label];
    if (keys.length < 2) {
      throw new FormatError(
        `Language ${language} has ${keys.length} names of its own: give at ` +
          'least 2, one to learn from and one to test on',
        { language, count: keys.length },
      );
    }
    const tested = Math.max(1, Math.round(TEST_PART * keys.length));
    const order = new Random(SPLIT_SEED, `names ${language}`).permutation(
      keys.length,
    );
    order.forEach((number, at) => {
      const to = at < tested ? test : train;
      for (const [other, name] of spellings.get(keys[number]!)!) {
        to.push([name, other]);
      }
    });
  });
  const kept = train.length + test.length;
  return {
    languages,
    rows: rows.length,
    repeats: rows.length - kept,
    train: mixed(train, 'train'),
    test: mixed(test, 'test'),
  };
}

/** In an order in which the first names are a fair sample of all. */
function mixed(
  pairs: readonly [string, number][],
  split: string,
): LabelledNames {
  const order = new Random(SPLIT_SEED, `names ${split}`).permutation(
    pairs.length,
  );
  const chosen = Array.from(order, (i) => pairs[i]!);
  return {
    names: chosen.map(([name]) => name),
    labels: Uint8Array.from(chosen, ([, label]) => label),
    count: chosen.length,
  };
}

/** The first `count` of the names. */
export function firstNames(set: LabelledNames, count: number): LabelledNames {
  return {
    names: set.names.slice(0, count),
    labels: set.labels.subarray(0, count),
    count,
  };
}
