import { OptionError, show } from '../base/errors.ts';
import { abs, arg, type Complex, complex, scale } from './complex.ts';
import { eigenvalues } from './eigenvalues.ts';
import { lambertW } from './lambert.ts';

/**
 * How a linear network with one transmission delay grows or dies:
 *
 *     tau x'(t) = -x(t) + W x(t - D)
 *
 * x = e^(lambda t) v solves it iff det((tau lambda + 1) I - W e^(-lambda D))
 * is 0. Per eigenvalue mu of W, lambda = -1/tau + w/D with
 * w e^w = (mu D/tau) e^(D/tau), one root for each branch of Lambert W (H.
 * Shinozaki and T. Mori 2006, "Robust stability analysis of linear
 * time-delay systems by Lambert W function", who also show that the principal
 * branch is rightmost).
 */

/** The mode that outlasts all others. */
export interface Rightmost {
  /** Real part of the root, per ms: below 0 the network comes to rest. */
  readonly growth: number;
  /** |imaginary part| / 2 pi, in Hz; 0 if the mode does not oscillate. */
  readonly frequency: number;
  /** The root itself, per ms, with an imaginary part >= 0. */
  readonly root: Complex;
}

/** e^(D/tau) must be a float64. */
const LONGEST = 600;

/**
 * The rightmost root for a matrix of weights.
 *
 * @param weights n rows of n numbers, W[to][from]; n >= 1
 * @param tau time constant in ms, above 0
 * @param delay D in ms, from 0 to 600 tau
 * @throws OptionError if tau or the delay is out of range or n is 0
 * @throws ShapeError if W is not square
 * @throws NonFiniteError if W holds NaN or an infinity
 */
export function rightmostRoot(
  weights: readonly ArrayLike<number>[],
  tau: number,
  delay: number,
): Rightmost {
  if (weights.length === 0) {
    throw new OptionError('A network of 0 units has no root: give >= 1 unit', {
      units: 0,
    });
  }
  const all = eigenvalues(weights).map((mu) => delayRoot(mu, tau, delay, 0));
  const best = all.reduce((most, one) => (one.re > most.re ? one : most));
  return {
    growth: best.re,
    frequency: (1000 * Math.abs(best.im)) / (2 * Math.PI),
    root: complex(best.re, Math.abs(best.im)),
  };
}

/**
 * The root of one eigenvalue on one branch, per ms. Without a delay, or with
 * an eigenvalue 0, there is one root alone, whatever the branch.
 *
 * @throws OptionError as rightmostRoot
 */
export function delayRoot(
  mu: Complex,
  tau: number,
  delay: number,
  branch: number,
): Complex {
  checkTau(tau);
  if (!(delay >= 0 && delay <= LONGEST * tau)) {
    throw new OptionError(
      `Delay ${show(delay)} ms is not usable with a time constant of ${tau} ` +
        `ms: give 0 to ${LONGEST * tau} ms`,
      { delay, tau },
    );
  }
  const ratio = delay / tau;
  if (ratio === 0) return complex((mu.re - 1) / tau, mu.im / tau);
  if (abs(mu) === 0) return complex(-1 / tau);
  const w = lambertW(scale(mu, ratio * Math.exp(ratio)), branch);
  return complex((w.re - ratio) / delay, w.im / delay);
}

/** Where delayed inhibition begins to oscillate, and how fast. */
export interface Onset {
  /** In ms. */
  readonly delay: number;
  /** In Hz. */
  readonly frequency: number;
}

/**
 * The delay from which on the modes of an eigenvalue no longer die: there the
 * root is i w, and tau w i + 1 = mu e^(-i w D). For mu = -g that is
 * D = tau arccos(-1/g) / sqrt(g^2 - 1) and f = sqrt(g^2 - 1) / (2 pi tau).
 *
 * @param tau time constant in ms, above 0
 * @returns undefined if the delay makes no difference: with |mu| <= 1 all
 *   modes die, with a real part of mu >= 1 one does not at any delay
 * @throws OptionError if tau is out of range
 */
export function onsetOf(mu: Complex, tau: number): Onset | undefined {
  checkTau(tau);
  const size = abs(mu);
  if (size <= 1 || mu.re >= 1) return undefined;
  const w = Math.sqrt(size * size - 1) / tau;
  // |arg| is that of the two conjugate modes that gets there first.
  const turn = Math.abs(arg(mu)) - Math.acos(1 / size);
  return { delay: turn / w, frequency: (1000 * w) / (2 * Math.PI) };
}

function checkTau(tau: number): void {
  if (Number.isFinite(tau) && tau > 0) return;
  throw new OptionError(
    `Time constant ${show(tau)} ms is not usable: give a number above 0`,
    { tau },
  );
}
