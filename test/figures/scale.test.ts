/**
 * Oracle: the definition of round numbers (1, 2 or 5 times a power of ten) and
 * of a logarithmic scale (equal ratios, equal distances); px between the
 * labels of a picture, whose widths are those of the widest usual font.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textWidth } from '../../src/figures/lettering.ts';
import { shareOf, ticks, valueAt } from '../../src/figures/scale.ts';
import { tracesPicture } from '../../src/figures/traces.ts';
import { expectInside, findAll, readSvg } from './read-svg.ts';

const domain = fc
  .tuple(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
  )
  .map(([low, length]) => [low, low + length] as const);
const above0 = fc
  .tuple(
    fc.double({ min: -9, max: 9, noNaN: true }),
    fc.double({ min: 0.01, max: 12, noNaN: true }),
  )
  .map(([low, decades]) => [10 ** low, 10 ** (low + decades)] as const);

describe('ticks', () => {
  test('are all multiples of a round number in the domain, about so many', () => {
    fc.assert(
      fc.property(domain, fc.integer({ min: 4, max: 12 }), (ends, count) => {
        const found = ticks(ends, count);
        const rough = (found.at(-1)! - found[0]) / (found.length - 1);
        const power = 10 ** Math.floor(Math.log10(rough * 1.001));
        const factor = Math.round(rough / power);
        expect([1, 2, 5]).toContain(factor);
        const step = factor * power;
        const slack = step * 1e-6;
        found.forEach((tick, i) => {
          expect(tick).toBeGreaterThanOrEqual(ends[0] - slack);
          expect(tick).toBeLessThanOrEqual(ends[1] + slack);
          expect(Math.abs(tick / step - Math.round(tick / step))).toBeLessThan(
            1e-3,
          );
          if (i > 0) expect(tick - found[i - 1]).toBeCloseTo(step, 6);
        });
        // None is missing at either end.
        expect(found[0] - ends[0]).toBeLessThan(step + slack);
        expect(ends[1] - found.at(-1)!).toBeLessThan(step + slack);
        expect(found.length).toBeGreaterThanOrEqual(count / 2);
        expect(found.length).toBeLessThanOrEqual(1.5 * count + 1);
      }),
    );
  });

  test('of a logarithmic axis: two or more, in the domain, in order', () => {
    fc.assert(
      fc.property(above0, fc.integer({ min: 8, max: 16 }), (ends, count) => {
        const found = ticks(ends, count, true);
        expect(found.length).toBeGreaterThanOrEqual(2);
        found.forEach((tick, i) => {
          expect(tick).toBeGreaterThanOrEqual(ends[0] * (1 - 1e-6));
          expect(tick).toBeLessThanOrEqual(ends[1] * (1 + 1e-6));
          if (i > 0) expect(tick).toBeGreaterThan(found[i - 1]);
        });
      }),
    );
    // By hand.
    expect(ticks([0.01, 10], 8, true)).toEqual([0.01, 0.1, 1, 10]);
    expect(ticks([1, 40], 8, true)).toEqual([1, 2, 5, 10, 20]);
    expect(ticks([0, 200], 5)).toEqual([0, 50, 100, 150, 200]);
  });
});

test('a share of a domain and the value there are each other', () => {
  fc.assert(
    fc.property(
      above0,
      fc.double({ min: -0.5, max: 1.5, noNaN: true }),
      fc.boolean(),
      (ends, share, log) => {
        expect(shareOf(ends, log)(valueAt(ends, share, log))).toBeCloseTo(
          share,
          6,
        );
      },
    ),
  );
  expect(shareOf([1, 100], true)(10)).toBeCloseTo(0.5, 12);
});

test('labels of ticks never meet, whatever the numbers and the width', async () => {
  await fc.assert(
    fc.asyncProperty(
      domain,
      fc.integer({ min: 320, max: 1200 }),
      fc.boolean(),
      async ([low, high], width, log) => {
        const from = log ? Math.abs(low) + 1e-3 : low;
        const times = [from, from + (high - low)];
        const svg = readSvg(
          await tracesPicture({
            ...{ title: 't', width, xLog: log, xLabel: 'x', yLabel: 'y' },
            series: [{ name: 'v', times, values: [0, 1] }],
          }),
        );
        expectInside(svg);
        const labels = findAll(
          svg,
          '[aria-label="x-axis tick label"] text',
        ).map((node) => {
          const at = /\(([-\d.]+)/.exec(node.getAttribute('transform')!)![1];
          const half = textWidth(node.textContent, 12) / 2;
          return { left: Number(at) - half, right: Number(at) + half };
        });
        expect(labels.length).toBeGreaterThanOrEqual(2);
        for (let i = 1; i < labels.length; i++) {
          expect(labels[i].left).toBeGreaterThan(labels[i - 1].right);
        }
      },
    ),
    { numRuns: 150 },
  );
});
