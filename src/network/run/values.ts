/** Numbers of the neurons of a population: given, computed or drawn. */

import { NonFiniteError, OptionError, show } from '../../base/errors.ts';
import { Random } from '../../base/random.ts';
import type { PerNeuron } from '../network.ts';

/**
 * One number for each neuron; a single number stays one.
 *
 * @throws OptionError, NonFiniteError
 */
export function perNeuron(
  what: string,
  given: PerNeuron,
  size: number,
  seed: number,
  stream: string,
): number | Float64Array {
  const values = made(what, given, size, new Random(seed, stream));
  const list = typeof values === 'number' ? [values] : values;
  for (let i = 0; i < list.length; i++) {
    if (typeof list[i] === 'number' && Number.isFinite(list[i])) continue;
    throw new NonFiniteError(
      `${what} is ${show(list[i])} for neuron ${i}: give finite numbers`,
      { neuron: i, value: list[i] },
    );
  }
  return values;
}

function made(
  what: string,
  given: PerNeuron,
  size: number,
  random: Random,
): number | Float64Array {
  if (typeof given === 'number') return given;
  const values = new Float64Array(size);
  if (typeof given === 'function') return values.map((_, i) => given(i));
  if (typeof given === 'object' && given !== null) {
    if ('uniform' in given) {
      const [low, high] = given.uniform;
      if (!(low <= high)) {
        throw new OptionError(
          `${what} is drawn from ${low} to ${high}: give the lower first`,
        );
      }
      return values.map(() => low + (high - low) * random.uniform());
    }
    if ('normal' in given) {
      const [mean, std] = given.normal;
      if (!(std >= 0)) {
        throw new OptionError(`${what}: deviation ${std}, give one >= 0`);
      }
      return values.map(() => mean + std * random.normal());
    }
    if (given.length === size) {
      values.set(given);
      return values;
    }
  }
  throw new OptionError(
    `${what} is ${String(show(given)).slice(0, 40)}: give a number, ${size} numbers, ` +
      'a function of the neuron, { uniform } or { normal }',
  );
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
