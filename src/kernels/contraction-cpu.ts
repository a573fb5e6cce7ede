/**
 * Contractions on the CPU: in WebAssembly (contraction-wasm.ts) or, where arrays
 * lie outside its memory, in plain JavaScript with the same bits: panels of 4
 * rows and 4 columns, which the inner loop reads in order; sums go on from block
 * to block of k.
 */

import { floatArray } from '../base/tensor.ts';
import { canCompile, compileJs } from '../formula/js.ts';
import type {
  Contract,
  Layout,
  Lines,
  Manner,
  Operands,
  Sizes,
} from './contraction-layout.ts';
import { wasmContract } from './contraction-wasm.ts';
import { rounding } from './kernel.ts';

/** The contraction of a layout, which it prepares once. */
export function contractor(
  sizes: Sizes,
  layout: Layout,
  single: boolean,
): (operands: Operands, manner: Manner) => void {
  const quick = wasmContract(sizes, layout, single);
  let slow: Contract | null = null;
  return (operands, manner) => {
    if (quick?.(operands, manner)) return;
    slow ??= loopContract(sizes, layout, single);
    slow(operands, manner);
  };
}

/** Terms summed before the operands' next pieces are packed. */
const BLOCK = 256;

export function loopContract(
  { m, n, depth, batches }: Sizes,
  layout: Layout,
  single: boolean,
): Contract {
  const { a: rowsOf, b: columnsOf, spread, out: at, bias: biasOf } = layout;
  const round = single ? Math.fround : (x: number) => x;
  const multiply = multiplyOf(single);
  const rows = Math.ceil(m / 4);
  const columns = Math.ceil(n / 4);
  return ({ a, b: given, out, bias }, { add }) => {
    const left = new Float64Array(rows * 4 * Math.min(depth, BLOCK));
    const right = new Float64Array(4 * Math.min(depth, BLOCK));
    const sums = new Float64Array(rows * columns * 16);
    const b = spread ? floatArray(single ? 'f32' : 'f64', spread.size) : given;
    spread?.copy(given, b);
    for (let z = 0; z < batches; z++) {
      sums.fill(0);
      for (let k0 = 0; k0 < depth; k0 += BLOCK) {
        const terms = Math.min(BLOCK, depth - k0);
        // Lines beyond the edge keep what they had: their sums are not stored.
        for (let i = 0; i < m; i++) {
          const panel = (i >> 2) * terms * 4 + (i & 3);
          pack(rowsOf, a, [z, i], k0, terms, left, panel);
        }
        for (let column = 0; column < columns; column++) {
          for (let j = column * 4; j < Math.min(n, column * 4 + 4); j++) {
            pack(columnsOf, b, [z, j], k0, terms, right, j & 3);
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
          const sum = sums[tile + (i & 3) * 4 + (j & 3)]!;
          const to = z * at.batch + i * at.row + at.column(j);
          if (add) out[to] = round(out[to]! + sum);
          else if (bias) {
            const own = z * biasOf.batch + (biasOf.of === 'row' ? i : j);
            out[to] = round(sum + bias[own]!);
          } else out[to] = sum;
        }
      }
    }
    return true;
  };
}

/** Copies `terms` elements of a line, from k on, to every 4th place. */
function pack(
  { batch, line, term }: Lines,
  from: ArrayLike<number>,
  [z, index]: readonly [number, number],
  k: number,
  terms: number,
  to: Float64Array,
  at: number,
): void {
  const start = z * batch + line(index);
  for (let t = 0; t < terms; t++) to[at + 4 * t] = from[start + term(k + t)]!;
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

const made = new Map<boolean, Multiply>();

/** Made when it is first needed. */
function multiplyOf(single: boolean): Multiply {
  const multiply = made.get(single) ?? makeMultiply(single);
  made.set(single, multiply);
  return multiply;
}

/** Written out, so that the 16 sums stay in registers. */
function makeMultiply(single: boolean): Multiply {
  if (!canCompile()) return plainMultiply(rounding(single));
  const round = single ? 'Math.fround' : '';
  const four = [0, 1, 2, 3];
  const cells = four.flatMap((r) => four.map((c) => [r, c]));
  const body = `
    ${cells.map(([r, c]) => `let s${r}${c} = sums[at + ${r! * 4 + c!}];`).join('\n')}
    for (let k = 0, p = from, q = 0; k < terms; k++, p += 4, q += 4) {
      ${four.map((r) => `const a${r} = left[p + ${r}];`).join(' ')}
      ${four.map((c) => `const b${c} = right[q + ${c}];`).join(' ')}
      ${cells.map(([r, c]) => `s${r}${c} = ${round}(s${r}${c} + ${round}(a${r} * b${c}));`).join('\n')}
    }
    ${cells.map(([r, c]) => `sums[at + ${r! * 4 + c!}] = s${r}${c};`).join('\n')}`;
  const names = ['left', 'from', 'right', 'terms', 'sums', 'at'];
  return compileJs(names, body) as unknown as Multiply;
}

/** For engines that compile no text. */
function plainMultiply(round: (x: number) => number): Multiply {
  return (left, from, right, terms, sums, at) => {
    for (let cell = 0; cell < 16; cell++) {
      let sum = sums[at + cell]!;
      for (let k = 0, p = from + (cell >> 2), q = cell & 3; k < terms; k++) {
        sum = round(sum + round(left[p + 4 * k]! * right[q + 4 * k]!));
      }
      sums[at + cell] = sum;
    }
  };
}
