/**
 * Activity by level and tick: a cell a level and tick, level 0 at the bottom,
 * time to the right. A wave that travels level by level is a diagonal here.
 */

import {
  NonFiniteError,
  OptionError,
  ShapeError,
  show,
} from '../base/errors.ts';
import { axes } from './axes.ts';
import { textWidth, wrapped } from './lettering.ts';
import { checkHeight } from './lines-checks.ts';
import { GREY } from './palette.ts';
import { everyFew } from './places.ts';
import { shadeBar, shadeBarRoom, shadesOf } from './shades.ts';
import {
  checkPicture,
  type LegendEntry,
  type PictureOptions,
  sheet,
} from './sheet.ts';
import {
  cells,
  frame,
  HATCH,
  hatches,
  LEAST_HATCHED,
  numbers,
  stroke,
  type Values,
} from './space-time-cells.ts';
import { element } from './svg.ts';

export interface SpaceTimePicture extends PictureOptions {
  /** Names of the levels, from level 0 up. */
  readonly rows: readonly string[];
  /** Ticks, or what stands under a column. */
  readonly columns: readonly (number | string)[];
  /** values[row][column]; null where there is nothing. */
  readonly values: Values;
  /** What is shown, as "squared error", and its unit. */
  readonly quantity: string;
  readonly unit?: string;
  /** Name of the horizontal axis; default "tick". */
  readonly xLabel?: string;
  /** Ends of the colour scale, to compare pictures; default least to most. */
  readonly domain?: readonly [number, number];
}

const MOST_CELLS = 100_000;
/**
 * SVG of a heat map. Throws ShapeError for rows or columns without values,
 * NonFiniteError for a value that is no number, OptionError for too many.
 */
export async function spaceTimePicture(
  picture: SpaceTimePicture,
): Promise<string> {
  checkPicture(picture);
  checkValues(picture);
  const { rows, columns, values, quantity, unit, width = 760 } = picture;
  const [low, high] = picture.domain ?? ends(values);
  const signed = low < 0 && high > 0;
  const reach = Math.max(-low, high);
  const nothing = values.some((row) => row.includes(null));
  const hatched = signed && (width - 240) / columns.length >= LEAST_HATCHED;
  const page = sheet(picture, legendOf(hatched, nothing), width);
  const tall = Math.min(900, Math.max(160, rows.length * 36));
  const { xLabel = 'tick' } = picture;
  const lines = Math.ceil(textWidth(xLabel, 13) / (width / 2));
  const around = page.top + page.foot + 29 + lines * 17;
  const height = picture.height ?? tall + around;
  checkHeight(height, around + 80);
  const name = unit === undefined ? quantity : `${quantity} (${unit})`;
  const title = wrapped(name, height - around, 13);
  const right = signed
    ? shadeBarRoom(-reach, reach, title)
    : shadeBarRoom(low, high, title);

  const { markup } = await axes(
    {
      width,
      height,
      room: { left: 12, right, top: page.top, bottom: page.foot },
      x: {
        label: xLabel,
        domain: [-0.5, columns.length - 0.5],
        ticks: everyFew(
          columns.map((column) => textWidth(String(column), 12) + 10),
          width - right - 120,
        ),
        format: (i) => String(columns[i]),
      },
      y: {
        label: 'level',
        domain: [-0.5, rows.length - 0.5],
        ticks: everyFew(
          rows.map(() => 15),
          height - around,
        ),
        format: (i) => rows[i],
      },
    },
    {
      over: (area, plot) => {
        const shades = shadesOf(plot, low, high);
        return [
          cells(values, shades, area),
          hatched ? hatches(values, shades, area) : '',
          numbers(values, shades, area),
          frame(area),
          shadeBar(shades, title, area),
        ].join('');
      },
    },
  );
  const description =
    `${name} of ${rows.length} levels (${rows.join(', ')}, from the bottom) ` +
    `at ${columns.length} ticks, ${columns[0]} to ${columns.at(-1)}.`;
  return page.close(markup, height, description);
}

function legendOf(hatched: boolean, nothing: boolean): LegendEntry[] {
  const box = (x: number, y: number, fill: string) =>
    element('rect', {
      ...{ x, y: y - 7, width: 20, height: 14, fill },
      stroke: GREY,
    });
  const entries: LegendEntry[] = [];
  if (hatched) {
    entries.push({
      name: 'below 0 (by more than 1 % of the scale)',
      width: 20,
      swatch: (x, y) =>
        box(x, y, '#9dc3dd') +
        element('path', { d: stroke(x, y - 7, 20, 14), ...HATCH }),
    });
  }
  if (nothing) {
    entries.push({
      name: 'no value',
      width: 20,
      swatch: (x, y) => box(x, y, '#ffffff'),
    });
  }
  return entries;
}

function ends(values: Values): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values.flat()) {
    if (value === null) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  return low === high ? [low, low + (Math.abs(low) || 1)] : [low, high];
}

function checkValues(picture: SpaceTimePicture): void {
  const { rows, columns, values, domain } = picture;
  if (
    rows.length === 0 ||
    columns.length === 0 ||
    values.length !== rows.length ||
    values.some((row) => row.length !== columns.length)
  ) {
    throw new ShapeError(
      `A picture of ${rows.length} levels and ${columns.length} ticks has ` +
        `values of ${values.length} rows of ` +
        `${[...new Set(values.map((row) => row.length))].join(' or ')} columns: ` +
        'pass a value or null for every level and tick',
      { rows: rows.length, columns: columns.length },
    );
  }
  if (rows.length * columns.length > MOST_CELLS) {
    throw new OptionError(
      `A picture of ${rows.length} x ${columns.length} cells is more than ` +
        `${MOST_CELLS}: draw a part of the ticks, or every few`,
      { rows: rows.length, columns: columns.length },
    );
  }
  if (domain && !(domain[0] < domain[1] && domain.every(Number.isFinite))) {
    throw new OptionError(
      `A colour scale from ${show(domain[0])} to ${show(domain[1])} has no ` +
        'length: pass two numbers, the smaller first',
      { domain },
    );
  }
  values.forEach((row, i) => {
    row.forEach((value, j) => {
      if (value === null) return;
      if (typeof value !== 'number' || !Number.isFinite(value)) {
        throw new NonFiniteError(
          `Level "${rows[i]}" has ${show(value)} at tick ${columns[j]}: pass a ` +
            'finite number, or null where there is nothing',
          { row: rows[i], column: columns[j], value },
        );
      }
      if (domain && (value < domain[0] || value > domain[1])) {
        throw new OptionError(
          `Level "${rows[i]}" has ${value} at tick ${columns[j]}, outside the ` +
            `colour scale ${domain[0]} to ${domain[1]}: widen the scale`,
          { row: rows[i], column: columns[j], value, domain },
        );
      }
    });
  });
}
