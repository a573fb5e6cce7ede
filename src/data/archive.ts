import { readIdx } from '../formats/idx.ts';
import type { RemoteFile } from './download.ts';
import {
  type FileOptions,
  type FileSet,
  type FoundFiles,
  findFiles,
  loadFiles,
} from './files.ts';
import { type LabelledImages, labelled } from './labelled.ts';

/** A public data set of four gzipped IDX files. */
export interface Archive extends FileSet {
  /** Training images and labels, test images and labels. */
  readonly files: readonly [RemoteFile, RemoteFile, RemoteFile, RemoteFile];
}

export interface LoadedArchive {
  /** Where it came from. */
  readonly source: string;
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

/**
 * Loads an archive as loadFiles does.
 *
 * @throws FormatError if a file is not an IDX file of such images or labels
 * @throws DataError if it cannot be had or a checksum fails
 * @throws FileError if a file cannot be read or written
 */
export async function loadArchive(
  archive: Archive,
  options: FileOptions = {},
): Promise<LoadedArchive> {
  return parse(await loadFiles(archive, options));
}

/** As loadArchive, but undefined if it is not whole on this machine. */
export async function findArchive(
  archive: Archive,
  options: FileOptions = {},
): Promise<LoadedArchive | undefined> {
  const found = await findFiles(archive, options);
  return found && parse(found);
}

function parse({ source, files }: FoundFiles): LoadedArchive {
  const [a, b, c, d] = files.map(({ file, bytes }) => ({
    ...readIdx(bytes, file),
    file,
  }));
  return { source, train: labelled(a!, b!), test: labelled(c!, d!) };
}
