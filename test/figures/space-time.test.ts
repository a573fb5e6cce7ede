/**
 * Oracle: cells decoded from their paths against the values, under the scale
 * of the ticks; luminance (WCAG) must follow the values, so that the picture
 * reads in grey; bars against their quantities.
 */

import { describe, expect, test } from 'vitest';
import {
  NonFiniteError,
  OptionError,
  ShapeError,
} from '../../src/base/errors.ts';
import { barsPicture } from '../../src/figures/bars.ts';
import { spaceTimePicture } from '../../src/figures/space-time.ts';
import {
  attributeOf,
  axisOf,
  expectInside,
  find,
  findAll,
  HOSTILE,
  type Node,
  numberOf,
  readSvg,
  TAMED,
  textsOf,
} from './read-svg.ts';

interface Cell {
  readonly fill: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function cellsOf(svg: Node): Cell[] {
  return findAll(svg, '[aria-label="cells"] path').flatMap((path) => {
    const boxes = path
      .getAttribute('d')!
      .matchAll(/M([\d.]+) ([\d.]+)H([\d.]+)V([\d.]+)H([\d.]+)z/g);
    return [...boxes].map(([, left, top, right, bottom]) => ({
      fill: path.getAttribute('fill')!,
      left: Number(left),
      right: Number(right),
      top: Number(top),
      bottom: Number(bottom),
    }));
  });
}

function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const rows = ['y', 'h1', 'h2'];
const columns = [0, 1, 2, 3];
const values = [
  [4, 2, 1, 0],
  [null, 3, 2, 1],
  [null, null, 2.5, 1.5],
];
const wave = { title: 'wave', rows, columns, values, quantity: 'error' };

describe('space and time', () => {
  test('a cell a value at its level and tick, none for null', async () => {
    const svg = readSvg(await spaceTimePicture({ ...wave, unit: 'mV' }));
    const x = axisOf(svg, 'x');
    const labels = findAll(svg, '[aria-label="y-axis tick label"] text');
    expect(labels.map((node) => node.textContent)).toEqual(rows);
    const heights = labels.map((node) =>
      Number(/,([\d.]+)\)/.exec(node.getAttribute('transform')!)![1]),
    );
    // Level 0 is the lowest.
    expect(heights[0]).toBeGreaterThan(heights[1]);
    const cells = cellsOf(svg);
    expect(cells).toHaveLength(9);
    const at = (i: number, j: number) =>
      cells.find(
        (cell) =>
          cell.left < x(j) &&
          cell.right > x(j) &&
          cell.top < heights[i] &&
          cell.bottom > heights[i],
      );
    const lit: [number, number][] = [];
    values.forEach((row, i) => {
      row.forEach((value, j) => {
        const cell = at(i, j);
        expect(cell === undefined, `${i} ${j}`).toBe(value === null);
        if (cell) lit.push([value!, luminance(cell.fill)]);
      });
    });
    lit.sort((a, b) => a[0] - b[0]);
    for (let i = 1; i < lit.length; i++) {
      if (lit[i][0] > lit[i - 1][0]) {
        expect(lit[i][1]).toBeGreaterThan(lit[i - 1][1]);
      }
    }
    const texts = textsOf(svg);
    expect(texts).toEqual(
      expect.arrayContaining(['error (mV)', 'no value', 'tick', '2.5', '4.0']),
    );
    expectInside(svg);
  });

  test('of both signs: dark both ways, strokes on what is below 0', async () => {
    const signed = Array.from({ length: 41 }, (_, i) => (i - 20) / 10);
    const svg = readSvg(
      await spaceTimePicture({
        ...wave,
        rows: ['y'],
        columns: signed.map((_, i) => i),
        values: [signed],
      }),
    );
    const lights = [...cellsOf(svg)]
      .sort((a, b) => a.left - b.left)
      .map(({ fill }) => luminance(fill));
    expect(lights).toHaveLength(41);
    for (let i = 1; i <= 20; i++) {
      expect(lights[20 + i]).toBeLessThan(lights[20 + i - 1]);
      expect(lights[20 - i]).toBeLessThan(lights[20 - i + 1]);
    }
    expect(lights[20]).toBeLessThan(0.9);
    const strokes = find(svg, 'path[aria-label="below 0"]')!;
    expect(strokes.getAttribute('d')!.match(/M/g)).toHaveLength(20);
    expect(textsOf(svg).some((text) => text.startsWith('below 0'))).toBe(true);
  });

  test('pictures of one scale share colours, and keep their digits', async () => {
    const domain = [-1.5, 1.5] as const;
    const drawn = async (row: number[]) => {
      const one = { ...wave, rows: ['y'], values: [row], domain };
      return readSvg(await spaceTimePicture(one));
    };
    const small = await drawn([0.02, -0.03, 0.25, -0.14]);
    const large = await drawn([0.25, 1.5, -1.4, 0.3]);
    const fillAt = (svg: Node, j: number) => {
      const x = axisOf(svg, 'x')(j);
      return cellsOf(svg).find(({ left, right }) => left < x && right > x)!
        .fill;
    };
    expect(fillAt(small, 2)).toBe(fillAt(large, 0));
    const texts = textsOf(small);
    expect(texts).toEqual(expect.arrayContaining(['0.02', '\u22120.14']));
    // A stroke says "below 0" beside the number, not through it.
    const strokes = find(small, 'path[aria-label="below 0"]')!;
    const starts = strokes
      .getAttribute('d')!
      .matchAll(/M([\d.]+) [\d.]+l(\S+)/g);
    const numbers = findAll(small, '[aria-label="values"] text');
    for (const [i, [, left, width]] of [...starts].entries()) {
      const middle = numberOf(numbers[2 * i + 1], 'x');
      expect(Number(left) + Number(width)).toBeLessThan(middle - 15);
    }
  });

  test('neighbours of dense cells share their edges', async () => {
    const many = Array.from({ length: 900 }, (_, i) => Math.sin(i / 30));
    const text = await spaceTimePicture({
      ...wave,
      columns: many.map((_, i) => i),
      values: rows.map((_, i) => many.map((value) => value * (i + 1))),
    });
    const svg = readSvg(text);
    const cells = cellsOf(svg);
    const tops = [...new Set(cells.map(({ top }) => top))];
    expect(tops).toHaveLength(3);
    for (const top of tops) {
      const row = cells
        .filter((cell) => cell.top === top)
        .sort((a, b) => a.left - b.left);
      for (let i = 1; i < row.length; i++) {
        expect(row[i].left).toBe(row[i - 1].right);
      }
    }
    expect(text.length).toBeLessThan(200_000);
    expectInside(svg);
  });

  test('all equal, all empty, hostile names', async () => {
    const svg = readSvg(
      await spaceTimePicture({
        title: HOSTILE,
        rows: [HOSTILE, 'h'],
        columns: ['<0>', '&1'],
        values: [
          [7, 7],
          [7, null],
        ],
        quantity: HOSTILE,
        unit: '"',
        xLabel: HOSTILE,
      }),
    );
    expect(textsOf(svg)).toContain(TAMED);
    expect(textsOf(svg)).toContain('<0>');
    expectInside(svg);
    const none = [[null]];
    const empty = { ...wave, rows: ['y'], columns: [0], values: none };
    expect(cellsOf(readSvg(await spaceTimePicture(empty)))).toEqual([]);
  });

  test.each([
    ['a row too few', { rows: ['y', 'h1'] }, ShapeError],
    ['a column too few', { columns: [0, 1] }, ShapeError],
    [
      'NaN',
      { values: values.map((row) => row.map(() => Number.NaN)) },
      NonFiniteError,
    ],
    ['a value beyond the scale', { domain: [0, 3] as const }, OptionError],
    ['a scale without length', { domain: [1, 1] as const }, OptionError],
  ])('refuses %s', async (_, wrong, error) => {
    const picture = spaceTimePicture({ ...wave, ...wrong });
    await expect(picture).rejects.toBeInstanceOf(error);
  });
});

describe('bars', () => {
  const quantities = [
    { name: 'speed', expected: 2, measured: 1.5, measuredError: 0.25 },
    { name: HOSTILE, expected: -1, measured: -0.5 },
  ];

  test('bars reach from 0 to their values, errors as far as told', async () => {
    const svg = readSvg(
      await barsPicture({ title: 'b', xLabel: 'speed (m/s)', quantities }),
    );
    const x = axisOf(svg, 'x');
    for (const [i, { expected, measured }] of quantities.entries()) {
      const name = i === 0 ? 'speed' : TAMED;
      const group = findAll(svg, 'g').find(
        (node) => attributeOf(node, 'aria-label') === name,
      )!;
      const bars = findAll(group, 'rect').map((node) => {
        const from = numberOf(node, 'x');
        return [from, from + numberOf(node, 'width')];
      });
      expect(bars).toEqual(
        [expected, measured].map((value) => [
          expect.closeTo(x(Math.min(0, value)), 0),
          expect.closeTo(x(Math.max(0, value)), 0),
        ]),
      );
    }
    const error = findAll(svg, '[aria-label="speed"] path').at(-1)!;
    const [, from, to] = /^M(\S+) \S+H([\d.]+)M/.exec(
      error.getAttribute('d')!,
    )!;
    expect(Number(from)).toBeCloseTo(x(1.25), 0);
    expect(Number(to)).toBeCloseTo(x(1.75), 0);
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining(['1.5 ± 0.25', '\u22121', 'expected', 'measured']),
    );
    expectInside(svg);
  });

  test('zeros, and numbers far apart, stay inside', async () => {
    const svg = readSvg(
      await barsPicture({
        title: 'b',
        xLabel: 'count',
        quantities: [
          { name: 'none', expected: 0, measured: 0 },
          { name: 'all', expected: 123456789, measured: -123456789 },
        ],
      }),
    );
    expectInside(svg);
  });

  test.each([
    ['none', [], OptionError],
    ['NaN', [{ name: 'a', expected: Number.NaN, measured: 0 }], NonFiniteError],
    [
      'an error below 0',
      [{ name: 'a', expected: 1, measured: 1, expectedError: -1 }],
      OptionError,
    ],
  ])('refuses %s', async (_, wrong, error) => {
    const picture = barsPicture({ title: 'b', xLabel: 'x', quantities: wrong });
    await expect(picture).rejects.toBeInstanceOf(error);
  });
});
