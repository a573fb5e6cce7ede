/**
 * V2: the motion detector of Hassenstein and Reichardt. What one eye sees
 * late is multiplied with what its neighbour sees now, both ways round; the
 * difference tells the direction. For s1 = A sin wt, s2 = A sin(wt - phi) it
 * is A^2 sin(phi) sin(w tau) if late means a delay of tau, and
 * A^2 sin(phi) w tau / (1 + w^2 tau^2) if it means a low-pass: constant in
 * time for a pure wave, both of them.
 */

import type { Values } from '../../src/base/schema.ts';
import type { PopulationModel } from '../../src/network/model.ts';
import { leaky } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { size } from '../../src/studies/parameters.ts';
import { trace, traces } from '../../src/studies/picture.ts';
import { shelve } from '../../src/studies/shelf.ts';
import { exactly, near, type Verdict } from '../../src/studies/verdict.ts';

const parameters = {
  tau: size(20, 'delay, and low-pass', { unit: 'ms', least: 0.1 }),
  phase: size(90, 'by which the right eye is behind the left', {
    unit: 'deg',
    least: 1,
    most: 179,
  }),
  amplitude: size(1, 'of the waves', { least: 0.01, most: 100 }),
};

type Parameters = Values<typeof parameters>;

/** Ticks of tau: the low-pass follows a wave with an error of half of one. */
const TICKS = 400;
/** Frequencies of the verdicts, times tau; the third is 1 / (2 pi). */
const SHOWN = [0.04, 0.1, 0.5 / Math.PI, 0.25, 0.4, 0.5, 0.8];
/** All frequencies that are shown to the detector, times tau. */
const WAVES = [
  ...Array.from({ length: 20 }, (_, i) => (i + 1) / 20),
  0.04,
  0.5 / Math.PI,
].sort((a, b) => a - b);
/** In tau, till the low-pass has forgotten its start: e^-14 of it is left. */
const SETTLED = 14;
/** Of the discrete low-pass at this dt, times A^2. */
const LOW_PASS_ERROR = 1.2e-3;

const detector: PopulationModel = {
  name: 'reichardt',
  ports: ['left', 'right', 'late_left', 'late_right'],
  parameters: {},
  state: {},
  update: {},
  outputs: { response: 'late_left * right - left * late_right' },
};

/** Trials are waves; as many again have left and right exchanged. */
function motionNetwork({ tau, phase, amplitude }: Parameters): Network {
  const dt = tau / TICKS;
  const network = new Network({ dt });
  const lag = (phase * Math.PI) / 180;
  const wave = (time: number, trial: number, behind: number) => {
    const ticks = Math.round(time / dt);
    const turns = (WAVES[trial % WAVES.length]! * ticks) / TICKS;
    return amplitude * Math.sin(2 * Math.PI * turns - behind);
  };
  const exchanged = (trial: number) => trial >= WAVES.length;
  const left = network.samples('left', 1, {
    values: (time, trial) => wave(time, trial, exchanged(trial) ? lag : 0),
    level: 0,
  });
  const right = network.samples('right', 1, {
    values: (time, trial) => wave(time, trial, exchanged(trial) ? 0 : lag),
    level: 0,
  });
  const delayed = network.population('delay', 1, detector, { level: 2 });
  const filtered = network.population('low-pass', 1, detector, { level: 2 });
  for (const [port, eye] of Object.entries({ left, right })) {
    network.project(eye, delayed, { delay: 0, port });
    network.project(eye, delayed, {
      delay: tau,
      port: `late_${port}`,
      name: `late ${port}`,
    });
    const slow = network.population(`slow ${port}`, 1, leaky(), {
      parameters: { tau },
      level: 1,
    });
    network.project(eye, slow, { delay: 0 });
    network.project(eye, filtered, { delay: 0, port });
    network.project(slow, filtered, { delay: 0, port: `late_${port}` });
  }
  return network;
}

/** Responses for a frequency times tau. */
const theory: Record<string, (parameters: Parameters, x: number) => number> = {
  delay: ({ phase, amplitude }, x) =>
    amplitude ** 2 * Math.sin((phase * Math.PI) / 180) * Math.sin(turn(x)),
  'low-pass': ({ phase, amplitude }, x) =>
    (amplitude ** 2 * Math.sin((phase * Math.PI) / 180) * turn(x)) /
    (1 + turn(x) ** 2),
};

const turn = (x: number) => 2 * Math.PI * x;

/** Digits as people give frequencies. */
const short = (value: number) => Number(value.toPrecision(3));

export const motion = shelve({
  name: 'motion',
  title: 'V2: two eyes and a delay tell the direction of motion',
  source: 'Hassenstein and Reichardt 1956; correlation of two sines',
  parameters,
  network: motionNetwork,
  async measure(parameters, bench) {
    const { tau, amplitude } = parameters;
    const count = WAVES.length;
    const run = bench.open(motionNetwork(parameters), { trials: 2 * count });
    const square = amplitude ** 2;
    // A product of two samples is rounded thrice, and there are two.
    const rounding = (bench.precise ? 1e-12 : 8 * 2 ** -24) * square;
    const tolerances: Record<string, number> = {
      delay: rounding,
      'low-pass': LOW_PASS_ERROR * square,
    };
    const responses: Record<string, Float64Array> = {};
    const from = SETTLED * TICKS;
    for (const form of Object.keys(theory)) {
      const sums = new Float64Array(2 * count);
      responses[form] = sums;
      run.state$(form, 'response').subscribe(({ tick, data }) => {
        if (tick < from) return;
        for (const [i, r] of data.entries()) sums[i]! += r / TICKS;
      });
    }
    await run.runTicks(from + TICKS);

    const hertz = (x: number) => short((1000 * x) / tau);
    const verdicts: Verdict[] = [];
    for (const [form, expected] of Object.entries(theory)) {
      const measured = responses[form]!;
      for (const x of SHOWN) {
        verdicts.push(
          near(
            `${form}: response to ${hertz(x)} Hz`,
            expected(parameters, x),
            measured[WAVES.indexOf(x)]!,
            tolerances[form]!,
          ),
        );
      }
      const peak =
        WAVES[measured.indexOf(Math.max(...measured.slice(0, count)))]!;
      const best = form === 'delay' ? 0.25 : 0.5 / Math.PI;
      verdicts.push(
        exactly(
          `${form}: frequency of the largest response`,
          (1000 * best) / tau,
          (1000 * peak) / tau,
          'Hz',
        ),
        exactly(
          `${form}: waves the other way that do not give the opposite`,
          0,
          WAVES.filter((_, j) => measured[count + j] !== -measured[j]!).length,
        ),
      );
    }
    const fine = Array.from({ length: 301 }, (_, i) => i / 300);
    return {
      verdicts,
      figures: { waves: 2 * count, dt: tau / TICKS },
      pictures: [
        traces(
          'Tuning of a motion detector',
          ['frequency (Hz)', 'response'],
          Object.entries(theory).flatMap(([form, expected]) => [
            trace(
              `${form}, closed form`,
              fine.map((x) => (1000 * x) / tau),
              fine.map((x) => expected(parameters, x)),
            ),
            trace(
              `${form}, measured`,
              WAVES.map((x) => (1000 * x) / tau),
              Array.from(responses[form]!.subarray(0, count)),
              'points',
            ),
          ]),
        ),
      ],
    };
  },
});
