/**
 * Series of numbers over a common axis, as lines or points: what the pictures
 * of traces and of rates have in common.
 */

import { type Area, type Axis, axes } from './axes.ts';
import { bands, errorBars } from './bands.ts';
import {
  endLabels,
  endRoom,
  labelsEnds,
  symbolsOn,
  wantsSymbols,
} from './line-ends.ts';
import { checkHeight, checkLines } from './lines-checks.ts';
import { aboveRoom, besideRoom, type Mark, marksMarkup } from './marks.ts';
import { seriesStyle, seriesSwatch, symbolAt } from './palette.ts';
import { checkPicture, type PictureOptions, sheet } from './sheet.ts';
import { element } from './svg.ts';
import { thinned } from './thinning.ts';

export interface Line {
  readonly name: string;
  readonly xs: ArrayLike<number>;
  /** NaN is a gap. */
  readonly ys: ArrayLike<number>;
  /** Ends of the spread, as over seeds: a band, or error bars on points. */
  readonly lower?: ArrayLike<number>;
  readonly upper?: ArrayLike<number>;
  /** Default 'line'; stems are upright strokes from 0. */
  readonly style?: 'line' | 'points' | 'stems';
  /** Values behind the line, where they are not one a place. */
  readonly count?: number;
}

export interface LinesPicture extends PictureOptions {
  readonly lines: readonly Line[];
  readonly x: { readonly label: string; readonly log?: boolean };
  readonly y: {
    readonly label: string;
    readonly log?: boolean;
    /** The axis begins at 0. */
    readonly fromZero?: boolean;
  };
  readonly marks: readonly Mark[];
}

/** Throws OptionError, ShapeError and NonFiniteError for what no axis holds. */
export async function linesPicture(picture: LinesPicture): Promise<string> {
  checkPicture(picture);
  const { marks, width = 760 } = picture;
  checkLines(picture);
  const lines = picture.lines.map(drawable);
  const marked = wantsSymbols(lines);
  const legend = lines.map(({ name, style = 'line' }, i) => ({
    name,
    swatch: seriesSwatch(
      seriesStyle(i),
      marked && style === 'line' ? 'marked' : style,
    ),
  }));
  const named = labelsEnds(lines, marks, width);
  const page = sheet(picture, lines.length > 1 ? legend : [], width);
  const height = picture.height ?? page.top + page.foot + 360;
  checkHeight(height, page.top + page.foot + 160);

  const xs = lines.flatMap(({ xs, ys }) => paired(xs, ys));
  const ys = lines.flatMap(({ xs, ys }) => paired(ys, xs));
  for (const { lower, upper } of lines) {
    for (const end of [
      ...Array.from(lower ?? []),
      ...Array.from(upper ?? []),
    ]) {
      if (!Number.isNaN(end)) ys.push(end);
    }
  }
  for (const mark of marks) {
    if (mark.x !== undefined) xs.push(mark.x);
    if (mark.y !== undefined) ys.push(mark.y);
  }
  if (picture.y.fromZero) ys.push(0);
  const x: Axis = {
    label: picture.x.label,
    log: picture.x.log,
    domain: domainOf(xs, picture.x.log, lines.some(isPoints) ? 0.03 : 0),
  };
  const y: Axis = {
    label: picture.y.label,
    log: picture.y.log,
    domain: domainOf(ys, picture.y.log, 0.05, picture.y.fromZero),
    grid: true,
  };

  const counts: string[] = [];
  const drawn = await axes(
    {
      width,
      height,
      room: {
        left: 12,
        right: Math.max(18, besideRoom(marks), named ? endRoom(lines) : 0),
        top: page.top,
        bottom: page.foot,
      },
      x,
      y,
    },
    {
      behind: (area) => bands(lines, area),
      headroom: (area) => aboveRoom(marks, area),
      marks: (plot, area) =>
        lines.flatMap((line, i) => {
          if (isPoints(line)) return [];
          const { color, dash } = seriesStyle(i);
          const { points, note } = pointsOf(line, area);
          counts.push(note);
          return plot.line(points, {
            x: points.map(([a]) => a),
            y: points.map(([, b]) => b),
            stroke: color,
            strokeDasharray: dash,
            strokeWidth: 1.8,
            strokeLinecap: 'butt',
            ariaLabel: () => line.name,
          });
        }),
      over: (area) =>
        lines
          .map((line, i) => {
            const style = seriesStyle(i);
            const at = (point: readonly number[]): [number, number] => [
              area.x(point[0]),
              area.y(point[1]),
            ];
            if (!isPoints(line)) {
              const dots = alone(line).map((point) =>
                symbolAt('circle', ...at(point), style.color, 1.5),
              );
              if (marked) dots.push(...symbolsOn(line, i, lines.length, area));
              return dots.length > 0 ? element('g', {}, ...dots) : '';
            }
            const { points, note } = pointsOf(line, area);
            counts.push(note);
            return element(
              'g',
              { 'aria-label': line.name },
              errorBars(line, style.color, area),
              ...points
                .filter((point) => !point.some(Number.isNaN))
                .map((point) =>
                  symbolAt(style.symbol, ...at(point), style.color),
                ),
            );
          })
          .concat(named ? endLabels(lines, area) : '')
          .concat(marksMarkup(marks, area))
          .concat(xs.length === 0 ? nothing(area) : '')
          .join(''),
    },
  );
  const description =
    `${y.label} over ${x.label}. ${counts.join(' ')} ` +
    marks.map(({ label }) => `Marked: ${label}.`).join(' ');
  return page.close(drawn.markup, height, description.trim());
}

const isPoints = ({ style }: Line) => style === 'points';

interface Drawable extends Line {
  readonly style?: 'line' | 'points';
}

/** Stems as a line: a stroke from 0 for each value, and gaps between. */
function drawable({ style, ...line }: Line): Drawable {
  if (style !== 'stems') return { ...line, style };
  const { name, xs, ys } = line;
  const all = Array.from({ length: xs.length }, (_, i) => i).filter(
    (i) => !Number.isNaN(ys[i]),
  );
  return {
    name,
    style: 'line',
    xs: all.flatMap((i) => [xs[i], xs[i], xs[i]]),
    ys: all.flatMap((i) => [0, ys[i], Number.NaN]),
    count: xs.length,
  };
}

/** Numbers of a list whose partner is a number too. */
function paired(a: ArrayLike<number>, b: ArrayLike<number>): number[] {
  const kept: number[] = [];
  for (let i = 0; i < a.length; i++) {
    if (!Number.isNaN(a[i]) && !Number.isNaN(b[i])) kept.push(a[i]);
  }
  return kept;
}

/** Values between two gaps, of which no line shows anything. */
function alone({ xs, ys }: Line): number[][] {
  const gap = (i: number) =>
    i < 0 || i >= xs.length || Number.isNaN(xs[i]) || Number.isNaN(ys[i]);
  const found: number[][] = [];
  for (let i = 0; i < xs.length; i++) {
    if (!gap(i) && gap(i - 1) && gap(i + 1)) found.push([xs[i], ys[i]]);
  }
  return found;
}

/** The points to draw, and what is said of their number. */
function pointsOf(
  { name, xs, ys, style, count = xs.length }: Line,
  area: Area,
): { points: number[][]; note: string } {
  const at = (i: number) => [xs[i], ys[i]];
  const all = Array.from({ length: xs.length }, (_, i) => i);
  const px = all.map((i) => area.x(xs[i]));
  const py = all.map((i) => area.y(ys[i]));
  const kept = style === 'points' ? distinct(px, py) : thinned(px, py);
  const fewer =
    kept.length < all.length
      ? ` (drawn by the ${kept.length} points that show)`
      : '';
  return {
    points: kept.map(at),
    note: `${name}: ${count} values${fewer}.`,
  };
}

/** Symbols less than half a pixel apart are one. */
function distinct(x: readonly number[], y: readonly number[]): number[] {
  const seen = new Set<string>();
  return x.flatMap((_, i) => {
    const key = `${Math.round(x[i] * 2)} ${Math.round(y[i] * 2)}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [i];
  });
}

/** From the least to the greatest with a margin, never empty. */
function domainOf(
  values: readonly number[],
  log = false,
  margin = 0,
  fromZero = false,
): [number, number] {
  if (values.length === 0) return log ? [1, 10] : [0, 1];
  let low = values[0];
  let high = values[0];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (log) {
    if (low === high) return [low / 2, high * 2];
    const pad = (high / low) ** margin;
    return [low / pad, high * pad];
  }
  if (low === high) {
    const pad = Math.abs(low) * 0.1 || 1;
    return [low - (fromZero && low === 0 ? 0 : pad), high + pad];
  }
  const pad = (high - low) * margin;
  return [fromZero && low === 0 ? 0 : low - pad, high + pad];
}

function nothing({ left, right, top, bottom }: Area): string {
  return element(
    'text',
    {
      x: (left + right) / 2,
      y: (top + bottom) / 2,
      'text-anchor': 'middle',
      'font-size': 14,
    },
    'no values',
  );
}
