/** Scales from values to places, their ticks, and how numbers are written. */

/** Two ends, the smaller first. */
export type Domain = readonly [number, number];

/** Where values stand in a domain: 0 at its low end, 1 at its high one. */
export function shareOf(
  [low, high]: Domain,
  log = false,
): (value: number) => number {
  const place = log ? Math.log10 : Number;
  const from = place(low);
  const length = place(high) - from || 1;
  return (value) => (place(value) - from) / length;
}

/** The value at a share of a domain, also below 0 and above 1. */
export function valueAt([low, high]: Domain, share: number, log = false) {
  return log ? low * (high / low) ** share : low + share * (high - low);
}

/** Least and greatest of values; null of none. Gaps are left out. */
export function extentOf(
  values: Iterable<number | null>,
): [number, number] | null {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? null : [low, high];
}

/**
 * About `count` round numbers in a domain. Of a logarithmic one powers of ten
 * and, where they are few, multiples of them.
 */
export function ticks(domain: Domain, count: number, log = false): number[] {
  const found = log ? logTicks(domain, count) : [];
  if (found.length >= 2) return found;
  const [low, high] = domain;
  // On a logarithmic axis equal differences crowd at its end: half as many.
  const rough = (high - low) / (log ? count / 2 : count);
  const power = 10 ** Math.floor(Math.log10(rough));
  // The nearest by ratio, as axes have them everywhere.
  const [, factor] = ROUND.find(([most]) => rough / power < most)!;
  const step = factor * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

const ROUND = [
  [Math.SQRT2, 1],
  [Math.sqrt(10), 2],
  [Math.sqrt(50), 5],
  [Infinity, 10],
] as const;

function logTicks([low, high]: Domain, count: number): number[] {
  const [first, last] = [Math.log10(low), Math.log10(high)];
  const decades = last - first;
  // Within less than a decade, logarithms are nearly straight.
  if (decades < 0.7) return [];
  const each = count / decades;
  const factors = each > 5 ? [1, 1.5, 2, 3, 5, 7] : each > 3 ? [1, 2, 5] : [1];
  const step = Math.ceil(1 / each);
  const found: number[] = [];
  for (let at = Math.floor(first / step) * step; at <= last; at += step) {
    found.push(...factors.map((factor) => Number(`${factor}e${at}`)));
  }
  const slack = 1 + 1e-9;
  return found.filter((v) => v >= low / slack && v <= high * slack);
}

/** A number as an axis shows it. */
export function numberText(value: number): string {
  const short = Number(value.toPrecision(10));
  const size = Math.abs(short);
  const text =
    size !== 0 && (size < 1e-4 || size >= 1e7)
      ? short.toExponential().replace('e+', 'e')
      : size >= 1e4
        ? short.toLocaleString('en-US', { maximumSignificantDigits: 10 })
        : String(short);
  return text.replaceAll('-', '\u2212');
}

/** A number to so many digits. */
export const toDigits = (value: number, digits: number) =>
  numberText(Number(value.toPrecision(digits)));
