/** Draws figures: one picture for each, an SVG document. */

import { groupedBarsPicture } from './bars.ts';
import type { Figure } from './figure.ts';
import { heatPicture } from './heat.ts';
import { graphPicture } from './level-drawing.ts';
import { linesPicture } from './lines.ts';

/**
 * Throws OptionError, ShapeError and NonFiniteError for data that no picture
 * can show.
 */
export async function drawFigure(figure: Figure): Promise<string> {
  switch (figure.kind) {
    case 'lines':
      return linesPicture(figure);
    case 'heat':
      return heatPicture(figure);
    case 'bars':
      return groupedBarsPicture(figure);
    case 'graph':
      return graphPicture(figure);
  }
}
