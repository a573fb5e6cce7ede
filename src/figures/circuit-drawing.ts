/**
 * A circuit as a drawing: populations as nodes, axons as curves, and every
 * delay as a green node of its own on its axon, since delays are what these
 * circuits are made of.
 */

import { show } from '../base/errors.ts';
import { refuse } from './checks.ts';
import {
  axonShape,
  KINDS,
  type Kind,
  NODES,
  outline,
  pill,
  SIGNS,
  type Sign,
} from './circuit-shapes.ts';
import { loopsHeight } from './circuit-ways.ts';
import { type DiagramNode, diagram, wordsHeight } from './diagram.ts';
import { textWidth, wrapped } from './lettering.ts';
import { FAINT, GREY } from './palette.ts';
import { numberText } from './scale.ts';
import {
  checkPicture,
  type LegendEntry,
  type PictureOptions,
  sheet,
} from './sheet.ts';
import { element, label, line, px } from './svg.ts';

/** A population as it is drawn. */
export interface DrawnPopulation {
  /** Its name, which no other has. */
  readonly id: string;
  /** Number of neurons; default not told. */
  readonly size?: number;
  /** 'source', 'graded', 'spiking' or 'value-error': says its outline. */
  readonly kind: Kind;
  /** From 0, the lowest row; all populations have one, or none has. */
  readonly level?: number;
}

/** An axon as it is drawn. */
export interface DrawnAxon {
  /** Population that it comes from. */
  readonly from: string;
  /** Population that it reaches. */
  readonly to: string;
  /** With its unit, as "20 ms"; null draws no delay. */
  readonly delay: string | null;
  /** 1 excites, -1 inhibits; 0 or nothing: neither is said. */
  readonly sign?: Sign;
  /** Words under the delay; default none. */
  readonly label?: string;
}

/** Width and height are the least: a large circuit makes a large picture. */
export interface CircuitPicture extends PictureOptions {
  /** One or more. */
  readonly populations: readonly DrawnPopulation[];
  /** Also loops, and several between the same two. */
  readonly axons: readonly DrawnAxon[];
}

const BOLD = { 'font-size': 13, 'font-weight': 'bold' };
const MOST_NAME = 150;
const MOST_LINES = 3;

/** SVG of a circuit. Throws OptionError for names that are not there. */
export async function circuitPicture(picture: CircuitPicture): Promise<string> {
  checkPicture(picture);
  checkCircuit(picture);
  const { populations, axons } = picture;
  const drawn = diagram(
    populations.map((one) => nodeOf(one, axons)),
    axons.map(({ from, to, delay, sign = 0, label = '' }) => ({
      ...{ from, to, stroke: SIGNS[sign] },
      carried: { delay, words: label, beside: from === to },
    })),
  );
  const levelled = populations[0]!.level !== undefined;
  const margin = levelled ? 84 : 24;
  const natural = margin + drawn.width + 24;
  const width = Math.ceil(Math.max(picture.width ?? 480, natural));
  const page = sheet(picture, legendOf(picture), width);
  const needed = page.top + 12 + drawn.height + 14 + page.foot;
  const height = Math.ceil(Math.max(picture.height ?? 0, needed));
  const left = margin + (width - natural) / 2;
  const top = page.top + 12 + (height - needed) / 2;
  const rows = drawn.rows.flatMap(({ level, y }) => [
    line(76 - left, y, width - 12 - left, y, {
      ...{ stroke: FAINT, 'stroke-dasharray': '2 4' },
    }),
    label(`level ${level}`, 16 - left, y + 4, { 'font-size': 12, fill: GREY }),
  ]);
  const markup = element(
    'g',
    { transform: `translate(${px(left)},${px(top)})` },
    ...(levelled ? rows : []),
    ...drawn.markup,
  );
  return page.close(markup, height, descriptionOf(picture));
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

function nodeOf(
  { id, size, kind, level }: DrawnPopulation,
  axons: readonly DrawnAxon[],
): DiagramNode {
  const all = wrapped(id, MOST_NAME, BOLD['font-size'], true);
  const lines = all.slice(0, MOST_LINES);
  // The whole name is in the node's title.
  if (all.length > MOST_LINES) lines[MOST_LINES - 1] += '\u2026';
  const note = size === undefined ? undefined : `n = ${numberText(size)}`;
  const about = `${id} (${[kind, note].filter(Boolean).join(', ')})`;
  const loops = axons.filter((a) => a.from === id && a.to === id).length;
  const ends = axons.filter((a) => (a.from === id) !== (a.to === id)).length;
  const widest = Math.max(
    ...lines.map((text) => textWidth(text, BOLD['font-size'], true)),
    textWidth(note ?? '', 11),
  );
  const words = { lines, style: BOLD, note };
  return {
    ...{ id, kind, level, about, ...words },
    // Heads of many axons need room side by side, half of them above or below.
    width: Math.ceil(Math.max(76, 36 + 7 * ends, widest + 34)),
    height: Math.max(18 + wordsHeight(words), loopsHeight(loops)),
  };
}

/** Only what occurs in the drawing. */
function legendOf({ populations, axons }: CircuitPicture): LegendEntry[] {
  const kinds = KINDS.filter((kind) =>
    populations.some((one) => one.kind === kind),
  );
  const signs = ([1, -1, 0] as const).filter((sign) =>
    axons.some((axon) => (axon.sign ?? 0) === sign),
  );
  const entries: LegendEntry[] = [
    ...kinds.map(
      (kind): LegendEntry => ({
        name: NODES[kind].name,
        swatch: (x, y) => outline(kind, x + 15, y, 29, 15),
      }),
    ),
    ...signs.map(
      (sign): LegendEntry => ({
        name: SIGNS[sign].name,
        swatch: (x, y) => {
          const d = `M${px(x + 30)} ${px(y)}h-21`;
          return axonShape(SIGNS[sign], { d, end: { x, y }, look: 'left' });
        },
      }),
    ),
  ];
  if (axons.some(({ delay }) => delay !== null)) {
    entries.push({ name: 'delay', swatch: (x, y) => pill('', x + 15, y, 14) });
  }
  return entries;
}

function checkCircuit({ populations, axons }: CircuitPicture): void {
  if (populations.length === 0) {
    refuse('A drawing of a circuit has no population: pass one or more');
  }
  const ids = new Set<string>();
  const levels = populations.filter(({ level }) => level !== undefined).length;
  for (const { id, kind, level, size } of populations) {
    const population = `Population "${id}" of a drawing has`;
    if (typeof id !== 'string' || id.trim() === '' || ids.has(id)) {
      refuse(
        `A population of a drawing is named ${show(id)}, which is empty or ` +
          'taken: give each a name of its own',
        { id },
      );
    }
    ids.add(id);
    if (!KINDS.includes(kind)) {
      refuse(
        `${population} kind ${show(kind)}: use one of ${KINDS.join(', ')}`,
        {
          ...{ id, kind },
        },
      );
    }
    if (levels > 0 && !(Number.isInteger(level) && level! >= 0)) {
      refuse(
        `${population} level ${show(level)}: give every population a whole ` +
          'level >= 0, or none',
        { id, level },
      );
    }
    if (size !== undefined && !(Number.isInteger(size) && size >= 1)) {
      refuse(
        `${population} size ${show(size)}: pass a whole number of neurons, 1 ` +
          'or more',
        { id, size },
      );
    }
  }
  for (const { from, to, sign } of axons) {
    const missing = [from, to].find((id) => !ids.has(id));
    if (missing !== undefined) {
      refuse(
        `An axon of a drawing runs from "${from}" to "${to}", but there is no ` +
          `population "${missing}"`,
        { from, to },
      );
    }
    if (sign !== undefined && ![1, -1, 0].includes(sign)) {
      refuse(
        `The axon from "${from}" to "${to}" has sign ${show(sign)}: use 1, -1 ` +
          'or 0',
        { from, to, sign },
      );
    }
  }
}
