/**
 * Contractions: out[z, i, j] = sum over k of A(z, i, k) B(z, k, j), k strictly
 * ascending on every backend, so that all give the same bits. A form says
 * where the elements lie; matrix products and convolutions are forms.
 */

import { contractor } from './contraction-cpu.ts';
import { EPILOGUE, isShort, type Mode } from './contraction-epilogue.ts';
import { contractionGpu, type Tile, tileOf } from './contraction-gpu.ts';
import type { Layout } from './contraction-layout.ts';
import {
  buffersOf,
  chained,
  fusedFields,
  fusedOnce,
  isPlain,
  MOST_BUFFERS,
  placesAfter,
} from './fused.ts';
import {
  type Emit,
  type Fields,
  type Fused,
  type Kernel,
  type Params,
  type Ref,
  u32,
} from './kernel.ts';

/** Parameters of all contractions; out_rows: elements between rows of the output. */
const FIELDS = u32('m', 'n', 'depth', 'batches', 'out_rows');
type Common = keyof typeof FIELDS;

/** N: names of the parameters that a form has beside those. */
export interface ContractionForm<N extends string = string> {
  readonly name: string;
  readonly params: Fields<N>;
  /** Files of kernels/ that say where elements lie, in order. */
  readonly files: readonly string[];
  /** The file of a kernel that reads operands in fours, where it can. */
  readonly fours?: {
    readonly file: string;
    /** Whether a call's operands lie so; strides of batches included. */
    fits(params: Params<N | Common>): boolean;
  };
  /** The same for the CPU. */
  layout(params: Params<N | Common>): Layout;
  /** Many calls as one, as Kernel.batch has it. */
  readonly batch?: Kernel<N | Common>['batch'];
}

/** A contraction of a form, with a typed way to call it. */
export type Contraction<N extends string> = (
  emit: Emit,
  operands: readonly [a: Ref, b: Ref],
  /** Elements of the output. */
  size: number,
  params: Params<N | Common>,
  more?: { bias?: Ref; base?: Ref | null },
) => Ref;

export function contraction<N extends string>(
  form: ContractionForm<N>,
): Contraction<N> {
  const kernels = new Map<string, Kernel>();
  const kernelOf = (mode: Mode, tile: Tile): Kernel => {
    const key = `${mode}:${tile}`;
    const kernel = kernels.get(key) ?? contractionKernel(form, mode, tile);
    kernels.set(key, kernel);
    return kernel;
  };
  return (emit, operands, size, params, { bias, base } = {}) => {
    const mode = base ? 'add' : bias ? 'bias' : 'plain';
    const extra = base ?? bias;
    const inputs = extra ? [...operands, extra] : operands;
    const tile = tileOf(params, form.fours?.fits(params) ?? false);
    return emit(kernelOf(mode, tile), inputs, [size], params)[0];
  };
}

function contractionKernel(
  form: ContractionForm,
  mode: Mode,
  tile: Tile,
): Kernel {
  const places = { files: form.files, fours: form.fours?.file };
  const kernel: Kernel<Common> = {
    name: `${form.name}:${mode}:${tile}`,
    params: { ...FIELDS, ...form.params },
    inPlace: [mode === 'add' ? 2 : null],
    batch: form.batch && batchOf(form, tile),
    cpu(single) {
      // A call keeps its parameters: what is prepared for it is kept too.
      let last: Params | null = null;
      let contract: ReturnType<typeof contractor>;
      return (inputs, [out], params, threads = 1) => {
        if (params !== last) {
          contract = contractor(params, form.layout(params), single);
          last = params;
        }
        const bias = mode === 'bias' ? inputs[2]! : null;
        const operands = { a: inputs[0]!, b: inputs[1]!, out, bias };
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
  return (params, strides, count) => {
    const made = batch?.(params, strides, count) ?? null;
    return made && (tile !== 'fours' || fours?.fits(made.params)) ? made : null;
  };
}

/** A contraction whose sums an elementwise kernel of one output takes over. */
const fuseContraction = (
  first: Kernel,
  form: ContractionForm,
  [mode, tile]: readonly [Mode, Tile],
  second: Kernel,
  slot: number,
): Fused | null =>
  fusedOnce(first, second, slot, (name) => {
    const parts = second.elementwise?.parts;
    if (!parts || !isPlain(parts) || !isShort(parts)) return null;
    const inputs = mode === 'plain' ? 2 : 3;
    const inPlace = placesAfter(inputs, second, slot);
    const total = inputs + parts.operands.length - 1;
    const tooMany = buffersOf({ inPlace }, total) > MOST_BUFFERS;
    if (inPlace.length > 1 || tooMany) return null;
    const kernel: Kernel<Common> = {
      name,
      params: { ...FIELDS, ...fusedFields(first, second, EPILOGUE) },
      inPlace,
      cpu: (single) =>
        chained(
          first,
          inputs,
          { kernel: second, slot, prefix: EPILOGUE },
          single,
        ),
      gpu: contractionGpu(
        { files: form.files, fours: form.fours?.file },
        mode,
        tile,
        { parts, slot },
      ),
      batch(params, strides, count) {
        // What is read where the sums are stored lies at their distances.
        const [own] = strides.outputs;
        const after = strides.inputs.slice(mode === 'add' ? 2 : inputs);
        if (after.some((stride) => stride !== own)) return null;
        const inner = strides.inputs.slice(0, mode === 'bias' ? 3 : 2);
        const distances = { inputs: inner, outputs: strides.outputs };
        const batch = first.batch?.(params, distances, count);
        return batch && !batch.kernel ? batch : null;
      },
    };
    return { kernel, prefix: EPILOGUE };
  });
