import { FormatError, OptionError } from '../base/errors.ts';

/** Text as numbers of characters. Nothing here needs Node. */

/** Part of a text, from its beginning, that is for training: nanoGPT's. */
const TRAIN_PART = 0.9;

export interface SplitText {
  /** The distinct characters of the whole text, in order of code point. */
  readonly characters: readonly string[];
  /** Numbers of the first nine tenths of the characters. */
  readonly train: Uint32Array;
  /** Numbers of the rest. */
  readonly test: Uint32Array;
}

/**
 * The vocabulary of a text, and its two parts in numbers.
 *
 * @param what it is, for the text of an error
 * @throws FormatError if it is too short to have both parts, or has but one
 *   character again and again
 */
export function splitText(text: string, what: string): SplitText {
  const all = [...text];
  const characters = [...new Set(all)].sort(
    (a, b) => a.codePointAt(0)! - b.codePointAt(0)!,
  );
  const split = Math.floor(TRAIN_PART * all.length);
  // A window is a character and the next one.
  if (all.length - split < 2 || split < 2 || characters.length < 2) {
    throw new FormatError(
      `${what} has ${all.length} characters, ${characters.length} of them ` +
        'distinct: give a text of 20 or more, at least 2 distinct',
      { length: all.length, distinct: characters.length },
    );
  }
  const numbers = encodeText(all, characters);
  return {
    characters,
    train: numbers.subarray(0, split),
    test: numbers.subarray(split),
  };
}

/**
 * Numbers of a text's characters in a vocabulary.
 *
 * @throws OptionError if a character is not in it
 */
export function encodeText(
  text: Iterable<string>,
  characters: readonly string[],
): Uint32Array {
  const numbers = new Map(characters.map((character, i) => [character, i]));
  return Uint32Array.from([...text], (character) => {
    const number = numbers.get(character);
    if (number !== undefined) return number;
    throw new OptionError(
      `Character ${JSON.stringify(character)} is not in the vocabulary of ` +
        `${characters.length}: use the characters of the training text`,
      { character },
    );
  });
}

/**
 * The text that numbers stand for.
 *
 * @throws OptionError if a number is not of the vocabulary
 */
export function decodeText(
  numbers: Iterable<number>,
  characters: readonly string[],
): string {
  let text = '';
  for (const number of numbers) {
    if (characters[number] === undefined) {
      throw new OptionError(
        `There is no character ${number}: the vocabulary has ` +
          `${characters.length}, from 0`,
        { number },
      );
    }
    text += characters[number];
  }
  return text;
}
