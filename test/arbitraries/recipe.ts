/** What random graphs are made of before they are graphs. */

import type { Reduction } from '../../src/graph.ts';
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
  /** Greatest absolute value of any vertex. */
  readonly limit: number;
}
