/**
 * Matrix product with strides: out[z, i, j] = sum over k of A[z, i, k]
 * B[z, k, j]. The strides make one kernel serve all transposed forms.
 */

import { contraction } from './contraction.ts';
import { strided } from './contraction-layout.ts';
import { type Emit, type Params, type Ref, u32 } from './kernel.ts';

/**
 * Matrices in memory: element [z, row, column] is at
 * z*batch + row*rows + column*columns. One matrix for all z has batch 0.
 */
export interface Strided {
  readonly ref: Ref;
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
}

export const rowMajor = (ref: Ref, width: number, batch = 0): Strided => ({
  ref,
  batch,
  rows: width,
  columns: 1,
});

export const transposed = (ref: Ref, width: number, batch = 0): Strided => ({
  ref,
  batch,
  rows: 1,
  columns: width,
});

/** Elements between the matrices, rows and columns of each operand. */
const STRIDES = u32(
  ...(['a_batch', 'a_rows', 'a_columns'] as const),
  ...(['b_batch', 'b_rows', 'b_columns'] as const),
  ...(['bias_batch', 'out_batch'] as const),
);

const product = contraction({
  name: 'gemm',
  params: STRIDES,
  files: ['gemm'],
  fours: { file: 'gemm-fours', fits: inFours },
  layout: (p) => ({
    a: strided(p.a_batch, p.a_rows, p.a_columns),
    b: strided(p.b_batch, p.b_columns, p.b_rows),
    out: { batch: p.out_batch, row: p.n, column: (j) => j },
    bias: { of: 'column', batch: p.bias_batch },
  }),
  // Single products become products for all z.
  batch(params, { inputs: [a, b, bias = 0], outputs: [out] }, count) {
    if (params.batches !== 1) return null;
    const strides = {
      a_batch: a!,
      b_batch: b!,
      bias_batch: bias,
      out_batch: out!,
    };
    return { params: { ...params, batches: count, ...strides } };
  },
});

/** Whether both operands are fours of neighbours: see gemm-fours.wgsl. */
function inFours(
  p: Params<keyof typeof STRIDES | 'm' | 'n' | 'depth'>,
): boolean {
  const four = (...numbers: number[]) => numbers.every((x) => x % 4 === 0);
  const a =
    p.a_columns === 1
      ? four(p.a_rows)
      : p.a_rows === 1 && four(p.a_columns, p.m);
  const b =
    p.b_rows === 1
      ? four(p.b_columns)
      : p.b_columns === 1 && four(p.b_rows, p.n);
  return four(p.depth, p.a_batch, p.b_batch) && a && b;
}

/**
 * Records A (m x k) times B (k x n), z times, plus a bias of n elements for
 * each row or plus `base` of the output's size.
 */
export function gemm(
  emit: Emit,
  [m, n, k, z = 1]: readonly [m: number, n: number, k: number, z?: number],
  a: Strided,
  b: Strided,
  more: { bias?: Ref; base?: Ref | null } = {},
): Ref {
  const params = {
    m,
    n,
    depth: k,
    batches: z,
    out_rows: n,
    a_batch: a.batch,
    a_rows: a.rows,
    a_columns: a.columns,
    b_batch: b.batch,
    b_rows: b.rows,
    b_columns: b.columns,
    bias_batch: 0,
    out_batch: m * n,
  };
  return product(emit, [a.ref, b.ref], z * m * n, params, more);
}
