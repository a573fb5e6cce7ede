/**
 * Formulas evaluated as trees, in float64 or rounded to float32 after every
 * operation.
 */

import type { Expression } from '../../src/formula/expression.ts';
import { elementary32 } from '../../src/formula/js.ts';

/** Values of names. */
export type Numbers = Map<string, number>;

const f32 = elementary32();
const r = Math.fround;

/** Box and Muller. */
export const NORMAL = {
  f64: (a: number, b: number) =>
    Math.sqrt(-2 * Math.log(1 - a)) * Math.cos(2 * Math.PI * b),
  f32: (a: number, b: number) =>
    r(f32.sqrt(r(-2 * f32.log(r(1 - a)))) * f32.cos(r(r(2 * Math.PI) * r(b)))),
};

const DOUBLE: Readonly<Record<string, (x: number) => number>> = {
  exp: Math.exp,
  log: Math.log,
  tanh: Math.tanh,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  sqrt: Math.sqrt,
  abs: Math.abs,
};
const SINGLE: Readonly<Record<string, (x: number) => number>> = {
  ...f32,
  abs: Math.abs,
};

/** Value of a formula; comparisons give 1 or 0. */
export function value(e: Expression, known: Numbers, single: boolean): number {
  const of = (part: Expression) => value(part, known, single);
  const round = single ? r : (x: number) => x;
  switch (e.kind) {
    case 'number':
      return round(e.value);
    case 'name': {
      const found = known.get(e.name);
      if (found === undefined) throw new Error(`No ${e.name}`);
      return found;
    }
    case 'negate':
      return -of(e.operand);
    case 'binary': {
      const [a, b] = [of(e.left), of(e.right)];
      switch (e.operator) {
        case '+':
          return round(a + b);
        case '-':
          return round(a - b);
        case '*':
          return round(a * b);
        case '/':
          return round(a / b);
        case '<':
          return Number(a < b);
        case '<=':
          return Number(a <= b);
        case '>':
          return Number(a > b);
        case '>=':
          return Number(a >= b);
        case '==':
          return Number(a === b);
        default:
          return Number(a !== b);
      }
    }
    case 'call': {
      if (e.name === 'where') return of(e.args[of(e.args[0]) ? 1 : 2]);
      return (single ? SINGLE : DOUBLE)[e.name](of(e.args[0]));
    }
  }
}
