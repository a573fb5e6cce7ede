/** Spread of series, as over seeds: bands behind lines, bars at points. */

import type { Area } from './axes.ts';
import type { Line } from './lines.ts';
import { seriesStyle } from './palette.ts';
import { element, px } from './svg.ts';

/**
 * Bands of all lines that have a spread, to be drawn first. NaN at any of the
 * three is a gap.
 */
export function bands(lines: readonly Line[], area: Area): string {
  const drawn = lines.flatMap(({ name, xs, lower, upper, style }, i) => {
    if (!lower || !upper || style === 'points') return [];
    const d = runs(xs, lower, upper)
      .map((run) => {
        const forth = run.map((k) => [area.x(xs[k]), area.y(upper[k])]);
        const back = run.map((k) => [area.x(xs[k]), area.y(lower[k])]);
        const points = [...forth, ...back.reverse()];
        return `M${points.map((point) => point.map(px).join(' ')).join('L')}z`;
      })
      .join('');
    const { color } = seriesStyle(i);
    return element('path', {
      ...{ d, fill: color, 'fill-opacity': 0.18, stroke: 'none' },
      'aria-label': `spread of ${name}`,
    });
  });
  return drawn.length > 0 ? element('g', {}, ...drawn) : '';
}

/** Indices without a gap, side by side. */
function runs(...values: readonly ArrayLike<number>[]): number[][] {
  const found: number[][] = [[]];
  for (let i = 0; i < values[0].length; i++) {
    if (values.some((each) => Number.isNaN(each[i]))) found.push([]);
    else found.at(-1)!.push(i);
  }
  return found.filter((run) => run.length > 0);
}

/** Error bars of a series of points. */
export function errorBars(
  { xs, lower, upper }: Line,
  color: string,
  area: Area,
): string {
  if (!lower || !upper) return '';
  const d = runs(xs, lower, upper)
    .flat()
    .map((i) => {
      const x = area.x(xs[i]);
      const [low, high] = [px(area.y(lower[i])), px(area.y(upper[i]))];
      const cap = (y: string) => `M${px(x - 4)} ${y}h8`;
      return `M${px(x)} ${low}V${high}${cap(low)}${cap(high)}`;
    })
    .join('');
  const stroke = { stroke: color, 'stroke-width': 1.3 };
  return element('path', {
    d,
    fill: 'none',
    ...stroke,
    'aria-label': 'spread',
  });
}
