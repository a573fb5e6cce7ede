/**
 * A graph by levels: its vertices in columns, level 0 at the right where the
 * output is, edges as curves that pass between them. What a vertex is shows
 * in its outline, and the steps that an edge delays stand on it.
 *
 * The layout is that of circuits, which grows upwards, turned: what is x
 * there is y here.
 */

import { OptionError, show } from '../base/errors.ts';
import { circuitLayout, type Layout } from './circuit-layout.ts';
import { PILL, pill, pillWidth } from './circuit-shapes.ts';
import { HEAD } from './circuit-ways.ts';
import type { GraphFigure } from './figure.ts';
import { wrapped } from './lettering.ts';
import {
  CUT,
  outline,
  ROLES,
  type Role,
  SIZE,
  sizeOf,
  words,
} from './level-shapes.ts';
import { GREY } from './palette.ts';
import {
  checkPicture,
  type LegendEntry,
  type PictureOptions,
  sheet,
} from './sheet.ts';
import { element, escaped, label, px } from './svg.ts';

export type GraphPicture = Omit<GraphFigure, 'kind' | 'name' | 'caption'> &
  Omit<PictureOptions, 'height' | 'width'>;

const MARGIN = 20;
/** Most px of a line of a label. */
const LONGEST = 110;
const NARROWEST = 560;
/** px of a vertex' height that an edge takes. */
const PORT = 13;
const MOST_VERTICES = 400;

/**
 * SVG of a levelled graph. Throws OptionError for edges to vertices that are
 * not there and for too many vertices.
 */
export async function graphPicture(picture: GraphPicture): Promise<string> {
  checkPicture(picture);
  checkGraph(picture);
  const { vertices, edges } = picture;
  const lines = new Map(
    vertices.map(({ id, label }) => [id, wrapped(label, LONGEST, SIZE)]),
  );
  const sizes = new Map(
    vertices.map(({ id, role }) => {
      const { width, height } = sizeOf(role, lines.get(id)!);
      const ends = [
        edges.filter(({ from }) => from === id).length,
        edges.filter(({ to }) => to === id).length,
      ];
      // Edges leave and arrive over about half of the height.
      const needed = Math.max(...ends) * PORT;
      return [id, { width, height: Math.max(height, needed) }];
    }),
  );
  const delayText = ({ delay }: { delay: number }) =>
    delay === 0 ? null : String(delay);
  // Turned: a height there is a width here.
  const layout = circuitLayout(
    vertices.map(({ id, level }) => {
      const { width, height } = sizes.get(id)!;
      return { id, level, width: height, height: width };
    }),
    edges.map(({ from, to, ...edge }) => {
      const wide = pillWidth(delayText(edge));
      return { from, to, width: wide > 0 ? PILL : 0, height: wide };
    }),
  );
  const inner = layout.height;
  const width = Math.max(NARROWEST, Math.ceil(inner + 2 * MARGIN));
  const page = sheet(picture, legendOf(picture), width);
  const left = (width - inner) / 2;
  const top = page.top + 30;
  const bottom = top + layout.width;
  const columns = layout.rows.map(({ level, y }, i) => {
    const first = i === layout.rows.length - 1;
    const text = first ? `level ${level}` : `${level}`;
    return label(text, left + y, page.top + 14, { fill: GREY });
  });
  const markup = [
    element(
      'g',
      { 'aria-label': 'levels', 'text-anchor': 'middle', 'font-size': SIZE },
      ...columns,
    ),
    element(
      'g',
      { transform: `translate(${px(left)},${px(top)})` },
      drawnEdges(picture, layout, delayText),
      ...layout.boxes.map(({ id, x, y }, i) => {
        const { role } = vertices[i];
        const { width: w, height: h } = sizes.get(id)!;
        return element(
          'g',
          { 'aria-label': `${ROLES[role].split(':')[0]} ${id}` },
          element('title', {}, escaped(id)),
          outline(role, y, x, w, h),
          ...words(lines.get(id)!, role, y, x),
        );
      }),
    ),
  ].join('');
  const height = Math.ceil(bottom + 12 + page.foot);
  return page.close(markup, height, descriptionOf(picture));
}

function drawnEdges(
  { edges }: GraphPicture,
  layout: Layout,
  delayText: (edge: { delay: number }) => string | null,
): string {
  const middles = new Map(layout.boxes.map(({ id, y }) => [id, y]));
  const ways = layout.axons.map(({ d, end, look }, i) => {
    const { from, to, delay } = edges[i];
    const name = `${from} to ${to}${delay > 0 ? `, delay ${delay}` : ''}`;
    const along = look === 'up' ? 1 : look === 'down' ? -1 : 0;
    const back = look === 'left' ? [0, 1] : [along, 0];
    const at = (far: number, side: number) =>
      `${px(end.y + back[0] * far + back[1] * side)} ` +
      `${px(end.x + back[1] * far + back[0] * side)}`;
    // Begins under its vertex, whose sides are not all upright.
    const whole = turned(d);
    const [, x, y] = /^M(\S+) ([^A-Z]+)/.exec(whole)!;
    const inward = Number(x) > middles.get(from)! ? -CUT : CUT;
    const curve = `M${px(Number(x) + inward)} ${y}L${whole.slice(1)}`;
    const head = `M${at(HEAD, 4)}L${at(0.5, 0)}L${at(HEAD, -4)}z`;
    return element(
      'g',
      { 'aria-label': name },
      // The same curve in white, wider: what crosses beneath it is seen to.
      element('path', {
        ...{ d: curve, fill: 'none', stroke: '#ffffff', 'stroke-width': 4 },
      }),
      element('path', {
        ...{ d: curve, fill: 'none', stroke: '#444444' },
        ...{ 'stroke-width': 1.4, 'aria-label': 'edge' },
      }),
      element('path', { d: head, fill: '#444444' }),
    );
  });
  const delays = layout.axons.map(({ carried }, i) => {
    const text = delayText(edges[i]);
    return text === null ? '' : pill(text, carried.y, carried.x);
  });
  return element('g', { 'aria-label': 'edges' }, ...ways, ...delays);
}

/** A path of M, C, L, V, H and A, with x and y exchanged. */
export function turned(d: string): string {
  return d.replace(/([MCLVHA])([^MCLVHA]*)/g, (_, command, rest) => {
    const numbers = rest.trim().split(/[\s,]+/);
    if (command === 'V') return `H${rest}`;
    if (command === 'H') return `V${rest}`;
    if (command === 'A') {
      const [rx, ry, angle, large, sweep, x, y] = numbers;
      const other = sweep === '1' ? '0' : '1';
      return `A${ry} ${rx} ${angle} ${large} ${other} ${y} ${x}`;
    }
    const pairs: string[] = [];
    for (let i = 0; i < numbers.length; i += 2) {
      pairs.push(`${numbers[i + 1]} ${numbers[i]}`);
    }
    return command + pairs.join(' ');
  });
}

function legendOf({ vertices, edges }: GraphPicture): LegendEntry[] {
  const used = new Set(vertices.map(({ role }) => role));
  const entries: LegendEntry[] = (Object.keys(ROLES) as Role[])
    .filter((role) => used.has(role))
    .map((role) => ({
      name: ROLES[role],
      swatch: (x, y) =>
        role === 'identity'
          ? outline(role, x + 15, y, 22, 16)
          : outline(role, x + 15, y, 30, 16),
    }));
  if (edges.some(({ delay }) => delay > 0)) {
    entries.push({
      name: 'edge that delays by so many steps',
      width: 44,
      swatch: (x, y) =>
        element('path', { d: `M${px(x)} ${px(y)}h44`, stroke: '#444444' }) +
        pill('2', x + 22, y, 16),
    });
  }
  return entries;
}

function descriptionOf({ vertices, edges }: GraphPicture): string {
  const count = (role: Role) => vertices.filter((v) => v.role === role).length;
  const kinds = (Object.keys(ROLES) as Role[])
    .filter((role) => count(role) > 0)
    .map((role) => `${ROLES[role].split(':')[0]}: ${count(role)}`);
  const levels = vertices.map(({ level }) => level);
  const told = edges.map(
    ({ from, to, delay }) =>
      `${from} to ${to}${delay > 0 ? ` (delay ${delay})` : ''}`,
  );
  return (
    `${vertices.length} vertices (${kinds.join(', ')}) at levels ` +
    `${Math.max(...levels)} (left) to ${Math.min(...levels)} (right). ` +
    `Edges: ${told.join(', ')}.`
  );
}

function checkGraph({ vertices, edges }: GraphPicture): void {
  if (vertices.length === 0 || vertices.length > MOST_VERTICES) {
    throw new OptionError(
      `A graph of ${vertices.length} vertices cannot be drawn: pass 1 to ` +
        `${MOST_VERTICES}, or draw a part of it`,
      { vertices: vertices.length },
    );
  }
  const ids = new Set(vertices.map(({ id }) => id));
  if (ids.size < vertices.length) {
    throw new OptionError(
      `Only ${ids.size} of ${vertices.length} vertices have an id of their ` +
        'own: give each another',
      { vertices: vertices.length, ids: ids.size },
    );
  }
  for (const { from, to, delay } of edges) {
    const missing = [from, to].find((id) => !ids.has(id));
    if (missing !== undefined) {
      throw new OptionError(
        `The edge from "${from}" to "${to}" ends at "${missing}", which is no ` +
          'vertex: leave it out or add the vertex',
        { from, to, missing },
      );
    }
    if (!(Number.isInteger(delay) && delay >= 0)) {
      throw new OptionError(
        `The edge from "${from}" to "${to}" delays by ${show(delay)} steps: ` +
          'pass a whole number, 0 or more',
        { from, to, delay },
      );
    }
  }
}
