/**
 * Contractions: out[z, i, j] = sum over k of A(z, i, k) B(z, k, j), k strictly
 * ascending on every backend, so that all give the same bits. A form says
 * where the elements lie; matrix products and convolutions are forms.
 */

import { type Contractor, contractor, type Layout } from './contraction-cpu.ts';
import { contractionGpu, type Mode } from './contraction-gpu.ts';
import type { Emit, Kernel, Ref } from './kernel.ts';

export interface ContractionForm {
  readonly name: string;
  /** Files of kernels/ that say where elements lie, in order. */
  readonly files: readonly string[];
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
  const kernels = {
    plain: contractionKernel(form, 'plain'),
    bias: contractionKernel(form, 'bias'),
    add: contractionKernel(form, 'add'),
  };
  return (emit, extent, operands, { size, ints }, { bias, base } = {}) => {
    const kernel = kernels[base ? 'add' : bias ? 'bias' : 'plain'];
    const extra = base ?? bias;
    const inputs = extra ? [...operands, extra] : operands;
    return emit(kernel, inputs, [size], [...extent, ...ints])[0];
  };
}

function contractionKernel(form: ContractionForm, mode: Mode): Kernel {
  return {
    name: `${form.name}:${mode}`,
    inPlace: [mode === 'add' ? 2 : null],
    batch: form.batch,
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
    gpu: contractionGpu(form.files, mode),
  };
}
