import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError, OptionError } from '../../src/base/errors.ts';
import { CIFAR10_SUBSET } from '../../src/data/cifar.ts';
import {
  type DatasetName,
  datasets,
  FASHION_MNIST,
  loadDataset,
  MNIST,
} from '../../src/data/datasets.ts';
import { drawDigits } from '../../src/data/digits.ts';
import { sha256Of } from '../../src/data/download.ts';
import { drawShapes } from '../../src/data/shapes.ts';
import { rejection } from '../formats/idx-bytes.ts';

let empty: string;
let env: Record<string, string>;

beforeAll(async () => {
  empty = await mkdtemp(join(tmpdir(), 'isochron-datasets-'));
  env = { ISOCHRON_CACHE: empty };
});

afterAll(() => rm(empty, { recursive: true, force: true }));

describe('the table of data sets', () => {
  it('has ten named classes each and says which are synthetic', () => {
    for (const { classes } of datasets) expect(classes).toHaveLength(10);
    expect(datasets.map(({ name, synthetic }) => [name, synthetic])).toEqual([
      ['digits', true],
      ['mnist', false],
      ['fashion-mnist', false],
      ['shapes', true],
      ['cifar10-subset', false],
    ]);
  });

  it('has well-formed files and mirrors', () => {
    for (const { files, mirrors } of [MNIST, FASHION_MNIST]) {
      for (const { name, sha256 } of files) {
        expect(name).toMatch(/-ubyte\.gz$/);
        expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      }
      for (const mirror of mirrors) expect(new URL(mirror).href).toBe(mirror);
    }
  });
});

describe('loadDataset', () => {
  // Oracle: drawDigits, tested on its own.
  it('draws digits with the seed and counts asked for', async () => {
    const options = { seed: 7, trainCount: 30, testCount: 20 };
    expect(await loadDataset('digits', options)).toMatchObject({
      name: 'digits',
      title: 'synthetic digits (drawn by strokes; not MNIST)',
      synthetic: true,
      source: 'drawn by isochron, seed 7',
      train: drawDigits(7, 'train', 30),
      test: drawDigits(7, 'test', 20),
    });
  });

  it('draws 10,000 and 2,000 digits if not told otherwise', async () => {
    const { train, test } = await loadDataset('digits');
    expect([train.count, test.count]).toEqual([10_000, 2_000]);
    expect(train.images).toHaveLength(10_000 * 784);
  });

  it('takes digits for auto if there is no MNIST, asking nobody', async () => {
    const loaded = await loadDataset('auto', {
      env,
      trainCount: 10,
      testCount: 10,
      fetch: () => Promise.reject(new Error('asked')),
    });
    expect(loaded.name).toBe('digits');
  });

  it('takes shapes for auto-colour if there is no CIFAR-10', async () => {
    const loaded = await loadDataset('auto-colour', {
      env,
      seed: 3,
      trainCount: 10,
      testCount: 5,
      fetch: () => Promise.reject(new Error('asked')),
    });
    expect(loaded).toMatchObject({
      name: 'shapes',
      synthetic: true,
      train: drawShapes(3, 'train', 10),
      test: drawShapes(3, 'test', 5),
    });
  });

  it('draws 4,000 and 1,000 shapes if not told otherwise', async () => {
    const { train, test } = await loadDataset('shapes');
    expect([train.count, test.count]).toEqual([4_000, 1_000]);
    expect(train.images).toHaveLength(4_000 * 3072);
    expect(train.shape).toEqual([3, 32, 32]);
  });

  it('tells how to get CIFAR-10 by hand', async () => {
    const error = await rejection(
      loadDataset('cifar10-subset', { env, download: false }),
    );
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toMatch(
      /put data_batch_1\.bin and test_batch\.bin of https:.*tar\.gz into \$ISO/,
    );
  });

  it('names what failed when nothing can be had', async () => {
    const error = await rejection(
      loadDataset('fashion-mnist', {
        env,
        fetch: () => Promise.reject(new Error('no network here')),
      }),
    );
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toMatch(
      /no network here.*put the four files of fashion-mnist into/,
    );
  });

  it.each([
    ['an unknown name', 'cifar' as DatasetName, {}],
    ['a name of every object', 'toString' as DatasetName, {}],
    ['no images', 'digits' as DatasetName, { trainCount: 0 }],
    ['half an image', 'mnist' as DatasetName, { testCount: 1.5 }],
  ])('refuses %s', async (_what, name, options) => {
    const work = loadDataset(name, { env, download: false, ...options });
    expect(await rejection(work)).toBeInstanceOf(OptionError);
  });
});

// Oracle: counts per class and means that are published with the data.
describe.skipIf(!process.env['ISOCHRON_DATA'])('real MNIST', () => {
  const counts = (labels: Uint8Array) => {
    const found = Array(10).fill(0);
    for (const label of labels) found[label]++;
    return found;
  };
  const mean = (bytes: Uint8Array) =>
    bytes.reduce((sum, grey) => sum + grey, 0) / bytes.length / 255;

  it('has its published counts and mean', async () => {
    const { name, synthetic, train, test } = await loadDataset('auto');
    expect([name, synthetic]).toEqual(['mnist', false]);
    expect([train.count, test.count]).toEqual([60_000, 10_000]);
    expect(counts(train.labels)).toEqual([
      5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]);
    expect(counts(test.labels)).toEqual([
      980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]);
    expect(mean(train.images)).toBeCloseTo(0.1307, 4);
  });

  it('gives its first images if fewer are asked for', async () => {
    const options = { trainCount: 10, testCount: 3 };
    const { train, test } = await loadDataset('mnist', options);
    // The first labels of MNIST, as in every tutorial.
    expect([...train.labels]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect([...test.labels]).toEqual([7, 2, 1]);
    expect(train.images).toHaveLength(7840);
  });

  it('refuses to give more than there are', async () => {
    const work = loadDataset('mnist', { trainCount: 60_001 });
    expect(await rejection(work)).toBeInstanceOf(OptionError);
  });
});

describe.skipIf(!process.env['ISOCHRON_DATA'])('real Fashion-MNIST', () => {
  it('has 6,000 and 1,000 of each class', async () => {
    const { train, test, classes } = await loadDataset('fashion-mnist');
    for (const [set, each] of [
      [train, 6000],
      [test, 1000],
    ] as const) {
      const found = classes.map(
        (_, label) => set.labels.filter((other) => other === label).length,
      );
      expect(found).toEqual(Array(10).fill(each));
    }
  });
});

// Oracle: counts and means that were written down when the subset was made.
describe.skipIf(!process.env['ISOCHRON_DATA'])('real CIFAR-10', () => {
  it('has the known counts, first items and means', async () => {
    const { name, synthetic, train, test, classes } =
      await loadDataset('auto-colour');
    expect([name, synthetic]).toEqual(['cifar10-subset', false]);
    const counts = (labels: Uint8Array) =>
      classes.map(
        (_, label) => labels.filter((other) => other === label).length,
      );
    expect(counts(train.labels)).toEqual([
      396, 366, 420, 384, 422, 393, 414, 385, 407, 413,
    ]);
    expect(counts(test.labels)).toEqual([
      103, 89, 100, 103, 90, 86, 112, 102, 106, 109,
    ]);
    // The first labels and the first red row, as in every tutorial: a frog,
    // two trucks, a deer; a cat, two ships.
    expect([...train.labels.subarray(0, 10)]).toEqual([
      6, 9, 9, 4, 1, 1, 2, 7, 8, 3,
    ]);
    expect([...test.labels.subarray(0, 10)]).toEqual([
      3, 8, 8, 0, 6, 6, 1, 6, 3, 1,
    ]);
    expect([...train.images.subarray(0, 4)]).toEqual([59, 43, 50, 68]);
    expect([...test.images.subarray(0, 4)]).toEqual([158, 159, 165, 166]);
    const means = [0, 0, 0];
    for (let i = 0; i < train.images.length; i++) {
      means[Math.floor(i / 1024) % 3] += train.images[i];
    }
    const size = 255 * 1024 * train.count;
    expect(means.map((sum) => Number((sum / size).toFixed(4)))).toEqual([
      0.4916, 0.4818, 0.4447,
    ]);
  });

  it('has the checksums that a download is held to', async () => {
    const { train, test } = await loadDataset('cifar10-subset');
    [train, test].forEach((set, i) => {
      const rows = new Uint8Array(set.count * 3073);
      for (let row = 0; row < set.count; row++) {
        rows[row * 3073] = set.labels[row];
        rows.set(
          set.images.subarray(row * 3072, (row + 1) * 3072),
          row * 3073 + 1,
        );
      }
      expect(sha256Of(rows)).toBe(CIFAR10_SUBSET.files[i].sha256);
    });
  });
});
