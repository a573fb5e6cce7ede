import { NonFiniteError, OptionError, show } from '../base/errors.ts';
import { abs, arg, type Complex } from './complex.ts';
import { eigenvalues } from './eigenvalues.ts';
import { leastSquares } from './least-squares.ts';
import { principal } from './principal.ts';
import { energyOf, strongest, tailOf } from './tail.ts';

/**
 * Measures how fast what was simulated grows or dies. The samples are taken
 * as a sum of complex exponentials; their rates are the eigenvalues of the
 * linear map from a stretch of samples to the next (Y. Hua and T. K. Sarkar
 * 1990, "Matrix pencil method for estimating parameters of exponentially
 * damped/undamped sinusoids in noise").
 */

export interface Growth {
  /** Per ms: the mode is e^(growth t); below 0 it dies. */
  readonly growth: number;
  /** In Hz; 0 of a mode that does not oscillate. */
  readonly frequency: number;
}

export interface GrowthOptions {
  /** Where the network rests, per component or the same for all; 0. */
  readonly rest?: number | ArrayLike<number>;
  /** Share of the series, at its end, that is looked at, in (0, 1]; .5. */
  readonly tail?: number;
  /**
   * What is less than this beside the largest is noise: 1e-6, which passes
   * over the rounding of float32.
   */
  readonly noise?: number;
}

/** Samples of a stretch, all components together. */
const DIMENSIONS = 24;
/** Stretches that are compared. */
const MOST_ROWS = 400;
/** Samples of a stretch in one period of the mean frequency. */
const PER_PERIOD = 16;
/** Times of which the logarithm of the energy is taken. */
const BLOCKS = 8;

/**
 * The mode that dominates the end of a series: of all that are found in the
 * tail the one that by itself comes nearest to the last half of it.
 *
 * A mode slower than the tail is long, or two modes closer in frequency than
 * one over its length, are not told apart.
 *
 * @param series one number per sample, or one row of numbers per sample; 16
 *   samples at least in the tail
 * @param step ms from one sample to the next
 * @throws OptionError if step or an option is out of range, there are too few
 *   samples, or all are at rest
 * @throws ShapeError if rows differ in length, or `rest` does from them
 * @throws NonFiniteError if a sample is NaN or infinite, or the tail spans
 *   more than float64 can hold
 */
export function dominantMode(
  series: ArrayLike<number> | readonly ArrayLike<number>[],
  step: number,
  options: GrowthOptions = {},
): Growth {
  const { rest = 0, tail = 0.5, noise = 1e-6 } = options;
  within('step', step, Number.MAX_VALUE);
  within('tail', tail, 1);
  within('noise', noise, 0.1);
  const channels = strongest(tailOf(series, rest, tail));
  const slope = level(channels);
  const stride = strideOf(channels);
  const modes = modesOf(channels, stride, noise);
  const z = nearestAtEnd(channels, stride, modes);
  return {
    growth: (Math.log(abs(z)) / stride + slope) / step,
    frequency: (1000 * Math.abs(arg(z))) / (2 * Math.PI * stride * step),
  };
}

/**
 * Takes the common growth out of the samples, so that the end counts as much
 * as the beginning. This moves all rates by one number, which is returned,
 * per sample.
 */
function level(channels: readonly Float64Array[]): number {
  const { length } = channels[0]!;
  const points: (readonly [number, number])[] = [];
  for (let block = 0; block < BLOCKS; block++) {
    const from = Math.floor((block * length) / BLOCKS);
    const to = Math.floor(((block + 1) * length) / BLOCKS);
    // A sum of squares could underflow where the samples do not.
    let most = 0;
    for (const channel of channels) {
      for (let n = from; n < to; n++)
        most = Math.max(most, Math.abs(channel[n]!));
    }
    if (most > 0) points.push([(from + to - 1) / 2, Math.log(most)]);
  }
  const slope = slopeOf(points);
  const middle = (length - 1) / 2;
  for (const channel of channels) {
    for (let n = 0; n < length; n++) {
      channel[n]! *= Math.exp(slope * (middle - n));
    }
  }
  return slope;
}

function slopeOf(points: readonly (readonly [number, number])[]): number {
  const count = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count;
  const top = points.reduce(
    (sum, [x, y]) => sum + (x - meanX) * (y - meanY),
    0,
  );
  const bottom = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return bottom > 0 ? top / bottom : 0;
}

/** Lags of a stretch: as many as fit the dimensions and half the tail. */
function lagsOf(channels: readonly Float64Array[]): number {
  const half = Math.floor(channels[0]!.length / 2);
  return Math.min(Math.floor(DIMENSIONS / channels.length), half - 1);
}

/** Samples between two of a stretch, by the mean square frequency. */
function strideOf(channels: readonly Float64Array[]): number {
  let [change, energy] = [0, 0];
  for (const channel of channels) {
    energy += energyOf(channel);
    for (let n = 1; n < channel.length; n++) {
      change += (channel[n]! - channel[n - 1]!) ** 2;
    }
  }
  const turn = 2 * Math.asin(Math.min(1, Math.sqrt(change / energy) / 2));
  const most = Math.floor(channels[0]!.length / 2 / (lagsOf(channels) + 1));
  const wanted = Math.floor((2 * Math.PI) / (PER_PERIOD * turn));
  return Math.max(1, Math.min(most, wanted));
}

/** The factors by which modes change over `stride` samples. */
function modesOf(
  channels: readonly Float64Array[],
  stride: number,
  noise: number,
): readonly Complex[] {
  const lags = lagsOf(channels);
  const count = channels[0]!.length - lags * stride;
  const hop = Math.max(1, Math.ceil(count / MOST_ROWS));
  const rows = Math.ceil(count / hop);
  const stretches = (shift: number) =>
    channels.flatMap((channel) =>
      Array.from({ length: lags }, (_, lag) =>
        Float64Array.from(
          { length: rows },
          (_, row) => channel[row * hop + (lag + shift) * stride]!,
        ),
      ),
    );
  const { scores, loadings } = principal(stretches(0), noise);
  const next = stretches(1);
  const moved = loadings.map((loading) => {
    const sum = new Float64Array(rows);
    for (const [i, weight] of loading.entries()) {
      for (let row = 0; row < rows; row++) sum[row]! += weight * next[i]![row]!;
    }
    return sum;
  });
  // Scores are orthogonal, so each coefficient is a ratio of its own.
  return eigenvalues(
    scores.map((score) => {
      const energy = energyOf(score);
      return moved.map(
        (other) =>
          other.reduce((sum, x, row) => sum + x * score[row]!, 0) / energy,
      );
    }),
  );
}

/**
 * The mode that by itself comes nearest to the last half of the samples. A fit
 * of all modes at once would say more, but modes of noise that cancel each
 * other out can be as large in it as they like.
 */
function nearestAtEnd(
  channels: readonly Float64Array[],
  stride: number,
  modes: readonly Complex[],
): Complex {
  const { length } = channels[0]!;
  const half = Math.floor(length / 2);
  const hop = Math.max(1, Math.ceil(half / MOST_ROWS));
  const times = Array.from(
    { length: Math.ceil(half / hop) },
    (_, i) => length - half + i * hop,
  );
  const sides = channels.map((channel) =>
    Float64Array.from(times, (n) => channel[n]!),
  );
  let least = Infinity;
  let nearest: Complex | undefined;
  for (const mode of modes) {
    const size = abs(mode);
    if (size === 0) continue;
    // Its imaginary part may be rounding: a real one has a wave less to fit.
    const im = Math.abs(mode.im) > 1e-9 * size ? Math.abs(mode.im) : 0;
    const z = { re: mode.re, im };
    const left = missOf(z, stride, times, sides);
    if (left < least) [least, nearest] = [left, z];
  }
  if (nearest !== undefined) return nearest;
  throw new NonFiniteError(
    'The tail spans more than float64 can hold, or is not a sum of ' +
      'exponentials: look at a shorter one',
    { modes: modes.length },
  );
}

/** Energy that the best multiple of a mode leaves. */
function missOf(
  z: Complex,
  stride: number,
  times: readonly number[],
  sides: readonly Float64Array[],
): number {
  const rate = Math.log(abs(z)) / stride;
  const turn = arg(z) / stride;
  // So that the largest number is about 1.
  const peak = rate > 0 ? times[times.length - 1]! : times[0]!;
  const column = (wave: (angle: number) => number) =>
    Float64Array.from(
      times,
      (n) => Math.exp(rate * (n - peak)) * wave(turn * n),
    );
  const columns = [column(Math.cos)];
  if (z.im > 0) columns.push(column(Math.sin));
  const copies = (arrays: readonly Float64Array[]) =>
    arrays.map((array) => array.slice());
  const fits = leastSquares(copies(columns), copies(sides));
  return sides.reduce(
    (sum, side, c) =>
      sum +
      energyOf(
        side.map((value, i) =>
          columns.reduce(
            (left, one, j) => left - fits[c]![j]! * one[i]!,
            value,
          ),
        ),
      ),
    0,
  );
}

function within(name: string, value: number, most: number): void {
  if (value > 0 && value <= most) return;
  throw new OptionError(
    `Option ${name} = ${show(value)}: give a number above 0, ${most} at most`,
    { name, value },
  );
}
