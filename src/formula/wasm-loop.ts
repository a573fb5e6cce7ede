/**
 * Loops (loop.ts) in WebAssembly: four float32 or two float64 at once, and the
 * rest one by one in the first lane. Every operation is IEEE 754's and rounds
 * by itself, so the results have the bits of the loop in JavaScript; only
 * which NaN a NaN is may differ, as JavaScript leaves that open.
 */

import type { FloatArray } from '../base/tensor.ts';
import { type Expression, namesIn } from './expression.ts';
import { canCompile, compileJs } from './js.ts';
import {
  checkPrecision,
  formulasOf,
  type Loop,
  type LoopPlan,
  type LoopSpec,
  type Place,
  readLoop,
} from './loop.ts';
import {
  Code,
  hasSimd,
  type Type,
  type WasmMemory,
  wasm,
} from './wasm/code.ts';
import { startIn } from './wasm/memory.ts';
import { Steps } from './wasm/steps.ts';
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
      modules.get(shared) ?? new Module(boundCode(plan, single).module(shared));
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
  if (canCompile()) {
    return compileJs(
      ['run', 'floatsAt', 'wordsAt'],
      `return (offsets, constants, n, words, bit) => run(${args.join(', ')});`,
    ) as ReturnType<typeof caller>;
  }
  return (run, floatsAt, wordsAt) => (offsets, constants, n, words, bit) =>
    (run as (...args: number[]) => number)(
      ...[n, wordsAt + 4 * words, bit],
      ...offsets.slice(0, plan.arrays).map((at) => floatsAt + size * at),
      ...constants.slice(0, plan.constants),
    );
}

/** Parameters of the function; those of arrays and constants follow. */
const [N, WORDS, BIT, ARRAYS] = [0, 1, 2, 3];

function boundCode(plan: LoopPlan, single: boolean): Code {
  const number = single ? 'f32' : 'f64';
  const code = new Code([
    ...(['i32', 'i32', 'i32'] as const),
    ...Array.from({ length: plan.arrays }, () => 'i32' as const),
    ...Array.from({ length: plan.constants }, () => number as Type),
  ]);
  const pointers = Array.from({ length: plan.arrays }, (_, k) => ARRAYS + k);
  const loop = new LoopCode(plan, single, code, pointers);
  for (let k = 0; k < plan.constants; k++) {
    loop.constant(k, () => {
      code.get(ARRAYS + plan.arrays + k);
      code.op(single ? 'f32x4.splat' : 'f64x2.splat');
    });
  }
  loop.write(N);
  return code;
}

/** What a call of a ranged loop works on: bytes from its start, which is on a line. */
export interface JobLayout {
  /** Words of the addresses of arrays. */
  readonly arrays: number;
  /** Words of places: address of the operand or 0, step, count, low. */
  readonly places: number;
  /** Constants, in the loop's precision. */
  readonly constants: number;
  readonly bytes: number;
}

const WORDS_OF_PLACE = 4;

export function jobLayout(plan: LoopPlan, single: boolean): JobLayout {
  const places = 4 * plan.arrays;
  const end = places + 4 * WORDS_OF_PLACE * plan.places.length;
  const constants = Math.ceil(end / 8) * 8;
  const bytes = constants + (single ? 4 : 8) * plan.constants;
  return { arrays: 0, places, constants, bytes };
}

const [JOB, FIRST, LEFT] = [0, 1, 2];

/**
 * A loop over any range of its elements, (job, first, n), in the arena. Null
 * where there is no WebAssembly for it.
 */
export function rangedLoop(plan: LoopPlan, single: boolean): Uint8Array | null {
  const there = formulasOf(plan).every((e) => hasVectors(e, single));
  if (!there || !hasSimd()) return null;
  const code = new Code(['i32', 'i32', 'i32']);
  const steps = new Steps(code);
  const layout = jobLayout(plan, single);
  const width = single ? 4 : 8;
  const load = (local: number, offset: number) =>
    steps.set(local, () => {
      code.get(JOB);
      code.access('i32.load', offset);
    });
  const pointers = steps.locals(plan.arrays);
  const loop = new LoopCode(plan, single, code, pointers);
  pointers.forEach((pointer, k) => {
    load(pointer, layout.arrays + 4 * k);
    code.get(pointer, FIRST);
    code.int(width);
    code.op('i32.mul', 'i32.add');
    code.set(pointer);
  });
  loop.places.forEach(({ base, step, count, low }, k) => {
    [base, step, count, low].forEach((local, word) => {
      load(local, layout.places + 4 * (WORDS_OF_PLACE * k + word));
    });
  });
  for (let k = 0; k < plan.constants; k++) {
    loop.constant(k, () => {
      code.get(JOB);
      code.access(loop.splat, layout.constants + width * k);
    });
  }
  loop.write(LEFT);
  return code.module(true);
}

/** Locals of a place. */
interface PlaceLocals extends Place {
  /** Whether element after element it is another. */
  readonly moves: boolean;
  /** Address of the operand. */
  readonly base: number;
  readonly step: number;
  readonly count: number;
  readonly low: number;
  /** Index of the present element, then its address. */
  readonly at: number;
  /** Coordinates of the lanes, as whole numbers. */
  readonly lanes: number;
}

/**
 * Passes over four float32 or two float64 at once, the rest one by one. Operands
 * read along axes lie in runs, of neighbours or of one element again and again;
 * the range is cut where a run ends.
 */
class LoopCode {
  readonly places: readonly PlaceLocals[];
  readonly splat: 'v128.load32_splat' | 'v128.load64_splat';
  private readonly plan: LoopPlan;
  private readonly single: boolean;
  private readonly width: number;
  private readonly code: Code;
  private readonly steps: Steps;
  private readonly formulas: Formulas;
  /** Locals of the address of the next element of each array. */
  private readonly pointers: readonly number[];
  /** Names that formulas read. */
  private readonly read: ReadonlySet<string>;
  private readonly marked: number;
  private readonly bits: number;
  /** Elements to the end of the run. */
  private readonly run: number;
  private readonly rest: number;

  constructor(
    plan: LoopPlan,
    single: boolean,
    code: Code,
    pointers: readonly number[],
  ) {
    this.plan = plan;
    this.single = single;
    this.code = code;
    this.pointers = pointers;
    this.width = single ? 4 : 8;
    this.splat = single ? 'v128.load32_splat' : 'v128.load64_splat';
    this.steps = new Steps(code);
    const all = formulasOf(plan);
    this.formulas = new Formulas(code, single, all);
    this.read = new Set(all.flatMap(namesIn));
    this.places = plan.places.map((place) => ({
      ...place,
      moves: place.form === 'inner' || place.form === 'general',
      base: code.local('i32'),
      step: code.local('i32'),
      count: code.local('i32'),
      low: code.local('i32'),
      at: code.local('i32'),
      lanes: code.local('v128'),
    }));
    [this.marked, this.run, this.rest] = this.steps.locals(3);
    this.bits = code.local('v128');
  }

  /** A constant, which `put` leaves on the stack. */
  constant(k: number, put: () => void): void {
    put();
    this.code.set(this.formulas.local(`c_${k}`));
    this.formulas.fix([`c_${k}`]);
  }

  /** The whole, over as many elements as a local says. */
  write(left: number): void {
    const { code, plan, formulas } = this;
    formulas.hoist(formulasOf(plan));
    if (plan.marks) {
      code.get(BIT);
      code.op('i32x4.splat');
      code.set(this.bits);
    }
    if (this.places.length === 0) {
      this.loops(left);
    } else {
      code.open('block');
      code.get(left);
      code.op('i32.eqz');
      code.branchIf(0);
      code.open('loop');
      this.startRun(left);
      formulas.hoist(formulasOf(plan));
      this.loops(this.run);
      code.get(left);
      code.branchIf(0);
      code.op('end', 'end');
    }
    code.get(this.marked);
  }

  /** How far all places go on as they begin, and where they are. */
  private startRun(left: number): void {
    const { code, run, rest } = this;
    code.get(left);
    code.set(run);
    for (const place of this.places) {
      this.locate(place);
      code.get(rest, run);
      code.op('i32.lt_u');
      code.open('if');
      code.get(rest);
      code.set(run);
      code.op('end');
    }
    this.places.forEach((place, k) => {
      this.enter(place, `p_${k}`);
    });
    this.steps.add(FIRST, run);
    code.get(left, run);
    code.op('i32.sub');
    code.set(left);
  }

  /** The index `at`, and in `rest` the elements until it jumps. */
  private locate({ form, step, count, low, at }: PlaceLocals): void {
    const { code, rest } = this;
    if (form === 'inner') {
      code.get(count, FIRST, count);
      code.op('i32.rem_u');
      code.tee(at);
      code.op('i32.sub');
      code.set(rest);
      return;
    }
    code.get(FIRST, step);
    code.op('i32.div_u');
    code.set(at);
    if (form !== 'general') {
      // step - (first - step * at)
      code.get(step, at, step);
      code.op('i32.mul', 'i32.add');
      code.get(FIRST);
      code.op('i32.sub');
      code.set(rest);
    }
    if (form === 'outer') return;
    code.get(at, count);
    code.op('i32.rem_u');
    code.set(at);
    if (form === 'axis') return;
    // Runs of `low`, of which a step is a multiple.
    code.get(at, low);
    code.op('i32.mul');
    code.get(FIRST, low);
    code.op('i32.rem_u');
    code.tee(rest);
    code.op('i32.add');
    code.set(at);
    code.get(low, rest);
    code.op('i32.sub');
    code.set(rest);
  }

  /** Reads what stays as it is in the run, and points to what does not. */
  private enter(place: PlaceLocals, name: string): void {
    const { code, formulas } = this;
    const { operand, moves, base, at, lanes } = place;
    if (!operand) {
      code.get(at);
      code.op('i32x4.splat');
      if (moves) {
        code.constant(Int32Array.of(0, 1, 2, 3));
        code.op('i32x4.add');
      }
      code.set(lanes);
      if (!moves) {
        this.convert(lanes);
        code.set(formulas.local(name));
      }
    } else {
      code.get(base, at);
      code.int(this.width);
      code.op('i32.mul', 'i32.add');
      code.set(at);
      if (!moves) {
        code.get(at);
        code.access(this.splat);
        code.set(formulas.local(name));
      }
    }
    if (!moves) formulas.fix([name]);
  }

  private convert(lanes: number): void {
    this.code.get(lanes);
    this.code.op(
      this.single ? 'f32x4.convert_i32x4_s' : 'f64x2.convert_low_i32x4_s',
    );
  }

  private loops(left: number): void {
    this.loop(this.single ? 4 : 2, left);
    this.loop(1, left);
  }

  /** The passes over so many elements at once, as long as there are as many. */
  private loop(lanes: number, left: number): void {
    const { code } = this;
    this.steps.while(left, lanes, () => {
      this.pass(lanes);
      const bytes = lanes * this.width;
      for (const pointer of this.pointers) this.steps.advance(pointer, bytes);
      if (this.plan.marks) this.steps.advance(WORDS, 4 * lanes);
      for (const { operand, moves, at, lanes: index } of this.places) {
        if (!moves) continue;
        if (operand) this.steps.advance(at, bytes);
        else {
          code.get(index);
          code.constant(new Int32Array(4).fill(lanes));
          code.op('i32x4.add');
          code.set(index);
        }
      }
    });
  }

  private pass(lanes: number): void {
    const { code, plan, formulas } = this;
    const one = this.single ? '32' : '64';
    const load = lanes === 1 ? (`v128.load${one}_zero` as const) : 'v128.load';
    const store =
      lanes === 1 ? (`v128.store${one}_lane` as const) : 'v128.store';
    formulas.pass();
    const read = (pointer: number, name: string) => {
      if (!this.read.has(name)) return;
      code.get(pointer);
      code.access(load);
      code.set(formulas.local(name));
    };
    this.pointers.forEach((pointer, k) => {
      read(pointer, `a_${k}`);
    });
    this.places.forEach(({ operand, moves, at, lanes: index }, k) => {
      if (!moves) return;
      if (operand) read(at, `p_${k}`);
      else {
        this.convert(index);
        code.set(formulas.local(`p_${k}`));
      }
    });
    plan.lets.forEach((e, k) => {
      formulas.let(`l_${k}`, e);
    });
    // An array may be stored to and be read under two names.
    plan.stores.forEach(([, e], k) => {
      formulas.number(e);
      code.set(formulas.local(`s_${k}`));
    });
    plan.stores.forEach(([array], k) => {
      code.get(this.pointers[array], formulas.local(`s_${k}`));
      code.access(store);
    });
    if (plan.marks) this.mark(plan.marks, lanes);
  }

  private mark(marks: Expression, lanes: number): void {
    const { code, bits } = this;
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
