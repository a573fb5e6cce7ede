/**
 * Axes with ticks, grid and titles, and marks on them, drawn by Observable
 * Plot in a linkedom document: neither is loaded before a picture is drawn.
 * The margins are measured: a first pass draws the ticks, so that no label
 * is cut off.
 */

import type { Markish, Scale } from '@observablehq/plot';
import { OptionError } from '../base/errors.ts';
import { textWidth, wrapped } from './lettering.ts';
import { FAINT, GREY } from './palette.ts';
import { element, escaped, label, px } from './svg.ts';

export interface Axis {
  /** Name and unit. */
  readonly label: string;
  readonly domain: readonly [number, number];
  readonly log?: boolean;
  /** Where ticks are; by default round numbers. */
  readonly ticks?: readonly number[];
  readonly format?: (value: number) => string;
  readonly grid?: boolean;
}

export interface Room {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Where the plot stands in the picture: scales from values to px. */
export interface Area extends Room {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

export interface AxesOptions {
  readonly width: number;
  readonly height: number;
  /** Room kept free around axes and their titles. */
  readonly room: Room;
  /** px under the frame for labels that the picture draws; default none. */
  readonly under?: number;
  readonly x: Axis;
  /** Without it the picture draws its own labels in room.left. */
  readonly y?: Axis;
}

export type Plot = typeof import('@observablehq/plot');

/** What a picture adds: markup, marks of Plot, then markup over them. */
export interface Drawing {
  readonly behind?: (area: Area) => string;
  readonly marks?: (plot: Plot, area: Area) => readonly Markish[];
  readonly over?: (area: Area, plot: Plot) => string;
  /** px above the frame, known when its left and right are. */
  readonly headroom?: (area: Area) => number;
}

/** The part of a linkedom node that is read here. */
interface Node {
  readonly nodeType: number;
  readonly localName: string;
  readonly textContent: string | null;
  readonly childNodes: Iterable<Node>;
  readonly attributes: Iterable<{ name: string; value: string }>;
  getAttribute(name: string): string | null;
  querySelectorAll(selector: string): Iterable<Node>;
}

const PASSES = 6;
/** Least px across that are worth a picture. */
const LEAST_AREA = 80;
const TICK_SIZE = 12;
const TITLE_SIZE = 13;
const TITLE_LINE = 17;

/** A number as an axis shows it. */
export function numberText(value: number): string {
  const short = Number(value.toPrecision(10));
  const size = Math.abs(short);
  const text =
    size !== 0 && (size < 1e-4 || size >= 1e7)
      ? short.toExponential().replace('e+', 'e')
      : String(short).replace(/^(-?\d+)(\d{3})(?=\.|$)/, (whole, a, b) =>
          size >= 1e4 ? grouped(a, b) : whole,
        );
  return text.replaceAll('-', '\u2212');
}

/** 12345 as 12,345; numbers here have at most seven digits. */
function grouped(thousands: string, rest: string): string {
  return `${thousands.replace(/(\d)(?=\d{3}$)/, '$1,')},${rest}`;
}

/** Axes with the drawing on them, as markup; and where everything stands. */
export async function axes(
  options: AxesOptions,
  drawing: Drawing,
): Promise<{ markup: string; area: Area }> {
  const [Plot, { parseHTML }] = await Promise.all([
    import('@observablehq/plot'),
    import('linkedom'),
  ]);
  const { document } = parseHTML('<!doctype html><html></html>');
  const { width, height, room, under = 0, x, y } = options;

  const draw = (margins: Room, marks: readonly Markish[]) => {
    const scale = (axis: Axis) => ({
      domain: [...axis.domain],
      type: axis.log ? ('log' as const) : ('linear' as const),
    });
    const common = (axis: Axis) => ({
      label: null,
      ticks: ticksOf(axis),
      tickFormat: axis.format ?? numberText,
      fontSize: TICK_SIZE,
      fontVariant: 'normal',
    });
    const grid = { stroke: FAINT, strokeOpacity: 1 };
    const plot = Plot.plot({
      document,
      figure: false,
      width,
      height,
      marginLeft: margins.left,
      marginRight: margins.right,
      marginTop: margins.top,
      marginBottom: margins.bottom,
      x: scale(x),
      ...(y ? { y: scale(y) } : {}),
      marks: [
        x.grid ? Plot.gridX({ ...grid, ticks: common(x).ticks }) : null,
        y?.grid ? Plot.gridY({ ...grid, ticks: common(y).ticks }) : null,
        ...marks,
        Plot.frame({ stroke: GREY }),
        Plot.axisX(common(x)),
        y ? Plot.axisY(common(y)) : null,
      ],
    });
    return plot as unknown as Node & { scale: typeof plot.scale };
  };

  const xTitle = wrapped(x.label, width - room.left - room.right, TITLE_SIZE);
  const bottom = room.bottom + 28 + under + xTitle.length * TITLE_LINE;
  const tall = height - room.top - bottom;
  const yTitle = y ? wrapped(y.label, tall, TITLE_SIZE) : [];
  const titleRoom = yTitle.length * TITLE_LINE;

  // Margins follow the labels, the number of labels follows the margins:
  // they only grow, so this ends.
  let margins: Room = { ...room, bottom };
  let bare = draw(margins, []);
  for (let pass = 0; pass < PASSES; pass++) {
    const area = areaOf(bare, width, height, margins);
    const yTicks = Math.max(0, ...tickTexts(bare, 'y'));
    const halfTick = (tickTexts(bare, 'x').at(-1) ?? 0) / 2;
    const top = room.top + (drawing.headroom?.(area) ?? 0);
    const next: Room = {
      left: Math.max(margins.left, y ? room.left + yTicks + 16 + titleRoom : 0),
      right: Math.max(margins.right, halfTick + 6),
      top: Math.max(margins.top, top),
      bottom,
    };
    const same = JSON.stringify(next) === JSON.stringify(margins);
    margins = next;
    if (same) break;
    bare = draw(margins, []);
  }

  const area = areaOf(bare, width, height, margins);
  const [across, down] = [area.right - area.left, area.bottom - area.top];
  if (across < LEAST_AREA || down < LEAST_AREA / 2) {
    throw new OptionError(
      `The labels of a picture of ${width} x ${height} px leave ` +
        `${Math.round(across)} x ${Math.round(down)} px to draw on: ask for ` +
        'more or shorten the labels',
      { width, height, across, down },
    );
  }
  const marks = drawing.marks?.(Plot, area) ?? [];
  const full = marks.length > 0 ? draw(margins, marks) : bare;
  const middle = (area.left + area.right) / 2;
  const center = (area.top + area.bottom) / 2;
  const anchor = { 'text-anchor': 'middle', 'font-size': TITLE_SIZE };
  const titles = [
    ...xTitle.map((line, i) =>
      label(line, middle, area.bottom + 40 + under + i * TITLE_LINE, anchor),
    ),
    ...yTitle.map((line, i) => {
      const at = room.left + 13 + i * TITLE_LINE;
      const transform = `translate(${px(at)},${px(center)}) rotate(-90)`;
      return element('text', { transform, ...anchor }, escaped(line));
    }),
  ];
  const markup = [
    drawing.behind?.(area) ?? '',
    element('g', { 'text-anchor': 'middle' }, ...childrenOf(full)),
    element('g', { 'aria-label': 'axis titles' }, ...titles),
    drawing.over?.(area, Plot) ?? '',
  ].join('');
  return { markup, area };
}

/** Ticks that are asked for, or few enough of a logarithmic axis. */
function ticksOf({ ticks, log, domain }: Axis): number[] | undefined {
  if (ticks) return [...ticks];
  if (!log) return undefined;
  const low = Math.ceil(Math.log10(domain[0]) - 1e-9);
  const high = Math.floor(Math.log10(domain[1]) + 1e-9);
  // Between two powers of ten there may be none: high < low.
  const step = Math.max(1, Math.ceil((high - low + 1) / 10));
  const factors = high - low < 3 ? [1, 2, 5] : [1];
  const found: number[] = [];
  for (let power = low - 1; power <= high; power += step) {
    found.push(...factors.map((factor) => Number(`${factor}e${power}`)));
  }
  const inside = found.filter((v) => v >= domain[0] && v <= domain[1]);
  return inside.length >= 2 ? inside : undefined;
}

function areaOf(
  plot: { scale(name: string): Scale | undefined },
  width: number,
  height: number,
  margins: Room,
): Area {
  const x = plot.scale('x');
  const y = plot.scale('y');
  return {
    left: margins.left,
    right: width - margins.right,
    top: margins.top,
    bottom: height - margins.bottom,
    x: (value) => x!.apply(value),
    y: (value) => y!.apply(value),
  };
}

/** Widths in px of the ticks' labels, in the order of the axis. */
function tickTexts(plot: Node, axis: 'x' | 'y'): number[] {
  const selector = `[aria-label="${axis}-axis tick label"] text`;
  return [...plot.querySelectorAll(selector)].map((node) =>
    textWidth(node.textContent ?? '', TICK_SIZE),
  );
}

const ELEMENT = 1;
const TEXT = 3;

/**
 * What Plot drew, written anew: linkedom escapes as HTML does, and an SVG is
 * XML. Plot's style sheet is for pages and is left out.
 */
function childrenOf(node: Node): string[] {
  return [...node.childNodes].map((child) => {
    if (child.nodeType === TEXT) return escaped(child.textContent ?? '');
    if (child.nodeType !== ELEMENT || child.localName === 'style') return '';
    const attributes: Record<string, string> = {};
    for (const { name, value } of child.attributes) {
      attributes[name] = GEOMETRY.has(name) ? rounded(value) : value;
    }
    return element(child.localName, attributes, ...childrenOf(child));
  });
}

const GEOMETRY = new Set(
  'd transform x y x1 y1 x2 y2 cx cy r width height'.split(' '),
);

function rounded(value: string): string {
  return value.replace(/-?\d+\.\d{3,}(?:e-?\d+)?/g, (number) =>
    px(Number(number)),
  );
}
