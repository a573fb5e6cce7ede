/**
 * Remarks on a picture: a line across at an x or at a y, a ring around a
 * point. Labels of lines stand outside the frame, so that they hide nothing,
 * and make room for each other.
 */

import type { Area } from './axes.ts';
import { textWidth } from './lettering.ts';
import { GREY, INK } from './palette.ts';
import { element, label } from './svg.ts';

export interface Mark {
  /** A line down the picture; with y too, a point. */
  readonly x?: number;
  /** A line across the picture. */
  readonly y?: number;
  readonly label: string;
}

const SIZE = 12;
const ROW = 16;

/** Room that labels need to the right of the frame. */
export function besideRoom(marks: readonly Mark[]): number {
  const widths = marks.filter(isY).map((mark) => textWidth(mark.label, SIZE));
  return widths.length > 0 ? Math.max(...widths) + 16 : 0;
}

/** Room that labels need above the frame. */
export function aboveRoom(marks: readonly Mark[], area: Area): number {
  const rows = placed(marks.filter(isX), area).map(({ row }) => row + 1);
  return rows.length > 0 ? Math.max(...rows) * ROW + 6 : 0;
}

const isX = ({ x, y }: Mark) => x !== undefined && y === undefined;
const isY = ({ x, y }: Mark) => x === undefined && y !== undefined;

export function marksMarkup(marks: readonly Mark[], area: Area): string {
  if (marks.length === 0) return '';
  return element(
    'g',
    { 'aria-label': 'marks' },
    ...down(marks.filter(isX), area),
    ...across(marks.filter(isY), area),
    ...points(
      marks.filter((mark) => !isX(mark) && !isY(mark)),
      area,
    ),
  );
}

/** Lines down the picture; labels above, in rows where they would meet. */
function down(marks: readonly Mark[], area: Area): string[] {
  const all = placed(marks, area).map((place) => {
    return { ...place, y: area.top - 6 - place.row * ROW };
  });
  const rules = all.map(({ mark, y }) => {
    const x = area.x(mark.x!);
    return rule(x, x, y + 2, area.bottom);
  });
  const labels = all.map(({ mark, middle, wide, y }) => [
    // A line on its way to a higher row passes behind the words.
    element('rect', {
      x: middle - wide / 2,
      y: y - SIZE,
      width: wide,
      height: ROW - 1,
      fill: '#ffffff',
    }),
    label(mark.label, middle, y, {
      'text-anchor': 'middle',
      'font-size': SIZE,
    }),
  ]);
  return [...rules, ...labels.flat()];
}

function placed(
  marks: readonly Mark[],
  area: Area,
): { mark: Mark; middle: number; wide: number; row: number }[] {
  const ends: number[] = [];
  return [...marks]
    .sort((a, b) => a.x! - b.x!)
    .map((mark) => {
      const wide = textWidth(mark.label, SIZE);
      const most = area.right + 10 - wide;
      const left = Math.max(4, Math.min(area.x(mark.x!) - wide / 2, most));
      let row = ends.findIndex((end) => end + 6 <= left);
      if (row < 0) row = ends.push(0) - 1;
      ends[row] = left + wide;
      return { mark, middle: left + wide / 2, wide, row };
    });
}

/** Lines across; labels to the right, pushed apart downwards, then up. */
function across(marks: readonly Mark[], area: Area): string[] {
  const sorted = [...marks].sort((a, b) => area.y(a.y!) - area.y(b.y!));
  const places = apart(
    sorted.map((mark) => area.y(mark.y!)),
    ROW,
    area.top,
    area.bottom,
  );
  return sorted.flatMap((mark, i) => {
    const y = area.y(mark.y!);
    return [
      rule(area.left, area.right, y, y),
      rule(area.right, area.right + 6, y, places[i]),
      label(mark.label, area.right + 9, places[i] + 4, { 'font-size': SIZE }),
    ];
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
    moved[i] = Math.max(moved[i], moved[i - 1] + gap);
  }
  let limit = high;
  for (let i = moved.length - 1; i >= 0; i--) {
    moved[i] = Math.max(Math.min(moved[i], limit), low + i * gap);
    limit = moved[i] - gap;
  }
  return moved;
}

function points(marks: readonly Mark[], area: Area): string[] {
  return marks.flatMap((mark) => {
    const x = area.x(mark.x!);
    const y = area.y(mark.y!);
    const wide = textWidth(mark.label, SIZE);
    const left = x + 10 + wide > area.right;
    const above = y - 12 > area.top + SIZE;
    const at = [left ? x - 9 : x + 9, above ? y - 9 : y + 18] as const;
    const words = {
      'text-anchor': left ? 'end' : 'start',
      'font-size': SIZE,
    };
    return [
      element('circle', {
        cx: x,
        cy: y,
        r: 6,
        fill: 'none',
        stroke: INK,
        'stroke-width': 1.5,
      }),
      // A white edge keeps the words legible over lines.
      label(mark.label, ...at, {
        ...words,
        stroke: '#ffffff',
        'stroke-width': 3.5,
        'stroke-linejoin': 'round',
        'aria-hidden': 'true',
      }),
      label(mark.label, ...at, words),
    ];
  });
}

function rule(x1: number, x2: number, y1: number, y2: number): string {
  return element('line', {
    x1,
    x2,
    y1,
    y2,
    stroke: GREY,
    'stroke-width': 1,
    'stroke-dasharray': '4 3',
  });
}
