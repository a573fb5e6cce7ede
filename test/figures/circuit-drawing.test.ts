/**
 * Oracle: geometry. Curves are followed point by point (de Casteljau) and may
 * touch no population but their own two; boxes, delays and words may not lie
 * on each other; heads stand where their populations are.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/base/errors.ts';
import {
  type CircuitPicture,
  circuitPicture,
  type DrawnAxon,
  type DrawnPopulation,
} from '../../src/figures/circuit-drawing.ts';
import {
  crossings,
  type Item,
  layersOf,
  ordered,
  spread,
} from '../../src/figures/circuit-layers.ts';
import { KINDS } from '../../src/figures/circuit-shapes.ts';
import {
  attributeOf,
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

interface Box {
  readonly name: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

type Point = readonly [number, number];

/** Points along a path of M, C, V, H, A (a half circle) and L. */
function along(d: string): Point[] {
  const points: Point[] = [];
  let [x, y] = [0, 0];
  for (const [, letter, rest] of d.matchAll(/([MCVHAL])([^MCVHAL]*)/g)) {
    const n = (rest.match(/-?[\d.]+/g) ?? []).map(Number);
    if (letter === 'M') [x, y] = n;
    const from: Point = [x, y];
    if (letter === 'C') {
      const corners = [from, [n[0], n[1]], [n[2], n[3]], [n[4], n[5]]];
      for (let t = 0; t <= 1; t += 0.02) {
        let row = corners.map((corner) => [...corner]);
        while (row.length > 1) {
          row = row
            .slice(1)
            .map((corner, i) =>
              corner.map((v, k) => row[i][k] * (1 - t) + v * t),
            );
        }
        points.push([row[0][0], row[0][1]]);
      }
      [x, y] = [n[4], n[5]];
    }
    if (letter === 'V') y = n[0];
    if (letter === 'H') x = n[0];
    if (letter === 'L') [x, y] = n;
    if (letter === 'A') [x, y] = [n[5], n[6]];
    if (letter === 'V' || letter === 'H' || letter === 'L') {
      for (let t = 0; t <= 1; t += 0.05) {
        points.push([from[0] * (1 - t) + x * t, from[1] * (1 - t) + y * t]);
      }
    }
    points.push([x, y]);
  }
  return points;
}

/** Box of a population's outline: its first shape. */
function boxOf(group: Node): Box {
  const name = attributeOf(group, 'data-population')!;
  const rect = find(group, 'rect');
  if (rect) {
    const [left, top] = [numberOf(rect, 'x'), numberOf(rect, 'y')];
    const right = left + numberOf(rect, 'width');
    return { name, left, right, top, bottom: top + numberOf(rect, 'height') };
  }
  const d = find(group, 'path')!.getAttribute('d')!;
  const points = along(d);
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return {
    name,
    left: Math.min(...xs),
    right: Math.max(...xs),
    top: Math.min(...ys),
    bottom: Math.max(...ys),
  };
}

const apart = (a: Box, b: Box) =>
  a.right <= b.left ||
  b.right <= a.left ||
  a.bottom <= b.top ||
  b.bottom <= a.top;

const holds = ({ left, right, top, bottom }: Box, [x, y]: Point, by: number) =>
  x > left + by && x < right - by && y > top + by && y < bottom - by;

/** Where the right side of an outline is at a height. */
function rightOf(group: Node, y: number): number {
  const { right } = boxOf(group);
  if (find(group, 'rect')) return right;
  const points = along(find(group, 'path')!.getAttribute('d')!);
  const near = points.map(([x, at]) => [Math.abs(at - y), x]);
  const closest = Math.min(...near.map(([far]) => far));
  return Math.max(
    ...near.filter(([far]) => far < closest + 1e-9).map(([, x]) => x),
  );
}

/** Everything that must hold of any drawing. */
async function check(picture: CircuitPicture): Promise<Node> {
  const svg = readSvg(await circuitPicture(picture));
  const boxes = findAll(svg, '[data-population]').map(boxOf);
  expect(boxes.map(({ name }) => name)).toEqual(
    picture.populations.map(({ id }) => id),
  );
  const carried = findAll(svg, '[data-carried]').map((group) => {
    const rects = findAll(group, 'rect').map((rect) => {
      const [left, top] = [numberOf(rect, 'x'), numberOf(rect, 'y')];
      const right = left + numberOf(rect, 'width');
      const bottom = top + numberOf(rect, 'height');
      return { left, right, top, bottom };
    });
    return {
      name: attributeOf(group, 'data-carried')!,
      left: Math.min(...rects.map(({ left }) => left)),
      right: Math.max(...rects.map(({ right }) => right)),
      top: Math.min(...rects.map(({ top }) => top)),
      bottom: Math.max(...rects.map(({ bottom }) => bottom)),
    };
  });
  const all = [...boxes, ...carried];
  all.forEach((a, i) => {
    for (const b of all.slice(i + 1)) {
      expect(apart(a, b), `${a.name} on ${b.name}`).toBe(true);
    }
  });
  const axons = findAll(svg, '[data-axon]');
  expect(axons).toHaveLength(picture.axons.length);
  axons.forEach((group, i) => {
    const { from, to, delay, label = '' } = picture.axons[i];
    const d = findAll(group, 'path')[1].getAttribute('d')!;
    const points = along(d);
    for (const box of boxes) {
      const own = box.name === from || box.name === to;
      const inside = points.filter((point) => holds(box, point, own ? 12 : 0));
      expect(inside, `${from} -> ${to} through ${box.name}`).toEqual([]);
    }
    // Nothing passes behind what another axon carries.
    const own = picture.axons
      .slice(0, i)
      .filter((one) => one.delay !== null || (one.label ?? '') !== '').length;
    const others =
      delay !== null || label !== ''
        ? carried.filter((_, k) => k !== own)
        : carried;
    for (const other of others) {
      const inside = points.filter((point) => holds(other, point, 0));
      expect(inside, `${from} -> ${to} behind ${other.name}`).toEqual([]);
    }
    const target = boxes.find(({ name }) => name === to)!;
    const [x, y] = points.at(-1)!;
    if (from === to) {
      const node = find(svg, `[data-population="${to}"]`)!;
      expect(x - rightOf(node, y)).toBeCloseTo(9, 0);
      expect(y).toBeGreaterThan(target.top + 8);
      expect(y).toBeLessThan(target.bottom - 8);
      return;
    }
    // A head of 9 px is between the way's end and the population.
    const dx = Math.max(target.left - x, 0, x - target.right);
    const dy = Math.max(target.top - y, 0, y - target.bottom);
    expect(Math.hypot(dx, dy)).toBeCloseTo(9, 1);
  });
  expectInside(svg);
  return svg;
}

const population = (id: string, level?: number): DrawnPopulation => {
  return { id, kind: 'graded', level };
};
const axon = (from: string, to: string, delay: string | null = null) => {
  return { from, to, delay };
};

describe('a drawing of a circuit', () => {
  test('shows nodes, signs, loops, pairs, skips and every delay', async () => {
    const axons: DrawnAxon[] = [
      { from: 'in', to: 'e', delay: null, sign: 1 },
      { from: 'e', to: 'x', delay: '5 ms', sign: 1 },
      { from: 'x', to: 'e', delay: '7 ms', sign: -1 },
      { from: 'x', to: 'x', delay: '2 ms' },
      { from: 'in', to: 'top', delay: '20 ms', sign: 1, label: 'skip' },
      { from: 'x', to: 'top', delay: null, sign: 0 },
      { from: 'top', to: 'in', delay: '30 ms', sign: -1 },
    ];
    const svg = await check({
      title: 'all',
      populations: [
        { id: 'in', kind: 'source', size: 784, level: 0 },
        { id: 'e', kind: 'value-error', level: 0 },
        { id: 'x', kind: 'graded', level: 1 },
        { id: 'top', kind: 'spiking', level: 4, size: 12000 },
      ],
      axons,
    });
    const texts = textsOf(svg);
    expect(texts).toEqual(
      expect.arrayContaining([
        ...['5 ms', '7 ms', '2 ms', '20 ms', '30 ms', 'skip'],
        ...['n = 784', 'n = 12,000', 'level 0', 'level 1', 'level 4'],
        ...['excites', 'inhibits', 'delay'],
      ]),
    );
    // A delay is green, and lies on its own axon.
    const pills = findAll(svg, '[data-carried] rect[rx]');
    expect(pills).toHaveLength(5);
    for (const pill of pills) {
      expect(pill.getAttribute('fill')).toBe('#8fd9bf');
      const name = pill.parentElement!.getAttribute('data-carried')!;
      const way = find(svg, `[data-axon="${name}"] path`)!;
      const left = numberOf(pill, 'x');
      const top = numberOf(pill, 'y');
      const box = {
        ...{ name, left, right: left + numberOf(pill, 'width') },
        ...{ top, bottom: top + numberOf(pill, 'height') },
      };
      const on = along(way.getAttribute('d')!).some((at) => holds(box, at, -1));
      expect(on, name).toBe(true);
    }
    // A ball inhibits, an arrow excites: one at the end of each axon.
    const balls = findAll(svg, '[data-axon] circle');
    expect(balls).toHaveLength(axons.filter(({ sign }) => sign === -1).length);
    // Level 0 is the lowest row.
    const y = (id: string) =>
      boxOf(find(svg, `[data-population="${id}"]`)!).top;
    expect(y('in')).toBeGreaterThan(y('x'));
    expect(y('x')).toBeGreaterThan(y('top'));
  });

  test('kinds differ in shape', async () => {
    const svg = await check({
      title: 'kinds',
      populations: KINDS.map((kind) => ({ id: kind, kind })),
      axons: [],
    });
    const shapes = findAll(svg, '[data-population]').map((group) => {
      const outline = [...group.children].filter(({ localName }) =>
        ['rect', 'path'].includes(localName),
      );
      return outline
        .map((node) => `${node.localName} ${node.getAttribute('rx')}`)
        .join();
    });
    expect(new Set(shapes.slice(1)).size).toBe(3);
    expect(shapes[0]).not.toBe(shapes[3]);
  });

  test('random circuits, with and without levels', async () => {
    const circuits = fc.integer({ min: 1, max: 14 }).chain((n) =>
      fc.record({
        levels: fc.option(fc.array(fc.nat(4), { minLength: n, maxLength: n }), {
          nil: undefined,
        }),
        kinds: fc.array(fc.constantFrom(...KINDS), {
          minLength: n,
          maxLength: n,
        }),
        axons: fc.array(
          fc.record({
            from: fc.nat(n - 1),
            to: fc.nat(n - 1),
            delay: fc.constantFrom(null, '2', '20 ms', 'a very long delay'),
            sign: fc.constantFrom(1 as const, -1 as const, 0 as const),
            label: fc.constantFrom(undefined, 'w'),
          }),
          { maxLength: 24 },
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(circuits, async ({ levels, kinds, axons }) => {
        await check({
          title: 'random',
          populations: kinds.map((kind, i) => {
            return { id: `p${i}`, kind, level: levels?.[i], size: i + 1 };
          }),
          axons: axons.map((one) => {
            return { ...one, from: `p${one.from}`, to: `p${one.to}` };
          }),
        });
      }),
      { numRuns: 60 },
    );
  });

  test.each(KINDS)('loops of one %s population lie apart', async (kind) => {
    const axons: DrawnAxon[] = [
      { ...axon('a', 'a', '1 to 20 ms'), sign: 1, label: 'exc' },
      { ...axon('a', 'a', '1 to 20 ms'), sign: -1, label: 'inh' },
      axon('a', 'a'),
      { ...axon('a', 'a'), label: 'a port' },
      axon('a', 'a', '9 ms'),
    ];
    const svg = await check({
      title: 'loops',
      populations: [{ id: 'a', kind, size: 9 }, population('b')],
      axons,
    });
    // From above in the order given, each with its words beside it.
    const rows = findAll(svg, '[data-carried]').map((group) => {
      const middles = findAll(group, 'rect').map(
        (rect) => numberOf(rect, 'y') + numberOf(rect, 'height') / 2,
      );
      for (const middle of middles) expect(middle).toBeCloseTo(middles[0], 1);
      return { y: middles[0], texts: textsOf(group) };
    });
    expect(rows.map(({ texts }) => texts)).toEqual([
      ['1 to 20 ms', 'exc'],
      ['1 to 20 ms', 'inh'],
      ['a port'],
      ['9 ms'],
    ]);
    const heights = rows.map(({ y }) => y);
    expect(heights).toEqual([...heights].sort((a, b) => a - b));
    const loops = findAll(svg, '[data-axon]').map((group) =>
      along(findAll(group, 'path')[1].getAttribute('d')!),
    );
    for (let i = 1; i < loops.length; i++) {
      const below = Math.max(...loops[i - 1].map(([, y]) => y));
      expect(Math.min(...loops[i].map(([, y]) => y))).toBeGreaterThan(below);
    }
  });

  test('60 populations', async () => {
    const ids = Array.from({ length: 60 }, (_, i) => `p${i}`);
    const svg = await check({
      title: 'sixty',
      populations: ids.map((id) => population(id)),
      axons: ids.flatMap((_, i) =>
        [7, 10, 23]
          .filter((step) => i + step < 60)
          .map((step) => axon(ids[i], ids[i + step], `${step} ms`)),
      ),
    });
    expect(findAll(svg, '[data-population]')).toHaveLength(60);
  });

  test('hostile and long names are escaped, and whole in titles', async () => {
    const long = `${HOSTILE} ${'long '.repeat(40)}`;
    const svg = readSvg(
      await circuitPicture({
        title: HOSTILE,
        populations: [population(HOSTILE), population(long)],
        axons: [{ ...axon(HOSTILE, long, HOSTILE), label: HOSTILE }],
      }),
    );
    const titles = findAll(svg, '[data-population] title');
    expect(titles[0].textContent).toBe(`${TAMED} (graded)`);
    expect(titles[1].textContent).toContain('long long long');
    expect(textsOf(svg).filter((text) => text === TAMED)).toHaveLength(3);
    expect(findAll(svg, 'script')).toEqual([]);
    expectInside(svg);
  });

  const two = [population('a'), population('b')];
  test.each([
    ['no population', { populations: [] }],
    ['two of a name', { populations: [population('a'), population('a')] }],
    ['an empty name', { populations: [population(' ')] }],
    [
      'half of the levels',
      { populations: [population('a', 1), population('b')] },
    ],
    ['a level below 0', { populations: [population('a', -1)] }],
    [
      'an unknown kind',
      { populations: [{ id: 'a', kind: 'odd' as 'graded' }] },
    ],
    ['size 0', { populations: [{ ...population('a'), size: 0 }] }],
    ['an axon from nowhere', { populations: two, axons: [axon('x', 'a')] }],
    ['an axon to nowhere', { populations: two, axons: [axon('a', 'x')] }],
    [
      'a sign of 2',
      { populations: two, axons: [{ ...axon('a', 'b'), sign: 2 as 1 }] },
    ],
  ])('refuses %s', async (_, wrong) => {
    const picture = circuitPicture({ title: 't', axons: [], ...wrong });
    await expect(picture).rejects.toBeInstanceOf(OptionError);
  });
});

describe('layers', () => {
  test('a ladder with a skip and a way back', () => {
    const layers = layersOf(
      ['x', 'h', 'y', 's'],
      [
        ...[axon('x', 'h'), axon('h', 'y'), axon('x', 'y'), axon('y', 'h')],
        // A source just before the one that reads it.
        axon('s', 'y'),
      ],
    );
    expect(Object.fromEntries(layers)).toEqual({ x: 0, h: 1, y: 2, s: 1 });
  });

  test('without cycles every link goes up', () => {
    const links = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 25 });
    fc.assert(
      fc.property(links, (pairs) => {
        const ids = Array.from({ length: 10 }, (_, i) => `${i}`);
        const up = pairs
          .filter(([a, b]) => a !== b)
          .map(([a, b]) => axon(`${Math.min(a, b)}`, `${Math.max(a, b)}`));
        const layers = layersOf(ids, up);
        for (const { from, to } of up) {
          expect(layers.get(from)!).toBeLessThan(layers.get(to)!);
        }
      }),
    );
  });

  const item = (half: number, left = 5, right = 5): Item => {
    return { half, left, right, node: true, below: [], above: [], x: 0 };
  };

  test('two crossed links are uncrossed', () => {
    const low = [item(0), item(0)];
    const high = [item(1), item(1)];
    low.forEach((one, i) => {
      one.above.push(high[1 - i]);
      high[1 - i].below.push(one);
    });
    expect(crossings([low, high])).toBe(1);
    expect(crossings(ordered([low, high]))).toBe(0);
  });

  test('placing is least squares: no move of a block does better', () => {
    const rows = fc.array(
      fc.record({
        wanted: fc.integer({ min: -50, max: 50 }),
        weight: fc.integer({ min: 1, max: 5 }),
        side: fc.integer({ min: 1, max: 9 }),
      }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(rows, (row) => {
        const items = row.map(({ side }) => item(0, side, side));
        const wanted = row.map((one) => one.wanted);
        const weights = row.map(({ weight }) => weight);
        spread(items, wanted, weights);
        const fits = (xs: number[]) =>
          xs.every(
            (x, i) =>
              i === 0 ||
              x - xs[i - 1] >= items[i].left + items[i - 1].right - 1e-9,
          );
        const cost = (xs: number[]) =>
          xs.reduce((sum, x, i) => sum + weights[i] * (x - wanted[i]) ** 2, 0);
        const xs = items.map(({ x }) => x);
        expect(fits(xs)).toBe(true);
        for (let from = 0; from < xs.length; from++) {
          for (let to = from + 1; to <= xs.length; to++) {
            for (const step of [-0.01, 0.01]) {
              const moved = xs.map((x, i) =>
                i >= from && i < to ? x + step : x,
              );
              if (!fits(moved)) continue;
              expect(cost(moved)).toBeGreaterThanOrEqual(cost(xs) - 1e-9);
            }
          }
        }
      }),
    );
  });
});
