/** Files of pictures. */

import { put } from './output.ts';

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
