import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import {
  FileError,
  FormatError,
  IsochronError,
  NonFiniteError,
} from '../../src/base/errors.ts';
import { prepareFolder } from '../../src/formats/folder.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  type NamedTensor,
  type NamedTensors,
} from '../../src/formats/safetensors.ts';
import { readWeights, saveResult } from '../../src/training/checkpoint.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'isochron-checkpoint-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));
let folder = '';
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(root, 'test-'));
});

const odd = ['__proto__', 'constructor', 'toString', '10', '2', '', '"', '\n'];
const names = fc.oneof(
  fc.constantFrom(...odd, 'W1', 'layer.0/weight', 'θ', '重み', '🧠', '\u0000'),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
);
const shapes = fc.array(fc.integer({ min: 1, max: 4 }), {
  minLength: 1,
  maxLength: 3,
});

function tensorOf(shape: number[]): fc.Arbitrary<NamedTensor> {
  const size = shape.reduce((product, axis) => product * axis, 1);
  const length = { minLength: size, maxLength: size };
  const finite = { noNaN: true, noDefaultInfinity: true };
  const options = { ...length, ...finite };
  const data: fc.Arbitrary<NamedTensor['data']> = fc.oneof(
    fc.float32Array(options),
    fc.float64Array(options),
  );
  return data.map((values) => ({ shape, data: values }));
}

/** Up to five tensors by distinct names; the format keeps one for itself. */
const named: fc.Arbitrary<NamedTensors> = fc
  .uniqueArray(fc.tuple(names, shapes.chain(tensorOf)), {
    selector: ([name]) => name,
    maxLength: 5,
  })
  .filter((list) => list.every(([name]) => name !== '__metadata__'))
  .map((list) => new Map(list));

/** Byte by byte, so that -0 is not 0 and formats differ. */
function plain(tensors: NamedTensors) {
  const rows = [...tensors].map(([name, { shape, data }]) => {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const type = data.constructor.name;
    return [name, `${type} [${shape}] ${bytes.toString('hex')}`] as const;
  });
  return new Map(rows);
}

/**
 * The format as its own documentation tells it, read without our decoder: a
 * length of 8 bytes, little-endian, a header of JSON, then the values.
 */
function independently(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const low = view.getUint32(0, true);
  expect(view.getUint32(4, true)).toBe(0);
  const text = new TextDecoder('utf-8', { fatal: true }).decode(
    bytes.subarray(8, 8 + low),
  );
  const header: Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  > = JSON.parse(text);
  return { text, header, start: 8 + low, view };
}

describe('safetensors', () => {
  // Oracle: what went in.
  test('come back as they were', () => {
    fc.assert(
      fc.property(named, (tensors) => {
        const back = decodeSafetensors(encodeSafetensors(tensors));
        expect(plain(back)).toEqual(plain(tensors));
      }),
      { numRuns: 300 },
    );
  });

  // Oracle: the format's documentation.
  test('are what the format says', () => {
    fc.assert(
      fc.property(named, (tensors) => {
        const bytes = encodeSafetensors(tensors);
        const { text, header, start, view } = independently(bytes);
        expect(text[0]).toBe('{');
        expect(Object.keys(header).sort()).toEqual([...tensors.keys()].sort());
        let used = 0;
        for (const [name, { shape, data }] of tensors) {
          const wide = data instanceof Float64Array;
          const entry = header[name];
          const [from, to] = entry.data_offsets;
          expect(entry.dtype).toBe(wide ? 'F64' : 'F32');
          expect(entry.shape).toEqual(shape);
          expect(to - from).toBe(data.byteLength);
          used += to - from;
          data.forEach((value, i) => {
            const at = start + from + i * (wide ? 8 : 4);
            const read = wide
              ? view.getFloat64(at, true)
              : view.getFloat32(at, true);
            expect(Object.is(read, value)).toBe(true);
          });
        }
        expect(start + used).toBe(bytes.length);
        // The reference writer pads the header so that values are aligned.
        expect(start % 8).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test('of the reference writer, by hand', () => {
    // One float32 tensor "a" of shape [2], with metadata, no padding.
    const header =
      '{"__metadata__":{"format":"pt"},' +
      '"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
    const bytes = Buffer.alloc(8 + header.length + 8);
    bytes.writeUInt32LE(header.length, 0);
    bytes.write(header, 8);
    bytes.writeFloatLE(1.5, 8 + header.length);
    bytes.writeFloatLE(-2, 12 + header.length);
    const back = decodeSafetensors(bytes);
    expect([...back]).toEqual([
      ['a', { shape: [2], data: Float32Array.of(1.5, -2) }],
    ]);
  });

  test('a tensor cannot have the name that the format keeps', () => {
    const tensors = new Map([
      ['__metadata__', { shape: [1], data: Float32Array.of(1) }],
    ]);
    expect(() => encodeSafetensors(tensors)).toThrow(IsochronError);
  });
});

describe('damaged safetensors', () => {
  /** Decodes; anything but tensors or our own error is a failure. */
  function tryDecode(bytes: Uint8Array): NamedTensors | null {
    try {
      return decodeSafetensors(bytes);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return null;
    }
  }
  const pick = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  // Oracle: a shorter file lacks values or header, a longer one has too many.
  test('shortened and lengthened files are refused', () => {
    fc.assert(
      fc.property(named, pick, (tensors, part) => {
        const bytes = encodeSafetensors(tensors);
        const cut = bytes.subarray(0, Math.floor(part * bytes.length));
        expect(tryDecode(cut)).toBe(null);
        expect(tryDecode(Buffer.concat([bytes, Buffer.of(0)]))).toBe(null);
      }),
      { numRuns: 300 },
    );
  });

  test('flipped bits are refused or give as many whole tensors', () => {
    fc.assert(
      fc.property(named, pick, fc.nat({ max: 7 }), (tensors, part, bit) => {
        const bytes = encodeSafetensors(tensors);
        bytes[Math.floor(part * bytes.length)] ^= 1 << bit;
        for (const { shape, data } of tryDecode(bytes)?.values() ?? []) {
          const size = shape.reduce((product, axis) => product * axis, 1);
          expect(data.length).toBe(size);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('random bytes are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(tryDecode(bytes)).toBe(null);
      }),
      { numRuns: 1000 },
    );
  });

  test('any JSON as header is refused or gives whole tensors', () => {
    const dtype = fc.constantFrom('F32', 'F64', 'I8', 'constructor');
    const shape = fc.oneof(fc.array(fc.nat(3)), fc.jsonValue());
    const pair = fc.tuple(fc.nat(16), fc.nat(16));
    const offsets = fc.oneof(pair, fc.constant([0, 8]), fc.jsonValue());
    const entry = fc.record(
      { dtype, shape, data_offsets: offsets },
      { requiredKeys: [] },
    );
    const headers = fc.oneof(fc.dictionary(names, entry), fc.jsonValue());
    fc.assert(
      fc.property(headers, fc.nat(16), (value, size) => {
        const head = Buffer.from(JSON.stringify(value));
        const bytes = Buffer.alloc(8 + head.length + size);
        bytes.writeUInt32LE(head.length, 0);
        bytes.set(head, 8);
        for (const { shape, data } of tryDecode(bytes)?.values() ?? []) {
          const whole = shape.reduce((product, axis) => product * axis, 1);
          expect(data.length).toBe(whole);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a saved result', () => {
  const weights = new Map([
    ['W', { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
  ]);

  test('is there whole, and reads back', async () => {
    await prepareFolder(path.join(folder, 'a/b'));
    expect(fs.readdirSync(path.join(folder, 'a/b'))).toEqual([]);
    const file = await saveResult(folder, { seed: 1 }, weights);
    expect(JSON.parse(fs.readFileSync(file, 'utf8'))).toEqual({ seed: 1 });
    const back = await readWeights(path.join(folder, 'weights.safetensors'));
    expect(plain(back)).toEqual(plain(weights));
    expect(fs.readdirSync(folder).sort()).toEqual([
      'a',
      'result.json',
      'weights.safetensors',
    ]);
  });

  test('is replaced by the next, but not by one with NaN', async () => {
    await saveResult(folder, { seed: 0 }, weights);
    await saveResult(folder, { seed: 1 }, weights);
    const bad = new Map([
      ['W', { shape: [2], data: Float32Array.of(1, Number.NaN) }],
    ]);
    const saving = saveResult(folder, { seed: 2 }, bad);
    await expect(saving).rejects.toThrow(NonFiniteError);
    const text = fs.readFileSync(path.join(folder, 'result.json'), 'utf8');
    expect(JSON.parse(text)).toEqual({ seed: 1 });
    expect(fs.readdirSync(folder)).toHaveLength(2);
    const back = await readWeights(path.join(folder, 'weights.safetensors'));
    expect(plain(back)).toEqual(plain(weights));
  });

  // A folder in a file's place: the last step of the writing fails.
  test.each(['weights.safetensors', 'result.json'])(
    'leaves no part when %s cannot be put in place',
    async (name) => {
      fs.mkdirSync(path.join(folder, name, 'in the way'), { recursive: true });
      const saving = saveResult(folder, {}, weights);
      await expect(saving).rejects.toThrow(FileError);
      await expect(saving).rejects.toThrow(/nothing was kept/);
      const left = fs.readdirSync(folder).filter((file) => file !== name);
      // Only what was whole before the failure may be there.
      for (const file of left) expect(file).toBe('weights.safetensors');
    },
  );

  test('is not begun where there is no folder', async () => {
    const gone = path.join(folder, 'gone');
    await expect(saveResult(gone, {}, weights)).rejects.toThrow(FileError);
    expect(fs.existsSync(gone)).toBe(false);
    const below = path.join(folder, 'file');
    fs.writeFileSync(below, '');
    await expect(prepareFolder(below)).rejects.toThrow(FileError);
    await expect(prepareFolder(path.join(below, 'x'))).rejects.toThrow(/--out/);
  });

  test('that is not there is told by its path', async () => {
    const none = path.join(folder, 'none');
    await expect(readWeights(none)).rejects.toThrow(FileError);
    await expect(readWeights(none)).rejects.toThrow(none);
    await expect(readWeights(folder)).rejects.toThrow(FileError);
    fs.writeFileSync(none, 'text');
    await expect(readWeights(none)).rejects.toThrow(FormatError);
  });
});
