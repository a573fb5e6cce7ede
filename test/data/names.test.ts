import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FormatError,
  IsochronError,
  OptionError,
} from '../../src/base/errors.ts';
import { FEW_NAMES } from '../../src/data/few-names.ts';
import {
  encodeName,
  LETTERS,
  type NameRow,
  normaliseName,
  parseNames,
  type SplitNames,
  spellingOf,
  splitNames,
} from '../../src/data/names.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Spellings that both parts have, told apart by JavaScript's own means. */
function leaks({ train, test }: Pick<SplitNames, 'train' | 'test'>): string[] {
  const learnt = new Set(train.names.map((name) => name.toLowerCase()));
  return test.names.filter((name) => learnt.has(name.toLowerCase()));
}

describe('the alphabet', () => {
  // Oracle: the tutorial, whose all_letters has 57.
  it('has the letters of the tutorial', () => {
    expect(LETTERS.join('')).toBe(
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ .,;'",
    );
    expect(new Set(LETTERS).size).toBe(57);
  });

  // Oracle: by hand; the first is the tutorial's own example.
  it.each([
    ['Ślusàrski', 'Slusarski'],
    ["O'Néàl", "O'Neal"],
    ['Groß', 'Gro'],
    ['Au-Yong', 'AuYong'],
    ['Park ', 'Park'],
    ['Van  der Berg', 'Van  der Berg'],
    ['Abl\u00a0', 'Abl'],
    ['Ὀδυσσεύς', ''],
  ])('writes %j as %j', (name, written) => {
    expect(normaliseName(name)).toBe(written);
  });

  it('writes nothing but its letters, and the same again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const written = normaliseName(name);
        expect([...written].every((one) => LETTERS.includes(one))).toBe(true);
        expect(normaliseName(written)).toBe(written);
      }),
    );
  });

  it('numbers letters, and refuses others', () => {
    expect([...encodeName("aB '")]).toEqual([0, 27, 52, 56]);
    expect(() => encodeName('é')).toThrow(OptionError);
    expect(() => encodeName('é')).toThrow(/letter "é".*normaliseName/);
    expect(() => encodeName('')).toThrow(OptionError);
  });
});

describe('parseNames', () => {
  it('reads rows, with either end of line', () => {
    const rows = [
      { language: 'Arabic', name: 'Khoury' },
      { language: 'Korean', name: 'Park ' },
    ];
    expect(parseNames(utf8('Arabic\tKhoury\nKorean\tPark \n'), 'f')).toEqual(
      rows,
    );
    expect(parseNames(utf8('Arabic\tKhoury\r\nKorean\tPark '), 'f')).toEqual(
      rows,
    );
  });

  // Oracle: the file is known to be wrong; the words name how.
  it.each([
    ['nothing', '', /File f is empty: /],
    ['a row of one field', 'A\tb\nArabic\n', /"Arabic" in line 2: /],
    ['a row of three', 'A\tb\tc\n', /in line 1: each line must be/],
    ['a row without a language', '\tb\n', /in line 1/],
    ['an empty row', 'A\tb\n\nA\tc\n', /"" in line 2/],
    ['a name without letters', 'A\t!\n', /the name "!" in line 1/],
    ['a name of a blank', 'A\t \n', /the name " " in line 1/],
  ])('refuses %s', (_what, text, words) => {
    expect(() => parseNames(utf8(text), 'f')).toThrow(FormatError);
    expect(() => parseNames(utf8(text), 'f')).toThrow(words);
  });

  it('refuses what is not UTF-8', () => {
    const latin1 = Uint8Array.of(65, 9, 0xe9, 10);
    expect(() => parseNames(latin1, 'f')).toThrow(/not text in UTF-8/);
  });
});

const languages = fc.constantFrom('A', 'B', 'C', 'D');
const lists: fc.Arbitrary<NameRow[]> = fc
  .array(
    fc.record({
      language: languages,
      name: fc.stringMatching(/^[a-cA-C]{1,3}é?$/),
    }),
    { minLength: 4, maxLength: 120 },
  )
  // Two names of its own for each language that there is.
  .map((rows) => [
    ...rows,
    ...rows.flatMap(({ language }) => [
      { language, name: `${language}own` },
      { language, name: `own${language}` },
    ]),
    { language: 'A', name: 'one' },
    { language: 'A', name: 'two' },
    { language: 'B', name: 'three' },
    { language: 'B', name: 'four' },
  ]);

describe('splitNames', () => {
  // Oracle: by hand.
  it('drops repeats, and keeps a spelling together', () => {
    const { rows, repeats, train, test } = splitNames([
      { language: 'English', name: 'Park' },
      { language: 'Korean', name: 'Park ' },
      { language: 'Korean', name: 'PARK' },
      { language: 'Korean', name: 'Hyun' },
      { language: 'Korean', name: 'Hyun' },
      { language: 'English', name: 'Smith' },
      { language: 'English', name: 'Brown' },
    ]);
    expect([rows, repeats]).toEqual([7, 2]);
    const all = [train, test].flatMap(({ names, labels }, part) =>
      names.map((name, i) => [name, labels[i], part] as const),
    );
    expect(all.map(([name, label]) => `${name} ${label}`).sort()).toEqual([
      'Brown 0',
      'Hyun 1',
      'Park 0',
      'Park 1',
      'Smith 0',
    ]);
    const parts = all.filter(([name]) => name === 'Park').map(([, , p]) => p);
    expect(new Set(parts).size).toBe(1);
  });

  it('has no spelling in both parts, and each language in both', () => {
    fc.assert(
      fc.property(lists, (rows) => {
        const split = splitNames(rows);
        expect(leaks(split)).toEqual([]);
        const every = split.languages.map((_, label) => label);
        for (const { names, labels, count } of [split.train, split.test]) {
          expect([...new Set(labels)].sort()).toEqual(every);
          expect([names.length, labels.length]).toEqual([count, count]);
        }
        // Nothing is lost: the pairs of language and spelling are the same.
        const pairs = new Set(
          rows.map((row) => `${row.language} ${spellingOf(row.name)}`),
        );
        const kept = [split.train, split.test].flatMap(({ names, labels }) =>
          names.map((name, i) => `${split.languages[labels[i]]} ${name}`),
        );
        expect(new Set(kept.map((pair) => pair.toLowerCase())).size).toBe(
          kept.length,
        );
        expect(kept).toHaveLength(pairs.size);
        expect(split.repeats).toBe(rows.length - pairs.size);
      }),
    );
  });

  it('is the same whatever the order of the rows', () => {
    const again = splitNames([...FEW_NAMES].reverse());
    const split = splitNames(FEW_NAMES);
    expect([...again.test.names].sort()).toEqual([...split.test.names].sort());
  });

  // The check itself must be able to fail: a split of rows leaks.
  it('would show a leak', () => {
    const names = ['Khoury', 'Nahas', 'khoury'];
    const part = (from: number, to: number) => ({
      names: names.slice(from, to),
      labels: new Uint8Array(to - from),
      count: to - from,
    });
    expect(leaks({ train: part(0, 2), test: part(2, 3) })).toEqual(['khoury']);
  });

  it('refuses lists that cannot be split', () => {
    const row = (language: string, name: string) => ({ language, name });
    const one = [row('A', 'x'), row('A', 'y')];
    expect(() => splitNames(one)).toThrow(/of 1 languages/);
    expect(() => splitNames([])).toThrow(FormatError);
    const few = [...one, row('B', 'z')];
    expect(() => splitNames(few)).toThrow(/Language B has 1 names of its own/);
  });

  it('survives any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          splitNames(parseNames(utf8(text), 'f'));
        } catch (error) {
          expect(error).toBeInstanceOf(IsochronError);
        }
      }),
    );
  });
});

describe('the built-in list', () => {
  it('has 24 names of each of 8 languages, none twice', () => {
    const { languages, repeats, train, test } = splitNames(FEW_NAMES);
    expect(languages).toHaveLength(8);
    expect(FEW_NAMES).toHaveLength(192);
    expect(repeats).toBe(0);
    expect(new Set(FEW_NAMES.map(({ name }) => spellingOf(name))).size).toBe(
      192,
    );
    expect([train.count, test.count]).toEqual([176, 16]);
    const each = languages.map(
      (_, label) => test.labels.filter((other) => other === label).length,
    );
    expect(each).toEqual(Array(8).fill(2));
  });
});
