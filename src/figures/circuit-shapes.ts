/** Shapes of a circuit's drawing: populations, arrow heads, delays. */

import { HEAD, LOOP_END, type PlacedAxon } from './circuit-ways.ts';
import { textWidth } from './lettering.ts';
import { BLUE, INK, VERMILLION } from './palette.ts';
import { element, label, px } from './svg.ts';

export const KINDS = ['source', 'graded', 'spiking', 'value-error'] as const;
export type Kind = (typeof KINDS)[number];

/** 1 excites, -1 inhibits; 0 or nothing: neither is said. */
export type Sign = 1 | -1 | 0;

/** Height of a delay's node. */
export const PILL = 20;

export const pillWidth = (delay: string | null) =>
  delay === null ? 0 : Math.max(26, textWidth(delay, 12) + 14);

/** Px by which a kind's sides fall back from the middle to the corners. */
export const cutOf = (kind: Kind, w: number) =>
  kind === 'spiking' ? Math.min(12, w / 6) : 0;

/** Outline of a kind, `w` by `h` px around (x, y); flat above and below. */
export function outline(
  kind: Kind,
  x: number,
  y: number,
  w: number,
  h: number,
) {
  const line = { fill: '#ffffff', stroke: INK, 'stroke-width': 1.5 };
  const box = { x: x - w / 2, y: y - h / 2, width: w, height: h };
  switch (kind) {
    case 'source':
      return element('rect', { ...box, ...line, fill: '#e4e4e4' });
    case 'graded':
      return element('rect', { ...box, ...line, rx: Math.min(h / 2, 16) });
    case 'spiking': {
      const cut = cutOf(kind, w);
      const d =
        `M${px(x - w / 2)} ${px(y)}L${px(x - w / 2 + cut)} ${px(y - h / 2)}` +
        `H${px(x + w / 2 - cut)}L${px(x + w / 2)} ${px(y)}` +
        `L${px(x + w / 2 - cut)} ${px(y + h / 2)}H${px(x - w / 2 + cut)}z`;
      return element('path', { d, ...line });
    }
    case 'value-error': {
      const inner = {
        ...{ x: box.x + 3.5, y: box.y + 3.5, width: w - 7, height: h - 7 },
        ...{ fill: 'none', stroke: INK, 'stroke-width': 0.8 },
      };
      return element('rect', { ...box, ...line }) + element('rect', inner);
    }
  }
}

export function colorOf(sign: Sign | undefined): string {
  return sign === 1 ? BLUE : sign === -1 ? VERMILLION : INK;
}

/** Full arrow: excites. Ball: inhibits. Open arrow: not said. */
export function head(
  sign: Sign | undefined,
  { end, look }: Pick<PlacedAxon, 'end' | 'look'>,
): string {
  const color = colorOf(sign);
  const { x, y } = end;
  const back = { up: [0, 1], down: [0, -1], left: [1, 0] }[look];
  const at = (along: number, across: number) =>
    `${px(x + back[0] * along + back[1] * across)} ` +
    `${px(y + back[1] * along + back[0] * across)}`;
  if (sign === -1) {
    const r = HEAD / 2;
    return element('circle', {
      ...{ cx: x + back[0] * r, cy: y + back[1] * r, r, fill: color },
    });
  }
  if (sign === 1) {
    const d = `M${at(0, 0)}L${at(HEAD + 1, 4.5)}L${at(HEAD + 1, -4.5)}z`;
    return element('path', { d, fill: color });
  }
  const d =
    `M${at(HEAD, 4.5)}L${at(0.5, 0)}L${at(HEAD, -4.5)}` +
    `M${at(HEAD, 0)}L${at(0.5, 0)}`;
  return element('path', {
    ...{ d, fill: 'none', stroke: color, 'stroke-width': 1.6 },
  });
}

/** A delay: a green node with its text. */
export function pill(
  text: string,
  x: number,
  y: number,
  height = PILL,
): string {
  const width = pillWidth(text);
  return (
    element('rect', {
      ...{ x: x - width / 2, y: y - height / 2, width, height, rx: height / 2 },
      fill: '#8fd9bf',
      stroke: '#00664a',
      'stroke-width': 1.5,
    }) + label(text, x, y + 4.3, { 'text-anchor': 'middle', 'font-size': 12 })
  );
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
const ROW = 14;
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
    height: (delay === null ? 0 : PILL) + (words === '' ? 0 : ROW + 1),
  };
}

/** The delay and the words around (x, y); nothing where there is neither. */
export function carriedShape(carried: Carried, x: number, y: number): string {
  const { delay, words, beside } = carried;
  const left = x - carriedSize(carried).width / 2;
  const under = delay !== null && words !== '' && !beside;
  const wide = textWidth(words, WORDS);
  const from = beside ? left + besideAt(delay) : x - wide / 2;
  const middle = under ? y + 11 : y;
  const at = beside ? left + pillWidth(delay) / 2 : x;
  return [
    delay === null ? '' : pill(delay, at, under ? y - 7.5 : y),
    words === ''
      ? ''
      : element('rect', {
          ...{ x: from, y: middle - ROW / 2, width: wide, height: ROW },
          fill: '#ffffff',
        }) +
        label(words, from + wide / 2, middle + 4, {
          'text-anchor': 'middle',
          'font-size': WORDS,
        }),
  ].join('');
}
