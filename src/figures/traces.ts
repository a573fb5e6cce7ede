/** Traces over time, or measured points beside the curve of a theory. */

import { OptionError } from '../base/errors.ts';
import { linesPicture } from './lines.ts';
import type { Mark } from './marks.ts';
import type { PictureOptions } from './sheet.ts';

export interface Trace {
  readonly name: string;
  readonly times: ArrayLike<number>;
  /** One a time; NaN is a gap. */
  readonly values: ArrayLike<number>;
  /** Shown behind the name in the legend. */
  readonly unit?: string;
  /** Default 'line'; stems are upright strokes from 0, for single ticks. */
  readonly style?: 'line' | 'points' | 'stems';
}

export interface TracesPicture extends PictureOptions {
  readonly series: readonly Trace[];
  /** Name and unit of the axis, as "time (ms)". */
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xLog?: boolean;
  readonly yLog?: boolean;
  readonly marks?: readonly Mark[];
}

/**
 * SVG of traces. Lines of more points than pixels are drawn by the points
 * that show. Throws ShapeError for values without times, NonFiniteError for
 * an infinite value, OptionError for one that a logarithmic axis cannot show.
 */
export async function tracesPicture(picture: TracesPicture): Promise<string> {
  const { series, xLabel, yLabel, xLog, yLog, marks = [] } = picture;
  if (series.length === 0) {
    throw new OptionError(
      'A picture of traces has no series: pass one or more',
    );
  }
  return linesPicture({
    ...picture,
    lines: series.map(({ name, times, values, unit, style = 'line' }) => ({
      name: unit === undefined ? name : `${name} (${unit})`,
      xs: times,
      ys: values,
      style,
    })),
    x: { label: xLabel, log: xLog },
    y: { label: yLabel, log: yLog },
    marks,
  });
}
