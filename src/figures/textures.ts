/**
 * Bars that differ by more than their colour: white strokes on them, another
 * way for each series. Strokes are computed, not patterns, for those need ids
 * that may clash on a page of many pictures.
 */

import { seriesStyle } from './palette.ts';
import { element, px } from './svg.ts';

/** Left, top, width and height in px. */
export type Box = readonly [number, number, number, number];

const TEXTURES = [
  'plain',
  'rising',
  'level',
  'falling',
  'crossed',
  'upright',
  'dotted',
] as const;
type Texture = (typeof TEXTURES)[number];

const STEP = 6;

/** A bar of series number `index`, with its texture. */
export function texturedBar(index: number, box: Box): string {
  const [x, y, width, height] = box;
  const { color } = seriesStyle(index);
  // Seven colours with seven textures: the second seven pair them anew.
  const turn = Math.floor(index / TEXTURES.length);
  const texture = TEXTURES[(index + turn) % TEXTURES.length];
  const bar = element('rect', {
    ...{ x, y, width, height, fill: color },
    ...{ stroke: color, 'stroke-width': 1 },
  });
  const d = strokes(texture, box);
  if (d === '') return bar;
  const dotted = texture === 'dotted';
  return (
    bar +
    element('path', {
      ...{ d, fill: 'none', stroke: '#ffffff' },
      'stroke-width': dotted ? 2.4 : 1.4,
      'stroke-linecap': dotted ? 'round' : undefined,
    })
  );
}

function strokes(texture: Texture, box: Box): string {
  switch (texture) {
    case 'plain':
      return '';
    case 'rising':
      return slanted(box, 1);
    case 'falling':
      return slanted(box, -1);
    case 'crossed':
      return slanted(box, 1) + slanted(box, -1);
    case 'level':
      return steps(box[3])
        .map((at) => `M${px(box[0])} ${px(box[1] + at)}h${px(box[2])}`)
        .join('');
    case 'upright':
      return steps(box[2], 4)
        .map((at) => `M${px(box[0] + at)} ${px(box[1])}v${px(box[3])}`)
        .join('');
    case 'dotted':
      return steps(box[3])
        .flatMap((down) =>
          steps(box[2], 5).map(
            (right) => `M${px(box[0] + right)} ${px(box[1] + down)}h0.01`,
          ),
        )
        .join('');
  }
}

/** Strokes evenly inside a length, none on its ends. */
function steps(length: number, step = STEP): number[] {
  const count = Math.max(1, Math.floor(length / step));
  return length < 3
    ? []
    : Array.from({ length: count }, (_, i) => ((i + 0.5) * length) / count);
}

/** Strokes through the box, cut off at its edges: 1 rises, -1 falls. */
function slanted([x, y, width, height]: Box, way: 1 | -1): string {
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
