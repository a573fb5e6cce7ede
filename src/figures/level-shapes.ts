/** Shapes of a levelled graph: what a vertex is shows in its outline. */

import type { GraphFigure } from './figure.ts';
import { textWidth } from './lettering.ts';
import { INK } from './palette.ts';
import { element, label, px } from './svg.ts';

export type Role = GraphFigure['vertices'][number]['role'];

/** What the legend calls them. */
export const ROLES: Readonly<Record<Role, string>> = {
  input: 'input',
  parameter: 'parameter',
  vertex: 'vertex',
  identity: 'identity vertex: delays by one step',
  output: 'output',
};

export const SIZE = 12;
const LINE = 15;
/** px by which the sides of a parameter fall back to its corners. */
export const CUT = 10;

/** px that a vertex needs for its lines. */
export function sizeOf(role: Role, lines: readonly string[]) {
  const wide = Math.max(0, ...lines.map((line) => textWidth(line, SIZE)));
  const tall = Math.max(1, lines.length) * LINE;
  switch (role) {
    case 'identity':
      return { width: Math.max(22, wide + 12), height: Math.max(22, tall + 4) };
    case 'parameter':
      return { width: Math.max(40, wide + 30), height: tall + 12 };
    default:
      return { width: Math.max(40, wide + 18), height: tall + 14 };
  }
}

/** What a role looks like, `w` by `h` px around (x, y). */
export function outline(
  role: Role,
  x: number,
  y: number,
  w: number,
  h: number,
) {
  const line = { stroke: INK, 'stroke-width': 1.5 };
  const box = { x: x - w / 2, y: y - h / 2, width: w, height: h };
  switch (role) {
    case 'input':
      return element('rect', { ...box, ...line, fill: '#e4e4e4' });
    case 'vertex':
      return element('rect', {
        ...box,
        ...line,
        ...{ fill: '#ffffff', rx: Math.min(h / 2, 14) },
      });
    case 'identity':
      return element('rect', {
        ...{ ...box, rx: Math.min(w, h) / 2, fill: '#e3f5ee' },
        ...{ stroke: '#00664a', 'stroke-width': 1.5 },
        'stroke-dasharray': '3 2',
      });
    case 'parameter': {
      const cut = CUT;
      const [l, r, t, b] = [x - w / 2, x + w / 2, y - h / 2, y + h / 2];
      const d =
        `M${px(l)} ${px(y)}L${px(l + cut)} ${px(t)}H${px(r - cut)}` +
        `L${px(r)} ${px(y)}L${px(r - cut)} ${px(b)}H${px(l + cut)}z`;
      return element('path', { d, ...line, fill: '#fdf3dc' });
    }
    case 'output': {
      const within = {
        ...{ x: box.x + 3, y: box.y + 3, width: w - 6, height: h - 6 },
        ...{ fill: 'none', stroke: INK, 'stroke-width': 0.8 },
      };
      const outer = element('rect', { ...box, ...line, fill: '#ffffff' });
      return outer + element('rect', within);
    }
  }
}

/** The lines of a label around (x, y). */
export function words(
  lines: readonly string[],
  role: Role,
  x: number,
  y: number,
) {
  const fill = role === 'identity' ? '#00553d' : INK;
  return lines.map((line, i) =>
    label(line, x, y + 4.3 + (i - (lines.length - 1) / 2) * LINE, {
      ...{ 'text-anchor': 'middle', 'font-size': SIZE, fill },
    }),
  );
}
