/**
 * One scalar formula, three executions. An elementwise function is written
 * once, as text; from it come the float64 reference, its float32 twin that
 * rounds after every operation as the GPU does, and the WGSL. So the CPU and
 * the GPU cannot drift apart.
 *
 * Grammar: numbers, names, + - * / and unary -, comparisons (< <= > >= == !=),
 * parentheses and the functions of FUNCTIONS. `where(c, a, b)` is a if c.
 */

import { GraphError } from '../base/errors.ts';
import { BITS } from './bits.ts';
import { ELEMENTARY } from './elementary.ts';

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'negate'; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly args: readonly Expression[];
      /** Whether it is a function of the user's own. */
      readonly own?: boolean;
    };

/**
 * A function that formulas of a user may call, as a pair of TypeScript and
 * WGSL. The two must mean the same; bits agree where each operation is a
 * basic one in both.
 */
export interface OwnFunction {
  /** Names of the arguments in the WGSL, each an f32. */
  readonly parameters: readonly string[];
  /** The function in float64. */
  readonly js: (...args: number[]) => number;
  /**
   * The same in float32, rounded by Math.fround after every operation; without
   * it the result of `js` alone is rounded, which may differ in the last bit.
   */
  readonly js32?: (...args: number[]) => number;
  /** The body of a function that gives an f32, as 'return x / (1.0 + abs(x));'. */
  readonly wgsl: string;
}

export type OwnFunctions = Readonly<Record<string, OwnFunction>>;

/** Functions of the language, with their number of arguments. */
const FUNCTIONS: Readonly<Record<string, number>> = {
  ...Object.fromEntries(Object.keys(ELEMENTARY).map((name) => [name, 1])),
  sqrt: 1,
  abs: 1,
  where: 3,
};

/** Those that the elementary functions are made of; 0: of any number. */
export const INNER: Readonly<Record<string, number>> = {
  ...FUNCTIONS,
  ...Object.fromEntries(
    Object.entries(BITS).map(([name, { arity }]) => [name, arity]),
  ),
};

export const COMPARISONS = ['<=', '>=', '==', '!=', '<', '>'];
const TOKEN =
  /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(<=|>=|==|!=|[-+*/()<>,]))/y;

/**
 * Parses a formula, which may call functions of the user's own too. Throws
 * GraphError at the first character not understood.
 */
export function parseExpression(
  text: string,
  own: OwnFunctions = {},
  functions = FUNCTIONS,
): Expression {
  const tokens = tokenize(text);
  let at = 0;
  const peek = () => tokens[at];
  const take = () => tokens[at++]!;
  const fail = (): never => {
    throw new GraphError(
      `Formula "${text}" cannot be read at "${tokens.slice(at).join(' ')}": ` +
        'use numbers, names, + - * /, comparisons and ' +
        [...Object.keys(functions), ...Object.keys(own)].join(', '),
      { text },
    );
  };
  const expect = (token: string) => {
    if (take() !== token) {
      at -= 1;
      fail();
    }
  };

  function chain(operators: string[], next: () => Expression): Expression {
    let left = next();
    while (operators.includes(peek()!)) {
      const operator = take();
      left = { kind: 'binary', operator, left, right: next() };
    }
    return left;
  }
  const comparison = (): Expression => chain(COMPARISONS, sum);
  const sum = (): Expression => chain(['+', '-'], product);
  const product = (): Expression => chain(['*', '/'], unary);
  const unary = (): Expression => {
    if (peek() !== '-') return primary();
    take();
    return { kind: 'negate', operand: unary() };
  };
  const primary = (): Expression => {
    const token = take();
    if (token === undefined) return fail();
    if (token === '(') {
      const inner = comparison();
      expect(')');
      return inner;
    }
    if (/^\d/.test(token)) return { kind: 'number', value: Number(token) };
    if (!/^[A-Za-z_]/.test(token)) {
      at -= 1;
      return fail();
    }
    if (peek() !== '(') return { kind: 'name', name: token };
    take();
    const args = [comparison()];
    while (peek() === ',') {
      take();
      args.push(comparison());
    }
    expect(')');
    if (Object.hasOwn(own, token)) {
      if (own[token]!.parameters.length !== args.length) return fail();
      return { kind: 'call', name: token, args, own: true };
    }
    if (!Object.hasOwn(functions, token)) return fail();
    const arity = functions[token]!;
    if (arity > 0 && arity !== args.length) return fail();
    return { kind: 'call', name: token, args };
  };

  const result = comparison();
  if (at < tokens.length) fail();
  return result;
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) {
      throw new GraphError(
        `Formula "${text}" has an unknown character at "${text.slice(start)}": ` +
          'powers are products (v * v), conditions where(a > b, x, y)',
        { text },
      );
    }
    tokens.push(match[1] ?? match[2] ?? match[3]!);
  }
  return tokens;
}

/** The same with other parts, `e` itself where it has none. */
export function rewritten(
  e: Expression,
  part: (inner: Expression) => Expression,
): Expression {
  switch (e.kind) {
    case 'negate':
      return { ...e, operand: part(e.operand) };
    case 'binary':
      return { ...e, left: part(e.left), right: part(e.right) };
    case 'call':
      return { ...e, args: e.args.map(part) };
    default:
      return e;
  }
}

/** What a formula is made of. */
export function partsOf(e: Expression): readonly Expression[] {
  switch (e.kind) {
    case 'negate':
      return [e.operand];
    case 'binary':
      return [e.left, e.right];
    case 'call':
      return e.args;
    default:
      return [];
  }
}

/** Names that a formula uses, in the order in which they come. */
export function namesIn(e: Expression): string[] {
  return e.kind === 'name'
    ? [e.name]
    : [...new Set(partsOf(e).flatMap(namesIn))];
}

/** How many operations of a formula stand one in another. */
export function depthOf(e: Expression): number {
  const parts = partsOf(e);
  return parts.length === 0 ? 0 : 1 + Math.max(...parts.map(depthOf));
}

/** The same with other names. */
export function renamed(
  e: Expression,
  to: (name: string) => string,
): Expression {
  return e.kind === 'name'
    ? { ...e, name: to(e.name) }
    : rewritten(e, (part) => renamed(part, to));
}
