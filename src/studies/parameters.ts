/**
 * Parameters of studies: usual value, meaning, bounds, and `from: 'paper'` where
 * the paper gives the value. What is counted is at least 1 unless told otherwise.
 */

import {
  type About,
  type Bounds,
  list,
  number,
  oneOf,
  text,
  whole,
} from '../base/schema.ts';

type More = Pick<About<unknown>, 'from' | 'unit'> & Bounds;

/** Most of anything that is counted: more would fill the memory. */
const COUNTED = { least: 1, most: 1_000_000 };

const about = <T>(value: T, help: string, more: More) => ({
  ...{ default: value, help },
  ...more,
});

/** So many of something. */
export const count = (value: number, help: string, more: More = {}) =>
  whole({ ...COUNTED, ...about(value, help, more) });

/** Some counts, as those that are compared. */
export const counts = (
  value: readonly number[],
  help: string,
  more: More = {},
) => {
  const bounds = { ...COUNTED, ...more };
  return list(whole(bounds), about(value, help, bounds));
};

/** A size, by default of any kind. */
export const size = (value: number, help: string, more: More = {}) =>
  number(about(value, help, more));

/** Some sizes. */
export const sizes = (
  value: readonly number[],
  help: string,
  more: More = {},
) => list(number({ ...more }), about(value, help, more));

/** One of some words. */
export const choice = <T extends string>(
  words: readonly T[],
  value: NoInfer<T>,
  help: string,
  more: More = {},
) => oneOf(words, about(value, help, more));

/** Some of some words, by default all of them. */
export const choices = <T extends string>(
  words: readonly T[],
  help: string,
  value: readonly NoInfer<T>[] = words,
  more: More = {},
) => list(oneOf(words), about(value, help, more));

/** Words of any kind. */
export const words = (
  value: readonly string[],
  help: string,
  more: More = {},
) => list(text(), about(value, help, more));
