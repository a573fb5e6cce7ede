/** Activity by level and tick: a heat map of levels over time. */

import { heatPicture } from './heat.ts';
import type { Domain } from './scale.ts';
import type { PictureOptions } from './sheet.ts';

/** Values by level and tick. */
export interface SpaceTimePicture extends PictureOptions {
  /** Names of the levels, from level 0 up. */
  readonly rows: readonly string[];
  /** Ticks, or what stands under a column. */
  readonly columns: readonly (number | string)[];
  /** values[row][column]; null where there is nothing. */
  readonly values: readonly (readonly (number | null)[])[];
  /** What is shown, as "squared error". */
  readonly quantity: string;
  /** Its unit, shown behind it; default none. */
  readonly unit?: string;
  /** Name of the horizontal axis; default "tick". */
  readonly xLabel?: string;
  /** Ends of the colour scale, to compare pictures; default least to most. */
  readonly domain?: Domain;
}

/**
 * SVG of a cell a level and tick, level 0 at the bottom, time to the right: a
 * wave that travels level by level is a diagonal. Throws ShapeError for rows
 * or columns without values, NonFiniteError for a value that is no number,
 * OptionError for one outside the colour scale and for too many.
 */
export async function spaceTimePicture({
  rows,
  columns,
  values,
  quantity,
  unit,
  xLabel = 'tick',
  domain,
  ...picture
}: SpaceTimePicture): Promise<string> {
  const label = unit === undefined ? quantity : `${quantity} (${unit})`;
  return heatPicture({
    ...picture,
    x: { label: xLabel, places: columns },
    // Names go downwards as in a table.
    y: { label: 'level', places: rows.toReversed() },
    values: values.toReversed(),
    scale: { label, domain },
  });
}
