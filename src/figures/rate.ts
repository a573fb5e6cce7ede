/** Rates of populations over time, one line of steps a group. */

import { OptionError, show } from '../base/errors.ts';
import { linesPicture } from './lines.ts';
import type { Mark } from './marks.ts';
import type { PictureOptions } from './sheet.ts';

export interface RatePicture extends PictureOptions {
  readonly groups: readonly {
    readonly name: string;
    /** One a bin, the first from `start` on; NaN is a gap. */
    readonly rates: ArrayLike<number>;
  }[];
  /** ms */
  readonly bin: number;
  /** Begin of the first bin in ms; default 0. */
  readonly start?: number;
  /** Unit of the rates; default Hz (spikes a second and neuron). */
  readonly unit?: string;
  readonly marks?: readonly Mark[];
}

/** SVG of rates. Throws OptionError and NonFiniteError. */
export async function ratePicture(picture: RatePicture): Promise<string> {
  const { groups, bin, start = 0, unit = 'Hz', marks = [] } = picture;
  if (groups.length === 0) {
    throw new OptionError('A picture of rates has no group: pass one or more');
  }
  if (!(bin > 0 && bin < Infinity)) {
    throw new OptionError(
      `Rates in bins of ${show(bin)} ms cannot be drawn: a bin is longer than 0`,
      { bin },
    );
  }
  return linesPicture({
    ...picture,
    lines: groups.map(({ name, rates }) => ({
      name,
      ...edges(rates, start, bin),
      count: rates.length,
    })),
    x: { label: 'time (ms)' },
    y: { label: `rate (${unit})`, fromZero: true },
    marks,
  });
}

/** Both ends of every bin: a step has a right edge, before a gap too. */
function edges(
  rates: ArrayLike<number>,
  start: number,
  bin: number,
): { xs: number[]; ys: number[] } {
  const xs: number[] = [];
  const ys: number[] = [];
  for (let i = 0; i < rates.length; i++) {
    xs.push(start + i * bin, start + (i + 1) * bin);
    ys.push(rates[i], rates[i]);
  }
  return { xs, ys };
}
