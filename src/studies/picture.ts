/** Pictures of circuits, as plain data. Times in ms. */

import type { Picture } from '../figures/drawing.ts';
import type { Line } from '../figures/figure.ts';

export type { Picture };

/** Lines over an axis; what was measured is points, single ticks are stems. */
export const traces = (
  title: string,
  [x, y]: readonly [x: string, y: string],
  lines: readonly Line[],
): Picture => ({
  kind: 'lines',
  title,
  lines,
  ...{ x: { label: x }, y: { label: y } },
});

/** A line through points, by default without symbols. */
export const trace = (
  name: string,
  xs: ArrayLike<number>,
  ys: ArrayLike<number>,
  style?: Line['style'],
): Line => ({ name, xs, ys, style });

/** What was measured, beside a theory. */
export const points = (xs: ArrayLike<number>, ys: ArrayLike<number>) =>
  trace('measured', xs, ys, 'points');
