/**
 * Loops (loop.ts) in WebAssembly: four float32 or two float64 at once, and the
 * rest one by one in the first lane. Every operation is IEEE 754's and rounds
 * by itself, so the results have the bits of the loop in JavaScript; only
 * which NaN a NaN is may differ, as JavaScript leaves that open.
 */

import type { FloatArray } from '../tensor.ts';
import {
  Code,
  hasSimd,
  type Plain,
  type WasmMemory,
  wasm,
} from '../wasm/code.ts';
import { startIn } from '../wasm/memory.ts';
import { compileJs, type Expression } from './expression.ts';
import {
  checkPrecision,
  type Loop,
  type LoopPlan,
  type LoopSpec,
  readLoop,
} from './loop.ts';

/**
 * Binds a loop to a memory. Arrays and words are counted from the starts of
 * the views `floats` and `u32` of it, or of the memory where they are not
 * given. Throws OptionError for a view of other memory or other precision.
 */
export type WasmBind = (
  memory: WasmMemory,
  floats?: FloatArray,
  u32?: Uint32Array,
) => Loop;

const made = new Map<string, WasmBind | null>();

/**
 * Makes (once per spec) the loop in WebAssembly. Null where there is none: a
 * formula has exp, log, tanh, sin, cos, tan or a function of the user's own,
 * or the engine no SIMD. Throws
 * GraphError as readLoop does. Arrays outside the memory end a pass with the
 * RuntimeError of WebAssembly.
 */
export function wasmLoop(spec: LoopSpec, single: boolean): WasmBind | null {
  if (spec.own) {
    readLoop(spec);
    return null;
  }
  const key = JSON.stringify([single, spec]);
  const known = made.get(key);
  if (known !== undefined) return known;
  const bind = compile(readLoop(spec), single);
  made.set(key, bind);
  return bind;
}

/** Parameters that engines allow a function to have. */
const MOST_PARAMETERS = 1000;

function compile(plan: LoopPlan, single: boolean): WasmBind | null {
  const leaves = leavesOf(plan);
  const parameters = 3 + plan.arrays + plan.constants;
  if (!wasm || !leaves || parameters > MOST_PARAMETERS || !hasSimd()) {
    return null;
  }
  const { Module, Instance } = wasm;
  const module = new Module(new LoopCode(plan, leaves, single).module());
  const call = caller(plan, single);
  return (memory, floats, u32) => {
    if (floats) checkPrecision(floats, single);
    const { exports } = new Instance(module, { env: { memory } });
    return call(exports.run, startIn(memory, floats), startIn(memory, u32));
  };
}

/** The loop as callers have it: with indices for addresses, without lists. */
function caller(
  plan: LoopPlan,
  single: boolean,
): (run: unknown, floatsAt: number, wordsAt: number) => Loop {
  const size = single ? 4 : 8;
  const args = ['n', 'wordsAt + 4 * words', 'bit'];
  for (let k = 0; k < plan.arrays; k++) {
    args.push(`floatsAt + ${size} * offsets[${k}]`);
  }
  for (let k = 0; k < plan.constants; k++) args.push(`constants[${k}]`);
  return compileJs(
    ['run', 'floatsAt', 'wordsAt'],
    `return (offsets, constants, n, words, bit) => run(${args.join(', ')});`,
  ) as ReturnType<typeof caller>;
}

/** What the formulas of a loop read. */
interface Leaves {
  readonly numbers: ReadonlySet<number>;
  readonly names: ReadonlySet<string>;
}

const FUNCTIONS = ['where', 'abs', 'sqrt'];

/** Null if there is a function among them that SIMD does not have. */
function leavesOf({ lets, stores, marks }: LoopPlan): Leaves | null {
  // Conditions that are numbers and numbers that are conditions need 0 and 1.
  const numbers = new Set([0, 1]);
  const names = new Set<string>();
  const visit = (e: Expression): boolean => {
    if (e.kind === 'number') numbers.add(e.value);
    if (e.kind === 'name') names.add(e.name);
    if (e.kind === 'negate') return visit(e.operand);
    if (e.kind === 'binary') return visit(e.left) && visit(e.right);
    if (e.kind !== 'call') return true;
    return !e.own && FUNCTIONS.includes(e.name) && e.args.every(visit);
  };
  const all = [...lets, ...stores.map(([, e]) => e), ...(marks ? [marks] : [])];
  return all.every(visit) ? { numbers, names } : null;
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

/** Parameters of the function; those of arrays and constants follow. */
const N = 0;
const WORDS = 1;
const BIT = 2;
const FIRST = 3;

/** Numbers in each lane, or all bits of a lane set where a condition holds. */
type Kind = 'number' | 'condition';

class LoopCode {
  private readonly plan: LoopPlan;
  private readonly leaves: Leaves;
  private readonly single: boolean;
  private readonly shape: 'f32x4' | 'f64x2';
  private readonly code: Code;
  /** Locals of values, by name and by number. */
  private readonly values = new Map<string | number, number>();
  private readonly conditions = new Set<string>();
  private readonly marked: number;

  constructor(plan: LoopPlan, leaves: Leaves, single: boolean) {
    this.plan = plan;
    this.leaves = leaves;
    this.single = single;
    this.shape = single ? 'f32x4' : 'f64x2';
    this.code = new Code([
      ...(['i32', 'i32', 'i32'] as const),
      ...Array.from({ length: plan.arrays }, () => 'i32' as const),
      ...Array.from({ length: plan.constants }, () =>
        single ? ('f32' as const) : ('f64' as const),
      ),
    ]);
    this.marked = this.code.local('i32');
  }

  module(): Uint8Array {
    const { code, plan, single } = this;
    for (const value of this.leaves.numbers) {
      const lanes = single
        ? new Float32Array(4).fill(value)
        : new Float64Array(2).fill(value);
      code.vector(new Uint8Array(lanes.buffer));
      code.set(this.valueOf(value));
    }
    for (let k = 0; k < plan.constants; k++) {
      code.get(FIRST + plan.arrays + k);
      code.op(`${this.shape}.splat`);
      code.set(this.valueOf(`c_${k}`));
    }
    const bits = code.local('v128');
    code.get(BIT);
    code.op('i32x4.splat');
    code.set(bits);
    this.loop(single ? 4 : 2, bits);
    this.loop(1, bits);
    code.get(this.marked);
    return code.module();
  }

  /** The passes over so many elements at once, as long as there are as many. */
  private loop(lanes: number, bits: number): void {
    const { code } = this;
    code.open('block');
    code.get(N);
    code.int(lanes);
    code.op('i32.lt_s');
    code.branchIf(0);
    code.open('loop');
    this.pass(lanes, bits);
    for (let k = 0; k < this.plan.arrays; k++) {
      this.advance(FIRST + k, lanes * (this.single ? 4 : 8));
    }
    this.advance(WORDS, lanes * 4);
    this.advance(N, -lanes);
    code.get(N);
    code.int(lanes);
    code.op('i32.ge_s');
    code.branchIf(0);
    code.op('end', 'end');
  }

  private advance(local: number, by: number): void {
    this.code.get(local);
    this.code.int(by);
    this.code.op('i32.add');
    this.code.set(local);
  }

  private pass(lanes: number, bits: number): void {
    const { code, plan } = this;
    const one = this.single ? '32' : '64';
    for (let k = 0; k < plan.arrays; k++) {
      if (!this.leaves.names.has(`a_${k}`)) continue;
      code.get(FIRST + k);
      code.access(lanes === 1 ? `v128.load${one}_zero` : 'v128.load');
      code.set(this.valueOf(`a_${k}`));
    }
    plan.lets.forEach((e, k) => {
      if (this.value(e) === 'condition') this.conditions.add(`l_${k}`);
      code.set(this.valueOf(`l_${k}`));
    });
    // An array may be stored to and be read under two names.
    plan.stores.forEach(([, e], k) => {
      this.number(e);
      code.set(this.valueOf(`s_${k}`));
    });
    plan.stores.forEach(([array], k) => {
      code.get(FIRST + array, this.valueOf(`s_${k}`));
      code.access(lanes === 1 ? `v128.store${one}_lane` : 'v128.store');
    });
    if (plan.marks) this.mark(plan.marks, lanes, bits);
  }

  private mark(marks: Expression, lanes: number, bits: number): void {
    const { code } = this;
    const where = this.valueOf('where');
    const set = this.valueOf('set', 'i32');
    this.condition(marks);
    code.tee(where);
    code.op(this.single ? 'i32x4.bitmask' : 'i64x2.bitmask');
    if (lanes === 1) {
      code.int(1);
      code.op('i32.and');
    }
    code.tee(set);
    code.open('if');
    code.get(WORDS, WORDS);
    const [load, store] = (
      {
        1: ['v128.load32_zero', 'v128.store32_lane'],
        2: ['v128.load64_zero', 'v128.store64_lane'],
        4: ['v128.load', 'v128.store'],
      } as const
    )[lanes as 1 | 2 | 4];
    code.access(load);
    if (lanes === 2) code.lowWords(where);
    else code.get(where);
    code.get(bits);
    code.op('v128.and', 'v128.or');
    code.access(store);
    code.get(this.marked, set);
    code.op('i32.popcnt', 'i32.add');
    code.set(this.marked);
    code.op('end');
  }

  private valueOf(name: string | number, type: 'v128' | 'i32' = 'v128') {
    const local = this.values.get(name) ?? this.code.local(type);
    this.values.set(name, local);
    return local;
  }

  private op(name: string): void {
    this.code.op(`${this.shape}.${name}` as Plain);
  }

  /** Puts a number on the stack; conditions are 1 where they hold, else 0. */
  private number(e: Expression): void {
    if (this.value(e) === 'number') return;
    this.code.get(this.valueOf(1));
    this.code.op('v128.and');
  }

  /** Puts a condition on the stack; numbers hold if neither 0 nor NaN. */
  private condition(e: Expression): void {
    if (this.value(e) === 'condition') return;
    this.op('abs');
    this.code.get(this.valueOf(0));
    this.op('gt');
  }

  private value(e: Expression): Kind {
    switch (e.kind) {
      case 'number':
        this.code.get(this.valueOf(e.value));
        return 'number';
      case 'name':
        this.code.get(this.valueOf(e.name));
        return this.conditions.has(e.name) ? 'condition' : 'number';
      case 'negate':
        this.number(e.operand);
        this.op('neg');
        return 'number';
      case 'binary': {
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
      case 'call': {
        if (e.name === 'where') {
          const [test, yes, no] = e.args;
          this.number(yes);
          this.number(no);
          this.condition(test);
          this.code.op('v128.bitselect');
          return 'number';
        }
        this.number(e.args[0]);
        this.op(e.name);
        return 'number';
      }
    }
  }
}
