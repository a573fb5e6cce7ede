/** Draws figures: one picture for each, an SVG document. */

import type { Figure } from './figure.ts';
import { linesPicture } from './lines.ts';

export async function drawFigure(figure: Figure): Promise<string> {
  switch (figure.kind) {
    case 'lines':
      return linesPicture({ ...figure, marks: figure.marks ?? [] });
    default:
      throw new Error(`figures of kind ${figure.kind} are not drawn yet`);
  }
}
