/**
 * Spikes of populations over time: a band a group, from the first at the
 * bottom, in it a row a neuron. Spikes that fall on the same dot are one, and
 * dots side by side are one stroke, so a picture of 100,000 spikes is a path
 * a group and stays small.
 */

import { show } from '../base/errors.ts';
import { type Area, axes } from './axes.ts';
import { checkHeight, refuse } from './checks.ts';
import { textWidth } from './lettering.ts';
import { BLUE, GREY, VERMILLION } from './palette.ts';
import { numberText } from './scale.ts';
import { checkPicture, type PictureOptions, sheet } from './sheet.ts';
import { label, letters, line, px, stroked, upright } from './svg.ts';

/** A spike of a neuron. */
export interface Spike {
  /** ms, from 0 to the duration. */
  readonly time: number;
  /** Index in its group, or over all groups in their order without one. */
  readonly neuron: number;
  /** Name of its group; by default neurons are counted over all groups. */
  readonly group?: string;
}

/** Spikes of populations over time. */
export interface RasterPicture extends PictureOptions {
  /** In any order. */
  readonly spikes: readonly Spike[];
  /** Populations from below, each with its number of neurons. */
  readonly groups: readonly { readonly name: string; readonly size: number }[];
  /** Length of the horizontal axis in ms, more than 0. */
  readonly duration: number;
}

/** A band of the picture: px, and neurons with their first index of all. */
interface Band {
  readonly name: string;
  readonly size: number;
  readonly first: number;
  readonly top: number;
  readonly height: number;
}

const SIZE = 13;
/** Least height of a band: its label must stand beside it. */
const LEAST_BAND = 18;
/** Most dots of a picture: 6 characters each make less than a megabyte. */
const MOST_DOTS = 2 ** 17;

/** SVG of spikes. Throws OptionError for a spike that has no place. */
export async function rasterPicture(picture: RasterPicture): Promise<string> {
  checkPicture(picture);
  checkGroups(picture);
  const { spikes, groups, duration, width = 760 } = picture;
  const page = sheet(picture, [], width);
  const least = groups.length * LEAST_BAND + page.top + page.foot + 50;
  const height =
    picture.height ?? Math.max(page.top + page.foot + 420, least + 100);
  checkHeight(height, Math.max(least, page.top + page.foot + 120));
  const names = groups.map(({ name, size }) => `${name} (${numberText(size)})`);
  const labels = Math.max(...names.map((name) => textWidth(name, SIZE)));
  const left = Math.min(labels, width * 0.4) + 46;

  const { area, markup } = axes({
    ...{ width, height },
    room: { left, right: 18, top: page.top, bottom: page.foot },
    x: { label: 'time (ms)', domain: [0, duration], grid: true },
  });
  const bands = bandsOf(groups, area);
  const { paths, count: drawn } = dotsOf(spikes, bands, area);
  const body = [
    markup,
    ...paths,
    ...bands
      .slice(1)
      .map(({ top, height: own }) =>
        line(area.left - 8, top + own, area.right, top + own, { stroke: GREY }),
      ),
    ...bandLabels(bands, names, area),
  ];
  const counted =
    drawn < spikes.length
      ? ` on ${drawn} dots: spikes less than a dot apart share one`
      : '';
  const description =
    `${spikes.length} spikes of ${groups.map(({ name }) => name).join(', ')} ` +
    `in ${duration} ms${counted}. Neuron 0 of a group is its lowest row.`;
  return page.close(body.join(''), height, description);
}

/** Bands by size, none too low for its label; the first is the lowest. */
function bandsOf(groups: RasterPicture['groups'], area: Area): Band[] {
  // From the smallest on: one too low for its label leaves the rest less.
  const heights = new Map<string, number>();
  let rest = area.bottom - area.top;
  let neurons = groups.reduce((sum, { size }) => sum + size, 0);
  const sorted = [...groups].sort((a, b) => a.size - b.size);
  sorted.forEach(({ name, size }, i) => {
    const share = (rest * size) / neurons;
    const most = rest / (sorted.length - i);
    const height = Math.min(most, Math.max(LEAST_BAND, share));
    heights.set(name, height);
    rest -= height;
    neurons -= size;
  });
  let bottom = area.bottom;
  let first = 0;
  return groups.map(({ name, size }) => {
    const height = heights.get(name)!;
    const band = { name, size, first, top: bottom - height, height };
    bottom -= height;
    first += size;
    return band;
  });
}

/** One path a band: strokes along its rows. */
function dotsOf(
  spikes: readonly Spike[],
  bands: readonly Band[],
  area: Area,
): { paths: string[]; count: number } {
  const across = area.right - area.left;
  const cells = across * (area.bottom - area.top);
  // Dots of half a pixel where they are few, larger where they could be many.
  const dense = spikes.length > 20_000;
  const dot = Math.max(dense ? 1 : 0.5, Math.ceil(cells / MOST_DOTS / 2) / 2);
  // And with more ink than their place, or nobody would see them.
  const ink = dense ? dot : dot + 0.8;
  const columns = Math.max(1, Math.floor(across / dot));
  const byName = new Map(bands.map(({ name }, i) => [name, i]));
  const rows = bands.map(() => new Map<number, Set<number>>());
  const ms = area.x(1) - area.x(0);

  for (const { time, neuron, group } of spikes) {
    const at =
      group === undefined
        ? bands.findLastIndex(({ first }) => neuron >= first)
        : byName.get(group)!;
    const { first, size, height } = bands[at]!;
    const own = group === undefined ? neuron - first : neuron;
    const tall = height / size;
    const row = tall >= 1 ? own : Math.floor(own * tall);
    const column = Math.min(columns - 1, Math.floor((time * ms) / dot));
    const inRow = rows[at]!.get(row) ?? new Set();
    rows[at]!.set(row, inRow.add(column));
  }

  let count = 0;
  const paths = bands.map((band, i) => {
    const tall = Math.max(1, band.height / band.size);
    let d = '';
    for (const [row, found] of [...rows[i]!].sort(([a], [b]) => a - b)) {
      const columns = [...found].sort((a, b) => a - b);
      count += columns.length;
      const y = band.top + band.height - (row + 0.5) * tall;
      d += strokes(columns, dot, ink, area.left, y);
    }
    const color = i % 2 === 0 ? BLUE : VERMILLION;
    const wide = Math.min(12, Math.max(dense ? 1 : 1.5, tall * 0.8));
    return stroked(d, color, wide, { 'aria-label': `spikes of ${band.name}` });
  });
  return { paths, count };
}

/** A row as strokes: to its first dot, then from dot to dot. */
function strokes(
  columns: readonly number[],
  dot: number,
  ink: number,
  left: number,
  y: number,
): string {
  const extra = ink - dot;
  let d = '';
  let at = 0;
  for (let i = 0; i < columns.length; ) {
    const from = columns[i]!;
    let to = from + 1;
    for (i += 1; columns[i] === to; i++) to += 1;
    d +=
      d === ''
        ? `M${px(left + from * dot - extra / 2)} ${px(y)}`
        : `m${px((from - at) * dot - extra)} 0`;
    d += `h${px((to - from) * dot + extra)}`;
    at = to;
  }
  return d;
}

function bandLabels(
  bands: readonly Band[],
  names: readonly string[],
  area: Area,
): string[] {
  const x = area.left - 8;
  const most = x - 30;
  const middle = (area.top + area.bottom) / 2;
  return [
    upright('neurons of each group', 25, middle, letters(SIZE)),
    ...bands.map(({ top, height }, i) => {
      // A name too long for its place is made narrower, not cut off.
      const narrow = textWidth(names[i]!, SIZE) > most;
      return label(names[i]!, x, top + height / 2 + 4.5, {
        ...letters(SIZE, 'end'),
        textLength: narrow ? most : undefined,
        lengthAdjust: narrow ? 'spacingAndGlyphs' : undefined,
      });
    }),
  ];
}

function checkGroups({ spikes, groups, duration }: RasterPicture): void {
  if (!(duration > 0 && duration < Infinity)) {
    refuse(
      `A raster of ${show(duration)} ms cannot be drawn: give the duration ` +
        'in ms, more than 0',
      { duration },
    );
  }
  if (groups.length === 0) refuse('A raster has no groups: name one or more');
  const sizes = new Map<string, number>();
  for (const { name, size } of groups) {
    if (!Number.isInteger(size) || size < 1) {
      refuse(
        `Group "${name}" of a raster has size ${show(size)}: a group has a ` +
          'whole number of neurons, 1 or more',
        { name, size },
      );
    }
    if (sizes.has(name)) {
      refuse(`Two groups of a raster are named "${name}": name them apart`, {
        name,
      });
    }
    sizes.set(name, size);
  }
  const all = groups.reduce((sum, { size }) => sum + size, 0);
  for (const [index, { time, neuron, group }] of spikes.entries()) {
    if (!(time >= 0 && time <= duration)) {
      refuse(
        `Spike ${index} of a raster is at ${show(time)} ms, outside 0 to ` +
          `${duration}: pass spikes of the time that is drawn`,
        { index, time },
      );
    }
    const size = group === undefined ? all : sizes.get(group);
    if (size === undefined) {
      refuse(
        `Spike ${index} of a raster is of group ${show(group)}, which is not ` +
          `one of ${groups.map(({ name }) => show(name)).join(', ')}`,
        { index, group },
      );
    }
    if (!Number.isInteger(neuron) || neuron < 0 || neuron >= size) {
      refuse(
        `Spike ${index} of a raster is of neuron ${show(neuron)}: neurons ` +
          `here are 0 to ${size - 1}`,
        { index, neuron },
      );
    }
  }
}
