/**
 * Oracle: files written out by hand from the format's specification
 * (numpy.lib.format, version 1.0), byte for byte; then round trips.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError, ShapeError } from '../../src/base/errors.ts';
import { type NpyData, npyBytes, readNpy } from '../../src/formats/npy.ts';

/** A file of a header as told and bytes as told. */
function file(header: string, numbers: readonly number[] = []): Uint8Array {
  const text = `\x93NUMPY\x01\x00`;
  const length = [header.length & 255, header.length >> 8];
  const bytes = [
    ...text,
    ...length.map((b) => String.fromCharCode(b)),
    ...header,
  ];
  return Uint8Array.from([
    ...bytes.map((character) => character.charCodeAt(0)),
    ...numbers,
  ]);
}

/** As numpy pads: blanks and a line feed up to a multiple of 64 bytes. */
const padded = (dictionary: string) =>
  `${dictionary.padEnd(Math.ceil((10 + dictionary.length + 1) / 64) * 64 - 11)}\n`;

const known: [string, NpyData, number[], Uint8Array][] = [
  [
    'float64',
    Float64Array.of(1, -2),
    [2],
    file(padded("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"), [
      ...[0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
      ...[0, 0, 0, 0, 0, 0, 0, 0xc0],
    ]),
  ],
  [
    'float32 of two axes',
    Float32Array.of(0.5, 1),
    [2, 1],
    file(
      padded("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }"),
      [...[0, 0, 0, 0x3f, 0, 0, 0x80, 0x3f]],
    ),
  ],
  [
    'uint32',
    Uint32Array.of(0xfffffffe),
    [1],
    file(padded("{'descr': '<u4', 'fortran_order': False, 'shape': (1,), }"), [
      ...[0xfe, 0xff, 0xff, 0xff],
    ]),
  ],
  [
    'int32, a scalar',
    Int32Array.of(-2),
    [],
    file(padded("{'descr': '<i4', 'fortran_order': False, 'shape': (), }"), [
      ...[0xfe, 0xff, 0xff, 0xff],
    ]),
  ],
  [
    'nothing',
    new Float64Array(0),
    [0, 3],
    file(padded("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3), }")),
  ],
];

describe('files', () => {
  test.each(known)('%s, byte for byte', (_, data, shape, bytes) => {
    expect([...npyBytes(data, shape)]).toEqual([...bytes]);
    expect(bytes.length - data.byteLength).toBe(128);
    const read = readNpy(bytes);
    expect(read.shape).toEqual(shape);
    expect(read.data).toEqual(data);
  });

  test('headers of any length end at a multiple of 64', () => {
    for (let axes = 1; axes <= 40; axes++) {
      const shape = Array.from({ length: axes }, () => 1);
      const bytes = npyBytes(Float32Array.of(3), shape);
      expect((bytes.length - 4) % 64).toBe(0);
      expect(bytes[bytes.length - 5]).toBe(10);
      expect(readNpy(bytes).shape).toEqual(shape);
    }
  });

  test('every number comes back, bit for bit', () => {
    const arrays = fc.oneof(
      fc.float64Array({ maxLength: 30 }),
      fc.float32Array({ maxLength: 30 }),
      fc.uint32Array({ maxLength: 30 }),
      fc.int32Array({ maxLength: 30 }),
    );
    fc.assert(
      fc.property(arrays, fc.integer({ min: 0, max: 7 }), (data, shift) => {
        const bytes = npyBytes(data as NpyData);
        // A file may begin anywhere in a buffer.
        const moved = new Uint8Array(bytes.length + shift).subarray(shift);
        moved.set(bytes);
        const read = readNpy(moved);
        expect(read.data.constructor).toBe(data.constructor);
        expect([...read.data]).toEqual([...data]);
      }),
    );
  });

  test('other orders and quotes of the header are read', () => {
    const header = `{"shape":(1,),"descr":'<i4',"fortran_order":False}\n`;
    const { data } = readNpy(file(header, [7, 0, 0, 0]));
    expect(data).toEqual(Int32Array.of(7));
  });

  test('a shape that does not fit is refused', () => {
    const wrong = [[2, 2], [-3], [1.5, 2], [3, 1, 0]];
    for (const shape of wrong) {
      expect(() => npyBytes(new Float64Array(3), shape)).toThrow(ShapeError);
    }
  });
});

describe('what is refused', () => {
  const dictionary = (entries: string) => padded(`{${entries}}`);
  const right = "'descr': '<f8', 'fortran_order': False, 'shape': (1,), ";
  const numbers = [0, 0, 0, 0, 0, 0, 0, 0];

  test('the right one is read', () => {
    expect(readNpy(file(dictionary(right), numbers)).shape).toEqual([1]);
  });

  test.each([
    ['Fortran order', right.replace('False', 'True'), /Fortran/],
    ['objects', right.replace('<f8', '|O'), /\|O/],
    ['big endian', right.replace('<f8', '>f8'), />f8/],
    ['a record', right.replace("'<f8'", "[('a', '<f8')]"), /type|read/],
    ['no type', right.replace("'descr': '<f8', ", ''), /keys/],
    ['a type twice', `${right}'descr': '<f4', `, /twice/],
    ['another key', `${right}'more': 1, `, /keys/],
    ['a shape below 0', right.replace('(1,)', '(-1,)'), /tuple/],
    ['a shape without comma', right.replace('(1,)', '(1)'), /tuple/],
    ['a list', right.replace('(1,)', '[1]'), /tuple/],
    ['a huge shape', right.replace('1,', '99999999, 99999999'), /more numbers/],
    ['code', right.replace('False', 'exit()'), /read/],
    ['a name of an object', right.replace('<f8', 'constructor'), /constructor/],
  ])('%s', (_, entries, says) => {
    const read = () => readNpy(file(dictionary(entries), numbers));
    expect(read).toThrow(FormatError);
    expect(read).toThrow(says);
  });

  test('version 2, another magic word, numbers too few or many', () => {
    const bytes = file(dictionary(right), numbers);
    const changed = (at: number, value: number) =>
      bytes.map((byte, i) => (i === at ? value : byte));
    for (const wrong of [
      changed(0, 0x92),
      changed(6, 2),
      changed(7, 1),
      new Uint8Array([...bytes, 0]),
    ]) {
      expect(() => readNpy(wrong)).toThrow(FormatError);
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readNpy(bytes.subarray(0, length))).toThrow(FormatError);
    }
  });

  test('no damage of a byte breaks more than a FormatError', () => {
    const bytes = npyBytes(Float32Array.of(1, 2, 3, 4), [2, 2]);
    fc.assert(
      fc.property(fc.nat(127), fc.nat(255), (at, value) => {
        const damaged = bytes.slice();
        damaged[at] = value;
        try {
          expect(readNpy(damaged).data.length).toBe(4);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
