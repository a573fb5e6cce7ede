/**
 * Colours of numbers. Of one sign: cividis, perceptually uniform for all eyes
 * (Nuñez, Anderton and Renslow, PLOS ONE 2018), lighter the more. Of both
 * signs: grey at 0, darker away from it, blue below and orange above. Neither
 * asks anybody to tell red from green, and white is left for no value.
 */

import type { Tuple } from '../base/tuple.ts';
import { type Area, frame, TITLE_LINE } from './axes.ts';
import { textWidth } from './lettering.ts';
import { INK } from './palette.ts';
import {
  type Domain,
  extentOf,
  numberText,
  shareOf,
  ticks,
  valueAt,
} from './scale.ts';
import { element, label, letters, px, rect, stroked, upright } from './svg.ts';

export interface Shades {
  /** Ends of the colours: of both signs, as far below 0 as above. */
  readonly domain: Domain;
  readonly signed: boolean;
  /** Equal ratios, not equal differences, are equally far apart. */
  readonly log: boolean;
  readonly ticks: readonly number[];
  /** #rrggbb */
  color(value: number): string;
}

const SIGNED = ['#053061', '#4393c3', '#e8e8e8', '#e08214', '#6b2f05'];
const CIVIDIS = [
  ...['#002051', '#0a326a', '#2b446e', '#4d566d', '#696970', '#7f7c75'],
  ...['#948f78', '#ada476', '#caba6a', '#ead156', '#fdea45'],
];

/** Steps of a scale: more than the eye tells apart, few enough to group by. */
const STEPS = 200;

/** Shades of values, all above 0 with `log`; null of none. */
export function shadesOf(
  values: readonly (number | null)[],
  log: boolean,
  given?: Domain,
): Shades | null {
  const found = given ?? extentOf(values);
  if (!found) return null;
  let [low, high] = found;
  if (low === high) {
    [low, high] = log ? [low / 2, high * 2] : [low, low + (Math.abs(low) || 1)];
  }
  const signed = low < 0 && high > 0;
  const reach = Math.max(-low, high);
  const domain: Domain = signed ? [-reach, reach] : [low, high];
  const share = shareOf(domain, log);
  const colors = signed ? SIGNED : CIVIDIS;
  const color = (value: number) =>
    between(colors, Math.round(share(value) * STEPS) / STEPS);
  return { domain, signed, log, ticks: ticks(domain, log ? 8 : 5, log), color };
}

const partsOf = (color: string) =>
  [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));

function between(colors: readonly string[], share: number): string {
  const along = share * (colors.length - 1);
  const from = Math.min(colors.length - 2, Math.floor(along));
  const next = partsOf(colors[from + 1]!);
  const mixed = partsOf(colors[from]!).map((part, i) =>
    Math.round(part + (along - from) * (next[i]! - part)),
  );
  return `#${mixed.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** Black or white, whichever is legible on a colour (WCAG luminance). */
export function inkOn(color: string): string {
  const [red, green, blue] = partsOf(color).map((whole) => {
    const part = whole / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as Tuple<number, 3>;
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return luminance > 0.179 ? INK : '#ffffff';
}

const SIZE = 12;
const WIDE = 14;
const SLICES = 100;

/** Room that the bar of the scale takes to the right of the frame. */
export function shadeBarRoom(shades: Shades, title: readonly string[]): number {
  const widths = shades.ticks.map((one) => textWidth(numberText(one), SIZE));
  return 20 + WIDE + 10 + Math.max(...widths) + 8 + title.length * TITLE_LINE;
}

/** The scale beside the picture, with its ticks and name. */
export function shadeBar(
  shades: Shades,
  title: readonly string[],
  area: Area,
): string {
  const { domain, log, color } = shades;
  const { top, bottom, right } = area;
  const left = right + 20;
  const tall = bottom - top;
  const share = shareOf(domain, log);
  const slices = Array.from({ length: SLICES }, (_, i) => {
    // A little higher than its share, so that no seam shows.
    const height = tall / SLICES + (i > 0 ? 0.5 : 0);
    const y = bottom - ((i + 1) * tall) / SLICES;
    const fill = color(valueAt(domain, (i + 0.5) / SLICES, log));
    return rect([left, y, WIDE, height], { fill });
  });
  const marks = shades.ticks.flatMap((value) => {
    const y = bottom - share(value) * tall;
    return [
      stroked(`M${px(left + WIDE)} ${px(y)}h5`, INK),
      label(numberText(value), left + 22, y + 4, { 'font-size': SIZE }),
    ];
  });
  const end = right + shadeBarRoom(shades, title) - 8;
  const names = title.map((text, i) => {
    const x = end - (title.length - 1 - i) * TITLE_LINE;
    return upright(text, x, (top + bottom) / 2, letters(13));
  });
  return element(
    'g',
    { 'aria-label': 'colour scale' },
    ...slices,
    ...marks,
    frame({ left, right: left + WIDE, top, bottom }),
    ...names,
  );
}
