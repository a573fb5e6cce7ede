/** Shapes of the drawings of circuits: nodes, arrow heads, delays. */

import { HEAD, LOOP_END, type PlacedAxon } from './circuit-ways.ts';
import { textWidth } from './lettering.ts';
import { BLUE, INK, VERMILLION } from './palette.ts';
import {
  edged,
  element,
  label,
  letters,
  onPlate,
  rect,
  stroked,
  through,
} from './svg.ts';

export const KINDS = ['source', 'graded', 'spiking', 'value-error'] as const;
export type Kind = (typeof KINDS)[number];
export const ROLES = [
  'input',
  'parameter',
  'vertex',
  'identity',
  'output',
] as const;
export type Role = (typeof ROLES)[number];

const GREEN = '#00664a';

/** What the legend calls them, and how they look. */
export const NODES: Readonly<
  Record<
    Kind | Role,
    {
      readonly name: string;
      readonly form: 'box' | 'round' | 'hexagon' | 'double' | 'dashed';
      readonly fill?: string;
    }
  >
> = {
  source: { name: 'source', form: 'box', fill: '#e4e4e4' },
  graded: { name: 'graded population', form: 'round' },
  spiking: { name: 'spiking population', form: 'hexagon' },
  'value-error': { name: 'value and error', form: 'double' },
  input: { name: 'input', form: 'box', fill: '#e4e4e4' },
  parameter: { name: 'parameter', form: 'hexagon', fill: '#fdf3dc' },
  vertex: { name: 'vertex', form: 'round' },
  identity: {
    ...{ name: 'identity vertex: delays by one step', form: 'dashed' },
    fill: '#e3f5ee',
  },
  output: { name: 'output', form: 'double' },
};

/** Px by which a node's sides fall back from the middle to the corners. */
export const cutOf = (kind: Kind | Role, w: number) =>
  NODES[kind].form === 'hexagon' ? Math.min(12, w / 6) : 0;

/** Outline of a node, `w` by `h` px around (x, y); flat above and below. */
export function outline(
  kind: Kind | Role,
  x: number,
  y: number,
  w: number,
  h: number,
): string {
  const { form, fill = '#ffffff' } = NODES[kind];
  const line = { fill, stroke: INK, 'stroke-width': 1.5 };
  const box = [x - w / 2, y - h / 2, w, h] as const;
  switch (form) {
    case 'box':
      return rect(box, line);
    case 'round':
      return rect(box, { ...line, rx: Math.min(h / 2, 16) });
    case 'dashed':
      return rect(box, {
        ...{ ...line, rx: Math.min(w, h) / 2, stroke: GREEN },
        'stroke-dasharray': '3 2',
      });
    case 'hexagon': {
      const inner = w / 2 - cutOf(kind, w);
      const half = [
        [-w / 2, 0],
        [-inner, -h / 2],
        [inner, -h / 2],
      ];
      const corners = [...half, ...half.map(([a, b]) => [-a!, -b!])];
      const d = through(corners.map(([a, b]) => [x + a!, y + b!]));
      return element('path', { d: `${d}z`, ...line });
    }
    case 'double': {
      const inner = [box[0] + 3.5, box[1] + 3.5, w - 7, h - 7] as const;
      const thin = { fill: 'none', stroke: INK, 'stroke-width': 0.8 };
      return rect(box, line) + rect(inner, thin);
    }
  }
}

/** How an axon looks: full arrow, ball or open arrow at its end. */
export interface Stroke {
  readonly color: string;
  readonly head: 'arrow' | 'ball' | 'open';
  readonly dash?: string;
}

export function head(
  { color, head }: Stroke,
  { end, look }: Pick<PlacedAxon, 'end' | 'look'>,
): string {
  const { x, y } = end;
  const back = { up: [0, 1], down: [0, -1], left: [1, 0], right: [-1, 0] }[
    look
  ];
  const at = (along: number, across: number) => [
    x + back[0]! * along + back[1]! * across,
    y + back[1]! * along + back[0]! * across,
  ];
  const sides = (along: number, tip: number) =>
    through([at(along, 4.5), at(tip, 0), at(along, -4.5)]);
  switch (head) {
    case 'ball': {
      const [cx, cy] = at(HEAD / 2, 0);
      return element('circle', { cx, cy, r: HEAD / 2, fill: color });
    }
    case 'arrow':
      return element('path', { d: `${sides(HEAD + 1, 0)}z`, fill: color });
    case 'open': {
      const shaft = through([at(HEAD, 0), at(0.5, 0)]);
      return stroked(sides(HEAD, 0.5) + shaft, color, 1.6);
    }
  }
}

/** An axon: what crosses beneath it is seen to, by the white at its sides. */
export function axonShape(
  stroke: Stroke,
  placed: Pick<PlacedAxon, 'd' | 'end' | 'look'>,
): string {
  const dash = { 'stroke-dasharray': stroke.dash };
  const way = edged(1.7, placed.d, stroke.color, 1.6, dash);
  return way + head(stroke, placed);
}

/** 1 excites, -1 inhibits; 0 or nothing: neither is said. */
export type Sign = 1 | -1 | 0;

/** What the legend calls signs, and how their axons look. */
export const SIGNS: Readonly<Record<Sign, Stroke & { name: string }>> = {
  1: { name: 'excites', color: BLUE, head: 'arrow' },
  [-1]: { name: 'inhibits', color: VERMILLION, head: 'ball', dash: '6 3' },
  0: { name: 'sign not said', color: INK, head: 'open' },
};

/** Height of a delay's node. */
const PILL = 20;

const pillWidth = (delay: string | null) =>
  delay === null ? 0 : Math.max(26, textWidth(delay, 12) + 14);

/** A delay: a green node with its text. */
export function pill(text: string, x: number, y: number, height = PILL) {
  const width = pillWidth(text);
  const look = { fill: '#8fd9bf', stroke: GREEN, 'stroke-width': 1.5 };
  const box = [x - width / 2, y - height / 2, width, height] as const;
  const shape = rect(box, { ...look, rx: height / 2 });
  return shape + label(text, x, y + 4.3, letters(12));
}

/** What an axon carries. */
export interface Carried {
  /** null draws none. */
  readonly delay: string | null;
  /** '' draws none. */
  readonly words: string;
  /** The words beside the delay, as on a loop; else under it. */
  readonly beside: boolean;
}

const WORDS = 11;
const ROW = 15;
const GAP = 6;

/** Where words beside a delay begin, or beside the end of a bare loop. */
const besideAt = (delay: string | null) =>
  Math.max(pillWidth(delay), LOOP_END) + GAP;

export function carriedSize({ delay, words, beside }: Carried) {
  const wide = textWidth(words, WORDS);
  if (beside) {
    const width = words === '' ? pillWidth(delay) : besideAt(delay) + wide;
    return { width, height: PILL };
  }
  return {
    width: Math.max(pillWidth(delay), wide),
    height: (delay === null ? 0 : PILL) + (words === '' ? 0 : ROW),
  };
}

/** The delay and the words around (x, y); nothing where there is neither. */
export function carriedShape(carried: Carried, x: number, y: number): string {
  const { delay, words, beside } = carried;
  const left = x - carriedSize(carried).width / 2;
  const under = delay !== null && words !== '' && !beside;
  const wide = textWidth(words, WORDS);
  const from = beside ? left + besideAt(delay) : x - wide / 2;
  const middle = under ? y + 10 : y;
  const at = beside ? left + pillWidth(delay) / 2 : x;
  const plate = onPlate(words, from + wide / 2, middle, wide, WORDS);
  return (
    (delay === null ? '' : pill(delay, at, under ? y - 7.5 : y)) +
    (words === '' ? '' : plate)
  );
}
