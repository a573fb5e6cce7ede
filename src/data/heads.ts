import { OptionError, show } from '../base/errors.ts';
import { unpacked } from '../formats/gzip.ts';
import { npzArray } from '../formats/npz.ts';
import { checkSum } from './download.ts';
import {
  type FileOptions,
  type FileSet,
  type FoundFiles,
  takenFrom,
} from './files.ts';
import {
  type About,
  choose,
  type DataEntry,
  fromFiles,
  type Loaded,
} from './sets.ts';
import { sphereResponse } from './sphere-head.ts';

/**
 * What a head does to a sound on its way to each ear, by direction: impulse
 * responses, measured on a dummy head or computed for a sphere.
 */

export type HeadName = 'ku100' | 'sphere';

/** 0: left, 1: right. */
export type Ear = 0 | 1;

export interface HeadResponses extends About<HeadName> {
  /** In Hz. */
  readonly sampleRate: number;
  /** Degrees, counter-clockwise from the front: 90 is left, 270 is right. */
  readonly azimuths: readonly number[];
  /** Samples of a response. */
  readonly samples: number;
  /**
   * A copy of one response.
   *
   * @param azimuth one of `azimuths`, or it and whole turns
   * @throws OptionError if there is no such direction or ear
   */
  response(azimuth: number, ear: Ear): Float64Array;
}

const DIRECTIONS = 360;
const SAMPLES = 128;
const SHAPE = [DIRECTIONS, 2, SAMPLES];
/** Of the published set, as far as known: its files do not say. */
const SAMPLE_RATE = 48_000;

const NPZ = {
  name: 'ku100_circular.npz',
  bytes: 520088,
  sha256: 'b1c86580220bc0c7a93668035a1f47540be4aef583aabb0cbdeb3e517a7d8f37',
};

/**
 * Neumann KU 100, horizontal plane in steps of a degree, measured by B.
 * Bernschuetz 2013 (HRIR_CIRC360, CC BY 3.0). The cache keeps the responses as
 * float32: [360 azimuths][2 ears][128 samples], little-endian.
 */
export const KU100: FileSet = {
  name: 'ku100-hrir',
  mirrors: [
    'https://raw.githubusercontent.com/jacobhollebon/ring-of-silence/8401537631006fb7af1d9acd29fbd83585d557be/data/',
  ],
  files: [
    {
      name: 'ku100_circ360_f32le.bin',
      bytes: 4 * DIRECTIONS * 2 * SAMPLES,
      sha256:
        'f88d78d0ecb2916be04e01de46314468b415939a5d97cacaa7d6a038e4e4b1f4',
    },
  ],
  byHand:
    'get data/ku100_circular.npz of ' +
    'https://github.com/jacobhollebon/ring-of-silence, make the file of it ' +
    "(Python: numpy.load('ku100_circular.npz')['hrir'].astype('<f4')" +
    ".tofile('ku100_circ360_f32le.bin')) and put it into " +
    '$ISOCHRON_DATA/ku100-hrir',
  fill: takenFrom(NPZ, (packed, path) => {
    const numbers = npzArray(packed, 'hrir', SHAPE, path);
    const bytes = new Uint8Array(4 * numbers.length);
    const view = new DataView(bytes.buffer);
    for (const [i, x] of numbers.entries()) view.setFloat32(4 * i, x, true);
    check(bytes, path);
    return { [KU100.files[0]!.name]: bytes };
  }),
};

/**
 * Loads impulse responses. `auto` is the KU 100 if it is on this machine, in
 * `$ISOCHRON_DATA/ku100-hrir` or the cache, else the sphere; it never
 * downloads.
 *
 * @throws OptionError if the name is unknown
 * @throws DataError if it cannot be had or a checksum fails
 * @throws FormatError if a file is damaged
 * @throws FileError if a file cannot be read or written
 */
export async function loadHeads(
  name: HeadName | 'auto' = 'auto',
  options: FileOptions = {},
): Promise<HeadResponses> {
  const what = (shown: string) => `head ${shown}`;
  const [entry, found] = await choose(what, heads, name, options);
  const { name: own, title, synthetic } = entry;
  const { source, at } = found;
  return { ...{ name: own, title, synthetic, source }, ...responses(at) };
}

/** Files of the user are checked too: any bytes would pass for sound. */
function check(bytes: Uint8Array, file: string): void {
  const what = `The responses of ${file} have`;
  checkSum(what, bytes, KU100.files[0]!.sha256, 'fetch it again', { file });
}

/** A response by azimuth in 0 .. 359 and ear. */
interface Responses {
  readonly at: (azimuth: number, ear: Ear) => Float64Array;
}

const heads: readonly DataEntry<HeadName, Responses, FileOptions>[] = [
  {
    name: 'ku100',
    title:
      'Neumann KU 100 dummy head, measured (B. Bernschuetz 2013, CC BY 3.0)',
    synthetic: false,
    ...fromFiles(KU100, measured),
  },
  {
    name: 'sphere',
    title: 'synthetic head (a rigid sphere, computed; not measured)',
    synthetic: true,
    load: async () => ({
      source: 'computed by isochron (Woodworth; Brown and Duda 1998)',
      at: (azimuth, ear) => sphereResponse(azimuth, ear, SAMPLE_RATE, SAMPLES),
    }),
  },
];

function measured({ source, files }: FoundFiles): Loaded<Responses> {
  const { file, bytes } = files[0]!;
  const plain = unpacked(bytes, file);
  check(plain, file);
  const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
  return {
    source: `${source} (HRIR_CIRC360, by way of jacobhollebon/ring-of-silence)`,
    at: (azimuth, ear) =>
      Float64Array.from({ length: SAMPLES }, (_, n) =>
        view.getFloat32(4 * ((azimuth * 2 + ear) * SAMPLES + n), true),
      ),
  };
}

function responses(at: Responses['at']): Omit<HeadResponses, keyof About> {
  return {
    sampleRate: SAMPLE_RATE,
    azimuths: Array.from({ length: DIRECTIONS }, (_, degrees) => degrees),
    samples: SAMPLES,
    response(azimuth, ear) {
      if (!Number.isSafeInteger(azimuth)) {
        throw new OptionError(
          `There is no response for azimuth ${show(azimuth)}: give whole ` +
            'degrees',
          { azimuth },
        );
      }
      if (ear !== 0 && ear !== 1) {
        throw new OptionError(
          `There is no ear ${show(ear)}: give 0 for left or 1 for right`,
          { ear },
        );
      }
      return at(((azimuth % DIRECTIONS) + DIRECTIONS) % DIRECTIONS, ear);
    },
  };
}
