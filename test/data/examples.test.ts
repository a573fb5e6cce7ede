import { describe, expect, it } from 'vitest';
import { OptionError } from '../../src/base/errors.ts';
import { type Dataset, loadDataset } from '../../src/data/datasets.ts';
import {
  imageExamples,
  type NameSet,
  nameExamples,
  nameInputs,
  type TextSet,
  textExamples,
} from '../../src/data/examples.ts';
import { LETTERS } from '../../src/data/names.ts';
import { splitText } from '../../src/data/text.ts';

const chosen = (...numbers: number[]) => Uint32Array.from(numbers);
const described = { title: 't', synthetic: true, source: 's' };

// Two pictures of two pixels in three channels, and one to test on.
const small: Dataset = {
  ...described,
  name: 'shapes',
  classes: ['a', 'b', 'c'],
  train: {
    images: Uint8Array.of(0, 51, 10, 10, 255, 0, 102, 153, 10, 10, 255, 0),
    labels: Uint8Array.of(2, 0),
    count: 2,
    shape: [3, 1, 2],
  },
  test: {
    images: Uint8Array.of(255, 0, 10, 20, 51, 51),
    labels: Uint8Array.of(1),
    count: 1,
    shape: [3, 1, 2],
  },
};

describe('imageExamples', () => {
  // Oracle: by hand.
  it('gives values from 0 to 1 and one-hot rows', () => {
    const data = imageExamples(small);
    expect(data).toMatchObject({ ...described, name: 'shapes' });
    expect([data.score, data.classes]).toEqual(['accuracy', ['a', 'b', 'c']]);
    expect([data.train.count, data.test.count]).toEqual([2, 1]);
    const { x, target } = data.train.feeds(chosen(1, 0));
    expect(x).toEqual(
      Float32Array.of(
        ...[102, 153, 10, 10, 255, 0].map((value) => value / 255),
        ...[0, 51, 10, 10, 255, 0].map((value) => value / 255),
      ),
    );
    expect([...target]).toEqual([1, 0, 0, 0, 0, 1]);
  });

  it('names the input as asked', () => {
    const { test } = imageExamples(small, { input: 'image' });
    expect(Object.keys(test.feeds(chosen(0)))).toEqual(['image', 'target']);
  });

  // Oracle: by hand. Red: 0, 0.2, 0.4, 0.6 has mean 0.3 and variance 0.05.
  // Green never changes. Blue: 1, 0, 1, 0 has mean 0.5 and deviation 0.5.
  it('standardises by the training images alone', () => {
    const { train, test } = imageExamples(small, { standardise: true });
    const near = (values: Float32Array, wanted: number[]) => {
      expect(values).toHaveLength(wanted.length);
      wanted.forEach((value, i) => {
        expect(values[i]).toBeCloseTo(value, 6);
      });
    };
    const root = Math.sqrt(0.05);
    near(train.feeds(chosen(0)).x, [-0.3 / root, -0.1 / root, 0, 0, 1, -1]);
    near(test.feeds(chosen(0)).x, [
      ...[0.7 / root, -0.3 / root],
      ...[0, 10 / 255, -0.6, -0.6],
    ]);
  });

  // Oracle: the definition of mean and standard deviation.
  it('standardises grey images as one channel', async () => {
    const digits = await loadDataset('digits', {
      trainCount: 50,
      testCount: 1,
    });
    const all = Uint32Array.from({ length: 50 }, (_, i) => i);
    const { x } = imageExamples(digits, { standardise: true }).train.feeds(all);
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
    const square = x.reduce((sum, value) => sum + value ** 2, 0) / x.length;
    expect(mean).toBeCloseTo(0, 5);
    expect(square).toBeCloseTo(1, 5);
  });

  it('refuses an example that is not there', () => {
    const { test } = imageExamples(small);
    expect(() => test.feeds(chosen(0, 1))).toThrow(OptionError);
    expect(() => test.feeds(chosen(1))).toThrow(/no example 1: there are 1/);
  });
});

const names: NameSet = {
  ...described,
  name: 'few-names',
  languages: ['A', 'B'],
  rows: 3,
  repeats: 0,
  train: { names: ['ba', 'Dcab'], labels: Uint8Array.of(1, 0), count: 2 },
  test: { names: ['c'], labels: Uint8Array.of(1), count: 1 },
};

/** The letters of one name as inputs say them; `_` for none. */
function spell(feeds: Readonly<Record<string, Float32Array>>, row: number) {
  let text = '';
  for (let step = 1; feeds[`x${step}`] !== undefined; step++) {
    const letters = feeds[`x${step}`].subarray(row * 57, (row + 1) * 57);
    const ones = [...letters.keys()].filter((i) => letters[i] !== 0);
    expect(ones.length).toBeLessThan(2);
    for (const i of ones) expect(letters[i]).toBe(1);
    text += ones.length === 0 ? '_' : LETTERS[ones[0]];
  }
  return text;
}

describe('nameExamples', () => {
  // Oracle: by hand.
  it('aligns names at their ends', () => {
    const { train, classes, score } = nameExamples(names);
    expect([classes, score]).toEqual([['A', 'B'], 'accuracy']);
    const feeds = train.feeds(chosen(0, 1));
    expect(Object.keys(feeds)).toEqual(['x1', 'x2', 'x3', 'x4', 'target']);
    expect(feeds['x1']).toHaveLength(2 * 57);
    expect([spell(feeds, 0), spell(feeds, 1)]).toEqual(['__ba', 'Dcab']);
    // b of the first name, by its place.
    expect(feeds['x3'][1]).toBe(1);
    // D of the second: after 57 of the first, and 26 small letters.
    expect(feeds['x1'].indexOf(1)).toBe(57 + 26 + 3);
    expect([...feeds['target']]).toEqual([0, 1, 1, 0]);
  });

  it('reads the last letters of a name that is longer', () => {
    const feeds = nameExamples(names, { steps: 3 }).train.feeds(chosen(1, 0));
    expect([spell(feeds, 0), spell(feeds, 1)]).toEqual(['cab', '_ba']);
  });

  it('takes names that are in no set', () => {
    expect(spell(nameInputs(['zz', 'a'], 2), 1)).toBe('_a');
    expect(() => nameInputs(['ł'], 2)).toThrow(OptionError);
  });

  it.each([0, 1.5, Number.NaN])('refuses %d steps', (steps) => {
    expect(() => nameExamples(names, { steps })).toThrow(OptionError);
  });
});

const text: TextSet = {
  ...described,
  name: 'sonnets',
  characters: ['a', 'b', 'c'],
  // Windows of 2 + 1: aba, aca, abb; the last a has no next one.
  train: Uint32Array.of(0, 1, 0, 2, 0, 1, 1, 0),
  test: Uint32Array.of(2, 2, 1, 0, 0),
};

const A = [1, 0, 0];
const B = [0, 1, 0];
const C = [0, 0, 1];

describe('textExamples', () => {
  // Oracle: by hand.
  it('orders target rows step by step', () => {
    const { train, test, score, classes } = textExamples(text, {
      steps: 2,
      form: 'steps',
    });
    expect([score, classes]).toEqual(['bits per character', ['a', 'b', 'c']]);
    expect([train.count, test.count]).toEqual([3, 2]);
    const feeds = train.feeds(chosen(1, 2));
    expect(Object.keys(feeds)).toEqual(['x1', 'x2', 'target']);
    // Window 1 is a c a, window 2 is a b b.
    expect([...feeds['x1']]).toEqual([...A, ...A]);
    expect([...feeds['x2']]).toEqual([...C, ...B]);
    expect([...feeds['target']]).toEqual([...C, ...B, ...A, ...B]);
  });

  it('orders target rows example by example for tokens', () => {
    const { train } = textExamples(text, { steps: 2, form: 'tokens' });
    const feeds = train.feeds(chosen(1, 2));
    expect(Object.keys(feeds)).toEqual(['tokens', 'target']);
    expect([...feeds['tokens']]).toEqual([0, 2, 0, 1]);
    expect([...feeds['target']]).toEqual([...C, ...A, ...B, ...B]);
  });

  // Oracle: the windows tell the whole text, each character once.
  it('foretells each character once', () => {
    const whole = {
      ...text,
      ...splitText('to be or not to be, '.repeat(9), 't'),
    };
    const { train, classes } = textExamples(whole, {
      steps: 7,
      form: 'tokens',
    });
    const all = Uint32Array.from({ length: train.count }, (_, i) => i);
    const { tokens, target } = train.feeds(all);
    expect([...tokens]).toEqual([...whole.train.subarray(0, tokens.length)]);
    const next = Array.from(tokens, (_, row) =>
      target.subarray(row * classes.length, (row + 1) * classes.length),
    ).map((row) => row.indexOf(1));
    expect(next).toEqual([...whole.train.subarray(1, tokens.length + 1)]);
    expect(whole.train.length - 1 - tokens.length).toBeLessThan(7);
  });

  it('uses at most as many windows as asked', () => {
    const options = { steps: 2, form: 'steps', testCount: 1 } as const;
    expect(textExamples(text, options).test.count).toBe(1);
    const more = { ...options, testCount: 9, trainCount: 2 };
    expect(textExamples(text, more).test.count).toBe(2);
    expect(textExamples(text, more).train.count).toBe(2);
    expect(() => textExamples(text, more).train.feeds(chosen(2))).toThrow(
      OptionError,
    );
  });

  it.each([
    ['no steps', { steps: 0, form: 'steps' }],
    ['more steps than characters', { steps: 5, form: 'steps' }],
    ['no test', { steps: 2, form: 'steps', testCount: 0 }],
    ['half a window', { steps: 2, form: 'steps', testCount: 1.5 }],
    ['another form', { steps: 2, form: 'words' as 'steps' }],
  ] as const)('refuses %s', (_what, options) => {
    expect(() => textExamples(text, options)).toThrow(OptionError);
  });
});
