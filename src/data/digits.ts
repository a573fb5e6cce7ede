import type { Random } from '../base/random.ts';
import { bell, between, drawImages, rotation, type Split } from './drawing.ts';
import { IMAGE_SHAPE, type LabelledImages, PIXELS } from './labelled.ts';
import { GLYPHS, type Point, type Stroke } from './strokes.ts';

/**
 * Synthetic digits: pen strokes with seeded jitter, not MNIST.
 *
 * Only + - * / and square roots of floats are used, whose results the
 * standard fixes, and never sin, cos or log: the same seed gives the same
 * bytes on every JavaScript engine. An image depends on seed, split and its
 * index alone, so a smaller set is the beginning of a larger one.
 */

/** How much each property of a digit varies; lengths in pixels. */
const JITTER = {
  /** Half the tangent of the largest rotation: 0.17 is 19 degrees. */
  halfTurn: 0.17,
  shear: 0.4,
  narrowest: 0.65,
  widest: 1.2,
  lowest: 0.75,
  highest: 1.08,
  shift: 2.8,
  /** Largest bend of the plane, per axis, at each knot of a 3 x 3 grid. */
  bend: 3,
  thinnest: 0.7,
  thickest: 1.9,
  palest: 0.65,
  /** Largest relative loss of ink in a pixel. */
  grain: 0.3,
  /** One less than the largest number of stray grey pixels. */
  specks: 8,
};

const [ROWS, COLUMNS] = IMAGE_SHAPE;
/** Straight pieces of a curve between two of its points. */
const PIECES = 5;
/** Squared distance that stands for no ink near by. */
const FAR = 1e6;

/**
 * Draws `count` images of the digits 0 .. 9, as many of each class as
 * possible, in shuffled order.
 *
 * @param seed whole number in [0, 2^32)
 * @throws OptionError if seed or count is out of range
 */
export function drawDigits(
  seed: number,
  split: Split,
  count: number,
): LabelledImages {
  const distance = new Float64Array(PIXELS);
  return drawImages(
    'digits',
    IMAGE_SHAPE,
    { seed, split, count },
    (label, random, image) => drawDigit(label, random, distance, image),
  );
}

function drawDigit(
  digit: number,
  random: Random,
  distance: Float64Array,
  image: Uint8Array,
): void {
  const glyphs = GLYPHS[digit]!;
  const glyph = glyphs[random.below(glyphs.length)]!;
  const move = hand(random);
  const radius = between(random, JITTER.thinnest, JITTER.thickest);
  distance.fill(FAR);
  for (const stroke of glyph) {
    drawStroke(stroke.map(move), radius, distance);
  }
  ink(distance, radius, random, image);
}

/** A random map from a glyph's points to pixels: one writer's hand. */
function hand(random: Random): (point: Point) => Point {
  const { cos, sin } = rotation(JITTER.halfTurn * bell(random));
  const shear = JITTER.shear * bell(random);
  const width = between(random, JITTER.narrowest, JITTER.widest);
  const height = between(random, JITTER.lowest, JITTER.highest);
  const shiftX = (COLUMNS - 1) / 2 + JITTER.shift * bell(random);
  const shiftY = (ROWS - 1) / 2 + JITTER.shift * bell(random);
  const knots = Array.from({ length: 18 }, () => JITTER.bend * bell(random));
  return ([x, y]) => {
    const bentX = x + bend(knots, 0, x, y);
    const bentY = y + bend(knots, 9, x, y);
    const slantX = bentX * width - shear * bentY * height;
    const slantY = bentY * height;
    return [
      shiftX + cos * slantX - sin * slantY,
      shiftY + sin * slantX + cos * slantY,
    ];
  };
}

/** Bilinear in a 3 x 3 grid of knots over [-6, 6] x [-9, 9]. */
function bend(
  knots: readonly number[],
  start: number,
  x: number,
  y: number,
): number {
  const column = x < 0 ? 0 : 1;
  const row = y < 0 ? 0 : 1;
  const right = x / 6 + 1 - column;
  const down = y / 9 + 1 - row;
  const at = start + 3 * row + column;
  const top = knots[at]! + (knots[at + 1]! - knots[at]!) * right;
  const bottom = knots[at + 3]! + (knots[at + 4]! - knots[at + 3]!) * right;
  return top + (bottom - top) * down;
}

/** Catmull-Rom spline through the points, as short straight pieces. */
function drawStroke(
  points: Stroke,
  radius: number,
  distance: Float64Array,
): void {
  const last = points.length - 1;
  if (last === 1) {
    drawPiece(points[0]!, points[1]!, radius, distance);
    return;
  }
  const closed =
    points[0]![0] === points[last]![0] && points[0]![1] === points[last]![1];
  for (let i = 0; i < last; i++) {
    const p1 = points[i]!;
    const p2 = points[i + 1]!;
    const p0 = i > 0 ? points[i - 1]! : closed ? points[last - 1]! : p1;
    const p3 = i + 2 <= last ? points[i + 2]! : closed ? points[1]! : p2;
    let from = p1;
    for (let piece = 1; piece <= PIECES; piece++) {
      const u = piece / PIECES;
      const to: Point = [
        spline(p0[0], p1[0], p2[0], p3[0], u),
        spline(p0[1], p1[1], p2[1], p3[1], u),
      ];
      drawPiece(from, to, radius, distance);
      from = to;
    }
  }
}

function spline(a: number, b: number, c: number, d: number, u: number): number {
  const cubic = 3 * (b - c) + d - a;
  const square = 2 * a - 5 * b + 4 * c - d;
  return b + 0.5 * u * (c - a + u * (square + u * cubic));
}

/** Lowers each pixel's squared distance to the straight piece from a to b. */
function drawPiece(
  a: Point,
  b: Point,
  radius: number,
  distance: Float64Array,
): void {
  const reach = radius + 1;
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  const squared = dx * dx + dy * dy;
  const x0 = Math.max(0, Math.ceil(Math.min(a[0], b[0]) - reach));
  const x1 = Math.min(COLUMNS - 1, Math.floor(Math.max(a[0], b[0]) + reach));
  const y0 = Math.max(0, Math.ceil(Math.min(a[1], b[1]) - reach));
  const y1 = Math.min(ROWS - 1, Math.floor(Math.max(a[1], b[1]) + reach));
  for (let y = y0; y <= y1; y++) {
    const ay = y - a[1];
    for (let x = x0; x <= x1; x++) {
      const ax = x - a[0];
      let u = squared > 0 ? (ax * dx + ay * dy) / squared : 0;
      u = u < 0 ? 0 : u > 1 ? 1 : u;
      const ex = ax - u * dx;
      const ey = ay - u * dy;
      const d = ex * ex + ey * ey;
      const at = y * COLUMNS + x;
      if (d < distance[at]!) distance[at] = d;
    }
  }
}

/** Turns distances into grey: full inside the stroke, soft over its edge. */
function ink(
  distance: Float64Array,
  radius: number,
  random: Random,
  image: Uint8Array,
): void {
  const dark = 255 * between(random, JITTER.palest, 1);
  const reach = radius + 0.5;
  for (let i = 0; i < PIXELS; i++) {
    if (distance[i]! >= reach * reach) continue;
    const cover = Math.min(1, reach - Math.sqrt(distance[i]!));
    const grain = 1 - JITTER.grain * random.uniform();
    image[i] = Math.floor(dark * cover * grain);
  }
  for (let left = random.below(JITTER.specks); left > 0; left--) {
    const at = random.below(PIXELS);
    image[at] = Math.max(image[at]!, 20 + random.below(160));
  }
}
