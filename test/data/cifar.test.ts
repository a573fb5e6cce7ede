import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  DataError,
  FormatError,
  IsochronError,
} from '../../src/base/errors.ts';
import {
  CIFAR10_SUBSET,
  cifarSet,
  parseCifar,
  readCifar,
} from '../../src/data/cifar.ts';
import { sha256Of } from '../../src/data/download.ts';
import type { FileOptions } from '../../src/data/files.ts';
import { fromFiles } from '../../src/data/sets.ts';
import { memberOf } from '../../src/formats/tar.ts';
import { rejection } from '../formats/idx-bytes.ts';

/** Rows by the definition of the format; the value at i is its number. */
function rows(count: number, first = 0): Uint8Array {
  return Uint8Array.from({ length: count * 3073 }, (_, i) =>
    i % 3073 === 0 ? (first + i / 3073) % 10 : i % 251,
  );
}

/** A tar archive by the definition of POSIX: the oracle of the reader. */
function tarOf(
  members: readonly (readonly [string, Uint8Array])[],
): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (const [name, bytes] of members) {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    header.write(name.endsWith('/') ? '5' : '0', 156);
    header.write('ustar\u000000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    blocks.push(
      header,
      bytes,
      Buffer.alloc((512 - (bytes.length % 512)) % 512),
    );
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    expect((error as FormatError).message).toMatch(/^File some\.bin .*: .+$/);
    return (error as FormatError).message;
  }
  throw new Error('expected a FormatError');
}

describe('readCifar', () => {
  // Oracle: the definition of the format, by hand.
  it.each([
    ['plain', (bytes: Uint8Array) => bytes],
    ['gzipped', (bytes: Uint8Array) => gzipSync(bytes)],
  ])('reads %s rows', (_name, form) => {
    const { images, labels, count, shape } = readCifar(
      form(rows(3, 7)),
      'some.bin',
    );
    expect([count, shape]).toEqual([3, [3, 32, 32]]);
    expect([...labels]).toEqual([7, 8, 9]);
    expect(images).toHaveLength(3 * 3072);
    // Red, green, blue of the first pixel; the first and last of the last row.
    expect([images[0], images[1024], images[2048]]).toEqual([1, 21, 41]);
    expect(images[2 * 3072]).toBe((2 * 3073 + 1) % 251);
    expect(images[3 * 3072 - 1]).toBe((3 * 3073 - 1) % 251);
  });

  it.each([
    ['nothing', new Uint8Array(), /has 0 bytes of data, not whole rows/],
    ['a row cut short', rows(2).subarray(0, -1), /has 6145 bytes/],
    ['a byte too many', Buffer.concat([rows(1), Buffer.of(0)]), /3074 bytes/],
    ['gzip cut short', gzipSync(rows(2)).subarray(0, -9), /damaged gzip/],
    [
      'bytes after gzip',
      Buffer.concat([gzipSync(rows(1)), Buffer.alloc(4)]),
      /4 bytes after the end/,
    ],
    [
      'a label of no class',
      Buffer.concat([rows(1), Buffer.of(10), Buffer.alloc(3072)]),
      /label 10 in row 1/,
    ],
  ])('refuses %s', (_name, bytes, words) => {
    expect(refusal(() => readCifar(bytes, 'some.bin'))).toMatch(words);
  });

  it('stops a gzip bomb', () => {
    const bomb = gzipSync(Buffer.alloc(1 << 22));
    expect(refusal(() => readCifar(bomb, 'some.bin', 1 << 20))).toMatch(
      /unpacks to more than 1048576/,
    );
  });
});

describe('memberOf', () => {
  const tar = tarOf([
    ['x/', Buffer.alloc(0)],
    ['x/a.bin', Buffer.from('first')],
    ['x/b.bin', Buffer.alloc(513, 7)],
  ]);

  it('finds each member', () => {
    expect(Buffer.from(memberOf(tar, 'x/a.bin', 't')).toString()).toBe('first');
    expect(memberOf(tar, 'x/b.bin', 't')).toHaveLength(513);
  });

  it('refuses an archive without it, or a damaged one', () => {
    expect(refusal(() => memberOf(tar, 'a.bin', 'some.bin'))).toMatch(
      /no member a\.bin/,
    );
    const cut = tar.subarray(0, 2100);
    expect(refusal(() => memberOf(cut, 'x/b.bin', 'some.bin'))).toMatch(
      /damaged archive at byte 1536/,
    );
    const flipped = Uint8Array.from(tar);
    flipped[600] ^= 1;
    expect(refusal(() => memberOf(flipped, 'x/b.bin', 'some.bin'))).toMatch(
      /damaged archive at byte 512/,
    );
  });

  it('survives any damage', () => {
    fc.assert(
      fc.property(
        fc.nat(tar.length - 1),
        fc.integer({ min: 1, max: 255 }),
        (at, bits) => {
          const damaged = Uint8Array.from(tar);
          damaged[at] ^= bits;
          try {
            memberOf(damaged, 'x/b.bin', 'some.bin');
          } catch (error) {
            expect(error).toBeInstanceOf(IsochronError);
          }
        },
      ),
    );
  });
});

describe('loadCifar', () => {
  const [train, test] = [rows(5), rows(4, 3)];
  const packed = gzipSync(
    tarOf([
      ['x/batches.txt', Buffer.from('names')],
      ['x/data.bin', train],
      ['x/test.bin', test],
    ]),
  );
  const archive = {
    name: 'small.tar.gz',
    bytes: packed.length,
    sha256: sha256Of(packed),
  };
  const part = (name: string, bytes: Uint8Array, count: number) => ({
    name: `${name}-part.bin`,
    member: `x/${name}.bin`,
    rows: count,
    bytes: count * 3073,
    sha256: sha256Of(bytes.subarray(0, count * 3073)),
  });
  const parts = [part('data', train, 3), part('test', test, 2)] as const;
  const set = cifarSet('small', ['http://mirror.invalid/x/'], archive, parts);
  const of = (one: typeof set) =>
    fromFiles(one, (found) => parseCifar(one, found));
  const { load: loadCifar, find: findCifar } = of(set);
  const cache = () => join(root, 'cache', 'isochron', 'small');

  let root: string;
  let asked: string[];
  let options: FileOptions;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'isochron-cifar-'));
    asked = [];
    options = {
      env: { ISOCHRON_CACHE: join(root, 'cache') },
      fetch: async (url) => {
        asked.push(url);
        return new Response(new Uint8Array(packed));
      },
    };
  });

  afterEach(() => rm(root, { recursive: true, force: true }));

  it('downloads the archive once and keeps the rows alone', async () => {
    const first = await loadCifar(options);
    expect(first.train).toEqual(readCifar(train.subarray(0, 3 * 3073), ''));
    expect(first.test).toEqual(readCifar(test.subarray(0, 2 * 3073), ''));
    expect(asked).toEqual(['http://mirror.invalid/x/small.tar.gz']);
    expect((await readdir(cache())).sort()).toEqual([
      'data-part.bin',
      'test-part.bin',
    ]);
    const second = await loadCifar(options);
    expect(second).toEqual({ ...first, source: cache() });
    expect(asked).toHaveLength(1);
  });

  it('refuses rows that are not those that are meant', async () => {
    const other = cifarSet('small', set.mirrors, archive, [
      { ...parts[0], sha256: parts[1].sha256 },
      parts[1],
    ]);
    const error = await rejection(of(other).load(options));
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toMatch(
      /first 9219 bytes of x\/data\.bin .* must have/,
    );
  });

  it.each([
    ['the parts', 'data-part.bin', 'test-part.bin'],
    ['packed parts', 'data-part.bin.gz', 'test-part.bin.gz'],
    ['members of the archive', 'data.bin', 'test.bin'],
  ])('reads %s of the user', async (_what, a, b) => {
    const folder = join(root, 'data', 'small');
    await mkdir(folder, { recursive: true });
    for (const [name, bytes] of [
      [a, train],
      [b, test],
    ] as const) {
      const form = name.endsWith('.gz') ? gzipSync(bytes) : bytes;
      await writeFile(join(folder, name), form);
    }
    const env = { ...options.env, ISOCHRON_DATA: join(root, 'data') };
    const found = await findCifar({ ...options, env });
    expect(found?.source).toBe(folder);
    expect([found?.train.count, found?.test.count]).toEqual([3, 2]);
    await writeFile(join(folder, b), rows(1));
    const error = await rejection(findCifar({ ...options, env }));
    expect(error).toBeInstanceOf(FormatError);
    expect((error as FormatError).message).toMatch(/1 images of the 2/);
  });

  it('finds nothing without asking', async () => {
    expect(await findCifar(options)).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('has a well-formed table', () => {
    expect(CIFAR10_SUBSET.files.map(({ bytes }) => bytes)).toEqual([
      12_292_000, 3_073_000,
    ]);
    for (const mirror of CIFAR10_SUBSET.mirrors) {
      expect(new URL(mirror).href).toBe(mirror);
    }
  });
});
