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
import * as f32 from './f32.ts';

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

/** Functions of the language: name in WGSL, in float64 and in float32. */
const FUNCTIONS: Record<
  string,
  { arity: number; wgsl: string; js: string; js32: string }
> = {
  exp: { arity: 1, wgsl: 'exp_', js: 'Math.exp', js32: 'f32.exp' },
  log: { arity: 1, wgsl: 'log_', js: 'Math.log', js32: 'f32.log' },
  tanh: { arity: 1, wgsl: 'tanh_', js: 'Math.tanh', js32: 'f32.tanh' },
  sin: { arity: 1, wgsl: 'sin_', js: 'Math.sin', js32: 'f32.sin' },
  cos: { arity: 1, wgsl: 'cos_', js: 'Math.cos', js32: 'f32.cos' },
  tan: { arity: 1, wgsl: 'tan_', js: 'Math.tan', js32: 'f32.tan' },
  sqrt: { arity: 1, wgsl: 'sqrt', js: 'Math.sqrt', js32: 'f32.sqrt' },
  abs: { arity: 1, wgsl: 'abs', js: 'Math.abs', js32: 'Math.abs' },
  where: { arity: 3, wgsl: '', js: '', js32: '' },
};

const COMPARISONS = ['<=', '>=', '==', '!=', '<', '>'];
const TOKEN =
  /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(<=|>=|==|!=|[-+*/()<>,]))/y;

/**
 * Parses a formula, which may call functions of the user's own too. Throws
 * GraphError at the first character not understood.
 */
export function parseExpression(
  text: string,
  own: OwnFunctions = {},
): Expression {
  const tokens = tokenize(text);
  let at = 0;
  const peek = () => tokens[at];
  const take = () => tokens[at++];
  const fail = (): never => {
    throw new GraphError(
      `Formula "${text}" cannot be read at "${tokens.slice(at).join(' ')}": ` +
        'use numbers, names, + - * /, comparisons and ' +
        [...Object.keys(FUNCTIONS), ...Object.keys(own)].join(', '),
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
    while (operators.includes(peek())) {
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
      if (own[token].parameters.length !== args.length) return fail();
      return { kind: 'call', name: token, args, own: true };
    }
    if (!Object.hasOwn(FUNCTIONS, token)) return fail();
    if (FUNCTIONS[token].arity !== args.length) return fail();
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
    tokens.push(match[1] ?? match[2] ?? match[3]);
  }
  return tokens;
}

/**
 * WGSL text; numbers carry the f suffix so that constants fold in float32.
 * Results of inner operations are pinned (math.wgsl): every operation rounds
 * by itself on every driver, as in the float32 form for the CPU.
 */
export function toWgsl(e: Expression): string {
  switch (e.kind) {
    case 'number': {
      const text = String(Math.fround(e.value));
      return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
    }
    case 'name':
      return e.name;
    case 'negate':
      return `(-${pinned(e.operand)})`;
    case 'binary':
      // Drivers turn a division by a known number into a product.
      return e.operator === '/' && e.right.kind === 'number'
        ? `(${pinned(e.left)} / pin(${toWgsl(e.right)}))`
        : `(${pinned(e.left)} ${e.operator} ${pinned(e.right)})`;
    case 'call': {
      const args = e.args.map(pinned);
      if (e.own) return `own_${e.name}(${args.join(', ')})`;
      return e.name === 'where'
        ? `select(${args[2]}, ${args[1]}, ${args[0]})`
        : `${FUNCTIONS[e.name].wgsl}(${args.join(', ')})`;
    }
  }
}

/** An operand of another operation. */
function pinned(e: Expression): string {
  const rounds =
    (e.kind === 'binary' && !COMPARISONS.includes(e.operator)) ||
    (e.kind === 'call' && e.name !== 'where');
  return rounds ? `pin(${toWgsl(e)})` : toWgsl(e);
}

/** JavaScript text; `single` rounds to float32 after every operation. */
export function toJs(e: Expression, single: boolean): string {
  switch (e.kind) {
    case 'number':
      return String(single ? Math.fround(e.value) : e.value);
    case 'name':
      return e.name;
    case 'negate':
      return `(-${toJs(e.operand, single)})`;
    case 'binary': {
      const text = `(${toJs(e.left, single)} ${e.operator} ${toJs(e.right, single)})`;
      const rounds = single && !COMPARISONS.includes(e.operator);
      return rounds ? `Math.fround${text}` : text;
    }
    case 'call': {
      const args = e.args.map((arg) => toJs(arg, single));
      if (e.own) {
        const own = `own.${e.name}`;
        const list = args.join(', ');
        return single
          ? `Math.fround((${own}.js32 ?? ${own}.js)(${list}))`
          : `${own}.js(${list})`;
      }
      if (e.name === 'where') return `(${args[0]} ? ${args[1]} : ${args[2]})`;
      const { js, js32 } = FUNCTIONS[e.name];
      return `${single ? js32 : js}(${args.join(', ')})`;
    }
  }
}

/** WGSL of the user's own functions. */
export function ownWgsl(own: OwnFunctions): string {
  return Object.entries(own)
    .map(([name, { parameters, wgsl }]) => {
      const list = parameters.map((parameter) => `${parameter}: f32`);
      return `fn own_${name}(${list.join(', ')}) -> f32 {\n${wgsl}\n}\n`;
    })
    .join('');
}

/**
 * Compiles JavaScript text to a function; `f32` and `own` are in its scope.
 * Formulas are parsed before they come here, so no text of a user is ever
 * executed.
 */
export function compileJs(
  parameters: string[],
  body: string,
  own: OwnFunctions = {},
): CallableFunction {
  const text = `return (${parameters.join(', ')}) => {${body}}`;
  return new Function('f32', 'own', text)(f32, own);
}

/** Names that a formula uses, in the order in which they come. */
export function namesIn(e: Expression): string[] {
  switch (e.kind) {
    case 'number':
      return [];
    case 'name':
      return [e.name];
    case 'negate':
      return namesIn(e.operand);
    case 'binary':
      return [...new Set([...namesIn(e.left), ...namesIn(e.right)])];
    case 'call':
      return [...new Set(e.args.flatMap(namesIn))];
  }
}

/** How many operations of a formula stand one in another. */
export function depthOf(e: Expression): number {
  switch (e.kind) {
    case 'number':
    case 'name':
      return 0;
    case 'negate':
      return 1 + depthOf(e.operand);
    case 'binary':
      return 1 + Math.max(depthOf(e.left), depthOf(e.right));
    case 'call':
      return 1 + Math.max(0, ...e.args.map(depthOf));
  }
}
