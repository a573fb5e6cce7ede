/**
 * A graph by levels: its vertices in columns, level 0 at the right where the
 * output is, edges as curves that pass between them. What a vertex is shows
 * in its outline, and the steps that an edge delays stand on it.
 */

import { show } from '../base/errors.ts';
import { refuse } from './checks.ts';
import { axonShape, NODES, outline, pill, ROLES } from './circuit-shapes.ts';
import { type DiagramNode, diagram, wordsHeight } from './diagram.ts';
import type { GraphFigure, Pictured } from './figure.ts';
import { textWidth, wrapped } from './lettering.ts';
import { GREY } from './palette.ts';
import { checkPicture, type LegendEntry, sheet } from './sheet.ts';
import { element, label, px } from './svg.ts';

export type GraphPicture = Omit<Pictured<GraphFigure>, 'height' | 'width'>;

const MARGIN = 20;
const PLAIN = { 'font-size': 12 };
/** Most px of a line of a label. */
const LONGEST = 110;
const NARROWEST = 560;
/** px of a vertex' height that an edge takes. */
const PORT = 13;
const MOST_VERTICES = 400;
const EDGE = { color: '#444444', head: 'arrow' } as const;

/**
 * SVG of a levelled graph. Throws OptionError for edges to vertices that are
 * not there and for too many vertices.
 */
export async function graphPicture(picture: GraphPicture): Promise<string> {
  checkPicture(picture);
  checkGraph(picture);
  const { vertices, edges } = picture;
  const drawn = diagram(
    vertices.map((vertex) => nodeOf(vertex, edges)),
    edges.map(({ from, to, delay }) => ({
      ...{ from, to, stroke: EDGE },
      carried: {
        ...{ delay: delay === 0 ? null : String(delay), words: '' },
        beside: false,
      },
    })),
    true,
  );
  const width = Math.max(NARROWEST, Math.ceil(drawn.width + 2 * MARGIN));
  const page = sheet(picture, legendOf(picture), width);
  const left = (width - drawn.width) / 2;
  const top = page.top + 30;
  const columns = drawn.rows.map(({ level, y }, i) => {
    const text = i === drawn.rows.length - 1 ? `level ${level}` : `${level}`;
    return label(text, left + y, page.top + 14, { fill: GREY });
  });
  const names = { 'text-anchor': 'middle', ...PLAIN };
  const markup = [
    element('g', { 'aria-label': 'levels', ...names }, ...columns),
    element(
      'g',
      { transform: `translate(${px(left)},${px(top)})` },
      ...drawn.markup,
    ),
  ].join('');
  const height = Math.ceil(top + drawn.height + 12 + page.foot);
  return page.close(markup, height, descriptionOf(picture));
}

function nodeOf(
  { id, label, role, level }: GraphFigure['vertices'][number],
  edges: GraphFigure['edges'],
): DiagramNode {
  const lines = wrapped(label, LONGEST, PLAIN['font-size']);
  const words = { lines, style: PLAIN };
  const wide = Math.max(0, ...lines.map((text) => textWidth(text, 12)));
  const tall = Math.max(15, wordsHeight(words));
  const identity = role === 'identity';
  const sides = identity ? 12 : role === 'parameter' ? 30 : 18;
  // Edges leave and arrive over about half of the height.
  const ends = (['from', 'to'] as const).map(
    (end) => edges.filter((edge) => edge[end] === id).length,
  );
  return {
    ...{ id, kind: role, level, about: id, ...words },
    width: Math.max(identity ? 22 : 40, wide + sides),
    height: Math.max(tall + (identity ? 7 : 14), Math.max(...ends) * PORT),
  };
}

const rolesIn = ({ vertices }: GraphPicture) =>
  ROLES.filter((role) => vertices.some((vertex) => vertex.role === role));

function legendOf(picture: GraphPicture): LegendEntry[] {
  const entries: LegendEntry[] = rolesIn(picture).map((role) => ({
    name: NODES[role].name,
    swatch: (x, y) =>
      outline(role, x + 15, y, role === 'identity' ? 22 : 30, 16),
  }));
  if (picture.edges.some(({ delay }) => delay > 0)) {
    entries.push({
      name: 'edge that delays by so many steps',
      width: 44,
      swatch: (x, y) => {
        const d = `M${px(x)} ${px(y)}h35`;
        const end = { x: x + 44, y };
        return (
          axonShape(EDGE, { d, end, look: 'right' }) + pill('2', x + 20, y, 16)
        );
      },
    });
  }
  return entries;
}

function descriptionOf(picture: GraphPicture): string {
  const { vertices, edges } = picture;
  const kinds = rolesIn(picture).map((role) => {
    const count = vertices.filter((vertex) => vertex.role === role).length;
    return `${NODES[role].name.split(':')[0]}: ${count}`;
  });
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
    refuse(
      `A graph of ${vertices.length} vertices cannot be drawn: pass 1 to ` +
        `${MOST_VERTICES}, or draw a part of it`,
      { vertices: vertices.length },
    );
  }
  const ids = new Set(vertices.map(({ id }) => id));
  if (ids.size < vertices.length) {
    refuse(
      `Only ${ids.size} of ${vertices.length} vertices have an id of their ` +
        'own: give each another',
      { vertices: vertices.length, ids: ids.size },
    );
  }
  for (const { from, to, delay } of edges) {
    const edge = `The edge from "${from}" to "${to}"`;
    const missing = [from, to].find((id) => !ids.has(id));
    if (missing !== undefined) {
      refuse(
        `${edge} ends at "${missing}", which is no vertex: leave it out or ` +
          'add the vertex',
        { from, to, missing },
      );
    }
    if (!(Number.isInteger(delay) && delay >= 0)) {
      refuse(
        `${edge} delays by ${show(delay)} steps: pass a whole number, 0 or more`,
        { from, to, delay },
      );
    }
  }
}
