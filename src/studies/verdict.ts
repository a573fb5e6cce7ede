import type { Section } from './columns.ts';

/** A number that is known, and what came out. */
export interface Verdict {
  /** What was measured, in a few words. */
  readonly what: string;
  /** The number that is known, or a range of such. */
  readonly expected: number | string;
  /** What came out. */
  readonly measured: number | string;
  /** Unit of both, such as ms. */
  readonly unit?: string;
  /** How far measured may be from expected, for people: 'exact', '1 %' ... */
  readonly tolerance: string;
  /** Whether measured is as near to expected as it must be. */
  readonly holds: boolean;
  /** Of many things that were counted, those that are not as they must be. */
  readonly failures?: readonly string[];
}

const short = (value: number) => Number(value.toPrecision(2));

/** A verdict, with its unit if it has one. */
const judged = (
  verdict: Omit<Verdict, 'unit'>,
  unit: string | undefined,
): Verdict => (unit ? { ...verdict, unit } : verdict);

/** A number that must be met within a relative tolerance. */
export function within(
  what: string,
  expected: number,
  measured: number,
  relative: number,
  unit?: string,
): Verdict {
  const tolerance = `${short(relative * 100)} %`;
  const holds = Math.abs(measured - expected) <= relative * Math.abs(expected);
  return judged({ what, expected, measured, tolerance, holds }, unit);
}

/** A number that must be met within an absolute tolerance. */
export function near(
  what: string,
  expected: number,
  measured: number,
  absolute: number,
  unit?: string,
): Verdict {
  const tolerance = `+- ${short(absolute)}`;
  const holds = Math.abs(measured - expected) <= absolute;
  return judged({ what, expected, measured, tolerance, holds }, unit);
}

/** Something that must be met exactly. */
export function exactly(
  what: string,
  expected: number | string,
  measured: number | string,
  unit?: string,
): Verdict {
  const holds = expected === measured;
  return judged({ what, expected, measured, tolerance: 'exact', holds }, unit);
}

/** A number that must lie in a range. */
export function between(
  what: string,
  low: number,
  high: number,
  measured: number,
  unit?: string,
): Verdict {
  const expected = `${low} to ${high}`;
  const holds = measured >= low && measured <= high;
  return judged({ what, expected, measured, tolerance: 'range', holds }, unit);
}

/**
 * Things of which each must be as theory has it: how many are, and the names of
 * those that are not. No verdict where there is no such thing.
 */
export function every<T>(
  what: string,
  things: readonly T[],
  nameOf: (thing: T) => string,
  {
    tolerance = 'exact',
    holds = (thing: T) => (thing as { holds?: boolean }).holds === true,
  } = {},
): Verdict[] {
  const wrong = things.filter((thing) => !holds(thing));
  const [all, right] = [things.length, things.length - wrong.length];
  if (all === 0) return [];
  const expected = `${all} of ${all}`;
  const measured = `${right} of ${all}`;
  const failures = wrong.map(nameOf);
  const held = wrong.length === 0;
  return [{ what, expected, measured, tolerance, holds: held, failures }];
}

/** Expected beside measured, for people. */
export function verdictTable(verdicts: readonly Verdict[]): Section {
  return {
    title: '',
    head: ['', 'expected', 'measured', 'tolerance', ''],
    rows: verdicts.map((verdict) => [
      verdict.what,
      shown(verdict.expected, verdict),
      shown(verdict.measured, verdict),
      verdict.tolerance,
      verdict.holds ? 'ok' : 'NO',
    ]),
  };
}

/** Those that do not hold by name, and how many do. */
export function verdictLines(verdicts: readonly Verdict[]): string[] {
  if (verdicts.length === 0) return [];
  const held = verdicts.filter(({ holds }) => holds).length;
  const names = [...new Set(verdicts.flatMap((each) => each.failures ?? []))];
  return [
    ...names.slice(0, MOST).map((name) => `NOT as theory says: ${name}.`),
    ...(names.length > MOST ? [`... and ${names.length - MOST} more.`] : []),
    `As theory says: ${held} of ${verdicts.length}.`,
  ];
}

/** Failures that are told by name. */
const MOST = 5;

function shown(value: number | string, { unit }: Verdict): string {
  return `${numberText(value)}${unit ? ` ${unit}` : ''}`;
}

/** Four digits behind what is not whole, but no dust. */
export function numberText(value: number | string): string {
  if (typeof value === 'string' || Number.isInteger(value)) return `${value}`;
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e6
    ? `${Number(value.toPrecision(5))}`
    : value.toExponential(3);
}
