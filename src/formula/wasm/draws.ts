/**
 * Uniform and normal numbers of random words, as instructions on vectors:
 * operation by operation those of src/network/run/noise.ts and src/formula/f32.ts.
 * What the branches there are for cannot come up here: u is in [0, 1 - 2^-24],
 * so the logarithm is of [2^-24, 1], which has neither zero, NaN nor subnormal
 * numbers, and the cosine of an angle in [0, 2 pi).
 */

import type { Code } from './code.ts';
import { f32, f64, i32, Lanes } from './lanes.ts';

const r = Math.fround;

const UNIT = 2 ** -24;

/** Of 24 bits: the conversion is exact, and as good signed as unsigned. */
export function uniform32(code: Code, words: number): number {
  const v = new Lanes(code, 'f32x4');
  const whole = v.shift('i32x4.shr_u', words, 8);
  return v.mul(v.of('f32x4.convert_i32x4_s', whole), f32(UNIT));
}

/** Of the first two words and of the last two. */
export function uniform64(code: Code, words: number): [number, number] {
  const v = new Lanes(code, 'f64x2');
  const low = v.shift('i32x4.shr_u', words, 8);
  code.get(low, low);
  code.words(2, 3, 2, 3);
  const high = v.done();
  const number = (whole: number) =>
    v.mul(v.of('f64x2.convert_low_i32x4_s', whole), f64(UNIT));
  return [number(low), number(high)];
}

/** Box-Muller, as normal32 of src/network/run/noise.ts. */
export function normal32(code: Code, a: number, b: number): number {
  const v = new Lanes(code, 'f32x4');
  const left = v.sub(f32(1), uniform32(code, a));
  const square = v.mul(f32(-2), log(v, left));
  const angle = v.mul(f32(r(2 * Math.PI)), uniform32(code, b));
  return v.mul(v.of('f32x4.sqrt', square), cos(v, angle));
}

const LN2_HIGH = 0.693359375;
const LN2_LOW = -2.1219444e-4;
const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1,
  1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1,
  3.3333331174e-1, -0.5, 1,
];

/** For 2^-24 <= x <= 1. */
function log(v: Lanes, x: number): number {
  const half = v.of(
    'v128.or',
    v.of('v128.and', x, i32(0x007fffff)),
    i32(0x3f000000),
  );
  const low = v.of('f32x4.lt', half, f32(r(Math.SQRT1_2)));
  const exponent = v.of('i32x4.sub', v.shift('i32x4.shr_u', x, 23), i32(126));
  // A condition that holds is -1.
  const n = v.of('f32x4.convert_i32x4_s', v.of('i32x4.add', exponent, low));
  const m = v.add(half, v.of('v128.and', half, low));
  const t = v.sub(m, f32(1));
  // The twin adds a last 0: to a product that is never -0, as t is not.
  const p = v.mul(v.horner(t, LOG.map(f32)), t);
  return v.add(v.mul(n, f32(LN2_HIGH)), v.add(v.mul(n, f32(LN2_LOW)), p));
}

const HALF_PI = [1.5703125, 4.837512969970703e-4, 7.549789948768648e-8];
const SIN = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1, 1];
const COS = [
  2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2, -0.5, 1,
];

/** For 0 <= x < 2 pi: n is one of 0 to 4. */
function cos(v: Lanes, x: number): number {
  const turns = v.mul(x, f32(r(2 / Math.PI)));
  const n = v.of('f32x4.floor', v.add(turns, f32(0.5)));
  let t = x;
  for (const part of HALF_PI) t = v.sub(t, v.mul(n, f32(part)));
  const z = v.mul(t, t);
  const s = v.mul(v.horner(z, SIN.map(f32)), t);
  const c = v.horner(z, COS.map(f32));
  // The last bits of n + 2^23 are those of the whole number n.
  const bits = v.add(n, f32(2 ** 23));
  const odd = v.shift('i32x4.shr_s', v.shift('i32x4.shl', bits, 31), 31);
  const y = v.of('v128.bitselect', s, c, odd);
  // Quadrants 1 and 2, whose successors have the bit of 2.
  const next = v.shift('i32x4.shl', v.of('i32x4.add', bits, i32(1)), 30);
  return v.of('v128.xor', y, v.of('v128.and', next, i32(-(2 ** 31))));
}
