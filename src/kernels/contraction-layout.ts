/** Where the elements of a contraction lie, on the CPU. */

import type { FloatArray } from '../base/tensor.ts';

/** Where the elements (z, line, k) of an operand lie: at sums of offsets. */
export interface Lines {
  /** Of a product, by z. */
  readonly batch: number;
  /** Of a line: a row of A, a column of B. */
  line(index: number): number;
  /** Of a term k of its sums. */
  term(k: number): number;
}

/** Where the elements of a call lie, on the CPU; all in elements. */
export interface Layout {
  readonly a: Lines;
  readonly b: Lines;
  /** The array that B's offsets mean, made of the operand; itself if none. */
  readonly spread?: Spread;
  /** Of output (z, i, j): z * batch + i * row + column(j). */
  readonly out: {
    readonly batch: number;
    readonly row: number;
    column(j: number): number;
  };
  /** The bias of row i or of column j is element z * batch + i or + j. */
  readonly bias: { readonly of: 'row' | 'column'; readonly batch: number };
}

/** A copy of an operand with zeros around and between its elements. */
export interface Spread {
  readonly size: number;
  /** `to` is all 0. */
  copy(from: FloatArray, to: FloatArray): void;
}

/** Lines at fixed distances. */
export const strided = (batch: number, line: number, step: number): Lines => ({
  batch,
  line: (index) => index * line,
  term: (k) => k * step,
});

export interface Operands {
  readonly a: FloatArray;
  readonly b: FloatArray;
  readonly out: FloatArray;
  readonly bias: FloatArray | null;
}

/** What is to be done with the sums, and by how many threads. */
export interface Manner {
  /** Whether they are added to the output. */
  readonly add: boolean;
  readonly threads: number;
}

/** Rows, columns, terms of a sum, and how many products. */
export interface Sizes {
  readonly m: number;
  readonly n: number;
  readonly depth: number;
  readonly batches: number;
}

/** A contraction of one layout; false: not with these operands. */
export type Contract = (operands: Operands, manner: Manner) => boolean;
