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
  // First, least, greatest and last of a column; some may be the same.
  let run: number[] = [];
  const close = () => {
    kept.push(...[...new Set(run)].sort((a, b) => a - b));
    run = [];
  };
  for (let i = 0; i < x.length; i++) {
    const before = column;
    column = Number.isNaN(y[i]) ? y[i]! : Math.floor(x[i]! * COLUMNS_PER_PX);
    // Points of one column, or of one gap: one is as good as many.
    if (!Object.is(column, before) || i === 0) close();
    if (Number.isNaN(column)) {
      run = [run[0] ?? i];
      continue;
    }
    const [first = i, least = i, greatest = i] = run;
    run = [
      first,
      y[i]! < y[least]! ? i : least,
      y[i]! > y[greatest]! ? i : greatest,
      i,
    ];
  }
  close();
  return kept;
}
