/** Shapes of a series: its line, points, symbols and spread. */

import type { Area } from './axes.ts';
import type { Line } from './figure.ts';
import { type SeriesStyle, seriesStyle, symbolAt } from './palette.ts';
import { element, px, stroked, through } from './svg.ts';
import { thinned } from './thinning.ts';

/** A series where it stands: places in px, NaN in either is a gap. */
export interface Placed extends SeriesStyle {
  readonly line: Line;
  readonly index: number;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Indices of the points that are drawn. */
  readonly kept: readonly number[];
  /** Index of the last point; -1 of none. */
  readonly last: number;
}

export function placed(line: Line, index: number, area: Area): Placed {
  const x = Array.from(line.xs, area.x);
  const y = Array.from(line.ys, area.y);
  const kept = line.style === 'points' ? distinct(x, y) : thinned(x, y);
  const last = kept.findLast((i) => !Number.isNaN(x[i]! + y[i]!)) ?? -1;
  return { ...seriesStyle(index), line, index, x, y, kept, last };
}

/** Symbols less than half a pixel apart are one. */
function distinct(x: readonly number[], y: readonly number[]): number[] {
  const seen = new Map<string, number>();
  x.forEach((at, i) => {
    const key = `${Math.round(at * 2)} ${Math.round(y[i]! * 2)}`;
    if (!seen.has(key)) seen.set(key, i);
  });
  return [...seen.values()];
}

/** Indices side by side, without those of gaps. */
function runs(
  indices: Iterable<number>,
  ...values: readonly ArrayLike<number>[]
): number[][] {
  const found: number[][] = [[]];
  for (const i of indices) {
    if (values.some((each) => Number.isNaN(each[i]))) found.push([]);
    else found.at(-1)!.push(i);
  }
  return found.filter((run) => run.length > 0);
}

/** The line, and dots for values between two gaps. */
export function lineMarkup({ line, color, dash, x, y, kept }: Placed): string {
  const all = runs(kept, x, y);
  const d = all.map((run) => through(run.map((i) => [x[i]!, y[i]!]))).join('');
  const look = { 'stroke-dasharray': dash, 'stroke-linejoin': 'round' };
  const path = stroked(d, color, 1.8, { ...look, 'aria-label': line.name });
  const dots = all
    .filter((run) => run.length === 1)
    .map(([i]) => symbolAt('circle', x[i!]!, y[i!]!, color, 1.5));
  return path + dots.join('');
}

export const pointsMarkup = ({ x, y, kept, symbol, color }: Placed) =>
  runs(kept, x, y)
    .flat()
    .map((i) => symbolAt(symbol, x[i]!, y[i]!, color));

/** Symbols on a line. */
const SYMBOLS = 6;

/** Symbols at a few places of a line of `count`, each line at others. */
export function symbolsOn(
  { index, symbol, color, x, y }: Placed,
  count: number,
  { left, right }: Area,
): string[] {
  const gap = (right - left) / SYMBOLS;
  const chosen = new Set<number>();
  for (let k = 0; k < SYMBOLS; k++) {
    const wanted = left + (k + (index + 0.5) / count) * gap;
    let [nearest, off] = [-1, gap];
    x.forEach((at, i) => {
      const away = Math.abs(at - wanted);
      if (away < off && !Number.isNaN(y[i])) [nearest, off] = [i, away];
    });
    if (nearest >= 0) chosen.add(nearest);
  }
  return [...chosen].map((i) => symbolAt(symbol, x[i]!, y[i]!, color, 3.4));
}

/** The spread of a line, as over seeds; NaN is a gap. */
export function band({ line, x, color }: Placed, area: Area): string {
  const { name, lower, upper } = line;
  if (!lower || !upper) return '';
  const d = runs(x.keys(), x, lower, upper).map((run) => {
    const forth = run.map((i) => [x[i]!, area.y(upper[i]!)]);
    const back = run.map((i) => [x[i]!, area.y(lower[i]!)]);
    return `${through([...forth, ...back.reverse()])}z`;
  });
  return element('path', {
    ...{ d: d.join(''), fill: color, 'fill-opacity': 0.18, stroke: 'none' },
    'aria-label': `spread of ${name}`,
  });
}

/** The spread of points. */
export function errorBars({ line, x, color }: Placed, area: Area): string {
  const { lower, upper } = line;
  if (!lower || !upper) return '';
  const d = runs(x.keys(), x, lower, upper)
    .flat()
    .map((i) => {
      const [low, high] = [px(area.y(lower[i]!)), px(area.y(upper[i]!))];
      const cap = (y: string) => `M${px(x[i]! - 4)} ${y}h8`;
      return `M${px(x[i]!)} ${low}V${high}${cap(low)}${cap(high)}`;
    });
  return stroked(d.join(''), color, 1.3, { 'aria-label': 'spread' });
}
