import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError, IsochronError } from '../../src/base/errors.ts';
import { labelled } from '../../src/data/labelled.ts';
import { type Idx, readIdx } from '../../src/formats/idx.ts';
import { idxBytes } from './idx-bytes.ts';

const arrays: fc.Arbitrary<Idx> = fc
  .array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 })
  .chain((shape) => {
    const size = shape.reduce((product, axis) => product * axis, 1);
    return fc
      .uint8Array({ minLength: size, maxLength: size })
      .map((data) => ({ shape, data }));
  });

/** Text of the FormatError that reading ends with. */
function refusal(bytes: Uint8Array, maxBytes?: number): string {
  try {
    readIdx(bytes, 'some.idx', maxBytes);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    const text = (error as FormatError).message;
    expect(text).toMatch(/^File some\.idx [^\n]*: [^\n]+$/);
    return text;
  }
  throw new Error('expected a FormatError');
}

/** Reads, and asks that only a foreseen error may end it. */
function survives(bytes: Uint8Array): Idx | undefined {
  try {
    return readIdx(bytes, 'some.idx', 1 << 20);
  } catch (error) {
    expect(error).toBeInstanceOf(IsochronError);
    return undefined;
  }
}

const small: Idx = { shape: [2, 3], data: new Uint8Array([1, 2, 3, 4, 5, 6]) };

describe('readIdx', () => {
  // Oracle: a writer made from the definition of the format.
  it('reads what was written, plain and gzipped', () => {
    fc.assert(
      fc.property(arrays, fc.boolean(), (array, zipped) => {
        const plain = idxBytes(array);
        const bytes = zipped ? gzipSync(plain) : plain;
        expect(readIdx(bytes, 'some.idx')).toEqual(array);
      }),
    );
  });

  it('gives bytes of its own', () => {
    const plain = idxBytes(small);
    const { data } = readIdx(plain, 'some.idx');
    plain.fill(0);
    expect(data).toEqual(small.data);
  });

  it('reads bytes that lie inside a larger buffer', () => {
    const plain = idxBytes(small);
    const larger = new Uint8Array(plain.length + 9).fill(255);
    larger.set(plain, 5);
    const view = larger.subarray(5, 5 + plain.length);
    expect(readIdx(view, 'some.idx')).toEqual(small);
  });

  // Oracle: the file is known to be damaged; the words name the damage.
  it.each([
    ['empty', new Uint8Array(), /truncated: 0 bytes/],
    ['a header cut short', idxBytes(small).subarray(0, 9), /header of 2 axes/],
    ['data cut short', idxBytes(small).subarray(0, -1), /needs 6 .* holds 5/],
    [
      'bytes after it',
      Buffer.concat([idxBytes(small), Buffer.of(0)]),
      /has 1 /,
    ],
    ['no axis', new Uint8Array([0, 0, 8, 0]), /00 00 08 00.*not IDX/],
    ['text', Buffer.from('<html></html>'), /3c 68 74 6d.*not IDX/],
    ['other elements', idxBytes(small, 13), /float.*only unsigned bytes/],
    ['unknown elements', idxBytes(small, 7), /00 00 07 02.*not IDX/],
    [
      'an axis of 0',
      idxBytes({ shape: [3, 0], data: new Uint8Array() }),
      /size 0 along axis 1/,
    ],
    [
      'sizes beyond all bounds',
      idxBytes({ shape: Array(255).fill(2 ** 32 - 1), data: small.data }),
      /declares more than/,
    ],
    ['no gzip after its mark', Buffer.of(0x1f, 0x8b, 8, 0), /damaged gzip/],
    ['gzip cut short', gzipSync(idxBytes(small)).subarray(0, -3), /damaged/],
    [
      'text after gzip',
      Buffer.concat([gzipSync(idxBytes(small)), Buffer.from('tail')]),
      /damaged gzip/,
    ],
    [
      'zeros after gzip',
      Buffer.concat([gzipSync(idxBytes(small)), Buffer.alloc(4)]),
      /4 bytes after the end of its gzip/,
    ],
    [
      'deflate with no gzip header',
      deflateRawSync(idxBytes(small)),
      /not IDX|truncated/,
    ],
  ])('refuses %s', (_name, bytes, words) => {
    expect(refusal(bytes)).toMatch(words);
  });

  it('stops a gzip bomb at the bound', () => {
    const bomb = gzipSync(new Uint8Array(8 << 20));
    expect(bomb.length).toBeLessThan(10_000);
    expect(refusal(bomb, 1 << 20)).toMatch(/unpacks to more than 1048576/);
  });

  it('accepts a file of just the bound and refuses one byte less', () => {
    const packed = gzipSync(idxBytes(small));
    expect(readIdx(packed, 'some.idx', 18)).toEqual(small);
    expect(refusal(packed, 17)).toMatch(/more than 17 bytes/);
  });

  // Oracle: totality. Any bytes give a result or an error of ours.
  it('survives any bytes', () => {
    const head = fc.constantFrom([], [0, 0, 8, 1], [0, 0, 8, 3], [31, 139, 8]);
    fc.assert(
      fc.property(head, fc.uint8Array({ maxLength: 200 }), (start, tail) => {
        survives(new Uint8Array([...start, ...tail]));
      }),
      { numRuns: 1000 },
    );
  });

  // Oracle: RFC 1952, where members that follow each other are one file.
  it('reads gzip of several members', () => {
    const plain = idxBytes(small);
    const bytes = Buffer.concat([
      gzipSync(plain.subarray(0, 7)),
      gzipSync(plain.subarray(7)),
    ]);
    expect(readIdx(bytes, 'some.idx')).toEqual(small);
  });

  // Oracle: a proper beginning of a valid file is never a valid file.
  it('refuses every truncation', () => {
    fc.assert(
      fc.property(arrays, fc.boolean(), fc.nat(), (array, zipped, cut) => {
        const plain = idxBytes(array);
        const bytes = zipped ? gzipSync(plain) : plain;
        refusal(bytes.subarray(0, cut % bytes.length));
      }),
      { numRuns: 500 },
    );
  });

  // Oracle: gzip has a checksum, so a flip is harmless or refused; in a plain
  // file a flip in the data is seen as data of the same length.
  it('takes a flipped bit for damage or gives as many bytes', () => {
    fc.assert(
      fc.property(arrays, fc.boolean(), fc.nat(), (array, zipped, at) => {
        const plain = idxBytes(array);
        const bytes = Uint8Array.from(zipped ? gzipSync(plain) : plain);
        const bit = at % (8 * bytes.length);
        bytes[bit >> 3] ^= 1 << (bit & 7);
        const read = survives(bytes);
        if (read === undefined) return;
        if (zipped) expect(read).toEqual(array);
        else expect(read.data.length).toBe(array.data.length);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('labelled', () => {
  const images = (count: number, rows = 28) => ({
    file: 'images',
    shape: [count, rows, 28],
    data: new Uint8Array(count * rows * 28),
  });
  const labels = (...data: number[]) => ({
    file: 'labels',
    shape: [data.length],
    data: Uint8Array.from(data),
  });

  it('joins images and as many labels', () => {
    expect(labelled(images(3), labels(0, 9, 4))).toEqual({
      images: new Uint8Array(3 * 784),
      labels: Uint8Array.of(0, 9, 4),
      count: 3,
      shape: [28, 28],
    });
  });

  // Oracle: each pair breaks one stated condition.
  it.each([
    ['counts that differ', images(3), labels(1, 2), /labels holds 2 .* 3 im/],
    ['label 10', images(2), labels(1, 10), /label 10 at index 1/],
    ['images of another size', images(2, 27), labels(1, 2), /2 x 27 x 28/],
    ['labels for images', labels(1, 2), labels(1, 2), /has shape 2: images/],
    ['images for labels', images(2), images(2), /2 x 28 x 28: labels/],
  ])('refuses %s', (_name, pictures, classes, words) => {
    expect(() => labelled(pictures, classes)).toThrow(FormatError);
    expect(() => labelled(pictures, classes)).toThrow(words);
  });
});
