/** Pictures of circuits, from their rows. */

import { drawFigure } from '../figures/drawing.ts';
import type { Figure } from '../figures/figure.ts';
import { linesPicture } from '../figures/lines.ts';
import { rasterPicture } from '../figures/raster.ts';
import { spaceTimePicture } from '../figures/space-time.ts';
import type { Picture } from '../studies/picture.ts';
import { put } from './output.ts';

/** SVG of a picture. */
export async function svgOf(picture: Figure | Picture): Promise<string> {
  switch (picture.kind) {
    case 'raster':
      return rasterPicture(picture);
    case 'space-time':
      return spaceTimePicture(picture);
    case 'lines':
      return linesPicture(picture);
    default:
      return drawFigure(picture);
  }
}

/** Checks that a picture's file can be written, before anything is computed. */
export const reserve = (file: string) => save(file, '', 'a');

export const save = (file: string, svg: string, flag: 'w' | 'a' = 'w') =>
  put(
    file,
    svg,
    [
      `Picture ${file} cannot be written`,
      'give a file in a folder that is there and has room',
    ],
    flag,
  );
