/**
 * Oracle: cells decoded from their paths against the values; the definition
 * of a line of equal value (the interpolated field on it is the level); on a
 * logarithmic scale equal ratios must be equal steps of the colour bar.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  NonFiniteError,
  OptionError,
  ShapeError,
} from '../../src/base/errors.ts';
import { contours } from '../../src/figures/contours.ts';
import { drawFigure } from '../../src/figures/drawing.ts';
import type { HeatFigure } from '../../src/figures/figure.ts';
import {
  expectInside,
  find,
  findAll,
  HOSTILE,
  type Node,
  numberOf,
  readSvg,
  textsOf,
} from './read-svg.ts';

const figure: HeatFigure = {
  kind: 'heat',
  name: 'gamma-t',
  title: 'Divergence',
  caption: 'Zero at one place.',
  x: { label: 't (steps)', places: [1, 2, 3, 4] },
  y: { label: 'gamma (1)', places: [0.5, 1] },
  values: [
    [1, 0.01, 0.1, 1],
    [0.01, 0, null, 10],
  ],
  scale: { label: 'divergence (1)', log: true },
};

/** Fill and middle of every coloured cell. */
function cellsOf(svg: Node) {
  return findAll(svg, '[aria-label="cells"] path').flatMap((path) =>
    [
      ...path
        .getAttribute('d')!
        .matchAll(/M([\d.]+) ([\d.]+)H([\d.]+)V([\d.]+)H/g),
    ].map(([, left, top, right, bottom]) => ({
      fill: path.getAttribute('fill')!,
      x: (Number(left) + Number(right)) / 2,
      y: (Number(top) + Number(bottom)) / 2,
    })),
  );
}

/** Px of the labels' ticks along an axis, in their order. */
function ticksOf(svg: Node, axis: 'x' | 'y') {
  return findAll(svg, `[aria-label="${axis}-axis tick label"] text`).map(
    (node) => {
      const [, x, y] = /translate\(([\d.]+),([\d.]+)/.exec(
        node.getAttribute('transform')!,
      )!;
      return { text: node.textContent, at: Number(axis === 'x' ? x : y) };
    },
  );
}

function luminance(color: string): number {
  const parts = [1, 3, 5].map((at) =>
    Number.parseInt(color.slice(at, at + 2), 16),
  );
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
}

describe('heat maps', () => {
  test('a cell a value, where its places are; zero and null are no colour', async () => {
    const svg = readSvg(await drawFigure(figure));
    const xs = ticksOf(svg, 'x');
    const ys = ticksOf(svg, 'y');
    expect(xs.map(({ text }) => text)).toEqual(['1', '2', '3', '4']);
    expect(ys.map(({ text }) => text)).toEqual(['0.5', '1']);
    // Numbers go upwards.
    expect(ys[0].at).toBeGreaterThan(ys[1].at);
    const cells = cellsOf(svg);
    expect(cells).toHaveLength(6);
    const at = (i: number, j: number) =>
      cells.find(
        ({ x, y }) => Math.abs(x - xs[j].at) < 2 && Math.abs(y - ys[i].at) < 2,
      );
    figure.values.forEach((row, i) => {
      row.forEach((value, j) => {
        expect(at(i, j) === undefined, `${i} ${j}`).toBe(!value);
      });
    });
    // 0.01, 0.1, 1, 10: lighter and lighter; equal values, equal colours.
    const fills = [at(0, 1), at(0, 2), at(0, 3), at(1, 3)].map((c) => c!.fill);
    const lights = fills.map(luminance);
    expect([...lights].sort((a, b) => a - b)).toEqual(lights);
    expect(new Set(lights).size).toBe(4);
    expect(at(1, 0)!.fill).toBe(fills[0]);
    expect(at(0, 0)!.fill).toBe(fills[2]);
    const zero = findAll(svg, '[aria-label="exactly 0"] rect');
    expect(zero).toHaveLength(1);
    const middle = numberOf(zero[0], 'x') + numberOf(zero[0], 'width') / 2;
    expect(middle).toBeCloseTo(xs[1].at, 0);
    const texts = textsOf(svg);
    expect(texts).toEqual(
      expect.arrayContaining(['exactly 0', 'no value', '0', 'divergence (1)']),
    );
    expectInside(svg);
  });

  test('ticks of a logarithmic scale: equal ratios, equal distances', async () => {
    const svg = readSvg(await drawFigure(figure));
    const bar = find(svg, '[aria-label="colour scale"]')!;
    const ticks = findAll(bar, 'text')
      .filter((node) => /^[\d.]+$/.test(node.textContent))
      .map((node) => [Number(node.textContent), numberOf(node, 'y')]);
    expect(ticks.map(([value]) => value)).toEqual([0.01, 0.1, 1, 10]);
    const gaps = ticks.slice(1).map(([, y], i) => ticks[i][1] - y);
    for (const gap of gaps) expect(gap).toBeCloseTo(gaps[0], 1);
    expect(gaps[0]).toBeGreaterThan(10);
  });

  test('rows of names go down as in a table; long names stay whole', async () => {
    const places = Array.from({ length: 16 }, (_, i) => `encoder${i}weight`);
    const svg = readSvg(
      await drawFigure({
        ...figure,
        x: { label: 'layer', places },
        y: { label: 'rule', places: ['first', 'second'] },
        values: [places.map((_, i) => i), places.map((_, i) => -i)],
        scale: { label: 'change (1)' },
      }),
    );
    const ys = ticksOf(svg, 'y');
    const first = ys.find(({ text }) => text === 'first')!;
    const second = ys.find(({ text }) => text === 'second')!;
    expect(first.at).toBeLessThan(second.at);
    // Blue is below 0, orange above.
    const blue = ({ fill }: { fill: string }) =>
      Number.parseInt(fill.slice(5), 16) >
      Number.parseInt(fill.slice(1, 3), 16);
    const last = cellsOf(svg).filter(({ x }) => x > 400);
    for (const cell of last) {
      expect(blue(cell)).toBe(Math.abs(cell.y - second.at) < 5);
    }
    expect(textsOf(svg)).toEqual(expect.arrayContaining(places));
    expectInside(svg);
  });

  test('no value above 0, one place, hostile names', async () => {
    const one = { label: HOSTILE, places: [HOSTILE] };
    for (const value of [0, null, 3]) {
      const svg = readSvg(
        await drawFigure({
          ...figure,
          title: HOSTILE,
          x: one,
          y: one,
          values: [[value]],
        }),
      );
      expect(cellsOf(svg)).toHaveLength(value ? 1 : 0);
      expect(findAll(svg, 'script')).toEqual([]);
      expectInside(svg);
    }
  });

  test('what cannot be drawn is told', async () => {
    const draw = (values: HeatFigure['values']) =>
      drawFigure({ ...figure, values });
    await expect(draw([[1, 2, 3, 4]])).rejects.toThrow(ShapeError);
    await expect(draw([[1], [2]])).rejects.toThrow(ShapeError);
    const row = [1, 1, 1, 1];
    await expect(draw([row, [1, Number.NaN, 1, 1]])).rejects.toThrow(
      NonFiniteError,
    );
    await expect(draw([row, [1, -1, 1, 1]])).rejects.toThrow(OptionError);
  });
});

/** The field at a point on a side between two neighbours. */
function interpolated(
  field: readonly (readonly number[])[],
  x: number,
  y: number,
) {
  const [left, low] = [Math.floor(x), Math.floor(y)];
  const [dx, dy] = [x - left, y - low];
  const at = (i: number, j: number) => field[i]?.[j] ?? 0;
  const below = at(low, left) * (1 - dx) + at(low, left + 1) * dx;
  const above = at(low + 1, left) * (1 - dx) + at(low + 1, left + 1) * dx;
  return below * (1 - dy) + above * dy;
}

describe('contours', () => {
  const field = fc
    .tuple(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 2, max: 6 }))
    .chain(([rows, columns]) =>
      fc.array(
        fc.array(fc.integer({ min: -9, max: 9 }), {
          minLength: columns,
          maxLength: columns,
        }),
        { minLength: rows, maxLength: rows },
      ),
    );

  test('the field is the level on them, and they end at the edge only', () => {
    fc.assert(
      fc.property(field, (values) => {
        const level = 0.5;
        const [rows, columns] = [values.length, values[0].length];
        const edge = ([x, y]: readonly [number, number]) =>
          x === 0 || y === 0 || x === columns - 1 || y === rows - 1;
        for (const line of contours(values, level)) {
          for (const [x, y] of line) {
            expect(interpolated(values, x, y)).toBeCloseTo(level, 9);
          }
          const [a, b] = [line[0], line.at(-1)!];
          const closed = Math.hypot(a[0] - b[0], a[1] - b[1]) < 1e-9;
          expect(closed || (edge(a) && edge(b))).toBe(true);
        }
      }),
    );
  });

  test('every side whose ends are on both sides is crossed once', () => {
    fc.assert(
      fc.property(field, (values) => {
        const crossed = new Set(
          contours(values, 0.5)
            .flat()
            .map((point) => point.map((v) => v.toFixed(6)).join()),
        );
        let sides = 0;
        values.forEach((row, i) => {
          row.forEach((value, j) => {
            for (const next of [row[j + 1], values[i + 1]?.[j]]) {
              if (next !== undefined && value > 0.5 !== next > 0.5) sides += 1;
            }
          });
        });
        expect(crossed.size).toBe(sides);
      }),
    );
  });

  test('a saddle joins the corners that its mean is with', () => {
    // The mean is above: the two low corners are cut off by themselves.
    const [one, other] = contours(
      [
        [0, 4],
        [4, 0],
      ],
      1,
    );
    const around = (line: readonly (readonly [number, number])[]) =>
      line.map(([x, y]) => Math.min(x + y, 2 - x - y));
    expect([...around(one), ...around(other)]).toEqual([
      0.25, 0.25, 0.25, 0.25,
    ]);
    expect(one[0][0] + one[0][1] < 1).toBe(one[1][0] + one[1][1] < 1);
  });

  test('on the picture, where the cells are', async () => {
    const places = Array.from({ length: 21 }, (_, i) => i - 10);
    const svg = readSvg(
      await drawFigure({
        ...figure,
        x: { label: 'a (1)', places },
        y: { label: 'b (1)', places },
        values: places.map((y) => places.map((x) => x * x + y * y)),
        scale: { label: 'loss (nats)' },
        contours: true,
      }),
    );
    const circle = find(svg, '[aria-label="equal to 50"]')!;
    const xs = ticksOf(svg, 'x');
    const ys = ticksOf(svg, 'y');
    const scale = (ticks: ReturnType<typeof ticksOf>) => {
      const number = (text: string) => Number(text.replace('\u2212', '-'));
      const [a, b] = [ticks[0], ticks.at(-1)!];
      const per = (number(b.text) - number(a.text)) / (b.at - a.at);
      return (at: number) => number(a.text) + (at - a.at) * per;
    };
    const points = [
      ...circle.getAttribute('d')!.matchAll(/[ML]([\d.]+) ([\d.]+)/g),
    ];
    expect(points.length).toBeGreaterThan(20);
    for (const [, x, y] of points) {
      const radius = Math.hypot(scale(xs)(Number(x)), scale(ys)(Number(y)));
      expect(Math.abs(radius - Math.sqrt(50))).toBeLessThan(0.1);
    }
    expectInside(svg);
  });
});
