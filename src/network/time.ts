/** Milliseconds at the edge, whole ticks inside. */

import { DelayError, show } from '../base/errors.ts';

/** Ticks are counted in 31 bits: half a year of model time at dt = .1 ms. */
export const MOST_TICKS = 2 ** 31 - 1;

/** How far from a whole number of ticks a time may be, by rounding alone. */
const SLACK = 1e-6;
/** However many ticks it has. */
const MOST_SLACK = 1e-3;

/**
 * Ticks of a time in ms. A time that is not a multiple of dt is an error,
 * unless `round` asks for the nearest (it is not given where nobody can ask).
 *
 * @throws DelayError
 */
export function ticksOf(
  what: string,
  ms: number,
  dt: number,
  options: { round?: boolean; least?: number } = {},
): number {
  const { round = false, least = 0 } = options;
  if (typeof ms !== 'number' || !Number.isFinite(ms)) {
    throw new DelayError(`${what} is ${show(ms)}: give a finite time in ms`, {
      ms,
    });
  }
  const exact = ms / dt;
  const ticks = Math.round(exact);
  const slack = Math.min(MOST_SLACK, SLACK * Math.max(1, ticks));
  if (!round && Math.abs(exact - ticks) > slack) {
    throw new DelayError(
      `${what} ${ms} ms is not a multiple of dt = ${dt} ms: ` +
        (options.round === undefined
          ? `give one that is, such as ${shortest(ticks * dt)} ms`
          : `pass round: true to use ${shortest(ticks * dt)} ms`) +
        ', or choose another dt',
      { ms, dt },
    );
  }
  if (ticks < least || ticks > MOST_TICKS) {
    throw new DelayError(
      `${what} ${ms} ms is ${ticks} ticks of dt = ${dt} ms: give ` +
        (ticks < least
          ? `at least ${shortest(least * dt)} ms`
          : `at most ${MOST_TICKS} ticks`),
      { ms, dt, ticks },
    );
  }
  return ticks;
}

/** A product of a whole number and dt without the dust of binary fractions. */
export function shortest(ms: number): number {
  return Number(ms.toPrecision(12));
}
