/**
 * Series of numbers over a common axis, as lines or points: what the pictures
 * of traces and of rates have in common.
 */

import { type Area, axes } from './axes.ts';
import { checkHeight, checkNumbers, checkSeries, refuse } from './checks.ts';
import type { Line, LinesFigure, Pictured } from './figure.ts';
import {
  band,
  errorBars,
  lineMarkup,
  type Placed,
  placed,
  pointsMarkup,
  symbolsOn,
} from './line-shapes.ts';
import { aboveRoom, beside, besideRoom, marksMarkup } from './marks.ts';
import { seriesStyle, seriesSwatch } from './palette.ts';
import { type Domain, extentOf, valueAt } from './scale.ts';
import { checkPicture, sheet } from './sheet.ts';
import { element, label, letters } from './svg.ts';

type LinesPicture = Pictured<LinesFigure>;

/** Five dashes differ by themselves; with more lines, symbols help. */
const MANY = 5;
/** px that names at the ends of lines may take, across and down. */
const LONGEST = 224;
const MOST_NAMED = 20;

/** Throws OptionError, ShapeError and NonFiniteError for what no axis holds. */
export async function linesPicture(picture: LinesPicture): Promise<string> {
  checkPicture(picture);
  checkLines(picture);
  const { marks = [], x, y, width = 760 } = picture;
  const lines = picture.lines.map(drawable);
  const marked = lines.filter((line) => !isPoints(line)).length > MANY;
  const legend = lines.map((line, i) => ({
    name: line.name,
    swatch: seriesSwatch(
      seriesStyle(i),
      isPoints(line) ? 'points' : marked ? 'marked' : 'line',
    ),
  }));
  const page = sheet(picture, lines.length > 1 ? legend : [], width);
  const height = picture.height ?? page.top + page.foot + 360;
  checkHeight(height, page.top + page.foot + 160);

  const endRoom = besideRoom(lines.map(({ name }) => name));
  const across = marks.filter((mark) => mark.x === undefined);
  // With many lines, names stand where they end: nobody matches 12 dashes.
  const named =
    marked &&
    !lines.some(isPoints) &&
    lines.length <= MOST_NAMED &&
    across.length === 0 &&
    endRoom <= Math.min(LONGEST, width / 3 + 24);
  const right = named ? endRoom : besideRoom(across.map((mark) => mark.label));
  const [xs, ys] = extents(picture, lines);
  const margin = lines.some(isPoints) ? 0.03 : 0;
  const { area, markup } = axes({
    ...{ width, height },
    room: { left: 12, right, top: page.top, bottom: page.foot },
    headroom: (sides) => aboveRoom(marks, sides),
    x: { ...x, domain: domainOf(xs!, margin, x) },
    y: { ...y, domain: domainOf(ys!, 0.05, y), grid: true },
  });
  const all = lines.map((line, i) => placed(line, i, area));
  const body = [
    markup,
    ...all.map((one) => (isPoints(one.line) ? '' : band(one, area))),
    ...all.map((one) =>
      isPoints(one.line)
        ? element(
            'g',
            { 'aria-label': one.line.name },
            errorBars(one, area),
            ...pointsMarkup(one),
          )
        : lineMarkup(one),
    ),
    ...(marked ? all.flatMap((one) => symbolsOn(one, all.length, area)) : []),
    named ? endLabels(all, area) : '',
    marksMarkup(marks, area),
    xs === null ? nothing(area) : '',
  ];
  const description =
    `${y.label} over ${x.label}. ${all.map(noteOf).join(' ')} ` +
    marks.map(({ label }) => `Marked: ${label}.`).join(' ');
  return page.close(body.join(''), height, description.trim());
}

const isPoints = ({ style }: Line) => style === 'points';

/** Stems as a line: a stroke from 0 for each value, and gaps between. */
function drawable(line: Line): Line {
  if (line.style !== 'stems') return line;
  const { name, xs, ys } = line;
  const all = Array.from(xs, (_, i) => i).filter((i) => !Number.isNaN(ys[i]));
  return {
    name,
    xs: all.flatMap((i) => [xs[i]!, xs[i]!, xs[i]!]),
    ys: all.flatMap((i) => [0, ys[i]!, Number.NaN]),
    count: xs.length,
  };
}

/** What is said of the number of values. */
function noteOf({ line, kept }: Placed): string {
  const { name, xs, count = xs.length } = line;
  const fewer =
    kept.length < xs.length
      ? ` (drawn by the ${kept.length} points that show)`
      : '';
  return `${name}: ${count} values${fewer}.`;
}

/** Least and greatest of all that is drawn; null where no point is. */
function extents(picture: LinesPicture, lines: readonly Line[]) {
  const [xs, ys]: number[][] = [[], []];
  const add = (to: number[], values: ArrayLike<number>, others = values) => {
    for (let i = 0; i < values.length; i++) {
      if (!Number.isNaN(values[i]! + others[i]!)) to.push(values[i]!);
    }
  };
  for (const { xs: x, ys: y, lower = [], upper = [] } of lines) {
    add(xs!, x, y);
    add(ys!, y, x);
    add(ys!, lower);
    add(ys!, upper);
  }
  for (const { x, y } of picture.marks ?? []) {
    if (x !== undefined) xs!.push(x);
    if (y !== undefined) ys!.push(y);
  }
  if (picture.y.fromZero) ys!.push(0);
  return [extentOf(xs!), extentOf(ys!)];
}

/** From the least to the greatest with a margin, never empty. */
function domainOf(
  found: Domain | null,
  margin: number,
  { log, fromZero }: { log?: boolean; fromZero?: boolean },
): Domain {
  if (!found) return log ? [1, 10] : [0, 1];
  const [low, high] = found;
  const bottom = fromZero && low === 0;
  if (low === high) {
    if (log) return [low / 2, high * 2];
    const pad = Math.abs(low) * 0.1 || 1;
    return [bottom ? 0 : low - pad, high + pad];
  }
  const from = bottom ? 0 : valueAt(found, -margin, log);
  return [from, valueAt(found, 1 + margin, log)];
}

/** The name of each line where it has its last value. */
function endLabels(all: readonly Placed[], area: Area): string {
  const ends = all.flatMap(({ line, color, y, last }) =>
    last < 0
      ? []
      : [{ text: line.name, y: y[last]!, from: area.right, stroke: color }],
  );
  return element(
    'g',
    { 'aria-label': 'names of lines' },
    ...beside(ends, area),
  );
}

function nothing({ left, right, top, bottom }: Area): string {
  const at = [(left + right) / 2, (top + bottom) / 2] as const;
  return label('no values', ...at, letters(14));
}

function checkLines({ lines, x, y, marks = [] }: LinesPicture): void {
  for (const { name, xs, ys, lower, upper, style } of lines) {
    if (style === 'stems' && y.log) {
      refuse(
        `Series "${name}" has stems from 0, which a logarithmic axis cannot ` +
          'show: use points',
        { name },
      );
    }
    const at = (i: number) => `at index ${i}`;
    const numbers = { at, gap: Number.NaN };
    checkSeries(name, { values: xs }, xs.length, 'places', {
      ...numbers,
      log: x.log,
    });
    checkSeries(name, { values: ys, lower, upper }, xs.length, 'places', {
      ...numbers,
      log: y.log,
    });
  }
  for (const mark of marks) {
    const what = `Mark "${mark.label}"`;
    if (mark.x === undefined && mark.y === undefined) {
      refuse(`${what} has neither x nor y: say where it stands`, {
        mark: mark.label,
      });
    }
    for (const [axis, { log }] of Object.entries({ x, y })) {
      const value = mark[axis as 'x' | 'y'];
      const at = () => `for its ${axis}`;
      const numbers = {
        what: `${what} has`,
        at,
        log,
        data: { mark: mark.label },
      };
      if (value !== undefined) checkNumbers([value], numbers);
    }
  }
}
