/**
 * Elementary functions of four float32 at once, as instructions on vectors:
 * operation by operation those of src/formula/f32.ts, which say where each comes
 * from, so they have its bits for every number; of NaN they make some NaN.
 */

import type { Code } from './code.ts';
import { f32, i32, Lanes } from './lanes.ts';

const r = Math.fround;

const SIGN = i32(-(2 ** 31));
const ONE = f32(1);
const HALF = f32(0.5);
const NAN = f32(Number.NaN);

/**
 * Added to a whole number of at most 22 bits, it makes a float32 whose last
 * bits are those of the number, in two's complement.
 */
const SHIFT = f32(1.5 * 2 ** 23);

/** A function of the vector in a local; the result is in another. */
type Vectorised = (v: Lanes, x: number) => number;

const LOG2E = f32(r(Math.LOG2E));
const LN2_HIGH = f32(0.693359375);
const LN2_LOW = f32(-2.1219444e-4);
const EXP = [
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2,
  1.6666665459e-1, 5.0000001201e-1, 1, 1,
].map(f32);

/** 2^n for -126 <= n <= 127. */
function pow2(v: Lanes, n: number): number {
  const biased = v.of('i32x4.add', v.add(n, SHIFT), i32(127));
  return v.shift('i32x4.shl', biased, 23);
}

/** e^x is the second times 2^ the first. */
function exponential(v: Lanes, x: number): [n: number, p: number] {
  const n = v.of('f32x4.floor', v.add(v.mul(x, LOG2E), HALF));
  const t = v.sub(v.sub(x, v.mul(n, LN2_HIGH)), v.mul(n, LN2_LOW));
  return [n, v.horner(t, EXP)];
}

function exp(v: Lanes, x: number): number {
  const [n, p] = exponential(v, x);
  const half = v.of('f32x4.floor', v.mul(n, HALF));
  const y = v.mul(v.mul(p, pow2(v, half)), pow2(v, v.sub(n, half)));
  const large = v.of('f32x4.gt', x, f32(r(88.72283)));
  const small = v.of('f32x4.lt', x, f32(r(-87.33654)));
  const infinity = f32(Number.POSITIVE_INFINITY);
  return v.select(small, f32(0), v.select(large, infinity, y));
}

const TANH = [
  -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1,
  -3.33332819422e-1, 1,
].map(f32);

function tanh(v: Lanes, x: number): number {
  const a = v.of('f32x4.abs', x);
  const near = v.mul(v.horner(v.mul(x, x), TANH), x);
  // Up to 9: powers from 2^1 to 2^26, which nothing overflows.
  const [n, p] = exponential(v, v.add(a, a));
  const power = v.mul(p, pow2(v, n));
  const below = v.sub(ONE, v.div(f32(2), v.add(power, ONE)));
  const y = v.select(v.of('f32x4.gt', a, f32(9)), ONE, below);
  const far = v.of('v128.or', y, v.of('v128.and', x, SIGN));
  return v.select(v.of('f32x4.lt', a, f32(0.625)), near, far);
}

const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1,
  1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1,
  3.3333331174e-1, -0.5, 1,
].map(f32);

function log(v: Lanes, x: number): number {
  const small = v.of('f32x4.lt', x, f32(r(1.17549435e-38)));
  const scaled = v.select(small, v.mul(x, f32(2 ** 24)), x);
  const half = v.of(
    'v128.or',
    v.of('v128.and', scaled, i32(0x007fffff)),
    i32(0x3f000000),
  );
  const low = v.of('f32x4.lt', half, f32(r(Math.SQRT1_2)));
  const bias = v.select(small, i32(126 + 24), i32(126));
  const exponent = v.of('i32x4.sub', v.shift('i32x4.shr_u', scaled, 23), bias);
  const n = v.of('f32x4.convert_i32x4_s', v.of('i32x4.add', exponent, low));
  const m = v.add(half, v.of('v128.and', half, low));
  const t = v.sub(m, ONE);
  // The twin adds a last 0: to a product that is never -0, as t is not.
  const p = v.mul(v.horner(t, LOG), t);
  const y = v.add(v.mul(n, LN2_HIGH), v.add(v.mul(n, LN2_LOW), p));
  const infinity = f32(Number.POSITIVE_INFINITY);
  const zero = v.of('f32x4.eq', x, f32(0));
  const other = v.select(zero, f32(Number.NEGATIVE_INFINITY), NAN);
  const some = v.select(v.of('f32x4.gt', x, f32(0)), y, other);
  return v.select(v.of('f32x4.eq', x, infinity), infinity, some);
}

const TWO_OVER_PI = f32(r(2 / Math.PI));
const HALF_PI = [1.5703125, 4.837512969970703e-4, 7.549789948768648e-8].map(
  f32,
);
const SIN = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1, 1].map(f32);
const COS = [
  2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2, -0.5, 1,
].map(f32);

interface Turned {
  readonly sin: number;
  readonly cos: number;
  /** Its last two bits are the quadrant. */
  readonly bits: number;
  /** Where the quadrant is odd. */
  readonly odd: number;
  /** Where the angle is too large. */
  readonly outside: number;
}

function turned(v: Lanes, x: number): Turned {
  const n = v.of('f32x4.floor', v.add(v.mul(x, TWO_OVER_PI), HALF));
  let t = x;
  for (const part of HALF_PI) t = v.sub(t, v.mul(n, part));
  const z = v.mul(t, t);
  const bits = v.add(n, SHIFT);
  return {
    sin: v.mul(v.horner(z, SIN), t),
    cos: v.horner(z, COS),
    bits,
    odd: v.shift('i32x4.shr_s', v.shift('i32x4.shl', bits, 31), 31),
    outside: v.of('f32x4.gt', v.of('f32x4.abs', x), f32(131072)),
  };
}

/** y, less than 0 where a whole number has the bit of 2. */
function signed(v: Lanes, y: number, whole: number): number {
  const sign = v.of('v128.and', v.shift('i32x4.shl', whole, 30), SIGN);
  return v.of('v128.xor', y, sign);
}

function sineOf(v: Lanes, { sin, cos, bits, odd }: Turned): number {
  return signed(v, v.select(odd, cos, sin), bits);
}

/** Negative in quadrants 1 and 2, whose successors have the bit of 2. */
function cosineOf(v: Lanes, { sin, cos, bits, odd }: Turned): number {
  const next = v.of('i32x4.add', bits, i32(1));
  return signed(v, v.select(odd, sin, cos), next);
}

function ofAngle(result: (v: Lanes, t: Turned) => number): Vectorised {
  return (v, x) => {
    const t = turned(v, x);
    return v.select(t.outside, NAN, result(v, t));
  };
}

const FUNCTIONS: Readonly<Record<string, Vectorised>> = {
  exp,
  log,
  tanh,
  sin: ofAngle(sineOf),
  cos: ofAngle(cosineOf),
  tan: ofAngle((v, t) => v.div(sineOf(v, t), cosineOf(v, t))),
};

/** Names of the functions of four float32. */
export const VECTORISED: ReadonlySet<string> = new Set(Object.keys(FUNCTIONS));

/** Takes the vector on the stack and puts a function of it there. */
export function applyFunction(code: Code, name: string): void {
  const v = new Lanes(code, 'f32x4');
  const x = v.done();
  code.get(FUNCTIONS[name](v, x));
}
