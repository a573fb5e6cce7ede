import { NonFiniteError, OptionError, ShapeError } from '../base/errors.ts';

/** The end of a recorded series, made ready to be measured. */

/** Components that are looked at: those with the most energy. */
const MOST_COMPONENTS = 4;
const FEWEST_SAMPLES = 16;

/** Distances from rest in the tail, one array per component. */
export function tailOf(
  series: ArrayLike<number> | readonly ArrayLike<number>[],
  rest: number | ArrayLike<number>,
  tail: number,
): Float64Array[] {
  const length = Math.ceil(series.length * tail);
  if (length < FEWEST_SAMPLES) {
    throw new OptionError(
      `The tail of ${series.length} samples holds ${length}, too few for a ` +
        `growth rate: record at least ${Math.ceil(FEWEST_SAMPLES / tail)}`,
      { samples: series.length, tail },
    );
  }
  const rows = Array.from(
    series as ArrayLike<number | ArrayLike<number>>,
    (row) => (typeof row === 'number' ? [row] : row),
  );
  const width = rows[0]!.length;
  if (typeof rest !== 'number' && rest.length !== width) {
    throw new ShapeError(
      `Option rest has ${rest.length} numbers but a sample has ${width}: ` +
        'give one for each',
      { rest: rest.length, width },
    );
  }
  const from = rows.length - length;
  const channels = Array.from(
    { length: width },
    () => new Float64Array(length),
  );
  for (const [n, row] of rows.entries()) {
    if (row.length !== width) {
      throw new ShapeError(
        `Sample ${n} has ${row.length} numbers but the first has ${width}: ` +
          'give rows of one length',
        { sample: n, got: row.length, expected: width },
      );
    }
    for (let c = 0; c < width; c++) {
      const value = row[c]! - (typeof rest === 'number' ? rest : rest[c]!);
      if (!Number.isFinite(value)) {
        throw new NonFiniteError(
          `Sample ${n} holds ${row[c]}: measure growth while all is finite`,
          { sample: n, component: c, value: row[c] },
        );
      }
      if (n >= from) channels[c]![n - from] = value;
    }
  }
  return channels;
}

/** Components with the most energy, over the largest value of all. */
export function strongest(channels: readonly Float64Array[]): Float64Array[] {
  const peak = channels.reduce(
    (most, channel) => channel.reduce((m, x) => Math.max(m, Math.abs(x)), most),
    0,
  );
  if (peak === 0) {
    throw new OptionError(
      'All samples of the tail are at rest: disturb the network, or look at ' +
        'a longer tail',
      { peak },
    );
  }
  return channels
    .map((channel) => channel.map((value) => value / peak))
    .map((channel) => ({ channel, energy: energyOf(channel) }))
    .filter(({ energy }) => energy > 0)
    .sort((a, b) => b.energy - a.energy)
    .slice(0, MOST_COMPONENTS)
    .map(({ channel }) => channel);
}

export function energyOf(samples: Float64Array): number {
  return samples.reduce((sum, value) => sum + value * value, 0);
}
