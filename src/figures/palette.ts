/**
 * How series are told apart: the colours of Okabe and Ito (Color Universal
 * Design, 2008), which the colour-blind tell apart, and with each colour a
 * dash and a symbol of its own, for print in black and white. Yellow is left
 * out: on white nobody sees it.
 */

import { element, px } from './svg.ts';

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

const SYMBOLS = [
  'circle',
  'square',
  'triangle',
  'diamond',
  'cross',
  'plus',
  'wedge',
] as const;
export type Symbol = (typeof SYMBOLS)[number];

export interface SeriesStyle {
  readonly color: string;
  /** stroke-dasharray; undefined is a full line. */
  readonly dash: string | undefined;
  readonly symbol: Symbol;
}

/** The style of series number `index` of a picture. */
export function seriesStyle(index: number): SeriesStyle {
  return {
    color: COLORS[index % COLORS.length],
    dash: DASHES[index % DASHES.length],
    symbol: SYMBOLS[index % SYMBOLS.length],
  };
}

/** Corners around the middle, in radii. */
const CORNERS: Readonly<
  Record<Exclude<Symbol, 'circle'>, readonly (readonly number[])[]>
> = {
  square: [[-0.9, -0.9, 0.9, -0.9, 0.9, 0.9, -0.9, 0.9]],
  triangle: [[0, -1.15, 1.1, 0.8, -1.1, 0.8]],
  wedge: [[0, 1.15, 1.1, -0.8, -1.1, -0.8]],
  diamond: [[0, -1.3, 1.1, 0, 0, 1.3, -1.1, 0]],
  cross: [
    [-0.9, -0.9, 0.9, 0.9],
    [-0.9, 0.9, 0.9, -0.9],
  ],
  plus: [
    [-1.2, 0, 1.2, 0],
    [0, -1.2, 0, 1.2],
  ],
};

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
    .map((corners) => {
      const points: string[] = [];
      for (let i = 0; i < corners.length; i += 2) {
        const at = [x + corners[i] * radius, y + corners[i + 1] * radius];
        points.push(at.map(px).join(' '));
      }
      return `M${points.join('L')}${open ? '' : 'z'}`;
    })
    .join('');
  return open
    ? element('path', { d, fill: 'none', stroke: color, 'stroke-width': 1.8 })
    : element('path', { d, fill: color });
}

/** The series' line, its symbol, or both, as the legend shows it: 30 px wide. */
export function seriesSwatch(
  { color, dash, symbol }: SeriesStyle,
  style: 'line' | 'points' | 'marked',
): (x: number, y: number) => string {
  return (x, y) => {
    const point = symbolAt(symbol, x + 15, y, color);
    if (style === 'points') return point;
    const line = element('path', {
      d: `M${px(x)} ${px(y)}h30`,
      fill: 'none',
      stroke: color,
      'stroke-width': 2,
      'stroke-dasharray': dash,
    });
    return style === 'marked' ? line + point : line;
  };
}
