/**
 * Arrays as NumPy files (.npy), format version 1.0: a magic word, a header
 * that says type and shape, then the numbers in C order, little-endian.
 * Source: NEP 1 and numpy.lib.format.
 */

import { FormatError, ShapeError, show } from '../base/errors.ts';
import { type Shape, shapeText, sizeOf } from '../base/tensor.ts';

export type NpyData = Float64Array | Float32Array | Uint32Array | Int32Array;

export interface Npy {
  readonly shape: Shape;
  readonly data: NpyData;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Magic, version and the length of the header. */
const PREAMBLE = 10;
/** Numbers begin at a multiple of this, so that files can be mapped. */
const ALIGNMENT = 64;
const LONGEST = 0xffff;

const TYPES = {
  '<f8': { array: Float64Array, get: 'getFloat64', set: 'setFloat64' },
  '<f4': { array: Float32Array, get: 'getFloat32', set: 'setFloat32' },
  '<u4': { array: Uint32Array, get: 'getUint32', set: 'setUint32' },
  '<i4': { array: Int32Array, get: 'getInt32', set: 'setInt32' },
} as const;
type Descr = keyof typeof TYPES;

/**
 * A file of row-major data. An empty shape is a scalar, an axis of 0 an empty
 * array. Throws ShapeError where the shape does not fit the data.
 */
export function npyBytes(
  data: NpyData,
  shape: Shape = [data.length],
): Uint8Array {
  checkFits(data, shape);
  const [descr, { set }] = Object.entries(TYPES).find(
    ([, { array }]) => data instanceof array,
  )!;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const unpadded = PREAMBLE + dictionary.length + 1;
  const header =
    dictionary +
    ' '.repeat((ALIGNMENT - (unpadded % ALIGNMENT)) % ALIGNMENT) +
    '\n';
  if (header.length > LONGEST) {
    throw new ShapeError(
      `An array of ${shape.length} axes does not fit an NPY header of ` +
        `${LONGEST} bytes: join axes`,
      { axes: shape.length },
    );
  }
  const start = PREAMBLE + header.length;
  const bytes = new Uint8Array(start + data.byteLength);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  bytes[6] = 1;
  view.setUint16(8, header.length, true);
  bytes.set(new TextEncoder().encode(header), PREAMBLE);
  for (let i = 0; i < data.length; i++) {
    view[set](start + i * data.BYTES_PER_ELEMENT, data[i]!, true);
  }
  return bytes;
}

function checkFits(data: NpyData, shape: Shape): void {
  const whole = shape.every((axis) => Number.isSafeInteger(axis) && axis >= 0);
  if (whole && sizeOf(shape) === data.length) return;
  throw new ShapeError(
    `An array of shape ${shapeText(shape)} cannot hold ${data.length} ` +
      'numbers: pass as many as the axes multiply to',
    { shape, length: data.length },
  );
}

/**
 * Reads a file of version 1.0 with numbers of the four types. Throws
 * FormatError for anything else, and for bytes too few or too many.
 */
export function readNpy(bytes: Uint8Array): Npy {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < PREAMBLE || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new FormatError(
      `${bytes.length} bytes are no NPY file: it begins with \\x93NUMPY`,
      { bytes: bytes.length },
    );
  }
  if (bytes[6] !== 1 || bytes[7] !== 0) {
    throw new FormatError(
      `NPY version ${bytes[6]}.${bytes[7]} cannot be read: save the array as ` +
        'version 1.0',
      { major: bytes[6], minor: bytes[7] },
    );
  }
  const start = PREAMBLE + view.getUint16(8, true);
  if (start > bytes.length) {
    throw new FormatError(
      `An NPY file ends in its header: it has ${bytes.length} of ${start} ` +
        'bytes, write it anew',
      { length: bytes.length, header: start },
    );
  }
  const { descr, shape } = readHeader(
    String.fromCharCode(...bytes.subarray(PREAMBLE, start)),
  );
  const { array, get } = TYPES[descr];
  const size = sizeOf(shape);
  const expected = size * array.BYTES_PER_ELEMENT;
  if (bytes.length - start !== expected) {
    throw new FormatError(
      `An NPY file of shape ${shapeText(shape)} and type ${descr} has ` +
        `${bytes.length - start} bytes of numbers instead of ${expected}: ` +
        'write it anew',
      { shape, descr, bytes: bytes.length - start, expected },
    );
  }
  const data = new array(size);
  for (let i = 0; i < size; i++) {
    data[i] = view[get](start + i * array.BYTES_PER_ELEMENT, true);
  }
  return { shape, data };
}

/** The header is a Python dictionary of three known keys, in any order. */
function readHeader(header: string): { descr: Descr; shape: number[] } {
  const fail = (what: string): never => {
    throw new FormatError(
      `The header of an NPY file ${what}: ${show(header.trim())}`,
      { header },
    );
  };
  const inside = /^\{\s*(.*?)\s*,?\s*\} *\n$/s.exec(header)?.[1];
  if (inside === undefined) return fail('is no dictionary');
  const entry =
    /\s*(?:'(\w+)'|"(\w+)")\s*:\s*('[^']*'|"[^"]*"|\([^()]*\)|\[.*\]|\w+)\s*(?:,|$)/gy;
  const found = new Map<string, string>();
  let end = 0;
  for (const match of inside.matchAll(entry)) {
    const key = (match[1] ?? match[2])!;
    if (found.has(key)) fail(`has "${key}" twice`);
    found.set(key, match[3]!);
    end = match.index + match[0].length;
  }
  if (end !== inside.length) fail('cannot be read');
  const keys = [...found.keys()].sort().join(' ');
  if (keys !== 'descr fortran_order shape') {
    fail('has other keys than descr, fortran_order and shape');
  }
  const order = found.get('fortran_order');
  if (order === 'True') {
    fail('says Fortran order, save the array in C order');
  }
  if (order !== 'False') fail('says neither True nor False for fortran_order');
  const descr = found.get('descr')!.replace(/^(['"])(.*)\1$/s, '$2');
  if (!Object.hasOwn(TYPES, descr)) {
    fail(
      `has the type ${show(descr)}, which is not one of ` +
        `${Object.keys(TYPES).join(', ')}`,
    );
  }
  const tuple = /^\(\s*(?:(\d+)\s*,\s*|(\d+(?:\s*,\s*\d+)+)\s*,?\s*)?\)$/.exec(
    found.get('shape')!,
  );
  if (!tuple) return fail('has no tuple of whole numbers for its shape');
  const shape = (tuple[1] ?? tuple[2] ?? '')
    .split(',')
    .filter((axis) => axis.trim() !== '')
    .map(Number);
  if (!Number.isSafeInteger(sizeOf(shape))) fail('has more numbers than fit');
  return { descr: descr as Descr, shape };
}
