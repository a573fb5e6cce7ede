/** Pictures of circuits, from their rows. */

import { writeFile } from 'node:fs/promises';
import { FileError, messageOf } from '../base/errors.ts';
import { drawFigure } from '../figures/drawing.ts';
import type { Figure } from '../figures/figure.ts';
import { linesPicture } from '../figures/lines.ts';
import { rasterPicture } from '../figures/raster.ts';
import { spaceTimePicture } from '../figures/space-time.ts';
import type { Picture } from '../studies/picture.ts';

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
export async function reserve(file: string): Promise<void> {
  await put(file, '', 'a');
}

export async function save(file: string, svg: string): Promise<void> {
  await put(file, svg, 'w');
}

async function put(file: string, text: string, flag: string): Promise<void> {
  try {
    await writeFile(file, text, { flag });
  } catch (error) {
    throw new FileError(
      `Picture ${file} cannot be written (${messageOf(error)}): give a file ` +
        'in a folder that is there and has room',
      { file },
    );
  }
}
