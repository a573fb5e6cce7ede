import { NonFiniteError, OptionError } from '../base/errors.ts';
import {
  abs,
  add,
  type Complex,
  complex,
  divide,
  exp,
  log,
  multiply,
  scale,
  sqrt,
  subtract,
} from './complex.ts';

/**
 * The Lambert W function, all solutions w of w e^w = z, numbered as R. M.
 * Corless et al. 1996, "On the Lambert W function", number them. Branch 0 is
 * cut along (-inf, -1/e), every other along (-inf, 0]; on a cut the value is
 * that above it.
 */

/** Below this distance in p from -1/e the series is exact to float64. */
const SERIES_ALONE = 1e-3;

/** Coefficients of W in p = sqrt(2 (e z + 1)), from the constant on. */
const SERIES = [-1, 1, -1 / 3, 11 / 72, -43 / 540, 769 / 17280];

/** Halley triples the digits: what a step this small leaves is rounding. */
const SMALL_STEP = 1e-9;
const MOST_STEPS = 50;

/**
 * Lambert W of a complex number, by Halley's method.
 *
 * @param branch whole number; 0 is the principal branch, and 0 and -1 are
 *   those with real values
 * @throws OptionError if the branch is no whole number, or z is 0 where only
 *   branch 0 is finite
 * @throws NonFiniteError if z is not finite
 */
export function lambertW(z: Complex, branch = 0): Complex {
  if (!Number.isInteger(branch)) {
    throw new OptionError(
      `Branch ${branch} of Lambert W does not exist: give a whole number`,
      { branch },
    );
  }
  if (!Number.isFinite(z.re) || !Number.isFinite(z.im)) {
    throw new NonFiniteError(
      `Lambert W of ${z.re} + ${z.im} i has no value: give a finite number`,
      { z },
    );
  }
  if (z.re === 0 && z.im === 0) {
    if (branch === 0) return complex(0);
    throw new OptionError(
      `Branch ${branch} of Lambert W is infinite at 0: only branch 0 is not`,
      { branch },
    );
  }
  // A zero of either sign is above the cut.
  const at = z.im === 0 ? complex(z.re) : z;
  const p = sqrt(scale(add(scale(at, Math.E), complex(1)), 2));
  const side = sideOf(at, branch);
  if (side !== 0 && abs(p) < SERIES_ALONE) return series(scale(p, side));
  return refine(at, start(at, branch, p, side), branch);
}

/**
 * The sign of p in the series if the branch meets -1/e from this half of the
 * plane, else 0: three branches meet there, two on either side of the cut.
 */
function sideOf(z: Complex, branch: number): -1 | 0 | 1 {
  if (branch === 0) return 1;
  return branch === (z.im < 0 ? 1 : -1) ? -1 : 0;
}

function series(p: Complex): Complex {
  return SERIES.reduceRight(
    (sum, coefficient) => add(multiply(sum, p), complex(coefficient)),
    complex(0),
  );
}

function start(z: Complex, branch: number, p: Complex, side: number): Complex {
  if (side !== 0 && abs(p) < 1.3) return series(scale(p, side));
  if (branch === 0 && abs(z) < 2 && z.re > -0.5) {
    // The [2/2] approximant of Pade at 0.
    const top = add(multiply(z, complex(4 / 3)), complex(1));
    const square = multiply(z, z);
    const bottom = add(add(scale(square, 5 / 6), scale(z, 7 / 3)), complex(1));
    return divide(multiply(z, top), bottom);
  }
  if (branch === -1 && z.im === 0 && z.re < 0 && z.re > -1 / Math.E) {
    const size = Math.log(-z.re);
    return complex(size - Math.log(-size));
  }
  const first = log(z);
  const turned = complex(first.re, first.im + 2 * Math.PI * branch);
  const second = log(turned);
  return add(subtract(turned, second), divide(second, turned));
}

function refine(z: Complex, from: Complex, branch: number): Complex {
  let w = from;
  for (let i = 0; i < MOST_STEPS; i++) {
    // The residual over e^w: of the two forms the one that cannot overflow.
    const residual =
      w.re > 0
        ? subtract(w, multiply(z, exp(scale(w, -1))))
        : divide(subtract(multiply(w, exp(w)), z), exp(w));
    const next = add(w, complex(1));
    const bend = divide(multiply(add(w, complex(2)), residual), scale(next, 2));
    const step = divide(residual, subtract(next, bend));
    w = subtract(w, step);
    if (abs(step) <= SMALL_STEP * abs(w)) return w;
  }
  throw new NonFiniteError(
    `Branch ${branch} of Lambert W does not settle at ${z.re} + ${z.im} i: ` +
      'give a number of ordinary size',
    { z, branch },
  );
}
