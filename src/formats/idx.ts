import { sizeOf } from '../base/tensor.ts';
import { MAX_FILE_BYTES, unpacked } from './gzip.ts';
import { damaged, malformed } from './malformed.ts';

/** An array of unsigned bytes, row-major: sizes of the axes and the bytes. */
export interface Idx {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** Element types of the format, by the third byte of the file. */
const TYPES: Readonly<Record<number, string>> = {
  8: 'unsigned byte',
  9: 'signed byte',
  11: 'short',
  12: 'int',
  13: 'float',
  14: 'double',
};

const UNSIGNED_BYTE = 8;

/**
 * Reads an IDX file of unsigned bytes, plain or gzipped: two zero bytes, the
 * element type, the number of axes, each axis as a big-endian 32-bit word,
 * then the elements (Y. LeCun's format for MNIST).
 *
 * @param bytes the whole file
 * @param file its name, for the text of an error
 * @param maxBytes most bytes it may hold unpacked
 * @throws FormatError for anything that is not exactly such a file
 */
export function readIdx(
  bytes: Uint8Array,
  file: string,
  maxBytes: number = MAX_FILE_BYTES,
): Idx {
  const plain = unpacked(bytes, file, maxBytes);
  const shape = readShape(plain, file, maxBytes);
  const start = 4 + 4 * shape.length;
  const size = sizeOf(shape);
  const found = plain.length - start;
  if (found < size) {
    damaged(
      file,
      `is truncated: shape ${shape.join(' x ')} needs ${size} bytes of data ` +
        `but it holds ${found}`,
      { shape, expected: size, got: found },
    );
  }
  if (found > size) {
    damaged(
      file,
      `has ${found - size} bytes after its data of ${shape.join(' x ')}`,
      { shape, expected: size, got: found },
    );
  }
  // A copy: its owner may go on to use the bytes, and a Buffer's may be pooled.
  return { shape, data: new Uint8Array(plain.subarray(start)) };
}

function readShape(
  plain: Uint8Array,
  file: string,
  maxBytes: number,
): readonly number[] {
  if (plain.length < 4) {
    damaged(
      file,
      `is truncated: ${plain.length} bytes, an IDX header has at least 8`,
      { got: plain.length },
    );
  }
  const [zero0, zero1, type, axes] = plain;
  if (zero0 !== 0 || zero1 !== 0 || axes === 0 || !(type! in TYPES)) {
    const magic = [zero0, zero1, type, axes]
      .map((byte) => byte!.toString(16).padStart(2, '0'))
      .join(' ');
    malformed(
      file,
      `starts with ${magic}, which is not IDX (00 00 08 and 1 to 255 axes)`,
      'pass an IDX file, plain or gzipped',
      { magic },
    );
  }
  if (type !== UNSIGNED_BYTE) {
    malformed(
      file,
      `holds elements of type ${TYPES[type!]} (code ${type})`,
      'only unsigned bytes (code 8) are read; convert it',
      { type },
    );
  }
  const headerLength = 4 + 4 * axes!;
  if (plain.length < headerLength) {
    damaged(
      file,
      `is truncated: ${plain.length} bytes, its header of ${axes} axes has ` +
        headerLength,
      { expected: headerLength, got: plain.length },
    );
  }
  const view = new DataView(plain.buffer, plain.byteOffset, headerLength);
  const shape: number[] = [];
  let size = 1;
  for (let axis = 0; axis < axes!; axis++) {
    const length = view.getUint32(4 + 4 * axis);
    if (length === 0) {
      malformed(
        file,
        `has size 0 along axis ${axis}`,
        'every axis must be >= 1',
        {
          axis,
        },
      );
    }
    shape.push(length);
    // Both factors are below 2^32, so this product may round but not wrap.
    size *= length;
    if (size > maxBytes) {
      malformed(
        file,
        `declares more than ${maxBytes} bytes (${shape.join(' x ')} at axis ` +
          `${axis})`,
        'its header is damaged; fetch it again',
        { shape, maxBytes },
      );
    }
  }
  return shape;
}
