/**
 * Bars in groups, a bar a series: upright from 0, or on a logarithmic axis
 * from the decade below the least value, where lengths compare ratios only.
 * Series differ by colour and texture; every value is written where it fits.
 */

import {
  NonFiniteError,
  OptionError,
  ShapeError,
  show,
} from '../base/errors.ts';
import { type Area, axes, numberText } from './axes.ts';
import type { BarsFigure } from './figure.ts';
import { textWidth, wrapped } from './lettering.ts';
import { checkHeight } from './lines-checks.ts';
import { GREY, INK } from './palette.ts';
import { namesMarkup, namesUnder } from './places.ts';
import { checkPicture, type PictureOptions, sheet } from './sheet.ts';
import { element, escaped, label, px } from './svg.ts';
import { texturedBar } from './textures.ts';

export type GroupedBarsPicture = Omit<BarsFigure, 'kind' | 'name' | 'caption'> &
  PictureOptions;

const FRAME = 300;
const SIZE = 11;
/** px of a bar at least and at most, and the least width of a picture. */
const THINNEST = 5;
const THICKEST = 56;
const NARROWEST = 760;
const WIDEST = 1600;
/** Share of a group's width that its bars take. */
const FULL = 0.8;

/**
 * SVG of grouped bars. Throws ShapeError where a series has not a value a
 * group, NonFiniteError for a value that is no number, OptionError for what
 * a logarithmic axis cannot show.
 */
export async function groupedBarsPicture(
  picture: GroupedBarsPicture,
): Promise<string> {
  checkPicture(picture);
  checkBars(picture);
  const { groups, series, x, y } = picture;
  const needs = groups.length * ((series.length * THINNEST) / FULL) + 120;
  const width =
    picture.width ?? Math.min(WIDEST, Math.max(NARROWEST, Math.ceil(needs)));
  const legend = series.map(({ name }, i) => ({
    name,
    swatch: (left: number, middle: number) =>
      texturedBar(i, [left, middle - 7, 30, 14]),
  }));
  const page = sheet(picture, series.length > 1 ? legend : [], width);
  const domain = domainOf(picture);

  // Labels of y take at most this much, so places are at least so wide.
  const place = (width - 130) / groups.length;
  const names = namesUnder(groups, place);
  const under = Math.max(0, names.height - 14);
  const xTitle = wrapped(x.label, width - 30, 13).length * 17;
  const around = page.top + page.foot + 28 + under + xTitle;
  const height = picture.height ?? FRAME + around;
  checkHeight(height, around + 120);

  const thick = Math.min(THICKEST, (place * FULL) / series.length);
  const { markup } = await axes(
    {
      width,
      height,
      room: { left: 12, right: 18, top: page.top + 6, bottom: page.foot },
      under,
      x: {
        label: x.label,
        domain: [-0.5, groups.length - 0.5],
        ticks: groups.map((_, i) => i),
        format: () => '',
      },
      y: { label: y.label, log: y.log, domain, grid: true },
    },
    {
      over: (area) =>
        [
          ...series.map((one, k) =>
            element(
              'g',
              { 'aria-label': one.name },
              ...groups.map((_, i) => {
                const at = (k - (series.length - 1) / 2) * thick;
                return barAt(picture, k, i, area.x(i) + at, thick, area);
              }),
            ),
          ),
          base(area, domain, y.log),
          written(picture, thick, area),
          namesMarkup(
            names,
            groups.map((_, i) => area.x(i)),
            area.bottom,
          ),
        ].join(''),
    },
  );
  return page.close(markup, height, descriptionOf(picture));
}

/** px where bars begin. */
const baseOf = (area: Area, log: boolean | undefined) =>
  log ? area.bottom : area.y(0);

/** px where a bar ends; a zero that an axis cannot show ends where it begins. */
function endOf(value: number, area: Area, log: boolean | undefined): number {
  return log && value === 0 ? area.bottom : area.y(value);
}

function barAt(
  { series, y }: GroupedBarsPicture,
  k: number,
  group: number,
  middle: number,
  thick: number,
  area: Area,
): string {
  const { values, lower, upper } = series[k];
  const value = values[group];
  if (value === null) return '';
  const from = baseOf(area, y.log);
  const to = endOf(value, area, y.log);
  const gap = Math.min(3, thick / 6);
  const bar = texturedBar(k, [
    middle - thick / 2 + gap / 2,
    Math.min(from, to),
    thick - gap,
    Math.abs(to - from),
  ]);
  const [low, high] = [lower?.[group], upper?.[group]];
  if (low == null || high == null) return bar;
  const [a, b] = [low, high].map((end) => px(endOf(end, area, y.log)));
  const cap = Math.min(5, thick / 3);
  const d =
    `M${px(middle)} ${a}V${b}` +
    `M${px(middle - cap)} ${a}h${px(2 * cap)}` +
    `M${px(middle - cap)} ${b}h${px(2 * cap)}`;
  // White around black, so that it shows on the bar too.
  return [
    bar,
    element('path', { d, stroke: '#ffffff', 'stroke-width': 4, fill: 'none' }),
    element('path', {
      ...{ d, stroke: INK, 'stroke-width': 1.4, fill: 'none' },
      'aria-label': 'spread',
    }),
  ].join('');
}

/** The values at the ends of their bars, upright where bars are thin. */
function written(
  { groups, series, y }: GroupedBarsPicture,
  thick: number,
  area: Area,
): string {
  const known = series.flatMap(({ values }) =>
    values.filter((v) => v !== null),
  );
  const widest = Math.max(0, ...known.map((v) => textWidth(text(v), SIZE)));
  const level = widest + 4 <= thick;
  if (!level && thick < 13) return '';
  const parts = series.flatMap(({ values, lower, upper }, k) =>
    groups.flatMap((_, i) => {
      const value = values[i];
      if (value === null) return [];
      const x = area.x(i) + (k - (series.length - 1) / 2) * thick;
      const below = value < 0;
      const end = (below ? lower?.[i] : upper?.[i]) ?? value;
      const at = endOf(end, area, y.log) + (below ? 4 : -4);
      if (level) return label(text(value), x, below ? at + 9 : at);
      const transform = `translate(${px(x + 4)},${px(at)}) rotate(-90)`;
      const anchor = below ? 'end' : 'start';
      const words = { transform, 'text-anchor': anchor };
      return element('text', words, escaped(text(value)));
    }),
  );
  return element(
    'g',
    { 'aria-label': 'values', 'text-anchor': 'middle', 'font-size': SIZE },
    ...parts,
  );
}

function base(
  area: Area,
  [low]: readonly [number, number],
  log: boolean | undefined,
): string {
  if (log || low === 0) return '';
  const y = area.y(0);
  const line = { x1: area.left, x2: area.right, y1: y, y2: y };
  return element('line', { ...line, stroke: GREY, 'stroke-width': 1.2 });
}

function text(value: number): string {
  const short = Number(value.toPrecision(3));
  const size = Math.abs(short);
  const far = size !== 0 && (size < 0.001 || size >= 1e5);
  return far
    ? short.toExponential(1).replace('e+', 'e').replaceAll('-', '\u2212')
    : numberText(short);
}

/** Every end of a bar and of its spread, with room to write beyond. */
function domainOf({ series, y }: GroupedBarsPicture): [number, number] {
  const ends = series
    .flatMap(({ values, lower = [], upper = [] }) => [
      ...values,
      ...lower,
      ...upper,
    ])
    .filter((value) => value !== null);
  // Upright numbers take the most room: about 45 px of the frame.
  const room = 0.17;
  if (y.log) {
    const shown = ends.filter((value) => value > 0);
    if (shown.length === 0) return [1, 10];
    const [least, most] = [Math.min(...shown), Math.max(...shown)];
    const low = 10 ** (Math.ceil(Math.log10(least) - 1e-9) - 1);
    return [low, most * (most / low) ** room];
  }
  const low = Math.min(0, ...ends);
  const high = Math.max(0, ...ends);
  if (low === high) return [0, 1];
  const span = (high - low) * room;
  return [low < 0 ? low - span : 0, high > 0 ? high + span : 0];
}

function descriptionOf({ groups, series, x, y }: GroupedBarsPicture): string {
  const told = groups.map((group, i) => {
    const values = series.map(({ name, values }) => {
      const value = values[i];
      return `${name} ${value === null ? 'none' : text(value)}`;
    });
    return `${group}: ${values.join(', ')}.`;
  });
  return `${y.label} by ${x.label}. ${told.join(' ')}`;
}

function checkBars({ groups, series, y }: GroupedBarsPicture): void {
  if (groups.length === 0 || series.length === 0) {
    throw new OptionError(
      `A picture of bars has ${groups.length} groups of ${series.length} ` +
        'series: pass one or more of each',
      { groups: groups.length, series: series.length },
    );
  }
  for (const { name, values, lower, upper } of series) {
    for (const [what, given] of Object.entries({ values, lower, upper })) {
      if (given === undefined) continue;
      if (given.length !== groups.length) {
        throw new ShapeError(
          `Series "${name}" has ${given.length} ${what} for ${groups.length} ` +
            'groups: pass a number or null for each',
          { name, values: given.length, groups: groups.length },
        );
      }
      given.forEach((value, i) => {
        if (value === null) return;
        const data = { name, group: groups[i], value };
        if (typeof value !== 'number' || !Number.isFinite(value)) {
          throw new NonFiniteError(
            `Series "${name}" has ${show(value)} in group "${groups[i]}": pass ` +
              'a finite number, or null where there is none',
            data,
          );
        }
        if (y.log && value < 0) {
          throw new OptionError(
            `Series "${name}" has ${value} in group "${groups[i]}", which a ` +
              'logarithmic axis cannot show: use a linear one',
            data,
          );
        }
      });
    }
    if ((lower === undefined) !== (upper === undefined)) {
      throw new OptionError(
        `Series "${name}" has one end of its error bars: pass lower and upper`,
        { name },
      );
    }
  }
}
