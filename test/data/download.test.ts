import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataError, FileError, OptionError } from '../../src/base/errors.ts';
import { download, sha256Of } from '../../src/data/download.ts';
import { rejection } from '../formats/idx-bytes.ts';

const CONTENT = Uint8Array.from({ length: 100_000 }, (_, i) => i * i);
const FILE = {
  name: 'a.gz',
  bytes: CONTENT.length,
  // Oracle of the digest: `sha256sum` of the same bytes.
  sha256: 'b9711c92a4d52b7a888e9326832405914dd11785a5c74b1fadfc07cd2723c30c',
};

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** What a mirror may do, by the first folder of the path. */
const ANSWERS: Record<string, Answer> = {
  good: (_request, response) => response.end(CONTENT),
  wrong: (_request, response) => response.end(CONTENT.map((byte) => byte ^ 1)),
  short: (_request, response) => response.end(CONTENT.subarray(0, 500)),
  long: (_request, response) => {
    response.on('error', () => undefined);
    // Without an end: only a bound on the size stops it.
    const more = () => {
      while (!response.destroyed && response.write(CONTENT));
      response.once('drain', more);
    };
    more();
  },
  missing: (_request, response) => {
    response.statusCode = 404;
    response.end(CONTENT);
  },
  moved: (_request, response) => {
    response.writeHead(302, { location: '/good/a.gz' });
    response.end();
  },
  silent: () => undefined,
  stalled: (_request, response) => {
    response.write(CONTENT.subarray(0, 500));
  },
  cut: (_request, response) => {
    response.writeHead(200, { 'content-length': CONTENT.length });
    response.write(CONTENT.subarray(0, 500), () => response.destroy());
  },
};

let server: Server;
let base: string;
let folder: string;
let asked: string[];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    const kind = (request.url ?? '').split('/')[1];
    asked.push(request.url ?? '');
    ANSWERS[kind](request, response);
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = await mkdtemp(join(tmpdir(), 'isochron-download-'));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => {
    server.close(done);
  });
  await rm(folder, { recursive: true, force: true });
});

function get(...kinds: string[]): Promise<readonly string[]> {
  const bases = kinds.map((kind) => `${base}/${kind}/`);
  return download([FILE], bases, folder, 'do this', { timeoutMs: 300 });
}

describe('download', () => {
  // Oracle: the bytes that the server was given.
  it.each(['good', 'moved'])('keeps the bytes of a %s file', async (kind) => {
    expect(await get(kind)).toEqual([`${base}/${kind}/`]);
    expect(await readdir(folder)).toEqual(['a.gz']);
    expect(sha256Of(await readFile(join(folder, 'a.gz')))).toBe(FILE.sha256);
  });

  // Oracle: what the server is known to do; the folder must stay empty.
  it.each([
    ['missing', /HTTP status 404/],
    ['wrong', /sha256 of 100000 bytes is [0-9a-f]{64}, must be/],
    ['short', /sha256 of 500 bytes is [0-9a-f]{64}, must be/],
    ['long', /more than 100000 bytes/],
    ['silent', /no answer within 300 ms/],
    ['stalled', /no answer within 300 ms/],
    ['cut', /closed|terminated/],
  ])('refuses a %s file and leaves nothing', async (kind, words) => {
    const error = await rejection(get(kind));
    expect(error).toBeInstanceOf(DataError);
    const { message } = error as DataError;
    expect(message).toMatch(words);
    expect(message).toContain(`${base}/${kind}/a.gz`);
    expect(message).toMatch(/: do this$/);
    expect(message).not.toContain('\n');
    expect(await readdir(folder)).toEqual([]);
  });

  it('tells the checksum that it expected and the one it got', async () => {
    const error = await rejection(get('missing', 'wrong'));
    expect((error as DataError).data).toMatchObject({
      file: 'a.gz',
      expected: FILE.sha256,
      got: sha256Of(CONTENT.map((byte) => byte ^ 1)),
    });
  });

  it('goes on to the next mirror after every kind of failure', async () => {
    await get('missing', 'wrong', 'short', 'silent', 'cut', 'good');
    expect(await readdir(folder)).toEqual(['a.gz']);
    expect(asked).toHaveLength(6);
  });

  it('asks a mirror that failed last for the next file', async () => {
    const files = [FILE, { ...FILE, name: 'b.gz' }];
    const bases = [`${base}/missing`, `${base}/good`];
    await download(files, bases, folder, 'do this');
    expect(asked).toEqual(['/missing/a.gz', '/good/a.gz', '/good/b.gz']);
  });

  it('says when nobody listens, when a name is no URL, when none', async () => {
    const socket = createSocket();
    await new Promise<void>((done) => {
      socket.listen(0, '127.0.0.1', done);
    });
    const { port } = socket.address() as AddressInfo;
    await new Promise((done) => {
      socket.close(done);
    });
    const bases = [`http://127.0.0.1:${port}`, 'no url'];
    const error = await rejection(download([FILE], bases, folder, 'do this'));
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toMatch(/ECONNREFUSED.*no url\/a\.gz/);
    const none = await rejection(download([FILE], [], folder, 'do this'));
    expect(none).toBeInstanceOf(DataError);
    expect((none as DataError).message).toMatch(/no mirror/);
  });

  // Oracle: a path below a regular file can never be made, even by root.
  it('asks nobody when the folder cannot be made', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    const work = download([FILE], [`${base}/good`], join(file, 'x'), 'do this');
    expect(await rejection(work)).toBeInstanceOf(FileError);
    expect(asked).toEqual([]);
  });

  it('leaves nothing when the file cannot get its name', async () => {
    const files = [{ ...FILE, name: 'a/b.gz' }];
    const work = download(files, [`${base}/good`], folder, 'do this');
    expect(await rejection(work)).toBeInstanceOf(FileError);
    expect(await readdir(folder)).toEqual([]);
  });

  it('gives up on an injected fetch that never settles', async () => {
    const work = download([FILE], [base], folder, 'do this', {
      fetch: () => new Promise(() => undefined),
      timeoutMs: 20,
    });
    expect(await rejection(work)).toBeInstanceOf(DataError);
  });

  it.each([0, -1, Number.NaN, 2 ** 31])('refuses timeout %d', async (ms) => {
    const work = download([FILE], [base], folder, '', { timeoutMs: ms });
    expect(await rejection(work)).toBeInstanceOf(OptionError);
  });
});
