/**
 * Colours of numbers. Of one sign: cividis, perceptually uniform for all eyes
 * (Nuñez, Anderton and Renslow, PLOS ONE 2018), lighter the more. Of both
 * signs: grey at 0, darker away from it, blue below and orange above. Neither
 * asks anybody to tell red from green, and white is left for no value.
 */

import { type Area, numberText, type Plot } from './axes.ts';
import { textWidth } from './lettering.ts';
import { GREY, INK } from './palette.ts';
import { element, escaped, label, px } from './svg.ts';

export interface Shades {
  readonly low: number;
  readonly high: number;
  readonly signed: boolean;
  /** Equal ratios, not equal differences, are equally far apart. */
  readonly log: boolean;
  /** #rrggbb */
  color(value: number): string;
}

const SIGNED = ['#053061', '#4393c3', '#e8e8e8', '#e08214', '#6b2f05'];

/** Steps of a scale: more than the eye tells apart, few enough to group by. */
const STEPS = 200;

/** With `log`, both ends are above 0. */
export function shadesOf(
  plot: Plot,
  low: number,
  high: number,
  log = false,
): Shades {
  const signed = low < 0 && high > 0;
  const reach = Math.max(-low, high);
  const [from, to] = signed ? [-reach, reach] : [low, high];
  const scale = plot.scale({
    color: signed
      ? { type: 'linear', domain: [0, 0.25, 0.5, 0.75, 1], range: SIGNED }
      : { type: 'linear', domain: [0, 1], scheme: 'cividis' },
  })!;
  const color = (value: number) => {
    const step = Math.round(share(value, from, to, log) * STEPS) / STEPS;
    return hex(scale.apply(step));
  };
  return { low: from, high: to, signed, log, color };
}

/** Where a value stands between two others: 0 at `low`, 1 at `high`. */
function share(value: number, low: number, high: number, log: boolean) {
  const [at, from, to] = log
    ? [value, low, high].map(Math.log10)
    : [value, low, high];
  return (at - from) / (to - from || 1);
}

function hex(color: string): string {
  if (color.startsWith('#')) return color;
  const parts = color.match(/\d+/g)!.slice(0, 3).map(Number);
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** Black or white, whichever is legible on a colour (WCAG luminance). */
export function inkOn(color: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return luminance > 0.179 ? INK : '#ffffff';
}

const SIZE = 12;

/** Room that the bar of the scale takes to the right of the frame. */
export function shadeBarRoom(
  low: number,
  high: number,
  title: readonly string[],
  log = false,
): number {
  const widths = shadeTicks(low, high, log).map((value) =>
    textWidth(numberText(value), SIZE),
  );
  return 20 + 14 + 10 + Math.max(...widths) + 8 + title.length * 17;
}

/** The scale beside the picture, with its ticks and name. */
export function shadeBar(
  shades: Shades,
  title: readonly string[],
  area: Area,
): string {
  const { low, high, log, color } = shades;
  const left = area.right + 20;
  const tall = area.bottom - area.top;
  const y = (value: number) =>
    area.bottom - share(value, low, high, log) * tall;
  const slices = 100;
  const parts: string[] = [];
  for (let i = 0; i < slices; i++) {
    const along = (i + 0.5) / slices;
    const value = log
      ? low * (high / low) ** along
      : low + along * (high - low);
    const top = area.bottom - ((i + 1) * tall) / slices;
    // A little higher than its share, so that no seam shows.
    const height = tall / slices + (i > 0 ? 0.5 : 0);
    const fill = color(value);
    parts.push(element('rect', { x: left, y: top, width: 14, height, fill }));
  }
  const ticks = shadeTicks(low, high, log);
  for (const value of ticks) {
    parts.push(
      element('path', {
        d: `M${px(left + 14)} ${px(y(value))}h5`,
        stroke: INK,
      }),
      label(numberText(value), left + 22, y(value) + 4, { 'font-size': SIZE }),
    );
  }
  parts.push(
    element('rect', {
      x: left,
      y: area.top,
      width: 14,
      height: tall,
      fill: 'none',
      stroke: GREY,
    }),
  );
  const end = area.right + shadeBarRoom(low, high, title, log) - 8;
  const middle = px((area.top + area.bottom) / 2);
  title.forEach((line, i) => {
    const at = px(end - (title.length - 1 - i) * 17);
    const transform = `translate(${at},${middle}) rotate(-90)`;
    const style = { 'text-anchor': 'middle', 'font-size': 13 };
    parts.push(element('text', { transform, ...style }, escaped(line)));
  });
  return element('g', { 'aria-label': 'colour scale' }, ...parts);
}

/** About five round numbers from low to high. */
export function shadeTicks(low: number, high: number, log = false): number[] {
  if (log) {
    const found = logTicks(low, high);
    if (found.length >= 2) return found;
  }
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    [1, 2, 5, 10].find((one) => one * power >= rough * 0.99)! * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** Powers of ten, and between few of them some of their multiples. */
function logTicks(low: number, high: number): number[] {
  const [first, last] = [low, high].map((end) => Math.log10(end));
  const decades = last - first;
  // Within less than a decade, logarithms are nearly straight.
  if (decades < 0.7) return [];
  const factors =
    decades < 1.5 ? [1, 1.5, 2, 3, 5, 7] : decades < 3 ? [1, 2, 5] : [1];
  const step = Math.ceil((last - first) / 7);
  const found: number[] = [];
  const from = Math.floor(first / step) * step;
  for (let power = from; power <= last; power += step) {
    found.push(...factors.map((factor) => Number(`${factor}e${power}`)));
  }
  const slack = 1 + 1e-9;
  return found.filter((v) => v >= low / slack && v <= high * slack);
}
