/**
 * Elementwise kernels from formulas (expression.ts): ops, population
 * dynamics, optimisers and triggers are all made here.
 */

import { parseExpression } from '../formula/expression.ts';
import { fuseMaps } from './fused.ts';
import type { CpuForm, Emit, Kernel, Ref } from './kernel.ts';
import { cpuForm } from './map-cpu.ts';
import { type Form, mapGpu, type Parts } from './map-gpu.ts';

export interface MapSpec {
  readonly name: string;
  /** Names of the operands, each of the size of the outputs. */
  readonly each: readonly string[];
  /** Names of operands of size 1, read by every element. */
  readonly single?: readonly string[];
  /** Names of operands of which element i reads the one that `Along` says. */
  readonly along?: readonly string[];
  /** Names of numbers that say where element i is, as `Along` says. */
  readonly coordinates?: readonly string[];
  /** Names of numbers fixed when the call is recorded. */
  readonly constants?: readonly string[];
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

/** An elementwise kernel with a typed way to call it. */
export interface MapKernel extends Kernel {
  /**
   * Operands in the order of `each`, `single`, `along`; `places` of `along`,
   * then of `coordinates`.
   */
  emit(
    emit: Emit,
    operands: readonly Ref[],
    constants?: readonly number[],
    places?: readonly Along[],
  ): Ref[];
}

const cache = new Map<string, MapKernel>();

/** Makes (once per spec) the kernel of an elementwise computation. */
export function mapKernel(spec: MapSpec): MapKernel {
  const key = JSON.stringify(spec);
  const known = cache.get(key);
  if (known) return known;
  const made = makeMap(spec);
  cache.set(key, made);
  return made;
}

function formOf([step, count, low]: Along, n: number): Form {
  if (low !== 1) return 'general';
  if (step === 1) return 'inner';
  return step * count === n ? 'outer' : 'axis';
}

function makeMap(spec: MapSpec): MapKernel {
  const variants = new Map<string, MapKernel>();
  const variant = (forms: readonly Form[]) => {
    const key = forms.join('-');
    const made = variants.get(key) ?? makeVariant(spec, forms);
    variants.set(key, made);
    return made;
  };
  const general = variant(
    [...(spec.along ?? []), ...(spec.coordinates ?? [])].map(() => 'general'),
  );
  return {
    ...general,
    emit(emit, refs, numbers = [], places = []) {
      const forms = places.map((place) => formOf(place, refs[0].size));
      return variant(forms).emit(emit, refs, numbers, places);
    },
  };
}

function makeVariant(spec: MapSpec, ways: readonly Form[]): MapKernel {
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
  const forms = new Map<boolean, CpuForm>();
  const kernel: MapKernel = {
    name: ['map', spec.name, ...ways].join(':'),
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
    emit(emit, refs, numbers = [], places = []) {
      const n = refs[0].size;
      const sizes = outputs.map(() => n);
      return emit(kernel, refs, sizes, [n, ...places.flat()], numbers);
    },
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
