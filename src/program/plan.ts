/** What a program laid out in memory is, for the backends that run it. */

import type { Kernel, Params } from '../kernels/kernel.ts';

/** A part of a place, in elements. */
export interface Span {
  readonly place: number;
  readonly offset: number;
  readonly length: number;
}

/** A call on places instead of values. */
export interface PlacedCall {
  readonly kernel: Kernel;
  readonly inputs: readonly Span[];
  readonly outputs: readonly Span[];
  readonly params: Params;
  readonly tick: number;
}

export interface Plan {
  readonly calls: readonly PlacedCall[];
  /** Elements of each place. */
  readonly sizes: readonly number[];
  readonly feeds: ReadonlyMap<string, Span>;
  /** Where residents are, by name. */
  readonly residents: ReadonlyMap<string, Span>;
  /** Places whose memory is given from outside. */
  readonly given: ReadonlyMap<number, object>;
  readonly outputs: ReadonlyMap<string, Span>;
  /** Spans that are filled with one number, once. */
  readonly constants: readonly { span: Span; fill: number }[];
}

export interface PlanOptions {
  /** Where residents are: a pool of memory and an offset in elements. */
  readonly homes?: ReadonlyMap<string, Home>;
  /** Make one call of calls that are alike. */
  readonly batches?: boolean;
  /**
   * Make one call of a call and the elementwise one that alone reads it, where
   * there are at least so many of a kind; 0 or nothing: never.
   */
  readonly fuses?: number;
  /** To be run tick by tick: nothing may be put off to a later one. */
  readonly stepwise?: boolean;
}

export interface Home {
  readonly pool: object;
  readonly offset: number;
}
