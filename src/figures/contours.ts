/**
 * Lines of equal value through a field of numbers: marching squares (Lorensen
 * and Cline, SIGGRAPH 1987, in the plane) between the middles of four cells,
 * with values in between taken as linear along each side.
 */

import type { Tuple } from '../base/tuple.ts';

/** A point in cells: [column, row]. */
export type Point = readonly [number, number];
type Field = readonly (readonly (number | null)[])[];

/** Four corners around a square, and the sides between them, in turn. */
const CORNERS = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
] as const;

/**
 * Lines on which `field[row][column]` is `level`, each from end to end; a
 * closed one ends where it begins. Squares with a null corner have none.
 */
export function contours(field: Field, level: number): Point[][] {
  const segments = field
    .slice(1)
    .flatMap((cells, row) =>
      cells.slice(1).flatMap((_, column) => square(field, row, column, level)),
    );
  return joined(segments);
}

function square(
  field: Field,
  row: number,
  column: number,
  level: number,
): [Point, Point][] {
  const values = CORNERS.flatMap(([x, y]) => field[row + y]![column + x] ?? []);
  if (values.length < 4) return [];
  const points: Point[] = [];
  let rises = false;
  CORNERS.forEach(([x, y], i) => {
    const next = (i + 1) % 4;
    const [a, b] = [values[i]!, values[next]!];
    if (a >= level === b >= level) return;
    if (points.length === 0) rises = b >= level;
    const part = (level - a) / (b - a);
    const [toX, toY] = CORNERS[next]!;
    points.push([column + x + part * (toX - x), row + y + part * (toY - y)]);
  });
  const [first, second, third, fourth] = points as Tuple<Point, 4>;
  if (points.length < 4) return points.length === 2 ? [[first, second]] : [];
  // A saddle: the mean of the corners says which two corners are joined.
  const mean = values.reduce((sum, value) => sum + value, 0) / 4;
  return mean >= level === rises
    ? [
        [second, third],
        [fourth, first],
      ]
    : [
        [first, second],
        [third, fourth],
      ];
}

/** Segments end to end; neighbours compute a common point alike. */
function joined(segments: readonly [Point, Point][]): Point[][] {
  const key = ([x, y]: Point) => `${x.toFixed(9)} ${y.toFixed(9)}`;
  const at = new Map<string, number[]>();
  segments.forEach((segment, i) => {
    for (const point of segment.map(key)) {
      at.set(point, [...(at.get(point) ?? []), i]);
    }
  });
  const used = new Set<number>();
  const grow = (line: Point[]) => {
    for (;;) {
      const end = key(line.at(-1)!);
      const next = at.get(end)!.find((i) => !used.has(i));
      if (next === undefined) return line;
      used.add(next);
      const [a, b] = segments[next]!;
      line.push(key(a) === end ? b : a);
    }
  };
  return segments.flatMap((segment, i) => {
    if (used.has(i)) return [];
    used.add(i);
    return [grow(grow([...segment]).reverse())];
  });
}
