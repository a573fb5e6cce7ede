/** Checks of options: a typo is an error, never a default. */

import { OptionError, show } from './errors.ts';

/** Checks that an object of options has no key but those known. */
export function checkKeys(
  what: string,
  options: object,
  known: readonly string[],
): void {
  if (typeof options !== 'object' || options === null) {
    throw new OptionError(`${what} takes an object, not ${show(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new OptionError(
        `${what} has no option "${key}": it takes ${known.join(', ') || 'none'}`,
        { key },
      );
    }
  }
}

/** Checks an option that must be a number above 0. */
export function positive(name: string, value: number): number {
  if (!(Number.isFinite(value) && value > 0)) {
    throw new OptionError(
      `Option ${name} = ${show(value)}: give a number above 0`,
    );
  }
  return value;
}

/** Checks an option that must be 0 or above. */
export function notNegative(name: string, value: number): number {
  if (!(Number.isFinite(value) && value >= 0)) {
    throw new OptionError(
      `Option ${name} = ${show(value)}: give a number >= 0`,
    );
  }
  return value;
}

/** Checks an option that must be in [0, 1). */
export function fraction(name: string, value: number): number {
  if (!(Number.isFinite(value) && value >= 0 && value < 1)) {
    throw new OptionError(
      `Option ${name} = ${show(value)}: give a number in [0, 1)`,
    );
  }
  return value;
}

/** Checks an option that must be a whole number. */
export function wholeNumber(name: string, value: number, least = 0): number {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new OptionError(
      `Option ${name} = ${show(value)}: give a whole number >= ${least}`,
    );
  }
  return value;
}

/** Checks an option that must be one of some values. */
export function oneOf<T extends string | boolean>(
  name: string,
  value: T,
  values: readonly T[],
): T {
  if (!values.includes(value)) {
    throw new OptionError(
      `Option ${name} = ${show(value)}: give ${values.join(' or ')}`,
    );
  }
  return value;
}
