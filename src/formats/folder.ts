/** Folders of results. A file in them is complete under its name or not there. */

import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { FileError, messageOf, OptionError } from '../base/errors.ts';

/** Makes sure that results can be written to a folder. Throws FileError. */
export async function prepareFolder(folder: string): Promise<void> {
  if (folder === '') {
    throw new OptionError('Option --out is empty: give a folder', {
      ...{ name: 'out', value: folder },
    });
  }
  const probe = join(folder, `.writable-${process.pid}`);
  try {
    await makeFolder(resolve(folder));
    const file = await open(probe, 'wx');
    await file.close();
    await rm(probe);
  } catch (error) {
    throw new FileError(
      `Results cannot be written to ${folder} (${messageOf(error)}): pass ` +
        '--out with a folder that can be written',
      { folder },
    );
  }
}

/** Level by level: Node's recursive mkdir never returns below /proc. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error;
    await makeFolder(dirname(folder));
    await mkdir(folder);
  }
}

/** Writes all files or none: each goes to another name first. */
export async function writeAll(
  files: readonly (readonly [path: string, bytes: Uint8Array])[],
): Promise<void> {
  const partOf = (path: string) => `${path}.${process.pid}.part`;
  let at = '';
  try {
    for (const [path, bytes] of files) {
      at = path;
      const file = await open(partOf(path), 'w');
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
    }
    for (const [path] of files) {
      at = path;
      await rename(partOf(path), path);
    }
  } catch (error) {
    for (const [path] of files) {
      await rm(partOf(path), { force: true }).catch(() => undefined);
    }
    throw new FileError(
      `${at} cannot be written (${messageOf(error)}): nothing was kept; ` +
        'free the disk or pass another --out',
      { path: at },
    );
  }
}
