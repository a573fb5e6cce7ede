/** Traces over time and rates of populations, as lines. */

import { show } from '../base/errors.ts';
import { refuse } from './checks.ts';
import type { Mark } from './figure.ts';
import { linesPicture } from './lines.ts';
import type { PictureOptions } from './sheet.ts';

/** Values over time. */
export interface Trace {
  /** Its name in the legend. */
  readonly name: string;
  /** Places along the horizontal axis, in its unit. */
  readonly times: ArrayLike<number>;
  /** One a time; NaN is a gap. */
  readonly values: ArrayLike<number>;
  /** Shown behind the name in the legend; default none. */
  readonly unit?: string;
  /** Default 'line'; stems are upright strokes from 0, for single ticks. */
  readonly style?: 'line' | 'points' | 'stems';
}

/** Series over common axes. */
export interface TracesPicture extends PictureOptions {
  /** One or more. */
  readonly series: readonly Trace[];
  /** Name and unit of the horizontal axis, as "time (ms)". */
  readonly xLabel: string;
  /** Name and unit of the upright axis. */
  readonly yLabel: string;
  /** Whether the horizontal axis is logarithmic; default false. */
  readonly xLog?: boolean;
  /** Whether the upright axis is logarithmic; default false. */
  readonly yLog?: boolean;
  /** Lines and points with words; default none. */
  readonly marks?: readonly Mark[];
}

/**
 * SVG of traces, or of measured points beside the curve of a theory. Lines of
 * more points than pixels are drawn by the points that show. Throws ShapeError
 * for values without times, NonFiniteError for an infinite value, OptionError
 * for one that a logarithmic axis cannot show.
 */
export async function tracesPicture(picture: TracesPicture): Promise<string> {
  const { series, xLabel, yLabel, xLog, yLog } = picture;
  if (series.length === 0) {
    refuse('A picture of traces has no series: pass one or more');
  }
  return linesPicture({
    ...picture,
    lines: series.map(({ name, times, values, unit, style }) => ({
      name: unit === undefined ? name : `${name} (${unit})`,
      ...{ xs: times, ys: values, style },
    })),
    x: { label: xLabel, log: xLog },
    y: { label: yLabel, log: yLog },
  });
}

/** Rates in bins of equal length. */
export interface RatePicture extends PictureOptions {
  /** One or more populations. */
  readonly groups: readonly {
    /** Its name in the legend. */
    readonly name: string;
    /** One a bin, the first from `start` on; NaN is a gap. */
    readonly rates: ArrayLike<number>;
  }[];
  /** Length of a bin in ms, more than 0. */
  readonly bin: number;
  /** Begin of the first bin in ms; default 0. */
  readonly start?: number;
  /** Unit of the rates; default Hz (spikes a second and neuron). */
  readonly unit?: string;
  /** Lines and points with words; default none. */
  readonly marks?: readonly Mark[];
}

/**
 * SVG of rates over time, one line of steps a group. Throws OptionError and
 * NonFiniteError.
 */
export async function ratePicture(picture: RatePicture): Promise<string> {
  const { groups, bin, start = 0, unit = 'Hz' } = picture;
  if (groups.length === 0) {
    refuse('A picture of rates has no group: pass one or more');
  }
  if (!(bin > 0 && bin < Infinity)) {
    refuse(
      `Rates in bins of ${show(bin)} ms cannot be drawn: a bin is longer than 0`,
      { bin },
    );
  }
  return linesPicture({
    ...picture,
    // Both ends of every bin: a step has a right edge, before a gap too.
    lines: groups.map(({ name, rates }) => ({
      name,
      xs: Array.from(rates).flatMap((_, i) => [
        start + i * bin,
        start + (i + 1) * bin,
      ]),
      ys: Array.from(rates).flatMap((rate) => [rate, rate]),
      count: rates.length,
    })),
    x: { label: 'time (ms)' },
    y: { label: `rate (${unit})`, fromZero: true },
  });
}
