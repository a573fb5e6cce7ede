/**
 * Oracle: what a reader must find under an axis: every letter of every name,
 * in lines no wider than a place; numbers at equal distances that fit.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textWidth } from '../../src/figures/lettering.ts';
import { everyFew, namesUnder } from '../../src/figures/places.ts';

describe('names of places', () => {
  test('are whole, and no wider than their place or upright', () => {
    const name = fc.stringMatching(/^[a-z]{1,12}([-._/ ][a-z]{1,12}){0,4}$/);
    fc.assert(
      fc.property(
        fc.array(name, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 20, max: 300 }),
        (names, wide) => {
          const { lines, upright, height } = namesUnder(names, wide);
          names.forEach((own, i) => {
            expect(lines[i].join('').replaceAll(' ', '')).toBe(
              own.replaceAll(' ', ''),
            );
          });
          const widths = lines.flat().map((line) => textWidth(line, 12));
          if (upright) expect(height).toBe(Math.max(...widths));
          else expect(Math.max(...widths)).toBeLessThanOrEqual(wide - 6);
        },
      ),
    );
  });

  test('go on in another line after a dash', () => {
    const wide = textWidth('transformer-', 12) + 8;
    expect(namesUnder(['transformer-small', 'mlp'], wide)).toMatchObject({
      lines: [['transformer-', 'small'], ['mlp']],
      upright: false,
    });
    expect(namesUnder(['transformer-small'], wide - 10).upright).toBe(true);
  });

  test('numbers: all if they fit, else every 2nd, 5th, 10th ...', () => {
    const sizes = Array.from({ length: 40 }, () => 20);
    expect(everyFew(sizes, 800)).toHaveLength(40);
    expect(everyFew(sizes, 799)).toEqual(
      Array.from({ length: 20 }, (_, i) => 2 * i),
    );
    expect(everyFew(sizes, 160)).toEqual([0, 5, 10, 15, 20, 25, 30, 35]);
  });
});
