import { existsSync } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  DataError,
  IsochronError,
  OptionError,
} from '../../src/base/errors.ts';
import type { FileOptions } from '../../src/data/files.ts';
import { type Ear, KU100, loadHeads } from '../../src/data/heads.ts';
import { LEAD, RADIUS, SPEED } from '../../src/data/sphere-head.ts';
import { npzArray } from '../../src/formats/npz.ts';
import { rejection } from '../formats/idx-bytes.ts';

let root: string;
let asked: string[];
let options: FileOptions;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'isochron-heads-'));
  asked = [];
  options = {
    env: {
      ISOCHRON_CACHE: join(root, 'cache'),
      ISOCHRON_DATA: join(root, 'data'),
    },
    fetch: async (url) => {
      asked.push(url);
      return new Response('not it');
    },
  };
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function put(name: string, bytes: Uint8Array) {
  const folder = join(root, 'data', 'ku100-hrir');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), bytes);
}

/** Amplitude and phase of a response at a frequency: the definition. */
function spectrum(response: Float64Array, frequency: number, rate: number) {
  let [re, im] = [0, 0];
  for (const [n, value] of response.entries()) {
    const angle = (-2 * Math.PI * frequency * n) / rate;
    re += value * Math.cos(angle);
    im += value * Math.sin(angle);
  }
  return [re, im] as const;
}

describe('the sphere', () => {
  // Oracle: the analogue filter and delay by their formulas, in the frequency
  // domain; the bilinear rule bends frequencies by its own formula.
  it('has the delay and the shadow of its formulas', async () => {
    const head = await loadHeads('sphere');
    const rate = head.sampleRate;
    for (const azimuth of [0, 20, 45, 90, 120, 180, 200, 270, 300]) {
      for (const ear of [0, 1] as const) {
        const response = head.response(azimuth, ear);
        const axis = ear === 0 ? 90 : 270;
        const off = Math.abs(((azimuth - axis + 540) % 360) - 180);
        const angle = (off * Math.PI) / 180;
        const late =
          (RADIUS / SPEED) *
          (off < 90 ? -Math.cos(angle) : angle - Math.PI / 2);
        const alpha = 1.05 + 0.95 * Math.cos((off / 150) * Math.PI);
        for (const frequency of [100, 500, 1500, 5000, 12_000]) {
          const w = 2 * rate * Math.tan((Math.PI * frequency) / rate);
          const u = (w * RADIUS) / (2 * SPEED);
          // (1 + i alpha u)/(1 + i u), then the delay.
          const size = 1 + u * u;
          const [a, b] = [(1 + alpha * u * u) / size, ((alpha - 1) * u) / size];
          const turn = -2 * Math.PI * frequency * (late + LEAD / rate);
          const [re, im] = spectrum(response, frequency, rate);
          expect(re).toBeCloseTo(a * Math.cos(turn) - b * Math.sin(turn), 3);
          expect(im).toBeCloseTo(a * Math.sin(turn) + b * Math.cos(turn), 3);
        }
      }
    }
  });

  // Oracle: Woodworth, r/c (b + sin b).
  it('has the delay of Woodworth between its ears', async () => {
    const head = await loadHeads('sphere');
    const phase = (azimuth: number, ear: Ear) => {
      // Far above the shadow's own delay; less than half a turn apart.
      const [re, im] = spectrum(
        head.response(azimuth, ear),
        20_000,
        head.sampleRate,
      );
      return Math.atan2(im, re);
    };
    for (const degrees of [1, 2]) {
      const b = (degrees * Math.PI) / 180;
      const apart = phase(degrees, 0) - phase(degrees, 1);
      const turn = apart - 2 * Math.PI * Math.round(apart / (2 * Math.PI));
      const delay = turn / (2 * Math.PI * 20_000);
      const woodworth = (RADIUS / SPEED) * (b + Math.sin(b));
      expect(Math.abs(delay / woodworth - 1)).toBeLessThan(0.05);
    }
  });

  it('is the same from left and right, and labelled', async () => {
    const head = await loadHeads('auto', options);
    expect(head.synthetic).toBe(true);
    expect(head.title).toMatch(/synthetic/);
    expect(asked).toEqual([]);
    expect([head.azimuths.length, head.samples]).toEqual([360, 128]);
    for (const azimuth of head.azimuths) {
      expect(head.response(azimuth, 0)).toEqual(head.response(-azimuth, 1));
    }
    expect(head.response(30, 0)).not.toEqual(head.response(30, 1));
  });

  it('refuses directions and ears that it has not', async () => {
    const head = await loadHeads('sphere');
    expect(() => head.response(0.5, 0)).toThrow(/whole degrees/);
    expect(() => head.response(Number.NaN, 0)).toThrow(OptionError);
    expect(() => head.response(0, 2 as Ear)).toThrow(/no ear 2/);
    expect(head.response(-90, 0)).toEqual(head.response(270, 0));
  });
});

/** A zip archive by the definition of its format. */
function zipOf(name: string, plain: Uint8Array, stored: boolean): Uint8Array {
  const body = stored ? plain : deflateRawSync(plain);
  const local = Buffer.alloc(30 + name.length + 4);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(name.length, 26);
  local.writeUInt16LE(4, 28);
  local.write(name, 30);
  const entry = Buffer.alloc(46 + name.length);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(stored ? 0 : 8, 10);
  entry.writeUInt32LE(body.length, 20);
  entry.writeUInt32LE(plain.length, 24);
  entry.writeUInt16LE(name.length, 28);
  entry.write(name, 46);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(local.length + body.length, 16);
  return Buffer.concat([local, body, entry, end]);
}

function npyOf(shape: string, values: readonly number[]): Uint8Array {
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': ${shape}, }\n`;
  const prefix = Buffer.from([
    0x93,
    0x4e,
    0x55,
    0x4d,
    0x50,
    0x59,
    1,
    0,
    header.length,
    0,
  ]);
  return Buffer.concat([
    prefix,
    Buffer.from(header),
    Buffer.from(Float64Array.from(values).buffer),
  ]);
}

describe('npzArray', () => {
  const npy = npyOf('(2, 3)', [1, 2.5, -3, 4, 5, 6]);

  it.each([true, false])('reads an array (stored: %s)', (stored) => {
    const zip = zipOf('a.npy', npy, stored);
    expect([...npzArray(zip, 'a', [2, 3], 'f')]).toEqual([1, 2.5, -3, 4, 5, 6]);
    expect(() => npzArray(zip, 'b', [2, 3], 'f')).toThrow(/no member b\.npy/);
    expect(() => npzArray(zip, 'a', [3, 2], 'f')).toThrow(/holds a as/);
    expect(() => npzArray(zip.subarray(0, 9), 'a', [2, 3], 'f')).toThrow(
      /damaged zip/,
    );
  });

  it('survives any damage', () => {
    const zip = zipOf('a.npy', npy, false);
    fc.assert(
      fc.property(
        fc.nat(zip.length - 1),
        fc.integer({ min: 1, max: 255 }),
        (at, bits) => {
          const damaged = Uint8Array.from(zip);
          damaged[at] ^= bits;
          try {
            npzArray(damaged, 'a', [2, 3], 'f');
          } catch (error) {
            expect(error).toBeInstanceOf(IsochronError);
          }
        },
      ),
    );
  });
});

describe('loadHeads', () => {
  it('refuses what is not the measurement', async () => {
    await put('ku100_circ360_f32le.bin', new Uint8Array(368_640));
    const error = await rejection(loadHeads('auto', options));
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toMatch(
      /have sha256 .* but must have f88d/,
    );
  });

  it('says how to get what it cannot have', async () => {
    const off = await rejection(
      loadHeads('ku100', { ...options, download: false }),
    );
    expect((off as Error).message).toMatch(
      /numpy\.load.*ISOCHRON_DATA\/ku100-hrir$/,
    );
    const lost = await rejection(loadHeads('ku100', options));
    expect(lost).toBeInstanceOf(DataError);
    expect(asked).toEqual([`${KU100.mirrors[0]}ku100_circular.npz`]);
    const other = await rejection(loadHeads('ear' as 'auto', options));
    expect(other).toBeInstanceOf(OptionError);
  });
});

const folder = join(process.env['ISOCHRON_DATA'] ?? '', 'ku100-hrir');
const here = (name: string) =>
  Boolean(process.env['ISOCHRON_DATA']) && existsSync(join(folder, name));

/** Seconds by which the right ear is behind, under 1.5 kHz. */
function delayBetween(left: Float64Array, right: Float64Array, rate: number) {
  const cross = Array.from({ length: 15 }, (_, i) => {
    const frequency = 100 * (i + 1);
    const [a, b] = spectrum(left, frequency, rate);
    const [c, d] = spectrum(right, frequency, rate);
    return [frequency, a * c + b * d, a * d - b * c];
  });
  let [best, most] = [0, -Infinity];
  for (let lag = -1e-3; lag <= 1e-3; lag += 1e-6) {
    const sum = cross.reduce((total, [frequency, re, im]) => {
      const angle = 2 * Math.PI * frequency * lag;
      return total + re * Math.cos(angle) - im * Math.sin(angle);
    }, 0);
    if (sum > most) [most, best] = [sum, lag];
  }
  return best;
}

describe.skipIf(!here('ku100_circ360_f32le.bin'))('the real head', () => {
  // Oracle: the delays of the measurement by cross-correlation, computed
  // elsewhere: 0, 30, 60, 90, 270 degrees.
  it('hears where a sound comes from', async () => {
    const head = await loadHeads('auto');
    expect([head.name, head.synthetic]).toEqual(['ku100', false]);
    expect(head.title).toMatch(/Bernschuetz.*CC BY/);
    for (const [azimuth, microseconds] of [
      [0, -3],
      [30, 298],
      [60, 672],
      [90, 760],
      [270, -753],
    ]) {
      const [left, right] = [
        head.response(azimuth, 0),
        head.response(azimuth, 1),
      ];
      const delay = 1e6 * delayBetween(left, right, head.sampleRate);
      expect(Math.abs(delay - microseconds)).toBeLessThan(40);
    }
    const energy = (ear: Ear) =>
      head.response(90, ear).reduce((sum, value) => sum + value * value, 0);
    expect(10 * Math.log10(energy(0) / energy(1))).toBeGreaterThan(10);
  });

  it('is read packed too', async () => {
    await put(
      'ku100_circ360_f32le.bin.gz',
      gzipSync(await readFile(join(folder, 'ku100_circ360_f32le.bin'))),
    );
    const head = await loadHeads('ku100', options);
    expect(head.response(90, 0)).toEqual((await loadHeads()).response(90, 0));
  });
});

describe.skipIf(!here('ku100_circular.npz'))('the real archive', () => {
  it('is downloaded once and kept as float32', async () => {
    const npz = await readFile(join(folder, 'ku100_circular.npz'));
    const fetch = async (url: string) => {
      asked.push(url);
      return new Response(new Uint8Array(npz));
    };
    const head = await loadHeads('ku100', { ...options, fetch });
    expect(head.source).toMatch(/downloaded from/);
    const cache = join(root, 'cache', 'isochron', 'ku100-hrir');
    expect(await readdir(cache)).toEqual(['ku100_circ360_f32le.bin']);
    await loadHeads('ku100', { ...options, fetch });
    expect(asked).toHaveLength(1);
  });
});
