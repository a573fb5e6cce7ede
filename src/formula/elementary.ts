/**
 * The elementary functions in float32, each written once, of + - * / and the
 * bits of a number alone. JavaScript (js.ts), WebAssembly (wasm-formula.ts) and
 * WGSL (wgsl.ts) are made of these texts, operation by operation, so that the CPU
 * and every adapter that rounds + - * / correctly give the same bits: built-in
 * exp and tanh differ between adapters by hundreds of units in the last place.
 * Polynomials are Horner chains p * x + c, which drivers do not reassociate.
 * Coefficients: Cephes single precision (Moshier).
 */

/**
 * A function: names of its arguments, then a line for each step. `x = formula`
 * gives a value a name, `return formula if condition` ends where it holds, the
 * last line is `return formula`. A condition with NaN does not hold.
 */
export type ElementaryText = readonly [
  parameters: readonly string[],
  ...lines: readonly string[],
];

/** e^of is p * 2^n. Defines n, t and p. */
const exponential = (of: string) => [
  `n = floor(${of} * 1.44269504088896341 + 0.5)`,
  `t = ${of} - n * 0.693359375 - n * -2.12194440e-4`,
  'p = horner(t, 1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, ' +
    '4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1, 1)',
];

/** Logarithm of a normal number whose exponent is e, as `y`. */
const logarithm = (of: string) => [
  `m = mantissa(${of}) - 1`,
  'q = horner(m, 7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, ' +
    '-1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, ' +
    '-2.4999993993e-1, 3.3333331174e-1, -0.5, 1)',
  'y = e * 0.693359375 + (e * -2.12194440e-4 + q * m)',
];

/** Reduces an angle to t in [-pi/4, pi/4] and n quarters of a turn. */
const turned = (of: string) => [
  `n = floor(${of} * 0.636619772367581343 + 0.5)`,
  `t = ${of} - n * 1.5703125 - n * 4.837512969970703125e-4 - ` +
    'n * 7.549789948768648e-8',
  'z = t * t',
];
const ODD =
  'horner(z, -1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1, 1) * t';
const EVEN =
  'horner(z, 2.443315711809948e-5, -1.388731625493765e-3, ' +
  '4.166664568298827e-2, -0.5, 1)';
const sine = (odd: string, even: string) =>
  `flip(where(odd(n), ${even}, ${odd}), n)`;
const cosine = (odd: string, even: string) =>
  `flip(where(odd(n), ${odd}, ${even}), n + 1)`;

/** Full precision up to 8192; beyond 131072 the reduction would be wrong. */
const ofAngle = (...result: readonly string[]): ElementaryText => [
  ['x'],
  'return NAN if abs(x) > 131072',
  ...turned('x'),
  ...result,
];

/** What formulas may call; all are of one number. */
export const ELEMENTARY = {
  /** Overflows to infinity above 88.72, flushes to 0 below -87.33. */
  exp: [
    ['x'],
    'return INFINITY if x > 88.72283',
    'return 0 if x < -87.33654',
    ...exponential('x'),
    // 2^128 is no float32: the power is applied in two halves.
    'half = floor(n * 0.5)',
    'return p * pow2(half) * pow2(n - half)',
  ],
  /** -infinity at 0, NaN below. */
  log: [
    ['x'],
    'return x if x > 3.4028234663852886e38',
    // Subnormal numbers are scaled up first.
    'small = x < 1.17549435e-38',
    'scaled = where(small, x * 16777216, x)',
    'e = exponent(scaled) - where(small, 24, 0)',
    ...logarithm('scaled'),
    'return where(x > 0, y, where(x == 0, -INFINITY, NAN))',
  ],
  tanh: [
    ['x'],
    'a = abs(x)',
    'z = x * x',
    'return horner(z, -5.70498872745e-3, 2.06390887954e-2, ' +
      '-5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1, 1) * x ' +
      'if a < 0.625',
    'b = a + a',
    ...exponential('b'),
    'return signed(where(a > 9, 1, 1 - 2 / (p * pow2(n) + 1)), x)',
  ],
  sin: ofAngle(`return ${sine(ODD, EVEN)}`),
  cos: ofAngle(`return ${cosine(ODD, EVEN)}`),
  tan: ofAngle(
    `s = ${ODD}`,
    `c = ${EVEN}`,
    `return ${sine('s', 'c')} / ${cosine('s', 'c')}`,
  ),
} satisfies Record<string, ElementaryText>;

export type ElementaryName = keyof typeof ELEMENTARY;

/**
 * A standard normal number of two uniform ones in [0, 1), multiples of 2^-24
 * (Box-Muller): what log and cos have branches for does not come up.
 */
export const NORMAL: ElementaryText = [
  ['u', 'v'],
  'left = 1 - u',
  'e = exponent(left)',
  ...logarithm('left'),
  'radius = sqrt(-2 * y)',
  'angle = 6.28318530717958648 * v',
  ...turned('angle'),
  `return radius * ${cosine(ODD, EVEN)}`,
];
