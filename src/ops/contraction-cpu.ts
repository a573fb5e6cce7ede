/** Contractions on the CPU: packed panels, sums of 4 x 4 in registers. */

import type { FloatArray } from '../tensor.ts';

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
export function contract(
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
