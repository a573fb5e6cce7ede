/** What no axis can show, told before anything is drawn. */

import {
  NonFiniteError,
  OptionError,
  ShapeError,
  show,
} from '../base/errors.ts';
import type { LinesPicture } from './lines.ts';

export function checkHeight(height: number, least: number): void {
  if (height >= least) return;
  throw new OptionError(
    `A picture ${height} px high has no room for its axes: ask for at least ` +
      `${Math.ceil(least)} px or leave the height out`,
    { height, least },
  );
}

/** Throws OptionError, ShapeError and NonFiniteError. */
export function checkLines({ lines, x, y, marks }: LinesPicture): void {
  for (const { name, xs, ys, lower, upper, style } of lines) {
    if (style === 'stems' && y.log) {
      throw new OptionError(
        `Series "${name}" has stems from 0, which a logarithmic axis cannot ` +
          'show: use points',
        { name },
      );
    }
    if (xs.length !== ys.length) {
      throw new ShapeError(
        `Series "${name}" has ${xs.length} places but ${ys.length} values: ` +
          'pass one value for every place',
        { name, places: xs.length, values: ys.length },
      );
    }
    if ((lower === undefined) !== (upper === undefined)) {
      throw new OptionError(
        `Series "${name}" has one end of its spread: pass lower and upper`,
        { name },
      );
    }
    for (const end of [lower, upper]) {
      if (end === undefined || end.length === xs.length) continue;
      throw new ShapeError(
        `Series "${name}" has ${xs.length} places but ${end.length} ends of ` +
          'its spread: pass one for every place',
        { name, places: xs.length, ends: end.length },
      );
    }
    for (let i = 0; i < xs.length; i++) {
      checkNumber(name, i, xs[i], x.log);
      for (const values of [ys, lower, upper]) {
        if (values) checkNumber(name, i, values[i], y.log);
      }
    }
  }
  marks.forEach((mark, i) => {
    if (mark.x === undefined && mark.y === undefined) {
      throw new OptionError(
        `Mark "${mark.label}" has neither x nor y: say where it stands`,
        { mark: mark.label },
      );
    }
    for (const [value, log] of [
      [mark.x, x.log],
      [mark.y, y.log],
    ] as const) {
      if (value === undefined) continue;
      checkNumber(mark.label, i, Number.isNaN(value) ? Infinity : value, log);
    }
  });
}

function checkNumber(name: string, i: number, value: number, log = false) {
  if (typeof value !== 'number' || Math.abs(value) === Infinity) {
    throw new NonFiniteError(
      `Series "${name}" holds ${show(value)} at index ${i}: pass a finite ` +
        'number, or NaN for a gap',
      { name, index: i, value },
    );
  }
  if (log && value <= 0) {
    throw new OptionError(
      `Series "${name}" holds ${value} at index ${i}, which a logarithmic ` +
        'axis cannot show: use a linear axis, or NaN for a gap',
      { name, index: i, value },
    );
  }
}
