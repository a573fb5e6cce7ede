/** A point of a stroke: x to the right, y down, the digit's centre at 0. */
export type Point = readonly [x: number, y: number];

/**
 * A smooth pen stroke through its points. Two points are a straight line; a
 * stroke that ends where it began is a closed loop; a sharp corner is where
 * one stroke ends and the next begins.
 */
export type Stroke = readonly Point[];

/** One way of writing a digit. */
export type Glyph = readonly Stroke[];

/** The points of a stroke written as "x,y x,y", as in a path of SVG. */
function stroke(...parts: readonly string[]): Stroke {
  return parts
    .join(' ')
    .split(' ')
    .map((pair): Point => {
      const [x, y] = pair.split(',').map(Number) as [number, number];
      return [x, y];
    });
}

/** Joins the lower bowl of a 3 to any of its tops. */
const BOWL_OF_3 = stroke(
  '-1.5,-0.8 2.2,0.2 4.8,3.6 3.6,7.4 0,9 -3.6,8.2 -5.2,6',
);

const LOOP_OF_9 = stroke(
  '4.4,-5 2.8,-8.2 -0.8,-8.8 -4.4,-6 -4.2,-2 -1,0.2 2.6,-1.6 4.4,-5',
);

/**
 * The ways of writing each digit, by digit. A digit is about 18 units high
 * and 10 wide; at scale 1 a unit is a pixel.
 */
export const GLYPHS: readonly (readonly Glyph[])[] = [
  [
    [stroke('0,-9 -4,-6.6 -5.5,0 -4,6.6 0,9 4,6.6 5.5,0 4,-6.6 0,-9')],
    // Open at the top, the end beside the start.
    [
      stroke(
        '1.6,-8.4 -3,-7.6 -5.4,-1 -4,6.4 0,9',
        '4.2,6.2 5.2,-1 3.2,-7.4 -0.6,-9',
      ),
    ],
  ],
  [
    [stroke('0,-9 0,9')],
    [stroke('-3.4,-5.4 0.4,-9'), stroke('0.4,-9 0.4,9')],
    // With a foot.
    [
      stroke('-3.4,-6 0.4,-9'),
      stroke('0.4,-9 0.4,8.6'),
      stroke('-3.8,8.6 4.2,8.6'),
    ],
  ],
  [
    [
      stroke(
        '-5,-5.2 -3.2,-8.2 0.4,-9 4,-7.2 4.6,-3.8 2.4,0.4 -1.6,4.6 -5.4,8.6',
      ),
      stroke('-5.4,8.6 5.6,8.6'),
    ],
    // With a loop at the foot.
    [
      stroke(
        '-4.6,-5.6 -1.6,-8.8 3,-8.2 4.2,-4.2 1.6,2 -2.6,7.6',
        '-5.4,8 -4.8,5.4 -1,6 2.4,8.2 6,7.6',
      ),
    ],
  ],
  [
    [
      stroke('-4.6,-6.6 -1.6,-8.8 2.4,-8.4 4.2,-5.4 2.2,-2 -1.5,-0.8'),
      BOWL_OF_3,
    ],
    // With a flat top.
    [stroke('-5,-8.8 4.6,-8.8'), stroke('4.6,-8.8 -1.5,-0.8'), BOWL_OF_3],
  ],
  [
    // Open at the top.
    [
      stroke('-3.4,-9 -5.4,1.8'),
      stroke('-5.4,1.8 5.6,1.4'),
      stroke('3,-8 2.2,9'),
    ],
    // Closed at the top.
    [stroke('2.4,-9 -5.8,3'), stroke('-5.8,3 5.8,3'), stroke('2.4,-9 2.4,9')],
  ],
  [
    [
      stroke('5,-8.8 -3.6,-8.8'),
      stroke('-3.6,-8.8 -4.4,-1'),
      stroke('-4.4,-1 -0.4,-2.8 3.8,-1 5.2,3 3.4,7.4 -0.6,9 -5.2,6.8'),
    ],
    // One slanted sweep under a short flag.
    [
      stroke('5.4,-8.4 -1.8,-8.8'),
      stroke('-1.8,-8.8 -4,-2.2'),
      stroke('-4,-2.2 1.4,-1.4 4.2,2.2 2.6,6.8 -1.6,8.9 -5.4,8'),
    ],
  ],
  [
    [
      stroke(
        '3.8,-8.6 -0.6,-6.4 -4,-1 -4.8,4 -2.8,8 0.8,9',
        '4.2,7 4.6,3.4 2,0.8 -1.8,1.4 -4.6,4.6',
      ),
    ],
    // A straight back and a small bowl.
    [
      stroke(
        '-0.4,-9 -3.6,-2 -4.2,4.6 -1.6,8.6 2.6,8',
        '4.2,4.6 2,1.8 -1.8,3 -3.8,6',
      ),
    ],
  ],
  [
    [stroke('-5.4,-8.6 5.2,-8.6'), stroke('5.2,-8.6 1.8,-1.8 -1.2,9')],
    // Crossed.
    [
      stroke('-5.2,-8.2 5.2,-8.8'),
      stroke('5.2,-8.8 -2,9'),
      stroke('-2.6,0.2 4.6,-0.2'),
    ],
  ],
  [
    [
      stroke(
        '3.8,-6.4 0.4,-9 -3.6,-7 -3.2,-3.4 0.2,-0.8 4,2.4 4.4,6.4',
        '0.2,9 -4.2,6.6 -3.8,2.6 -0.2,-0.6 3.2,-3.2 3.8,-6.4',
      ),
    ],
    // Two loops.
    [
      stroke('0,-0.6 -3.6,-2.8 -3.2,-7.4 0,-9 3.2,-7.4 3.6,-2.8 0,-0.6'),
      stroke('0,-0.6 -4.4,2.4 -3.8,7.2 0,9 3.8,7.2 4.4,2.4 0,-0.6'),
    ],
  ],
  [
    [LOOP_OF_9, stroke('4.4,-5 4,2 2.4,9')],
    // With a curled tail.
    [LOOP_OF_9, stroke('4.4,-5 4.6,1 3.2,6.8 -0.4,9 -4,7.6')],
  ],
];
