import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataError, FileError, FormatError } from '../../src/base/errors.ts';
import { parseArchive } from '../../src/data/archive.ts';
import type { FileOptions } from '../../src/data/files.ts';
import { fromFiles } from '../../src/data/sets.ts';
import { idxBytes, rejection, smallArchive } from '../formats/idx-bytes.ts';

const { archive, packed, train, test } = smallArchive();
const { load: loadArchive, find: findArchive } = fromFiles(
  archive,
  parseArchive,
);

let root: string;
let asked: string[];
let told: string[];
let options: FileOptions;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'isochron-archive-'));
  asked = [];
  told = [];
  options = {
    env: { ISOCHRON_CACHE: join(root, 'cache') },
    mirrors: ['http://mirror.invalid/x/'],
    // A mirror with all files; download.test.ts has a real server.
    fetch: async (url) => {
      asked.push(url);
      const bytes = packed[url.split('/').at(-1) ?? ''];
      return new Response(new Uint8Array(bytes));
    },
    onProgress: (text) => told.push(text),
  };
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function fill(
  folder: string,
  form: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes,
  ending = '.gz',
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(packed)) {
    const path = join(folder, name.replace('.gz', ending));
    await writeFile(path, form(bytes));
  }
}

const withData = (): FileOptions => ({
  ...options,
  env: { ...options.env, ISOCHRON_DATA: join(root, 'data') },
});
const dataFolder = () => join(root, 'data', 'small');
const cacheFolder = () => join(root, 'cache', 'isochron', 'small');

// Oracle throughout: the bytes that the archive was packed from.
describe('loadArchive', () => {
  it('downloads once, then reads the cache', async () => {
    const first = await loadArchive(options);
    expect(first.train.images).toEqual(train);
    expect(first.test.images).toEqual(test);
    expect(first.train.count).toBe(12);
    expect(first.source).toContain('http://mirror.invalid/x/');
    expect(asked).toHaveLength(4);
    expect(told[0]).toMatch(/^Downloading http:.*train-images.* MB\)$/);
    expect((await readdir(cacheFolder())).sort()).toEqual(
      Object.keys(packed).sort(),
    );
    const second = await loadArchive(options);
    expect(second).toEqual({ ...first, source: cacheFolder() });
    expect(asked).toHaveLength(4);
  });

  it('downloads only what the cache lacks', async () => {
    await fill(cacheFolder());
    await rm(join(cacheFolder(), archive.files[2].name));
    await loadArchive(options);
    expect(asked).toEqual([`http://mirror.invalid/x/${archive.files[2].name}`]);
  });

  it.each([
    ['gzipped', (bytes: Uint8Array) => bytes, '.gz'],
    ['unpacked', (bytes: Uint8Array) => gunzipSync(bytes), ''],
    [
      'packed anew',
      (b: Uint8Array) => gzipSync(gunzipSync(b), { level: 1 }),
      '.gz',
    ],
  ])('reads %s files of the user first', async (_name, form, ending) => {
    await fill(dataFolder(), form, ending);
    const loaded = await loadArchive(withData());
    expect(loaded.source).toBe(dataFolder());
    expect(loaded.test.images).toEqual(test);
    expect([asked, told]).toEqual([[], []]);
  });

  it('says what a folder of the user lacks, and goes on', async () => {
    await fill(dataFolder());
    await rm(join(dataFolder(), archive.files[1].name));
    await fill(cacheFolder());
    const loaded = await loadArchive(withData());
    expect(loaded.source).toBe(cacheFolder());
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(
      `${dataFolder()} lacks ${archive.files[1].name}:`,
    );
  });

  it('refuses a damaged file of the user by name', async () => {
    await fill(dataFolder());
    const path = join(dataFolder(), archive.files[3].name);
    await writeFile(path, idxBytes({ shape: [5], data: Buffer.alloc(4) }));
    const error = await rejection(loadArchive(withData()));
    expect(error).toBeInstanceOf(FormatError);
    expect((error as FormatError).message).toContain(path);
  });

  it('refuses a folder in the place of a file', async () => {
    await fill(dataFolder());
    const path = join(dataFolder(), archive.files[3].name);
    await rm(path);
    await mkdir(path);
    const error = await rejection(loadArchive(withData()));
    expect(error).toBeInstanceOf(FileError);
    expect((error as FileError).message).toMatch(/not a regular file/);
  });

  it('tells to delete a damaged file of the cache', async () => {
    await fill(cacheFolder());
    const path = join(cacheFolder(), archive.files[0].name);
    await writeFile(path, packed[archive.files[0].name].subarray(0, 99));
    const error = await rejection(loadArchive(options));
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toContain(`Cached file ${path} has`);
    expect((error as DataError).message).toMatch(/delete it/);
    expect((error as DataError).data['expected']).toBe(archive.files[0].sha256);
  });

  it('asks nobody when downloads are off', async () => {
    const off = { ...options, download: false };
    expect(await rejection(loadArchive(off))).toBeInstanceOf(DataError);
    expect(asked).toEqual([]);
  });

  it('refuses a cache below a regular file', async () => {
    await writeFile(join(root, 'cache'), '');
    const error = await rejection(loadArchive(options));
    expect(error).toBeInstanceOf(FileError);
    expect((error as FileError).message).toMatch(/set ISOCHRON_CACHE/);
    expect(asked).toEqual([]);
  });
});

describe('findArchive', () => {
  it('never downloads', async () => {
    expect(await findArchive(withData())).toBeUndefined();
    expect(asked).toEqual([]);
    expect(await readdir(root)).toEqual([]);
  });

  // Oracle: the XDG base directory specification.
  it.each([
    ['ISOCHRON_CACHE', { ISOCHRON_CACHE: 'a', XDG_CACHE_HOME: 'b' }, 'a'],
    ['XDG_CACHE_HOME', { XDG_CACHE_HOME: 'b', HOME: 'c' }, 'b'],
    ['HOME', { ISOCHRON_CACHE: '', HOME: 'c' }, 'c/.cache'],
  ])('looks for the cache in %s', async (_name, names, place) => {
    const env = Object.fromEntries(
      Object.entries(names).map(([key, value]) => [
        key,
        value === '' ? '' : join(root, value),
      ]),
    );
    await fill(join(root, place, 'isochron', 'small'));
    const found = await findArchive({ env });
    expect(found?.source).toBe(join(root, place, 'isochron', 'small'));
  });

  it('ignores a relative XDG_CACHE_HOME', async () => {
    await fill(join(root, '.cache', 'isochron', 'small'));
    const env = { XDG_CACHE_HOME: 'relative', HOME: root };
    expect((await findArchive({ env }))?.train.count).toBe(12);
  });
});
