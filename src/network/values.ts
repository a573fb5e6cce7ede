/** Numbers of neurons and synapses: given, computed or drawn. */

import { NonFiniteError, OptionError, show } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import { checkNames } from '../base/schema.ts';

/** Numbers that are drawn, each by itself. */
export type Drawn =
  | { readonly uniform: readonly [low: number, high: number] }
  | {
      readonly normal: readonly [mean: number, std: number];
      /** What is below or above is drawn again. */
      readonly least?: number;
      readonly most?: number;
    };

/** A number, one for each, a function of each, or drawn. */
export type Numbers<F> = number | ArrayLike<number> | F | Drawn;

/** A number, one for each neuron, a function of its index, or drawn. */
export type PerNeuron = Numbers<(neuron: number) => number>;

/** Draws of one number at most, where some are refused. */
const MOST_DRAWS = 1000;

export const isDrawn = (given: unknown): given is Drawn =>
  typeof given === 'object' &&
  given !== null &&
  ('uniform' in given || 'normal' in given);

/** Checks what is drawn, and how. Throws OptionError. */
function checkDrawn(what: string, given: Drawn): void {
  if ('uniform' in given) {
    checkNames(what, given, ['uniform']);
    const [low, high] = given.uniform;
    if (low <= high) return;
    throw new OptionError(
      `${what} is drawn from ${low} to ${high}: give the lower first`,
      { value: given },
    );
  }
  checkNames(what, given, ['normal', 'least', 'most']);
  const { normal, least = -Infinity, most = Infinity } = given;
  if (normal[1] >= 0 && least < most) return;
  throw new OptionError(
    `${what} is ${show(given)}: give a deviation >= 0, and least below most`,
    { value: given },
  );
}

/**
 * Checks numbers for `count` neurons or pairs, null where that is not known.
 *
 * @throws OptionError
 */
export function checkNumbers(
  what: string,
  given: Numbers<(...of: number[]) => number>,
  count: number | null,
  each: 'neuron' | 'pair',
): void {
  if (typeof given === 'number' || typeof given === 'function') return;
  const fits =
    typeof given === 'object' &&
    given !== null &&
    (isDrawn(given) || (given.length ?? -1) === (count ?? given.length));
  if (isDrawn(given)) checkDrawn(what, given);
  if (fits) return;
  throw new OptionError(
    `${what} is ${String(show(given)).slice(0, 40)}: give a number, ` +
      `${count ?? 'a list of'} numbers (one a ${each === 'pair' ? 'synapse' : each}), ` +
      `a function of the ${each}, { uniform } or { normal }`,
    { value: given, allowed: count },
  );
}

/** Numbers for `count` neurons or pairs. Throws OptionError. */
export function numbersOf<F extends (...of: number[]) => number>(
  what: string,
  given: Numbers<F>,
  count: number,
  random: Random,
  each: 'neuron' | 'pair',
  call: (made: F, index: number) => number,
): number | Float64Array {
  checkNumbers(what, given, count, each);
  if (typeof given === 'number') return given;
  if (typeof given === 'function') {
    return new Float64Array(count).map((_, i) => call(given, i));
  }
  if (!isDrawn(given)) return spreadOver(given, count);
  return new Float64Array(count).map(samplerOf(what, given, random));
}

function samplerOf(what: string, given: Drawn, random: Random): () => number {
  if ('uniform' in given) {
    const [low, high] = given.uniform;
    return () => low + (high - low) * random.uniform();
  }
  const { normal, least = -Infinity, most = Infinity } = given;
  const [mean, std] = normal;
  return () => {
    for (let tries = 0; tries < MOST_DRAWS; tries++) {
      const drawn = mean + std * random.normal();
      if (drawn >= least && drawn <= most) return drawn;
    }
    throw new OptionError(
      `${what} is ${show(given)}: hardly a draw lies between least and most`,
      { value: given },
    );
  };
}

/**
 * One number for each neuron; a single number stays one.
 *
 * @throws OptionError, NonFiniteError
 */
export function perNeuron(
  what: string,
  given: PerNeuron,
  size: number,
  random: Random,
): number | Float64Array {
  const values = numbersOf(what, given, size, random, 'neuron', (made, i) =>
    made(i),
  );
  const list = typeof values === 'number' ? [values] : values;
  for (let i = 0; i < list.length; i++) {
    if (Number.isFinite(list[i])) continue;
    throw new NonFiniteError(
      `${what} is ${show(list[i])} for neuron ${i}: give finite numbers`,
      { neuron: i, value: list[i] },
    );
  }
  return values;
}

/** The same numbers in full. */
export function spreadOver(
  values: number | ArrayLike<number>,
  size: number,
): Float64Array {
  const all = new Float64Array(size);
  if (typeof values === 'number') return all.fill(values);
  all.set(values);
  return all;
}
