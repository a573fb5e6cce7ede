import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Archive } from '../../src/data/archive.ts';
import type { Idx } from '../../src/formats/idx.ts';

/** Writes the format by its definition: the oracle of the reader. */
export function idxBytes({ shape, data }: Idx, type = 8): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, type, shape.length]);
  shape.forEach((axis, i) => {
    view.setUint32(4 + 4 * i, axis);
  });
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

/** An archive of a few small images, and its four files by name. */
export function smallArchive(): {
  archive: Archive;
  packed: Record<string, Uint8Array>;
  train: Uint8Array;
  test: Uint8Array;
} {
  const set = (count: number, first: number) => ({
    images: {
      shape: [count, 28, 28],
      data: Uint8Array.from({ length: count * 784 }, (_, i) => first + i),
    },
    labels: {
      shape: [count],
      data: Uint8Array.from({ length: count }, (_, i) => i % 10),
    },
  });
  const train = set(12, 3);
  const test = set(5, 90);
  const packed: Record<string, Uint8Array> = {
    'train-images-idx3-ubyte.gz': gzipSync(idxBytes(train.images)),
    'train-labels-idx1-ubyte.gz': gzipSync(idxBytes(train.labels)),
    't10k-images-idx3-ubyte.gz': gzipSync(idxBytes(test.images)),
    't10k-labels-idx1-ubyte.gz': gzipSync(idxBytes(test.labels)),
  };
  const files = Object.entries(packed).map(([name, bytes]) => ({
    name,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  }));
  const [a, b, c, d] = files;
  const archive = { name: 'small', mirrors: [], files: [a, b, c, d] as const };
  return {
    archive,
    packed,
    train: train.images.data,
    test: test.images.data,
  };
}

/** Settles to what a promise is rejected with. */
export async function rejection(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('expected a rejection');
}
