/**
 * Formulas (expression.ts) as JavaScript: as text, which is compiled, or where
 * an engine refuses that (a Content Security Policy without unsafe-eval), as
 * closures, which are slower and have the same bits.
 */

import { BITS } from './bits.ts';
import { ELEMENTARY, type ElementaryName, NORMAL } from './elementary.ts';
import {
  COMPARISONS,
  type Expression,
  type OwnFunctions,
} from './expression.ts';
import {
  ELEMENTARY_NAMES,
  type Routine,
  readRoutine,
  unrolled,
} from './routine.ts';

const round = Math.fround;

/** JavaScript text; `single` rounds to float32 after every operation. */
export function toJs(e: Expression, single: boolean): string {
  switch (e.kind) {
    case 'number':
      return String(single ? round(e.value) : e.value);
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
      const list = args.join(', ');
      if (e.own) {
        const own = `own.${e.name}`;
        return single
          ? `Math.fround((${own}.js32 ?? ${own}.js)(${list}))`
          : `${own}.js(${list})`;
      }
      if (e.name === 'where') return `(${args[0]} ? ${args[1]} : ${args[2]})`;
      if (Object.hasOwn(BITS, e.name)) return `bits.${e.name}(${list})`;
      if (!single || e.name === 'abs') return `Math.${e.name}(${list})`;
      return e.name === 'sqrt'
        ? `Math.fround(Math.sqrt(${list}))`
        : `f32.${e.name}(${list})`;
    }
  }
}

let compiles: boolean | undefined;

/** Whether the engine makes functions of text. */
export function canCompile(): boolean {
  if (compiles === undefined) {
    try {
      compiles = typeof new Function('') === 'function';
    } catch {
      compiles = false;
    }
  }
  return compiles;
}

/**
 * Compiles JavaScript text to a function; `f32` and `own` are in its scope.
 * Formulas are parsed before they come here, so no text of a user is ever
 * executed.
 */
export function compileJs(
  parameters: readonly string[],
  body: string,
  own: OwnFunctions = {},
): CallableFunction {
  const text = `return (${parameters.join(', ')}) => {${body}}`;
  // What makes the elementary functions themselves needs none of them.
  const f32 = body.includes('f32.') ? elementary32() : {};
  return new Function('f32', 'own', 'bits', text)(f32, own, bits);
}

const bits = Object.fromEntries(
  Object.entries(BITS).map(([name, form]) => [name, 'js' in form && form.js]),
) as Readonly<Record<string, (...args: number[]) => number>>;

/** Values of names, each at an index of its own. */
export type Values = number[];

const BINARY: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '<': (a, b) => Number(a < b),
  '<=': (a, b) => Number(a <= b),
  '>': (a, b) => Number(a > b),
  '>=': (a, b) => Number(a >= b),
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
};

/** A formula as a closure over the values of its names; a condition is 1 or 0. */
export function toClosure(
  e: Expression,
  single: boolean,
  indexOf: (name: string) => number,
  own: OwnFunctions = {},
): (values: Values) => number {
  const part = (inner: Expression) => toClosure(inner, single, indexOf, own);
  const rounded = single ? round : (x: number) => x;
  switch (e.kind) {
    case 'number': {
      const value = rounded(e.value);
      return () => value;
    }
    case 'name': {
      const index = indexOf(e.name);
      return (values) => values[index]!;
    }
    case 'negate': {
      const operand = part(e.operand);
      return (values) => -operand(values);
    }
    case 'binary': {
      const [left, right] = [part(e.left), part(e.right)];
      const result = BINARY[e.operator]!;
      return (values) => rounded(result(left(values), right(values)));
    }
    case 'call': {
      const args = e.args.map(part);
      const [a, b, c] = args;
      if (e.name === 'where') return (v) => (a!(v) ? b!(v) : c!(v));
      const f = functionOf(e, single, own);
      if (args.length === 1) return (v) => rounded(f(a!(v)));
      return (v) => rounded(f(...args.map((arg) => arg(v))));
    }
  }
}

function functionOf(
  { name, own: isOwn }: { readonly name: string; readonly own?: boolean },
  single: boolean,
  own: OwnFunctions,
): (...args: number[]) => number {
  if (isOwn) return (single && own[name]!.js32) || own[name]!.js;
  if (Object.hasOwn(BITS, name)) return bits[name]!;
  const known = single && !(name in BUILT_IN) ? elementary32() : Math;
  return (known as Readonly<Record<string, (x: number) => number>>)[name]!;
}

function compiledRoutine({ parameters, steps, result }: Routine) {
  const lines = steps.map((step) => {
    const value = toJs(step.value, true);
    return 'name' in step
      ? `const ${step.name} = ${value};`
      : `if (${toJs(step.when, true)}) return ${value};`;
  });
  const body = [...lines, `return ${toJs(result, true)};`].join('\n');
  return compileJs(parameters, body);
}

function closedRoutine({ parameters, steps, result }: Routine) {
  const names = [...parameters];
  const closure = (e: Expression) =>
    toClosure(e, true, (name) => names.lastIndexOf(name));
  const run = steps.map((step) => {
    const value = closure(step.value);
    if ('when' in step) return { when: closure(step.when), value };
    names.push(step.name);
    return { value };
  });
  const last = closure(result);
  return (...values: Values) => {
    for (const { when, value } of run) {
      if (!when) values.push(value(values));
      else if (when(values)) return value(values);
    }
    return last(values);
  };
}

const functionFrom = (routine: Routine) =>
  (canCompile() ? compiledRoutine : closedRoutine)(unrolled(routine));

/** Elementary functions of float32 numbers, which give float32 numbers. */
export type Elementary32 = Readonly<
  Record<ElementaryName | 'sqrt' | 'abs', (x: number) => number>
>;

const BUILT_IN = {
  sqrt: (x: number) => round(Math.sqrt(x)),
  abs: Math.abs,
};

let made: Elementary32 | undefined;

/** The elementary functions in float32, made when they are first needed. */
export function elementary32(): Elementary32 {
  made ??= {
    ...(Object.fromEntries(
      ELEMENTARY_NAMES.map((name) => [
        name,
        functionFrom(readRoutine(ELEMENTARY[name])),
      ]),
    ) as unknown as Elementary32),
    ...BUILT_IN,
  };
  return made;
}

let normal: ((u: number, v: number) => number) | undefined;

/** A standard normal float32 of two uniform numbers (elementary.ts). */
export function normal32(): (u: number, v: number) => number {
  normal ??= functionFrom(readRoutine(NORMAL)) as unknown as typeof normal;
  return normal as NonNullable<typeof normal>;
}
