import { damaged } from './malformed.ts';

const BLOCK = 512;

/**
 * One member of a tar archive. Members before it are stepped over, whatever
 * they are; those after it are not looked at.
 *
 * @param file name of the archive, for the text of an error
 * @throws FormatError if the archive is damaged or lacks it
 */
export function memberOf(
  tar: Uint8Array,
  name: string,
  file: string,
): Uint8Array {
  // An archive ends with blocks of zeros.
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const size = number(tar, at + 124, 12);
    const sum = number(tar, at + 148, 8);
    const start = at + BLOCK;
    if (sum !== checksum(tar, at) || !(start + size <= tar.length)) {
      damaged(file, `is a damaged archive at byte ${at}`, {
        at,
      });
    }
    if (text(tar, at, 100) === name) return tar.subarray(start, start + size);
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  damaged(file, `has no member ${name}`, { member: name });
}

function text(tar: Uint8Array, at: number, length: number): string {
  return new TextDecoder()
    .decode(tar.subarray(at, at + length))
    .replace(/\0[\s\S]*$/, '');
}

function number(tar: Uint8Array, at: number, length: number): number {
  return Number.parseInt(text(tar, at, length).trim(), 8);
}

/** Sum of a header's bytes, its own checksum field taken as blanks. */
function checksum(tar: Uint8Array, at: number): number {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) {
    sum += i >= 148 && i < 156 ? 32 : tar[at + i]!;
  }
  return sum;
}
