import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError, OptionError } from '../../src/base/errors.ts';
import { SONNETS } from '../../src/data/sonnets.ts';
import { decodeText, encodeText, splitText } from '../../src/data/text.ts';

describe('splitText', () => {
  // Oracle: by hand.
  it('numbers characters in their order, nine tenths to learn from', () => {
    const { characters, train, test } = splitText(
      `b a\n${'ab'.repeat(9)}`,
      't',
    );
    expect(characters).toEqual(['\n', ' ', 'a', 'b']);
    expect([...train.subarray(0, 6)]).toEqual([3, 1, 2, 0, 2, 3]);
    // 22 characters, floor(19.8) of them to learn from.
    expect([train.length, [...test]]).toEqual([19, [3, 2, 3]]);
  });

  it('takes a character of two units as one', () => {
    const { characters } = splitText('𝄞a'.repeat(10), 't');
    expect(characters).toEqual(['a', '𝄞']);
  });

  it('gives back the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 20, maxLength: 60 }),
        (tail) => {
          const text = `ab${tail}`;
          const { characters, train, test } = splitText(text, 't');
          expect(decodeText([...train, ...test], characters)).toBe(text);
        },
      ),
    );
  });

  it.each([
    ['an empty text', ''],
    ['a short text', 'abcdefghij'],
    ['a text of one character', 'a'.repeat(100)],
  ])('refuses %s', (_what, text) => {
    expect(() => splitText(text, 'File f')).toThrow(FormatError);
    expect(() => splitText(text, 'File f')).toThrow(/^File f has \d+ char/);
  });
});

describe('encodeText and decodeText', () => {
  it('refuse what is not in the vocabulary', () => {
    expect([...encodeText('ba', ['a', 'b'])]).toEqual([1, 0]);
    expect(() => encodeText('é', ['a', 'b'])).toThrow(OptionError);
    expect(() => encodeText('é', ['a', 'b'])).toThrow(/"é" is not in .* of 2/);
    expect(() => decodeText([2], ['a', 'b'])).toThrow(OptionError);
    expect(() => decodeText([0.5], ['a', 'b'])).toThrow(/no character 0\.5/);
  });
});

describe('the sonnets', () => {
  it('are ten, of fourteen lines each, in plain letters', () => {
    const sonnets = SONNETS.trimEnd().split('\n\n');
    expect(sonnets).toHaveLength(10);
    for (const sonnet of sonnets) expect(sonnet.split('\n')).toHaveLength(14);
    expect(SONNETS).toMatch(/^[A-Za-z\n !',.:;?-]+$/);
  });
});
