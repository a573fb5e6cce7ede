/**
 * Matrix product with strides: out[i, j] = sum over k of A[i, k] B[k, j],
 * k strictly ascending on every backend, so that all give the same bits.
 * The strides make one kernel serve all transposed forms.
 */

import type { Emit, Kernel, Ref } from './kernel.ts';

/** A matrix in memory: element [row, column] is at row*rows + column*columns. */
export interface Strided {
  readonly ref: Ref;
  readonly rows: number;
  readonly columns: number;
}

export const rowMajor = (ref: Ref, width: number): Strided => ({
  ref,
  rows: width,
  columns: 1,
});

export const transposed = (ref: Ref, width: number): Strided => ({
  ref,
  rows: 1,
  columns: width,
});

/** What is done with the sum over k. */
type Mode = 'plain' | 'bias' | 'add';

const MODES: readonly Mode[] = ['plain', 'bias', 'add'];

/** Rows of a tile: each lane of the subgroup form sums this many outputs x4. */
const TILE_ROWS = 16;

const kernels = Object.fromEntries(
  MODES.map((mode) => [mode, gemmKernel(mode)]),
) as Record<Mode, Kernel>;

/**
 * Records A (m x k) times B (k x n), plus a bias of n elements for each row or
 * plus `base` of m x n elements.
 */
export function gemm(
  emit: Emit,
  [m, n, k]: readonly [number, number, number],
  a: Strided,
  b: Strided,
  more: { bias?: Ref; base?: Ref | null } = {},
): Ref {
  const mode = more.base ? 'add' : more.bias ? 'bias' : 'plain';
  const extra = more.base ?? more.bias;
  const inputs = extra ? [a.ref, b.ref, extra] : [a.ref, b.ref];
  const ints = [m, n, k, a.rows, a.columns, b.rows, b.columns];
  return emit(
    kernels[mode],
    inputs,
    [m * n],
    [...ints, MODES.indexOf(mode)],
  )[0];
}

function gemmKernel(mode: Mode): Kernel {
  return {
    name: `gemm:${mode}`,
    inPlace: [mode === 'add' ? 2 : null],
    cpu: (single) => (inputs, outputs, ints) => {
      const [a, b] = inputs;
      const bias = mode === 'bias' ? inputs[2] : null;
      const product = single ? product32 : product64;
      product(a, b, outputs[0], bias, mode === 'add', ints);
    },
    gpu: {
      files: ['gemm-common', 'gemm', 'gemm-subgroup'],
      code({ subgroup }, file) {
        const common = file('gemm-common')
          .replaceAll('EXTRA', mode === 'bias' ? extraBinding : '')
          .replaceAll('OUT_BINDING', mode === 'bias' ? '4' : '3')
          .replaceAll('FINISH', finish[mode]);
        if (!subgroup) return common + file('gemm');
        const form = file('gemm-subgroup').replaceAll('LANES', `${subgroup}`);
        return `enable subgroups;\n${common}${form}`;
      },
      workgroups({ subgroup }, { ints: [m, n] }) {
        return subgroup
          ? [Math.ceil(n / (4 * subgroup)), Math.ceil(m / TILE_ROWS)]
          : [Math.ceil(n / 32), Math.ceil(m / 32)];
      },
    },
  };
}

const extraBinding =
  '@group(0) @binding(3) var<storage, read> bias: array<f32>;';

const finish: Record<Mode, string> = {
  plain: 'sum',
  bias: 'sum + bias[column]',
  add: 'out[at] + sum',
};

/*
 * The CPU forms differ only in rounding; a shared body with a rounding
 * function would be several times slower. Tiles of 4 columns keep sums in
 * registers.
 */

type Product = (
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  out: { [index: number]: number },
  bias: ArrayLike<number> | null,
  add: boolean,
  ints: readonly number[],
) => void;

const product64 = makeProduct(false);
const product32 = makeProduct(true);

function makeProduct(single: boolean): Product {
  const round = single ? 'Math.fround' : '';
  const rows = [0, 1, 2, 3];
  const cells = rows.flatMap((r) => rows.map((c) => [r, c]));
  const finishCell = (cell: string, at: string, column: string) => `
    out[${at}] = add ? ${round}(out[${at}] + ${cell})
      : bias ? ${round}(${cell} + bias[${column}]) : ${cell};`;
  // Whole tiles of 4 x 4 sums in registers, then the edges one by one.
  const body = `
    const [m, n, depth, ars, acs, brs, bcs] = ints;
    const m4 = m - m % 4, n4 = n - n % 4;
    for (let i = 0; i < m4; i += 4) for (let j = 0; j < n4; j += 4) {
      ${cells.map(([r, c]) => `let s${r}${c} = 0;`).join(' ')}
      let pa = i * ars, pb = j * bcs;
      for (let k = 0; k < depth; k++, pa += acs, pb += brs) {
        ${rows.map((r) => `const a${r} = a[pa + ${r} * ars];`).join(' ')}
        ${rows.map((c) => `const b${c} = b[pb + ${c} * bcs];`).join(' ')}
        ${cells.map(([r, c]) => `s${r}${c} = ${round}(s${r}${c} + ${round}(a${r} * b${c}));`).join('\n')}
      }
      ${cells.map(([r, c]) => finishCell(`s${r}${c}`, `(i + ${r}) * n + j + ${c}`, `j + ${c}`)).join('')}
    }
    for (let i = 0; i < m; i++) for (let j = i < m4 ? n4 : 0; j < n; j++) {
      let s = 0;
      for (let k = 0, pa = i * ars, pb = j * bcs; k < depth; k++, pa += acs, pb += brs)
        s = ${round}(s + ${round}(a[pa] * b[pb]));
      ${finishCell('s', 'i * n + j', 'j')}
    }`;
  return new Function('a', 'b', 'out', 'bias', 'add', 'ints', body) as Product;
}
