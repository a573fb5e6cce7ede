import type { Random } from '../base/random.ts';
import { bell, between, drawImages, rotation, type Split } from './drawing.ts';
import { COLOUR_SHAPE, type LabelledImages } from './labelled.ts';

/**
 * Synthetic colour pictures of ten figures and patterns, not CIFAR-10. The
 * colours say nothing about the class: only the form does.
 *
 * As in the digits, only + - * / and square roots of floats are used, and a
 * picture depends on seed, split and its index alone.
 */

/** Names of the classes, by label. */
export const SHAPES: readonly string[] = [
  'disc',
  'ring',
  'square',
  'triangle',
  'cross',
  'horizontal stripes',
  'vertical stripes',
  'diagonal stripes',
  'checkerboard',
  'dots',
];

/** How much each property of a picture varies; lengths in pixels. */
const JITTER = {
  smallest: 6,
  largest: 13,
  /** Largest distance of a figure's centre from the picture's, per axis. */
  shift: 6,
  /** Half the tangent of the largest rotation: 0.17 is 19 degrees. */
  halfTurn: 0.17,
  /** The same for patterns, whose class is their direction. */
  patternTurn: 0.08,
  /** Of a stripe and its gap, a pair of squares, a dot and its gap. */
  shortest: 6,
  longest: 12,
  /** Least sum over the channels of the difference of the two colours. */
  contrast: 180,
  /** Largest change of brightness from the centre to an edge. */
  shade: 40,
  /** Largest change of a single value. */
  noise: 24,
};

const [CHANNELS, ROWS, COLUMNS] = COLOUR_SHAPE;
const PIXELS = ROWS * COLUMNS;
/** Points looked at per pixel and axis: edges are soft. */
const FINE = 3;

/** Whether a point belongs to the figure, whose size is about 1. */
type Figure = (x: number, y: number) => boolean;

/**
 * Draws `count` pictures, as many of each class as possible, in shuffled
 * order.
 *
 * @param seed whole number in [0, 2^32)
 * @throws OptionError if seed or count is out of range
 */
export function drawShapes(
  seed: number,
  split: Split,
  count: number,
): LabelledImages {
  return drawImages('shapes', COLOUR_SHAPE, { seed, split, count }, drawShape);
}

function drawShape(label: number, random: Random, image: Uint8Array): void {
  const [figure, back] = colours(random);
  const cover = coverOf(label, random);
  const shadeX = JITTER.shade * bell(random);
  const shadeY = JITTER.shade * bell(random);
  for (let y = 0; y < ROWS; y++) {
    for (let x = 0; x < COLUMNS; x++) {
      const part = cover(x, y);
      const light =
        shadeX * ((2 * x + 1) / COLUMNS - 1) +
        shadeY * ((2 * y + 1) / ROWS - 1);
      for (let channel = 0; channel < CHANNELS; channel++) {
        const pure =
          back[channel]! + part * (figure[channel]! - back[channel]!);
        const noise = JITTER.noise * bell(random);
        const value = Math.floor(pure + light + noise);
        image[channel * PIXELS + y * COLUMNS + x] = Math.max(
          0,
          Math.min(255, value),
        );
      }
    }
  }
}

/** Two colours that can be told apart, either of them the lighter one. */
function colours(random: Random): [readonly number[], readonly number[]] {
  for (;;) {
    const a = [random.below(256), random.below(256), random.below(256)];
    const b = [random.below(256), random.below(256), random.below(256)];
    const contrast = a.reduce(
      (sum, value, i) => sum + Math.abs(value - b[i]!),
      0,
    );
    if (contrast >= JITTER.contrast) return [a, b];
  }
}

/** How much of a pixel the figure of a class covers, 0 to 1. */
function coverOf(
  label: number,
  random: Random,
): (x: number, y: number) => number {
  const pattern = label >= 5;
  const turn = pattern ? JITTER.patternTurn : JITTER.halfTurn;
  const { cos, sin } = rotation(turn * bell(random));
  const size = pattern
    ? between(random, JITTER.shortest, JITTER.longest)
    : between(random, JITTER.smallest, JITTER.largest);
  // A pattern is everywhere; its shift is its phase.
  const shift = pattern ? size : JITTER.shift;
  const centreX = COLUMNS / 2 + shift * bell(random);
  const centreY = ROWS / 2 + shift * bell(random);
  const inside = figureOf(label, random);
  return (x, y) => {
    let hits = 0;
    for (let i = 0; i < FINE * FINE; i++) {
      const dx = x + ((i % FINE) + 0.5) / FINE - centreX;
      const dy = y + (Math.floor(i / FINE) + 0.5) / FINE - centreY;
      if (inside((cos * dx + sin * dy) / size, (cos * dy - sin * dx) / size)) {
        hits++;
      }
    }
    return hits / (FINE * FINE);
  };
}

function figureOf(label: number, random: Random): Figure {
  const width = random.uniform();
  // Of a pattern, which repeats at every whole number.
  const filled = 0.35 + 0.3 * width;
  switch (label) {
    case 0:
      return (x, y) => x * x + y * y < 1;
    case 1: {
      const hole = 0.45 + 0.25 * width;
      return (x, y) => {
        const squared = x * x + y * y;
        return squared < 1 && squared > hole * hole;
      };
    }
    case 2:
      return (x, y) => Math.abs(x) < 0.88 && Math.abs(y) < 0.88;
    case 3:
      return (x, y) => y < 0.8 && y > -0.95 + 1.75 * Math.abs(x);
    case 4: {
      const arm = 0.22 + 0.14 * width;
      return (x, y) =>
        Math.max(Math.abs(x), Math.abs(y)) < 1 &&
        Math.min(Math.abs(x), Math.abs(y)) < arm;
    }
    case 5:
      return (_x, y) => part(y) < filled;
    case 6:
      return (x) => part(x) < filled;
    case 7: {
      // Either diagonal; the root keeps the stripes as wide as the others.
      const slope = width < 0.5 ? 1 : -1;
      return (x, y) => part((x + slope * y) * Math.SQRT1_2) < 0.5;
    }
    case 8:
      return (x, y) => part(x) < 0.5 === part(y) < 0.5;
    default: {
      const radius = 0.26 + 0.1 * width;
      return (x, y) => {
        const dx = part(x) - 0.5;
        const dy = part(y) - 0.5;
        return dx * dx + dy * dy < radius * radius;
      };
    }
  }
}

/** What is left over of whole numbers, in [0, 1). */
function part(x: number): number {
  return x - Math.floor(x);
}
