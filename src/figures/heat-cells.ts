/** Cells of a heat map, and what stands on them: hatches, numbers and lines. */

import type { Area } from './axes.ts';
import { contours } from './contours.ts';
import { textWidth } from './lettering.ts';
import { INK } from './palette.ts';
import { extentOf, numberText } from './scale.ts';
import { inkOn, type Shades } from './shades.ts';
import {
  type Box,
  edged,
  element,
  label,
  letters,
  onPlate,
  px,
  rect,
  stroked,
  through,
  WHITE,
} from './svg.ts';
import { slanted } from './textures.ts';

/** values[row][column], row 0 the lowest; null where there is nothing. */
export type Values = readonly (readonly (number | null)[])[];

export const ZERO_FILL = '#f2f2f2';
/** Least width and height of a cell in px that may hold a stroke or an edge. */
export const LEAST_EDGED = 7;
/** Most px of a cell's side that a stroke takes. */
const MARK = 36;
const SIZE = 11;

function boxOf(area: Area, row: number, column: number): Box {
  const [left, right] = [area.x(column - 0.5), area.x(column + 0.5)];
  const [top, bottom] = [area.y(row + 0.5), area.y(row - 0.5)];
  return [left, top, right - left, bottom - top];
}

/** What is made of every value that is there. */
function ofEach<T>(
  values: Values,
  make: (value: number, row: number, column: number) => readonly T[],
): T[] {
  return values.flatMap((row, i) =>
    row.flatMap((value, j) => (value === null ? [] : make(value, i, j))),
  );
}

/**
 * Cells of one colour are one path, so that thousands stay a small file; where
 * cells are too small for an edge, neighbours of one colour are one box.
 */
export function cells(
  values: Values,
  shades: Shades,
  area: Area,
  edges: boolean,
): string {
  const [, , width, height] = boxOf(area, 0, 0);
  const edge = edges && Math.min(width, height) >= LEAST_EDGED;
  const paths = new Map<string, string>();
  values.forEach((row, i) => {
    const colors = row.map((one) => (one === null ? null : shades.color(one)));
    for (let j = 0; j < row.length; ) {
      const color = colors[j]!;
      const from = j;
      j += 1;
      while (!edge && j < row.length && colors[j] === color) j += 1;
      if (color === null) continue;
      // Absolute, so that neighbours share their edges to the last digit.
      const [left, right] = [px(area.x(from - 0.5)), px(area.x(j - 0.5))];
      const [top, bottom] = [px(area.y(i + 0.5)), px(area.y(i - 0.5))];
      const d = `M${left} ${top}H${right}V${bottom}H${left}z`;
      paths.set(color, (paths.get(color) ?? '') + d);
    }
  });
  return element(
    'g',
    edge
      ? { 'aria-label': 'cells', stroke: '#ffffff', 'stroke-width': 0.75 }
      : { 'aria-label': 'cells', 'shape-rendering': 'crispEdges' },
    ...[...paths].map(([fill, d]) => {
      // Without edges, a little over their own, so that no seam shows in print.
      const seamless = edge ? {} : { stroke: fill, 'stroke-width': 0.6 };
      return element('path', { fill, d, ...seamless });
    }),
  );
}

export const zeroHatch = (boxes: readonly Box[]) =>
  stroked(boxes.map((box) => slanted(box, 1)).join(''), '#777777');

/** Cells that are exactly 0, hatched. */
export function zeros(values: Values, area: Area): string {
  const boxes = ofEach(values, (value, i, j) =>
    value === 0 ? [boxOf(area, i, j)] : [],
  );
  if (boxes.length === 0) return '';
  return element(
    'g',
    { 'aria-label': 'exactly 0' },
    ...boxes.map((box) =>
      rect(box, { fill: ZERO_FILL, stroke: WHITE, 'stroke-width': 0.75 }),
    ),
    zeroHatch(boxes),
  );
}

/** The middle half of a box's rising diagonal says "below 0". */
export const signStroke = ([left, top, width, height]: Box) =>
  `M${px(left + width / 4)} ${px(top + (height * 3) / 4)}` +
  `l${px(width / 2)} ${px(-height / 2)}`;

/** Strokes on what is below 0, where colours are grey. */
export function belowZero(values: Values, shades: Shades, area: Area): string {
  const strokes = ofEach(values, (value, i, j) => {
    if (value >= shades.domain[0] / 100) return [];
    const [left, top, width, height] = boxOf(area, i, j);
    // Short and at the left of a large cell, beside its number.
    const [wide, high] = [Math.min(width, MARK), Math.min(height, MARK)];
    return [signStroke([left, top + (height - high) / 2, wide, high])];
  });
  if (strokes.length === 0) return '';
  return edged(0.7, strokes.join(''), INK, 1, { 'aria-label': 'below 0' });
}

/** Values in the cells where all fit; zeros even where others do not. */
export function numbers(
  values: Values,
  shades: Shades | null,
  area: Area,
  lined: boolean,
): string {
  const [, , width, height] = boxOf(area, 0, 0);
  // Of a logarithmic scale zeros have no colour.
  const log = shades?.log ?? true;
  const text = textOf(values, log);
  const fits = (value: number) =>
    textWidth(text(value), SIZE) + 6 <= width && height >= 17;
  const whole =
    !lined && ofEach(values, (value) => [fits(value)]).every(Boolean);
  const parts = ofEach(values, (value, i, j) => {
    const zero = log && value === 0;
    if (zero ? !fits(0) : !whole) return [];
    const [left, top] = boxOf(area, i, j);
    const at = [left + width / 2, top + height / 2 + 4] as const;
    if (!zero) {
      return [label(text(value), ...at, { fill: inkOn(shades!.color(value)) })];
    }
    // Room in the hatch, so that the number stays legible.
    return [onPlate('0', at[0], at[1] - 4, 14, SIZE, ZERO_FILL)];
  });
  return element('g', { 'aria-label': 'values', ...letters(SIZE) }, ...parts);
}

/**
 * Two digits: of each on a logarithmic scale, else of the greatest; ~0 is not
 * quite 0.
 */
function textOf(values: Values, log: boolean): (value: number) => string {
  const [low, high] = extentOf(values.flat()) ?? [0, 0];
  const greatest = Math.max(-low, high);
  const power = greatest > 0 ? Math.floor(Math.log10(greatest)) : 0;
  const far = power < -3 || power > 4;
  return (value) => {
    if (value === 0) return '0';
    const size = Math.abs(value);
    const short = (log ? size < 0.01 || size >= 1000 : far)
      ? value.toExponential(1)
      : log
        ? String(Number(value.toPrecision(2)))
        : value.toFixed(Math.max(0, 1 - power));
    const written = short.replace('e+', 'e').replaceAll('-', '\u2212');
    return Number(short) === 0 ? '~0' : written;
  };
}

/** Lines of equal value with a white edge, each level named on one of them. */
export function contourMarkup(
  values: Values,
  { ticks, log }: Shades,
  area: Area,
): string {
  const place = log ? Math.log10 : Number;
  const field = values.map((row) =>
    row.map((value) => (value === null ? null : place(value))),
  );
  const paths: string[] = [];
  const names: string[] = [];
  for (const level of ticks) {
    const found = contours(field, place(level)).map((points) =>
      points.map(([column, row]) => [area.x(column), area.y(row)] as const),
    );
    if (found.length === 0) continue;
    const text = numberText(level);
    const name = { 'aria-label': `equal to ${text}` };
    paths.push(edged(1, found.map(through).join(''), INK, 1.1, name));
    const wide = textWidth(text, SIZE) + 4;
    const longest = found.reduce((a, b) => (b.length > a.length ? b : a));
    const inside = longest.filter(
      ([x, y]) =>
        x > area.left + wide / 2 &&
        x < area.right - wide / 2 &&
        y > area.top + 9 &&
        y < area.bottom - 9,
    );
    const middle = inside[Math.floor(inside.length / 2)];
    if (!middle || lengthOf(longest) < 2.5 * wide) continue;
    names.push(onPlate(text, ...middle, wide, SIZE));
  }
  return element('g', { 'aria-label': 'contours' }, ...paths, ...names);
}

const lengthOf = (line: readonly (readonly [number, number])[]) =>
  line
    .slice(1)
    .reduce(
      (sum, [x, y], i) => sum + Math.hypot(x - line[i]![0], y - line[i]![1]),
      0,
    );
