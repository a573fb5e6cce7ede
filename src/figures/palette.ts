/**
 * How series are told apart: the colours of Okabe and Ito (Color Universal
 * Design, 2008), which the colour-blind tell apart, and with each colour a
 * dash and a symbol of its own, for print in black and white. Yellow is left
 * out: on white nobody sees it.
 */

import { element, px, stroked, through } from './svg.ts';

export const INK = '#000000';
export const GREY = '#666666';
export const FAINT = '#dddddd';
export const BLUE = '#0072b2';
export const VERMILLION = '#d55e00';
export const GREEN = '#009e73';

const COLORS = [
  BLUE,
  VERMILLION,
  GREEN,
  INK,
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
] as const;

/** Five dashes with seven colours: the first 35 series all differ. */
const DASHES = [undefined, '7 3', '2 2.5', '9 3 2 3', '14 4'] as const;

/** Corners around the middle, in radii; of a circle none. */
const CORNERS = {
  circle: '',
  square: '-.9 -.9 .9 -.9 .9 .9 -.9 .9',
  triangle: '0 -1.15 1.1 .8 -1.1 .8',
  diamond: '0 -1.3 1.1 0 0 1.3 -1.1 0',
  cross: '-.9 -.9 .9 .9, -.9 .9 .9 -.9',
  plus: '-1.2 0 1.2 0, 0 -1.2 0 1.2',
  wedge: '0 1.15 1.1 -.8 -1.1 -.8',
};
export type Symbol = keyof typeof CORNERS;
const SYMBOLS = Object.keys(CORNERS) as Symbol[];

export interface SeriesStyle {
  readonly color: string;
  /** stroke-dasharray; undefined is a full line. */
  readonly dash: string | undefined;
  readonly symbol: Symbol;
}

/** The style of series number `index` of a picture. */
export function seriesStyle(index: number): SeriesStyle {
  return {
    color: COLORS[index % COLORS.length]!,
    dash: DASHES[index % DASHES.length],
    symbol: SYMBOLS[index % SYMBOLS.length]!,
  };
}

/** A symbol around (x, y), filled where it has an inside. */
export function symbolAt(
  symbol: Symbol,
  x: number,
  y: number,
  color: string,
  radius = 4,
): string {
  if (symbol === 'circle') {
    return element('circle', { cx: x, cy: y, r: radius, fill: color });
  }
  const open = symbol === 'cross' || symbol === 'plus';
  const d = CORNERS[symbol]
    .split(',')
    .map((corners) => {
      const points = [...corners.matchAll(/(\S+) (\S+)/g)].map(([, a, b]) => [
        x + Number(a) * radius,
        y + Number(b) * radius,
      ]);
      return through(points) + (open ? '' : 'z');
    })
    .join('');
  return open ? stroked(d, color, 1.8) : element('path', { d, fill: color });
}

/** The series' line, its symbol, or both, as the legend shows it: 30 px wide. */
export function seriesSwatch(
  { color, dash, symbol }: SeriesStyle,
  style: 'line' | 'points' | 'marked',
): (x: number, y: number) => string {
  return (x, y) => {
    const point = symbolAt(symbol, x + 15, y, color);
    if (style === 'points') return point;
    const d = `M${px(x)} ${px(y)}h30`;
    const line = stroked(d, color, 2, { 'stroke-dasharray': dash });
    return style === 'marked' ? line + point : line;
  };
}
