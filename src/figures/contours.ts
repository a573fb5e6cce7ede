/**
 * Lines of equal value through a field of numbers: marching squares (Lorensen
 * and Cline, SIGGRAPH 1987, in the plane) between the middles of four cells,
 * with values in between taken as linear along each side.
 */

/** A point in cells: [column, row]. */
export type Point = readonly [number, number];

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
export function contours(
  field: readonly (readonly (number | null)[])[],
  level: number,
): Point[][] {
  const segments: [Point, Point][] = [];
  for (let row = 0; row + 1 < field.length; row++) {
    for (let column = 0; column + 1 < field[row].length; column++) {
      segments.push(...square(field, row, column, level));
    }
  }
  return joined(segments);
}

function square(
  field: readonly (readonly (number | null)[])[],
  row: number,
  column: number,
  level: number,
): [Point, Point][] {
  const values: number[] = [];
  for (const [dx, dy] of CORNERS) {
    const value = field[row + dy][column + dx];
    if (value === null) return [];
    values.push(value);
  }
  const crossed: { point: Point; rises: boolean }[] = [];
  CORNERS.forEach(([x, y], i) => {
    const next = (i + 1) % 4;
    const [a, b] = [values[i], values[next]];
    if (a >= level === b >= level) return;
    const part = (level - a) / (b - a);
    const [toX, toY] = CORNERS[next];
    const point = [
      column + x + part * (toX - x),
      row + y + part * (toY - y),
    ] as const;
    crossed.push({ point, rises: b >= level });
  });
  if (crossed.length < 2) return [];
  const [first, second, third, fourth] = crossed.map(({ point }) => point);
  if (crossed.length === 2) return [[first, second]];
  // A saddle: the mean of the corners says which two corners are joined.
  const mean = values.reduce((sum, value) => sum + value, 0) / 4;
  return mean >= level === crossed[0].rises
    ? [
        [second, third],
        [fourth, first],
      ].map(([a, b]) => [a, b] as [Point, Point])
    : [
        [first, second],
        [third, fourth],
      ].map(([a, b]) => [a, b] as [Point, Point]);
}

/** Segments end to end; neighbours compute a common point alike. */
function joined(segments: readonly [Point, Point][]): Point[][] {
  const key = ([x, y]: Point) => `${x.toFixed(9)} ${y.toFixed(9)}`;
  const at = new Map<string, number[]>();
  segments.forEach((segment, i) => {
    for (const point of segment) {
      at.set(key(point), [...(at.get(key(point)) ?? []), i]);
    }
  });
  const used = new Set<number>();
  const grow = (line: Point[]) => {
    for (;;) {
      const end = key(line.at(-1)!);
      const next = at.get(end)!.find((i) => !used.has(i));
      if (next === undefined) return;
      used.add(next);
      const [a, b] = segments[next];
      line.push(key(a) === end ? b : a);
    }
  };
  return segments.flatMap((segment, i) => {
    if (used.has(i)) return [];
    used.add(i);
    const line = [...segment];
    grow(line);
    line.reverse();
    grow(line);
    return [line];
  });
}
