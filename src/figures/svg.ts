/** SVG as text: elements with their attributes, everything escaped. */

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Characters that no XML 1.0 document may hold, lone surrogates too. */
const NOT_XML =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are meant.
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand in an element or in a quoted attribute. */
export function escaped(text: string): string {
  return text
    .replace(NOT_XML, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** A coordinate to a hundredth of a pixel, without a tail of zeros. */
export function px(value: number): string {
  const text = String(Math.round(value * 100) / 100);
  return text === '-0' ? '0' : text;
}

/**
 * An element. Children are markup already; attributes are escaped here, and
 * one that is undefined is left out.
 */
export function element(
  name: string,
  attributes: Attributes,
  ...children: readonly string[]
): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => {
      const text = typeof value === 'number' ? px(value) : escaped(value!);
      return ` ${key}="${text}"`;
    })
    .join('');
  const inside = children.join('');
  return inside === ''
    ? `<${name}${written}/>`
    : `<${name}${written}>${inside}</${name}>`;
}

/** A line of words at a place; the text is escaped here. */
export function label(
  text: string,
  x: number,
  y: number,
  attributes: Attributes = {},
): string {
  return element('text', { x, y, ...attributes }, escaped(text));
}

/** How words look: px, and where their place is in them. */
export const letters = (
  size: number,
  anchor: 'start' | 'middle' | 'end' = 'middle',
) => ({ 'text-anchor': anchor, 'font-size': size });

/** Words that are read from below, around a place. */
export function upright(
  text: string,
  x: number,
  y: number,
  attributes: Attributes = {},
): string {
  const transform = `translate(${px(x)},${px(y)}) rotate(-90)`;
  return element('text', { transform, ...attributes }, escaped(text));
}

/** A line of words around a place on a plate of its own, `wide` px wide. */
export function onPlate(
  text: string,
  x: number,
  y: number,
  wide: number,
  size: number,
  fill = WHITE,
): string {
  const plate = rect([x - wide / 2, y - 7.5, wide, 15], { fill });
  return plate + label(text, x, y + 4, letters(size));
}

export const WHITE = '#ffffff';

/** Left, top, width and height in px. */
export type Box = readonly [number, number, number, number];

export function rect([x, y, width, height]: Box, attributes: Attributes) {
  return element('rect', { x, y, width, height, ...attributes });
}

export function line(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  attributes: Attributes,
): string {
  return element('line', { x1, x2, y1, y2, ...attributes });
}

/** Strokes along a path. */
export function stroked(
  d: string,
  stroke: string,
  width = 1,
  attributes: Attributes = {},
): string {
  const look = { fill: 'none', stroke, 'stroke-width': width };
  return element('path', { d: d || undefined, ...look, ...attributes });
}

/** Strokes with `edge` px of white at both sides, to show on anything. */
export const edged = (
  edge: number,
  d: string,
  stroke: string,
  width: number,
  attributes: Attributes = {},
) =>
  stroked(d, WHITE, width + 2 * edge) + stroked(d, stroke, width, attributes);

/** Data of a path through points. */
export const through = (points: readonly (readonly number[])[]) =>
  `M${points.map((point) => point.map(px).join(' ')).join('L')}`;
