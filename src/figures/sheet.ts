/**
 * The sheet that every picture is drawn on: white, with title, subtitle,
 * legend and caption, all in one coordinate system in px. A picture asks for
 * a sheet, draws between `top` and the foot, and closes it.
 */

import { OptionError, show } from '../base/errors.ts';
import { FONTS, textWidth, wrapped } from './lettering.ts';
import { GREY, INK } from './palette.ts';
import { element, escaped, label, px } from './svg.ts';

export interface PictureOptions {
  readonly title: string;
  readonly subtitle?: string;
  /** Sentences under the picture. */
  readonly caption?: string;
  /** px, 320 to 4000. */
  readonly width?: number;
  /** px, up to 8000; by default what the picture needs. */
  readonly height?: number;
}

export interface LegendEntry {
  readonly name: string;
  /** Markup whose left middle is (x, y), `width` px wide, 14 px high. */
  readonly swatch: (x: number, y: number) => string;
  /** Default 30. */
  readonly width?: number;
}

export interface Sheet {
  readonly width: number;
  /** First free px under the head. */
  readonly top: number;
  /** Height of what comes under the picture. */
  readonly foot: number;
  /** The document, `height` px high, with `body` on it. */
  close(body: string, height: number, description: string): string;
}

const MARGIN = 16;
const LEGEND_SIZE = 12;
const CAPTION_SIZE = 12;
/** px under a picture without caption. */
const FOOT = 8;
/** Says of a caption how many px the sheet is higher by it. */
const CAPTION = 'data-caption';

/** Checks what every picture takes. Throws OptionError. */
export function checkPicture({ title, width, height }: PictureOptions): void {
  if (typeof title !== 'string' || title.trim() === '') {
    throw new OptionError(
      `A picture has the title ${show(title)}: give it words that say what ` +
        'it shows',
      { title },
    );
  }
  checkSize('width', width, 320, 4000);
  checkSize('height', height, 120, 8000);
}

function checkSize(
  name: string,
  value: number | undefined,
  least: number,
  most: number,
): void {
  if (value === undefined) return;
  if (!Number.isFinite(value) || value < least || value > most) {
    throw new OptionError(
      `A picture of ${name} ${show(value)} px cannot be drawn: ask for ` +
        `${least} to ${most} px`,
      { [name]: value },
    );
  }
}

/** A sheet `width` px wide with its head laid out. */
export function sheet(
  options: PictureOptions,
  legend: readonly LegendEntry[],
  width: number,
): Sheet {
  const inner = width - 2 * MARGIN;
  const parts: string[] = [];
  let y = 12;
  const paragraph = (text: string | undefined, size: number, bold = false) => {
    for (const line of wrapped(text ?? '', inner, size, bold)) {
      y += Math.ceil(size * 1.3);
      const weight = bold ? 'bold' : undefined;
      parts.push(
        label(line, MARGIN, y - 4, {
          'font-size': size,
          'font-weight': weight,
        }),
      );
    }
  };
  paragraph(options.title, 16, true);
  paragraph(options.subtitle, 13);
  if (legend.length > 0) {
    const drawn = legendRows(legend, inner, y + 8);
    parts.push(drawn.markup);
    y = drawn.bottom;
  }
  const top = y + 10;

  const lines = wrapped(options.caption ?? '', inner, CAPTION_SIZE);
  const foot = lines.length > 0 ? lines.length * 16 + 14 : FOOT;
  const close = (body: string, height: number, description: string) => {
    const from = height - foot + 18;
    const caption = lines.map((line, i) =>
      label(line, MARGIN, from + i * 16, {
        'font-size': CAPTION_SIZE,
        fill: GREY,
      }),
    );
    // The page of a report has the caption as text of its own.
    const under =
      caption.length > 0
        ? element('g', { [CAPTION]: foot - FOOT }, ...caption)
        : '';
    return page(options.title, description, width, height, [
      ...parts,
      body,
      under,
    ]);
  };
  return { width, top, foot, close };
}

/** A sheet without its caption, for those who print that beside it. */
export function withoutCaption(svg: string): string {
  const found = new RegExp(`<g ${CAPTION}="(\\d+)">.*?</g>`, 's').exec(svg);
  const size = /<svg [^>]*height="([\d.]+)" viewBox="0 0 (\d+) (\d+)"/.exec(
    svg,
  );
  if (!found || !size) return svg;
  const less = Number(found[1]);
  const [, height, across, down] = size;
  const shorter = `height="${px(Number(height) - less)}"`;
  return svg
    .replace(found[0], '')
    .replaceAll(`height="${height}"`, shorter)
    .replace(
      `viewBox="0 0 ${across} ${down}"`,
      `viewBox="0 0 ${across} ${Number(down) - less}"`,
    );
}

/** Entries side by side, in as many rows as they need. */
function legendRows(
  legend: readonly LegendEntry[],
  inner: number,
  top: number,
): { markup: string; bottom: number } {
  const parts: string[] = [];
  let x = MARGIN;
  let y = top + 8;
  for (const { name, swatch, width = 30 } of legend) {
    const room = inner - width - 6;
    const lines = wrapped(name, room, LEGEND_SIZE);
    const widest = Math.max(
      0,
      ...lines.map((line) => textWidth(line, LEGEND_SIZE)),
    );
    const needed = width + 6 + widest;
    if (x > MARGIN && x + needed > MARGIN + inner) {
      x = MARGIN;
      y += 19;
    }
    parts.push(swatch(x, y));
    lines.forEach((line, i) => {
      if (i > 0) y += 16;
      parts.push(
        label(line, x + width + 6, y + 4, { 'font-size': LEGEND_SIZE }),
      );
    });
    x += needed + 18;
  }
  return {
    markup: element('g', { 'aria-label': 'legend' }, ...parts),
    bottom: y + 10,
  };
}

/** A document of its own: no style sheet, no script, no ids that may clash. */
function page(
  title: string,
  description: string,
  width: number,
  height: number,
  parts: readonly string[],
): string {
  return `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width,
      height,
      viewBox: `0 0 ${Math.round(width)} ${Math.round(height)}`,
      role: 'img',
      'font-family': FONTS,
      'font-size': 12,
      fill: INK,
      color: INK,
    },
    element('title', {}, escaped(title)),
    element('desc', {}, escaped(description)),
    element('rect', { width, height, fill: '#ffffff' }),
    ...parts,
  )}\n`;
}
