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
import { type Formulas, hasVectors } from './wasm-formula.ts';

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

const all = (n: number, name: string) =>
  Array.from({ length: n }, (_, k) => name + k);

/** Its parameters are those of `caller`. */
function boundCode(plan: LoopPlan, single: boolean): Code {
  const number = single ? 'f32' : 'f64';
  const [arrays, constants] = [all(plan.arrays, 'a'), all(plan.constants, 'c')];
  const names = ['n', 'words', 'bit', ...arrays, ...constants];
  const code = new Code(
    names.map((_, k): Type => (k < 3 + plan.arrays ? 'i32' : number)),
  );
  const loop = new LoopCode(plan, single, code, names);
  constants.forEach((name, k) => {
    loop.constant(k, () => {
      code.get(names.indexOf(name));
      code.op(single ? 'f32x4.splat' : 'f64x2.splat');
    });
  });
  loop.write('n');
  return code;
}

/**
 * What a call of a ranged loop works on, in bytes from its start, which is on a
 * line of the cache: first come the addresses of arrays, a word each.
 */
export interface JobLayout {
  /** Of each place: address of the operand or 0, step, count, low. */
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
  return { places, constants, bytes };
}

/**
 * A loop over any range of its elements, (job, first, n), in the arena. Null
 * where there is no WebAssembly for it.
 */
export function rangedLoop(plan: LoopPlan, single: boolean): Uint8Array | null {
  const there = formulasOf(plan).every((e) => hasVectors(e, single));
  if (!there || !hasSimd()) return null;
  const code = new Code(['i32', 'i32', 'i32']);
  const layout = jobLayout(plan, single);
  const loop = new LoopCode(plan, single, code, ['job', 'first', 'left']);
  const { steps } = loop;
  for (let k = 0; k < plan.arrays; k++) {
    const start = `load(job + ${4 * k})`;
    steps.do(`a${k} = ${start} + first * ${steps.width}`);
  }
  plan.places.forEach((_, k) => {
    ['base', 'step', 'count', 'low'].forEach((name, word) => {
      const at = layout.places + 4 * (WORDS_OF_PLACE * k + word);
      steps.do(`${name}${k} = load(job + ${at})`);
    });
  });
  for (let k = 0; k < plan.constants; k++) {
    loop.constant(k, () => {
      steps.put('job');
      code.access(loop.splat, layout.constants + steps.width * k);
    });
  }
  loop.write('left');
  return code.module(true);
}

/** Whether it is another element after element. */
const moves = ({ form }: Place) => form === 'inner' || form === 'general';

/**
 * Passes over four float32 or two float64 at once, the rest one by one. Operands
 * read along axes lie in runs, of neighbours or of one element again and again;
 * the range is cut where a run ends. `aK` is the address of the next element of
 * array K; of place K, `atK` is the index of the present element, then its
 * address, and the vector lanes_K the coordinates of the lanes.
 */
class LoopCode {
  readonly steps: Steps;
  readonly splat: 'v128.load32_splat' | 'v128.load64_splat';
  private readonly plan: LoopPlan;
  private readonly single: boolean;
  private readonly code: Code;
  private readonly formulas: Formulas;
  /** Names that formulas read. */
  private readonly read: ReadonlySet<string>;

  constructor(
    plan: LoopPlan,
    single: boolean,
    code: Code,
    parameters: readonly string[],
  ) {
    const all = formulasOf(plan);
    this.plan = plan;
    this.single = single;
    this.code = code;
    this.splat = single ? 'v128.load32_splat' : 'v128.load64_splat';
    this.steps = new Steps(code, single, parameters, all);
    this.formulas = this.steps.formulas;
    this.read = new Set(all.flatMap(namesIn));
    this.steps.local('marked');
  }

  /** A constant, which `put` leaves on the stack. */
  constant(k: number, put: () => void): void {
    put();
    this.code.set(this.formulas.local(`c_${k}`));
    this.formulas.fix([`c_${k}`]);
  }

  /** The whole, over as many elements as a number says. */
  write(left: string): void {
    const { code, plan, formulas, steps } = this;
    formulas.hoist(formulasOf(plan));
    if (plan.marks) {
      steps.put('bit');
      code.op('i32x4.splat');
      code.set(steps.vector('bits'));
    }
    if (plan.places.length === 0) this.loops(left);
    else {
      steps.while(`${left} != 0`, () => {
        this.startRun(left);
        formulas.hoist(formulasOf(plan));
        this.loops('run');
      });
    }
    steps.put('marked');
  }

  /** How far all places go on as they begin, and where they are. */
  private startRun(left: string): void {
    const { steps, plan } = this;
    steps.do(`run = ${left}`);
    plan.places.forEach((place, k) => {
      this.locate(place, k);
      steps.if('rest < run', () => steps.do('run = rest'));
    });
    plan.places.forEach((place, k) => {
      this.enter(place, k);
    });
    steps.do('first = first + run', `${left} = ${left} - run`);
  }

  /** The index `at`, and in `rest` the elements until it jumps. */
  private locate({ form }: Place, k: number): void {
    const { steps } = this;
    if (form === 'inner') {
      steps.do(`at${k} = rem(first, count${k})`, `rest = count${k} - at${k}`);
      return;
    }
    steps.do(`at${k} = first / step${k}`);
    if (form !== 'general') {
      steps.do(`rest = step${k} + step${k} * at${k} - first`);
    }
    if (form === 'outer') return;
    steps.do(`at${k} = rem(at${k}, count${k})`);
    if (form === 'axis') return;
    // Runs of `low`, of which a step is a multiple.
    steps.do(
      `rest = rem(first, low${k})`,
      `at${k} = at${k} * low${k} + rest`,
      `rest = low${k} - rest`,
    );
  }

  /** Reads what stays as it is in the run, and points to what does not. */
  private enter(place: Place, k: number): void {
    const { code, formulas, steps } = this;
    const name = `p_${k}`;
    const stays = !moves(place);
    if (place.operand) {
      steps.do(`at${k} = base${k} + at${k} * ${steps.width}`);
      if (stays) steps.load(name, `at${k}`, 'splat');
    } else {
      steps.put(`at${k}`);
      code.op('i32x4.splat');
      if (!stays) {
        code.constant(Int32Array.of(0, 1, 2, 3));
        code.op('i32x4.add');
      }
      code.set(steps.vector(`lanes_${k}`));
      if (stays) this.convert(k);
    }
    if (stays) formulas.fix([name]);
  }

  /** Coordinates as numbers. */
  private convert(k: number): void {
    const { code, steps } = this;
    code.get(steps.vector(`lanes_${k}`));
    code.op(
      this.single ? 'f32x4.convert_i32x4_s' : 'f64x2.convert_low_i32x4_s',
    );
    code.set(steps.vector(`p_${k}`));
  }

  private loops(left: string): void {
    this.loop(this.steps.lanes, left);
    this.loop(1, left);
  }

  /** The passes over so many elements at once, as long as there are as many. */
  private loop(lanes: number, left: string): void {
    const { code, plan, steps } = this;
    const bytes = lanes * steps.width;
    const go = (name: string, by: number) =>
      steps.do(`${name} = ${name} + ${by}`);
    steps.take(left, lanes, () => {
      this.pass(lanes);
      for (let k = 0; k < plan.arrays; k++) go(`a${k}`, bytes);
      if (plan.marks) go('words', 4 * lanes);
      plan.places.forEach((place, k) => {
        if (!moves(place)) return;
        if (place.operand) {
          go(`at${k}`, bytes);
          return;
        }
        const index = steps.vector(`lanes_${k}`);
        code.get(index);
        code.constant(new Int32Array(4).fill(lanes));
        code.op('i32x4.add');
        code.set(index);
      });
    });
  }

  private pass(lanes: number): void {
    const { plan, formulas, steps } = this;
    const part = lanes === 1 ? 'one' : 'all';
    formulas.pass();
    const read = (name: string, at: string) => {
      if (this.read.has(name)) steps.load(name, at, part);
    };
    for (let k = 0; k < plan.arrays; k++) read(`a_${k}`, `a${k}`);
    plan.places.forEach((place, k) => {
      if (!moves(place)) return;
      if (place.operand) read(`p_${k}`, `at${k}`);
      else this.convert(k);
    });
    plan.lets.forEach((e, k) => {
      formulas.let(`l_${k}`, e);
    });
    // An array may be stored to and be read under two names.
    plan.stores.forEach(([, e], k) => {
      formulas.number(e);
      this.code.set(steps.vector(`s_${k}`));
    });
    plan.stores.forEach(([array], k) => {
      steps.store(`s_${k}`, `a${array}`, part);
    });
    if (plan.marks) this.mark(plan.marks, lanes);
  }

  private mark(marks: Expression, lanes: number): void {
    const { code, steps } = this;
    const where = steps.vector('where');
    this.formulas.condition(marks);
    code.tee(where);
    code.op(this.single ? 'i32x4.bitmask' : 'i64x2.bitmask');
    if (lanes === 1) {
      code.int(1);
      code.op('i32.and');
    }
    code.set(steps.local('set'));
    steps.if('set', () => {
      steps.put('words');
      steps.put('words');
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
      code.get(steps.vector('bits'));
      code.op('v128.and', 'v128.or');
      code.access(store);
      steps.put('marked');
      steps.put('set');
      code.op('i32.popcnt', 'i32.add');
      code.set(steps.local('marked'));
    });
  }
}
