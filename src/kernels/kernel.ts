import type { FloatArray } from '../base/tensor.ts';
import type { Parts } from './parts.ts';

/**
 * One version of the values of something, as known while recording: never
 * changed once made.
 */
export interface Ref {
  /** Its number among the values of its recorder. */
  readonly id: number;
  /** Elements of it. */
  readonly size: number;
}

/** Parameters of a kernel: their names, in order, and what they are. */
export type Fields<N extends string = string> = Readonly<
  Record<N, 'u32' | 'f32'>
>;

const fields = <N extends string, T>(names: readonly N[], type: T) =>
  Object.fromEntries(names.map((name) => [name, type])) as Record<N, T>;

/** Parameters that are whole numbers from 0 on. */
export const u32 = <N extends string>(...names: readonly N[]) =>
  fields(names, 'u32' as const);

/** Parameters that are any numbers. */
export const f32 = <N extends string>(...names: readonly N[]) =>
  fields(names, 'f32' as const);

/** Their values in a call. */
export type Params<N extends string = string> = Readonly<Record<N, number>>;

/** A method, so that a kernel of certain parameters is a `Kernel`. */
interface Forms<N extends string> {
  cpu(
    inputs: readonly FloatArray[],
    outputs: readonly [FloatArray, ...FloatArray[]],
    params: Params<N>,
    threads?: number,
  ): void;
}

/**
 * Computes a call on the CPU, on so many threads at most (1 if not given).
 * `outputs` of in-place kernels hold the base.
 */
export type CpuForm<N extends string = string> = Forms<N>['cpu'];

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
 * The WGSL of a kernel. Its parameters are `params.NAME`; their declaration,
 * those of the arrays and mathWgsl are put behind it (shader.ts).
 */
export interface GpuForm<N extends string = string> {
  /**
   * Names of the inputs that are read only, then of the outputs, in the order
   * of the bindings; each with the type of its elements if it is not f32, as
   * `clock: u32`.
   */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Text, using files of kernels/ by name. */
  code(traits: GpuTraits, file: (name: string) => string): string;
  /** Workgroups to launch for a call. */
  workgroups(
    traits: GpuTraits,
    call: {
      readonly params: Params<N>;
      readonly outputs: readonly { readonly size: number }[];
    },
  ): [number, number?, number?];
}

/**
 * One batched computation in two forms, CPU and WGSL; a call is one use of it
 * on symbolic values. Ops and rules only ever emit calls; what a call costs and
 * where it runs is the backends' business.
 */
export interface Kernel<N extends string = string> {
  /** Unique: two kernels of one name are the same kernel. */
  readonly name: string;
  /** Its parameters: numbers that a call gives by name. */
  readonly params: Fields<N>;
  /** Per output, the index of the input whose place it takes, or null. */
  readonly inPlace: readonly (number | null)[];
  /** Makes the CPU form: float64, or float32 rounded at every operation. */
  cpu(single: boolean): CpuForm<N>;
  /** Its WGSL, and how it is launched. */
  readonly gpu: GpuForm<N>;
  /**
   * Present where elements i of the outputs depend on elements i of the first
   * `each` inputs, and on all the others as a whole, alone; the parameter `n` is
   * their number. Such a kernel may compute more elements than it is asked for,
   * up to the next multiple of 4: what lies there belongs to nobody.
   */
  readonly elementwise?: { readonly each: number; readonly parts: Parts };
  /**
   * One kernel for this and another that reads its output as input `slot`: its
   * inputs are those of this, then the others of the second. Null where there is
   * none.
   */
  fuse?(second: Kernel, slot: number): Fused | null;
  /**
   * One call that does what `count` calls of these parameters would, their
   * operands lying `strides` elements apart; null where none can.
   */
  batch?(params: Params<N>, strides: Strides, count: number): Batch | null;
}

/** Two kernels as one. */
export interface Fused {
  readonly kernel: Kernel;
  /** Its parameters: the first's, and the second's numbers after a prefix. */
  readonly prefix: string;
}

/** A call in place of many, on operands that hold those of all. */
export interface Batch {
  readonly params: Params;
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
export type Emit = <N extends string>(
  kernel: Kernel<N>,
  inputs: readonly Ref[],
  sizes: readonly number[],
  params: Params<NoInfer<N>>,
) => [Ref, ...Ref[]];

/** Whether two calls have the same parameters, but one; 0 and -0 are two. */
export function sameParams(
  { params }: Kernel,
  a: Params,
  b: Params,
  but = '',
): boolean {
  for (const name in params) {
    if (name !== but && !Object.is(a[name], b[name])) return false;
  }
  return true;
}

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

/** A main function in which each thread does the body for some i < count. */
export const mainOver = (count: string, body: string, i = 'i') => `
@compute @workgroup_size(${WORKGROUP})
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  for (var ${i} = id.x; ${i} < ${count}; ${i} += groups.x * ${WORKGROUP}u) {
    ${body}
  }
}
`;

/** Records a call of one output, added to `base` where there is one. */
export type EmitElements<N extends string> = (
  emit: Emit,
  inputs: readonly Ref[],
  size: number,
  params: Params<NoInfer<N>>,
  base?: Ref | null,
) => Ref;

/** A kernel of one output in which each element is computed by itself. */
export interface ElementSpec<N extends string> {
  readonly name: string;
  readonly params: Fields<N>;
  readonly reads: readonly string[];
  /** Files of kernels/, in which some words are replaced. */
  readonly files: readonly string[];
  readonly words?: Readonly<Record<string, string>>;
  /** How many elements there are, and element i, in WGSL. */
  readonly count: string;
  readonly value: string;
  /** The CPU form; `add`: to what is in the output. */
  cpu(single: boolean, add: boolean): CpuForm<N>;
  batch?(
    params: Params<N>,
    strides: Strides,
    count: number,
    add: boolean,
  ): Batch | null;
}

/** Such a kernel, and its twin that adds to its last input, in its place. */
export function elementKernel<N extends string>(
  spec: ElementSpec<N>,
): readonly [Kernel<N>, Kernel<N>] {
  return [elementForm(spec, false), elementForm(spec, true)];
}

/** The way to call them. */
export function elements<N extends string>(
  spec: ElementSpec<N>,
): EmitElements<N> {
  const [fresh, added] = elementKernel(spec);
  return (emit, inputs, size, params, base = null) =>
    base
      ? emit(added, [...inputs, base], [size], params)[0]
      : emit(fresh, inputs, [size], params)[0];
}

function elementForm<N extends string>(
  { words = {}, batch, ...spec }: ElementSpec<N>,
  add: boolean,
): Kernel<N> {
  const { name, params, reads, files, count, value, cpu } = spec;
  const main = mainOver(count, `out[i] = ${add ? 'out[i] + ' : ''}${value};`);
  return {
    name: add ? `${name}:add` : name,
    params,
    inPlace: [add ? reads.length : null],
    cpu: (single) => cpu(single, add),
    gpu: {
      reads,
      writes: ['out'],
      code: (_, file) =>
        Object.entries(words).reduce(
          (text, [word, by]) => text.replaceAll(word, by),
          files.map(file).join('\n') + main,
        ),
      workgroups: (traits, call) => launch(traits, call.outputs[0]!.size),
    },
    batch:
      batch && ((given, strides, many) => batch(given, strides, many, add)),
  };
}

/** Rounding of the CPU forms: to float32 where `single`. */
export const rounding = (single: boolean) =>
  single ? Math.fround : (x: number) => x;
