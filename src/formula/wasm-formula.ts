/**
 * Formulas (expression.ts) as instructions on vectors of WebAssembly: four
 * float32 or two float64 at once, each operation rounded by itself. What comes
 * more than once is computed once, which changes no bit.
 */

import { BITS, type Bits } from './bits.ts';
import { ELEMENTARY, type ElementaryName, NORMAL } from './elementary.ts';
import { type Expression, namesIn, partsOf } from './expression.ts';
import { type Routine, readRoutine, unrolled } from './routine.ts';
import type { Code, Plain } from './wasm/code.ts';

/** Numbers in each lane, or all bits of a lane set where a condition holds. */
type Kind = 'number' | 'condition';

const PLAIN = ['where', 'abs', 'sqrt'];

/** Whether all functions of a formula are there. */
export function hasVectors(e: Expression, single: boolean): boolean {
  const known =
    e.kind !== 'call' ||
    (!e.own &&
      (PLAIN.includes(e.name) ||
        (single && Object.hasOwn(ELEMENTARY, e.name))));
  return known && partsOf(e).every((part) => hasVectors(part, single));
}

const ARITHMETIC = { '+': 'add', '-': 'sub', '*': 'mul', '/': 'div' } as const;
const COMPARISONS = {
  '==': 'eq',
  '!=': 'ne',
  '<': 'lt',
  '>': 'gt',
  '<=': 'le',
  '>=': 'ge',
} as const;

/**
 * Writes formulas into a function. Names stand for vectors in locals, each
 * assigned once in a pass over elements.
 */
export class Formulas {
  private readonly code: Code;
  private readonly single: boolean;
  private readonly shape: 'f32x4' | 'f64x2';
  private readonly locals = new Map<string, number>();
  private readonly conditions = new Set<string>();
  /** Text of each part of the formulas. */
  private readonly texts = new WeakMap<Expression, string>();
  /** Parts that come more than once, by their text. */
  private readonly repeated = new Set<string>();
  /** Of those that have been computed already: what they are. */
  private readonly computed = new Map<string, Kind>();
  /** Of those whose values stay from pass to pass. */
  private readonly lasting = new Map<string, Kind>();
  /** Names whose values stay from pass to pass. */
  private readonly fixed = new Set<string>();

  constructor(code: Code, single: boolean, all: readonly Expression[]) {
    this.code = code;
    this.single = single;
    this.shape = single ? 'f32x4' : 'f64x2';
    const seen = new Set<string>();
    const visit = (e: Expression) => {
      const text = JSON.stringify(e);
      this.texts.set(e, text);
      if (seen.has(text)) this.repeated.add(text);
      seen.add(text);
      for (const part of partsOf(e)) visit(part);
    };
    for (const e of all) visit(e);
  }

  /** The local of a name's vector. */
  local(name: string): number {
    const local = this.locals.get(name) ?? this.code.local('v128');
    this.locals.set(name, local);
    return local;
  }

  /** Names that are set before the loop that follows. */
  fix(names: Iterable<string>): void {
    for (const name of names) this.fixed.add(name);
  }

  /** Computes what depends on fixed names alone; it stays. */
  hoist(formulas: readonly Expression[]): void {
    this.pass();
    const visit = (e: Expression) => {
      const text = this.text(e);
      if (partsOf(e).length === 0 || this.lasting.has(text)) return;
      if (!namesIn(e).every((name) => this.fixed.has(name))) {
        for (const part of partsOf(e)) visit(part);
        return;
      }
      this.repeated.add(text);
      this.lasting.set(text, this.value(e));
      this.code.set(this.local(text));
    };
    for (const e of formulas) visit(e);
    this.pass();
  }

  /** What follows is another pass: nothing of the last is there. */
  pass(): void {
    this.computed.clear();
    for (const [text, kind] of this.lasting) this.computed.set(text, kind);
  }

  /** Computes a formula and gives its value a name. */
  let(name: string, e: Expression): void {
    if (this.value(e) === 'condition') this.conditions.add(name);
    this.code.set(this.local(name));
  }

  /** Puts a number on the stack; conditions are 1 where they hold, else 0. */
  number(e: Expression): void {
    if (this.value(e) === 'number') return;
    this.literal(1);
    this.code.op('v128.and');
  }

  /** Puts a condition on the stack; numbers hold if neither 0 nor NaN. */
  condition(e: Expression): void {
    if (this.value(e) === 'condition') return;
    this.op('abs');
    this.literal(0);
    this.op('gt');
  }

  private text(e: Expression): string {
    return this.texts.get(e) ?? JSON.stringify(e);
  }

  private op(name: string): void {
    this.code.op(`${this.shape}.${name}` as Plain);
  }

  private literal(value: number): void {
    this.code.constant(
      this.single
        ? new Float32Array(4).fill(value)
        : new Float64Array(2).fill(value),
    );
  }

  private value(e: Expression): Kind {
    if (e.kind === 'number') {
      this.literal(e.value);
      return 'number';
    }
    if (e.kind === 'name') {
      this.code.get(this.local(e.name));
      return this.conditions.has(e.name) ? 'condition' : 'number';
    }
    const text = this.text(e);
    const known = this.computed.get(text);
    if (known) {
      this.code.get(this.local(text));
      return known;
    }
    const kind = this.compute(e);
    if (this.repeated.has(text)) {
      this.code.tee(this.local(text));
      this.computed.set(text, kind);
    }
    return kind;
  }

  private compute(e: Expression): Kind {
    if (e.kind === 'negate') {
      this.number(e.operand);
      this.op('neg');
      return 'number';
    }
    if (e.kind === 'binary') {
      this.number(e.left);
      this.number(e.right);
      const { operator } = e;
      if (operator in ARITHMETIC) {
        this.op(ARITHMETIC[operator as keyof typeof ARITHMETIC]);
        return 'number';
      }
      this.op(COMPARISONS[operator as keyof typeof COMPARISONS]);
      return 'condition';
    }
    if (e.kind !== 'call') return this.value(e);
    if (e.name === 'where') {
      const [test, yes, no] = e.args;
      this.number(yes!);
      this.number(no!);
      this.condition(test!);
      this.code.op('v128.bitselect');
      return 'number';
    }
    if (e.name === 'or' || e.name === 'and') {
      for (const arg of e.args) this.condition(arg);
      this.code.op(`v128.${e.name}`);
      return 'condition';
    }
    for (const arg of e.args) this.number(arg);
    if (Object.hasOwn(ELEMENTARY, e.name)) {
      applyFunction(this.code, e.name as ElementaryName);
      return 'number';
    }
    if (!Object.hasOwn(BITS, e.name)) {
      this.op(e.name);
      return 'number';
    }
    const form: Bits = BITS[e.name as keyof typeof BITS];
    form.wasm?.(this.code);
    return form.condition ? 'condition' : 'number';
  }
}

/** Takes the vector of four float32 on the stack and puts a function of it there. */
export function applyFunction(code: Code, name: ElementaryName): void {
  applyRoutine(code, readRoutine(ELEMENTARY[name]));
}

/** Standard normal numbers of the uniform ones in two vectors on the stack. */
export function applyNormal(code: Code): void {
  applyRoutine(code, readRoutine(NORMAL));
}

/** All of it is computed, and the first end whose condition holds is taken. */
function applyRoutine(code: Code, routine: Routine): void {
  const { parameters, steps, result } = unrolled(routine);
  const ends = steps.filter((step) => 'when' in step);
  const formulas = new Formulas(code, true, [
    ...steps.map(({ value }) => value),
    ...ends.map(({ when }) => when),
    result,
  ]);
  for (const name of [...parameters].reverse()) {
    code.set(formulas.local(name));
  }
  for (const step of steps) {
    if ('name' in step) formulas.let(step.name, step.value);
  }
  for (const { value } of ends) formulas.number(value);
  formulas.number(result);
  for (const { when } of ends.reverse()) {
    formulas.condition(when);
    code.op('v128.bitselect');
  }
}
