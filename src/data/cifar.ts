import { sizeOf } from '../base/tensor.ts';
import { MAX_FILE_BYTES, unpacked } from '../formats/gzip.ts';
import { damaged, malformed } from '../formats/malformed.ts';
import { memberOf } from '../formats/tar.ts';
import { checkSum, type RemoteFile } from './download.ts';
import { type FileSet, type FoundFiles, takenFrom } from './files.ts';
import {
  COLOUR_SHAPE,
  firstOf,
  type ImageSets,
  type LabelledImages,
} from './labelled.ts';
import type { Loaded } from './sets.ts';

/**
 * CIFAR-10 in binary rows: one byte of label, then 1,024 bytes each of red,
 * green and blue (A. Krizhevsky 2009, "Learning multiple layers of features
 * from tiny images").
 */

const VALUES = sizeOf(COLOUR_SHAPE);
const ROW = 1 + VALUES;

/** The first rows of a member of the published archive. */
export interface Part extends RemoteFile {
  readonly member: string;
  readonly rows: number;
}

/** A part of a published archive that is kept unpacked in the cache. */
export interface CifarSet extends FileSet {
  /** For training, for testing. */
  readonly files: readonly [Part, Part];
}

/**
 * A data set of the first rows of two members of an archive. The cache keeps
 * those rows alone: the archive is large, and its other rows are not used.
 */
export function cifarSet(
  name: string,
  mirrors: readonly string[],
  archive: RemoteFile,
  files: readonly [Part, Part],
): CifarSet {
  const ends = files.map(({ member }) => member.replace(/^.*\//, ''));
  return {
    name,
    mirrors,
    files,
    aliases: Object.fromEntries(files.map((file, i) => [file.name, ends[i]!])),
    byHand:
      `put ${ends.join(' and ')} of ${mirrors[0]!}${archive.name} into ` +
      `$ISOCHRON_DATA/${name}`,
    fill: takenFrom(archive, (bytes, path, remedy) => {
      const tar = unpacked(bytes, path);
      const taken = files.map(({ name, member, bytes, sha256 }) => {
        const rows = memberOf(tar, member, path).subarray(0, bytes);
        const what = `The first ${bytes} bytes of ${member} in ${path} have`;
        checkSum(what, rows, sha256, remedy, { file: path, member });
        return [name, rows];
      });
      return Object.fromEntries(taken);
    }),
  };
}

/** The first tenth or so of CIFAR-10; its images are in the public order. */
export const CIFAR10_SUBSET: CifarSet = cifarSet(
  'cifar10-subset',
  ['https://www.cs.toronto.edu/~kriz/'],
  {
    name: 'cifar-10-binary.tar.gz',
    bytes: 170052171,
    sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
  },
  [
    {
      name: 'cifar10-train-4000.bin',
      member: 'cifar-10-batches-bin/data_batch_1.bin',
      rows: 4000,
      bytes: 4000 * ROW,
      sha256:
        '0993cf8b8e43bc207603aef9787006995746513f5e3fa5a52e06d1b069926330',
    },
    {
      name: 'cifar10-test-1000.bin',
      member: 'cifar-10-batches-bin/test_batch.bin',
      rows: 1000,
      bytes: 1000 * ROW,
      sha256:
        '8314c96d7cd65618193bab23acdd5d4c4af15bf6dd00a1781d55beedf3be1ef5',
    },
  ],
);

/**
 * What is in the files of a set. Files of the user may hold more rows: the
 * first ones are used.
 *
 * @throws FormatError if a file does not hold such rows, or too few
 */
export function parseCifar(
  set: CifarSet,
  { source, files }: FoundFiles,
): Loaded<ImageSets> {
  const [train, test] = files.map(({ file, bytes }, i) => {
    const { rows } = set.files[i]!;
    const images = readCifar(bytes, file);
    if (images.count < rows) {
      damaged(
        file,
        `holds ${images.count} images of the ${rows} that are needed`,
        { expected: rows, got: images.count },
      );
    }
    return firstOf(images, rows);
  }) as [LabelledImages, LabelledImages];
  return { source, train, test };
}

/**
 * Reads binary rows of CIFAR-10, plain or gzipped.
 *
 * @param file its name, for the text of an error
 * @throws FormatError for anything that is not exactly such rows
 */
export function readCifar(
  bytes: Uint8Array,
  file: string,
  maxBytes: number = MAX_FILE_BYTES,
): LabelledImages {
  const plain = unpacked(bytes, file, maxBytes);
  const count = Math.floor(plain.length / ROW);
  if (count === 0 || plain.length % ROW !== 0) {
    malformed(
      file,
      `has ${plain.length} bytes of data, not whole rows of ${ROW}`,
      'pass a binary file of CIFAR-10, plain or gzipped',
      { got: plain.length, row: ROW },
    );
  }
  const images = new Uint8Array(count * VALUES);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const label = plain[i * ROW]!;
    if (label > 9) {
      malformed(
        file,
        `holds label ${label} in row ${i}`,
        'labels must be 0 to 9',
        { row: i, label },
      );
    }
    labels[i] = label;
    images.set(plain.subarray(i * ROW + 1, (i + 1) * ROW), i * VALUES);
  }
  return { images, labels, count, shape: COLOUR_SHAPE };
}
