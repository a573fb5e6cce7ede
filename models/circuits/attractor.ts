/** Numbers of an attractor, from samples of trajectories on it. */

export interface Attractor {
  readonly low: number;
  readonly high: number;
  readonly mean: number;
  readonly std: number;
  /** Of a cycle; NaN of what does not return. */
  readonly period: number;
  /** Largest Lyapunov exponent. */
  readonly exponent: number;
}

/** Mean time from one passage through the mean upwards to the next. */
function periodOf(
  values: readonly number[],
  mean: number,
  every: number,
): number {
  const passages: number[] = [];
  for (let n = 1; n < values.length; n++) {
    const [before, after] = [values[n - 1]! - mean, values[n]! - mean];
    if (before < 0 && after >= 0) {
      passages.push(n - after / (after - before));
    }
  }
  const count = passages.length - 1;
  return count < 1
    ? Number.NaN
    : ((passages[count]! - passages[0]!) / count) * every;
}

/** Growth of the tangent per unit of time: of its size over one delay. */
function exponentOf(
  tangent: readonly number[],
  delay: number,
  every: number,
): number {
  const width = Math.ceil(delay / every);
  const size = (from: number) => {
    const part = tangent.slice(from, from + width);
    const most = Math.max(...part.map(Math.abs));
    const sum = part.reduce((total, d) => total + (d / most) ** 2, 0);
    return Math.log(most) + Math.log(sum / width) / 2;
  };
  const last = tangent.length - width;
  return (size(last) - size(0)) / (last * every);
}

const meanOf = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Means over copies, one list of samples each, `every` apart in time. */
export function attractorOf(
  values: readonly (readonly number[])[],
  tangents: readonly (readonly number[])[],
  delay: number,
  every: number,
): Attractor {
  const mean = meanOf(values.map(meanOf));
  const spread = values.map((list) => meanOf(list.map((x) => (x - mean) ** 2)));
  return {
    low: meanOf(values.map((list) => list.reduce((a, b) => Math.min(a, b)))),
    high: meanOf(values.map((list) => list.reduce((a, b) => Math.max(a, b)))),
    mean,
    std: Math.sqrt(meanOf(spread)),
    period: meanOf(values.map((list) => periodOf(list, mean, every))),
    exponent: meanOf(tangents.map((list) => exponentOf(list, delay, every))),
  };
}
