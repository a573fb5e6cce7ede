import { OptionError, show } from '../base/errors.ts';
import { unpacked } from '../formats/gzip.ts';
import { malformed } from '../formats/malformed.ts';
import { memberOf } from '../formats/tar.ts';
import { checkCount } from './datasets.ts';
import {
  type FileOptions,
  type FileSet,
  type FoundFiles,
  findFiles,
  loadFiles,
  MAX_FILE_BYTES,
} from './files.ts';
import { moveDigits, type RawEvent, SENSOR } from './moving-digits.ts';

/**
 * Recordings of event cameras: N-MNIST (G. Orchard et al. 2015, "Converting
 * static image datasets to spiking neuromorphic datasets using saccades"),
 * and drawn digits in its form.
 */

/** Events of one recording, one number each, by time. */
export interface Events {
  /** In ms from the start; never decreasing. */
  readonly time: Float64Array;
  /** Column, 0 at the left. */
  readonly x: Uint8Array;
  /** Row, 0 at the top. */
  readonly y: Uint8Array;
  /** 1 where it became brighter, 0 where darker. */
  readonly polarity: Uint8Array;
}

export interface Recording extends Events {
  /** The digit, 0 to 9. */
  readonly label: number;
}

export type EventSetName = 'nmnist-small' | 'moving-digits';

/** Recordings to learn from and others to test on. */
export interface EventSet {
  readonly name: EventSetName;
  /** For people; with whom to credit. */
  readonly title: string;
  /** True if computed, false if recorded. */
  readonly synthetic: boolean;
  /** Where it came from: a folder, or how it was made. */
  readonly source: string;
  /** Rows and columns of the sensor. */
  readonly size: number;
  readonly train: readonly Recording[];
  readonly test: readonly Recording[];
}

export interface EventOptions extends FileOptions {
  /** Of the drawn ones: whole number in [0, 2^32); 1 if not given. */
  readonly seed?: number;
  /** Use only the first; all (drawn: 20) if not given. */
  readonly trainCount?: number;
  /** Use only the first; all (drawn: 10) if not given. */
  readonly testCount?: number;
}

/** Bytes of an event: x, y, then polarity in one bit and time in 23. */
const EVENT = 5;

/** Of the 70,000 recordings 200 and 100. */
export const NMNIST_SMALL: FileSet = {
  name: 'nmnist-small',
  mirrors: [],
  files: [
    {
      name: 'nmnist-small.tar.gz',
      bytes: 4898687,
      sha256:
        '5f66c87fe95d6fe8dcb35b619d6d038ce21661d2486afb4783ec184e52d8a6a1',
    },
  ],
  byHand:
    'get test/test_files/NMNISTsmall of ' +
    'https://github.com/bamsumit/slayerPytorch, pack nmnist-small.tar.gz of ' +
    'it (nmnist-small/train.tsv and test.tsv: a line "id<TAB>label", then one ' +
    'such line for each recording; nmnist-small/train/ID.bin and ' +
    'test/ID.bin: its .bs2 files) and put it into $ISOCHRON_DATA/nmnist-small',
};

/**
 * Loads recordings. `auto` is the sample of N-MNIST if it is on this machine,
 * in `$ISOCHRON_DATA/nmnist-small` or the cache, else drawn digits that move;
 * nothing is ever downloaded.
 *
 * @throws OptionError if the name is unknown, or seed or a count is out of
 *   range
 * @throws DataError if it cannot be had or a checksum fails
 * @throws FormatError if a file is not what its format says
 * @throws FileError if a file cannot be read
 */
export async function loadEvents(
  name: EventSetName | 'auto' = 'auto',
  options: EventOptions = {},
): Promise<EventSet> {
  checkCount('train', options.trainCount, 'recordings');
  checkCount('test', options.testCount, 'recordings');
  if (name === 'moving-digits') return drawn(options);
  if (name === 'nmnist-small') {
    return recorded(await loadFiles(NMNIST_SMALL, options), options);
  }
  if (name === 'auto') {
    const found = await findFiles(NMNIST_SMALL, options);
    return found === undefined ? drawn(options) : recorded(found, options);
  }
  throw new OptionError(
    `There is no set of recordings ${show(name)}: choose one of ` +
      'nmnist-small, moving-digits, auto',
    { name },
  );
}

/**
 * Reads the events of one recording in the form of N-MNIST.
 *
 * @param file its name, for the text of an error
 * @throws FormatError if bytes are left over, a pixel is not on the sensor of
 *   34 x 34, or time goes back
 */
export function readEvents(bytes: Uint8Array, file: string): Events {
  if (bytes.length % EVENT !== 0) {
    malformed(
      file,
      `has ${bytes.length} bytes, not whole events of ${EVENT}`,
      'fetch it again',
      { got: bytes.length },
    );
  }
  const raw = Array.from({ length: bytes.length / EVENT }, (_, i): RawEvent => {
    const [x, y, high, middle, low] = bytes.subarray(i * EVENT);
    if (x! >= SENSOR || y! >= SENSOR) {
      malformed(
        file,
        `holds pixel ${x}, ${y} in event ${i}`,
        `the sensor has ${SENSOR} x ${SENSOR}`,
        { event: i, x, y },
      );
    }
    const time = ((high! & 0x7f) << 16) | (middle! << 8) | low!;
    return [time, x!, y!, high! >= 0x80 ? 1 : 0];
  });
  for (let i = 1; i < raw.length; i++) {
    const [[before], [time]] = [raw[i - 1]!, raw[i]!];
    if (time < before) {
      malformed(
        file,
        `goes back from ${before} to ${time} us in event ${i}`,
        'events must be in the order of time',
        { event: i, before, time },
      );
    }
  }
  return eventsOf(raw);
}

function eventsOf(raw: readonly RawEvent[]): Events {
  return {
    time: Float64Array.from(raw, ([time]) => time / 1000),
    x: Uint8Array.from(raw, ([, x]) => x),
    y: Uint8Array.from(raw, ([, , y]) => y),
    polarity: Uint8Array.from(raw, ([, , , polarity]) => polarity),
  };
}

function drawn(options: EventOptions): EventSet {
  const { seed = 1, trainCount = 20, testCount = 10 } = options;
  const recordings = (split: 'train' | 'test', count: number) =>
    moveDigits(seed, split, count).map(({ label, events }) => ({
      label,
      ...eventsOf(events),
    }));
  return {
    name: 'moving-digits',
    title: 'synthetic digits that move (drawn by strokes; not N-MNIST)',
    synthetic: true,
    source: `drawn by isochron, seed ${seed}`,
    size: SENSOR,
    train: recordings('train', trainCount),
    test: recordings('test', testCount),
  };
}

function recorded(
  { source, files }: FoundFiles,
  { trainCount, testCount }: EventOptions,
): EventSet {
  const { file, bytes } = files[0]!;
  const tar = unpacked(bytes, file, MAX_FILE_BYTES);
  return {
    name: 'nmnist-small',
    title:
      'N-MNIST, 200 + 100 of its recordings of an event camera (G. Orchard ' +
      'et al. 2015, CC BY-SA 4.0)',
    synthetic: false,
    source: `${source} (by way of bamsumit/slayerPytorch)`,
    size: SENSOR,
    train: recordingsOf(tar, 'train', file, trainCount),
    test: recordingsOf(tar, 'test', file, testCount),
  };
}

function recordingsOf(
  tar: Uint8Array,
  split: 'train' | 'test',
  file: string,
  count?: number,
): readonly Recording[] {
  const list = `nmnist-small/${split}.tsv`;
  const rows = readLabels(memberOf(tar, list, file), `${file}:${list}`);
  if (count !== undefined && count > rows.length) {
    throw new OptionError(
      `Data set nmnist-small has ${rows.length} ${split} recordings but ` +
        `${count} are asked for: ask for fewer`,
      { split, count, available: rows.length },
    );
  }
  return rows.slice(0, count).map(([id, label]) => {
    const member = `nmnist-small/${split}/${id}.bin`;
    const bytes = memberOf(tar, member, file);
    return { label, ...readEvents(bytes, `${file}:${member}`) };
  });
}

/** Rows of a number, a tab and a digit, below a heading. */
function readLabels(
  bytes: Uint8Array,
  file: string,
): readonly (readonly [id: string, label: number])[] {
  const lines = new TextDecoder().decode(bytes).trimEnd().split(/\r?\n/);
  return lines.slice(1).map((line, i) => {
    const [, id, label] = /^(\d+)\t(\d)$/.exec(line) ?? [];
    if (id === undefined) {
      malformed(
        file,
        `holds ${show(line)} in line ${i + 2}`,
        'lines must be a number, a tab and a digit',
        { line: i + 2 },
      );
    }
    return [id, Number(label)];
  });
}
