/**
 * Two kernels as one: what the first makes is read by the second alone, an
 * elementwise one, and never stored. Each number has the bits that it had: in
 * between it is pinned (mathWgsl), so that no driver rewrites the two formulas
 * as one.
 */

import { renamed } from '../formula/expression.ts';
import type { CpuForm, Kernel } from './kernel.ts';
import { mapGpu, type Output, type Parts } from './map-gpu.ts';

/** Buffers that every adapter binds. */
export const MOST_BUFFERS = 8;
/** Numbers in between: more make kernels that take long to compile. */
const MOST_HIDDEN = 3;

/** Buffers that a kernel binds for so many inputs. */
export function buffersOf(
  { inPlace }: Pick<Kernel, 'inPlace'>,
  inputs: number,
) {
  return inputs + inPlace.filter((at) => at === null).length;
}

/** Inputs of the second that come after those of the first, by slot. */
export const othersOf = <T>(inputs: readonly T[], slot: number): T[] =>
  inputs.filter((_, i) => i !== slot);

/** Of the second's outputs, the input of both whose place each takes. */
export function placesAfter(
  first: number,
  { inPlace }: Kernel,
  slot: number,
): (number | null)[] {
  return inPlace.map((at) =>
    at === null || at === slot ? null : first + at - Number(at > slot),
  );
}

const cache = new Map<string, Kernel | null>();

/** The second on the first's result as its input `slot`; null where not. */
export function fuseMaps(first: Kernel, second: Kernel, slot: number) {
  const name = `(${first.name} > ${second.name}@${slot})`;
  let made = cache.get(name);
  if (made === undefined) {
    made = makeFused(name, first, second, slot);
    cache.set(name, made);
  }
  return made;
}

function makeFused(
  name: string,
  first: Kernel,
  second: Kernel,
  slot: number,
): Kernel | null {
  const [a, b] = [first.elementwise?.parts, second.elementwise?.parts];
  if (!a || !b || !isPlain(a) || !isPlain(b) || a.outputs.length > 1) {
    return null;
  }
  const parts = joined(a, b, slot);
  const inPlace = parts.outputs.map((output) => output.inPlace);
  const each = parts.operands.length;
  const tooLarge =
    buffersOf({ inPlace }, each) > MOST_BUFFERS ||
    (parts.hidden?.length ?? 0) > MOST_HIDDEN;
  if (tooLarge) return null;
  const kernel: Kernel = {
    name,
    inPlace,
    elementwise: { each, parts },
    cpu: (single) =>
      chained(
        { form: first.cpu(single), ...sizesOf(a), base: first.inPlace[0] },
        { form: second.cpu(single), slot, inPlace: second.inPlace },
      ),
    gpu: mapGpu(parts),
    fuse: (next, at) => fuseMaps(kernel, next, at),
  };
  return kernel;
}

const sizesOf = ({ operands, constants }: Parts) => ({
  inputs: operands.length,
  floats: constants.length,
});

/** Whether all operands are read element by element. */
export const isPlain = ({ operands, placed }: Parts) =>
  placed.length === 0 && operands.every(({ at }) => at === 'i');

/** Both computations in one; names of the two are kept apart. */
function joined(a: Parts, b: Parts, slot: number): Parts {
  const depth = (a.hidden?.length ?? 0) + (b.hidden?.length ?? 0);
  const middle = `middle${depth}`;
  const left = (name: string) => `a_${name}`;
  const right = new Map<string, string>();
  const rightName = (name: string) => right.get(name) ?? `b_${name}`;
  right.set(b.operands[slot].name, middle);
  const [made] = a.outputs;
  const operands = [
    ...a.operands.map(({ name, at }) => ({ name: left(name), at })),
    ...othersOf(b.operands, slot).map(({ name, at }) => ({
      name: `b_${name}`,
      at,
    })),
  ];
  const hidden = [
    ...renamedAll(a.hidden ?? [], left),
    { name: middle, formula: renamed(made.formula, left), inPlace: null },
    ...renamedAll(b.hidden ?? [], rightName),
  ];
  const outputs: Output[] = [];
  for (const { name, formula, inPlace } of b.outputs) {
    const at = inPlace === null || inPlace === slot ? null : inPlace;
    outputs.push({
      name: `b_${name}`,
      formula: renamed(formula, rightName),
      inPlace: at === null ? null : a.operands.length + at - Number(at > slot),
    });
    // From here on the name means the new value.
    right.delete(name);
  }
  return {
    constants: [...a.constants.map(left), ...b.constants.map((c) => `b_${c}`)],
    operands,
    hidden,
    outputs,
    placed: [],
    ways: [],
    coordinates: [],
  };
}

function renamedAll(list: readonly Output[], to: (name: string) => string) {
  return list.map(({ name, formula }) => ({
    name: to(name),
    formula: renamed(formula, to),
    inPlace: null,
  }));
}

interface First {
  readonly form: CpuForm;
  readonly inputs: number;
  readonly floats: number;
  /** The input in whose place it makes its output, or null. */
  readonly base: number | null;
}

interface Second {
  readonly form: CpuForm;
  readonly slot: number;
  readonly inPlace: readonly (number | null)[];
}

/** On the CPU: one after the other. */
export function chained(first: First, second: Second): CpuForm {
  return (inputs, outputs, ints, floats, threads) => {
    const middle = outputs[0].slice();
    if (first.base !== null) middle.set(inputs[first.base]);
    const own = inputs.slice(0, first.inputs);
    first.form(own, [middle], ints, floats.slice(0, first.floats), threads);
    const rest = inputs.slice(first.inputs);
    rest.splice(second.slot, 0, middle);
    second.inPlace.forEach((at, k) => {
      if (at === second.slot) outputs[k].set(middle);
    });
    const numbers = floats.slice(first.floats);
    second.form(rest, outputs, [middle.length], numbers, threads);
  };
}
