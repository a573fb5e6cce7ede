import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DataError,
  FileError,
  messageOf,
  OptionError,
} from '../base/errors.ts';

/** A file of public data, as its publisher packed it. */
export interface RemoteFile {
  readonly name: string;
  readonly bytes: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
}

/** The part of the global `fetch` that is used. */
export type Fetch = (
  url: string,
  init: { signal: AbortSignal; headers: Record<string, string> },
) => Promise<Response>;

export interface DownloadOptions {
  /** In place of the global `fetch`. */
  readonly fetch?: Fetch;
  /** Longest silence of a server in milliseconds; 30,000 if not given. */
  readonly timeoutMs?: number;
  readonly onProgress?: (text: string) => void;
}

interface Attempt {
  readonly url: string;
  readonly reason: string;
  readonly expected?: string;
  readonly got?: string;
}

/**
 * Downloads files into a folder, each from the first mirror that gives it
 * whole. A file appears there under its name only when its checksum holds.
 *
 * @param bases URLs of folders, tried in order
 * @param remedy what a user may do if no mirror has it
 * @returns the bases that gave a file
 * @throws DataError if no base gives a file that matches its checksum
 * @throws FileError if the folder cannot be written
 * @throws OptionError if the timeout is out of range
 */
export async function download(
  files: readonly RemoteFile[],
  bases: readonly string[],
  folder: string,
  remedy: string,
  options: DownloadOptions = {},
): Promise<readonly string[]> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  if (!(timeoutMs >= 1 && timeoutMs < 2 ** 31)) {
    throw new OptionError(
      `Timeout ${timeoutMs} ms is not usable: pass 1 to 2147483647`,
      { timeoutMs },
    );
  }
  // Before the network is asked: a folder that refuses would waste it all.
  await writing(folder, () => mkdir(folder, { recursive: true }));
  let order = [...bases];
  const used = new Set<string>();
  for (const file of files) {
    const attempts: Attempt[] = [];
    let content: Uint8Array | undefined;
    for (const base of [...order]) {
      const url = `${base.replace(/\/+$/, '')}/${file.name}`;
      options.onProgress?.(
        `Downloading ${url} (${(file.bytes / 1e6).toFixed(1)} MB)`,
      );
      const result = await attempt(url, file, timeoutMs, options.fetch);
      if (result instanceof Uint8Array) {
        content = result;
        used.add(base);
        break;
      }
      options.onProgress?.(`${url}: ${result.reason}`);
      attempts.push(result);
      // A host that failed once is asked last for the next file.
      order = [...order.filter((other) => other !== base), base];
    }
    if (content === undefined) throw noMirror(file, attempts, remedy);
    await store(join(folder, file.name), content);
  }
  return [...used];
}

/** Hexadecimal sha256 of the bytes. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * @param what the bytes and a verb, such as "File x has"
 * @throws DataError if the bytes are not those that are meant
 */
export function checkSum(
  what: string,
  bytes: Uint8Array,
  expected: string,
  remedy: string,
  data: Readonly<Record<string, unknown>>,
): void {
  const got = sha256Of(bytes);
  if (got === expected) return;
  throw new DataError(
    `${what} sha256 ${got} but must have ${expected}: ${remedy}`,
    { ...data, expected, got },
  );
}

async function attempt(
  url: string,
  file: RemoteFile,
  timeoutMs: number,
  fetchUrl: Fetch = fetch,
): Promise<Uint8Array | Attempt> {
  const stop = new AbortController();
  try {
    const response = await within(
      timeoutMs,
      // The checksum is of the packed file: no encoding on top of it.
      fetchUrl(url, {
        signal: stop.signal,
        headers: { 'accept-encoding': 'identity' },
      }),
    );
    if (response.status !== 200) {
      return { url, reason: `HTTP status ${response.status}` };
    }
    const content = await readBody(response, file.bytes, timeoutMs);
    const got = sha256Of(content);
    if (got === file.sha256) return content;
    const expected = file.sha256;
    const size = content.length;
    const reason = `sha256 of ${size} bytes is ${got}, must be ${expected}`;
    return { url, reason, expected, got };
  } catch (error) {
    return { url, reason: causeOf(error) };
  } finally {
    stop.abort();
  }
}

/** All bytes of the body; one too many is enough to stop. */
async function readBody(
  response: Response,
  limit: number,
  timeoutMs: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await within(timeoutMs, reader.read());
    if (done) break;
    length += value.length;
    if (length > limit) throw new Error(`more than ${limit} bytes`);
    chunks.push(value);
  }
  return Buffer.concat(chunks);
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** `fetch` says only "fetch failed"; the reason is in its cause. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error)) return messageOf(error);
  const code = 'code' in cause ? String(cause.code) : '';
  return cause.message === '' ? code || messageOf(error) : messageOf(cause);
}

function noMirror(
  file: RemoteFile,
  attempts: readonly Attempt[],
  remedy: string,
): DataError {
  const tried = attempts.map(({ url, reason }) => `${url}: ${reason}`);
  const mismatch = attempts.find(({ got }) => got !== undefined);
  return new DataError(
    `${file.name} cannot be downloaded (${tried.join('; ') || 'no mirror'}): ` +
      remedy,
    {
      file: file.name,
      attempts,
      ...(mismatch && { expected: mismatch.expected, got: mismatch.got }),
    },
  );
}

/** Writes beside the name and renames: readers see a whole file or none. */
export async function store(path: string, content: Uint8Array): Promise<void> {
  const part = `${path}.${randomUUID()}.part`;
  try {
    await writing(path, async () => {
      await writeFile(part, content, { flag: 'wx' });
      await rename(part, path);
    });
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function writing(
  path: string,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new FileError(
      `Cannot write ${path} (${messageOf(error)}): make it writable, or set ` +
        'ISOCHRON_CACHE to a folder that is',
      { path },
    );
  }
}
