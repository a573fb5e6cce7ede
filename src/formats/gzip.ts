import { gunzipSync } from 'node:zlib';
import { messageOf } from '../base/errors.ts';
import { damaged, malformed } from './malformed.ts';

/**
 * Most bytes a file may hold, packed or not: 256 MiB, five times the largest
 * of the MNIST family, and more than the archive of CIFAR-10.
 */
export const MAX_FILE_BYTES = 256 * 1024 * 1024;

/**
 * The bytes of a file that may be gzipped or not.
 *
 * @param file its name, for the text of an error
 * @param maxBytes most bytes it may unpack to: a gzip bomb is stopped there
 * @throws FormatError if it is damaged gzip, too large, or goes on after it
 */
export function unpacked(
  bytes: Uint8Array,
  file: string,
  maxBytes: number = MAX_FILE_BYTES,
): Uint8Array {
  const gzipped = bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!gzipped) return bytes;
  // With `info` the result also tells how much of the input was used; the
  // type definitions of Node do not know this form.
  let result: { buffer: Uint8Array; engine: { bytesWritten: number } };
  try {
    result = gunzipSync(bytes, {
      info: true,
      maxOutputLength: maxBytes,
    }) as unknown as typeof result;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      malformed(
        file,
        `unpacks to more than ${maxBytes} bytes`,
        'it is no file of this data set; fetch it again',
        { maxBytes },
      );
    }
    damaged(file, `is damaged gzip (${messageOf(error)})`);
  }
  const used = result.engine.bytesWritten;
  if (used < bytes.length) {
    damaged(
      file,
      `has ${bytes.length - used} bytes after the end of its gzip data`,
      { expected: used, got: bytes.length },
    );
  }
  return result.buffer;
}
