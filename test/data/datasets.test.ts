import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DatasetName,
  datasets,
  FASHION_MNIST,
  loadDataset,
  MNIST,
} from '../../src/data/datasets.ts';
import { drawDigits } from '../../src/data/digits.ts';
import { DataError, OptionError } from '../../src/errors.ts';
import { rejection } from './idx-bytes.ts';

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
  }, 30_000);

  it('gives its first images if fewer are asked for', async () => {
    const options = { trainCount: 10, testCount: 3 };
    const { train, test } = await loadDataset('mnist', options);
    // The first labels of MNIST, as in every tutorial.
    expect([...train.labels]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect([...test.labels]).toEqual([7, 2, 1]);
    expect(train.images).toHaveLength(7840);
  }, 30_000);

  it('refuses to give more than there are', async () => {
    const work = loadDataset('mnist', { trainCount: 60_001 });
    expect(await rejection(work)).toBeInstanceOf(OptionError);
  }, 30_000);
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
  }, 30_000);
});
