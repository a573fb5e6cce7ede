/**
 * Oracle: the data under the scale that the ticks show, for spreads, symbols
 * and the names at the ends of lines; NaN must be a gap of a band.
 */

import { describe, expect, test } from 'vitest';
import {
  NonFiniteError,
  OptionError,
  ShapeError,
} from '../../src/base/errors.ts';
import { drawFigure } from '../../src/figures/drawing.ts';
import type { LinesFigure } from '../../src/figures/figure.ts';
import { seriesStyle } from '../../src/figures/palette.ts';
import {
  axisOf,
  expectInside,
  find,
  findAll,
  HOSTILE,
  numberOf,
  readSvg,
} from './read-svg.ts';

const xs = [0, 1, 2, 3, 4];
const line = { name: 'bp', xs, ys: [5, 4, 3, 2, 1] };
const figure: LinesFigure = {
  kind: 'lines',
  name: 'loss',
  title: 'Loss',
  caption: '',
  lines: [line],
  x: { label: 'epoch' },
  y: { label: 'loss (nats)' },
};

describe('spreads', () => {
  test('a band has its upper end, then its lower end back', async () => {
    const lower = [4, 3, Number.NaN, 1.5, 0.5];
    const upper = [7, 4.5, 4, 2, 1];
    const svg = readSvg(
      await drawFigure({ ...figure, lines: [{ ...line, lower, upper }] }),
    );
    const [x, y] = [axisOf(svg, 'x'), axisOf(svg, 'y')];
    const d = find(svg, '[aria-label="spread of bp"]')!.getAttribute('d')!;
    const corners = d
      .split('z')
      .slice(0, -1)
      .map((run) =>
        [...run.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map((m) => [
          Number(m[1]),
          Number(m[2]),
        ]),
      );
    const wanted = [
      [0, 1].map((i) => [i, upper[i]]).concat([1, 0].map((i) => [i, lower[i]])),
      [3, 4].map((i) => [i, upper[i]]).concat([4, 3].map((i) => [i, lower[i]])),
    ];
    expect(corners.map((run) => run.length)).toEqual([4, 4]);
    corners.forEach((run, r) => {
      run.forEach(([px, py], i) => {
        expect(px).toBeCloseTo(x(wanted[r][i][0]), 0);
        expect(py).toBeCloseTo(y(wanted[r][i][1]), 0);
      });
    });
    // The axis reaches over the band, not only over the line.
    expectInside(svg);
    const frame = find(svg, '[aria-label="frame"]')!;
    expect(y(7)).toBeGreaterThanOrEqual(numberOf(frame, 'y') - 0.5);
  });

  test('points have error bars', async () => {
    const points = { ...line, style: 'points' as const };
    const lower = line.ys.map((v) => v - 0.5);
    const upper = line.ys.map((v) => v + 1);
    const svg = readSvg(
      await drawFigure({ ...figure, lines: [{ ...points, lower, upper }] }),
    );
    const [x, y] = [axisOf(svg, 'x'), axisOf(svg, 'y')];
    const d = find(svg, '[aria-label="spread"]')!.getAttribute('d')!;
    const bars = [...d.matchAll(/M([\d.]+) ([\d.]+)V([\d.]+)/g)];
    expect(bars).toHaveLength(5);
    bars.forEach(([, px, low, high], i) => {
      expect(Number(px)).toBeCloseTo(x(xs[i]), 0);
      expect(Number(low)).toBeCloseTo(y(lower[i]), 0);
      expect(Number(high)).toBeCloseTo(y(upper[i]), 0);
    });
  });

  test('what cannot be drawn is told', async () => {
    const draw = (more: object, log = false) =>
      drawFigure({
        ...figure,
        lines: [{ ...line, ...more }],
        y: { label: 'loss (nats)', log },
      });
    const lower = [1, 1, 1, 1, 1];
    await expect(draw({ lower })).rejects.toThrow(OptionError);
    await expect(draw({ lower, upper: [1] })).rejects.toThrow(ShapeError);
    await expect(
      draw({ lower, upper: [1, 1, Infinity, 1, 1] }),
    ).rejects.toThrow(NonFiniteError);
    const below = { lower: [1, 1, 0, 1, 1], upper: lower };
    await expect(draw(below, true)).rejects.toThrow(OptionError);
  });
});

describe('many lines', () => {
  const many = Array.from({ length: 12 }, (_, k) => ({
    name: `layer ${k}`,
    xs: Array.from({ length: 50 }, (_, i) => i),
    ys: Array.from({ length: 50 }, (_, i) => Math.exp(-i / (5 + k)) + k / 40),
  }));

  test('each carries its symbols, on its values', async () => {
    const svg = readSvg(await drawFigure({ ...figure, lines: many }));
    const [x, y] = [axisOf(svg, 'x'), axisOf(svg, 'y')];
    // Circles: of line 0, and of line 7, which has its colour and symbol.
    const circles = findAll(svg, 'circle').filter(
      (node) => node.parentElement!.getAttribute('aria-label') !== 'legend',
    );
    expect(circles.length).toBeGreaterThanOrEqual(8);
    for (const circle of circles) {
      const [cx, cy] = [numberOf(circle, 'cx'), numberOf(circle, 'cy')];
      const away = [many[0], many[7]].flatMap((one) =>
        one.ys.map((v, i) => Math.hypot(x(i) - cx, y(v) - cy)),
      );
      expect(Math.min(...away)).toBeLessThan(1);
    }
    expectInside(svg);
  });

  test('names stand at the ends in the order of the ends, apart', async () => {
    const svg = readSvg(await drawFigure({ ...figure, lines: many }));
    const y = axisOf(svg, 'y');
    const group = find(svg, '[aria-label="names of lines"]')!;
    const names = findAll(group, 'text');
    const ends = [...many].sort((a, b) => b.ys[49] - a.ys[49]);
    expect(names.map((node) => node.textContent)).toEqual(
      ends.map(({ name }) => name),
    );
    const at = names.map((node) => numberOf(node, 'y'));
    for (let i = 1; i < at.length; i++) {
      expect(at[i] - at[i - 1]).toBeGreaterThanOrEqual(14.9);
    }
    findAll(group, 'line').forEach((lead, i) => {
      expect(numberOf(lead, 'y1')).toBeCloseTo(y(ends[i].ys[49]), 0);
      const index = many.indexOf(ends[i]);
      expect(lead.getAttribute('stroke')).toBe(seriesStyle(index).color);
    });
  });

  test('few lines have neither; hostile names stay inside', async () => {
    const few = readSvg(
      await drawFigure({ ...figure, lines: many.slice(0, 5) }),
    );
    expect(find(few, '[aria-label="names of lines"]')).toBeUndefined();
    expect(findAll(few, 'circle')).toEqual([]);
    const hostile = many.map((one, i) => ({ ...one, name: `${HOSTILE}${i}` }));
    const svg = readSvg(await drawFigure({ ...figure, lines: hostile }));
    expect(findAll(svg, 'script')).toEqual([]);
    expectInside(svg);
  });
});

// Between two powers of ten there may be no decade to tick.
test.each([
  [2, 7],
  [0.021, 0.029],
  [1.5, 1.5000001],
  [3, 40],
])('a log axis from %d to %d has its ticks', async (low, high) => {
  const lines = [{ name: 'a', xs: [0, 1], ys: [low, high] }];
  const y = { label: 'y', log: true };
  const svg = readSvg(await drawFigure({ ...figure, lines, y }));
  const at = axisOf(svg, 'y');
  expect(at(low)).toBeGreaterThan(at(high));
});
