/**
 * Loops (loop.ts) in WebAssembly: four float32 or two float64 at once, and the
 * rest one by one in the first lane. Every operation is IEEE 754's and rounds
 * by itself, so the results have the bits of the loop in JavaScript; only
 * which NaN a NaN is may differ, as JavaScript leaves that open.
 */

import type { FloatArray } from '../base/tensor.ts';
import { type Expression, namesIn } from './expression.ts';
import { compileJs } from './js.ts';
import {
  checkPrecision,
  type Loop,
  type LoopPlan,
  type LoopSpec,
  readLoop,
} from './loop.ts';
import { Code, hasSimd, type WasmMemory, wasm } from './wasm/code.ts';
import { startIn } from './wasm/memory.ts';
import { Formulas, hasVectors } from './wasm-formula.ts';

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
 * formula has a function of the user's own or, in float64, exp, log, tanh, sin,
 * cos or tan, or the engine has no SIMD. Throws
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
  const parameters = 3 + plan.arrays + plan.constants;
  const all = formulasOf(plan);
  const there = all.every((e) => hasVectors(e, single));
  if (!wasm || !there || parameters > MOST_PARAMETERS || !hasSimd()) {
    return null;
  }
  const { Module, Instance } = wasm;
  /** For memory that is shared, and for memory that is not. */
  const modules = new Map<boolean, object>();
  const call = caller(plan, single);
  return (memory, floats, u32) => {
    if (floats) checkPrecision(floats, single);
    const shared = isShared(memory);
    const made =
      modules.get(shared) ??
      new Module(new LoopCode(plan, single).module(shared));
    modules.set(shared, made);
    const { exports } = new Instance(made, { env: { memory } });
    return call(exports.run, startIn(memory, floats), startIn(memory, u32));
  };
}

function isShared({ buffer }: WasmMemory): boolean {
  return (
    typeof SharedArrayBuffer !== 'undefined' &&
    buffer instanceof SharedArrayBuffer
  );
}

function formulasOf({ lets, stores, marks }: LoopPlan): Expression[] {
  return [...lets, ...stores.map(([, e]) => e), ...(marks ? [marks] : [])];
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

/** Parameters of the function; those of arrays and constants follow. */
const N = 0;
const WORDS = 1;
const BIT = 2;
const FIRST = 3;

class LoopCode {
  private readonly plan: LoopPlan;
  private readonly single: boolean;
  private readonly code: Code;
  private readonly formulas: Formulas;
  /** Arrays that formulas read. */
  private readonly read: ReadonlySet<string>;
  private readonly marked: number;

  constructor(plan: LoopPlan, single: boolean) {
    this.plan = plan;
    this.single = single;
    this.code = new Code([
      ...(['i32', 'i32', 'i32'] as const),
      ...Array.from({ length: plan.arrays }, () => 'i32' as const),
      ...Array.from({ length: plan.constants }, () =>
        single ? ('f32' as const) : ('f64' as const),
      ),
    ]);
    const all = formulasOf(plan);
    this.formulas = new Formulas(this.code, single, all);
    this.read = new Set(all.flatMap(namesIn));
    this.marked = this.code.local('i32');
  }

  module(shared: boolean): Uint8Array {
    const { code, plan, single, formulas } = this;
    for (let k = 0; k < plan.constants; k++) {
      code.get(FIRST + plan.arrays + k);
      code.op(single ? 'f32x4.splat' : 'f64x2.splat');
      code.set(formulas.local(`c_${k}`));
      formulas.fix([`c_${k}`]);
    }
    formulas.hoist(formulasOf(plan));
    const bits = code.local('v128');
    code.get(BIT);
    code.op('i32x4.splat');
    code.set(bits);
    this.loop(single ? 4 : 2, bits);
    this.loop(1, bits);
    code.get(this.marked);
    return code.module(shared);
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
    const { code, plan, formulas } = this;
    const one = this.single ? '32' : '64';
    formulas.pass();
    for (let k = 0; k < plan.arrays; k++) {
      if (!this.read.has(`a_${k}`)) continue;
      code.get(FIRST + k);
      code.access(lanes === 1 ? `v128.load${one}_zero` : 'v128.load');
      code.set(formulas.local(`a_${k}`));
    }
    plan.lets.forEach((e, k) => {
      formulas.let(`l_${k}`, e);
    });
    // An array may be stored to and be read under two names.
    plan.stores.forEach(([, e], k) => {
      formulas.number(e);
      code.set(formulas.local(`s_${k}`));
    });
    plan.stores.forEach(([array], k) => {
      code.get(FIRST + array, formulas.local(`s_${k}`));
      code.access(lanes === 1 ? `v128.store${one}_lane` : 'v128.store');
    });
    if (plan.marks) this.mark(plan.marks, lanes, bits);
  }

  private mark(marks: Expression, lanes: number, bits: number): void {
    const { code } = this;
    const where = code.local('v128');
    const set = code.local('i32');
    this.formulas.condition(marks);
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
}
