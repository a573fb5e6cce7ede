/** An elementwise computation, parsed: what its forms are made of. */

import type { Expression } from '../formula/expression.ts';
import type { Form } from '../formula/loop.ts';

/** The parameters of a place. */
export const placeOf = (name: string) => ({
  step: `step_${name}`,
  count: `count_${name}`,
  low: `low_${name}`,
});

export interface Output {
  readonly name: string;
  readonly formula: Expression;
  readonly inPlace: number | null;
}

/** An elementwise computation, parsed. */
export interface Parts {
  readonly constants: readonly string[];
  readonly outputs: readonly Output[];
  /** Numbers in between, which are not stored; computed before the outputs. */
  readonly hidden?: readonly Output[];
  /** Operands, each with the index that element i reads. */
  readonly operands: readonly { readonly name: string; readonly at: string }[];
  /** Names whose place `at_NAME` is computed of i. */
  readonly placed: readonly string[];
  /** How each of them is computed. */
  readonly ways: readonly Form[];
  /** Those of them whose place is itself the value. */
  readonly coordinates: readonly string[];
}
