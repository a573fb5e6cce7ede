import { show } from '../base/errors.ts';
import { unpacked } from '../formats/gzip.ts';
import { damaged, malformed } from '../formats/malformed.ts';
import { memberOf } from '../formats/tar.ts';
import type { Split } from './drawing.ts';
import type { FileSet, FoundFiles } from './files.ts';
import { moveDigits, type RawEvent, SENSOR } from './moving-digits.ts';
import {
  type About,
  checkCounts,
  choose,
  countOf,
  type DataEntry,
  fromFiles,
  type Loaded,
  type SetOptions,
} from './sets.ts';

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

interface Recordings {
  readonly train: readonly Recording[];
  readonly test: readonly Recording[];
}

/** Recordings to learn from and others to test on. */
export interface EventSet extends About<EventSetName>, Recordings {
  /** Rows and columns of the sensor. */
  readonly size: number;
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
  options: SetOptions = {},
): Promise<EventSet> {
  checkCounts(options, 'recordings');
  const what = (shown: string) => `set of recordings ${shown}`;
  const [entry, found] = await choose(what, eventSets, name, options);
  const { name: own, title, synthetic } = entry;
  return { ...{ name: own, title, synthetic }, size: SENSOR, ...found };
}

const eventSets: readonly DataEntry<EventSetName, Recordings, SetOptions>[] = [
  {
    name: 'nmnist-small',
    title:
      'N-MNIST, 200 + 100 of its recordings of an event camera (G. Orchard ' +
      'et al. 2015, CC BY-SA 4.0)',
    synthetic: false,
    ...fromFiles(NMNIST_SMALL, recorded),
  },
  {
    name: 'moving-digits',
    title: 'synthetic digits that move (drawn by strokes; not N-MNIST)',
    synthetic: true,
    load: async ({ seed = 1, trainCount = 20, testCount = 10 }) => ({
      source: `drawn by isochron, seed ${seed}`,
      train: drawn(seed, 'train', trainCount),
      test: drawn(seed, 'test', testCount),
    }),
  },
];

/**
 * Reads the events of one recording in the form of N-MNIST.
 *
 * @param file its name, for the text of an error
 * @throws FormatError if bytes are left over, a pixel is not on the sensor of
 *   34 x 34, or time goes back
 */
export function readEvents(bytes: Uint8Array, file: string): Events {
  if (bytes.length % EVENT !== 0) {
    damaged(file, `has ${bytes.length} bytes, not whole events of ${EVENT}`, {
      got: bytes.length,
    });
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

function drawn(seed: number, split: Split, count: number): Recording[] {
  return moveDigits(seed, split, count).map(({ label, events }) => ({
    label,
    ...eventsOf(events),
  }));
}

function recorded(
  { source, files }: FoundFiles,
  { trainCount, testCount }: SetOptions,
): Loaded<Recordings> {
  const { file, bytes } = files[0]!;
  const tar = unpacked(bytes, file);
  return {
    source: `${source} (by way of bamsumit/slayerPytorch)`,
    train: recordingsOf(tar, 'train', file, trainCount),
    test: recordingsOf(tar, 'test', file, testCount),
  };
}

function recordingsOf(
  tar: Uint8Array,
  split: Split,
  file: string,
  count?: number,
): readonly Recording[] {
  const list = `nmnist-small/${split}.tsv`;
  const rows = readLabels(memberOf(tar, list, file), `${file}:${list}`);
  const what = `${split} recordings`;
  const used = countOf(NMNIST_SMALL.name, what, rows.length, count);
  return rows.slice(0, used).map(([id, label]) => {
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
