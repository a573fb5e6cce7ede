/**
 * A circuit as a drawing: populations as nodes, axons as curves, and every
 * delay as a green node of its own on its axon, since delays are what these
 * circuits are made of.
 */

import { OptionError, show } from '../base/errors.ts';
import { circuitLayout } from './circuit-layout.ts';
import {
  type Carried,
  carriedShape,
  carriedSize,
  colorOf,
  cutOf,
  head,
  KINDS,
  type Kind,
  outline,
  pill,
  type Sign,
} from './circuit-shapes.ts';
import {
  loopsHeight,
  type PlacedAxon,
  type PlacedBox,
} from './circuit-ways.ts';
import { textWidth, wrapped } from './lettering.ts';
import { FAINT, GREY } from './palette.ts';
import { numberText } from './scale.ts';
import {
  checkPicture,
  type LegendEntry,
  type PictureOptions,
  sheet,
} from './sheet.ts';
import { element, escaped, label, px } from './svg.ts';

export interface DrawnPopulation {
  readonly id: string;
  readonly size?: number;
  readonly kind: Kind;
  /** From 0, the lowest row; all populations have one, or none has. */
  readonly level?: number;
}

export interface DrawnAxon {
  readonly from: string;
  readonly to: string;
  /** With its unit, as "20 ms"; null draws no delay. */
  readonly delay: string | null;
  /** 1 excites, -1 inhibits; 0 or nothing: neither is said. */
  readonly sign?: Sign;
  readonly label?: string;
}

/** Width and height are the least: a large circuit makes a large picture. */
export interface CircuitPicture extends PictureOptions {
  readonly populations: readonly DrawnPopulation[];
  readonly axons: readonly DrawnAxon[];
}

const SIZE = 13;
const SMALL = 11;
const MOST_NAME = 150;
const MOST_LINES = 3;

/** SVG of a circuit. Throws OptionError for names that are not there. */
export async function circuitPicture(picture: CircuitPicture): Promise<string> {
  checkPicture(picture);
  checkCircuit(picture);
  const { populations, axons } = picture;
  const boxes = populations.map((one) => ({ ...one, ...boxOf(one, axons) }));
  const layout = circuitLayout(
    boxes,
    axons.map((axon) => {
      const { from, to } = axon;
      return { from, to, ...carriedSize(carriedOf(axon)) };
    }),
  );
  const levelled = populations[0].level !== undefined;
  const margin = levelled ? 84 : 24;
  const natural = margin + layout.width + 24;
  const width = Math.ceil(Math.max(picture.width ?? 480, natural));
  const page = sheet(picture, legendOf(picture), width);
  const needed = page.top + 12 + layout.height + 14 + page.foot;
  const height = Math.ceil(Math.max(picture.height ?? 0, needed));
  const left = margin + (width - natural) / 2;
  const top = page.top + 12 + (height - needed) / 2;

  const rows = layout.rows.map(({ level, y }) => [
    element('line', {
      ...{ x1: 76 - left, x2: width - 12 - left, y1: y, y2: y },
      stroke: FAINT,
      'stroke-width': 1,
      'stroke-dasharray': '2 4',
    }),
    label(`level ${level}`, 16 - left, y + 4, { 'font-size': 12, fill: GREY }),
  ]);
  const drawn = element(
    'g',
    { transform: `translate(${px(left)},${px(top)})` },
    ...(levelled ? rows.flat() : []),
    ...layout.axons.map((placed, i) => axonMarkup(axons[i], placed)),
    ...layout.boxes.map((placed, i) => boxMarkup(boxes[i], placed)),
    ...layout.axons.map((placed, i) => carriedMarkup(axons[i], placed)),
  );
  return page.close(drawn, height, descriptionOf(picture));
}

function descriptionOf({ populations, axons }: CircuitPicture): string {
  const ways = axons.map(({ from, to, delay, sign }) => {
    const how = sign === -1 ? 'inhibits' : sign === 1 ? 'excites' : 'reaches';
    return `${from} ${how} ${to}${delay === null ? '' : ` after ${delay}`}`;
  });
  return (
    `${populations.length} populations, ${axons.length} axons: ` +
    `${ways.join('; ')}.`
  );
}

interface Boxed extends DrawnPopulation {
  readonly lines: readonly string[];
  readonly width: number;
  readonly height: number;
}

function boxOf(
  { id, size, kind }: DrawnPopulation,
  axons: readonly DrawnAxon[],
) {
  const all = wrapped(id, MOST_NAME, SIZE, true);
  const lines = all.slice(0, MOST_LINES);
  // The whole name is in the node's title.
  if (all.length > MOST_LINES) lines[MOST_LINES - 1] += '\u2026';
  const widths = lines.map((line) => textWidth(line, SIZE, true));
  const below = size === undefined ? 0 : textWidth(sizeText(size), SMALL);
  const words = 18 + 16 * lines.length + (size === undefined ? 0 : 14);
  const loops = axons.filter((a) => a.from === id && a.to === id).length;
  const ends = axons.filter((a) => (a.from === id) !== (a.to === id)).length;
  // Heads of many axons need room side by side, half of them above or below.
  const heads = 36 + 7 * ends;
  const width = Math.ceil(
    Math.max(76, heads, ...widths.map((w) => w + 34), below + 34),
  );
  return {
    lines,
    width,
    height: Math.max(words, loopsHeight(loops)),
    cut: cutOf(kind, width),
  };
}

const sizeText = (size: number) => `n = ${numberText(size)}`;

function boxMarkup(box: Boxed, { x, y, width, height }: PlacedBox): string {
  const { id, kind, size, lines } = box;
  const rows = lines.length * 16 + (size === undefined ? 0 : 14);
  const first = y - rows / 2 + 12.5;
  const middle = { 'text-anchor': 'middle' };
  const bold = { ...middle, 'font-weight': 'bold', 'font-size': SIZE };
  const about = `${id} (${kind}${size === undefined ? '' : `, ${sizeText(size)}`})`;
  return element(
    'g',
    { 'data-population': id },
    element('title', {}, escaped(about)),
    outline(kind, x, y, width, height),
    ...lines.map((line, i) => label(line, x, first + i * 16, bold)),
    size === undefined
      ? ''
      : label(sizeText(size), x, first + lines.length * 16 - 1, {
          ...middle,
          'font-size': SMALL,
        }),
  );
}

function axonMarkup(axon: DrawnAxon, placed: PlacedAxon): string {
  const { from, to, sign } = axon;
  const line = { d: placed.d, fill: 'none' };
  return element(
    'g',
    { 'data-axon': `${from} -> ${to}` },
    // White on both sides tells a crossing from a branch.
    element('path', { ...line, stroke: '#ffffff', 'stroke-width': 5 }),
    element('path', {
      ...line,
      stroke: colorOf(sign),
      'stroke-width': 1.6,
      'stroke-dasharray': sign === -1 ? '6 3' : undefined,
    }),
    head(sign, placed),
  );
}

/** The delay and the label, on the axon. */
function carriedMarkup(axon: DrawnAxon, { carried }: PlacedAxon): string {
  const markup = carriedShape(carriedOf(axon), carried.x, carried.y);
  if (markup === '') return '';
  return element('g', { 'data-carried': `${axon.from} -> ${axon.to}` }, markup);
}

function carriedOf({ from, to, delay, label = '' }: DrawnAxon): Carried {
  return { delay, words: label, beside: from === to };
}

/** Only what occurs in the drawing. */
function legendOf({ populations, axons }: CircuitPicture): LegendEntry[] {
  const kinds = KINDS.filter((kind) =>
    populations.some((one) => one.kind === kind),
  );
  const entries: LegendEntry[] = kinds.map((kind) => ({
    name: KIND_NAMES[kind],
    swatch: (x, y) => outline(kind, x + 15, y, 29, 15),
  }));
  const signs = [
    ['excites', 1],
    ['inhibits', -1],
    ['sign not said', 0],
  ] as const;
  for (const [name, sign] of signs) {
    if (!axons.some((axon) => (axon.sign ?? 0) === sign)) continue;
    entries.push({
      name,
      swatch: (x, y) =>
        element('path', {
          d: `M${px(x + 30)} ${px(y)}h-21`,
          stroke: colorOf(sign),
          'stroke-width': 1.6,
          'stroke-dasharray': sign === -1 ? '6 3' : undefined,
        }) + head(sign, { end: { x, y }, look: 'left' }),
    });
  }
  if (axons.some(({ delay }) => delay !== null)) {
    entries.push({ name: 'delay', swatch: (x, y) => pill('', x + 15, y, 14) });
  }
  return entries;
}

const KIND_NAMES: Readonly<Record<Kind, string>> = {
  source: 'source',
  graded: 'graded population',
  spiking: 'spiking population',
  'value-error': 'value and error',
};

function checkCircuit({ populations, axons }: CircuitPicture): void {
  const fail = (message: string, data: Record<string, unknown>): never => {
    throw new OptionError(message, data);
  };
  if (populations.length === 0) {
    fail('A drawing of a circuit has no population: pass one or more', {});
  }
  const ids = new Set<string>();
  const levels = populations.filter(({ level }) => level !== undefined).length;
  for (const { id, kind, level, size } of populations) {
    if (typeof id !== 'string' || id.trim() === '' || ids.has(id)) {
      fail(
        `A population of a drawing is named ${show(id)}, which is empty or ` +
          'taken: give each a name of its own',
        { id },
      );
    }
    ids.add(id);
    if (!KINDS.includes(kind)) {
      fail(
        `Population "${id}" of a drawing has kind ${show(kind)}: use one of ` +
          KINDS.join(', '),
        { id, kind },
      );
    }
    if (levels > 0 && !(Number.isInteger(level) && level! >= 0)) {
      fail(
        `Population "${id}" of a drawing has level ${show(level)}: give every ` +
          'population a whole level >= 0, or none',
        { id, level },
      );
    }
    if (size !== undefined && !(Number.isInteger(size) && size >= 1)) {
      fail(
        `Population "${id}" of a drawing has size ${show(size)}: pass a whole ` +
          'number of neurons, 1 or more',
        { id, size },
      );
    }
  }
  for (const { from, to, sign } of axons) {
    for (const id of [from, to]) {
      if (ids.has(id)) continue;
      fail(
        `An axon of a drawing runs from "${from}" to "${to}", but there is no ` +
          `population "${id}"`,
        { from, to },
      );
    }
    if (sign !== undefined && ![1, -1, 0].includes(sign)) {
      fail(
        `The axon from "${from}" to "${to}" has sign ${show(sign)}: use 1, -1 ` +
          'or 0',
        { from, to, sign },
      );
    }
  }
}
