/**
 * Oracle: px of the bars against the values under the scale that the ticks of
 * the picture show; the text of hostile names.
 */

import { describe, expect, test } from 'vitest';
import {
  NonFiniteError,
  OptionError,
  ShapeError,
} from '../../src/base/errors.ts';
import { drawFigure } from '../../src/figures/drawing.ts';
import type { BarsFigure } from '../../src/figures/figure.ts';
import {
  axisOf,
  expectInside,
  find,
  findAll,
  HOSTILE,
  numberOf,
  readSvg,
  TAMED,
  textsOf,
} from './read-svg.ts';

const figure: BarsFigure = {
  kind: 'bars',
  name: 'times',
  title: 'Times',
  caption: '',
  groups: ['mlp', 'cnn', 'rnn'],
  series: [
    { name: 'ours', values: [2, -3, 0] },
    { name: 'paper', values: [4, null, 1.5] },
  ],
  x: { label: 'model' },
  y: { label: 'change (s)' },
};

async function drawn(of: Partial<BarsFigure> = {}) {
  const svg = readSvg(await drawFigure({ ...figure, ...of }));
  const barsOf = (name: string) =>
    findAll(svg, `g[aria-label="${name}"] rect`).map((rect) => ({
      left: numberOf(rect, 'x'),
      right: numberOf(rect, 'x') + numberOf(rect, 'width'),
      top: numberOf(rect, 'y'),
      bottom: numberOf(rect, 'y') + numberOf(rect, 'height'),
    }));
  return { svg, barsOf };
}

describe('grouped bars', () => {
  test('from 0 to the value, side by side, none for null', async () => {
    const { svg, barsOf } = await drawn();
    const x = axisOf(svg, 'x');
    const [ours, paper] = [barsOf('ours'), barsOf('paper')];
    expect(ours).toHaveLength(3);
    expect(paper).toHaveLength(2);
    const ends = (value: number) => [
      x(Math.min(0, value)),
      x(Math.max(0, value)),
    ];
    [2, -3, 0].forEach((value, i) => {
      const [left, right] = ends(value);
      expect(ours[i].left).toBeCloseTo(left, 0);
      expect(ours[i].right).toBeCloseTo(right, 0);
    });
    [4, 1.5].forEach((value, i) => {
      expect(paper[i].right).toBeCloseTo(x(value), 0);
      expect(paper[i].left).toBeCloseTo(x(0), 0);
    });
    // In order, and none on another.
    const all = [...ours, ...paper].sort((a, b) => a.top - b.top);
    for (let i = 1; i < all.length; i++) {
      expect(all[i].top).toBeGreaterThanOrEqual(all[i - 1].bottom);
    }
    expect(ours[0].bottom).toBeLessThanOrEqual(paper[0].top);
    expect(paper[0].bottom).toBeLessThan(ours[1].top);
    const texts = textsOf(svg);
    expect(texts).toEqual(
      expect.arrayContaining(['mlp', '\u22123', '0', 'change (s)', 'paper']),
    );
    expectInside(svg);
  });

  test('a logarithmic axis: ratios, and a zero of no length', async () => {
    const values = [0.002, 30, 0];
    const { svg, barsOf } = await drawn({
      series: [{ name: 'ours', values }],
      y: { label: 'time (s)', log: true },
    });
    const x = axisOf(svg, 'x', true);
    const bars = barsOf('ours');
    [0.002, 30].forEach((value, i) => {
      expect(bars[i].right).toBeCloseTo(x(value), 0);
      expect(bars[i].left).toBeCloseTo(x(0.001), 0);
    });
    expect(bars[2].left).toBe(bars[2].right);
    const all = drawn({
      series: [{ name: 'ours', values: [0, 0, null] }],
      y: { label: 'time (s)', log: true },
    });
    expectInside((await all).svg);
  });

  test('the spread is at its ends', async () => {
    const { svg } = await drawn({
      series: [
        {
          name: 'ours',
          values: [2, 3, 4],
          lower: [1, 2.5, null],
          upper: [2.5, 4, null],
        },
      ],
    });
    const x = axisOf(svg, 'x');
    const spreads = findAll(svg, '[aria-label="spread"]').map(
      (path) => /M([\d.]+) [\d.]+H([\d.]+)/.exec(path.getAttribute('d')!)!,
    );
    expect(spreads).toHaveLength(2);
    expect(Number(spreads[0][1])).toBeCloseTo(x(1), 0);
    expect(Number(spreads[0][2])).toBeCloseTo(x(2.5), 0);
    expect(Number(spreads[1][1])).toBeCloseTo(x(2.5), 0);
    expect(Number(spreads[1][2])).toBeCloseTo(x(4), 0);
  });

  test('series differ without colour too; many and hostile ones fit', async () => {
    const names = Array.from({ length: 14 }, (_, i) => `${i}${HOSTILE}`);
    const groups = Array.from({ length: 24 }, (_, i) => `layer${i}${HOSTILE}`);
    const { svg } = await drawn({
      title: HOSTILE,
      groups,
      series: names.map((name, k) => ({
        name,
        values: groups.map((_, i) => i * k),
      })),
    });
    const legend = find(svg, '[aria-label="legend"]')!;
    const looks = findAll(legend, 'rect').map((rect, i) => {
      const stroke = findAll(legend, 'rect, path')
        .slice(findAll(legend, 'rect, path').indexOf(rect) + 1)
        .at(0);
      const strokes = stroke?.localName === 'path' ? stroke : null;
      const d = strokes?.getAttribute('d') ?? 'plain';
      // Relative to the bar, so that equal textures are equal words.
      const words = d
        .replace(/M[\d.]+ [\d.]+/g, 'M')
        .replace(/L.*?(?=M|$)/g, 'L');
      return { color: rect.getAttribute('fill'), words, i };
    });
    expect(looks).toHaveLength(14);
    const pairs = new Set(looks.map(({ color, words }) => `${color} ${words}`));
    expect(pairs.size).toBe(14);
    expect(new Set(looks.map(({ color }) => color)).size).toBe(7);
    expect(find(svg, 'title')!.textContent).toBe(TAMED);
    expect(findAll(svg, 'script')).toEqual([]);
    expectInside(svg);
  });

  test('what cannot be drawn is told', async () => {
    const series = (values: (number | null)[], more = {}) =>
      drawn({ series: [{ name: 'a', values, ...more }] });
    await expect(series([1, 2])).rejects.toThrow(ShapeError);
    await expect(series([1, 2, Infinity])).rejects.toThrow(NonFiniteError);
    await expect(series([1, 2, 3], { lower: [1, 1, 1] })).rejects.toThrow(
      OptionError,
    );
    await expect(drawn({ groups: [], series: [] })).rejects.toThrow(
      OptionError,
    );
    const log = drawn({ y: { label: 'time (s)', log: true } });
    await expect(log).rejects.toThrow(OptionError);
  });
});
