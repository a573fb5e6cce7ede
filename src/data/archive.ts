import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { DataError, FileError, FormatError, messageOf } from '../errors.ts';
import {
  type DownloadOptions,
  download,
  type RemoteFile,
  sha256Of,
} from './download.ts';
import { MAX_IDX_BYTES, readIdx } from './idx.ts';
import { type LabelledImages, labelled, type NamedIdx } from './labelled.ts';

/** A public data set of four gzipped IDX files. */
export interface Archive {
  /** Also the name of its folder. */
  readonly name: string;
  /** URLs of folders that hold the files, best first. */
  readonly mirrors: readonly string[];
  /** Training images and labels, test images and labels. */
  readonly files: readonly [RemoteFile, RemoteFile, RemoteFile, RemoteFile];
}

export interface ArchiveOptions extends DownloadOptions {
  /** In place of `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** In place of the archive's own mirrors. */
  readonly mirrors?: readonly string[];
  /** False: use only what is on this machine. */
  readonly download?: boolean;
}

export interface LoadedArchive {
  /** Where it came from. */
  readonly source: string;
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

/**
 * Loads an archive from `$ISOCHRON_DATA/<name>` (the user's own files, packed
 * or not), from the cache (checksums must hold), or from its mirrors by way
 * of the cache.
 *
 * @throws FormatError if a file is not an IDX file of such images or labels
 * @throws DataError if it cannot be had or a checksum fails
 * @throws FileError if a file cannot be read or written
 */
export async function loadArchive(
  archive: Archive,
  options: ArchiveOptions = {},
): Promise<LoadedArchive> {
  const found = await findArchive(archive, options);
  if (found !== undefined) return found;
  const { name } = archive;
  const remedy =
    `check the network, or put the four files of ${name} into ` +
    `$ISOCHRON_DATA/${name}`;
  if (options.download === false) {
    throw new DataError(
      `Data set ${name} is not on this machine and downloads are off: allow ` +
        `them, or put its four files into $ISOCHRON_DATA/${name}`,
      { name },
    );
  }
  const cache = cacheFolder(archive, options);
  if (cache === undefined) {
    throw new FileError(
      'There is no home folder to keep downloads in: set ISOCHRON_CACHE to a ' +
        'folder',
      { name },
    );
  }
  const { missing } = await locate(archive, cache);
  const mirrors = options.mirrors ?? archive.mirrors;
  const used = await download(missing, mirrors, cache, remedy, options);
  const paths = archive.files.map((file) => join(cache, file.name));
  const source = `${cache}, downloaded from ${used.join(' and ')}`;
  return { source, ...(await read(archive, paths, true)) };
}

/** As loadArchive, but undefined if it is not whole on this machine. */
export async function findArchive(
  archive: Archive,
  options: ArchiveOptions = {},
): Promise<LoadedArchive | undefined> {
  const data = (options.env ?? process.env)['ISOCHRON_DATA'];
  if (data) {
    const folder = resolve(data, archive.name);
    const { paths, missing } = await locate(archive, folder, true);
    if (missing.length === 0) {
      return { source: folder, ...(await read(archive, paths, false)) };
    }
    const names = missing.map((file) => file.name).join(', ');
    options.onProgress?.(
      `ISOCHRON_DATA is set but ${folder} lacks ${names}: looking elsewhere`,
    );
  }
  const cache = cacheFolder(archive, options);
  if (cache === undefined) return undefined;
  const { paths, missing } = await locate(archive, cache);
  if (missing.length > 0) return undefined;
  return { source: cache, ...(await read(archive, paths, true)) };
}

/** `$ISOCHRON_CACHE`, `$XDG_CACHE_HOME` or `~/.cache`, + isochron/name. */
function cacheFolder(
  archive: Archive,
  options: ArchiveOptions,
): string | undefined {
  const env = options.env ?? process.env;
  const own = env['ISOCHRON_CACHE'];
  if (own) return resolve(own, 'isochron', archive.name);
  // The XDG specification says to ignore a relative path.
  const xdg = env['XDG_CACHE_HOME'];
  if (xdg && isAbsolute(xdg)) return join(xdg, 'isochron', archive.name);
  try {
    const home = env['HOME'] || homedir();
    return resolve(home, '.cache', 'isochron', archive.name);
  } catch {
    return undefined;
  }
}

/** Which of the archive's files a folder holds, in the archive's order. */
async function locate(
  archive: Archive,
  folder: string,
  unpackedToo = false,
): Promise<{ paths: string[]; missing: RemoteFile[] }> {
  const paths: string[] = [];
  const missing: RemoteFile[] = [];
  for (const file of archive.files) {
    const names = unpackedToo
      ? [file.name, file.name.replace(/\.gz$/, '')]
      : [file.name];
    let found: string | undefined;
    for (const name of names) {
      const path = join(folder, name);
      if (found === undefined && (await exists(path))) found = path;
    }
    if (found === undefined) missing.push(file);
    else paths.push(found);
  }
  return { paths, missing };
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw unreadable(path, messageOf(error));
  }
}

async function read(
  archive: Archive,
  paths: readonly string[],
  check: boolean,
): Promise<{ train: LabelledImages; test: LabelledImages }> {
  const parts: NamedIdx[] = [];
  for (const [i, path] of paths.entries()) {
    const bytes = await readWhole(path);
    const expected = archive.files[i].sha256;
    const got = check ? sha256Of(bytes) : expected;
    if (got !== expected) {
      throw new DataError(
        `Cached file ${path} has sha256 ${got} but must have ${expected}: ` +
          'delete it and try again',
        { file: path, expected, got },
      );
    }
    parts.push({ ...readIdx(bytes, path), file: path });
  }
  return {
    train: labelled(parts[0], parts[1]),
    test: labelled(parts[2], parts[3]),
  };
}

async function readWhole(path: string): Promise<Uint8Array> {
  try {
    const info = await stat(path);
    if (!info.isFile()) throw unreadable(path, 'it is not a regular file');
    if (info.size > MAX_IDX_BYTES) {
      throw new FormatError(
        `File ${path} has ${info.size} bytes, more than ${MAX_IDX_BYTES}: ` +
          'put an IDX file of images or labels there',
        { file: path, size: info.size, maxBytes: MAX_IDX_BYTES },
      );
    }
    return await readFile(path);
  } catch (error) {
    if (error instanceof FormatError || error instanceof FileError) throw error;
    throw unreadable(path, messageOf(error));
  }
}

function unreadable(path: string, reason: string): FileError {
  return new FileError(
    `Cannot read ${path} (${reason}): make it a readable file`,
    { path },
  );
}
