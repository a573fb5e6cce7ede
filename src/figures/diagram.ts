/**
 * Nodes and axons as they are drawn of circuits, upwards, and of levelled
 * graphs, to the right: the same layout, turned.
 */

import { circuitLayout } from './circuit-layout.ts';
import {
  axonShape,
  type Carried,
  carriedShape,
  carriedSize,
  cutOf,
  type Kind,
  outline,
  type Role,
  type Stroke,
} from './circuit-shapes.ts';
import type { PlacedAxon } from './circuit-ways.ts';
import { element, escaped, label } from './svg.ts';

export interface DiagramNode {
  readonly id: string;
  readonly kind: Kind | Role;
  readonly level?: number;
  /** What a pointer that rests on it is told. */
  readonly about: string;
  readonly lines: readonly string[];
  readonly style: {
    readonly 'font-size': number;
    readonly 'font-weight'?: string;
  };
  /** A line in small under the others. */
  readonly note?: string;
  readonly width: number;
  readonly height: number;
}

export interface DiagramAxon {
  readonly from: string;
  readonly to: string;
  readonly stroke: Stroke;
  readonly carried: Carried;
}

/** Markup from (0, 0) on, its size, and where its levels are along it. */
export interface Diagram {
  readonly markup: readonly string[];
  readonly width: number;
  readonly height: number;
  readonly rows: readonly { readonly level: number; readonly y: number }[];
}

/** px of small words, and of their line. */
const SMALL = 11;
const NOTE = 14;
/** px from line to line more than their letters have. */
const LEADING = 3;

export const lineOf = ({ style }: Pick<DiagramNode, 'style'>) =>
  style['font-size'] + LEADING;

/** Height of the words of a node. */
export const wordsHeight = (
  node: Pick<DiagramNode, 'style' | 'lines' | 'note'>,
) => node.lines.length * lineOf(node) + (node.note === undefined ? 0 : NOTE);

/** `rightwards`: what is up in the layout is left here. */
export function diagram(
  nodes: readonly DiagramNode[],
  axons: readonly DiagramAxon[],
  rightwards = false,
): Diagram {
  const size = <T extends { width: number; height: number }>(own: T) =>
    rightwards ? { ...own, width: own.height, height: own.width } : own;
  const layout = circuitLayout(
    nodes.map(({ id, level, kind, width, height }) => {
      // Sides that are not upright: axons begin under them.
      const cut = cutOf(kind, width);
      const own = rightwards ? { inset: cut } : { cut };
      return size({ id, level, width, height, ...own });
    }),
    axons.map(({ from, to, carried }) => {
      return { from, to, ...size(carriedSize(carried)) };
    }),
  );
  const placed = rightwards ? layout.axons.map(turnedAxon) : layout.axons;
  const { width, height } = size(layout);
  const named = ({ from, to }: DiagramAxon) => `${from} -> ${to}`;
  const markup = [
    ...axons.map((axon, i) =>
      element(
        'g',
        { 'data-axon': named(axon) },
        axonShape(axon.stroke, placed[i]!),
      ),
    ),
    ...layout.boxes.map(({ x, y }, i) =>
      rightwards ? nodeShape(nodes[i]!, y, x) : nodeShape(nodes[i]!, x, y),
    ),
    ...axons.map((axon, i) => {
      const { x, y } = placed[i]!.carried;
      const shape = carriedShape(axon.carried, x, y);
      if (shape === '') return '';
      return element('g', { 'data-carried': named(axon) }, shape);
    }),
  ];
  return { markup, width, height, rows: layout.rows };
}

function nodeShape(node: DiagramNode, x: number, y: number): string {
  const { id, kind, about, lines, style, note, width, height } = node;
  const line = lineOf(node);
  const top = y - wordsHeight(node) / 2;
  const middle = { 'text-anchor': 'middle' };
  const words = lines.map((text, i) =>
    label(text, x, top + (i + 0.78) * line, { ...middle, ...style }),
  );
  if (note !== undefined) {
    const at = top + lines.length * line + 11;
    words.push(label(note, x, at, { ...middle, 'font-size': SMALL }));
  }
  return element(
    'g',
    { 'data-population': id },
    element('title', {}, escaped(about)),
    outline(kind, x, y, width, height),
    ...words,
  );
}

const swapped = ({ x, y }: { x: number; y: number }) => ({ x: y, y: x });
const LOOKS = { up: 'left', down: 'right', left: 'up', right: 'down' } as const;

const turnedAxon = ({ d, carried, end, look }: PlacedAxon): PlacedAxon => ({
  d: turned(d),
  carried: swapped(carried),
  end: swapped(end),
  look: LOOKS[look],
});

/** A path of M, C, L, V, H and A, with x and y exchanged. */
export function turned(d: string): string {
  return d.replace(/([MCLVHA])([^MCLVHA]*)/g, (_, command, rest) => {
    if (command === 'V' || command === 'H') {
      return (command === 'V' ? 'H' : 'V') + rest;
    }
    const pairs = rest.replace(/(\S+) (\S+)/g, '$2 $1');
    if (command !== 'A') return command + pairs;
    const [rx, ry, angle, large, sweep, x, y] = rest.trim().split(' ');
    return `A${ry} ${rx} ${angle} ${large} ${1 - sweep} ${y} ${x}`;
  });
}
