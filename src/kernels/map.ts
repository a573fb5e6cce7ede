/**
 * Elementwise kernels from formulas (expression.ts): ops, population
 * dynamics, optimisers and triggers are all made here.
 */

import { parseExpression } from '../formula/expression.ts';
import type { Form } from '../formula/loop.ts';
import { fuseMaps } from './fused.ts';
import type { CpuForm, Emit, Kernel, Ref } from './kernel.ts';
import { cpuForm } from './map-cpu.ts';
import { fieldsOf, mapGpu } from './map-gpu.ts';
import { type Parts, placeOf } from './parts.ts';

/** C: names of constants, A: of what has a place. */
export interface MapSpec<C extends string = string, A extends string = string> {
  readonly name: string;
  /** Names of the operands, each of the size of the outputs. */
  readonly each: readonly string[];
  /** Names of operands of size 1, read by every element. */
  readonly single?: readonly string[];
  /** Names of operands of which element i reads the one that `Along` says. */
  readonly along?: readonly A[];
  /** Names of numbers that say where element i is, as `Along` says. */
  readonly coordinates?: readonly A[];
  /** Names of numbers fixed when the call is recorded. */
  readonly constants?: readonly C[];
  /**
   * Outputs in order: name and formula, which may use operands, constants
   * and earlier outputs. An output that bears the name of an operand takes
   * its place in memory; formulas after it see the new value.
   */
  readonly outputs: readonly (readonly [string, string])[];
}

/**
 * Where element i is along some axes: floor(i / step) % count * low + i % low.
 * [inner, n, 1] is the place on an axis of n with `inner` elements below it;
 * [n inner, outer, inner] the place on all axes but that one.
 */
export type Along = readonly [step: number, count: number, low: number];

/** What a call is given by name: constants, and places of `along` and coordinates. */
export type Named<C extends string, A extends string> = Readonly<
  Record<C, number> & Record<A, Along>
>;

/** Nothing where there is nothing to give. */
type Given<C extends string, A extends string> = [C | A] extends [never]
  ? []
  : [named: Named<C, A>];

/** An elementwise kernel with a typed way to call it. */
export interface MapKernel<C extends string = string, A extends string = string>
  extends Kernel<'n'> {
  /** Operands in the order of `each`, `single`, `along`. */
  emit(
    emit: Emit,
    operands: readonly Ref[],
    ...given: Given<C, A>
  ): [Ref, ...Ref[]];
}

const cache = new Map<string, MapKernel>();

/** Makes (once per spec) the kernel of an elementwise computation. */
export function mapKernel<
  const C extends string = never,
  const A extends string = never,
>(spec: MapSpec<C, A>): MapKernel<C, A> {
  const key = JSON.stringify(spec);
  const known = cache.get(key);
  if (known) return known as MapKernel<C, A>;
  const made = makeMap(spec);
  cache.set(key, made);
  return made as MapKernel<C, A>;
}

/** Records a message, added to `base` where there is one. */
export type EmitMessage<C extends string, A extends string> = (
  emit: Emit,
  base: Ref | null,
  operands: readonly Ref[],
  ...given: Given<C, A>
) => Ref;

/** A computation of one output, alone and added to a sum in its place. */
export function messageKernel<
  const C extends string = never,
  const A extends string = never,
>({
  formula,
  ...spec
}: Omit<MapSpec<C, A>, 'outputs'> & { formula: string }): EmitMessage<C, A> {
  const fresh = mapKernel<C, A>({ ...spec, outputs: [['s', formula]] });
  const added = mapKernel<C, A>({
    ...spec,
    name: `${spec.name}+`,
    each: ['s', ...spec.each],
    outputs: [['s', `s + (${formula})`]],
  });
  return (emit, base, operands, ...given) =>
    base
      ? added.emit(emit, [base, ...operands], ...given)[0]
      : fresh.emit(emit, operands, ...given)[0];
}

function formOf([step, count, low]: Along, n: number): Form {
  if (low !== 1) return 'general';
  if (step === 1) return 'inner';
  return step * count === n ? 'outer' : 'axis';
}

function makeMap(spec: MapSpec): MapKernel {
  const { along = [], coordinates = [], constants = [], outputs } = spec;
  const placed = [...along, ...coordinates];
  const variants = new Map<string, Kernel<'n'>>();
  const variant = (forms: readonly Form[]) => {
    const key = forms.join('-');
    const made = variants.get(key) ?? makeVariant(spec, forms);
    variants.set(key, made);
    return made;
  };
  const general = variant(placed.map(() => 'general'));
  return {
    ...general,
    emit(emit, refs, named: Named<string, string> = {}) {
      const n = refs[0]!.size;
      const params: Record<string, number> & { n: number } = { n };
      const forms = placed.map((name) => {
        const { step, count, low } = placeOf(name);
        [params[step], params[count], params[low]] = named[name]!;
        return formOf(named[name]!, n);
      });
      for (const name of constants) params[name] = named[name]!;
      const kernel = forms.length > 0 ? variant(forms) : general;
      return emit(
        kernel,
        refs,
        outputs.map(() => n),
        params,
      );
    },
  };
}

function makeVariant(spec: MapSpec, ways: readonly Form[]): Kernel<'n'> {
  const { each, single = [], along = [], constants = [] } = spec;
  const outputs = spec.outputs.map(([name, text]) => ({
    name,
    formula: parseExpression(text),
    inPlace: each.includes(name) ? each.indexOf(name) : null,
  }));
  const parts: Parts = {
    constants,
    outputs,
    placed: [...along, ...(spec.coordinates ?? [])],
    ways,
    operands: [
      ...each.map((name) => ({ name, at: 'i' })),
      ...single.map((name) => ({ name, at: '0' })),
      ...along.map((name) => ({ name, at: `at_${name}` })),
    ],
    coordinates: spec.coordinates ?? [],
  };
  const forms = new Map<boolean, CpuForm<'n'>>();
  const kernel: Kernel<'n'> = {
    name: ['map', spec.name, ...ways].join(':'),
    params: fieldsOf(parts),
    inPlace: outputs.map((o) => o.inPlace),
    // Operands read along axes are not where the places say, further on.
    elementwise:
      parts.placed.length > 0 ? undefined : { each: each.length, parts },
    fuse: (second, slot) => fuseMaps(kernel, second, slot),
    cpu(singlePrecision) {
      const made =
        forms.get(singlePrecision) ?? cpuForm(parts, singlePrecision);
      forms.set(singlePrecision, made);
      return made;
    },
    gpu: mapGpu(parts),
  };
  return kernel;
}

/** The same values in another place. */
export const copy = mapKernel({
  name: 'copy',
  each: ['x'],
  outputs: [['y', 'x']],
});

/** 0 in the shape of x: the message to what has no derivative. */
export const zeros = mapKernel({
  name: 'zeros',
  each: ['x'],
  outputs: [['s', '0']],
});
