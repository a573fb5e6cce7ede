/** What random graphs are made of before they are graphs. */

import type { Reduction } from '../../src/graph/graph.ts';
import type { Range } from './ranges.ts';

/** One vertex to make; the numbers are taken modulo what there is. */
export interface Recipe {
  readonly op: number;
  readonly first: number;
  readonly others: readonly number[];
  readonly choice: number;
}

/** A leaf to begin with. */
export interface LeafRecipe {
  readonly kind: 'input' | 'param';
  readonly shape: number;
  /** All values above 0, as roots need them. */
  readonly positive: boolean;
}

export interface GraphRecipe {
  readonly batch: number;
  readonly widths: readonly [number, number];
  /** Height and width of images. */
  readonly sides: readonly [number, number];
  /** Shape of the first data input. */
  readonly input: number;
  readonly leaves: readonly LeafRecipe[];
  readonly recipes: readonly Recipe[];
  /** Lead every branch to the output, or leave those that end elsewhere. */
  readonly join: boolean;
  readonly loss: string;
  readonly reduction: Reduction;
  /** Of the values of leaves and target. */
  readonly seed: number;
}

/** What numbers the graphs are made of. */
export interface Numbers {
  readonly integer: boolean;
  readonly leaves: Range;
  readonly positive: Range;
  readonly factors: readonly number[];
  /** Bounds of clamp. */
  readonly bounds: readonly Range[];
  /** What causal_mask writes. */
  readonly fills: readonly number[];
  /** Greatest absolute value of any vertex. */
  readonly limit: number;
}

/** Takes a number apart into choices; 0 takes the first of every choice. */
export class Digits {
  private rest: number;

  constructor(n: number) {
    this.rest = n;
  }

  /** A whole number below n. */
  below(n: number): number {
    const digit = this.rest % n;
    this.rest = Math.floor(this.rest / n);
    return digit;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }
}
