/**
 * Elementwise kernels in WebAssembly, over any range of their elements: passes
 * over four float32 or two float64, the rest one by one. Operands read along
 * axes lie in runs, of neighbours or of one element again and again; the range
 * is cut where a run ends.
 */

import { type Expression, namesIn } from '../formula/expression.ts';
import { Code, hasSimd } from '../formula/wasm/code.ts';
import { Steps } from '../formula/wasm/steps.ts';
import { Formulas, hasVectors } from '../formula/wasm-formula.ts';
import type { Form } from './parts.ts';

/**
 * A kernel, its names by kind: a_k is what array k holds, p_k the operand or
 * coordinate of place k, c_k a constant, l_k formula k.
 */
export interface MapPlan {
  readonly arrays: number;
  readonly places: readonly {
    readonly form: Form;
    /** Whether an array is read there, or the place itself is the value. */
    readonly operand: boolean;
  }[];
  readonly constants: number;
  readonly lets: readonly Expression[];
  /** Array that each formula is stored to. */
  readonly stores: readonly number[];
}

/** What a call works on: bytes from its start, which is on a line. */
export interface JobLayout {
  /** Words of the addresses of arrays. */
  readonly arrays: number;
  /** Words of places: address of the operand or 0, step, count, low. */
  readonly places: number;
  /** Constants, in the kernel's precision. */
  readonly constants: number;
  readonly bytes: number;
}

const WORDS_OF_PLACE = 4;

export function jobLayout(plan: MapPlan, single: boolean): JobLayout {
  const places = 4 * plan.arrays;
  const end = places + 4 * WORDS_OF_PLACE * plan.places.length;
  const constants = Math.ceil(end / 8) * 8;
  const bytes = constants + (single ? 4 : 8) * plan.constants;
  return { arrays: 0, places, constants, bytes };
}

/**
 * (job, first, n): does the elements first .. first + n - 1. Null where there
 * is no WebAssembly for it.
 */
export function mapCode(plan: MapPlan, single: boolean): Uint8Array | null {
  if (!plan.lets.every((e) => hasVectors(e, single)) || !hasSimd()) return null;
  return new MapCode(plan, single).module();
}

const [JOB, FIRST, LEFT] = [0, 1, 2];

/** Locals of a place. */
interface Place {
  readonly form: Form;
  readonly operand: boolean;
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

class MapCode {
  private readonly plan: MapPlan;
  private readonly single: boolean;
  private readonly width: number;
  private readonly code = new Code(['i32', 'i32', 'i32']);
  private readonly steps = new Steps(this.code);
  private readonly formulas: Formulas;
  private readonly pointers: readonly number[];
  private readonly places: readonly Place[];
  /** Names that formulas read. */
  private readonly read: ReadonlySet<string>;
  /** Elements to the end of the run. */
  private readonly run: number;
  private readonly rest: number;

  constructor(plan: MapPlan, single: boolean) {
    this.plan = plan;
    this.single = single;
    this.width = single ? 4 : 8;
    const { code } = this;
    this.formulas = new Formulas(code, single, plan.lets);
    this.read = new Set(plan.lets.flatMap(namesIn));
    this.pointers = this.steps.locals(plan.arrays);
    this.places = plan.places.map(({ form, operand }) => ({
      ...{ form, operand, moves: form === 'inner' || form === 'general' },
      base: code.local('i32'),
      step: code.local('i32'),
      count: code.local('i32'),
      low: code.local('i32'),
      at: code.local('i32'),
      lanes: code.local('v128'),
    }));
    this.run = code.local('i32');
    this.rest = code.local('i32');
  }

  module(): Uint8Array {
    const { code, plan, formulas } = this;
    this.readJob();
    formulas.hoist(plan.lets);
    if (this.places.length === 0) {
      this.loops(LEFT);
    } else {
      code.open('block');
      code.get(LEFT);
      code.op('i32.eqz');
      code.branchIf(0);
      code.open('loop');
      this.startRun();
      formulas.hoist(plan.lets);
      this.loops(this.run);
      code.get(LEFT);
      code.branchIf(0);
      code.op('end', 'end');
    }
    code.int(0);
    return code.module(true);
  }

  private readJob(): void {
    const { code, plan, formulas, width } = this;
    const layout = jobLayout(plan, this.single);
    this.pointers.forEach((pointer, k) => {
      this.load(pointer, layout.arrays + 4 * k);
      code.get(pointer, FIRST);
      code.int(width);
      code.op('i32.mul', 'i32.add');
      code.set(pointer);
    });
    this.places.forEach(({ base, step, count, low }, k) => {
      [base, step, count, low].forEach((local, word) => {
        this.load(local, layout.places + 4 * (WORDS_OF_PLACE * k + word));
      });
    });
    for (let k = 0; k < plan.constants; k++) {
      code.get(JOB);
      code.access(this.splat(), layout.constants + width * k);
      code.set(formulas.local(`c_${k}`));
      formulas.fix([`c_${k}`]);
    }
  }

  private load(local: number, offset: number): void {
    this.code.get(JOB);
    this.code.access('i32.load', offset);
    this.code.set(local);
  }

  private splat() {
    return this.single ? 'v128.load32_splat' : 'v128.load64_splat';
  }

  /** How far all places go on as they begin, and where they are. */
  private startRun(): void {
    const { code, run, rest } = this;
    code.get(LEFT);
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
    code.get(LEFT, run);
    code.op('i32.sub');
    code.set(LEFT);
  }

  /** The index `at`, and in `rest` the elements until it jumps. */
  private locate({ form, step, count, low, at }: Place): void {
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
  private enter(place: Place, name: string): void {
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
        code.access(this.splat());
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
    plan.stores.forEach((array, k) => {
      code.get(this.pointers[array]);
      formulas.number({ kind: 'name', name: `l_${k}` });
      code.access(store);
    });
  }
}
