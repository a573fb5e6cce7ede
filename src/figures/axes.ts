/**
 * A frame with ticks, grid and titles. Its margins are measured, so that no
 * label is cut off, and ticks are as many as have room side by side.
 */

import { OptionError } from '../base/errors.ts';
import { textWidth, wrapped } from './lettering.ts';
import { FAINT, GREY, INK } from './palette.ts';
import { type Domain, numberText, shareOf, ticks } from './scale.ts';
import {
  element,
  label,
  letters,
  line,
  px,
  rect,
  stroked,
  upright,
} from './svg.ts';

export interface Axis {
  /** Name and unit. */
  readonly label: string;
  readonly domain: Domain;
  readonly log?: boolean;
  /** Where ticks are; by default round numbers. */
  readonly ticks?: readonly number[];
  readonly format?: (value: number) => string;
  readonly grid?: boolean;
}

interface Room {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Where the plot stands in the picture: scales from values to px. */
export interface Area extends Room {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

export interface AxesOptions {
  readonly width: number;
  readonly height: number;
  /** Room kept free around axes and their titles. */
  readonly room: Room;
  /** px under the frame for labels that the picture draws; default none. */
  readonly under?: number;
  /** px above the frame, known when its left and right are; default none. */
  readonly headroom?: (area: Area) => number;
  readonly x: Axis;
  /** Without it the picture draws its own labels in room.left. */
  readonly y?: Axis;
}

/** Least px across that are worth a picture. */
const LEAST_AREA = 80;
const TICK_SIZE = 12;
const TITLE_SIZE = 13;
export const TITLE_LINE = 17;
/** px of ticks and their labels under a frame. */
export const TICKS_UNDER = 28;

/** Lines that a title takes beside `length` px. */
export const titleOf = (text: string, length: number) =>
  wrapped(text, length, TITLE_SIZE);

/** Where the plot stands, and the frame with its axes as markup. */
export function axes(options: AxesOptions): { area: Area; markup: string } {
  const { width, height, room, under = 0, x, y, headroom } = options;
  const xTitle = titleOf(x.label, width - room.left - room.right);
  const foot = TICKS_UNDER + under + xTitle.length * TITLE_LINE;
  const bottom = height - room.bottom - foot;
  const tall = bottom - room.top;
  const yTitle = y ? titleOf(y.label, tall) : [];
  const yTicks = y ? ticksOf(y, tall, 35, () => 15) : [];
  const labels = Math.max(0, ...yTicks.map(({ wide }) => wide));
  const left = room.left + (y ? labels + 16 + yTitle.length * TITLE_LINE : 0);
  const across = width - left - room.right;
  const xTicks = ticksOf(x, across, 80, (wide) => wide + 10);
  const half = (xTicks.at(-1)?.wide ?? 0) / 2;
  const right = width - Math.max(room.right, half + 6);
  const sides = { left, right, bottom, x: scaleOf(x, left, right) };
  const flat = { ...sides, top: room.top, y: () => Number.NaN };
  const top = room.top + (headroom?.(flat) ?? 0);
  const area = { ...sides, top, y: y ? scaleOf(y, bottom, top) : flat.y };
  checkArea(options, right - left, bottom - top);

  const middle = (left + right) / 2;
  const center = (top + bottom) / 2;
  const xs = xTicks.map(({ value }) => area.x(value));
  const ys = yTicks.map(({ value }) => area.y(value));
  const grid = { stroke: FAINT };
  const at = (dx: number, dy: number) => ({
    transform: `translate(${px(dx)},${px(dy)})`,
  });
  const group = (name: string, parts: readonly string[], more = {}) =>
    parts.length > 0
      ? element('g', { 'aria-label': name, ...more }, ...parts)
      : '';
  const markup = [
    ...(x.grid ? xs.map((tick) => line(tick, top, tick, bottom, grid)) : []),
    ...(y?.grid ? ys.map((tick) => line(left, tick, right, tick, grid)) : []),
    frame(area),
    stroked(
      [
        ...xs.map((tick) => `M${px(tick)} ${px(bottom)}v6`),
        ...ys.map((tick) => `M${px(left)} ${px(tick)}h-6`),
      ].join(''),
      INK,
    ),
    group(
      'x-axis tick label',
      xTicks.map(({ text }, i) => label(text, 0, 18.5, at(xs[i]!, bottom))),
      letters(TICK_SIZE),
    ),
    group(
      'y-axis tick label',
      yTicks.map(({ text }, i) => label(text, -9, 4, at(left, ys[i]!))),
      letters(TICK_SIZE, 'end'),
    ),
    group(
      'axis titles',
      [
        ...xTitle.map((text, i) =>
          label(text, middle, bottom + 40 + under + i * TITLE_LINE),
        ),
        ...yTitle.map((text, i) =>
          upright(text, room.left + 13 + i * TITLE_LINE, center),
        ),
      ],
      letters(TITLE_SIZE),
    ),
  ].join('');
  return { area, markup };
}

/** The frame by itself, for what covers it. */
export function frame({ left, right, top, bottom }: Omit<Area, 'x' | 'y'>) {
  const look = { fill: 'none', stroke: GREY, 'aria-label': 'frame' };
  return rect([left, top, right - left, bottom - top], look);
}

function scaleOf({ domain, log }: Axis, from: number, to: number) {
  const share = shareOf(domain, log);
  return (value: number) => from + share(value) * (to - from);
}

/** Ticks about `per` px apart, fewer where their labels would meet. */
function ticksOf(
  axis: Axis,
  length: number,
  per: number,
  size: (wide: number) => number,
): { value: number; text: string; wide: number }[] {
  const { domain, log, ticks: given, format = numberText } = axis;
  const named = (values: readonly number[]) =>
    values.map((value) => {
      const text = format(value);
      return { value, text, wide: textWidth(text, TICK_SIZE) };
    });
  if (given) return named(given);
  const at = scaleOf(axis, 0, length);
  let count = Math.max(log ? 8 : 4, Math.floor(length / per));
  let found = named(ticks(domain, count, log));
  const meets = ({ value, wide }: (typeof found)[number], i: number) => {
    const next = found[i + 1];
    if (!next) return false;
    return at(next.value) - at(value) < (size(wide) + size(next.wide)) / 2;
  };
  while (found.length > 2 && found.some(meets)) {
    count -= 1;
    const fewer = named(ticks(domain, count, log));
    found = fewer.length < 2 ? [found[0]!, found.at(-1)!] : fewer;
  }
  return found;
}

function checkArea(
  { width, height }: AxesOptions,
  across: number,
  down: number,
) {
  if (across >= LEAST_AREA && down >= LEAST_AREA / 2) return;
  throw new OptionError(
    `The labels of a picture of ${width} x ${height} px leave ` +
      `${Math.round(across)} x ${Math.round(down)} px to draw on: ask for ` +
      'more or shorten the labels',
    { width, height, across, down },
  );
}
