/**
 * A field of numbers as coloured cells, beside a bar that says what the
 * colours mean. On a logarithmic scale exact zeros have no colour: they are
 * hatched, for to be exactly 0 is often what matters.
 */

import {
  NonFiniteError,
  OptionError,
  ShapeError,
  show,
} from '../base/errors.ts';
import { axes, numberText } from './axes.ts';
import type { HeatFigure } from './figure.ts';
import {
  contourMarkup,
  heatNumbers,
  ZERO_FILL,
  zeroHatch,
  zeros,
} from './heat-cells.ts';
import { textWidth, wrapped } from './lettering.ts';
import { checkHeight } from './lines-checks.ts';
import { GREY, INK } from './palette.ts';
import { everyFew, namesMarkup, namesUnder } from './places.ts';
import { shadeBar, shadeBarRoom, shadesOf, shadeTicks } from './shades.ts';
import {
  checkPicture,
  type LegendEntry,
  type PictureOptions,
  sheet,
} from './sheet.ts';
import { cells, frame, type Values } from './space-time-cells.ts';
import { element } from './svg.ts';

export type HeatPicture = Omit<HeatFigure, 'kind' | 'name' | 'caption'> &
  PictureOptions;

const MOST_CELLS = 100_000;
/** px of a row, and of all of them at least and at most. */
const ROW = 36;
const LEAST = 160;
const MOST = 560;

/**
 * SVG of a heat map. Throws ShapeError for places without values,
 * NonFiniteError for a value that is no number, OptionError for a negative
 * one on a logarithmic scale and for too many.
 */
export async function heatPicture(picture: HeatPicture): Promise<string> {
  checkPicture(picture);
  checkHeat(picture);
  const { x, y, scale, width = 760 } = picture;
  const log = scale.log ?? false;
  const downwards = y.places.some((place) => typeof place === 'string');
  // Row 0 is the lowest from here on.
  const values = downwards ? [...picture.values].reverse() : picture.values;
  const rows = (downwards ? [...y.places].reverse() : y.places).map(placeText);
  const columns = x.places.map(placeText);
  const colored = values.map((row) =>
    row.map((value) => (log && value === 0 ? null : value)),
  );
  const found = ends(colored, log);
  const [low, high] = found ?? [1, 10];
  const reach = Math.max(-low, high);
  const [from, to] = low < 0 && high > 0 ? [-reach, reach] : [low, high];

  const all = values.flat();
  const lines = picture.contours && found ? shadeTicks(from, to, log) : [];
  const legend = legendOf({
    zero: log && all.includes(0),
    nothing: all.includes(null),
    lines: lines.length > 0,
  });
  const page = sheet(picture, legend, width);
  const tall = Math.min(MOST, Math.max(LEAST, rows.length * ROW));
  const scaleTitle = wrapped(scale.label, tall, 13);
  const right = found ? shadeBarRoom(from, to, scaleTitle, log) : 18;

  // The frame is at least this wide, whatever labels stand at its left.
  const rowLabels = Math.max(...rows.map((row) => textWidth(row, 12)));
  const yTitle = wrapped(y.label, tall, 13).length * 17;
  const across = width - right - rowLabels - yTitle - 34;
  const named = x.places.some((place) => typeof place === 'string');
  const names = namesUnder(named ? columns : [], across / columns.length);
  const under = named ? Math.max(0, names.height - 14) : 0;
  const xTitle = wrapped(x.label, width - right - 12, 13).length * 17;
  const around = page.top + page.foot + 28 + under + xTitle;
  const height = picture.height ?? tall + around;
  checkHeight(height, around + 80);

  const { markup } = await axes(
    {
      width,
      height,
      room: { left: 12, right, top: page.top, bottom: page.foot },
      under,
      x: {
        label: x.label,
        domain: [-0.5, columns.length - 0.5],
        ticks: named
          ? columns.map((_, i) => i)
          : everyFew(
              columns.map((text) => textWidth(text, 12) + 10),
              across,
            ),
        format: (i) => (named ? '' : columns[i]),
      },
      y: {
        label: y.label,
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
        const shades = shadesOf(plot, low, high, log);
        return [
          found ? cells(colored, shades, area, lines.length === 0) : '',
          log ? zeros(values, area) : '',
          contourMarkup(colored, lines, shades, area),
          heatNumbers(values, shades, area, lines.length > 0),
          frame(area),
          found ? shadeBar(shades, scaleTitle, area) : '',
          namesMarkup(
            names,
            columns.map((_, i) => area.x(i)),
            area.bottom,
          ),
        ].join('');
      },
    },
  );
  return page.close(markup, height, descriptionOf(picture, found));
}

const placeText = (place: string | number) =>
  typeof place === 'number' ? numberText(place) : place;

function legendOf(of: {
  zero: boolean;
  nothing: boolean;
  lines: boolean;
}): LegendEntry[] {
  const box = (x: number, y: number, fill: string) =>
    element('rect', {
      ...{ x, y: y - 7, width: 20, height: 14, fill },
      stroke: GREY,
    });
  const entries: (LegendEntry | null)[] = [
    of.zero
      ? {
          name: 'exactly 0',
          width: 20,
          swatch: (x, y) =>
            box(x, y, ZERO_FILL) + zeroHatch([[x, y - 7, 20, 14]]),
        }
      : null,
    of.nothing
      ? {
          name: 'no value',
          width: 20,
          swatch: (x, y) => box(x, y, '#ffffff'),
        }
      : null,
    of.lines
      ? {
          name: 'lines of equal value, at the ticks of the scale',
          swatch: (x, y) =>
            element('path', {
              d: `M${x} ${y + 3}q8 -9 15 -3t15 -3`,
              fill: 'none',
              stroke: INK,
            }),
        }
      : null,
  ];
  return entries.filter((entry) => entry !== null);
}

/** Least and greatest colour; null where there is no value to colour. */
function ends(values: Values, log: boolean): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values.flat()) {
    if (value === null) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return null;
  if (low < high) return [low, high];
  return log ? [low / 2, high * 2] : [low, low + (Math.abs(low) || 1)];
}

function descriptionOf(
  { x, y, values, scale }: HeatPicture,
  found: readonly [number, number] | null,
): string {
  const all = values.flat();
  const count = (value: number | null) => all.filter((v) => v === value).length;
  const known = all.filter((value) => value !== null);
  const text = (value: number) => numberText(Number(value.toPrecision(4)));
  const range = found
    ? `from ${text(known.reduce((a, b) => Math.min(a, b)))} to ` +
      text(known.reduce((a, b) => Math.max(a, b)))
    : 'without a value above 0';
  return (
    `${scale.label} over ${x.label} (${x.places.length} places) and ` +
    `${y.label} (${y.places.length} places), ${range}; exactly 0 at ` +
    `${count(0)} of ${all.length} places, no value at ${count(null)}.`
  );
}

function checkHeat({ x, y, values, scale }: HeatPicture): void {
  const [rows, columns] = [y.places.length, x.places.length];
  const widths = [...new Set(values.map((row) => row.length))];
  const fits = values.length === rows && widths.every((w) => w === columns);
  if (rows === 0 || columns === 0 || !fits) {
    throw new ShapeError(
      `A heat map of ${rows} x ${columns} places has values of ` +
        `${values.length} rows of ${widths.join(' or ')} columns: pass a ` +
        'value or null for every place, and at least one place',
      { rows, columns },
    );
  }
  if (rows * columns > MOST_CELLS) {
    throw new OptionError(
      `A heat map of ${rows} x ${columns} cells is more than ${MOST_CELLS}: ` +
        'draw a part of it, or every few',
      { rows, columns },
    );
  }
  values.forEach((row, i) => {
    row.forEach((value, j) => {
      if (value === null) return;
      const at = `${x.label} ${x.places[j]}, ${y.label} ${y.places[i]}`;
      const data = { x: x.places[j], y: y.places[i], value };
      if (typeof value !== 'number' || !Number.isFinite(value)) {
        throw new NonFiniteError(
          `The heat map has ${show(value)} at ${at}: pass a finite number, or ` +
            'null where there is nothing',
          data,
        );
      }
      if (scale.log && value < 0) {
        throw new OptionError(
          `The heat map has ${value} at ${at}, which a logarithmic scale ` +
            'cannot show: use a linear one',
          data,
        );
      }
    });
  });
}
