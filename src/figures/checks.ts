/** What no picture can show, told before anything is drawn. */

import {
  NonFiniteError,
  OptionError,
  ShapeError,
  show,
} from '../base/errors.ts';

export function refuse(
  text: string,
  data: Record<string, unknown> = {},
): never {
  throw new OptionError(text, data);
}

export function checkHeight(height: number, least: number): void {
  if (height >= least) return;
  refuse(
    `A picture ${height} px high has no room for its axes: ask for at least ` +
      `${Math.ceil(least)} px or leave the height out`,
    { height, least },
  );
}

export interface Numbers {
  /** What has them, with its verb: `Series "a" has`. */
  readonly what: string;
  /** Where number i is. */
  readonly at: (i: number) => string;
  /** What stands for no number; by default nothing does. */
  readonly gap?: number | null;
  /** Only numbers above 0; 'zero': and 0. */
  readonly log?: boolean | 'zero';
  readonly data: Record<string, unknown>;
}

/** Throws NonFiniteError and OptionError. */
export function checkNumbers(
  values: ArrayLike<number | null>,
  { what, at, gap, log, data }: Numbers,
): void {
  const none = gap === undefined ? '' : `, or ${gap} where there is none`;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (Object.is(value, gap)) continue;
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw new NonFiniteError(
        `${what} ${show(value)} ${at(i)}: pass a finite number${none}`,
        { ...data, index: i, value },
      );
    }
    if (log && (value < 0 || (value === 0 && log !== 'zero'))) {
      refuse(
        `${what} ${value} ${at(i)}, which a logarithmic axis cannot show: use ` +
          `a linear one${none}`,
        { ...data, index: i, value },
      );
    }
  }
}

type List = ArrayLike<number | null>;

/**
 * Values of a series and the ends of their spread, one of each for every
 * place. Throws ShapeError, NonFiniteError and OptionError.
 */
export function checkSeries(
  name: string,
  lists: {
    readonly values: List;
    readonly lower?: List;
    readonly upper?: List;
  },
  count: number,
  places: string,
  numbers: Omit<Numbers, 'what' | 'data'>,
): void {
  for (const [of, list] of Object.entries(lists)) {
    if (list === undefined) continue;
    if (list.length !== count) {
      throw new ShapeError(
        `Series "${name}" has ${list.length} ${of} for ${count} ${places}: ` +
          'pass one for each',
        { name, [of]: list.length, [places]: count },
      );
    }
    const what = `Series "${name}" has`;
    checkNumbers(list, { ...numbers, what, data: { name } });
  }
  if ((lists.lower === undefined) === (lists.upper === undefined)) return;
  refuse(`Series "${name}" has one end of its spread: pass lower and upper`, {
    name,
  });
}
