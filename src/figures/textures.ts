/**
 * Bars that differ by more than their colour: white strokes on them, another
 * way for each series. Strokes are computed, not patterns, for those need ids
 * that may clash on a page of many pictures.
 */

import { seriesStyle } from './palette.ts';
import { type Box, px, rect, stroked, WHITE } from './svg.ts';

const STEP = 6;

/** Strokes of each texture on a box, as data of a path. */
const TEXTURES: readonly ((box: Box) => string)[] = [
  () => '',
  (box) => slanted(box, 1),
  ([x, y, width, height]) =>
    steps(height)
      .map((at) => `M${px(x)} ${px(y + at)}h${px(width)}`)
      .join(''),
  (box) => slanted(box, -1),
  (box) => slanted(box, 1) + slanted(box, -1),
  ([x, y, width, height]) =>
    steps(width, 4)
      .map((at) => `M${px(x + at)} ${px(y)}v${px(height)}`)
      .join(''),
  ([x, y, width, height]) =>
    steps(height)
      .flatMap((down) =>
        steps(width, 5).map(
          (along) => `M${px(x + along)} ${px(y + down)}h0.01`,
        ),
      )
      .join(''),
];
const DOTTED = TEXTURES.length - 1;

/** A bar of series number `index`, with its texture. */
export function texturedBar(index: number, box: Box): string {
  const { color } = seriesStyle(index);
  // Seven colours with seven textures: the second seven pair them anew.
  const turn = Math.floor(index / TEXTURES.length);
  const texture = (index + turn) % TEXTURES.length;
  const bar = rect(box, { fill: color, stroke: color });
  const d = TEXTURES[texture]!(box);
  if (d === '') return bar;
  return texture === DOTTED
    ? bar + stroked(d, WHITE, 2.4, { 'stroke-linecap': 'round' })
    : bar + stroked(d, WHITE, 1.4);
}

/** Strokes evenly inside a length, none on its ends. */
function steps(length: number, step = STEP): number[] {
  const count = Math.max(1, Math.floor(length / step));
  return length < 3
    ? []
    : Array.from({ length: count }, (_, i) => ((i + 0.5) * length) / count);
}

/** Strokes through the box, cut off at its edges: 1 rises, -1 falls. */
export function slanted([x, y, width, height]: Box, way: 1 | -1): string {
  let d = '';
  for (let sum = STEP / 2; sum < width + height; sum += STEP) {
    const from = Math.max(0, sum - height);
    const to = Math.min(width, sum);
    const at = (along: number) => (way === 1 ? x + along : x + width - along);
    d +=
      `M${px(at(from))} ${px(y + sum - from)}` +
      `L${px(at(to))} ${px(y + sum - to)}`;
  }
  return d;
}
