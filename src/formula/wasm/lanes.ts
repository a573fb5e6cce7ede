/**
 * Arithmetic on vectors of WebAssembly, written as calls: each result is in a
 * local of its own.
 */

import type { Code, Plain } from './code.ts';

/** A local, or a vector that is the same every time. */
export type Operand = number | ArrayBufferView;

export const i64 = (value: bigint) => new BigInt64Array(2).fill(value);
export const f32 = (value: number) => new Float32Array(4).fill(value);
export const f64 = (value: number) => new Float64Array(2).fill(value);

type Shift = 'i32x4.shl' | 'i32x4.shr_s' | 'i32x4.shr_u';
type Shift64 = 'i64x2.shl' | 'i64x2.shr_u';

export class Lanes {
  private readonly code: Code;
  private readonly shape: 'f32x4' | 'f64x2';

  /** `add`, `sub`, `mul` and `div` are of that shape. */
  constructor(code: Code, shape: 'f32x4' | 'f64x2') {
    this.code = code;
    this.shape = shape;
  }

  /** The result of an instruction. */
  of(name: Plain, ...operands: readonly Operand[]): number {
    for (const operand of operands) this.put(operand);
    this.code.op(name);
    return this.done();
  }

  shift(name: Shift | Shift64, of: number, by: number): number {
    this.code.get(of);
    this.code.int(by);
    this.code.op(name);
    return this.done();
  }

  add(a: Operand, b: Operand): number {
    return this.of(`${this.shape}.add`, a, b);
  }

  sub(a: Operand, b: Operand): number {
    return this.of(`${this.shape}.sub`, a, b);
  }

  mul(a: Operand, b: Operand): number {
    return this.of(`${this.shape}.mul`, a, b);
  }

  div(a: Operand, b: Operand): number {
    return this.of(`${this.shape}.div`, a, b);
  }

  /** Four words of two vectors, 0-3 of one, 4-7 of the other. */
  words(a: number, b: number, of: Parameters<Code['words']>): number {
    this.code.get(a, b);
    this.code.words(...of);
    return this.done();
  }

  /** The one where all bits of `where` are set, the other where none is. */
  select(where: Operand, yes: Operand, no: Operand): number {
    return this.of('v128.bitselect', yes, no, where);
  }

  /** Horner's chain, p * x + c, highest coefficient first. */
  horner(x: number, [first, ...rest]: readonly Operand[]): number {
    this.put(first);
    for (const coefficient of rest) {
      this.code.get(x);
      this.code.op(`${this.shape}.mul`);
      this.put(coefficient);
      this.code.op(`${this.shape}.add`);
    }
    return this.done();
  }

  /** Only if a lane of `where` is set: what is rare need not be fast. */
  ifAny(where: number, then: () => void): void {
    this.code.get(where);
    this.code.op('v128.any_true');
    this.code.open('if');
    then();
    this.code.op('end');
  }

  /** Takes another's value. */
  become(local: number, by: number): void {
    this.code.get(by);
    this.code.set(local);
  }

  /** Takes other values where the lanes of `where` are set. */
  replace(local: number, where: number, by: number): void {
    this.code.get(by, local, where);
    this.code.op('v128.bitselect');
    this.code.set(local);
  }

  /** What is on the stack. */
  done(): number {
    const local = this.code.local('v128');
    this.code.set(local);
    return local;
  }

  private put(operand: Operand): void {
    if (typeof operand === 'number') this.code.get(operand);
    else this.code.constant(operand);
  }
}
