/**
 * Bars in groups, a bar a series: level from 0, or on a logarithmic axis from
 * the decade below the least value, where lengths compare ratios only. Names
 * stand at their left, numbers beyond their ends.
 */

import { show } from '../base/errors.ts';
import { type Area, axes, TICKS_UNDER, TITLE_LINE, titleOf } from './axes.ts';
import { checkHeight, checkNumbers, checkSeries, refuse } from './checks.ts';
import type { BarsFigure, Pictured } from './figure.ts';
import { textWidth, wrapped } from './lettering.ts';
import { BLUE, GREY, INK } from './palette.ts';
import { type Domain, extentOf, toDigits, valueAt } from './scale.ts';
import { checkPicture, type PictureOptions, sheet } from './sheet.ts';
import {
  type Box,
  edged,
  element,
  label,
  letters,
  line,
  px,
  rect,
  upright,
  WHITE,
} from './svg.ts';
import { texturedBar } from './textures.ts';

/** A number that was expected, and what was measured of it. */
export interface Quantity {
  /** Stands at the left of its bars. */
  readonly name: string;
  /** Length of the hollow bar, in the unit of the axis. */
  readonly expected: number;
  /** Length of the full bar, in the unit of the axis. */
  readonly measured: number;
  /** Half the length of the error bar, in the unit of the axis; default none. */
  readonly expectedError?: number;
  /** Half the length of the error bar, in the unit of the axis; default none. */
  readonly measuredError?: number;
}

/** Expected and measured side by side. */
export interface BarsPicture extends PictureOptions {
  /** One or more, from above. */
  readonly quantities: readonly Quantity[];
  /** Name and unit of the axis. */
  readonly xLabel: string;
  /** What the two bars are called; default "expected" and "measured". */
  readonly names?: readonly [string, string];
}

/** How the bars of a picture look, and what is written beside them. */
interface Look {
  readonly bar: (series: number, box: Box) => string;
  readonly text: (value: number, low: number | null, high: number) => string;
}

/** Series differ by colour and texture. */
const TEXTURED: Look = {
  bar: texturedBar,
  text: (value) => toDigits(value, 3),
};

/** The expected bar is hollow, the measured one full. */
const PAIRED: Look = {
  bar: (series, box) => {
    const [fill, stroke] = series === 0 ? [WHITE, INK] : [BLUE, BLUE];
    return rect(box, { fill, stroke, 'stroke-width': 1.2 });
  },
  text: (value, low, high) =>
    toDigits(value, 4) +
    (low === null ? '' : ` ± ${toDigits((high - low) / 2, 2)}`),
};

const SIZE = 13;
const LINE = 16;
/** px from group to group beside their bars. */
const GAP = 14;
/** px of a bar at most and at least, and of all of them about. */
const THICKEST = 16;
const THINNEST = 5;
const ALL = 2400;
/** Least px of a bar that has its number beside it. */
const WRITTEN = 12;

/** SVG of pairs of bars. Throws OptionError and NonFiniteError. */
export async function barsPicture(picture: BarsPicture): Promise<string> {
  checkPicture(picture);
  checkQuantities(picture);
  const { quantities, xLabel, names = ['expected', 'measured'] } = picture;
  const series = (['expected', 'measured'] as const).map((of, k) => {
    const ends = (sign: number) =>
      quantities.map(({ [of]: value, [`${of}Error` as const]: error }) =>
        error === undefined ? null : value + sign * error,
      );
    const values = quantities.map((one) => one[of]);
    return { name: names[k]!, values, lower: ends(-1), upper: ends(1) };
  });
  const groups = quantities.map(({ name }) => name);
  const texts = { x: { label: '' }, y: { label: xLabel } };
  return drawn({ ...picture, groups, series, ...texts }, PAIRED);
}

/**
 * SVG of grouped bars. Throws ShapeError where a series has not a value a
 * group, NonFiniteError for a value that is no number, OptionError for what
 * a logarithmic axis cannot show.
 */
export async function groupedBarsPicture(
  picture: Pictured<BarsFigure>,
): Promise<string> {
  checkPicture(picture);
  checkBars(picture);
  return drawn(picture, TEXTURED);
}

function drawn(picture: Pictured<BarsFigure>, look: Look): string {
  const { groups, series, x, y, width = 760 } = picture;
  const legend = series.map(({ name }, i) => ({
    name,
    swatch: (left: number, middle: number) =>
      look.bar(i, [left, middle - 7, 30, 14]),
  }));
  const page = sheet(picture, series.length > 1 ? legend : [], width);
  const share = ALL / (groups.length * series.length);
  const thick = Math.min(THICKEST, Math.max(THINNEST, share));
  const names = groups.map((name) => wrapped(name, width * 0.33, SIZE));
  const rows = names.map(
    (lines) => Math.max(series.length * thick, lines.length * LINE) + GAP,
  );
  const inside = rows.reduce((sum, row) => sum + row, 0);
  const title = x.label === '' ? [] : titleOf(x.label, inside);
  const widest = widestOf(names.flat(), SIZE);
  const left = 24 + widest + title.length * TITLE_LINE;
  const room = { left, right: 18, top: page.top, bottom: page.foot };
  const foot = titleOf(y.label, width - left - 18).length * TITLE_LINE;
  const needed = inside + page.top + page.foot + TICKS_UNDER + foot;
  const height = picture.height ?? Math.ceil(needed);
  checkHeight(height, needed);

  // Numbers stand beyond the bars: the axis is longer by their width.
  const texts =
    thick < WRITTEN
      ? []
      : groups.flatMap((_, i) => series.map((one) => textOf(one, i, look)));
  const beside = widestOf(texts, SIZE - 1) + 12;
  const more = beside / Math.max(60, width - left - 18 - 2 * beside);
  const axis = { label: y.label, log: y.log, grid: true };
  const { area, markup } = axes({
    ...{ width, height, room },
    x: { ...axis, domain: domainOf(picture, more) },
  });

  const spare = (area.bottom - area.top - inside) / groups.length;
  let top = area.top;
  const bars = groups.map((group, i) => {
    const middle = top + (rows[i]! + spare) / 2;
    top += rows[i]! + spare;
    const first = middle - (thick * series.length) / 2;
    const own = series.map((one, k) =>
      barOf(one, i, [k, first + k * thick, thick], look, area, y.log),
    );
    const name = names[i]!.map((text, n) => {
      const at = middle + 4.5 + (n - (names[i]!.length - 1) / 2) * LINE;
      return label(text, left - 10, at, letters(SIZE, 'end'));
    });
    return element('g', { 'aria-label': group }, ...name, ...own);
  });
  const middle = (area.top + area.bottom) / 2;
  const groupTitle = title.map((text, i) => {
    return upright(text, 24 + i * TITLE_LINE, middle, letters(SIZE));
  });
  const zero = y.log ? area.left : area.x(0);
  const base = line(zero, area.top, zero, area.bottom, {
    ...{ stroke: GREY, 'stroke-width': 1.2 },
  });
  const body = [markup, ...groupTitle, ...bars, base].join('');
  return page.close(body, height, descriptionOf(picture, look));
}

const widestOf = (texts: readonly string[], size: number) =>
  Math.max(0, ...texts.map((text) => textWidth(text, size)));

type Series = BarsFigure['series'][number];

/** A value with the ends of its spread; null where there is none. */
function spreadAt({ values, lower, upper }: Series, group: number) {
  return [values[group], lower?.[group] ?? null, upper?.[group] ?? null];
}

function textOf(series: Series, group: number, { text }: Look): string {
  const [value, low, high] = spreadAt(series, group);
  return value === null ? '' : text(value!, low!, high ?? value!);
}

/** A bar with its spread and its number; `place`: series, top, thickness. */
function barOf(
  series: Series,
  group: number,
  [index, top, thick]: readonly [number, number, number],
  look: Look,
  area: Area,
  log = false,
): string {
  const [value, low, high] = spreadAt(series, group);
  if (value === null) return '';
  // A zero that a logarithmic axis cannot show ends where it begins.
  const at = (one: number) => (log && one === 0 ? area.left : area.x(one));
  const [from, to] = [at(0), at(value!)];
  const gap = Math.min(2, thick / 6);
  const length = Math.abs(to - from);
  const left = Math.min(from, to);
  const parts = [look.bar(index, [left, top + gap / 2, length, thick - gap])];
  const middle = top + thick / 2;
  if (low !== null && high !== null) {
    const [a, b] = [px(at(low!)), px(at(high!))];
    const cap = Math.min(4, thick / 3);
    const end = (x: string) => `M${x} ${px(middle - cap)}v${px(2 * cap)}`;
    const d = `M${a} ${px(middle)}H${b}${end(a)}${end(b)}`;
    parts.push(edged(1.2, d, INK, 1.5, { 'aria-label': 'spread' }));
  }
  if (thick >= WRITTEN) {
    const below = value! < 0;
    const end = at((below ? low : high) ?? value!) + (below ? -6 : 6);
    const style = letters(SIZE - 1, below ? 'end' : 'start');
    parts.push(label(textOf(series, group, look), end, middle + 4.3, style));
  }
  return element('g', { 'aria-label': series.name }, ...parts);
}

/** Every end of a bar and of its spread, with a share more to write beyond. */
function domainOf({ series, y }: Pictured<BarsFigure>, more: number): Domain {
  const ends = series.flatMap(({ values, lower = [], upper = [] }) =>
    [...values, ...lower, ...upper].filter((end) => end !== null),
  );
  if (y.log) {
    const found = extentOf(ends.filter((end) => end > 0));
    if (!found) return [1, 10];
    const low = 10 ** (Math.ceil(Math.log10(found[0]) - 1e-9) - 1);
    return [low, valueAt([low, found[1]], 1 + more, true)];
  }
  const [low, high] = extentOf([0, ...ends])!;
  if (low === high) return [0, 1];
  return [
    low < 0 ? valueAt([low, high], -more) : 0,
    high > 0 ? valueAt([low, high], 1 + more) : 0,
  ];
}

function descriptionOf(
  { groups, series, x, y }: Pictured<BarsFigure>,
  look: Look,
): string {
  const told = groups.map((group, i) => {
    const values = series.map(
      (one) => `${one.name} ${textOf(one, i, look) || 'none'}`,
    );
    return `${group}: ${values.join(', ')}.`;
  });
  return `${y.label}${x.label && ` by ${x.label}`}. ${told.join(' ')}`;
}

function checkQuantities({ quantities }: BarsPicture): void {
  if (quantities.length === 0) {
    refuse('A picture of bars has no quantity: pass one or more');
  }
  for (const { name, expected, measured, ...errors } of quantities) {
    checkNumbers([expected, measured], {
      what: `Quantity "${name}" has`,
      at: (i) => (i === 0 ? 'as expected' : 'as measured'),
      data: { name },
    });
    for (const error of [errors.expectedError, errors.measuredError]) {
      if (error === undefined || (error >= 0 && error < Infinity)) continue;
      refuse(
        `Quantity "${name}" has the error ${show(error)}: pass a finite ` +
          'number, 0 or more, or none',
        { name, error },
      );
    }
  }
}

function checkBars({ groups, series, y }: Pictured<BarsFigure>): void {
  if (groups.length === 0 || series.length === 0) {
    refuse(
      `A picture of bars has ${groups.length} groups of ${series.length} ` +
        'series: pass one or more of each',
      { groups: groups.length, series: series.length },
    );
  }
  for (const { name, values, lower, upper } of series) {
    checkSeries(name, { values, lower, upper }, groups.length, 'groups', {
      at: (i) => `in group "${groups[i]}"`,
      gap: null,
      log: y.log && 'zero',
    });
  }
}
