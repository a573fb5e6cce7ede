/**
 * Matrix product with strides: out[z, i, j] = sum over k of A[z, i, k]
 * B[z, k, j]. The strides make one kernel serve all transposed forms.
 */

import { contraction, type Extent } from './contraction.ts';
import { strided } from './contraction-cpu.ts';
import type { Emit, Ref } from './kernel.ts';

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

const product = contraction({
  name: 'gemm',
  files: ['gemm'],
  fours: { file: 'gemm-fours', fits: inFours },
  layout: ([, , , , n, az, ai, ak, bz, bk, bj, biasBatch, outBatch]) => ({
    a: strided(az, ai, ak),
    b: strided(bz, bj, bk),
    out: { batch: outBatch, row: n, column: (j) => j },
    bias: { of: 'column', batch: biasBatch },
  }),
  // Single products become products for all z.
  batch([m, n, k, z, rows, , ...rest], { inputs, outputs }, count) {
    if (z !== 1) return null;
    const [, ai, ak, , bk, bj] = [0, ...rest];
    const [a, b, bias = 0] = inputs;
    const strides = [a, ai, ak, b, bk, bj, bias, outputs[0]];
    return { ints: [m, n, k, count, rows, ...strides] };
  },
});

/** Whether both operands are fours of neighbours: see gemm-fours.wgsl. */
function inFours(ints: readonly number[]): boolean {
  const [m, n, k, , , az, ai, ak, bz, bk, bj] = ints;
  const four = (...numbers: number[]) => numbers.every((x) => x % 4 === 0);
  const a = ak === 1 ? four(ai) : ai === 1 && four(ak, m);
  const b = bk === 1 ? four(bj) : bj === 1 && four(bk, n);
  return four(k, az, bz) && a && b;
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
  const extent: Extent = [m, n, k, z];
  const ints = [
    n,
    ...[a.batch, a.rows, a.columns],
    ...[b.batch, b.rows, b.columns],
    ...[0, m * n],
  ];
  const output = { size: z * m * n, ints };
  return product(emit, extent, [a.ref, b.ref], output, more);
}
