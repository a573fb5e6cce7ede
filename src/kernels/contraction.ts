/**
 * Contractions: out[z, i, j] = sum over k of A(z, i, k) B(z, k, j), k strictly
 * ascending on every backend, so that all give the same bits. A form says
 * where the elements lie; matrix products and convolutions are forms.
 */

import { type Contractor, contractor, type Layout } from './contraction-cpu.ts';
import { isShort } from './contraction-epilogue.ts';
import {
  contractionGpu,
  type Mode,
  type Tile,
  tileOf,
} from './contraction-gpu.ts';
import {
  buffersOf,
  chained,
  isPlain,
  MOST_BUFFERS,
  placesAfter,
} from './fused.ts';
import type { Emit, Kernel, Ref } from './kernel.ts';

export interface ContractionForm {
  readonly name: string;
  /** Files of kernels/ that say where elements lie, in order. */
  readonly files: readonly string[];
  /** The file of a kernel that reads operands in fours, where it can. */
  readonly fours?: {
    readonly file: string;
    /** Whether a call's operands lie so; strides of batches included. */
    fits(ints: readonly number[]): boolean;
  };
  /** The same for the CPU; ints are those of the call. */
  layout(ints: readonly number[]): Layout;
  /** Many calls as one, as Kernel.batch has it. */
  readonly batch?: Kernel['batch'];
}

/** Size of a contraction: rows, columns, terms of a sum, and how many of it. */
export type Extent = readonly [m: number, n: number, k: number, z: number];

/** A contraction of a form, with a typed way to call it. */
export type Contraction = (
  emit: Emit,
  extent: Extent,
  operands: readonly [a: Ref, b: Ref],
  /** Elements of the output, and what the form needs after `z`. */
  output: { size: number; ints: readonly number[] },
  more?: { bias?: Ref; base?: Ref | null },
) => Ref;

export function contraction(form: ContractionForm): Contraction {
  const kernels = new Map<string, Kernel>();
  const kernelOf = (mode: Mode, tile: Tile): Kernel => {
    const key = `${mode}:${tile}`;
    const kernel = kernels.get(key) ?? contractionKernel(form, mode, tile);
    kernels.set(key, kernel);
    return kernel;
  };
  return (emit, extent, operands, { size, ints }, { bias, base } = {}) => {
    const mode = base ? 'add' : bias ? 'bias' : 'plain';
    const extra = base ?? bias;
    const inputs = extra ? [...operands, extra] : operands;
    const all = [...extent, ...ints];
    const tile = tileOf(extent, form.fours?.fits(all) ?? false);
    return emit(kernelOf(mode, tile), inputs, [size], all)[0];
  };
}

function contractionKernel(
  form: ContractionForm,
  mode: Mode,
  tile: Tile,
): Kernel {
  const places = { files: form.files, fours: form.fours?.file };
  const kernel: Kernel = {
    name: `${form.name}:${mode}:${tile}`,
    inPlace: [mode === 'add' ? 2 : null],
    batch: form.batch && batchOf(form, tile),
    cpu(single) {
      // A call keeps its list of ints: what is prepared for it is kept too.
      const known = new WeakMap<readonly number[], Contractor>();
      return (inputs, [out], ints, _, threads = 1) => {
        let contract = known.get(ints);
        if (!contract) {
          const [m, n, depth, batches] = ints;
          const sizes = { m, n, depth, batches };
          contract = contractor(sizes, form.layout(ints), single);
          known.set(ints, contract);
        }
        const bias = mode === 'bias' ? inputs[2] : null;
        const operands = { a: inputs[0], b: inputs[1], out, bias };
        contract(operands, { add: mode === 'add', threads });
      };
    },
    gpu: contractionGpu(places, mode, tile),
    fuse: (second, slot) =>
      fuseContraction(kernel, form, [mode, tile], second, slot),
  };
  return kernel;
}

/** Batches of a kernel that reads in fours must be such as it can read. */
function batchOf(
  { batch, fours }: ContractionForm,
  tile: Tile,
): NonNullable<Kernel['batch']> {
  return (ints, strides, count) => {
    const made = batch?.(ints, strides, count) ?? null;
    const fits = tile !== 'fours' || fours?.fits(made?.ints ?? []);
    return fits ? made : null;
  };
}

const fused = new Map<string, Kernel | null>();

/** A contraction whose sums an elementwise kernel of one output takes over. */
function fuseContraction(
  first: Kernel,
  form: ContractionForm,
  [mode, tile]: readonly [Mode, Tile],
  second: Kernel,
  slot: number,
): Kernel | null {
  const name = `(${first.name} > ${second.name}@${slot})`;
  const known = fused.get(name);
  if (known !== undefined) return known;
  const made = makeFused();
  fused.set(name, made);
  return made;

  function makeFused(): Kernel | null {
    const parts = second.elementwise?.parts;
    if (!parts || !isPlain(parts) || !isShort(parts)) return null;
    const inputs = mode === 'plain' ? 2 : 3;
    const inPlace = placesAfter(inputs, second, slot);
    const total = inputs + parts.operands.length - 1;
    const tooMany = buffersOf({ inPlace }, total) > MOST_BUFFERS;
    if (inPlace.length > 1 || tooMany) return null;
    return {
      name,
      inPlace,
      cpu: (single) =>
        chained(
          {
            form: first.cpu(single),
            inputs,
            floats: 0,
            base: first.inPlace[0],
          },
          { form: second.cpu(single), slot, inPlace: second.inPlace },
        ),
      gpu: contractionGpu(
        { files: form.files, fours: form.fours?.file },
        mode,
        tile,
        { parts, slot },
      ),
      batch(ints, strides, count) {
        // What is read where the sums are stored lies at their distances.
        const [own] = strides.outputs;
        const after = strides.inputs.slice(mode === 'add' ? 2 : inputs);
        if (after.some((stride) => stride !== own)) return null;
        const inner = strides.inputs.slice(0, mode === 'bias' ? 3 : 2);
        const distances = { inputs: inner, outputs: strides.outputs };
        const batch = first.batch?.(ints, distances, count);
        return batch && !batch.kernel ? batch : null;
      },
    };
  }
}
