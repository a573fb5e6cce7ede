/**
 * Many lines in one picture: each carries its symbol at a few places, and its
 * name stands where it ends, so that nobody has to match 12 dashes.
 */

import type { Area } from './axes.ts';
import { textWidth } from './lettering.ts';
import type { Line } from './lines.ts';
import { apart, type Mark } from './marks.ts';
import { seriesStyle, symbolAt } from './palette.ts';
import { element, label } from './svg.ts';

/** Five dashes differ by themselves; with more lines, symbols help. */
const MANY = 5;
const SIZE = 12;
const ROW = 15;
/** px that a name may take, and room for the line that leads to it. */
const LONGEST = 200;
const LEAD = 16;
/** px of a frame that names may fill. */
const TALL = 320;
/** Symbols on a line. */
const SYMBOLS = 6;

const isLine = ({ style = 'line' }: Line) => style === 'line';

export const wantsSymbols = (lines: readonly Line[]) =>
  lines.filter(isLine).length > MANY;

/** Whether the names of lines stand at their ends. */
export function labelsEnds(
  lines: readonly Line[],
  marks: readonly Mark[],
  width: number,
): boolean {
  return (
    wantsSymbols(lines) &&
    lines.every(isLine) &&
    lines.length * ROW <= TALL &&
    // Those labels stand in the same place.
    !marks.some(({ x, y }) => x === undefined && y !== undefined) &&
    endRoom(lines) <= Math.min(LONGEST, width / 3) + LEAD + 8
  );
}

export function endRoom(lines: readonly Line[]): number {
  const widths = lines.map(({ name }) => textWidth(name, SIZE));
  return LEAD + Math.max(...widths) + 8;
}

/** Where a line has its last value, in px. */
function lastOf({ xs, ys }: Line, area: Area): [number, number] | null {
  for (let i = xs.length - 1; i >= 0; i--) {
    if (Number.isNaN(xs[i]) || Number.isNaN(ys[i])) continue;
    return [area.x(xs[i]), area.y(ys[i])];
  }
  return null;
}

export function endLabels(lines: readonly Line[], area: Area): string {
  const ends = lines
    .flatMap((line, i) => {
      const at = lastOf(line, area);
      return at ? [{ name: line.name, x: at[0], y: at[1], i }] : [];
    })
    .sort((a, b) => a.y - b.y);
  const places = apart(
    ends.map(({ y }) => y),
    ROW,
    area.top + 4,
    area.bottom - 4,
  );
  const parts = ends.flatMap(({ name, x, y, i }, k) => {
    const { color } = seriesStyle(i);
    const from = Math.max(x, area.right);
    const lead = { x1: from + 1, x2: area.right + LEAD - 3, y1: y };
    return [
      element('line', { ...lead, y2: places[k], stroke: color }),
      label(name, area.right + LEAD, places[k] + 4, { 'font-size': SIZE }),
    ];
  });
  return element('g', { 'aria-label': 'names of lines' }, ...parts);
}

/** Symbols at a few places of line `index` of `count`, each line at others. */
export function symbolsOn(
  { xs, ys }: Line,
  index: number,
  count: number,
  area: Area,
): string[] {
  const { symbol, color } = seriesStyle(index);
  const gap = (area.right - area.left) / SYMBOLS;
  const chosen = new Set<number>();
  for (let k = 0; k < SYMBOLS; k++) {
    const wanted = area.left + (k + (index + 0.5) / count) * gap;
    let nearest = -1;
    let off = gap;
    for (let i = 0; i < xs.length; i++) {
      if (Number.isNaN(xs[i]) || Number.isNaN(ys[i])) continue;
      const away = Math.abs(area.x(xs[i]) - wanted);
      if (away < off) [nearest, off] = [i, away];
    }
    if (nearest >= 0) chosen.add(nearest);
  }
  return [...chosen].map((i) =>
    symbolAt(symbol, area.x(xs[i]), area.y(ys[i]), color, 3.4),
  );
}
