/**
 * The plainest execution of a recorded program: every value in an array of
 * its own, calls one after another. Slow, but with no memory plan to be wrong.
 */

import { type FloatArray, floatArray } from '../../src/base/tensor.ts';
import type { Ref } from '../../src/kernels/kernel.ts';
import type { Program } from '../../src/program/recorder.ts';

export interface Run {
  readonly outputs: ReadonlyMap<string, FloatArray>;
  /** Residents after the run. */
  readonly residents: ReadonlyMap<string, FloatArray>;
}

/** Runs a program once; `given` has the values of feeds and residents. */
export function interpret(
  program: Program,
  given: ReadonlyMap<string, ArrayLike<number>>,
  single: boolean,
): Run {
  const values = new Map<Ref, FloatArray>();
  const arrayOf = (ref: Ref) => values.get(ref) as FloatArray;
  const fresh = (ref: Ref, data: ArrayLike<number> = []) => {
    const array = floatArray(single ? 'f32' : 'f64', ref.size);
    array.set(data);
    values.set(ref, array);
    return array;
  };
  for (const [name, ref] of program.feeds) fresh(ref, given.get(name));
  for (const [name, { before }] of program.residents) {
    fresh(before, given.get(name));
  }
  for (const { ref, fill } of program.constants) fresh(ref).fill(fill);
  for (const { kernel, inputs, outputs, params } of program.calls) {
    const from = inputs.map(arrayOf);
    const to = outputs.map((output, k) => {
      const base = kernel.inPlace[k];
      return fresh(output, base === null ? [] : from[base]);
    }) as [FloatArray];
    kernel.cpu(single)(from, to, params);
  }
  const named = (refs: Iterable<readonly [string, Ref]>) =>
    new Map([...refs].map(([name, ref]) => [name, arrayOf(ref)]));
  return {
    outputs: named(program.outputs),
    residents: named(
      [...program.residents].map(([name, { after }]) => [name, after]),
    ),
  };
}
