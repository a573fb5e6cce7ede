import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataError, FormatError, OptionError } from '../../src/base/errors.ts';
import { drawDigits } from '../../src/data/digits.ts';
import {
  type Events,
  loadEvents,
  readEvents,
} from '../../src/data/event-camera.ts';
import { crossings, SENSOR, THRESHOLD } from '../../src/data/moving-digits.ts';
import type { SetOptions } from '../../src/data/sets.ts';
import { rejection } from '../formats/idx-bytes.ts';

type Row = readonly [us: number, x: number, y: number, polarity: number];

/** The format by its definition: the oracle of the reader. */
function bytesOf(rows: readonly Row[]): Uint8Array {
  return Uint8Array.from(
    rows.flatMap(([us, x, y, polarity]) => [
      x,
      y,
      polarity * 128 + Math.floor(us / 65536),
      Math.floor(us / 256) % 256,
      us % 256,
    ]),
  );
}

const rowsOf = ({ time, x, y, polarity }: Events): Row[] =>
  Array.from(time, (ms, i) => [Math.round(1000 * ms), x[i], y[i], polarity[i]]);

describe('readEvents', () => {
  it('reads what was written', () => {
    const row = fc.tuple(
      fc.nat(2 ** 23 - 1),
      fc.nat(33),
      fc.nat(33),
      fc.nat(1),
    );
    fc.assert(
      fc.property(fc.array(row), (made) => {
        const rows = [...made].sort((a, b) => a[0] - b[0]);
        expect(rowsOf(readEvents(bytesOf(rows), 'f'))).toEqual(rows);
      }),
    );
  });

  // Oracle: by hand: 0x81 is on and 1 x 65536 us.
  it('knows its bits', () => {
    const events = readEvents(Uint8Array.of(3, 33, 0x81, 0, 2), 'f');
    expect([...events.time]).toEqual([65.538]);
    expect([events.x[0], events.y[0], events.polarity[0]]).toEqual([3, 33, 1]);
  });

  it.each([
    ['a byte too many', Uint8Array.of(1, 2, 0, 0, 0, 1), /6 bytes, not whole/],
    ['a column', bytesOf([[1, 34, 0, 0]]), /pixel 34, 0 in event 0/],
    [
      'a row',
      bytesOf([
        [1, 0, 0, 0],
        [1, 0, 255, 0],
      ]),
      /pixel 0, 255 in event 1/,
    ],
    [
      'time',
      bytesOf([
        [9, 0, 0, 0],
        [8, 0, 0, 0],
      ]),
      /back from 9 to 8 us in event 1/,
    ],
  ])('refuses %s', (_what, bytes, words) => {
    expect(() => readEvents(bytes, 'some.bin')).toThrow(FormatError);
    expect(() => readEvents(bytes, 'some.bin')).toThrow(words);
  });
});

describe('crossings', () => {
  // Oracle: brightness a + b t crosses its k-th threshold at k/b.
  it('come when a straight line crosses thresholds', () => {
    const film = (time: number) => {
      const frame = new Float64Array(SENSOR * SENSOR);
      frame[0] = 0.1 + (0.8 * time) / 10;
      frame[2 * SENSOR + 5] = 0.9 - (0.5 * time) / 10;
      return frame;
    };
    const events = crossings(film, 10, 1);
    const wanted: Row[] = [];
    for (let k = 1; k * THRESHOLD < 0.8; k++) {
      wanted.push([Math.round((k * THRESHOLD * 1e4) / 0.8), 0, 0, 1]);
    }
    for (let k = 1; k * THRESHOLD < 0.5; k++) {
      wanted.push([Math.round((k * THRESHOLD * 1e4) / 0.5), 5, 2, 0]);
    }
    expect(events).toEqual(wanted.sort((a, b) => a[0] - b[0]));
    // The ablation: what does not change sends nothing.
    expect(crossings(() => film(3), 10, 1)).toEqual([]);
  });
});

let root: string;
let options: SetOptions;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'isochron-events-'));
  options = {
    env: {
      ISOCHRON_CACHE: join(root, 'cache'),
      ISOCHRON_DATA: join(root, 'data'),
    },
    fetch: () => Promise.reject(new Error('asked')),
  };
});

afterEach(() => rm(root, { recursive: true, force: true }));

/** How alike two pictures are. */
function correlation(a: Float64Array, b: Float64Array): number {
  const mean = (all: Float64Array) =>
    all.reduce((s, x) => s + x, 0) / all.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [aa, bb, ab] = [0, 0, 0];
  for (const [i, x] of a.entries()) {
    aa += (x - ma) ** 2;
    bb += (b[i] - mb) ** 2;
    ab += (x - ma) * (b[i] - mb);
  }
  return ab / Math.sqrt(aa * bb);
}

describe('the drawn ones', () => {
  it('are in the form of the recorded ones', async () => {
    const set = await loadEvents('auto', options);
    expect([set.name, set.synthetic]).toEqual(['moving-digits', true]);
    expect(set.title).toMatch(/synthetic/);
    expect([set.train.length, set.test.length]).toEqual([20, 10]);
    expect(new Set(set.test.map(({ label }) => label)).size).toBe(10);
    for (const recording of set.train) {
      const rows = rowsOf(recording);
      expect(rows.length).toBeGreaterThan(300);
      expect(rowsOf(readEvents(bytesOf(rows), 'f'))).toEqual(rows);
      expect(recording.time[rows.length - 1]).toBeLessThanOrEqual(300);
    }
  });

  // Oracle: the glides end where they began, so each pixel ends as bright as
  // it was: as many thresholds up as down.
  it('come back to where they were', async () => {
    const { train } = await loadEvents('moving-digits', { trainCount: 5 });
    for (const { x, y, polarity } of train) {
      const net = new Float64Array(SENSOR * SENSOR);
      for (const [i, on] of polarity.entries()) {
        net[y[i] * SENSOR + x[i]] += on === 1 ? 1 : -1;
      }
      expect([...new Set(net)]).toEqual([0]);
    }
  });

  // Oracle: the drawing; columns and rows exchanged, or another digit, must
  // be less like it.
  it('look like their digits', async () => {
    const count = 20;
    const { train } = await loadEvents('moving-digits', {
      seed: 3,
      trainCount: count,
    });
    const { images, labels } = drawDigits(3, 'train', count);
    expect(train.map(({ label }) => label)).toEqual([...labels]);
    const picture = (i: number, transposed = false) => {
      const out = new Float64Array(SENSOR * SENSOR);
      for (let p = 0; p < 784; p++) {
        const [row, column] = [3 + Math.floor(p / 28), 3 + (p % 28)];
        out[transposed ? column * SENSOR + row : row * SENSOR + column] =
          images[784 * i + p];
      }
      return out;
    };
    let [own, turned, other] = [0, 0, 0];
    for (const [i, { x, y }] of train.entries()) {
      const seen = new Float64Array(SENSOR * SENSOR);
      for (const [n, column] of x.entries()) seen[y[n] * SENSOR + column] += 1;
      own += correlation(seen, picture(i)) / count;
      turned += correlation(seen, picture(i, true)) / count;
      other += correlation(seen, picture((i + 1) % count)) / count;
    }
    expect(own).toBeGreaterThan(0.4);
    expect(own).toBeGreaterThan(turned + 0.1);
    expect(own).toBeGreaterThan(other + 0.1);
  });

  it('are the same again, and the beginning of more', async () => {
    const few = await loadEvents('moving-digits', { trainCount: 3 });
    const more = await loadEvents('moving-digits', { trainCount: 5 });
    expect(more.train.slice(0, 3)).toEqual(few.train);
    const other = await loadEvents('moving-digits', { trainCount: 3, seed: 2 });
    expect(other.train).not.toEqual(few.train);
  });
});

/** A tar archive by the definition of POSIX. */
function tarOf(members: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const blocks = Object.entries(members).flatMap(([name, bytes]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

describe('loadEvents', () => {
  const text = (content: string) => Buffer.from(content);
  const members = {
    'nmnist-small/train.tsv': text('id\tlabel\n2\t0\n7\t3\n'),
    'nmnist-small/train/2.bin': bytesOf([[5, 1, 2, 1]]),
    'nmnist-small/train/7.bin': bytesOf([[6, 3, 4, 0]]),
    'nmnist-small/test.tsv': text('id\tlabel\n60001\t7\n'),
    'nmnist-small/test/60001.bin': bytesOf([]),
  };
  const put = async (content: Readonly<Record<string, Uint8Array>>) => {
    const folder = join(root, 'data', 'nmnist-small');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'nmnist-small.tar'), tarOf(content));
  };
  const textOf = async (
    name: 'auto' | 'nmnist-small',
    type: unknown,
    more = {},
  ) => {
    const error = await rejection(loadEvents(name, { ...options, ...more }));
    expect(error).toBeInstanceOf(type);
    return (error as Error).message;
  };

  it('reads an archive of the user', async () => {
    await put(members);
    const set = await loadEvents('auto', options);
    expect([set.name, set.synthetic, set.size]).toEqual([
      'nmnist-small',
      false,
      34,
    ]);
    expect(set.title).toMatch(/Orchard.*CC BY-SA/);
    expect(set.train.map(({ label }) => label)).toEqual([0, 3]);
    expect(rowsOf(set.train[1])).toEqual([[6, 3, 4, 0]]);
    expect(set.test[0].time).toHaveLength(0);
    const one = await loadEvents('auto', { ...options, trainCount: 1 });
    expect(one.train).toHaveLength(1);
    expect(await textOf('auto', OptionError, { testCount: 2 })).toMatch(
      /has 1 test recordings but 2/,
    );
  });

  it('refuses an archive that is not whole', async () => {
    await put({
      ...members,
      'nmnist-small/test.tsv': text('id\tlabel\n1\tx\n'),
    });
    expect(await textOf('auto', FormatError)).toMatch(
      /test\.tsv holds "1\\tx" in line 2/,
    );
    await put({
      ...members,
      'nmnist-small/test.tsv': text('id\tlabel\n../1\t2\n'),
    });
    expect(await textOf('auto', FormatError)).toMatch(/in line 2/);
    await put({
      ...members,
      'nmnist-small/test.tsv': text('id\tlabel\n5\t2\n'),
    });
    expect(await textOf('auto', FormatError)).toMatch(
      /no member nmnist-small\/test\/5\.bin/,
    );
    await put({ ...members, 'nmnist-small/train/7.bin': Uint8Array.of(1) });
    expect(await textOf('auto', FormatError)).toMatch(
      /train\/7\.bin has 1 bytes/,
    );
  });

  it('says how to get what it cannot have', async () => {
    expect(await textOf('nmnist-small', DataError)).toMatch(
      /slayerPytorch.*ISOCHRON_DATA\/nmnist-small$/,
    );
    expect(await textOf('auto', OptionError, { trainCount: 0 })).toMatch(
      /0 train recordings/,
    );
    expect(await rejection(loadEvents('dvs' as 'auto'))).toBeInstanceOf(
      OptionError,
    );
  });
});

const folder = join(process.env['ISOCHRON_DATA'] ?? '', 'nmnist-small');
const here = (name: string) =>
  Boolean(process.env['ISOCHRON_DATA']) && existsSync(join(folder, name));

describe.skipIf(!here('nmnist-small.tar.gz'))('the real recordings', () => {
  // Oracle: counts that were taken from the archive elsewhere.
  it('are all there', async () => {
    const { train, test } = await loadEvents('nmnist-small');
    const events = (set: readonly Events[]) =>
      set.reduce((sum, { time }) => sum + time.length, 0);
    expect([train.length, test.length]).toEqual([200, 100]);
    expect([events(train), events(test)]).toEqual([826_914, 385_596]);
    const counts = new Array<number>(10).fill(0);
    for (const { label } of test) counts[label] += 1;
    expect(counts).toEqual([8, 14, 8, 11, 14, 7, 10, 15, 2, 11]);
    const last = Math.max(...train.map(({ time }) => time[time.length - 1]));
    expect(last).toBeGreaterThan(300);
    expect(last).toBeLessThanOrEqual(336);
  });
});

describe.skipIf(!here('tonic-sample_nmnist.bin'))('a real recording', () => {
  it('holds 4,325 events', async () => {
    const bytes = await readFile(join(folder, 'tonic-sample_nmnist.bin'));
    expect(readEvents(bytes, 'f').time).toHaveLength(4325);
  });
});
