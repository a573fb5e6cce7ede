/**
 * Fewer points that draw the same line: of all points in a column of pixels
 * the first, the least, the greatest and the last (Jugel and others, "M4: a
 * visualization-oriented time series data aggregation", VLDB 2014).
 */

/** Columns of half a pixel: below what a screen or a printer shows. */
const COLUMNS_PER_PX = 2;

/**
 * Indices of the points to draw, ascending. `x` and `y` are px; NaN in either
 * is a gap and stays one. Points need not be in the order of x.
 */
export function thinned(x: ArrayLike<number>, y: ArrayLike<number>): number[] {
  const kept: number[] = [];
  let column = Number.NaN;
  let run: number[] = [];
  const close = () => {
    kept.push(...run);
    run = [];
  };
  for (let i = 0; i < x.length; i++) {
    const next = Math.floor(x[i] * COLUMNS_PER_PX);
    if (Number.isNaN(next) || Number.isNaN(y[i])) {
      // One point of a gap is as good as many.
      if (!Number.isNaN(column) || i === 0) {
        close();
        kept.push(i);
      }
      column = Number.NaN;
      continue;
    }
    if (next !== column) close();
    column = next;
    run = run.length < 4 ? [...run, i] : extremes([...run, i], y);
  }
  close();
  return kept;
}

/** First, least, greatest and last of a run, in the order of the run. */
function extremes(run: readonly number[], y: ArrayLike<number>): number[] {
  let least = run[0];
  let greatest = run[0];
  for (const i of run) {
    if (y[i] < y[least]) least = i;
    if (y[i] > y[greatest]) greatest = i;
  }
  const kept = new Set([run[0], least, greatest, run[run.length - 1]]);
  return [...kept].sort((a, b) => a - b);
}
