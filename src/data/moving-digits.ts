import { drawDigits } from './digits.ts';
import type { Split } from './drawing.ts';
import { IMAGE_SHAPE, PIXELS } from './labelled.ts';

/**
 * What an event camera sees of a drawn digit that moves as in N-MNIST: three
 * straight glides along a triangle, back to where it began. A pixel sends an
 * event each time its brightness has changed by a threshold. Synthetic: there
 * is no noise, no refractory time and no logarithm of the light.
 */

/** Rows and columns of the sensor. */
export const SENSOR = 34;
/** How long the three glides take, in ms. */
export const DURATION = 300;
/** Change of brightness, of 0 to 1, that makes an event. */
export const THRESHOLD = 0.15;

/** Corners of the triangle in pixels, x to the right, y down. */
const CORNERS = [
  [-2, -1],
  [0, 2],
  [2, -1],
  [-2, -1],
] as const;
const STEP_MS = 1;

/** An event: time in microseconds, pixel, 1 for brighter and 0 for darker. */
export type RawEvent = readonly [
  time: number,
  x: number,
  y: number,
  polarity: 0 | 1,
];

/** The digits and their events, in the order of time, then row, then column. */
export function moveDigits(
  seed: number,
  split: Split,
  count: number,
): { readonly label: number; readonly events: readonly RawEvent[] }[] {
  const { images, labels } = drawDigits(seed, split, count);
  return Array.from(labels, (label, i) => {
    const light = field(images.subarray(i * PIXELS, (i + 1) * PIXELS));
    const events = crossings(
      (time) => frame(light, time),
      DURATION / STEP_MS,
      STEP_MS,
    );
    return { label, events };
  });
}

/**
 * Events of a film. Between two frames brightness goes in a straight line.
 *
 * @param frameAt brightness, SENSOR x SENSOR numbers, at a time in ms
 * @param steps frames after the first, `step` ms apart
 */
export function crossings(
  frameAt: (time: number) => Float64Array,
  steps: number,
  step: number,
): readonly RawEvent[] {
  const events: RawEvent[] = [];
  const first = frameAt(0);
  // All in thresholds from the first frame: what comes back is exactly 0.
  let before = new Float64Array(first.length);
  const told = new Float64Array(first.length);
  for (let n = 1; n <= steps; n++) {
    const frame = frameAt(n * step);
    const now = frame.map((value, i) => (value - first[i]!) / THRESHOLD);
    for (const [pixel, level] of now.entries()) {
      while (Math.abs(level - told[pixel]!) >= 1) {
        const up = level > told[pixel]!;
        told[pixel]! += up ? 1 : -1;
        const part = (told[pixel]! - before[pixel]!) / (level - before[pixel]!);
        const time = Math.round(1000 * step * (n - 1 + part));
        const [x, y] = [pixel % SENSOR, Math.floor(pixel / SENSOR)];
        events.push([time, x, y, up ? 1 : 0]);
      }
    }
    before = now;
  }
  return events.sort((a, b) => a[0] - b[0] || a[2] - b[2] || a[1] - b[1]);
}

/** Darkness around an image, so that no look-up leaves it. */
const MARGIN = 8;

/** Brightness 0 to 1 of an image amid its margin. */
function field(image: Uint8Array): Float64Array {
  const [rows, columns] = IMAGE_SHAPE;
  const width = columns + 2 * MARGIN;
  const light = new Float64Array((rows + 2 * MARGIN) * width);
  for (const [i, grey] of image.entries()) {
    const row = MARGIN + Math.floor(i / columns);
    light[row * width + MARGIN + (i % columns)] = grey / 255;
  }
  return light;
}

/** What the sensor sees at a time: between pixels it is bilinear. */
function frame(light: Float64Array, time: number): Float64Array {
  const [rows, columns] = IMAGE_SHAPE;
  const width = columns + 2 * MARGIN;
  const glides = CORNERS.length - 1;
  const side = Math.min(glides - 1, Math.floor((time * glides) / DURATION));
  const part = (time * glides) / DURATION - side;
  const [[x0, y0], [x1, y1]] = [CORNERS[side]!, CORNERS[side + 1]!];
  const left = MARGIN - (SENSOR - columns) / 2 - x0 - (x1 - x0) * part;
  const top = MARGIN - (SENSOR - rows) / 2 - y0 - (y1 - y0) * part;
  const [column, row] = [Math.floor(left), Math.floor(top)];
  const [u, v] = [left - column, top - row];
  const seen = new Float64Array(SENSOR * SENSOR);
  for (let y = 0; y < SENSOR; y++) {
    for (let x = 0; x < SENSOR; x++) {
      const at = (row + y) * width + column + x;
      const above = light[at]! * (1 - u) + light[at + 1]! * u;
      const below = light[at + width]! * (1 - u) + light[at + width + 1]! * u;
      seen[y * SENSOR + x] = above * (1 - v) + below * v;
    }
  }
  return seen;
}
