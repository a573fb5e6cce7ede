/**
 * Remarks on a picture: a line across at an x or at a y, a ring around a
 * point. Labels of lines stand outside the frame, so that they hide nothing,
 * and make room for each other.
 */

import type { Area } from './axes.ts';
import type { Mark } from './figure.ts';
import { textWidth } from './lettering.ts';
import { GREY, INK } from './palette.ts';
import { element, label, letters, line, onPlate } from './svg.ts';

const SIZE = 12;
const ROW = 16;
/** px from the frame to words beside it, for what leads to them. */
const LEAD = 16;
const RULE = { stroke: GREY, 'stroke-dasharray': '4 3' };

/** Room that words need to the right of the frame. */
export const besideRoom = (texts: readonly string[]) =>
  Math.max(18, ...texts.map((text) => LEAD + textWidth(text, SIZE) + 8));

/** Words to the right of the frame, at a height there. */
interface Beside {
  readonly text: string;
  readonly y: number;
  /** Where the line begins that leads to them. */
  readonly from: number;
  readonly stroke: string;
  readonly 'stroke-dasharray'?: string;
}

/** Words beside the frame from above, pushed apart. */
export function beside(all: readonly Beside[], area: Area): string[] {
  const sorted = [...all].sort((a, b) => a.y - b.y);
  const heights = sorted.map(({ y }) => y);
  const places = apart(heights, ROW, area.top + 4, area.bottom - 4);
  return sorted.flatMap(({ text, y, from, ...style }, i) => [
    from < area.right ? line(from, y, area.right, y, style) : '',
    line(area.right + 1, y, area.right + LEAD - 3, places[i]!, style),
    label(text, area.right + LEAD, places[i]! + 4, { 'font-size': SIZE }),
  ]);
}

/** Room that labels need above the frame. */
export function aboveRoom(marks: readonly Mark[], area: Area): number {
  const rows = above(marks, area).map(({ row }) => row + 1);
  return rows.length > 0 ? Math.max(...rows) * ROW + 6 : 0;
}

export function marksMarkup(marks: readonly Mark[], area: Area): string {
  if (marks.length === 0) return '';
  const across = marks.flatMap(({ x, y, label: text }) =>
    x === undefined && y !== undefined
      ? [{ text, y: area.y(y), from: area.left, ...RULE }]
      : [],
  );
  return element(
    'g',
    { 'aria-label': 'marks' },
    ...down(marks, area),
    ...beside(across, area),
    ...marks.flatMap((mark) => point(mark, area)),
  );
}

/** Lines down the picture; labels above, in rows where they would meet. */
function down(marks: readonly Mark[], area: Area): string[] {
  const all = above(marks, area).map((one) => {
    return { ...one, y: area.top - 6 - one.row * ROW };
  });
  const rules = all.map(({ x, y }) => line(x, y + 2, x, area.bottom, RULE));
  // A line on its way to a higher row passes behind the words.
  const labels = all.map(({ text, left, wide, y }) =>
    onPlate(text, left + wide / 2, y - 4, wide, SIZE),
  );
  return [...rules, ...labels];
}

/** Labels of lines down the picture: row 0 is the lowest. */
function above(marks: readonly Mark[], area: Area) {
  const ends: number[] = [];
  return marks
    .flatMap(({ x, y, label: text }) =>
      x !== undefined && y === undefined ? [{ x: area.x(x), text }] : [],
    )
    .sort((a, b) => a.x - b.x)
    .map(({ x, text }) => {
      const wide = textWidth(text, SIZE);
      const most = area.right + 10 - wide;
      const left = Math.max(4, Math.min(x - wide / 2, most));
      let row = ends.findIndex((end) => end + 6 <= left);
      if (row < 0) row = ends.push(0) - 1;
      ends[row] = left + wide;
      return { x, text, left, wide, row };
    });
}

/** Places at least `gap` apart and, as far as there is room, in bounds. */
export function apart(
  places: readonly number[],
  gap: number,
  low: number,
  high: number,
): number[] {
  const moved = [...places];
  for (let i = 1; i < moved.length; i++) {
    moved[i] = Math.max(moved[i]!, moved[i - 1]! + gap);
  }
  let limit = high;
  for (let i = moved.length - 1; i >= 0; i--) {
    moved[i] = Math.max(Math.min(moved[i]!, limit), low + i * gap);
    limit = moved[i]! - gap;
  }
  return moved;
}

/** A ring around a point, with its words beside it. */
function point({ label: text, ...mark }: Mark, area: Area): string[] {
  if (mark.x === undefined || mark.y === undefined) return [];
  const [x, y] = [area.x(mark.x), area.y(mark.y)];
  const left = x + 10 + textWidth(text, SIZE) > area.right;
  const above = y - 12 > area.top + SIZE;
  const at = [left ? x - 9 : x + 9, above ? y - 9 : y + 18] as const;
  const words = letters(SIZE, left ? 'end' : 'start');
  const ring = { cx: x, cy: y, r: 6, fill: 'none', stroke: INK };
  return [
    element('circle', { ...ring, 'stroke-width': 1.5 }),
    // A white edge keeps the words legible over lines.
    label(text, ...at, {
      ...{ ...words, stroke: '#ffffff', 'stroke-width': 3.5 },
      ...{ 'stroke-linejoin': 'round', 'aria-hidden': 'true' },
    }),
    label(text, ...at, words),
  ];
}
