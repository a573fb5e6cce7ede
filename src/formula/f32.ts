/**
 * Elementary functions in float32 from + and * alone: the CPU twin of
 * kernels/math.wgsl, operation by operation, so that the CPU and every
 * adapter that rounds + - * / correctly give the same bits. Built-in
 * exp and tanh differ between adapters by hundreds of units in the last
 * place. Polynomials are Horner chains p * x + c, which drivers do not
 * reassociate. Coefficients: Cephes single precision (Moshier).
 */

const r = Math.fround;

/** Evaluates a polynomial by Horner's chain, highest coefficient first. */
function horner(x: number, coefficients: readonly number[]): number {
  let p = coefficients[0];
  for (let i = 1; i < coefficients.length; i++) {
    p = r(r(p * x) + coefficients[i]);
  }
  return p;
}

const rounded = (values: number[]): readonly number[] => values.map(r);

const LOG2E = r(Math.LOG2E);
const LN2_HIGH = r(0.693359375);
const LN2_LOW = r(-2.1219444e-4);
const EXP = rounded([
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2,
  1.6666665459e-1, 5.0000001201e-1, 1, 1,
]);

/** 2^n for -126 <= n <= 127. */
function pow2(n: number): number {
  return 2 ** n;
}

/** e^x. Overflows to Infinity above 88.72, flushes to 0 below -87.33. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > r(88.72283)) return Number.POSITIVE_INFINITY;
  if (x < r(-87.33654)) return 0;
  const n = Math.floor(r(r(x * LOG2E) + 0.5));
  let t = r(x - r(n * LN2_HIGH));
  t = r(t - r(n * LN2_LOW));
  // 2^128 is no float32: the power is applied in two halves.
  const half = Math.floor(r(n * 0.5));
  return r(r(horner(t, EXP) * pow2(half)) * pow2(n - half));
}

const TANH = rounded([
  -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1,
  -3.33332819422e-1, 1,
]);

/** Hyperbolic tangent. */
export function tanh(x: number): number {
  const a = Math.abs(x);
  if (a < 0.625) return r(horner(r(x * x), TANH) * x);
  const y = a > 9 ? 1 : r(1 - r(2 / r(exp(r(a + a)) + 1)));
  return x < 0 ? -y : y;
}

const LOG = rounded([
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1,
  1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1,
  3.3333331174e-1, -0.5, 1, 0,
]);

const words = new Uint32Array(1);
const floats = new Float32Array(words.buffer);

/** Natural logarithm; -Infinity at 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  // Subnormal numbers are scaled up first.
  const small = x < r(1.17549435e-38);
  floats[0] = small ? r(x * 16777216) : x;
  let e = ((words[0] >>> 23) & 0xff) - 126 - (small ? 24 : 0);
  words[0] = (words[0] & 0x007fffff) | 0x3f000000;
  let m = floats[0];
  if (m < r(Math.SQRT1_2)) {
    e -= 1;
    m = r(m + m);
  }
  const t = r(m - 1);
  const p = horner(t, LOG);
  return r(r(e * LN2_HIGH) + r(r(e * LN2_LOW) + p));
}

const TWO_OVER_PI = r(2 / Math.PI);
const HALF_PI = rounded([
  1.5703125, 4.837512969970703e-4, 7.549789948768648e-8,
]);
const SIN = rounded([-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1, 1]);
const COS = rounded([
  2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2, -0.5, 1,
]);

/** Beyond it the reduction would give wrong numbers, so it gives NaN. */
const LARGEST_ANGLE = 131072;

/** Sine and cosine of x after reduction to [-pi/4, pi/4] and its quadrant. */
function reduce(x: number): { sin: number; cos: number; quadrant: number } {
  if (Math.abs(x) > LARGEST_ANGLE) {
    return { sin: Number.NaN, cos: Number.NaN, quadrant: 0 };
  }
  const n = Math.floor(r(r(x * TWO_OVER_PI) + 0.5));
  let t = r(x - r(n * HALF_PI[0]));
  t = r(t - r(n * HALF_PI[1]));
  t = r(t - r(n * HALF_PI[2]));
  const z = r(t * t);
  const quadrant = n - 4 * Math.floor(n / 4);
  return { sin: r(horner(z, SIN) * t), cos: horner(z, COS), quadrant };
}

/** Sine, x in radians; full precision for |x| < 8192, NaN above 131072. */
export function sin(x: number): number {
  const { sin: s, cos: c, quadrant } = reduce(x);
  const y = quadrant % 2 === 0 ? s : c;
  return quadrant >= 2 ? -y : y;
}

/** Cosine, x in radians; full precision for |x| < 8192, NaN above 131072. */
export function cos(x: number): number {
  const { sin: s, cos: c, quadrant } = reduce(x);
  const y = quadrant % 2 === 0 ? c : s;
  return quadrant === 1 || quadrant === 2 ? -y : y;
}

/** Tangent, x in radians; full precision for |x| < 8192, NaN above 131072. */
export function tan(x: number): number {
  return r(sin(x) / cos(x));
}

/** Square root, correctly rounded. */
export function sqrt(x: number): number {
  return r(Math.sqrt(x));
}
