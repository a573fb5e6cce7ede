/**
 * Where a sound at a head comes from, read from a map of time differences.
 * What an ear hears is its impulse response's answer to the sound. A hair
 * cell follows the slow part of it and sends a spike at each crest; cells of
 * the map fire where the spikes of both ears meet.
 *
 * It is read in two ways, neither of which knows the directions that it is
 * tested on: by the law of a sphere (G. F. Kuhn 1977: at low frequencies
 * ITD = 3 r/c sin of the direction), and by what the map showed of the
 * directions between.
 */

import { Random } from '../../src/base/random.ts';
import type { HeadResponses } from '../../src/data/heads.ts';
import type { PopulationModel } from '../../src/network/model.ts';
import { Network } from '../../src/network/network.ts';
import { meanOf } from '../../src/studies/rows.ts';
import type { Bench } from '../../src/studies/shelf.ts';
import { delayLines, differences } from './place-map.ts';

/** Radius of an average head in m, speed of sound in m/s. */
const RADIUS = 0.0875;
const SPEED = 343;
/** Half the reach of the map, ms; beyond every head's largest difference. */
const REACH = 0.85;
/** Cells of the map: ms, and the weight of a spike. */
export const CELLS = { tau: 0.2, weight: 0.6 };
/** Ticks in a sample of the sound. */
const TICKS_PER_SAMPLE = 2;
/** Length of the noise in ms. */
const NOISE = 60;
/** Waiting for the last crest and its way along the line, ms. */
const AFTER = 3;
/** ms to either side over which the map is smoothed, and its top read. */
const SMOOTH = 0.1;
const TOP = 0.2;

/**
 * Four low-pass stages of the inner hair cell (exact for steps), half-wave
 * rectified; a spike in the tick after a crest above the floor. It tells
 * when the crest was, however loud it is.
 */
const hairCell: PopulationModel = {
  name: 'hair cell',
  ports: ['sound'],
  parameters: { cutoff: 1.2, floor: 0.1 },
  units: { cutoff: 'kHz' },
  derived: ({ cutoff }, dt) => ({
    keep: Math.exp(-2 * Math.PI * cutoff * dt),
    gain: -Math.expm1(-2 * Math.PI * cutoff * dt),
  }),
  state: { x1: 0, x2: 0, x3: 0, x4: 0, last: 0, before: 0 },
  lets: [
    ['y1', 'keep * x1 + gain * sound'],
    ['y2', 'keep * x2 + gain * y1'],
    ['y3', 'keep * x3 + gain * y2'],
    ['y4', 'keep * x4 + gain * y3'],
    ['wave', 'where(y4 > 0, y4, 0)'],
    ['crest', 'where(last > before, where(wave < last, last, 0), 0)'],
  ],
  update: {
    x1: 'y1',
    x2: 'y2',
    x3: 'y3',
    x4: 'y4',
    last: 'wave',
    before: 'last',
  },
  spike: 'crest > floor',
};

/** A sound, and how much of it counts as silence once its power is 1. */
interface Sound {
  readonly name: string;
  readonly samples: Float64Array;
  readonly floor: number;
  /** Samples over which power is taken. */
  readonly length: number;
}

export interface Reading {
  readonly azimuth: number;
  /** Degrees, left is positive; NaN where the map is silent. */
  readonly read: number;
}

export interface Localised {
  readonly sound: string;
  /** By the law of a sphere, at all directions. */
  readonly formula: readonly Reading[];
  /** By the directions between, at every second one. */
  readonly learned: readonly Reading[];
}

/**
 * Sounds from -90 to 90 degrees, step by step in degrees: the trials of a
 * run for each sound. Its draws come from the bench's seed.
 */
export async function localise(
  head: HeadResponses,
  { step }: { readonly step: number },
  bench: Bench,
): Promise<readonly Localised[]> {
  const azimuths = Array.from(
    { length: Math.floor(180 / step) + 1 },
    (_, i) => step * i - 90,
  );
  const random = new Random(bench.seed, 'noise at a head');
  const length = Math.round((NOISE * head.sampleRate) / 1000);
  const noise = Float64Array.from({ length }, () => random.normal());
  const click = Float64Array.of(1);
  const sounds: readonly Sound[] = [
    { name: 'noise', samples: noise, floor: 0.1, length },
    { name: 'click', samples: click, floor: 0.01, length: 1 },
  ];
  const heard: Localised[] = [];
  for (const sound of sounds) {
    const itds = await differencesOf(sound, head, azimuths, bench);
    heard.push({
      sound: sound.name,
      formula: azimuths.map((azimuth, i) => {
        return { azimuth, read: bySphere(itds[i]) };
      }),
      learned: byOthers(azimuths, itds),
    });
  }
  return heard;
}

/** Mean and largest absolute error in degrees. */
export function errorsOf(readings: readonly Reading[]) {
  const errors = readings.map(({ azimuth, read }) => Math.abs(read - azimuth));
  return {
    mean: meanOf(errors, (error) => error),
    largest: Math.max(...errors),
  };
}

/** ITDs in ms that the map shows, by direction. */
async function differencesOf(
  sound: Sound,
  head: HeadResponses,
  azimuths: readonly number[],
  bench: Bench,
): Promise<number[]> {
  const interval = 1000 / head.sampleRate;
  const dt = interval / TICKS_PER_SAMPLE;
  const cells = 2 * Math.ceil(REACH / (2 * dt)) + 1;
  const network = new Network({ dt });
  const ear = (name: string, side: 0 | 1) => {
    const trials = azimuths.map((azimuth) =>
      heardBy(sound, head, azimuth, side),
    );
    const air = network.samples(name, 1, { trials, interval, level: 1 });
    const hair = network.population(`${name} hair cell`, 1, hairCell, {
      parameters: { floor: sound.floor },
      level: 2,
    });
    network.project(air, hair, { delay: 0 });
    return hair;
  };
  const ears = [ear('left ear', 0), ear('right ear', 1)] as const;
  delayLines(network, ears, { ...CELLS, cells });
  const run = bench.open(network, { trials: azimuths.length });
  const counts = azimuths.map(() => new Float64Array(cells));
  run.spikes$('cells').subscribe(({ neurons, trials }) => {
    trials.forEach((trial, i) => {
      counts[trial][neurons[i]] += 1;
    });
  });
  const samples = sound.samples.length + head.samples;
  await run.runTicks(samples * TICKS_PER_SAMPLE + Math.round(AFTER / dt));
  return counts.map((count) => topOf(count, dt));
}

/** What an ear hears, made equally loud for all directions. */
function heardBy(
  { samples, length }: Sound,
  head: HeadResponses,
  azimuth: number,
  ear: 0 | 1,
): Float64Array {
  const response = head.response(azimuth, ear);
  const heard = new Float64Array(samples.length + response.length - 1);
  samples.forEach((sample, n) => {
    for (let k = 0; k < response.length; k++) {
      heard[n + k] += sample * response[k];
    }
  });
  const power = heard.reduce((sum, x) => sum + x * x, 0) / length;
  return heard.map((x) => x / Math.sqrt(power));
}

/** The map's centre of mass around its top, as a time difference in ms. */
function topOf(counts: Float64Array, dt: number): number {
  const itds = differences(counts.length);
  const sum = (at: number, reach: number, of: (j: number) => number) => {
    const most = Math.round(reach / (2 * dt));
    let total = 0;
    for (let j = at - most; j <= at + most; j++) {
      if (j >= 0 && j < counts.length) total += of(j);
    }
    return total;
  };
  const smooth = itds.map((_, at) => sum(at, SMOOTH, (j) => counts[j]));
  const highest = Math.max(...smooth);
  const tops = itds.flatMap((_, j) => (smooth[j] === highest ? [j] : []));
  const top = tops[Math.floor(tops.length / 2)];
  const mass = sum(top, TOP, (j) => counts[j]);
  return (dt * sum(top, TOP, (j) => counts[j] * itds[j])) / mass;
}

/** Kuhn 1977, turned round; ITD in ms, in degrees. */
function bySphere(itd: number): number {
  const sine = (itd * SPEED) / (1000 * 3 * RADIUS);
  return (Math.asin(Math.max(-1, Math.min(1, sine))) * 180) / Math.PI;
}

/** Every second direction, read from the line through the others' ITDs. */
function byOthers(
  azimuths: readonly number[],
  itds: readonly number[],
): Reading[] {
  const known = azimuths
    .map((azimuth, i) => ({ azimuth, itd: itds[i] }))
    .filter((_, i) => i % 2 === 0)
    .sort((a, b) => a.itd - b.itd);
  const read = (itd: number) => {
    const after = known.findIndex((each) => each.itd >= itd);
    if (after === 0 || after < 0) return known.at(after)!.azimuth;
    const [a, b] = [known[after - 1], known[after]];
    const share = (itd - a.itd) / (b.itd - a.itd);
    return a.azimuth + share * (b.azimuth - a.azimuth);
  };
  return azimuths.flatMap((azimuth, i) => {
    const between = i % 2 === 1 && i + 1 < azimuths.length;
    if (!between) return [];
    return [{ azimuth, read: Number.isNaN(itds[i]) ? itds[i] : read(itds[i]) }];
  });
}
