import { FormatError } from '../base/errors.ts';

/** Ends the reading of a file: fact, remedy, and the values of both. */
export function malformed(
  file: string,
  fact: string,
  remedy: string,
  data: Record<string, unknown> = {},
): never {
  throw new FormatError(`File ${file} ${fact}: ${remedy}`, { file, ...data });
}

/** The same of a file that was not fetched whole. */
export function damaged(
  file: string,
  fact: string,
  data: Record<string, unknown> = {},
): never {
  malformed(file, fact, 'fetch it again', data);
}
