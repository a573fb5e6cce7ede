/**
 * Oracle: the contract of the reader. Whatever bytes it is fed, it gives a
 * graph that can be written, or FormatError, in time; and nothing of one
 * file is left for the next.
 */

import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/base/errors.ts';
import { Random } from '../../src/base/random.ts';
import { readNir, writeNir } from '../../src/nir/file.ts';
import { readTree } from '../../src/nir/hdf5.ts';
import { build, chain, edges, lif } from './build.ts';
import { layers } from './h5py.ts';

/** Whether the bytes were read; what is read strictly can be written. */
async function survives(bytes: Uint8Array, strict: boolean): Promise<boolean> {
  try {
    const { graph } = await readNir(bytes, { strict });
    if (strict) await writeNir(graph);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).not.toContain('\n');
    return false;
  }
}

describe('damaged files', () => {
  test('not HDF5, and nothing at all', async () => {
    const text = new TextEncoder().encode('{"nodes": []}');
    const error = await readNir(text).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).toMatch(/13 bytes.*signature.*HDF5/);
    expect(await survives(new Uint8Array(), true)).toBe(false);
  });

  test('cut short anywhere', async () => {
    const bytes = await build(chain(lif));
    for (let part = 0; part < 16; part++) {
      const length = Math.floor(((part + 0.5) / 16) * bytes.length);
      expect(await survives(bytes.subarray(0, length), true)).toBe(false);
    }
    expect(await survives(bytes.subarray(0, -1), true)).toBe(false);
    expect(await survives(bytes, true)).toBe(true);
  });

  test('bits flipped', async () => {
    let whole = 0;
    const cases = 60;
    // Most of the file is zeros that nobody reads: flip what says something.
    const telling = [...layers.keys()].filter((at) => layers[at] !== 0);
    for (let index = 0; index < cases; index++) {
      const random = new Random(index, 'nir');
      const bytes = Uint8Array.from(layers);
      for (let flip = 0; flip < 1 + (index % 3); flip++) {
        const at = telling[random.below(telling.length)];
        bytes[at] ^= 1 << random.below(8);
      }
      if (await survives(bytes, index % 2 === 0)) whole += 1;
    }
    // Neither all harmless nor all refused: both ways were taken.
    expect(whole).toBeGreaterThan(0);
    expect(whole).toBeLessThan(cases);
  });

  test('data that HDF5 cannot unpack are no numbers', async () => {
    const bytes = Uint8Array.from(layers);
    const at = Buffer.from(bytes).indexOf(Uint8Array.of(0x78, 0x5e));
    expect(at).toBeGreaterThan(0);
    bytes[at + 2] ^= 0xff;
    await expect(readNir(bytes)).rejects.toThrow(/filter|inflate/);
  });

  test('a file that makes HDF5 loop is given up', async () => {
    const bytes = Uint8Array.from(layers);
    // Length of a text in the heap of texts: 6 becomes 70.
    const at = Buffer.from(bytes).indexOf('GCOL') + 504;
    expect(bytes[at]).toBe(6);
    bytes[at] = 70;
    const workers = () => {
      const open = process.getActiveResourcesInfo();
      return open.filter((name) => /Worker|MessagePort/.test(name)).length;
    };
    const before = workers();
    const reading = readTree(bytes, 300);
    const ended = expect(reading).rejects.toThrow(/within 300 ms/);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(workers()).toBeGreaterThan(before);
    await ended;
    expect(workers()).toBe(before);
    await expect(readNir(layers)).resolves.toMatchObject({ version: '1.0.6' });
    expect(workers()).toBe(before);
  });
});

describe('files made to mislead', () => {
  test('a group inside itself ends', async () => {
    const inner = { type: 'NIRGraph', nodes: {}, edges: edges() };
    const bytes = await build(chain(inner), (file) => {
      const group = file.get('node/nodes/node/nodes') as typeof file;
      group.create_hard_link('/node/nodes/node', 'self');
    });
    expect(await survives(bytes, false)).toBe(false);
  });

  test('links out of the file and to nothing', async () => {
    const bytes = await build(chain(lif), (file) => {
      const group = file.get('node/nodes') as typeof file;
      group.create_external_link('/etc/passwd', '/', 'outside');
      group.create_soft_link('/nowhere', 'dangling');
    });
    expect(await survives(bytes, false)).toBe(false);
  });

  test('a dataset larger than any file', async () => {
    const bytes = await build(chain(lif), (file) => {
      const group = file.get('node/nodes/node') as typeof file;
      const metadata = group.create_group('metadata');
      const data = new Float64Array(1);
      metadata.create_dataset({
        name: 'huge',
        data,
        shape: [1],
        maxshape: [null],
        chunks: [1],
      });
      (metadata.get('huge') as { resize?(shape: number[]): void }).resize?.([
        2 ** 40,
      ]);
    });
    await expect(readNir(bytes)).rejects.toThrow(/huge.*1099511627776/);
  });
});

test('calls at the same time do not meet', async () => {
  const other = await build(chain({ ...lif, type: 'LIF' }));
  const read = await Promise.all(
    [layers, other, layers.subarray(9), other, layers].map((bytes) =>
      readNir(bytes).then(
        ({ graph }) => graph.nodes.size,
        () => 0,
      ),
    ),
  );
  expect(read).toEqual([6, 3, 0, 3, 6]);
});
