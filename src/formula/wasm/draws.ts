/**
 * Uniform and normal numbers of random words, as instructions on vectors:
 * operation by operation those of src/network/run/noise.ts.
 */

import { applyNormal } from '../wasm-formula.ts';
import type { Code } from './code.ts';
import { f32, f64, Lanes } from './lanes.ts';

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
  const high = v.words(low, low, [2, 3, 2, 3]);
  const number = (whole: number) =>
    v.mul(v.of('f64x2.convert_low_i32x4_s', whole), f64(UNIT));
  return [number(low), number(high)];
}

/** Box-Muller, as normal32 of src/network/run/noise.ts. */
export function normal32(code: Code, a: number, b: number): number {
  code.get(uniform32(code, a), uniform32(code, b));
  applyNormal(code);
  return new Lanes(code, 'f32x4').done();
}
