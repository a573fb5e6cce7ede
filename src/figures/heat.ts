/**
 * A field of numbers as coloured cells, beside a bar that says what the
 * colours mean. On a logarithmic scale exact zeros have no colour: they are
 * hatched, for to be exactly 0 is often what matters.
 */

import { OptionError, ShapeError, show } from '../base/errors.ts';
import { axes, frame, TICKS_UNDER, TITLE_LINE, titleOf } from './axes.ts';
import { checkHeight, checkNumbers, refuse } from './checks.ts';
import type { HeatFigure, Pictured } from './figure.ts';
import {
  belowZero,
  cells,
  contourMarkup,
  LEAST_EDGED,
  numbers,
  signStroke,
  ZERO_FILL,
  zeroHatch,
  zeros,
} from './heat-cells.ts';
import { textWidth } from './lettering.ts';
import { GREY, INK } from './palette.ts';
import { everyFew, namesMarkup, namesUnder } from './places.ts';
import { extentOf, numberText, toDigits } from './scale.ts';
import { shadeBar, shadeBarRoom, shadesOf } from './shades.ts';
import { checkPicture, type LegendEntry, sheet } from './sheet.ts';
import { type Box, rect, stroked } from './svg.ts';

const MOST_CELLS = 100_000;
/** px of a row, and of all of them at least and at most. */
const ROW = 36;
const LEAST = 160;
const MOST = 560;
const MOST_NAMED = 900;

type Places = HeatFigure['x']['places'];
const named = (places: Places) =>
  places.some((place) => typeof place === 'string');

/**
 * SVG of a heat map. Throws ShapeError for places without values,
 * NonFiniteError for a value that is no number, OptionError for one that the
 * scale cannot show and for too many.
 */
export async function heatPicture(
  picture: Pictured<HeatFigure>,
): Promise<string> {
  checkPicture(picture);
  checkHeat(picture);
  const { x, y, scale, width = 760 } = picture;
  const log = scale.log ?? false;
  const downwards = named(y.places);
  // Row 0 is the lowest from here on.
  const values = downwards ? picture.values.toReversed() : picture.values;
  const rows = (downwards ? y.places.toReversed() : y.places).map(placeText);
  const columns = x.places.map(placeText);
  const all = values.flat();
  const colored = values.map((row) =>
    row.map((value) => (log && value === 0 ? null : value)),
  );
  const shades = shadesOf(colored.flat(), log, scale.domain);
  const lined = picture.contours === true && shades !== null;
  const signed =
    shades?.signed && (width - 240) / columns.length >= LEAST_EDGED;

  const entries: (LegendEntry | false | undefined)[] = [
    signed && {
      name: 'below 0 (by more than 1 % of the scale)',
      ...swatch('#9dc3dd', (box) => stroked(signStroke(box), INK)),
    },
    log &&
      all.includes(0) && {
        name: 'exactly 0',
        ...swatch(ZERO_FILL, (box) => zeroHatch([box])),
      },
    all.includes(null) && { name: 'no value', ...swatch('#ffffff', () => '') },
    lined && {
      name: 'lines of equal value, at the ticks of the scale',
      swatch: (left, middle) =>
        stroked(`M${left} ${middle + 3}q8 -9 15 -3t15 -3`, INK),
    },
  ];
  const legend = entries.filter(
    (entry) => entry !== undefined && entry !== false,
  );
  const page = sheet(picture, legend, width);
  const most = downwards ? MOST_NAMED : MOST;
  const tall = picture.height
    ? Math.max(80, picture.height - page.top - page.foot - 60)
    : Math.min(most, Math.max(LEAST, rows.length * ROW));
  const scaleTitle = titleOf(scale.label, tall);
  const right = shades ? shadeBarRoom(shades, scaleTitle) : 18;

  // The frame is at least this wide, whatever labels stand at its left.
  const rowLabels = Math.max(...rows.map((row) => textWidth(row, 12)));
  const yTitle = titleOf(y.label, tall).length * TITLE_LINE;
  const across = width - right - rowLabels - yTitle - 34;
  const names = named(x.places)
    ? namesUnder(columns, across / columns.length)
    : null;
  const under = names ? Math.max(0, names.height - 14) : 0;
  const xTitle = titleOf(x.label, width - right - 12).length * TITLE_LINE;
  const around = page.top + page.foot + TICKS_UNDER + under + xTitle;
  const height = picture.height ?? tall + around;
  checkHeight(height, around + 80);

  const widths = columns.map((text) => textWidth(text, 12) + 10);
  const { area, markup } = axes({
    ...{ width, height, under },
    room: { left: 12, right, top: page.top, bottom: page.foot },
    x: {
      label: x.label,
      domain: [-0.5, columns.length - 0.5],
      ticks: names ? columns.map((_, i) => i) : everyFew(widths, across),
      format: (i) => (names ? '' : columns[i]!),
    },
    y: {
      label: y.label,
      domain: [-0.5, rows.length - 0.5],
      ticks: everyFew(
        rows.map(() => 15),
        height - around,
      ),
      format: (i) => rows[i]!,
    },
  });
  const body = [
    shades ? cells(colored, shades, area, !lined) : '',
    log ? zeros(values, area) : '',
    lined ? contourMarkup(colored, shades, area) : '',
    signed ? belowZero(values, shades, area) : '',
    numbers(values, shades, area, lined),
    frame(area),
    shades ? shadeBar(shades, scaleTitle, area) : '',
    names
      ? namesMarkup(
          names,
          columns.map((_, i) => area.x(i)),
          area.bottom,
        )
      : '',
  ];
  return page.close(markup + body.join(''), height, descriptionOf(picture));
}

const placeText = (place: string | number) =>
  typeof place === 'number' ? numberText(place) : place;

/** A cell of the legend, with what stands on it. */
function swatch(fill: string, over: (box: Box) => string) {
  const cell = (x: number, y: number) => {
    const box = [x, y - 7, 20, 14] as const;
    return rect(box, { fill, stroke: GREY }) + over(box);
  };
  return { width: 20, swatch: cell };
}

function descriptionOf({ x, y, values, scale }: Pictured<HeatFigure>): string {
  const all = values.flat();
  const count = (value: number | null) => all.filter((v) => v === value).length;
  const known = extentOf(all);
  const range = known
    ? `from ${toDigits(known[0], 4)} to ${toDigits(known[1], 4)}`
    : 'without a value';
  const told = ({ label, places }: HeatFigure['x']) =>
    `${label} (${places.length} places: ` +
    `${named(places) ? places.join(', ') : `${places[0]} to ${places.at(-1)}`})`;
  return (
    `${scale.label} over ${told(x)} and ${told(y)}, ${range}; exactly 0 at ` +
    `${count(0)} of ${all.length} places, no value at ${count(null)}.`
  );
}

function checkHeat({ x, y, values, scale }: Pictured<HeatFigure>): void {
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
    refuse(
      `A heat map of ${rows} x ${columns} cells is more than ${MOST_CELLS}: ` +
        'draw a part of it, or every few',
      { rows, columns },
    );
  }
  const { domain, log } = scale;
  if (domain && !(domain[0] < domain[1] && domain.every(Number.isFinite))) {
    refuse(
      `A colour scale from ${show(domain[0])} to ${show(domain[1])} has no ` +
        'length: pass two numbers, the smaller first',
      { domain },
    );
  }
  values.forEach((row, i) => {
    const at = (j: number) =>
      `at ${x.label} ${x.places[j]}, ${y.label} ${y.places[i]}`;
    const data = { y: y.places[i] };
    const what = 'The heat map has';
    checkNumbers(row, { what, at, gap: null, log: log && 'zero', data });
    const beyond = row.findIndex(
      (value) =>
        value !== null && domain && (value < domain[0] || value > domain[1]),
    );
    if (beyond < 0) return;
    throw new OptionError(
      `${what} ${row[beyond]} ${at(beyond)}, outside the colour scale ` +
        `${domain!.join(' to ')}: widen the scale`,
      { ...data, x: x.places[beyond], value: row[beyond], domain },
    );
  });
}
