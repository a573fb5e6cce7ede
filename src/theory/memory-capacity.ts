import {
  NonFiniteError,
  OptionError,
  ShapeError,
  show,
} from '../base/errors.ts';
import { leastSquares } from './least-squares.ts';

/**
 * Linear memory of a reservoir (H. Jaeger 2001, "Short term memory in echo
 * state networks"): how well a weighted sum of its states gives the input of
 * k ticks ago. With an i.i.d. input the sum over k is at most the number of
 * states; a delay line reaches it.
 */

export interface MemoryOptions {
  /** Share of the ticks that the readout is fitted to, in (0, 1); .5. */
  readonly fitted?: number;
  /**
   * Weight of ||w||^2 beside the mean square error; 0. States that depend on
   * others are left out without it.
   */
  readonly ridge?: number;
}

export interface MemoryCapacity {
  /** Sum of the squares. */
  readonly total: number;
  /**
   * squares[k - 1]: squared correlation of the readout with the input k ticks
   * ago, on ticks that it was not fitted to. Chance alone gives about 1 over
   * the number of those ticks.
   */
  readonly squares: Float64Array;
}

/**
 * Fits one readout (weights and a constant) per k to the first ticks and
 * scores it on the others.
 *
 * @param inputs T numbers, u[n]
 * @param states T rows of N numbers, x[n] after the input u[n]
 * @param most largest k, a whole number >= 1
 * @throws ShapeError if inputs and states disagree in length
 * @throws OptionError if an option is out of range, or there are too few
 *   ticks: N + 2 are needed to fit and 3 to score, after the first `most`
 * @throws NonFiniteError if a number is NaN or infinite
 */
export function memoryCapacity(
  inputs: ArrayLike<number>,
  states: readonly ArrayLike<number>[],
  most: number,
  options: MemoryOptions = {},
): MemoryCapacity {
  const { fitted = 0.5, ridge = 0 } = options;
  checkOptions(most, fitted, ridge);
  checkSeries(inputs, states);
  const width = states[0]?.length ?? 0;
  const ticks = inputs.length - most;
  const fit = Math.floor(ticks * fitted);
  if (fit < width + 2 || ticks - fit < 3) {
    throw new OptionError(
      `${inputs.length} ticks are too few for ${width} states and k to ` +
        `${most}: simulate at least ` +
        `${most + Math.ceil(Math.max((width + 3) / fitted, 4 / (1 - fitted)))}`,
      { ticks: inputs.length, width, most },
    );
  }
  const columns = columnsOf(states, most, fit, ridge);
  const wanted = Array.from({ length: most }, (_, i) => {
    const column = new Float64Array(columns[0]!.length);
    for (let n = 0; n < fit; n++) column[n] = inputs[most + n - 1 - i]!;
    return column;
  });
  const readouts = leastSquares(columns, wanted);
  const squares = Float64Array.from(readouts, (weights, i) => {
    const output = new Float64Array(ticks - fit);
    const truth = new Float64Array(ticks - fit);
    for (let n = 0; n < output.length; n++) {
      const tick = most + fit + n;
      // The readout's constant has no part in a correlation.
      for (let j = 0; j < width; j++) {
        output[n]! += weights[j + 1]! * states[tick]![j]!;
      }
      truth[n] = inputs[tick - 1 - i]!;
    }
    return correlation(output, truth);
  });
  return { total: squares.reduce((sum, square) => sum + square, 0), squares };
}

/** A constant, then each state; the ridge is rows of its own below. */
function columnsOf(
  states: readonly ArrayLike<number>[],
  from: number,
  fit: number,
  ridge: number,
): Float64Array[] {
  const width = states[0]!.length;
  const rows = ridge > 0 ? fit + width : fit;
  const columns = Array.from(
    { length: width + 1 },
    () => new Float64Array(rows),
  );
  for (let n = 0; n < fit; n++) {
    columns[0]![n] = 1;
    for (let j = 0; j < width; j++) columns[j + 1]![n] = states[from + n]![j]!;
  }
  if (ridge > 0) {
    for (let j = 0; j < width; j++) {
      columns[j + 1]![fit + j] = Math.sqrt(ridge * fit);
    }
  }
  return columns;
}

/** Squared; 0 where one side is constant. */
function correlation(a: Float64Array, b: Float64Array): number {
  const [meanA, meanB] = [a, b].map(
    (side) => side.reduce((sum, value) => sum + value, 0) / side.length,
  ) as [number, number];
  let [aa, bb, ab] = [0, 0, 0];
  for (let n = 0; n < a.length; n++) {
    aa += (a[n]! - meanA) ** 2;
    bb += (b[n]! - meanB) ** 2;
    ab += (a[n]! - meanA) * (b[n]! - meanB);
  }
  // Less than this of a size is the rounding of a mean.
  const least = 1e-28 * a.length;
  const constant = aa <= least * meanA ** 2 || bb <= least * meanB ** 2;
  return constant ? 0 : Math.min(1, ab ** 2 / (aa * bb));
}

function checkOptions(most: number, fitted: number, ridge: number): void {
  if (!Number.isSafeInteger(most) || most < 1) {
    throw new OptionError(
      `Memory cannot be measured to k = ${show(most)}: give a whole number ` +
        '>= 1',
      { most },
    );
  }
  if (!(fitted > 0 && fitted < 1)) {
    throw new OptionError(
      `Option fitted = ${show(fitted)}: give a number in (0, 1)`,
      { fitted },
    );
  }
  if (!(Number.isFinite(ridge) && ridge >= 0)) {
    throw new OptionError(`Option ridge = ${show(ridge)}: give a number >= 0`, {
      ridge,
    });
  }
}

function checkSeries(
  inputs: ArrayLike<number>,
  states: readonly ArrayLike<number>[],
): void {
  if (inputs.length !== states.length) {
    throw new ShapeError(
      `There are ${inputs.length} inputs but ${states.length} states: give ` +
        'one state per input',
      { inputs: inputs.length, states: states.length },
    );
  }
  for (let n = 0; n < inputs.length; n++) {
    if (states[n]!.length !== states[0]!.length) {
      throw new ShapeError(
        `State ${n} has ${states[n]!.length} numbers but the first has ` +
          `${states[0]!.length}: give states of one size`,
        { tick: n, got: states[n]!.length, expected: states[0]!.length },
      );
    }
    if (![inputs[n], ...Array.from(states[n]!)].every(Number.isFinite)) {
      throw new NonFiniteError(
        `Input or state ${n} holds a number that is not finite: measure ` +
          'the memory of a network that stays finite',
        { tick: n },
      );
    }
  }
}
