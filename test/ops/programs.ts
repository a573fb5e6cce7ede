/** One program on WebGPU and on its CPU twin. */

import type { Backend } from '../../src/backends/backend.ts';
import type { Program } from '../../src/program/recorder.ts';
import { interpret } from '../properties/interpreter.ts';

type Given = ReadonlyMap<string, ArrayLike<number>>;
type Outputs = ReadonlyMap<string, ArrayLike<number>>;

/** Outputs of a program without residents. */
export async function runOn(
  backend: Backend,
  program: Program,
  given: Given,
): Promise<Outputs> {
  const run = await backend.compile(program, new Map());
  for (const [name, data] of given) run.feed(name, data);
  run.run();
  const names = [...program.outputs.keys()];
  const values = await run.read(names);
  run.free();
  return new Map(names.map((name, i) => [name, values[i]]));
}

/** The same outputs from the plain interpreter, in float32. */
export function twin(program: Program, given: Given): Outputs {
  return interpret(program, given, true).outputs;
}

const words = new Uint32Array(1);
const floats = new Float32Array(words.buffer);

/** Bits of a float32; every NaN counts as one. */
export function bitsOf(x: number): number {
  if (Number.isNaN(x)) return 0x7fc00000;
  floats[0] = x;
  return words[0];
}

export function fromBits(bits: number): number {
  words[0] = bits;
  return floats[0];
}

export function isSubnormal(x: number): boolean {
  return x !== 0 && Math.abs(x) < 2 ** -126;
}
