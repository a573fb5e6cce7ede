/**
 * Oracle: the spikes themselves, under the scale that the ticks show and the
 * bands between the separating lines; every dot decoded from its path.
 */

import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/base/errors.ts';
import { rasterPicture } from '../../src/figures/raster.ts';
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

/** Strokes of a path of M, m and h: from, to, height. */
function strokesOf(d: string): { from: number; to: number; y: number }[] {
  const strokes: { from: number; to: number; y: number }[] = [];
  let [x, y] = [0, 0];
  for (const [, letter, a, b] of d.matchAll(
    /([Mmh])(-?[\d.]+)(?: (-?[\d.]+))?/g,
  )) {
    if (letter === 'M') [x, y] = [Number(a), Number(b)];
    if (letter === 'm') x += Number(a);
    if (letter !== 'h') continue;
    strokes.push({ from: x, to: x + Number(a), y });
    x += Number(a);
  }
  return strokes;
}

/** Small, fast, good enough to place spikes. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const groups = [
  { name: 'E', size: 5 },
  { name: 'I', size: 3 },
];

describe('raster', () => {
  test('a tick a spike, at its time, in the row of its neuron', async () => {
    const spikes = [
      { time: 0, neuron: 0, group: 'E' },
      { time: 50, neuron: 4, group: 'E' },
      { time: 100, neuron: 2, group: 'I' },
      // Over all groups: neuron 6 is the second of I.
      { time: 25, neuron: 6 },
    ];
    const svg = readSvg(
      await rasterPicture({ title: 'r', spikes, groups, duration: 100 }),
    );
    const x = axisOf(svg, 'x');
    const frame = find(svg, 'rect[aria-label="frame"]')!;
    const bottom = numberOf(frame, 'y') + numberOf(frame, 'height');
    const row = numberOf(frame, 'height') / 8;
    const ticks = (name: string) =>
      strokesOf(
        find(svg, `path[aria-label="spikes of ${name}"]`)!.getAttribute('d')!,
      ).map(({ from, to, y }) => ({ x: (from + to) / 2, y }));
    const expected = (list: [number, number][]) =>
      list.map(([time, neuron]) => ({
        x: expect.closeTo(x(time), 0),
        y: expect.closeTo(bottom - (neuron + 0.5) * row, 1),
      }));
    expect(ticks('E')).toEqual(
      expected([
        [0, 0],
        [50, 4],
      ]),
    );
    expect(ticks('I')).toEqual(
      expected([
        [25, 6],
        [100, 7],
      ]),
    );
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining(['E (5)', 'I (3)', 'time (ms)']),
    );
    expectInside(svg);
  });

  test('100,000 spikes: every one has a dot, and few bytes', async () => {
    const next = random(1);
    const big = [
      { name: 'E', size: 3200 },
      { name: 'I', size: 800 },
    ];
    const spikes = Array.from({ length: 100_000 }, () => {
      return { time: next() * 1000, neuron: Math.floor(next() * 4000) };
    });
    const text = await rasterPicture({
      title: 'many',
      spikes,
      groups: big,
      duration: 1000,
    });
    expect(text.length).toBeLessThan(1_000_000);
    const svg = readSvg(text);
    const paths = findAll(svg, 'path[aria-label^="spikes of"]');
    expect(paths).toHaveLength(2);
    const inked = new Set<string>();
    for (const path of paths) {
      for (const { from, to, y } of strokesOf(path.getAttribute('d')!)) {
        for (let at = from; at < to - 0.01; at += 0.5) {
          inked.add(`${Math.round(at * 2)} ${Math.round(y * 2)}`);
        }
      }
    }
    const x = axisOf(svg, 'x');
    const frame = find(svg, 'rect[aria-label="frame"]')!;
    const bottom = numberOf(frame, 'y') + numberOf(frame, 'height');
    const row = numberOf(frame, 'height') / 4000;
    const near = (time: number, neuron: number) => {
      const px = Math.round(x(time) * 2);
      const py = Math.round((bottom - (neuron + 0.5) * row) * 2);
      for (let dx = -3; dx <= 3; dx++) {
        for (let dy = -3; dy <= 3; dy++) {
          if (inked.has(`${px + dx} ${py + dy}`)) return true;
        }
      }
      return false;
    };
    const lost = spikes.filter(({ time, neuron }) => !near(time, neuron));
    expect(lost).toEqual([]);
    expect(find(svg, 'desc')!.textContent).toMatch(
      /100000 spikes .* on \d+ dots/,
    );
  });

  test('the worst case, every other dot of a large picture', async () => {
    const spikes = Array.from({ length: 400_000 }, (_, i) => {
      return { time: (i % 1000) + 0.5, neuron: Math.floor(i / 1000) * 2 };
    });
    const text = await rasterPicture({
      ...{ title: 'worst', spikes, duration: 1000, width: 2000, height: 1500 },
      groups: [{ name: 'E', size: 800 }],
    });
    expect(text.length).toBeLessThan(1_000_000);
  });

  test('no spikes: axes and groups all the same', async () => {
    const svg = readSvg(
      await rasterPicture({ title: 'r', spikes: [], groups, duration: 0.5 }),
    );
    expect(textsOf(svg)).toContain('I (3)');
    for (const path of findAll(svg, 'path[aria-label^="spikes of"]')) {
      expect(path.getAttribute('d')).toBeNull();
    }
    expectInside(svg);
  });

  test('tiny groups keep room for their labels; names are escaped', async () => {
    const many = [
      { name: 'huge', size: 100_000 },
      ...Array.from({ length: 12 }, (_, i) => ({ name: `g${i}`, size: 1 })),
      { name: HOSTILE, size: 2 },
    ];
    const svg = readSvg(
      await rasterPicture({
        title: HOSTILE,
        spikes: [{ time: 1, neuron: 1, group: HOSTILE }],
        groups: many,
        duration: 10,
      }),
    );
    const names = findAll(svg, 'text').filter((node) =>
      /\(\d+(,\d+)*\)$/.test(node.textContent),
    );
    expect(names).toHaveLength(many.length);
    expect(names.at(-1)!.textContent).toBe(`${TAMED} (2)`);
    const heights = names.map((node) => numberOf(node, 'y'));
    for (let i = 1; i < heights.length; i++) {
      expect(heights[i - 1] - heights[i]).toBeGreaterThanOrEqual(16);
    }
    expectInside(svg);
  });

  test.each([
    ['no groups', { groups: [] }],
    ['a group of no size', { groups: [{ name: 'E', size: 0 }] }],
    ['two of a name', { groups: [...groups, { name: 'E', size: 1 }] }],
    ['no duration', { duration: 0 }],
    ['a late spike', { spikes: [{ time: 101, neuron: 0 }] }],
    ['a spike at NaN', { spikes: [{ time: Number.NaN, neuron: 0 }] }],
    ['an unknown group', { spikes: [{ time: 1, neuron: 0, group: 'X' }] }],
    ['neuron 3 of 3', { spikes: [{ time: 1, neuron: 3, group: 'I' }] }],
    ['half a neuron', { spikes: [{ time: 1, neuron: 0.5 }] }],
    ['too low a picture', { height: 130 }],
  ])('refuses %s', async (_, wrong) => {
    const right = { title: 'r', spikes: [], groups, duration: 100 };
    const picture = rasterPicture({ ...right, ...wrong });
    await expect(picture).rejects.toBeInstanceOf(OptionError);
  });
});
