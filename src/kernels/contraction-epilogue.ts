/**
 * What an elementwise computation does to the sums of a contraction before they
 * are stored: an activation after a product, its derivative or the error's step
 * after a message.
 */

import type { Expression } from '../formula/expression.ts';
import { othersOf } from './fused.ts';
import { elementFunction } from './map-gpu.ts';
import type { Parts } from './parts.ts';

/** What is done with the sum over k. */
export type Mode = 'plain' | 'bias' | 'add';

export interface Epilogue {
  readonly parts: Parts;
  /** The operand that the sums are. */
  readonly slot: number;
}

/** Before the names of its constants. */
export const EPILOGUE = 'e_';

/** Operations of a formula after which its text, once for each sum, is too long. */
const MOST_OPERATIONS = 12;

/** Whether a formula is short enough to stand in a kernel for each of its sums. */
export function isShort({ outputs, hidden = [] }: Parts): boolean {
  const all = [...hidden, ...outputs].map(({ formula }) => operations(formula));
  return all.reduce((a, b) => a + b, 0) <= MOST_OPERATIONS;
}

function operations(e: Expression): number {
  switch (e.kind) {
    case 'number':
    case 'name':
      return 0;
    case 'negate':
      return 1 + operations(e.operand);
    case 'binary':
      return 1 + operations(e.left) + operations(e.right);
    case 'call': {
      const own = ['where', 'abs'].includes(e.name) ? 1 : MOST_OPERATIONS + 1;
      return e.args.reduce((sum, arg) => sum + operations(arg), own);
    }
  }
}

/** The arrays that it reads beside the contraction's, and its function `after`. */
export function epilogueText({ parts, slot }: Epilogue) {
  const { operands, outputs } = parts;
  const { name: made } = outputs[0]!;
  const values = operands.map(({ name }, i) => {
    if (i === slot) return 'value';
    return name === made ? 'out[at]' : `in_${name}[at]`;
  });
  const names = operands.map(({ name }) => name);
  return {
    reads: othersOf(names, slot)
      .filter((name) => name !== made)
      .map((name) => `in_${name}`),
    text: [
      ...elementFunction(parts, names, EPILOGUE),
      'fn after(at: u32, value: f32) -> f32 {',
      `return element(${values.join(', ')}).${made};`,
      '}',
    ].join('\n'),
  };
}
