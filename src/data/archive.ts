import { readIdx } from '../formats/idx.ts';
import type { RemoteFile } from './download.ts';
import type { FileSet, FoundFiles } from './files.ts';
import { type ImageSets, labelled } from './labelled.ts';
import type { Loaded } from './sets.ts';

/** A public data set of four gzipped IDX files. */
export interface Archive extends FileSet {
  /** Training images and labels, test images and labels. */
  readonly files: readonly [RemoteFile, RemoteFile, RemoteFile, RemoteFile];
}

/**
 * What is in the files of an archive.
 *
 * @throws FormatError if a file is not an IDX file of such images or labels
 */
export function parseArchive({ source, files }: FoundFiles): Loaded<ImageSets> {
  const [a, b, c, d] = files.map(({ file, bytes }) => ({
    ...readIdx(bytes, file),
    file,
  }));
  return { source, train: labelled(a!, b!), test: labelled(c!, d!) };
}
