/**
 * V1: an echo, which is a comb filter: y[n] = x[n] + g y[n - D]. An impulse
 * comes back as g^k after k D; a tone of frequency f comes out
 * 1 / |1 - g e^(-2 pi i f D)| times as large. Beside it the same loop in two
 * parts, a delay of a and one of D - a, which must not differ in a bit.
 */

import type { Values } from '../../src/base/schema.ts';
import { relay } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { count, size } from '../../src/studies/parameters.ts';
import { points, trace, traces } from '../../src/studies/picture.ts';
import { shelve } from '../../src/studies/shelf.ts';
import {
  exactly,
  near,
  type Verdict,
  within,
} from '../../src/studies/verdict.ts';

const parameters = {
  g: size(0.7, 'gain of the echo', { least: -0.98, most: 0.98 }),
  delay: count(20, 'time from echo to echo', {
    unit: 'ms',
    least: 2,
    most: 1000,
  }),
};

type Parameters = Values<typeof parameters>;

/** Tones from one tooth of the comb to the next. */
const TONES = 16;
const TAPS = [0, 1, 2, 3];
/** Echoes that are weaker are not waited for. */
const FAINT = 1e-7;

/** Frequencies of the tones in 1/ms; each fits whole times into 16 D. */
function tonesOf({ delay }: Parameters): number[] {
  const most = Math.min(2 * TONES, (TONES * delay) / 2);
  return Array.from({ length: most + 1 }, (_, j) => j / (TONES * delay));
}

/** Trial 0 is an impulse, trial j + 1 the tone j. */
function input(tones: readonly number[], time: number, trial: number): number {
  if (trial === 0) return Number(time === 0);
  return Math.cos(2 * Math.PI * tones[trial - 1]! * time);
}

function echoNetwork(parameters: Parameters): Network {
  const { g, delay } = parameters;
  const tones = tonesOf(parameters);
  const network = new Network({ dt: 1 });
  const x = network.samples('x', 1, {
    values: (time, trial) => input(tones, time, trial),
    level: 0,
  });
  const echo = network.population('echo', 1, relay, { level: 1 });
  network.project(x, echo, { delay: 0 });
  network.project(echo, echo, { weight: g, delay });
  const parts = network.population('echo in parts', 1, relay, { level: 1 });
  const middle = network.population('middle', 1, relay, { level: 2 });
  const first = Math.floor(delay / 3);
  network.project(x, parts, { delay: 0 });
  network.project(parts, middle, { delay: first });
  network.project(middle, parts, { weight: g, delay: delay - first });
  return network;
}

/** |H(f)|; f in 1/ms. */
function gainOf({ g, delay }: Parameters, frequency: number): number {
  const angle = 2 * Math.PI * frequency * delay;
  return 1 / Math.hypot(1 - g * Math.cos(angle), g * Math.sin(angle));
}

/** Size of a frequency in what a function gives at ticks from to below end. */
function sizeAt(
  frequency: number,
  from: number,
  end: number,
  value: (tick: number) => number,
): number {
  let [re, im] = [0, 0];
  for (let n = from; n < end; n++) {
    const angle = 2 * Math.PI * frequency * n;
    re += value(n) * Math.cos(angle);
    im += value(n) * Math.sin(angle);
  }
  return Math.hypot(re, im);
}

/** Of products of k factors, in float32: bound of the rounding. */
const roundingOf = (k: number, value: number) =>
  (2 * k + 1) * 2 ** -24 * Math.abs(value);

export const echo = shelve({
  name: 'echo',
  title: 'V1: an echo is a comb filter',
  source: 'feedback comb filter: Schroeder 1962; geometric series',
  parameters,
  network: echoNetwork,
  async measure(parameters, bench) {
    const { g, delay } = parameters;
    const tones = tonesOf(parameters);
    const run = bench.open(echoNetwork(parameters), {
      trials: tones.length + 1,
    });
    const rows: ArrayLike<number>[] = [];
    let different = 0;
    run.state$('echo', 'y').subscribe(({ data }) => rows.push(data));
    run.state$('echo in parts', 'y').subscribe(({ tick, data }) => {
      different += data.filter((value, i) => value !== rows[tick]![i]).length;
    });
    const echoes = g === 0 ? 1 : Math.log(FAINT) / Math.log(Math.abs(g));
    const from = Math.max(TAPS.length, Math.ceil(echoes)) * delay;
    const end = from + TONES * delay;
    await run.runTicks(end);

    const verdicts: Verdict[] = [];
    let power = 1;
    for (const k of TAPS) {
      const what = `echo of an impulse after ${k * delay} ms`;
      const tap = rows[k * delay]![0]!;
      verdicts.push(
        bench.precise
          ? exactly(what, power, tap)
          : near(what, power, tap, roundingOf(k, power)),
      );
      power *= g;
    }
    const between = rows.filter((row, n) => n % delay !== 0 && row[0] !== 0);
    verdicts.push(
      exactly('ticks between them with a value', 0, between.length),
    );
    const gains = tones.map((f, j) => {
      const given = sizeAt(f, from, end, (n) => input(tones, n, j + 1));
      return sizeAt(f, from, end, (n) => rows[n]![j + 1]!) / given;
    });
    // Echoes that change their sign add up half way between.
    const [peak, trough] = g < 0 ? [TONES / 2, TONES] : [TONES, TONES / 2];
    const at = (j: number) =>
      `|H| at ${Number((1000 * tones[j]!).toFixed(3))} Hz`;
    const theory = tones.map((f) => gainOf(parameters, f));
    const misses = gains.map((gain, j) => Math.abs(gain / theory[j]! - 1));
    verdicts.push(
      within(`${at(peak)}, a peak`, 1 / (1 - Math.abs(g)), gains[peak]!, 1e-4),
      within(
        `${at(trough)}, a trough`,
        1 / (1 + Math.abs(g)),
        gains[trough]!,
        1e-4,
      ),
      near(
        `|H| of ${tones.length} tones, largest relative error`,
        0,
        Math.max(...misses),
        1e-4,
      ),
      exactly('values of the echo in parts that differ', 0, different),
    );
    const hertz = tones.map((f) => 1000 * f);
    const last = tones[tones.length - 1]!;
    const fine = Array.from({ length: 401 }, (_, i) => (last * i) / 400);
    const shown = Array.from({ length: 8 * delay }, (_, n) => n);
    const taps = shown.filter((n) => n % delay === 0);
    return {
      verdicts,
      figures: { ticks: end, tones: tones.length },
      pictures: [
        traces(
          'An echo passes the tones that fit its delay',
          ['frequency (Hz)', '|H|'],
          [
            trace(
              'closed form',
              fine.map((f) => 1000 * f),
              fine.map((f) => gainOf(parameters, f)),
            ),
            points(hertz, gains),
          ],
        ),
        traces(
          'Echoes of an impulse',
          ['time (ms)', 'y'],
          [
            trace(
              'measured',
              shown,
              shown.map((n) => rows[n]?.[0] ?? 0),
              'stems',
            ),
            trace(
              'g^k',
              taps,
              taps.map((n) => g ** (n / delay)),
              'points',
            ),
          ],
        ),
      ],
    };
  },
});
