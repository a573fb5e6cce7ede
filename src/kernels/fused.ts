/**
 * Two kernels as one: what the first makes is read by the second alone, an
 * elementwise one, and never stored. Each number has the bits that it had: in
 * between it is pinned (mathWgsl), so that no driver rewrites the two formulas
 * as one.
 */

import { renamed } from '../formula/expression.ts';
import type { CpuForm, Fields, Fused, Kernel, Params } from './kernel.ts';
import { fieldsOf, mapGpu } from './map-gpu.ts';
import type { Output, Parts } from './parts.ts';

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

const cache = new Map<string, Fused | null>();

/** Makes (once) the kernel of both, `make` being given its name. */
export function fusedOnce(
  first: Kernel,
  second: Kernel,
  slot: number,
  make: (name: string) => Fused | null,
): Fused | null {
  const name = `(${first.name} > ${second.name}@${slot})`;
  const known = cache.get(name);
  if (known !== undefined) return known;
  const made = make(name);
  cache.set(name, made);
  return made;
}

/** The numbers of a kernel's parameters under longer names. */
const prefixed = ({ params }: Kernel, prefix: string) =>
  Object.keys(params)
    .filter((name) => params[name] === 'f32')
    .map((name) => [name, prefix + name] as const);

/** Parameters of both: see `Fused.prefix`. */
export const fusedFields = (
  first: Kernel,
  second: Kernel,
  prefix: string,
): Fields => ({
  ...first.params,
  ...Object.fromEntries(
    prefixed(second, prefix).map(([, name]) => [name, 'f32']),
  ),
});

/** The parameters of a call in place of two. */
export const fusedParams = (
  first: Params,
  { kernel, params }: { readonly kernel: Kernel; readonly params: Params },
  prefix: string,
): Params => ({
  ...first,
  ...Object.fromEntries(
    prefixed(kernel, prefix).map(([name, own]) => [own, params[name]!]),
  ),
});

/** The second on the first's result as its input `slot`; null where not. */
export const fuseMaps = (first: Kernel, second: Kernel, slot: number) =>
  fusedOnce(first, second, slot, (name) =>
    makeFused(name, first, second, slot),
  );

function makeFused(
  name: string,
  first: Kernel,
  second: Kernel,
  slot: number,
): Fused | null {
  const [a, b] = [first.elementwise?.parts, second.elementwise?.parts];
  if (!a || !b || !isPlain(a) || !isPlain(b) || a.outputs.length > 1) {
    return null;
  }
  // No two have one prefix: with each the numbers in between are one more.
  const depth = (a.hidden?.length ?? 0) + (b.hidden?.length ?? 0);
  const prefix = `b${depth}_`;
  const parts = joined(a, b, slot, { prefix, middle: `middle${depth}` });
  const inPlace = parts.outputs.map((output) => output.inPlace);
  const each = parts.operands.length;
  const tooLarge =
    buffersOf({ inPlace }, each) > MOST_BUFFERS ||
    (parts.hidden?.length ?? 0) > MOST_HIDDEN;
  if (tooLarge) return null;
  const kernel: Kernel<'n'> = {
    name,
    params: fieldsOf(parts),
    inPlace,
    elementwise: { each, parts },
    cpu: (single) =>
      chained(
        first,
        a.operands.length,
        { kernel: second, slot, prefix },
        single,
      ),
    gpu: mapGpu(parts),
    fuse: (next, at) => fuseMaps(kernel, next, at),
  };
  return { kernel, prefix };
}

/** Whether all operands are read element by element. */
export const isPlain = ({ operands, placed }: Parts) =>
  placed.length === 0 && operands.every(({ at }) => at === 'i');

/** Both computations in one; names of the two are kept apart. */
function joined(
  a: Parts,
  b: Parts,
  slot: number,
  { prefix, middle }: { prefix: string; middle: string },
): Parts {
  const right = new Map<string, string>();
  const rightName = (name: string) => right.get(name) ?? prefix + name;
  right.set(b.operands[slot]!.name, middle);
  const [made] = a.outputs;
  const operands = [
    ...a.operands,
    ...othersOf(b.operands, slot).map(({ name, at }) => ({
      name: prefix + name,
      at,
    })),
  ];
  const hidden = [
    ...(a.hidden ?? []),
    { name: middle, formula: made!.formula, inPlace: null },
    ...renamedAll(b.hidden ?? [], rightName),
  ];
  const outputs: Output[] = [];
  for (const { name, formula, inPlace } of b.outputs) {
    const at = inPlace === null || inPlace === slot ? null : inPlace;
    outputs.push({
      name: prefix + name,
      formula: renamed(formula, rightName),
      inPlace: at === null ? null : a.operands.length + at - Number(at > slot),
    });
    // From here on the name means the new value.
    right.delete(name);
  }
  return {
    constants: [...a.constants, ...b.constants.map((name) => prefix + name)],
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

/** On the CPU: one after the other; the first has so many inputs. */
export function chained(
  first: Kernel,
  inputs: number,
  second: {
    readonly kernel: Kernel;
    readonly slot: number;
    readonly prefix: string;
  },
  single: boolean,
): CpuForm {
  const { kernel, slot, prefix } = second;
  const [make, use] = [first.cpu(single), kernel.cpu(single)];
  const names = prefixed(kernel, prefix);
  const [base] = first.inPlace;
  return (operands, outputs, params, threads) => {
    const middle = outputs[0].slice();
    if (base !== null) middle.set(operands[base!]!);
    make(operands.slice(0, inputs), [middle], params, threads);
    const rest = operands.slice(inputs);
    rest.splice(slot, 0, middle);
    kernel.inPlace.forEach((at, k) => {
      if (at === slot) outputs[k]!.set(middle);
    });
    const own = Object.fromEntries(
      names.map(([name, given]) => [name, params[given]]),
    );
    use(rest, outputs, { n: middle.length, ...own }, threads);
  };
}
