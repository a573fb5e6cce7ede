/**
 * Softmax and cross-entropy of rows in WebAssembly, in float32: four rows at
 * once, one in each lane, so that the sums of a row are made as the loop in
 * JavaScript makes them, one feature after another.
 */

import type { FloatArray } from '../base/tensor.ts';
import { addressOf, arrayInArena } from '../formula/wasm/arena.ts';
import { Code, hasSimd } from '../formula/wasm/code.ts';

import { Steps } from '../formula/wasm/steps.ts';
import { applyFunction } from '../formula/wasm-formula.ts';
import type { Params } from './kernel.ts';
import { runRange } from './ranges.ts';

/** Per row of [rows, features]: the error, or the loss. */
export type XentPart = 'error' | 'value';

/** Words of a job; then comes the divisor. */
const WORDS = ['y', 't', 'out', 'features'] as const;
const DIVISOR = 4 * WORDS.length;
const JOB_BYTES = DIVISOR + 4;

/** Steps of a simple loop that a feature is worth. */
const WEIGHT = 16;

const codes = new Map<XentPart, Uint8Array>();

/** A call; false: not with these operands. */
export type Xent = (
  operands: Readonly<Record<'y' | 't' | 'out', FloatArray>>,
  params: Params<'rows' | 'features' | 'divisor'>,
  threads: number,
) => boolean;

/** Null where there is no WebAssembly. */
export function wasmXent(part: XentPart): Xent | null {
  if (!hasSimd()) return null;
  const words = arrayInArena(Int32Array, JOB_BYTES / 4, 4);
  if (!words) return null;
  const code = codes.get(part) ?? new XentCode(part).module();
  codes.set(part, code);
  const divisors = new Float32Array(
    words.buffer,
    words.byteOffset + DIVISOR,
    1,
  );
  const job = addressOf(words);
  return ({ y, t, out }, { rows, features, divisor }, threads) => {
    const at = [addressOf(y), addressOf(t), addressOf(out)];
    divisors[0] = divisor;
    // A divisor that float32 does not have is not rounded in JavaScript.
    if (Math.min(...at) < 0 || divisors[0] !== divisor) return false;
    words.set([...at, features]);
    runRange(code, job, rows, features * WEIGHT, threads);
    return true;
  };
}

const [JOB, FIRST, LEFT] = [0, 1, 2];
const ROWS = [0, 1, 2, 3];

/** (job, first, n): the rows first .. first + n - 1. */
class XentCode {
  private readonly part: XentPart;
  private readonly code = new Code(['i32', 'i32', 'i32']);
  private readonly steps = new Steps(this.code);
  private readonly job: Record<(typeof WORDS)[number], number>;
  private readonly divisor: number;
  /** Where each lane's row is in each array. */
  private readonly rows: Record<'y' | 't' | 'out', readonly number[]>;
  private readonly bytes: number;
  /** Bytes from a row's start to the present feature. */
  private readonly at: number;
  private readonly end: number;

  constructor(part: XentPart) {
    this.part = part;
    const { code } = this;
    this.job = this.steps.words(JOB, WORDS);
    this.divisor = code.local('v128');
    code.get(JOB);
    code.access('v128.load32_splat', DIVISOR);
    code.set(this.divisor);
    const four = () => this.steps.locals(ROWS.length);
    this.rows = { y: four(), t: four(), out: four() };
    [this.bytes, this.at, this.end] = this.steps.locals(3);
  }

  module(): Uint8Array {
    const { code, job, bytes, end } = this;
    this.steps.set(bytes, () => this.steps.scaled(job.features, 4));
    code.get(FIRST, LEFT);
    code.op('i32.add');
    code.set(end);
    code.open('block');
    code.open('loop');
    code.get(FIRST, end);
    code.op('i32.ge_u');
    code.branchIf(1);
    this.findRows();
    this.fourRows();
    this.steps.advance(FIRST, 4);
    code.branch(0);
    code.op('end', 'end');
    code.int(0);
    return code.module(true);
  }

  /** Lanes without a row of their own do the last one again. */
  private findRows(): void {
    const { code, job, rows, bytes, end } = this;
    const row = code.local('i32');
    for (const lane of ROWS) {
      code.get(FIRST);
      code.int(lane);
      code.op('i32.add');
      code.tee(row);
      code.get(end);
      code.op('i32.ge_u');
      code.open('if');
      code.get(end);
      code.int(1);
      code.op('i32.sub');
      code.set(row);
      code.op('end');
      for (const name of ['y', 't', 'out'] as const) {
        code.get(job[name], row);
        if (name === 'out' && this.part === 'value') code.int(4);
        else code.get(bytes);
        code.op('i32.mul', 'i32.add');
        code.set(rows[name][lane]);
      }
    }
  }

  private fourRows(): void {
    const { code, part } = this;
    const [most, total, mass, loss, x, z] = [0, 1, 2, 3, 4, 5].map(() =>
      code.local('v128'),
    );
    const zero = () => code.vector(new Uint8Array(16));
    code.int(0);
    code.set(this.at);
    this.gather('y', most);
    // A NaN stays: comparisons with it are false.
    this.features(() => {
      this.gather('y', x);
      code.get(x, most, x, most);
      code.op('f32x4.gt');
      code.get(x, x);
      code.op('f32x4.ne', 'v128.or', 'v128.bitselect');
      code.set(most);
    });
    zero();
    code.set(total);
    zero();
    code.set(mass);
    this.features(() => {
      this.gather('y', x);
      code.get(total, x, most);
      code.op('f32x4.sub');
      applyFunction(code, 'exp');
      code.tee(z);
      code.op('f32x4.add');
      code.set(total);
      // Exponentials wait for their sum where the errors will be.
      if (part === 'error') this.scatter(z);
      this.gather('t', x);
      code.get(mass, x);
      code.op('f32x4.add');
      code.set(mass);
    });
    if (part === 'error') {
      this.features(() => {
        this.gather('out', z);
        this.gather('t', x);
        code.get(z, total);
        code.op('f32x4.div');
        code.get(mass);
        code.op('f32x4.mul');
        code.get(x);
        code.op('f32x4.sub');
        code.get(this.divisor);
        code.op('f32x4.div');
        code.set(z);
        this.scatter(z);
      });
      return;
    }
    const shift = code.local('v128');
    code.get(total);
    applyFunction(code, 'log');
    code.set(shift);
    zero();
    code.set(loss);
    this.features(() => {
      this.gather('y', z);
      this.gather('t', x);
      code.get(loss, x, shift, z, most);
      code.op('f32x4.sub', 'f32x4.sub', 'f32x4.mul', 'f32x4.add');
      code.set(loss);
    });
    code.int(0);
    code.set(this.at);
    this.scatter(loss);
  }

  /** For each feature; there is one at least. */
  private features(inside: () => void): void {
    const { code, at, bytes } = this;
    code.int(0);
    code.set(at);
    code.open('loop');
    inside();
    code.get(at);
    code.int(4);
    code.op('i32.add');
    code.tee(at);
    code.get(bytes);
    code.op('i32.lt_u');
    code.branchIf(0);
    code.op('end');
  }

  /** The present feature of four rows. */
  private gather(from: 'y' | 't' | 'out', to: number): void {
    const { code } = this;
    this.rows[from].forEach((row, lane) => {
      code.get(row, this.at);
      code.op('i32.add');
      if (lane === 0) code.access('v128.load32_zero');
      else {
        code.get(to);
        code.access('v128.load32_lane', 0, lane);
      }
      code.set(to);
    });
  }

  private scatter(from: number): void {
    const { code } = this;
    this.rows.out.forEach((row, lane) => {
      code.get(row, this.at);
      code.op('i32.add');
      code.get(from);
      code.access('v128.store32_lane', 0, lane);
    });
  }
}
