/**
 * Copies of matrices on the CPU: in WebAssembly where both arrays lie in its
 * memory, else by a loop.
 */

import type { FloatArray } from '../base/tensor.ts';
import { addressOf } from '../formula/wasm/arena.ts';
import { wasmCopy } from './copy-wasm.ts';
import { rounding } from './kernel.ts';

/** A matrix in an array: where it starts and how far apart elements are. */
export interface Matrix {
  readonly array: FloatArray;
  readonly start: number;
  readonly row: number;
  /** Between columns; 1 in what is written. */
  readonly column: number;
}

/** Copies so many rows and columns, or adds them where `add`. */
export type Copy = (
  from: Matrix,
  to: Omit<Matrix, 'column'>,
  size: readonly [rows: number, columns: number],
  add: boolean,
) => void;

export function copyForm(single: boolean): Copy {
  const round = rounding(single);
  return (from, to, [rows, columns], add) => {
    const [source, target] = [addressOf(from.array), addressOf(to.array)];
    const quick = source >= 0 && target >= 0 ? wasmCopy(single) : null;
    const width = single ? 4 : 8;
    if (quick) {
      quick({
        from: source + from.start * width,
        to: target + to.start * width,
        ...{ rows, columns },
        fromRow: from.row * width,
        fromColumn: from.column * width,
        toRow: to.row * width,
        add: add ? 1 : 0,
      });
      return;
    }
    const [x, out] = [from.array, to.array];
    for (let row = 0; row < rows; row++) {
      const first = to.start + row * to.row;
      let at = from.start + row * from.row;
      for (let i = first; i < first + columns; i++, at += from.column) {
        out[i] = add ? round(out[i]! + x[at]!) : x[at]!;
      }
    }
  };
}
