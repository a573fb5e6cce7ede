import { readFile, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import {
  DataError,
  FileError,
  FormatError,
  messageOf,
} from '../base/errors.ts';
import { MAX_FILE_BYTES } from '../formats/gzip.ts';
import {
  checkSum,
  type DownloadOptions,
  download,
  type RemoteFile,
  store,
} from './download.ts';

/** A public data set as it lies in a folder. */
export interface FileSet {
  /** Also the name of its folder. */
  readonly name: string;
  /** URLs of folders that hold the files, best first; none: not offered. */
  readonly mirrors: readonly string[];
  readonly files: readonly RemoteFile[];
  /** Other names, by name, that a file may have in the user's own folder. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** What to do for someone who has to get the files by hand. */
  readonly byHand?: string;
  /** Fills the cache where the mirrors do not hold the files as they are. */
  readonly fill?: Fill;
}

/** Puts the files into a folder; gives the mirrors that were of use. */
export type Fill = (
  mirrors: readonly string[],
  folder: string,
  remedy: string,
  options: DownloadOptions,
) => Promise<readonly string[]>;

/** What is taken out of an archive: contents by the name of the file. */
type Take = (
  bytes: Uint8Array,
  path: string,
  remedy: string,
) => Readonly<Record<string, Uint8Array>>;

/** A fill that takes the files out of an archive, which is not kept. */
export function takenFrom(archive: RemoteFile, take: Take): Fill {
  return async (mirrors, folder, remedy, options) => {
    const used = await download([archive], mirrors, folder, remedy, options);
    const path = join(folder, archive.name);
    const files = take(await readWhole(path), path, remedy);
    for (const [name, content] of Object.entries(files)) {
      await store(join(folder, name), content);
    }
    await rm(path, { force: true });
    return used;
  };
}

export interface FileOptions extends DownloadOptions {
  /** In place of `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** In place of the data set's own mirrors. */
  readonly mirrors?: readonly string[];
  /** False: use only what is on this machine. */
  readonly download?: boolean;
}

/** A file's bytes, and its path for the text of an error. */
export interface NamedBytes {
  readonly file: string;
  readonly bytes: Uint8Array;
}

export interface FoundFiles {
  /** Where they came from. */
  readonly source: string;
  /** In the order of the set. */
  readonly files: readonly NamedBytes[];
}

/**
 * Reads the files of a data set from `$ISOCHRON_DATA/<name>` (the user's own
 * files, packed or not), from the cache (checksums must hold), or from its
 * mirrors by way of the cache.
 *
 * @throws DataError if it cannot be had or a checksum fails
 * @throws FileError if a file cannot be read or written
 * @throws FormatError if a file is too large to be one of them
 */
export async function loadFiles(
  set: FileSet,
  options: FileOptions = {},
): Promise<FoundFiles> {
  const found = await findFiles(set, options);
  if (found !== undefined) return found;
  const { name } = set;
  const byHand = set.byHand ?? putThem(set);
  const mirrors = options.mirrors ?? set.mirrors;
  if (mirrors.length === 0) {
    throw new DataError(
      `Data set ${name} is not on this machine, and no checksum is known by ` +
        `which a download could be trusted: ${byHand}`,
      { name },
    );
  }
  if (options.download === false) {
    throw new DataError(
      `Data set ${name} is not on this machine and downloads are off: allow ` +
        `them, or ${byHand}`,
      { name },
    );
  }
  const cache = cacheFolder(set, options);
  if (cache === undefined) {
    throw new FileError(
      'There is no home folder to keep downloads in: set ISOCHRON_CACHE to a ' +
        'folder',
      { name },
    );
  }
  const { missing } = await locate(set, cache);
  const remedy = `check the network, or ${byHand}`;
  const fill: Fill = set.fill ?? ((...others) => download(missing, ...others));
  const used = await fill(mirrors, cache, remedy, options);
  const paths = set.files.map((file) => join(cache, file.name));
  const source = `${cache}, downloaded from ${used.join(' and ')}`;
  return { source, files: await read(set, paths, true) };
}

/** As loadFiles, but undefined if they are not all on this machine. */
export async function findFiles(
  set: FileSet,
  options: FileOptions = {},
): Promise<FoundFiles | undefined> {
  const data = (options.env ?? process.env)['ISOCHRON_DATA'];
  if (data) {
    const folder = resolve(data, set.name);
    const { paths, missing } = await locate(set, folder, true);
    if (missing.length === 0) {
      return { source: folder, files: await read(set, paths, false) };
    }
    const names = missing.map((file) => file.name).join(', ');
    options.onProgress?.(
      `ISOCHRON_DATA is set but ${folder} lacks ${names}: looking elsewhere`,
    );
  }
  const cache = cacheFolder(set, options);
  if (cache === undefined) return undefined;
  const { paths, missing } = await locate(set, cache);
  if (missing.length > 0) return undefined;
  return { source: cache, files: await read(set, paths, true) };
}

function putThem({ name, files }: FileSet): string {
  const count = ['no', 'one', 'two', 'three', 'four'][files.length];
  const which =
    files.length === 1
      ? `its file ${files[0]!.name}`
      : `the ${count ?? files.length} files of ${name}`;
  return `put ${which} into $ISOCHRON_DATA/${name}`;
}

/** `$ISOCHRON_CACHE`, `$XDG_CACHE_HOME` or `~/.cache`, + isochron/name. */
function cacheFolder(set: FileSet, options: FileOptions): string | undefined {
  const env = options.env ?? process.env;
  const own = env['ISOCHRON_CACHE'];
  if (own) return resolve(own, 'isochron', set.name);
  // The XDG specification says to ignore a relative path.
  const xdg = env['XDG_CACHE_HOME'];
  if (xdg && isAbsolute(xdg)) return join(xdg, 'isochron', set.name);
  try {
    const home = env['HOME'] || homedir();
    return resolve(home, '.cache', 'isochron', set.name);
  } catch {
    return undefined;
  }
}

/** Which of the set's files a folder holds, in the set's order. */
async function locate(
  set: FileSet,
  folder: string,
  ofTheUser = false,
): Promise<{ paths: string[]; missing: RemoteFile[] }> {
  const paths: string[] = [];
  const missing: RemoteFile[] = [];
  for (const file of set.files) {
    const names = ofTheUser ? namesOf(set, file) : [file.name];
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

/** Packed or not, and by another name: users keep files as they like. */
function namesOf(set: FileSet, { name }: RemoteFile): readonly string[] {
  const plain = name.replace(/\.gz$/, '');
  const alias = set.aliases?.[name];
  const other = name === plain ? `${name}.gz` : plain;
  return alias === undefined ? [name, other] : [name, other, alias];
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
  set: FileSet,
  paths: readonly string[],
  check: boolean,
): Promise<readonly NamedBytes[]> {
  const found: NamedBytes[] = [];
  for (const [i, path] of paths.entries()) {
    const bytes = await readWhole(path);
    if (check) {
      const what = `Cached file ${path} has`;
      const { sha256 } = set.files[i]!;
      const remedy = 'delete it and try again';
      checkSum(what, bytes, sha256, remedy, { file: path });
    }
    found.push({ file: path, bytes });
  }
  return found;
}

/** @throws FileError, or FormatError if it is too large */
export async function readWhole(path: string): Promise<Uint8Array> {
  try {
    const info = await stat(path);
    if (!info.isFile()) throw unreadable(path, 'it is not a regular file');
    if (info.size > MAX_FILE_BYTES) {
      throw new FormatError(
        `File ${path} has ${info.size} bytes, more than ${MAX_FILE_BYTES}: ` +
          'put the file of the data set there',
        { file: path, size: info.size, maxBytes: MAX_FILE_BYTES },
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
