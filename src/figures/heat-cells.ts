/** What stands on the cells of a heat map: hatches, numbers and lines. */

import type { Area } from './axes.ts';
import { contours, type Point } from './contours.ts';
import { textWidth } from './lettering.ts';
import { INK } from './palette.ts';
import { inkOn, type Shades } from './shades.ts';
import type { Values } from './space-time-cells.ts';
import { element, label, px } from './svg.ts';

/** Left, top, width and height in px. */
type Box = readonly [number, number, number, number];

export const ZERO_FILL = '#f2f2f2';
const HATCH_STEP = 6;
const SIZE = 11;

function boxOf(area: Area, row: number, column: number): Box {
  const [left, right] = [area.x(column - 0.5), area.x(column + 0.5)];
  const [top, bottom] = [area.y(row + 0.5), area.y(row - 0.5)];
  return [left, top, right - left, bottom - top];
}

/** Strokes through boxes, rising to the right, cut off at their edges. */
export function zeroHatch(boxes: readonly Box[]): string {
  const d = boxes
    .map((box) => {
      const [left, top, width, height] = box;
      let strokes = '';
      // On each stroke (x - left) + (y - top) is the same.
      for (let sum = HATCH_STEP; sum < width + height; sum += HATCH_STEP) {
        const x1 = Math.max(0, sum - height);
        const x2 = Math.min(width, sum);
        strokes +=
          `M${px(left + x1)} ${px(top + sum - x1)}` +
          `L${px(left + x2)} ${px(top + sum - x2)}`;
      }
      return strokes;
    })
    .join('');
  return element('path', { d, fill: 'none', stroke: '#777777' });
}

/** Cells that are exactly 0, hatched. */
export function zeros(values: Values, area: Area): string {
  const boxes = values.flatMap((row, i) =>
    row.flatMap((value, j) => (value === 0 ? [boxOf(area, i, j)] : [])),
  );
  if (boxes.length === 0) return '';
  return element(
    'g',
    { 'aria-label': 'exactly 0' },
    ...boxes.map(([x, y, width, height]) =>
      element('rect', {
        ...{ x, y, width, height, fill: ZERO_FILL },
        ...{ stroke: '#ffffff', 'stroke-width': 0.75 },
      }),
    ),
    zeroHatch(boxes),
  );
}

/** Values in the cells where all fit; zeros even where others do not. */
export function heatNumbers(
  values: Values,
  shades: Shades,
  area: Area,
  lined: boolean,
): string {
  const [, , width, height] = boxOf(area, 0, 0);
  const text = textOf(values, shades.log);
  const fits = (value: number) =>
    textWidth(text(value), SIZE) + 6 <= width && height >= 17;
  const known = values.flat().filter((value) => value !== null);
  const whole = !lined && known.every(fits);
  const parts = values.flatMap((row, i) =>
    row.flatMap((value, j) => {
      if (value === null) return [];
      const zero = shades.log && value === 0;
      if (zero ? !fits(0) : !whole) return [];
      const [left, top] = boxOf(area, i, j);
      const at = [left + width / 2, top + height / 2 + 4] as const;
      if (!zero) {
        return label(text(value), ...at, { fill: inkOn(shades.color(value)) });
      }
      // Room in the hatch, so that the number stays legible.
      const room = element('rect', {
        ...{ x: at[0] - 7, y: at[1] - 12, width: 14, height: 16 },
        fill: ZERO_FILL,
      });
      return room + label('0', ...at, { fill: INK, 'font-weight': 'bold' });
    }),
  );
  return element(
    'g',
    { 'aria-label': 'values', 'text-anchor': 'middle', 'font-size': SIZE },
    ...parts,
  );
}

/** Two digits: of each on a logarithmic scale, else of the greatest. */
function textOf(values: Values, log: boolean): (value: number) => string {
  const greatest = values
    .flat()
    .reduce<number>((most, value) => Math.max(most, Math.abs(value ?? 0)), 0);
  const power = greatest > 0 ? Math.floor(Math.log10(greatest)) : 0;
  const far = power < -3 || power > 4;
  return (value) => {
    if (value === 0) return '0';
    const size = Math.abs(value);
    const short = log
      ? size < 0.01 || size >= 1000
        ? value.toExponential(1)
        : String(Number(value.toPrecision(2)))
      : far
        ? value.toExponential(1)
        : value.toFixed(Math.max(0, 1 - power));
    const rounded = short.replace('e+', 'e').replaceAll('-', '\u2212');
    return Number(short) === 0 ? '~0' : rounded;
  };
}

/** Lines of equal value with a white edge, each level named on one of them. */
export function contourMarkup(
  values: Values,
  levels: readonly number[],
  shades: Shades,
  area: Area,
): string {
  if (levels.length === 0) return '';
  const place = (value: number) => (shades.log ? Math.log10(value) : value);
  const field = values.map((row) =>
    row.map((value) => (value === null ? null : place(value))),
  );
  const at = ([column, row]: Point) => [area.x(column), area.y(row)] as const;
  const paths: string[] = [];
  const names: string[] = [];
  for (const level of levels) {
    const found = contours(field, place(level)).map((line) => line.map(at));
    if (found.length === 0) continue;
    const d = found
      .map(
        (line) => `M${line.map((point) => point.map(px).join(' ')).join('L')}`,
      )
      .join('');
    const text = textOf([[level]], true)(level);
    const line = { d, fill: 'none', 'stroke-linejoin': 'round' };
    paths.push(
      element('path', { ...line, stroke: '#ffffff', 'stroke-width': 3 }),
      element('path', {
        ...{ ...line, stroke: INK, 'stroke-width': 1.1 },
        'aria-label': `equal to ${text}`,
      }),
    );
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
    if (!middle || length(longest) < 2.5 * wide) continue;
    const [x, y] = middle;
    names.push(
      element('rect', {
        ...{ x: x - wide / 2, y: y - 7.5, width: wide, height: 15 },
        ...{ rx: 2, fill: '#ffffff' },
      }),
      label(text, x, y + 4, { 'text-anchor': 'middle', 'font-size': SIZE }),
    );
  }
  return element('g', { 'aria-label': 'contours' }, ...paths, ...names);
}

function length(line: readonly (readonly [number, number])[]): number {
  let sum = 0;
  for (let i = 1; i < line.length; i++) {
    sum += Math.hypot(line[i][0] - line[i - 1][0], line[i][1] - line[i - 1][1]);
  }
  return sum;
}
