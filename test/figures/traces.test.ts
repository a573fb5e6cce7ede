/**
 * Oracle: the data, under the scale that the ticks of the picture show; the
 * points of a thinned line, by the definition of what it must keep.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  NonFiniteError,
  OptionError,
  ShapeError,
} from '../../src/base/errors.ts';
import { apart } from '../../src/figures/marks.ts';
import { seriesStyle } from '../../src/figures/palette.ts';
import { numberText } from '../../src/figures/scale.ts';
import { thinned } from '../../src/figures/thinning.ts';
import { ratePicture, tracesPicture } from '../../src/figures/traces.ts';
import {
  axisOf,
  expectInside,
  find,
  findAll,
  HOSTILE,
  numberOf,
  pointsOf,
  readSvg,
  TAMED,
  textsOf,
} from './read-svg.ts';

const axes = { xLabel: 'time (ms)', yLabel: 'potential (mV)' };
const times = [0, 10, 20, 30, 40, 50];

describe('traces', () => {
  test('a line has its points where the axes say', async () => {
    const values = [-70, -62.5, -55, -58, -64, -69];
    const svg = readSvg(
      await tracesPicture({
        ...axes,
        title: 'one',
        series: [{ name: 'v', times, values }],
      }),
    );
    const x = axisOf(svg, 'x');
    const y = axisOf(svg, 'y');
    const line = find(svg, 'path[aria-label="v"]')!;
    const points = pointsOf(line.getAttribute('d')!);
    expect(points).toHaveLength(times.length);
    points.forEach(([px, py], i) => {
      expect(px).toBeCloseTo(x(times[i]), 0);
      expect(py).toBeCloseTo(y(values[i]), 0);
    });
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining(['one', 'time (ms)', 'potential (mV)']),
    );
    expectInside(svg);
  });

  test('NaN is a gap, and a value between two gaps a dot', async () => {
    const values = [1, 2, Number.NaN, 4, Number.NaN, 3];
    const svg = readSvg(
      await tracesPicture({
        ...axes,
        title: 'gaps',
        series: [{ name: 'v', times, values }],
      }),
    );
    const d = find(svg, 'path[aria-label="v"]')!.getAttribute('d')!;
    expect(d.match(/M/g)).toHaveLength(3);
    const dots = findAll(svg, 'circle');
    const x = axisOf(svg, 'x');
    expect(dots.map((dot) => numberOf(dot, 'cx'))).toEqual([
      expect.closeTo(x(30), 0),
      expect.closeTo(x(50), 0),
    ]);
  });

  test('stems are upright strokes from 0, with nothing between', async () => {
    const values = [5, 0, -2, Number.NaN, 1, 0];
    const stems = { name: 'v', times, values, style: 'stems' as const };
    const picture = { ...axes, title: 'stems', series: [stems] };
    const svg = readSvg(await tracesPicture(picture));
    const x = axisOf(svg, 'x');
    const y = axisOf(svg, 'y');
    const d = find(svg, 'path[aria-label="v"]')!.getAttribute('d')!;
    const strokes = d.match(/M[^M]+/g)!.map(pointsOf);
    const kept = [0, 1, 2, 4, 5];
    expect(strokes).toHaveLength(kept.length);
    strokes.forEach((stroke, i) => {
      expect(stroke).toEqual([
        [expect.closeTo(x(times[kept[i]]), 0), expect.closeTo(y(0), 0)],
        [
          expect.closeTo(x(times[kept[i]]), 0),
          expect.closeTo(y(values[kept[i]]), 0),
        ],
      ]);
    });
    expect(findAll(svg, 'circle')).toEqual([]);
    expect(find(svg, 'desc')!.textContent).toContain('v: 6 values.');
    const log = tracesPicture({ ...picture, yLog: true });
    await expect(log).rejects.toThrow(OptionError);
  });

  test('points beside a line, both axes logarithmic', async () => {
    const xs = [1, 10, 100, 1000];
    const ys = xs.map((x) => 2 / x);
    const svg = readSvg(
      await tracesPicture({
        ...axes,
        title: 'log',
        xLog: true,
        yLog: true,
        series: [
          { name: 'theory', times: xs, values: ys },
          { name: 'measured', times: xs, values: ys, style: 'points' },
        ],
      }),
    );
    const x = axisOf(svg, 'x', true);
    const y = axisOf(svg, 'y', true);
    const points = findAll(svg, 'g[aria-label="measured"] path');
    expect(points).toHaveLength(4);
    const lineAt = pointsOf(
      find(svg, 'path[aria-label="theory"]')!.getAttribute('d')!,
    );
    lineAt.forEach(([px, py], i) => {
      expect(px).toBeCloseTo(x(xs[i]), 0);
      expect(py).toBeCloseTo(y(ys[i]), 0);
      const [, sx, sy] = /^M(\S+) (\S+?)L/.exec(points[i].getAttribute('d')!)!;
      // Upper left corner of a square of 0.9 x 4 px.
      expect(Number(sx) + 3.6).toBeCloseTo(px, 0);
      expect(Number(sy) + 3.6).toBeCloseTo(py, 0);
    });
    const legend = findAll(svg, '[aria-label="legend"] text');
    expect(legend.map((node) => node.textContent)).toEqual([
      'theory',
      'measured',
    ]);
  });

  test('hostile and long names are escaped and stay inside', async () => {
    const svg = readSvg(
      await tracesPicture({
        title: HOSTILE,
        subtitle: HOSTILE.repeat(9),
        caption: HOSTILE.repeat(9),
        width: 400,
        series: [
          { name: HOSTILE, times, values: times, unit: '<mV>' },
          { name: 'word '.repeat(40), times, values: times, style: 'points' },
        ],
        xLabel: HOSTILE.repeat(3),
        yLabel: `${HOSTILE}`,
        marks: [
          { x: 50, label: HOSTILE },
          { y: 20, label: 'a&b' },
          { x: 50, y: 50, label: '"corner"' },
        ],
      }),
    );
    expect(find(svg, 'title')!.textContent).toBe(TAMED);
    expect(findAll(svg, 'script')).toEqual([]);
    expect(textsOf(svg)).toContain('a&b');
    expect(textsOf(svg)).toContain('"corner"');
    expect(find(svg, `path[stroke="${seriesStyle(0).color}"]`)).toBeDefined();
    expectInside(svg);
  });

  test('marks stand at their values, labels beside each other', async () => {
    const svg = readSvg(
      await tracesPicture({
        ...axes,
        title: 'marks',
        series: [{ name: 'v', times, values: times }],
        marks: [
          { x: 20, label: 'stimulus begins' },
          { x: 21, label: 'first arrival' },
          { y: 30, label: 'threshold' },
          { y: 30.5, label: 'near it' },
        ],
      }),
    );
    const x = axisOf(svg, 'x');
    const y = axisOf(svg, 'y');
    const lines = findAll(svg, '[aria-label="marks"] line');
    const upright = lines.filter(
      (line) => numberOf(line, 'x1') === numberOf(line, 'x2'),
    );
    const places = upright.map((line) => numberOf(line, 'x1'));
    expect(places[0]).toBeCloseTo(x(20), 0);
    expect(places[1]).toBeCloseTo(x(21), 0);
    expect(numberOf(lines[2], 'y1')).toBeCloseTo(y(30.5), 0);
    const words = findAll(svg, '[aria-label="marks"] text');
    const heights = words.map((node) => numberOf(node, 'y'));
    expect(Math.abs(heights[0] - heights[1])).toBeGreaterThanOrEqual(14);
    expect(Math.abs(heights[2] - heights[3])).toBeGreaterThanOrEqual(14);
    expectInside(svg);
  });

  test('the same data, the same text', async () => {
    const picture = {
      ...axes,
      title: 'twice',
      series: [{ name: 'v', times, values: times }],
    };
    expect(await tracesPicture(picture)).toBe(await tracesPicture(picture));
  });

  test('no values at all are said, not drawn', async () => {
    const text = await tracesPicture({
      ...axes,
      title: 'none',
      series: [{ name: 'v', times: [], values: [] }],
    });
    expect(textsOf(readSvg(text))).toContain('no values');
  });

  test.each([
    ['no series', { series: [] }, OptionError],
    [
      'values without times',
      { series: [{ name: 'v', times: [1], values: [] }] },
      ShapeError,
    ],
    [
      'infinity',
      { series: [{ name: 'v', times: [1], values: [Infinity] }] },
      NonFiniteError,
    ],
    [
      'zero on a logarithmic axis',
      { yLog: true, series: [{ name: 'v', times: [1], values: [0] }] },
      OptionError,
    ],
    [
      'a mark of nowhere',
      {
        series: [{ name: 'v', times: [1], values: [0] }],
        marks: [{ label: 'm' }],
      },
      OptionError,
    ],
    ['no title', { title: ' ', series: [] }, OptionError],
    ['too narrow', { width: 10, series: [] }, OptionError],
    [
      'too low',
      { height: 130, series: [{ name: 'v', times: [1], values: [0] }] },
      OptionError,
    ],
  ])('refuses %s', async (_, wrong, error) => {
    const picture = tracesPicture({ ...axes, title: 't', ...wrong });
    await expect(picture).rejects.toBeInstanceOf(error);
  });
});

describe('thinning', () => {
  const runs = fc.array(
    fc.record({
      step: fc.double({ min: 0, max: 0.4, noNaN: true }),
      y: fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: -99, max: 99 }) },
        { weight: 1, arbitrary: fc.constant(Number.NaN) },
      ),
    }),
    { maxLength: 200 },
  );

  test('keeps the extremes of every column between two gaps', () => {
    fc.assert(
      fc.property(runs, (steps) => {
        let at = 0;
        const x = steps.map(({ step }) => (at += step));
        const y = steps.map((one) => one.y);
        const kept = thinned(x, y);
        expect(kept).toEqual([...new Set(kept)].sort((a, b) => a - b));
        // Grouped by definition: gaps and half pixels cut the points.
        const groups = new Map<string, number[]>();
        let gap = 0;
        y.forEach((value, i) => {
          if (Number.isNaN(value)) gap += 1;
          const key = `${gap} ${Math.floor(x[i] * 2)}`;
          if (Number.isNaN(value)) return;
          groups.set(key, [...(groups.get(key) ?? []), i]);
        });
        const has = new Set(kept);
        for (const group of groups.values()) {
          const own = group.filter((i) => has.has(i));
          expect(own.length).toBeLessThanOrEqual(4);
          expect(own[0]).toBe(group[0]);
          expect(own.at(-1)).toBe(group.at(-1));
          const of = (list: number[]) => list.map((i) => y[i]);
          expect(Math.min(...of(own))).toBe(Math.min(...of(group)));
          expect(Math.max(...of(own))).toBe(Math.max(...of(group)));
        }
        // A gap between two values is still there.
        for (let i = 1; i < kept.length; i++) {
          const between = y.slice(kept[i - 1], kept[i] + 1);
          if (!between.some(Number.isNaN)) continue;
          expect(Number.isNaN(y[kept[i - 1]]) || Number.isNaN(y[kept[i]])).toBe(
            true,
          );
        }
      }),
    );
  });

  test('a line of a million points is a small file', async () => {
    const n = 1_000_000;
    const xs = Float64Array.from({ length: n }, (_, i) => i);
    const ys = xs.map((x) => Math.sin(x * 12.9898) * 43758.5453);
    const text = await tracesPicture({
      ...axes,
      title: 'many',
      series: [{ name: 'v', times: xs, values: ys }],
    });
    expect(text.length).toBeLessThan(150_000);
    const svg = readSvg(text);
    expect(find(svg, 'desc')!.textContent).toMatch(/1000000 values \(drawn by/);
  });
});

describe('rates', () => {
  test('a bin is a step from edge to edge, before a gap too', async () => {
    const svg = readSvg(
      await ratePicture({
        title: 'rates',
        bin: 5,
        start: 100,
        groups: [
          { name: 'E', rates: [4, 8, Number.NaN, 2] },
          { name: 'I', rates: [10, 12, 10, 10] },
        ],
      }),
    );
    const x = axisOf(svg, 'x');
    const y = axisOf(svg, 'y');
    const d = find(svg, 'path[aria-label="E"]')!.getAttribute('d')!;
    const expected = [
      [100, 4],
      [105, 4],
      [105, 8],
      [110, 8],
      [115, 2],
      [120, 2],
    ];
    const points = pointsOf(d);
    expect(points).toHaveLength(expected.length);
    expected.forEach(([time, rate], i) => {
      expect(points[i][0]).toBeCloseTo(x(time), 0);
      expect(points[i][1]).toBeCloseTo(y(rate), 0);
    });
    expect(d.match(/M/g)).toHaveLength(2);
    expect(textsOf(svg)).toContain('rate (Hz)');
    const dashes = ['E', 'I'].map((name) =>
      find(svg, `path[aria-label="${name}"]`)!.getAttribute('stroke-dasharray'),
    );
    expect(dashes[0]).not.toBe(dashes[1]);
    expectInside(svg);
  });

  test.each([0, -1, Number.NaN, Infinity])(
    'refuses a bin of %s',
    async (bin) => {
      const picture = ratePicture({
        title: 't',
        bin,
        groups: [{ name: 'E', rates: [1] }],
      });
      await expect(picture).rejects.toBeInstanceOf(OptionError);
    },
  );
});

describe('words and places', () => {
  // By hand.
  test.each([
    [0, '0'],
    [0.1 + 0.2, '0.3'],
    [-1.5, '\u22121.5'],
    [1000, '1000'],
    [12345, '12,345'],
    [1234567, '1,234,567'],
    [1e7, '1e7'],
    [1e-5, '1e\u22125'],
    [0.00025, '0.00025'],
  ])('%s is written %s', (value, text) => {
    expect(numberText(value)).toBe(text);
  });

  test('the first 35 series all look different', () => {
    const looks = Array.from({ length: 35 }, (_, i) => {
      const { color, dash } = seriesStyle(i);
      return `${color} ${dash}`;
    });
    expect(new Set(looks).size).toBe(35);
  });

  test('places are pushed apart and stay in bounds', () => {
    const places = fc.array(fc.integer({ min: 0, max: 100 }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(places, (list) => {
        const sorted = [...list].sort((a, b) => a - b);
        const moved = apart(sorted, 20, 0, 100);
        moved.forEach((place, i) => {
          expect(place).toBeGreaterThanOrEqual(0);
          expect(place).toBeLessThanOrEqual(100);
          if (i > 0) expect(place - moved[i - 1]).toBeGreaterThanOrEqual(20);
        });
      }),
    );
  });
});
