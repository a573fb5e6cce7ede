/**
 * The sheet that every picture is drawn on: white, with title, subtitle,
 * legend and caption, all in one coordinate system in px. A picture asks for
 * a sheet, draws between `top` and the foot, and closes it.
 */

import { show } from '../base/errors.ts';
import { refuse } from './checks.ts';
import { FONTS, textWidth, wrapped } from './lettering.ts';
import { GREY, INK } from './palette.ts';
import { element, escaped, label, rect, WHITE } from './svg.ts';

/** What every picture takes. */
export interface PictureOptions {
  /** What it shows, not empty. */
  readonly title: string;
  /** Words under the title; default none. */
  readonly subtitle?: string;
  /** Sentences under the picture; default none. */
  readonly caption?: string;
  /** px, 320 to 4000; default 760, of drawings of circuits what they need. */
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
/** px of words of legend and caption. */
const SIZE = 12;
/** px under a picture without caption. */
const FOOT = 8;
/** Says of a caption how many px the sheet is higher by it. */
const CAPTION = 'data-caption';

/** Checks what every picture takes. Throws OptionError. */
export function checkPicture({ title, width, height }: PictureOptions): void {
  if (typeof title !== 'string' || title.trim() === '') {
    refuse(
      `A picture has the title ${show(title)}: give it words that say what ` +
        'it shows',
      { title },
    );
  }
  const limits = { width: [320, 4000], height: [120, 8000] };
  for (const [name, value] of Object.entries({ width, height })) {
    const [least, most] = limits[name as 'width' | 'height'] as [
      number,
      number,
    ];
    if (value === undefined) continue;
    if (Number.isFinite(value) && value >= least && value <= most) continue;
    refuse(
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
  const { title, subtitle = '', caption = '' } = options;
  const inner = width - 2 * MARGIN;
  const parts: string[] = [];
  let y = 12;
  const paragraph = (text: string, size: number, bold = false) => {
    for (const line of wrapped(text, inner, size, bold)) {
      y += Math.ceil(size * 1.3);
      const weight = { 'font-weight': bold ? 'bold' : undefined };
      const look = { 'font-size': size, ...weight };
      parts.push(label(line, MARGIN, y - 4, look));
    }
  };
  paragraph(title, 16, true);
  paragraph(subtitle, 13);
  if (legend.length > 0) {
    const drawn = legendRows(legend, inner, y + 8);
    parts.push(drawn.markup);
    y = drawn.bottom;
  }

  const lines = wrapped(caption, inner, SIZE);
  const foot = lines.length > 0 ? lines.length * 16 + 14 : FOOT;
  const close = (body: string, tall: number, description: string) => {
    const height = Math.ceil(tall);
    const from = height - foot + 18;
    const texts = lines.map((line, i) => label(line, MARGIN, from + i * 16));
    const look = { 'font-size': SIZE, fill: GREY };
    // The page of a report has the caption as text of its own.
    const under = element('g', { [CAPTION]: foot - FOOT, ...look }, ...texts);
    // A document of its own: no style sheet, no script, no ids that may clash.
    const root = {
      ...{ xmlns: 'http://www.w3.org/2000/svg', width, height },
      ...{ viewBox: `0 0 ${Math.round(width)} ${height}`, role: 'img' },
      ...{ 'font-family': FONTS, 'font-size': 12, fill: INK, color: INK },
    };
    const svg = element(
      'svg',
      root,
      element('title', {}, escaped(title)),
      element('desc', {}, escaped(description)),
      rect([0, 0, width, height], { fill: WHITE }),
      ...parts,
      body,
      lines.length > 0 ? under : '',
    );
    return `${svg}\n`;
  };
  return { width, top: y + 10, foot, close };
}

/** A sheet without its caption, for those who print that beside it. */
export function withoutCaption(svg: string): string {
  const found = new RegExp(`<g ${CAPTION}="(\\d+)".*?</g>`, 's').exec(svg);
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? [];
  if (!found || !height) return svg;
  const less = Number(height) - Number(found[1]);
  return svg
    .replace(found[0], '')
    .replaceAll(`height="${height}"`, `height="${less}"`)
    .replace(`"0 0 ${width} ${height}"`, `"0 0 ${width} ${less}"`);
}

/** Entries side by side, in as many rows as they need. */
function legendRows(
  legend: readonly LegendEntry[],
  inner: number,
  top: number,
): { markup: string; bottom: number } {
  const parts: string[] = [];
  let [x, y] = [MARGIN, top + 8];
  for (const { name, swatch, width = 30 } of legend) {
    const lines = wrapped(name, inner - width - 6, SIZE);
    const widths = lines.map((line) => textWidth(line, SIZE));
    const needed = width + 6 + Math.max(0, ...widths);
    if (x > MARGIN && x + needed > MARGIN + inner) {
      x = MARGIN;
      y += 19;
    }
    parts.push(swatch(x, y));
    lines.forEach((line, i) => {
      if (i > 0) y += 16;
      parts.push(label(line, x + width + 6, y + 4, { 'font-size': SIZE }));
    });
    x += needed + 18;
  }
  const markup = element('g', { 'aria-label': 'legend' }, ...parts);
  return { markup, bottom: y + 10 };
}
