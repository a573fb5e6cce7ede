import { inflateRawSync } from 'node:zlib';
import { messageOf } from '../base/errors.ts';
import type { Tuple } from '../base/tuple.ts';
import { damaged, malformed } from './malformed.ts';
import { type Npy, readNpy } from './npy.ts';

/**
 * Arrays of NumPy as savez_compressed packs them: a zip archive of .npy files.
 */

const END = 0x06054b50;
const ENTRY = 0x02014b50;

/**
 * The numbers of a float64 array, in C order.
 *
 * @param name of the array, without .npy
 * @param shape that it must have
 * @param file name of the archive, for the text of an error
 * @throws FormatError if the archive is damaged, or lacks such an array
 */
export function npzArray(
  bytes: Uint8Array,
  name: string,
  shape: readonly number[],
  file: string,
): Float64Array {
  const { data, shape: own } = npyOf(bytes, name, file);
  if (data instanceof Float64Array && String(own) === String(shape))
    return data;
  malformed(
    file,
    `holds ${name} as ${data.constructor.name} of shape [${own.join(', ')}]`,
    `need Float64Array of shape [${shape.join(', ')}]`,
    { name, shape: own },
  );
}

function npyOf(bytes: Uint8Array, name: string, file: string): Npy {
  const member = zipMember(bytes, `${name}.npy`, file);
  try {
    return readNpy(member);
  } catch (error) {
    damaged(file, `holds no ${name} (${messageOf(error)})`);
  }
}

function zipMember(bytes: Uint8Array, name: string, file: string): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    // The end record is last but for a comment, which NumPy does not write.
    const end = bytes.length - 22;
    let at =
      view.getUint32(end, true) === END ? view.getUint32(end + 16, true) : end;
    while (view.getUint32(at, true) === ENTRY) {
      const [packed, plain] = [20, 24].map((o) => view.getUint32(at + o, true));
      const [text, extra, comment] = [28, 30, 32].map((o) =>
        view.getUint16(at + o, true),
      ) as Tuple<number, 3>;
      const own = bytes.subarray(at + 46, at + 46 + text);
      if (new TextDecoder().decode(own) === name) {
        const local = view.getUint32(at + 42, true);
        const skip =
          view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
        const start = local + 30 + skip;
        const body = bytes.subarray(start, start + packed!);
        const stored = view.getUint16(at + 10, true) === 0;
        return stored ? body : inflateRawSync(body, { maxOutputLength: plain });
      }
      at += 46 + text + extra + comment;
    }
  } catch (error) {
    damaged(file, `is a damaged zip (${messageOf(error)})`);
  }
  damaged(file, `has no member ${name}`, { member: name });
}
