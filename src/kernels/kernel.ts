/**
 * A kernel is one batched computation in two forms, CPU and WGSL; a call is
 * one use of it on symbolic values. Ops and rules only ever emit calls; what
 * a call costs and where it runs is the backends' business.
 */

import type { FloatArray } from '../base/tensor.ts';
import type { Parts } from './map-gpu.ts';

/**
 * One version of the values of something, as known while recording: never
 * changed once made. `size` is its number of elements.
 */
export interface Ref {
  readonly id: number;
  readonly size: number;
}

/**
 * Computes a call on the CPU, on so many threads at most (1 if not given).
 * `outputs` of in-place kernels hold the base.
 */
export type CpuForm = (
  inputs: readonly FloatArray[],
  outputs: readonly FloatArray[],
  ints: readonly number[],
  floats: readonly number[],
  threads?: number,
) => void;

/**
 * How products are summed on an adapter: by subgroups that share loads, in
 * registers alone, by way of workgroup memory, or one output a thread. All give
 * the same bits.
 */
export const SUM_FORMS = [
  'subgroup',
  'registers',
  'workgroup',
  'naive',
] as const;

export type SumForm = (typeof SUM_FORMS)[number];

/** What a kernel's WGSL may depend on. */
export interface GpuTraits {
  /** Lanes of a subgroup where their number is fixed, else 0. */
  readonly subgroup: number;
  /** `subgroup` only where there are lanes. */
  readonly form: SumForm;
}

/**
 * The WGSL of a kernel. Binding 0 is the uniform block of the call's ints
 * (u32) and floats (f32), in that order; then come the inputs that are read
 * only, then the outputs (read_write).
 */
export interface GpuForm {
  /** Text, using files of kernels/ by name. */
  code(traits: GpuTraits, file: (name: string) => string): string;
  readonly files: readonly string[];
  /** Workgroups to launch for a call. */
  workgroups(
    traits: GpuTraits,
    call: {
      readonly ints: readonly number[];
      readonly outputs: readonly { readonly size: number }[];
    },
  ): [number, number?, number?];
}

export interface Kernel {
  /** Unique: two kernels of one name are the same kernel. */
  readonly name: string;
  /** Per output, the index of the input whose place it takes, or null. */
  readonly inPlace: readonly (number | null)[];
  /** Makes the CPU form: float64, or float32 rounded at every operation. */
  cpu(single: boolean): CpuForm;
  readonly gpu: GpuForm;
  /**
   * Present where elements i of the outputs depend on elements i of the first
   * `each` inputs, and on all the others as a whole, alone; ints[0] is their
   * number. Such a kernel may compute more elements than it is asked for, up to
   * the next multiple of 4: what lies there belongs to nobody.
   */
  readonly elementwise?: { readonly each: number; readonly parts: Parts };
  /**
   * One kernel for this and another that reads its output as input `slot`: its
   * inputs are those of this, then the others of the second; its ints are those
   * of this, its floats those of both. Null where there is none.
   */
  fuse?(second: Kernel, slot: number): Kernel | null;
  /**
   * One call that does what `count` calls with these ints would, their operands
   * lying `strides` elements apart; null where none can.
   */
  batch?(
    ints: readonly number[],
    strides: Strides,
    count: number,
  ): Batch | null;
}

/** A call in place of many, on operands that hold those of all. */
export interface Batch {
  readonly ints: readonly number[];
  /** The same kernel if not given. */
  readonly kernel?: Kernel;
}

/** Values that lie side by side start at multiples of so many elements. */
export const ALIGNMENT = 64;

/** Elements that a value takes, the gap behind it included. */
export const aligned = (size: number) =>
  Math.ceil(size / ALIGNMENT) * ALIGNMENT;

/** Elements between an operand of a call and that of the next; 0: the same. */
export interface Strides {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** Records one use of a kernel and returns the values it makes. */
export type Emit = (
  kernel: Kernel,
  inputs: readonly Ref[],
  sizes: readonly number[],
  ints?: readonly number[],
  floats?: readonly number[],
) => Ref[];

/** Threads of a workgroup in the simple kernels; fits every adapter. */
export const WORKGROUP = 64;
/** Most workgroups of a grid-stride launch. */
const MOST_WORKGROUPS = 4096;
/** Elements of a workgroup where each costs a software adapter a lock. */
const SOFTWARE_SHARE = 1024;
/** Subgroups of so few lanes are the CPU's own vectors. */
const SOFTWARE_LANES = 8;

/** Launch of a kernel with one grid-stride thread loop over n elements. */
export function spread(n: number): [number] {
  return groups(n, WORKGROUP);
}

/**
 * The same, of which each thread takes `width` elements at a time, in as many
 * workgroups as suit the adapter.
 */
export function launch(
  { subgroup }: GpuTraits,
  n: number,
  width = 1,
): [number] {
  const software = subgroup > 0 && subgroup <= SOFTWARE_LANES;
  return groups(n, software ? SOFTWARE_SHARE : WORKGROUP * width);
}

function groups(n: number, share: number): [number] {
  return [Math.max(1, Math.min(Math.ceil(n / share), MOST_WORKGROUPS))];
}

/**
 * A kernel of one output in which each element is computed by itself, from a
 * file of kernels/ in which some words are replaced. Files that need `math`
 * have `params.zero` after their own parameters.
 */
export function elementKernel(spec: {
  readonly name: string;
  readonly file: string;
  readonly words?: Readonly<Record<string, string>>;
  /** The input in whose place the output is made; none if not given. */
  readonly inPlace?: number;
  readonly cpu: Kernel['cpu'];
}): Kernel {
  const { name, file: own, words = {}, inPlace = null, cpu } = spec;
  return {
    name,
    inPlace: [inPlace],
    cpu,
    gpu: {
      files: ['math', own],
      code(_, file) {
        let text = file(own);
        for (const [word, by] of Object.entries(words)) {
          text = text.replaceAll(word, by);
        }
        return text.includes('zero: u32') ? text + file('math') : text;
      },
      workgroups: (traits, call) => launch(traits, call.outputs[0].size),
    },
  };
}

/** What kernels that may add to their output replace FINISH by. */
export const finishing = (add: boolean) => ({
  FINISH: add ? 'out[i] + value' : 'value',
});

/** Rounding of the CPU forms: to float32 where `single`. */
export const rounding = (single: boolean) =>
  single ? Math.fround : (x: number) => x;
