/**
 * Oracle: the definition of the drawing. A column a level, level 0 at the
 * right; no two vertices on each other; an edge, followed point by point,
 * goes from its vertex to its other one and through none between.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { models } from '../../models/index.ts';
import { OptionError } from '../../src/base/errors.ts';
import { turned } from '../../src/figures/diagram.ts';
import { drawFigure } from '../../src/figures/drawing.ts';
import type { GraphFigure } from '../../src/figures/figure.ts';
import { level } from '../../src/graph/level.ts';
import {
  expectInside,
  findAll,
  HOSTILE,
  type Node,
  numberOf,
  originOf,
  readSvg,
  TAMED,
  textsOf,
} from './read-svg.ts';

type Vertices = GraphFigure['vertices'];
type Edges = GraphFigure['edges'];

const graph = (vertices: Vertices, edges: Edges): GraphFigure => ({
  kind: 'graph',
  name: 'levels',
  title: 'Levels',
  caption: '',
  vertices,
  edges,
});

/** Points of a path of absolute M, L, H, V and C, close to each other. */
function followed(d: string): [number, number][] {
  const points: [number, number][] = [];
  let [x, y] = [0, 0];
  const to = (a: number, b: number) => {
    for (let k = 1; k <= 30; k++) {
      points.push([x + ((a - x) * k) / 30, y + ((b - y) * k) / 30]);
    }
    [x, y] = [a, b];
  };
  for (const [, command, rest] of d.matchAll(/([A-Z])([^A-Zz]*)/g)) {
    const n = rest
      .trim()
      .split(/[\s,]+/)
      .map(Number);
    if (command === 'M') {
      [x, y] = [n[0], n[1]];
      points.push([x, y]);
    } else if (command === 'L') to(n[0], n[1]);
    else if (command === 'H') to(n[0], y);
    else if (command === 'V') to(x, n[0]);
    else if (command === 'A') to(n[5], n[6]);
    else {
      const [x0, y0] = [x, y];
      for (let k = 1; k <= 30; k++) {
        const t = k / 30;
        const mix = (a: number, b: number, c: number, e: number) =>
          a * (1 - t) ** 3 +
          3 * b * t * (1 - t) ** 2 +
          3 * c * t * t * (1 - t) +
          e * t ** 3;
        points.push([mix(x0, n[0], n[2], n[4]), mix(y0, n[1], n[3], n[5])]);
      }
      [x, y] = [n[4], n[5]];
    }
  }
  return points;
}

interface Box {
  readonly id: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The outline of each vertex, by the title that it has. */
function boxesOf(svg: Node): Box[] {
  return findAll(svg, 'g > title').map((title) => {
    const group = title.parentElement!;
    const shape = [...group.children][1];
    const points =
      shape.localName === 'rect'
        ? [
            [numberOf(shape, 'x'), numberOf(shape, 'y')],
            [
              numberOf(shape, 'x') + numberOf(shape, 'width'),
              numberOf(shape, 'y') + numberOf(shape, 'height'),
            ],
          ]
        : followed(shape.getAttribute('d')!);
    const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
    return {
      id: title.textContent,
      left: Math.min(...xs),
      right: Math.max(...xs),
      top: Math.min(...ys),
      bottom: Math.max(...ys),
    };
  });
}

async function expectReadable(figure: GraphFigure): Promise<Node> {
  const svg = readSvg(await drawFigure(figure));
  const boxes = boxesOf(svg);
  expect(boxes.map(({ id }) => id)).toEqual(
    figure.vertices.map(({ id }) => id),
  );
  const byId = new Map(boxes.map((box) => [box.id, box]));
  boxes.forEach((a, i) => {
    for (const b of boxes.slice(i + 1)) {
      const apart =
        a.right < b.left ||
        b.right < a.left ||
        a.bottom < b.top ||
        b.bottom < a.top;
      expect(apart, `${a.id} on ${b.id}`).toBe(true);
    }
  });
  const middle = ({ left, right }: Box) => (left + right) / 2;
  for (const a of figure.vertices) {
    for (const b of figure.vertices) {
      const away = middle(byId.get(b.id)!) - middle(byId.get(a.id)!);
      if (a.level === b.level) expect(away).toBeCloseTo(0, 1);
      if (a.level > b.level) expect(away).toBeGreaterThan(20);
    }
  }
  const edges = findAll(svg, '[data-axon]').map(
    // The other path is the white at its sides.
    (group) => findAll(group, 'path')[1],
  );
  expect(edges).toHaveLength(figure.edges.length);
  edges.forEach((edge, i) => {
    const { from, to } = figure.edges[i];
    const points = followed(edge.getAttribute('d')!);
    const near = ([x, y]: [number, number], { id }: Box, px: number) => {
      const box = byId.get(id)!;
      return (
        x > box.left - px &&
        x < box.right + px &&
        y > box.top - px &&
        y < box.bottom + px
      );
    };
    expect(near(points[0], byId.get(from)!, 1)).toBe(true);
    // The head fills the rest.
    expect(near(points.at(-1)!, byId.get(to)!, 11)).toBe(true);
    for (const box of boxes) {
      if (box.id === from || box.id === to) continue;
      const hidden = points.some((point) => near(point, box, -0.5));
      expect(hidden, `${from} to ${to} through ${box.id}`).toBe(false);
    }
  });
  expectInside(svg);
  return svg;
}

/** A levelled model as a figure. */
function figureOf(name: string): GraphFigure {
  const { levels } = level(models.find((each) => each.name === name)!.make(2));
  return graph(
    [...levels].map(([{ id, op }, own]) => ({
      id,
      label: op === 'param' || op === 'input' ? id : op,
      role:
        op === 'param'
          ? 'parameter'
          : op === 'input'
            ? 'input'
            : own === 0
              ? 'output'
              : 'vertex',
      level: own,
    })),
    [...levels].flatMap(([to, own]) =>
      to.inputs.map((from) => ({
        from: from.id,
        to: to.id,
        delay: levels.get(from)! - own - 1,
      })),
    ),
  );
}

describe('levels', () => {
  test('models of 8 to 40 vertices are readable', async () => {
    for (const name of ['skip', 'rnn', 'residual-mlp', 'encoder']) {
      const figure = figureOf(name);
      const svg = await expectReadable(figure);
      const written = findAll(svg, '[data-carried] text').map((node) =>
        Number(node.textContent),
      );
      const delays = figure.edges
        .map(({ delay }) => delay)
        .filter((d) => d > 0);
      expect(written).toEqual(delays);
    }
  });

  test('so is any graph whose edges go down the levels', async () => {
    const any = fc
      .array(fc.integer({ min: 0, max: 5 }), { minLength: 2, maxLength: 12 })
      .chain((levels) => {
        const pairs = levels.flatMap((a, i) =>
          levels.flatMap((b, j) => (a > b ? [[i, j] as const] : [])),
        );
        return fc.record({
          levels: fc.constant(levels),
          edges: fc.subarray(pairs, {
            maxLength: Math.min(16, pairs.length),
          }),
        });
      });
    await fc.assert(
      fc.asyncProperty(any, async ({ levels, edges }) => {
        const roles = ['input', 'parameter', 'vertex', 'identity', 'output'];
        await expectReadable(
          graph(
            levels.map((own, i) => ({
              id: `v${i}`,
              label: `vertex ${i}`,
              role: roles[i % 5] as Vertices[number]['role'],
              level: own,
            })),
            edges.map(([i, j]) => ({
              from: `v${i}`,
              to: `v${j}`,
              delay: levels[i] - levels[j] - 1,
            })),
          ),
        );
      }),
      { numRuns: 25 },
    );
  });

  test('every role has an outline of its own', async () => {
    const roles = [
      'input',
      'parameter',
      'vertex',
      'identity',
      'output',
    ] as const;
    const svg = await expectReadable(
      graph(
        roles.map((role, i) => ({ id: role, label: 'a', role, level: 4 - i })),
        [],
      ),
    );
    const looks = findAll(svg, 'g > title').map((title) => {
      const shapes = [...title.parentElement!.children].slice(1);
      // Without colours: for those who see none.
      return shapes
        .filter(({ localName }) => localName !== 'text')
        .map((shape) =>
          [
            shape.localName,
            shape.getAttribute('rx') ?? '',
            shape.getAttribute('stroke-dasharray') ?? '',
          ].join(),
        )
        .join(' ');
    });
    expect(new Set(looks).size).toBe(roles.length);
  });

  test('a level above, a level aside, and hostile labels', async () => {
    const vertex = (id: string, own: number) => ({
      ...{ id, label: HOSTILE, role: 'vertex' as const, level: own },
    });
    const svg = readSvg(
      await drawFigure({
        ...graph(
          [vertex(HOSTILE, 1), vertex('b', 1), vertex('c', 0)],
          [
            { from: HOSTILE, to: 'b', delay: 0 },
            { from: 'c', to: HOSTILE, delay: 3 },
          ],
        ),
        title: HOSTILE,
      }),
    );
    expect(boxesOf(svg)[0].id).toBe(TAMED);
    expect(findAll(svg, 'script')).toEqual([]);
    expect(textsOf(svg)).toContain('3');
    expectInside(svg);
    expect(originOf(svg)).toEqual([0, 0]);
  });

  test('a path turned is the path with x and y exchanged', () => {
    const d = 'M1 2C3 4 5 6 7 8V9H10A7 7 0 0 1 11 12L13 14';
    expect(turned(d)).toBe('M2 1C4 3 6 5 8 7H9V10A7 7 0 0 0 12 11L14 13');
    expect(turned(turned(d))).toBe(d);
  });

  test('what cannot be drawn is told', async () => {
    const a = { id: 'a', label: 'a', role: 'vertex' as const, level: 0 };
    const draw = (vertices: Vertices, edges: Edges) =>
      drawFigure(graph(vertices, edges));
    await expect(draw([], [])).rejects.toThrow(OptionError);
    await expect(draw([a, a], [])).rejects.toThrow(OptionError);
    const missing = { from: 'a', to: 'b', delay: 0 };
    await expect(draw([a], [missing])).rejects.toThrow(OptionError);
    const half = { from: 'a', to: 'b', delay: 0.5 };
    await expect(draw([a, { ...a, id: 'b' }], [half])).rejects.toThrow(
      OptionError,
    );
  });
});
