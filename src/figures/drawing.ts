/** Draws pictures by their kind: an SVG document each. */

import { groupedBarsPicture } from './bars.ts';
import type {
  BarsFigure,
  GraphFigure,
  HeatFigure,
  LinesFigure,
  Pictured,
} from './figure.ts';
import { heatPicture } from './heat.ts';
import { graphPicture } from './level-drawing.ts';
import { linesPicture } from './lines.ts';
import { type RasterPicture, rasterPicture } from './raster.ts';
import { type SpaceTimePicture, spaceTimePicture } from './space-time.ts';

/** Figures of experiments, and what circuits are drawn by. */
export type Picture =
  | ({ readonly kind: 'lines' } & Pictured<LinesFigure>)
  | ({ readonly kind: 'heat' } & Pictured<HeatFigure>)
  | ({ readonly kind: 'bars' } & Pictured<BarsFigure>)
  | ({ readonly kind: 'graph' } & Pictured<GraphFigure>)
  | ({ readonly kind: 'raster' } & RasterPicture)
  | ({ readonly kind: 'space-time' } & SpaceTimePicture);

/**
 * Throws OptionError, ShapeError and NonFiniteError for data that no picture
 * can show.
 */
export async function drawFigure(picture: Picture): Promise<string> {
  switch (picture.kind) {
    case 'lines':
      return linesPicture(picture);
    case 'heat':
      return heatPicture(picture);
    case 'bars':
      return groupedBarsPicture(picture);
    case 'graph':
      return graphPicture(picture);
    case 'raster':
      return rasterPicture(picture);
    case 'space-time':
      return spaceTimePicture(picture);
  }
}
