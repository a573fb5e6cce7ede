/**
 * Expected and measured side by side: two bars a quantity on a common axis
 * from 0, with error bars and the numbers themselves.
 */

import { NonFiniteError, OptionError, show } from '../base/errors.ts';
import { type Area, axes, numberText } from './axes.ts';
import { textWidth, wrapped } from './lettering.ts';
import { checkHeight } from './lines-checks.ts';
import { BLUE, GREY, INK } from './palette.ts';
import { checkPicture, type PictureOptions, sheet } from './sheet.ts';
import { element, label, px } from './svg.ts';

export interface Quantity {
  readonly name: string;
  readonly expected: number;
  readonly measured: number;
  /** Half the length of the error bar, in the unit of the axis. */
  readonly expectedError?: number;
  readonly measuredError?: number;
}

export interface BarsPicture extends PictureOptions {
  readonly quantities: readonly Quantity[];
  /** Name and unit of the axis. */
  readonly xLabel: string;
  /** What the two bars are called; default "expected" and "measured". */
  readonly names?: readonly [string, string];
}

const SIZE = 13;
const ROW = 46;
const BAR = 15;

/** SVG of bars. Throws OptionError and NonFiniteError. */
export async function barsPicture(picture: BarsPicture): Promise<string> {
  checkPicture(picture);
  checkQuantities(picture);
  const { quantities, xLabel, width = 760 } = picture;
  const { names = ['expected', 'measured'] as const } = picture;
  const legend = names.map((name, i) => ({
    name,
    swatch: (x: number, y: number) => bar(x, y - 6, 30, 12, i),
  }));
  const page = sheet(picture, legend, width);
  const most = width * 0.33;
  const lines = quantities.map(({ name }) => wrapped(name, most, SIZE));
  const widest = Math.max(...lines.flat().map((line) => textWidth(line, SIZE)));
  const rows = lines.map((own) => Math.max(ROW, own.length * 16 + 12));
  const around = page.top + page.foot + 46;
  const needed = around + rows.reduce((sum, row) => sum + row, 0);
  const height = picture.height ?? needed;
  checkHeight(height, needed);

  const ends = quantities.flatMap((one) => [
    one.expected - (one.expectedError ?? 0),
    one.expected + (one.expectedError ?? 0),
    one.measured - (one.measuredError ?? 0),
    one.measured + (one.measuredError ?? 0),
  ]);
  const low = Math.min(0, ...ends);
  const high = Math.max(0, ...ends) || (low === 0 ? 1 : 0);
  const texts = quantities.flatMap((one) => [
    textOf(one.expected, one.expectedError),
    textOf(one.measured, one.measuredError),
  ]);
  const beside = Math.max(...texts.map((text) => textWidth(text, 12))) + 12;
  const left = 24 + widest;
  // The numbers stand beyond the bars: the axis is longer by their width.
  const share = beside / Math.max(60, width - left - 18 - 2 * beside);
  const span = high - low;
  const { markup } = await axes(
    {
      width,
      height,
      room: { left, right: 18, top: page.top, bottom: page.foot },
      x: {
        label: xLabel,
        domain: [
          low < 0 ? low - span * share : 0,
          high > 0 ? high + span * share : 0,
        ],
        grid: true,
      },
    },
    {
      over: (area) => {
        const spare = (height - needed) / quantities.length;
        let top = area.top;
        const drawn = quantities.map((one, i) => {
          const middle = top + (rows[i] + spare) / 2;
          top += rows[i] + spare;
          return pair(one, lines[i], middle, area);
        });
        return drawn.join('') + zero(area);
      },
    },
  );
  const description = quantities
    .map(
      (one) =>
        `${one.name}: ${names[0]} ${textOf(one.expected, one.expectedError)}, ` +
        `${names[1]} ${textOf(one.measured, one.measuredError)}.`,
    )
    .join(' ');
  return page.close(markup, height, description);
}

function textOf(value: number, error?: number): string {
  const text = numberText(Number(value.toPrecision(4)));
  return error === undefined
    ? text
    : `${text} ± ${numberText(Number(error.toPrecision(2)))}`;
}

/** The expected bar is hollow, the measured one full. */
function bar(
  x: number,
  y: number,
  width: number,
  height: number,
  index: number,
): string {
  return element('rect', {
    ...{ x, y, width, height },
    fill: index === 0 ? '#ffffff' : BLUE,
    stroke: index === 0 ? INK : BLUE,
    'stroke-width': 1.2,
  });
}

function pair(
  one: Quantity,
  name: readonly string[],
  middle: number,
  area: Area,
): string {
  const parts = name.map((line, i) =>
    label(
      line,
      area.left - 10,
      middle + 4.5 + (i - (name.length - 1) / 2) * 16,
      {
        'text-anchor': 'end',
        'font-size': SIZE,
      },
    ),
  );
  const both = [
    [one.expected, one.expectedError],
    [one.measured, one.measuredError],
  ] as const;
  both.forEach(([value, error], i) => {
    const from = area.x(Math.min(0, value));
    const to = area.x(Math.max(0, value));
    const y = middle + (i === 0 ? -BAR - 1 : 1);
    parts.push(bar(from, y, to - from, BAR, i));
    const reach = error ?? 0;
    if (error !== undefined) {
      const a = px(area.x(value - error));
      const b = px(area.x(value + error));
      const at = y + BAR / 2;
      const d = `M${a} ${px(at)}H${b}M${a} ${px(at - 4)}v8M${b} ${px(at - 4)}v8`;
      // White around black, so that it shows on the full bar too.
      for (const [stroke, width] of [
        ['#ffffff', 4],
        [INK, 1.6],
      ] as const) {
        parts.push(
          element('path', { d, stroke, 'stroke-width': width, fill: 'none' }),
        );
      }
    }
    const end = value < 0 ? area.x(value - reach) : area.x(value + reach);
    parts.push(
      label(textOf(value, error), value < 0 ? end - 6 : end + 6, y + 12, {
        'text-anchor': value < 0 ? 'end' : 'start',
        'font-size': 12,
      }),
    );
  });
  return element('g', { 'aria-label': one.name }, ...parts);
}

function zero(area: Area): string {
  const x = area.x(0);
  return element('line', {
    ...{ x1: x, x2: x, y1: area.top, y2: area.bottom },
    stroke: GREY,
    'stroke-width': 1.2,
  });
}

function checkQuantities({ quantities }: BarsPicture): void {
  if (quantities.length === 0) {
    throw new OptionError(
      'A picture of bars has no quantity: pass one or more',
    );
  }
  for (const one of quantities) {
    const { name, expectedError = 0, measuredError = 0 } = one;
    for (const value of [one.expected, one.measured]) {
      if (!Number.isFinite(value)) {
        throw new NonFiniteError(
          `Quantity "${name}" has ${show(value)}: a bar needs a finite number`,
          { name, value },
        );
      }
    }
    for (const error of [expectedError, measuredError]) {
      if (!(error >= 0 && error < Infinity)) {
        throw new OptionError(
          `Quantity "${name}" has the error ${show(error)}: pass a finite ` +
            'number, 0 or more, or none',
          { name, error },
        );
      }
    }
  }
}
