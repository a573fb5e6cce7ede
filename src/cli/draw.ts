/** Files of pictures. */

import { writeFile } from 'node:fs/promises';
import { FileError, messageOf } from '../base/errors.ts';

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
