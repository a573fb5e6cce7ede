/**
 * Contractions: out[z, i, j] = sum over k of A(z, i, k) B(z, k, j), k strictly
 * ascending on every backend, so that all give the same bits. A form says
 * where the elements lie; matrix products and convolutions are forms.
 */

import type { FloatArray } from '../tensor.ts';
import type { Emit, Kernel, Ref } from './kernel.ts';

/** Place of an element in its array; -1 is an element that is 0. */
type At = (z: number, i: number, j: number) => number;

/** Copies `terms` elements of a line, from k on, to every 4th place. */
export type Pack = (
  from: FloatArray,
  line: readonly [z: number, index: number],
  k: number,
  terms: number,
  to: Float64Array,
  at: number,
) => void;

/** Where the elements of a call lie, on the CPU. */
export interface Layout {
  /** Rows of A: lines (z, i). */
  readonly a: Pack;
  /** Columns of B: lines (z, j). */
  readonly b: Pack;
  /** Of (z, i, j). */
  readonly out: At;
  /** Of (z, i, j) in the bias. */
  readonly bias: At;
}

/** Lines at fixed distances. */
export function strided(batch: number, line: number, step: number): Pack {
  return (from, [z, index], k, terms, to, at) => {
    let source = z * batch + index * line + k * step;
    for (let t = 0; t < terms; t++, source += step)
      to[at + 4 * t] = from[source];
  };
}

/** Lines whose elements (z, line, k) are anywhere. */
export function gathered(place: At): Pack {
  return (from, [z, index], k, terms, to, at) => {
    for (let t = 0; t < terms; t++) {
      const source = place(z, index, k + t);
      to[at + 4 * t] = source < 0 ? 0 : from[source];
    }
  };
}

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

/** What is done with the sum over k. */
type Mode = 'plain' | 'bias' | 'add';

/** Rows of a tile: each lane of the subgroup form sums this many outputs x4. */
const TILE_ROWS = 16;

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
    cpu:
      (single) =>
      (inputs, [out], ints) => {
        const bias = mode === 'bias' ? inputs[2] : null;
        const layout = form.layout(ints);
        const operands = { a: inputs[0], b: inputs[1], out, bias };
        contract(ints, layout, operands, mode === 'add', single);
      },
    gpu: {
      files: [
        ...form.files,
        'contraction',
        'contraction-tile',
        'contraction-subgroup',
      ],
      code({ subgroup }, file) {
        const where = form.files.map(file).join('\n');
        const common = file('contraction')
          .replaceAll('EXTRA', mode === 'bias' ? extraBinding : '')
          .replaceAll('OUT_BINDING', mode === 'bias' ? '4' : '3')
          .replaceAll('FINISH', finish[mode]);
        if (!subgroup) return where + common + file('contraction-tile');
        const lanes = file('contraction-subgroup');
        const tile = lanes.replaceAll('LANES', `${subgroup}`);
        return `enable subgroups;\n${where}${common}${tile}`;
      },
      workgroups({ subgroup }, { ints: [m, n, , z] }) {
        return subgroup
          ? [Math.ceil(n / (4 * subgroup)), Math.ceil(m / TILE_ROWS), z]
          : [Math.ceil(n / 32), Math.ceil(m / 32), z];
      },
    },
  };
}

const extraBinding =
  '@group(0) @binding(3) var<storage, read> bias: array<f32>;';

const finish: Record<Mode, string> = {
  plain: 'sum',
  bias: 'sum + bias[bias_at(z, row, column)]',
  add: 'out[at] + sum',
};

/** Terms summed before the operands' next pieces are packed. */
const BLOCK = 256;

interface Operands {
  readonly a: FloatArray;
  readonly b: FloatArray;
  readonly out: FloatArray;
  readonly bias: FloatArray | null;
}

/**
 * On the CPU: operands are packed into panels of 4 rows and 4 columns, which
 * the inner loop reads in order; sums go on from block to block of k.
 */
function contract(
  [m, n, depth, batches]: readonly number[],
  layout: Layout,
  { a, b, out, bias }: Operands,
  add: boolean,
  single: boolean,
): void {
  const round = single ? Math.fround : (x: number) => x;
  const multiply = single ? multiply32 : multiply64;
  const rows = Math.ceil(m / 4);
  const columns = Math.ceil(n / 4);
  const left = new Float64Array(rows * 4 * Math.min(depth, BLOCK));
  const right = new Float64Array(4 * Math.min(depth, BLOCK));
  const sums = new Float64Array(rows * columns * 16);
  for (let z = 0; z < batches; z++) {
    sums.fill(0);
    for (let k0 = 0; k0 < depth; k0 += BLOCK) {
      const terms = Math.min(BLOCK, depth - k0);
      // Lines beyond the edge keep what they had: their sums are not stored.
      for (let i = 0; i < m; i++) {
        const panel = (i >> 2) * terms * 4 + (i & 3);
        layout.a(a, [z, i], k0, terms, left, panel);
      }
      for (let column = 0; column < columns; column++) {
        for (let j = column * 4; j < Math.min(n, column * 4 + 4); j++) {
          layout.b(b, [z, j], k0, terms, right, j & 3);
        }
        for (let row = 0; row < rows; row++) {
          const tile = (column * rows + row) * 16;
          multiply(left, row * terms * 4, right, terms, sums, tile);
        }
      }
    }
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        const tile = ((j >> 2) * rows + (i >> 2)) * 16;
        const sum = sums[tile + (i & 3) * 4 + (j & 3)];
        const at = layout.out(z, i, j);
        if (add) out[at] = round(out[at] + sum);
        else if (bias) out[at] = round(sum + bias[layout.bias(z, i, j)]);
        else out[at] = sum;
      }
    }
  }
}

/** sums[4 x 4] += panel of 4 rows times panel of 4 columns. */
type Multiply = (
  left: Float64Array,
  from: number,
  right: Float64Array,
  terms: number,
  sums: Float64Array,
  at: number,
) => void;

const multiply64 = makeMultiply(false);
const multiply32 = makeMultiply(true);

/** Written out, so that the 16 sums stay in registers. */
function makeMultiply(single: boolean): Multiply {
  const round = single ? 'Math.fround' : '';
  const four = [0, 1, 2, 3];
  const cells = four.flatMap((r) => four.map((c) => [r, c]));
  const body = `
    ${cells.map(([r, c]) => `let s${r}${c} = sums[at + ${r * 4 + c}];`).join('\n')}
    for (let k = 0, p = from, q = 0; k < terms; k++, p += 4, q += 4) {
      ${four.map((r) => `const a${r} = left[p + ${r}];`).join(' ')}
      ${four.map((c) => `const b${c} = right[q + ${c}];`).join(' ')}
      ${cells.map(([r, c]) => `s${r}${c} = ${round}(s${r}${c} + ${round}(a${r} * b${c}));`).join('\n')}
    }
    ${cells.map(([r, c]) => `sums[at + ${r * 4 + c}] = s${r}${c};`).join('\n')}`;
  const names = ['left', 'from', 'right', 'terms', 'sums', 'at'];
  return new Function(...names, body) as Multiply;
}
