/**
 * Normal numbers in float64 as instructions on vectors. WebAssembly has no
 * logarithm and no cosine: these are the ones of fdlibm (Sun Microsystems
 * 1993), which engines of JavaScript have for Math.log and most for Math.cos,
 * operation by operation. Whether an engine has them is to be asked before
 * they are used (see src/network/run/noise.ts).
 *
 * Words have 24 bits here, so the logarithm is of a multiple of 2^-24 in
 * [2^-24, 1] and the cosine of a 2^24th of a turn. What fdlibm does besides,
 * next to a power of 2 (log) and for 66 more bits of pi / 2 (cos), changes no
 * bit of any of these 2^24 logarithms and cosines, and is left out.
 */

import type { Code } from './code.ts';
import { uniform64 } from './draws.ts';
import { f64, i64, Lanes } from './lanes.ts';

/** Of the first two pairs of words and of the last two, by Box-Muller. */
export function normal64(code: Code, a: number, b: number): [number, number] {
  const v = new Lanes(code, 'f64x2');
  const angles = uniform64(code, b);
  const [low, high] = uniform64(code, a).map((u, k) => {
    const square = v.mul(f64(-2), log(v, v.sub(f64(1), u)));
    const angle = v.mul(f64(2 * Math.PI), angles[k]!);
    return v.mul(v.of('f64x2.sqrt', square), cos(v, angle));
  }) as [number, number];
  return [low, high];
}

/** The bits of the upper word of a float64. */
const upper = (word: number) => i64(BigInt(word) << 32n);

/** A float64 whose last bits are those of a small whole number added to it. */
const SHIFT = 1.5 * 2 ** 52;
const SHIFT_BITS = new BigInt64Array(Float64Array.of(SHIFT).buffer)[0]!;

const LN2_HIGH = f64(0.6931471803691238);
const LN2_LOW = f64(1.9082149292705877e-10);
const EVEN = [0.15313837699209373, 0.22222198432149784, 0.3999999999940942].map(
  f64,
);
const ODD = [
  0.14798198605116586, 0.1818357216161805, 0.2857142874366239,
  0.6666666666666735,
].map(f64);

/** x = 2^n (1 + f), with 1 + f between sqrt(1/2) and sqrt(2). */
function log(v: Lanes, x: number): number {
  const fraction = v.of('v128.and', x, i64((1n << 52n) - 1n));
  const above = v.of(
    'v128.and',
    v.of('i64x2.add', fraction, upper(0x95f64)),
    upper(0x100000),
  );
  const one = v.of('v128.xor', above, upper(0x3ff00000));
  const exponent = v.of(
    'i64x2.add',
    v.shift('i64x2.shr_u', x, 52),
    v.shift('i64x2.shr_u', above, 52),
  );
  const n = v.sub(
    v.of('i64x2.add', exponent, i64(SHIFT_BITS - 1023n)),
    f64(SHIFT),
  );
  const f = v.sub(v.of('v128.or', fraction, one), f64(1));
  const s = v.div(f, v.add(f64(2), f));
  const z = v.mul(s, s);
  const w = v.mul(z, z);
  const even = v.mul(w, v.horner(w, EVEN));
  const odd = v.mul(z, v.horner(w, ODD));
  const rest = v.add(odd, even);
  const high = v.mul(n, LN2_HIGH);
  const low = v.mul(n, LN2_LOW);
  const square = v.mul(v.mul(f64(0.5), f), f);
  // Near sqrt(2) the terms are summed in another order.
  const near = v.of(
    'v128.and',
    v.of('i64x2.gt_s', fraction, i64((0x6147an << 32n) - 1n)),
    v.of('i64x2.gt_s', upper(0x6b852), fraction),
  );
  const tail = v.select(
    near,
    v.sub(square, v.add(v.mul(s, v.add(square, rest)), low)),
    v.sub(v.mul(s, v.sub(f, rest)), low),
  );
  return v.sub(high, v.sub(tail, f));
}

/** pi / 2 in parts of 33 bits, each with what is left after it. */
const HALF_PI = [
  [1.5707963267341256, 6.077100506506192e-11],
  [6.077100506303966e-11, 2.0222662487959506e-21],
].map((parts) => parts.map(f64));

/** An angle from 0 to 2 pi: 0 to 4 quarters of a turn and `y0 + y1`. */
function cos(v: Lanes, x: number): number {
  const turns = v.mul(x, f64(0.6366197723675814));
  const n = v.of('f64x2.floor', v.add(turns, f64(0.5)));
  const [y0, y1] = reduce(v, x, n);
  const bits = v.add(n, f64(SHIFT));
  // A lane is odd as a whole: 0 - 1.
  const odd = v.of('i64x2.sub', i64(0n), v.of('v128.and', bits, i64(1n)));
  const y = v.select(odd, sine(v, y0, y1), cosine(v, y0, y1));
  // Quadrants 1 and 2, whose successors have the bit of 2.
  const next = v.shift('i64x2.shl', v.of('i64x2.add', bits, i64(1n)), 62);
  return v.of('v128.xor', y, v.of('v128.and', next, i64(-(1n << 63n))));
}

/** x - n pi / 2, in two numbers. */
function reduce(v: Lanes, x: number, n: number): [number, number] {
  const [first, second] = HALF_PI;
  const without = (r: number, tail: number) => {
    const y0 = v.sub(r, tail);
    return [y0, v.sub(v.sub(r, y0), tail)];
  };
  const r = v.sub(x, v.mul(n, first![0]!));
  const [y0, y1] = without(r, v.mul(n, first![1]!)) as [number, number];
  // Where more than 16 bits cancelled, 33 bits of pi / 2 are too few.
  const left = v.shift('i64x2.shr_u', v.shift('i64x2.shl', y0, 1), 53);
  const lost = v.of('i64x2.sub', v.shift('i64x2.shr_u', x, 52), left);
  const many = v.of('i64x2.gt_s', lost, i64(16n));
  v.ifAny(many, () => {
    const part = v.mul(n, second![0]!);
    const next = v.sub(r, part);
    const error = v.sub(v.sub(r, next), part);
    const tail = v.sub(v.mul(n, second![1]!), error);
    const [z0, z1] = without(next, tail) as [number, number];
    v.replace(y0, many, z0);
    v.replace(y1, many, z1);
  });
  return [y0, y1];
}

const SIN = [
  1.58969099521155e-10, -2.5050760253406863e-8, 2.7557313707070068e-6,
  -0.0001984126982985795, 0.00833333333332249,
].map(f64);
const SIN_FIRST = f64(-0.16666666666666632);
const COS = [
  -1.1359647557788195e-11, 2.087572321298175e-9, -2.7557314351390663e-7,
  2.480158728947673e-5, -0.001388888888887411, 0.0416666666666666,
].map(f64);

/** Of x + y in [-pi/4, pi/4], y being the tail of x. */
function sine(v: Lanes, x: number, y: number): number {
  const z = v.mul(x, x);
  const cube = v.mul(z, x);
  const rest = v.mul(cube, v.horner(z, SIN));
  const tail = v.sub(v.mul(z, v.sub(v.mul(f64(0.5), y), rest)), y);
  return v.sub(x, v.sub(tail, v.mul(cube, SIN_FIRST)));
}

/** Of x + y in [-pi/4, pi/4], y being the tail of x. */
function cosine(v: Lanes, x: number, y: number): number {
  const z = v.mul(x, x);
  const rest = v.mul(z, v.horner(z, COS));
  // Part of 1 is taken off first: about x / 4, above 0.3.
  const word = v.of('v128.and', x, upper(0x7fffffff));
  const quarter = v.of('i64x2.sub', word, upper(0x200000));
  const most = v.of('i64x2.gt_s', word, upper(0x3fe90000));
  const some = v.of('i64x2.gt_s', word, upper(0x3fd33332));
  const part = v.of('v128.and', some, v.select(most, f64(0.28125), quarter));
  const half = v.sub(v.mul(f64(0.5), z), part);
  const left = v.sub(half, v.sub(v.mul(z, rest), v.mul(x, y)));
  return v.sub(v.sub(f64(1), part), left);
}
