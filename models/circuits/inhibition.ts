/**
 * V3: inhibition that comes late, tau x' = -x - g x(t - D). With g > 1 it
 * comes to rest for a short delay and oscillates from
 * D_c = tau arccos(-1/g) / sqrt(g^2 - 1) on, at sqrt(g^2 - 1) / (2 pi tau).
 * Five neurons stand around that delay, each with its own.
 */

import type { Values } from '../../src/base/schema.ts';
import { size } from '../../src/studies/parameters.ts';
import { points, trace, traces } from '../../src/studies/picture.ts';
import { shelve } from '../../src/studies/shelf.ts';
import { near, type Verdict, within } from '../../src/studies/verdict.ts';
import { complex } from '../../src/theory/complex.ts';
import {
  type Onset,
  onsetOf,
  rightmostRoot,
} from '../../src/theory/delay-roots.ts';
import { dominantMode } from '../../src/theory/growth.ts';
import { linearNetwork } from './wilson-cowan.ts';

const parameters = {
  g: size(2, 'strength of the inhibition', { least: 1.1, most: 20 }),
  tau: size(10, 'time constant', { unit: 'ms', least: 0.1 }),
};

type Parameters = Values<typeof parameters>;

/** Ticks of tau. */
const TICKS = 1000;

/** Delays of the neurons, of D_c. */
const SHARES = [0.9, 0.95, 1, 1.05, 1.1];
/** Neurons below, at and above the onset, which the verdicts are about. */
const JUDGED = [1, 2, 3];
/** Of the oscillation at the onset. */
const PERIODS = 12;
const SAMPLES_PER_PERIOD = 60;

/** There is one for every g > 1. */
const onset = ({ g, tau }: Parameters) => onsetOf(complex(-g), tau) as Onset;

/** Delays of the neurons in ms: whole ticks. */
const delaysOf = (parameters: Parameters) =>
  SHARES.map((share) => {
    const dt = parameters.tau / TICKS;
    return Math.round((share * onset(parameters).delay) / dt) * dt;
  });

const inhibitionNetwork = (parameters: Parameters) =>
  linearNetwork({
    weights: [[-parameters.g]],
    tau: parameters.tau,
    delays: delaysOf(parameters),
    dt: parameters.tau / TICKS,
    names: ['x'],
  });

export const inhibition = shelve({
  name: 'inhibition',
  title: 'V3: inhibition that comes late enough oscillates',
  source: 'characteristic equation: Hayes 1950',
  parameters,
  network: inhibitionNetwork,
  async measure(parameters, bench) {
    const { g, tau } = parameters;
    const dt = tau / TICKS;
    const critical = onset(parameters);
    const period = 1000 / critical.frequency;
    const every = Math.max(1, Math.floor(period / SAMPLES_PER_PERIOD / dt));
    const run = bench.open(inhibitionNetwork(parameters));
    const times: number[] = [];
    const rows: ArrayLike<number>[] = [];
    run.state$('x', 'x', { every: every * dt }).subscribe(({ time, data }) => {
      times.push(time);
      rows.push(data);
    });
    await run.runTicks(Math.ceil((PERIODS * period) / dt));

    const delays = delaysOf(parameters);
    const theory = (delay: number) => rightmostRoot([[-g]], tau, delay);
    const measured = SHARES.map((_, i) =>
      dominantMode(
        rows.map((row) => row[i]!),
        every * dt,
      ),
    );
    const slowest = Math.abs(theory(delays[1]!).growth);
    const verdicts: Verdict[] = JUDGED.map((i) =>
      near(
        `growth at ${SHARES[i]} D_c, ${Number(delays[i]!.toFixed(6))} ms`,
        theory(delays[i]!).growth,
        measured[i]!.growth,
        0.01 * slowest,
        '/ms',
      ),
    );
    // Between two neurons of which one decays and the other grows.
    const after = measured.findIndex(({ growth }) => growth > 0);
    const [low, high] = [measured[after - 1], measured[after]];
    const share = low && high && low.growth / (low.growth - high.growth);
    const atOnset = (before = Number.NaN, behind = Number.NaN) =>
      share === undefined ? Number.NaN : before + (behind - before) * share;
    verdicts.push(
      within(
        'D_c, where what was measured neither grows nor decays',
        critical.delay,
        atOnset(delays[after - 1]!, delays[after]!),
        1e-3,
        'ms',
      ),
      within(
        'frequency at D_c',
        critical.frequency,
        atOnset(low?.frequency, high?.frequency),
        1e-3,
        'Hz',
      ),
    );
    const [least, most] = [0.85 * critical.delay, 1.15 * critical.delay];
    const fine = Array.from(
      { length: 61 },
      (_, i) => least + ((most - least) * i) / 60,
    );
    return {
      verdicts,
      figures: { 'ticks of D_c': critical.delay / dt, dt },
      pictures: [
        traces(
          'Late inhibition below, at and above the critical delay',
          ['time (ms)', 'x'],
          JUDGED.map((i) =>
            trace(
              `${SHARES[i]} D_c`,
              times,
              rows.map((row) => row[i]!),
            ),
          ),
        ),
        traces(
          'Growth of late inhibition',
          ['delay (ms)', 'growth (/ms)'],
          [
            trace(
              'rightmost root',
              fine,
              fine.map((delay) => theory(delay).growth),
            ),
            points(
              delays,
              measured.map(({ growth }) => growth),
            ),
          ],
        ),
      ],
    };
  },
});
