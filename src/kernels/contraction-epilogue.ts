/**
 * What an elementwise computation does to the sums of a contraction before they
 * are stored: an activation after a product, its derivative or the error's step
 * after a message.
 */

import type { Expression } from '../formula/expression.ts';
import type { Mode } from './contraction-gpu.ts';
import { othersOf } from './fused.ts';
import { elementFunction, type Parts } from './map-gpu.ts';

export interface Epilogue {
  readonly parts: Parts;
  /** The operand that the sums are. */
  readonly slot: number;
}

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

/** What contraction.wgsl is given for it. */
export function epilogueText({ parts, slot }: Epilogue, mode: Mode) {
  const { operands, constants, outputs } = parts;
  const [{ name: made }] = outputs;
  const inPlace = (name: string) => name === made;
  const others = othersOf(operands, slot);
  const read = others.filter(({ name }) => !inPlace(name));
  const first = mode === 'plain' ? 3 : 4;
  const values = operands.map(({ name }, i) => {
    if (i === slot) return 'value';
    return inPlace(name) ? 'out[at]' : `in_${name}[at]`;
  });
  const names = operands.map(({ name }) => name);
  return {
    fields: [...constants.map((name) => `e_${name}: f32`), 'zero: u32'],
    // One line: the word that it replaces stands in a comment too.
    bindings: [
      ...(mode === 'add'
        ? ['@group(0) @binding(3) var<storage, read> base: array<f32>;']
        : []),
      ...read.map(
        ({ name }, k) =>
          `@group(0) @binding(${first + k}) var<storage, read> in_${name}: array<f32>;`,
      ),
      ...elementFunction(parts, names, 'e_'),
      'fn after(at: u32, value: f32) -> f32 {',
      `return element(${values.join(', ')}).${made};`,
      '}',
    ].join(' '),
    out: first + read.length,
  };
}
