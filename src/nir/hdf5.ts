/**
 * HDF5 bytes as a plain tree, and back, by h5wasm in a worker of its own.
 * Damaged files make the HDF5 library loop for ever, read outside its memory
 * or leave objects open; a worker ends with its file system and its memory,
 * and one that does not end is stopped.
 */

import { FormatError, messageOf } from '../base/errors.ts';

export interface H5Group {
  readonly kind: 'group';
  readonly members: readonly (readonly [name: string, value: H5Value])[];
  /** Names of HDF5 attributes; their values are not read. */
  readonly attributes: readonly string[];
}

/** A dataset; a scalar one has shape []. */
export type H5Dataset =
  | {
      readonly kind: 'text';
      readonly shape: readonly number[];
      readonly values: readonly string[];
    }
  | {
      readonly kind: 'numbers';
      readonly shape: readonly number[];
      readonly values: Float32Array | Float64Array;
      /** Whether the file holds them as integers (written: as int64). */
      readonly whole: boolean;
    };

/** `other`: anything else, with what it is in words. */
export type H5Value =
  | H5Group
  | H5Dataset
  | { readonly kind: 'other'; readonly what: string };

type Job =
  | { readonly kind: 'read'; readonly bytes: Uint8Array }
  | { readonly kind: 'write'; readonly tree: H5Group };

type Done =
  | { readonly tree: H5Group }
  | { readonly bytes: Uint8Array }
  | { readonly at: string; readonly reason: string };

type H5 = typeof import('h5wasm');

/** Milliseconds of a job: a stuck one is stopped then, a long one is not. */
const timeFor = (bytes: number) => 5000 + bytes / 1000;

/**
 * Reads the root members `names` of an HDF5 file; of others the name only.
 * Throws FormatError for bytes that are not HDF5, damaged, or that keep the
 * library busy for longer than `limit` milliseconds.
 */
export async function readTree(
  bytes: Uint8Array,
  limit = timeFor(bytes.length),
): Promise<H5Group> {
  const done = await run({ kind: 'read', bytes }, limit);
  if ('tree' in done) return done.tree;
  const { at, reason } = failure(done);
  throw new FormatError(
    `NIR file of ${bytes.length} bytes cannot be read${at && ` at ${at}`}: ` +
      `${reason}; is it a complete HDF5 file?`,
    { length: bytes.length, at, reason },
  );
}

/** Writes a tree as an HDF5 file. */
export async function writeTree(tree: H5Group): Promise<Uint8Array> {
  const done = await run({ kind: 'write', tree }, Number.POSITIVE_INFINITY);
  if ('bytes' in done) return done.bytes;
  const { at, reason } = failure(done);
  throw new FormatError(
    `NIR file cannot be written${at && ` at ${at}`}: ${reason}; is there ` +
      'memory for it?',
    { at, reason },
  );
}

function failure(done: Done): { at: string; reason: string } {
  return 'reason' in done ? done : { at: '', reason: 'no answer' };
}

async function run(job: Job, limit: number): Promise<Done> {
  const { Worker } = await import('node:worker_threads');
  // The text of the function, because a worker cannot start from TypeScript.
  const code = `import('node:worker_threads').then(async (threads) => {
    const { job, url } = threads.workerData;
    const h5 = await import(url);
    await h5.ready;
    threads.parentPort.postMessage('ready');
    threads.parentPort.postMessage((${work.toString()})(h5, job));
  });`;
  const url = import.meta.resolve('h5wasm');
  const worker = new Worker(code, {
    eval: true,
    execArgv: [],
    workerData: { job, url },
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Done>((resolve) => {
      const fail = (reason: string) => resolve({ at: '', reason });
      worker.on('message', (message: 'ready' | Done) => {
        if (message !== 'ready') resolve(message);
        else if (limit < Number.POSITIVE_INFINITY) {
          timer = setTimeout(() => {
            fail(`HDF5 did not finish within ${Math.round(limit)} ms`);
          }, limit);
        }
      });
      worker.on('error', (error) => fail(messageOf(error)));
      worker.on('exit', (code) => fail(`HDF5 ended with code ${code}`));
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

/** What the worker does. Its text is sent: it uses nothing from outside. */
function work(h5: H5, job: Job): Done {
  /** What only this part of h5wasm's file system is used for. */
  interface Files {
    close(stream: unknown): void;
    getStream(fd: number): unknown;
    open(path: string, flags: string): unknown;
    readFile(path: string, options?: { encoding: 'utf8' }): unknown;
    stat(path: string): { size: number };
    writeFile(path: string, data: Uint8Array): void;
  }
  const files = h5.FS as unknown as Files;
  // h5wasm drops the status of most calls, but HDF5 says each error on fd 2.
  files.close(files.getStream(2));
  files.open('/said', 'w');
  const deepest = 128;
  let at = '';
  let left = 0;

  const check = () => {
    if (files.stat('/said').size === 0) return;
    const text = String(files.readFile('/said', { encoding: 'utf8' }));
    const said = [...text.matchAll(/ in \w+\(\): (.+)/g)].map((m) => m[1]);
    throw new Error(said.at(-1) ?? 'HDF5 reports an error');
  };
  const join = (path: string, name: string) => `${path}/${name}`;

  function readGroup(group: InstanceType<H5['Group']>, path: string): H5Group {
    const names = group.keys();
    const attributes = Object.keys(group.attrs);
    check();
    const members = names.map((name): [string, H5Value] => {
      const inside = join(path, name);
      if (path === '' && name !== 'version' && name !== 'node') {
        return [name, { kind: 'other', what: 'not part of the format' }];
      }
      at = inside;
      left -= 1;
      if (path.split('/').length > deepest) {
        throw new Error(`groups are nested more than ${deepest} deep`);
      }
      if (left < 0) throw new Error('more objects than the file can hold');
      const value = readValue(group.get(name), inside);
      check();
      return [name, value];
    });
    return { kind: 'group', members, attributes };
  }

  function readValue(value: unknown, path: string): H5Value {
    if (value instanceof h5.Group) return readGroup(value, path);
    if (value instanceof h5.Dataset) return readDataset(value);
    return { kind: 'other', what: value === null ? 'nothing' : 'a link' };
  }

  function readDataset(dataset: InstanceType<H5['Dataset']>): H5Value {
    const { type, size, shape, total_size, vlen, strpad } =
      dataset.metadata as typeof dataset.metadata & { strpad?: number };
    check();
    if (shape === null) return { kind: 'other', what: 'an empty dataset' };
    // Deflate makes bytes 1032 times fewer at best.
    if (size * total_size > 1100 * bytesLength + 65_536) {
      throw new Error(
        `shape [${shape.join(', ')}] is more than the file holds`,
      );
    }
    const text = type === 3;
    const whole = type === 0 && [1, 2, 4, 8].includes(size);
    if (!text && !whole && !(type === 1 && (size === 4 || size === 8))) {
      const what =
        type === 1 ? `float${size * 8} numbers` : 'no numbers or text';
      return { kind: 'other', what };
    }
    const value = dataset.value;
    check();
    const list =
      typeof value === 'object' && value !== null
        ? (value as ArrayLike<unknown>)
        : [value];
    if (text) {
      const padded = !vlen && strpad === 2;
      const values = Array.from(list, (item) =>
        padded ? String(item).replace(/ +$/, '') : String(item),
      );
      return { kind: 'text', shape, values };
    }
    if (type === 1) {
      const array = size === 4 ? Float32Array : Float64Array;
      return {
        kind: 'numbers',
        shape,
        values: array.from(list as ArrayLike<number>),
        whole,
      };
    }
    const values = Float64Array.from(list as ArrayLike<number>, Number);
    return values.every(Number.isSafeInteger)
      ? { kind: 'numbers', shape, values, whole }
      : { kind: 'other', what: 'integers beyond 2^53' };
  }

  function write(
    group: InstanceType<H5['Group']>,
    tree: H5Group,
    path: string,
  ) {
    for (const [name, value] of tree.members) {
      at = join(path, name);
      if (value.kind === 'group') {
        write(group.create_group(name, true), value, at);
      } else if (value.kind === 'text') {
        group.create_dataset({
          name,
          data: [...value.values],
          shape: [...value.shape],
          dtype: 'S',
        });
      } else if (value.kind === 'numbers') {
        const data = value.whole
          ? BigInt64Array.from(value.values, BigInt)
          : value.values;
        group.create_dataset({ name, data, shape: [...value.shape] });
      }
      check();
    }
  }

  const bytesLength = job.kind === 'read' ? job.bytes.length : 0;
  try {
    if (job.kind === 'write') {
      const file = new h5.File('/file', 'w', { track_order: true });
      write(file, job.tree, '');
      file.close();
      check();
      return { bytes: new Uint8Array(files.readFile('/file') as Uint8Array) };
    }
    files.writeFile('/file', job.bytes);
    // Every object takes more bytes than this; circles of links take none.
    left = 64 + bytesLength / 32;
    const file = new h5.File('/file', 'r');
    check();
    return { tree: readGroup(file, '') };
  } catch (error) {
    let reason = String(error);
    try {
      check();
    } catch (said) {
      reason = said instanceof Error ? said.message : reason;
    }
    return { at, reason };
  }
}
