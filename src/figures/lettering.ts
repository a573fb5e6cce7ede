/**
 * How much room words take, without a browser to measure them: widths of
 * DejaVu Sans, the widest of the sans-serif fonts that machines come with, so
 * that what fits here fits everywhere.
 */

/** Fonts of every picture, the first that a machine has. */
export const FONTS =
  "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

/** Widths in thousandths of the font size, by class of character. */
const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/[\u0300-\u036f\u200b-\u200f]/, 0],
  [/[ijl.,:;'|!I ]/, 350],
  [/[frt()[\]{}\-/\\"`*]/, 500],
  [/[mwMW@%]/, 1010],
  [/[A-Z&#=+<>~^±×−≤≥]/, 840],
  [/[\u0020-\u024f\u0370-\u052f]/, 640],
];

/** Anything else: as wide as it is high, as in Chinese or Japanese. */
const WIDEST = 1050;

/** Upper bound of the width of a line, in px. `bold` takes a tenth more. */
export function textWidth(text: string, size: number, bold = false): number {
  let thousandths = 0;
  for (const character of text) {
    const found = WIDTHS.find(([pattern]) => pattern.test(character));
    thousandths += found ? found[1] : WIDEST;
  }
  return (thousandths / 1000) * size * (bold ? 1.1 : 1);
}

/** Words with the space behind them. */
const WORDS = /\S+\s*/g;

/**
 * Lines no wider than `width` px: broken between parts, by default words, and
 * inside one only where it alone is too wide. Nothing is left out.
 */
export function wrapped(
  text: string,
  width: number,
  size: number,
  bold = false,
  parts = WORDS,
): string[] {
  const fits = (line: string) => textWidth(line.trimEnd(), size, bold) <= width;
  const lines: string[] = [];
  let line = '';
  const next = (begin: string) => {
    if (line !== '') lines.push(line.trimEnd());
    line = begin;
  };
  for (const part of text.trim().replace(/\s+/g, ' ').match(parts) ?? []) {
    if (fits(line + part)) {
      line += part;
      continue;
    }
    next('');
    for (const character of part) {
      if (fits(line + character)) line += character;
      else next(character);
    }
  }
  next('');
  return lines;
}
