/** Draws figures: one picture for each, an SVG document. */

import type { Figure } from './figure.ts';
import { groupedBarsPicture } from './grouped-bars.ts';
import { heatPicture } from './heat-map.ts';
import { graphPicture } from './level-drawing.ts';
import { linesPicture } from './lines.ts';

/**
 * Throws OptionError, ShapeError and NonFiniteError for data that no picture
 * can show.
 */
export async function drawFigure(figure: Figure): Promise<string> {
  switch (figure.kind) {
    case 'lines':
      return linesPicture({ ...figure, marks: figure.marks ?? [] });
    case 'heat':
      return heatPicture(figure);
    case 'bars':
      return groupedBarsPicture(figure);
    case 'graph':
      return graphPicture(figure);
  }
}
