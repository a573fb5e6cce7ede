import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataError, FormatError, OptionError } from '../../src/base/errors.ts';
import {
  loadNames,
  loadText,
  NAMES,
  nameSets,
  TINY_SHAKESPEARE,
  textSets,
} from '../../src/data/corpora.ts';
import { nameExamples, textExamples } from '../../src/data/examples.ts';
import { spellingOf } from '../../src/data/names.ts';
import type { SetOptions } from '../../src/data/sets.ts';
import { decodeText } from '../../src/data/text.ts';
import { rejection } from '../formats/idx-bytes.ts';

let root: string;
let asked: string[];
let options: SetOptions;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'isochron-corpora-'));
  asked = [];
  options = {
    env: {
      ISOCHRON_CACHE: join(root, 'cache'),
      ISOCHRON_DATA: join(root, 'data'),
    },
    fetch: async (url) => {
      asked.push(url);
      return new Response('not it');
    },
  };
});

afterEach(() => rm(root, { recursive: true, force: true }));

/** Puts a file of the user in its place; gives its path. */
async function put(folder: string, name: string, bytes: string | Uint8Array) {
  await mkdir(join(root, 'data', folder), { recursive: true });
  const path = join(root, 'data', folder, name);
  await writeFile(path, bytes);
  return path;
}

async function textOfError(work: Promise<unknown>, type: unknown) {
  const error = await rejection(work);
  expect(error).toBeInstanceOf(type);
  return (error as Error).message;
}

const ROWS = 'A\tab\nA\tcd\nB\tef\nB\tgh\nB\tAB\n';

describe('the tables', () => {
  it('say what is built in', () => {
    expect(nameSets.map(({ name, synthetic }) => [name, synthetic])).toEqual([
      ['few-names', true],
      ['names', false],
    ]);
    expect(textSets.map(({ name, synthetic }) => [name, synthetic])).toEqual([
      ['sonnets', false],
      ['shakespeare', false],
    ]);
    for (const { title } of [nameSets[0], textSets[0]]) {
      expect(title).toMatch(/\(built in, small\)$/);
    }
  });

  it('are well-formed', () => {
    for (const { mirrors, files } of [NAMES, TINY_SHAKESPEARE]) {
      for (const { sha256 } of files) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      for (const mirror of mirrors) expect(new URL(mirror).href).toBe(mirror);
    }
  });
});

describe('loadNames', () => {
  it('takes the built-in list for auto if there is no other', async () => {
    const set = await loadNames('auto', options);
    expect(set).toMatchObject({ name: 'few-names', source: 'built in' });
    expect(set.languages).toHaveLength(8);
    expect(asked).toEqual([]);
    expect(await loadNames('few-names', options)).toEqual(set);
  });

  it.each([
    ['plain', 'names-2018.tsv', ROWS],
    ['gzipped', 'names-2018.tsv.gz', gzipSync(ROWS)],
  ])('reads a %s file of the user', async (_what, file, bytes) => {
    await put('names', file, bytes);
    const set = await loadNames('auto', options);
    expect(set).toMatchObject({
      name: 'names',
      synthetic: false,
      source: join(root, 'data', 'names'),
      languages: ['A', 'B'],
      rows: 5,
      repeats: 0,
    });
    expect(set.train.count + set.test.count).toBe(5);
    const less = { ...options, trainCount: 1, testCount: 1 };
    const few = await loadNames('names', less);
    expect(few.train.names).toEqual(set.train.names.slice(0, 1));
    expect([few.test.count, few.test.labels.length]).toEqual([1, 1]);
  });

  it('asks nobody, and tells how to get the list', async () => {
    const words = await textOfError(loadNames('names', options), DataError);
    expect(words).toMatch(/no checksum.*spro\/practical-pytorch.*data\.zip/);
    expect(words).toMatch(/put it into \$ISOCHRON_DATA\/names$/);
    expect(asked).toEqual([]);
  });

  it('names a damaged file', async () => {
    const path = await put('names', 'names-2018.tsv', `${ROWS}broken\n`);
    const row = await textOfError(loadNames('auto', options), FormatError);
    expect(row).toContain(`File ${path} has "broken" in line 6`);
    await put('names', 'names-2018.tsv', gzipSync(ROWS).subarray(0, -5));
    const cut = await textOfError(loadNames('auto', options), FormatError);
    expect(cut).toMatch(/names-2018\.tsv is damaged gzip/);
  });

  it.each([
    ['an unknown name', 'sonnets' as 'names', {}],
    ['no names', 'auto' as const, { trainCount: 0 }],
    ['half a name', 'auto' as const, { testCount: 0.5 }],
    ['more than there are', 'few-names' as const, { testCount: 17 }],
  ])('refuses %s', async (_what, name, more) => {
    await textOfError(loadNames(name, { ...options, ...more }), OptionError);
  });
});

describe('loadText', () => {
  it('takes the sonnets for auto if there is no other', async () => {
    const set = await loadText('auto', options);
    expect(set).toMatchObject({ name: 'sonnets', source: 'built in' });
    expect(decodeText(set.train.subarray(0, 7), set.characters)).toBe(
      'Shall I',
    );
    expect(asked).toEqual([]);
  });

  it.each([
    ['plain', 'input.txt', 'to be or not to be, that'],
    ['gzipped', 'input.txt.gz', gzipSync('to be or not to be, that')],
  ])('reads a %s file of the user', async (_what, file, bytes) => {
    await put('tinyshakespeare', file, bytes);
    const set = await loadText('auto', options);
    expect(set).toMatchObject({ name: 'shakespeare', synthetic: false });
    expect(set.characters.join('')).toBe(' ,abehnort');
    expect(decodeText(set.test, set.characters)).toBe('hat');
    const less = { ...options, trainCount: 2, testCount: 1 };
    const few = await loadText('shakespeare', less);
    expect(decodeText(few.train, few.characters)).toBe('to');
    expect([few.test.length, few.characters.length]).toEqual([1, 10]);
  });

  it('holds a download to its checksum', async () => {
    const words = await textOfError(
      loadText('shakespeare', options),
      DataError,
    );
    expect(words).toMatch(/sha256 of 6 bytes is .* must be 86c4e6aa/);
    expect(words).toMatch(/put its file input\.txt into \$ISOCHRON_DATA/);
    expect(asked).toEqual([
      'https://raw.githubusercontent.com/karpathy/char-rnn/master/data/' +
        'tinyshakespeare/input.txt',
    ]);
  });

  it.each([
    ['an empty file', '', /has 0 characters/],
    ['what is no UTF-8', Uint8Array.of(0xff, 0xfe, 0), /not text in UTF-8/],
    ['gzip cut short', gzipSync('a').subarray(0, 9), /damaged gzip/],
  ])('refuses %s', async (_what, bytes, words) => {
    const path = await put('tinyshakespeare', 'input.txt', bytes);
    const text = await textOfError(loadText('auto', options), FormatError);
    expect(text).toMatch(words);
    expect(text).toContain(path);
  });

  it('refuses counts that cannot be', async () => {
    for (const more of [{ trainCount: 0 }, { testCount: 1e9 }]) {
      const work = loadText('sonnets', { ...options, ...more });
      await textOfError(work, OptionError);
    }
  });
});

describe.skipIf(!process.env['ISOCHRON_DATA'])('the real names', () => {
  // Oracle: counted beforehand by another program (Python).
  it('have the counts and rows that are known', async () => {
    const set = await loadNames('auto');
    expect(set.name).toBe('names');
    expect(set.languages).toHaveLength(18);
    expect(set.languages.slice(0, 2)).toEqual(['Arabic', 'Chinese']);
    expect([set.rows, set.repeats]).toEqual([20_050, 2_058]);
    expect([set.train.count, set.test.count]).toEqual([16_188, 1_804]);
    const all = [...set.train.names, ...set.test.names];
    expect(new Set(all.map(spellingOf)).size).toBe(17_415);
    const arabic = [set.train, set.test].map(
      ({ labels }) => labels.filter((label) => label === 0).length,
    );
    expect(arabic).toEqual([97, 11]);
  });

  it('have no spelling in both parts, and each language in both', async () => {
    const { train, test, languages } = await loadNames('names');
    const learnt = new Set(train.names.map(spellingOf));
    expect(test.names.filter((name) => learnt.has(spellingOf(name)))).toEqual(
      [],
    );
    for (const { labels } of [train, test]) {
      expect(new Set(labels).size).toBe(languages.length);
    }
  });

  it('are read letter by letter', async () => {
    const { train, classes } = nameExamples(await loadNames('names'));
    const feeds = train.feeds(Uint32Array.of(0, 1));
    expect(Object.keys(feeds)).toHaveLength(19 + 1);
    expect(feeds['x19']).toHaveLength(2 * 57);
    expect(feeds['target']).toHaveLength(2 * classes.length);
  });
});

describe.skipIf(!process.env['ISOCHRON_DATA'])('the real Shakespeare', () => {
  // Oracle: nanoGPT, which prints these counts as it prepares the data.
  it('has the counts and characters that are known', async () => {
    const set = await loadText('auto');
    expect(set.name).toBe('shakespeare');
    expect(set.characters.join('')).toBe(
      "\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    );
    expect([set.train.length, set.test.length]).toEqual([1_003_854, 111_540]);
    expect(decodeText(set.train.subarray(0, 14), set.characters)).toBe(
      'First Citizen:',
    );
    expect(decodeText(set.test.subarray(0, 10), set.characters)).toBe(
      '?\n\nGREMIO:',
    );
    const { train, test } = textExamples(set, { steps: 64, form: 'tokens' });
    expect([train.count, test.count]).toEqual([15_685, 1_742]);
  });
});
