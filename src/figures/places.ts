/**
 * Labels of places along an axis: numbers may be left out where they are too
 * many, names may not. Names stand in lines under their places, or upright
 * where a word is wider than its place.
 */

import { textWidth, wrapped } from './lettering.ts';
import { element, label, letters, upright } from './svg.ts';

/** Indices whose labels fit side by side: all, or every 2nd, 5th, 10th ... */
export function everyFew(sizes: readonly number[], room: number): number[] {
  const all = sizes.map((_, i) => i);
  const widest = Math.max(...sizes);
  for (let power = 1; ; power *= 10) {
    for (const factor of [1, 2, 5]) {
      const step = factor * power;
      if (step >= sizes.length || (sizes.length / step) * widest <= room) {
        return all.filter((i) => i % step === 0);
      }
    }
  }
}

const SIZE = 12;
const LINE = 15;
/** Most px that an upright name is long before it takes a second line. */
const LONGEST = 170;

/** Names laid out for places of one width. */
export interface Names {
  readonly lines: readonly (readonly string[])[];
  readonly upright: boolean;
  /** px from the frame down that they need. */
  readonly height: number;
}

/** Where a name may go on in another line: after spaces, dashes and dots. */
const PARTS = /[^\s\-._/]+[\s\-._/]*|[\s\-._/]+/g;

/** Lays names out for places `wide` px wide. */
export function namesUnder(names: readonly string[], wide: number): Names {
  const width = (line: string) => textWidth(line.trimEnd(), SIZE);
  const parts = names.flatMap((name) => name.trim().match(PARTS) ?? []);
  const upright = Math.max(0, ...parts.map(width)) > wide - 6;
  const lines = names.map((name) =>
    upright
      ? wrapped(name, LONGEST, SIZE)
      : wrapped(name, wide - 6, SIZE, false, PARTS),
  );
  const height = upright
    ? Math.max(0, ...lines.flat().map(width))
    : LINE * Math.max(1, ...lines.map((own) => own.length));
  return { lines, upright, height };
}

/** The names under the frame, each around its x. */
export function namesMarkup(
  { lines, upright: turned }: Names,
  xs: readonly number[],
  bottom: number,
): string {
  const parts = lines.flatMap((own, i) =>
    own.map((line, k) => {
      if (!turned) return label(line, xs[i]!, bottom + 19 + k * LINE);
      const at = xs[i]! + 4 + (k - (own.length - 1) / 2) * LINE;
      return upright(line, at, bottom + 9);
    }),
  );
  return element(
    'g',
    {
      'aria-label': 'names of places',
      ...letters(SIZE, turned ? 'end' : 'middle'),
    },
    ...parts,
  );
}
