/** Cells of a picture of levels and ticks: their colours, signs, numbers. */

import type { Area } from './axes.ts';
import { textWidth } from './lettering.ts';
import { GREY } from './palette.ts';
import { inkOn, type Shades } from './shades.ts';
import { element, label, px } from './svg.ts';

/** values[row][column]; null where there is nothing. */
export type Values = readonly (readonly (number | null)[])[];

/** Least width and height of a cell in px that may hold a hatch or text. */
export const LEAST_HATCHED = 7;
const TEXT_SIZE = 11;
/** Most px of a cell's side that a hatch takes. */
const MARK = 36;

export const HATCH = { stroke: '#000000', 'stroke-width': 1, fill: 'none' };

/** The middle half of a box's rising diagonal. */
export function stroke(
  left: number,
  top: number,
  width: number,
  height: number,
) {
  return (
    `M${px(left + width / 4)} ${px(top + (height * 3) / 4)}` +
    `l${px(width / 2)} ${px(-height / 2)}`
  );
}

/** Px of a cell: left, top, width, height. */
function placeOf(area: Area, row: number, column: number) {
  const left = area.x(column - 0.5);
  const top = area.y(row + 0.5);
  return {
    left,
    top,
    width: area.x(column + 0.5) - left,
    height: area.y(row - 0.5) - top,
  };
}

/**
 * Cells of one colour are one path, so that thousands stay a small file; where
 * cells are too small for an edge, neighbours of one colour are one box.
 */
export function cells(
  values: Values,
  shades: Shades,
  area: Area,
  edges = true,
): string {
  const { width, height } = placeOf(area, 0, 0);
  const edge = edges && Math.min(width, height) >= LEAST_HATCHED;
  const paths = new Map<string, string>();
  const columns = values[0].length;
  values.forEach((row, i) => {
    const colors = row.map((value) =>
      value === null ? null : shades.color(value),
    );
    for (let j = 0; j < columns; ) {
      const color = colors[j];
      const from = j;
      j += 1;
      while (!edge && j < columns && colors[j] === color) j += 1;
      if (color === null) continue;
      // Absolute, so that neighbours share their edges to the last digit.
      const left = px(area.x(from - 0.5));
      const right = px(area.x(j - 0.5));
      const top = px(area.y(i + 0.5));
      const bottom = px(area.y(i - 0.5));
      const d = `M${left} ${top}H${right}V${bottom}H${left}z`;
      paths.set(color, (paths.get(color) ?? '') + d);
    }
  });
  return element(
    'g',
    edge
      ? { 'aria-label': 'cells', stroke: '#ffffff', 'stroke-width': 0.75 }
      : { 'aria-label': 'cells', 'shape-rendering': 'crispEdges' },
    ...[...paths].map(([fill, d]) =>
      // Without edges, a little over their own, so that no seam shows in print.
      element('path', edge ? { fill, d } : { fill, d, ...seamless(fill) }),
    ),
  );
}

const seamless = (fill: string) => ({ stroke: fill, 'stroke-width': 0.6 });

/** A stroke in the cell says "below 0" where colours are grey. */
export function hatches(values: Values, shades: Shades, area: Area): string {
  let d = '';
  values.forEach((row, i) => {
    row.forEach((value, j) => {
      if (value === null || value >= shades.low / 100) return;
      const { left, top, width, height } = placeOf(area, i, j);
      // Short and at the left of a large cell, beside its number.
      const [wide, high] = [Math.min(width, MARK), Math.min(height, MARK)];
      d += stroke(left, top + (height - high) / 2, wide, high);
    });
  });
  if (d === '') return '';
  // White around black, so that it shows on dark cells too.
  return (
    element('path', { d, ...HATCH, stroke: '#ffffff', 'stroke-width': 2.4 }) +
    element('path', { d, ...HATCH, 'aria-label': 'below 0' })
  );
}

export function frame({ left, right, top, bottom }: Area): string {
  return element('rect', {
    ...{ x: left, y: top, width: right - left, height: bottom - top },
    fill: 'none',
    stroke: GREY,
  });
}

/** Values in the cells, where all of them fit. */
export function numbers(values: Values, shades: Shades, area: Area): string {
  const { width, height } = placeOf(area, 0, 0);
  const text = inCell(
    values.flat().reduce<number>((a, v) => Math.max(a, Math.abs(v ?? 0)), 0),
  );
  const fits = values
    .flat()
    .every((value) =>
      value === null ? true : textWidth(text(value), TEXT_SIZE) + 6 <= width,
    );
  if (!fits || height < 18) return '';
  const written = values.flatMap((row, i) =>
    row.map((value, j) => {
      if (value === null) return '';
      const { left, top } = placeOf(area, i, j);
      const fill = inkOn(shades.color(value));
      const at = [left + width / 2, top + height / 2 + 4] as const;
      return label(text(value), ...at, { fill });
    }),
  );
  const style = {
    'aria-label': 'values',
    'text-anchor': 'middle',
    'font-size': TEXT_SIZE,
  };
  return element('g', style, ...written);
}

/** Decimals that show two digits of the greatest value; ~0 is not quite 0. */
function inCell(greatest: number): (value: number) => string {
  const power = greatest > 0 ? Math.floor(Math.log10(greatest)) : 0;
  const far = power < -3 || power > 4;
  return (value) => {
    if (value === 0) return '0';
    const text = far
      ? value.toExponential(1).replace('e+', 'e')
      : value.toFixed(Math.max(0, 1 - power));
    return Number(text) === 0 ? '~0' : text.replaceAll('-', '\u2212');
  };
}
