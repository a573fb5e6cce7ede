/**
 * V7: predictive coding across transmission delays. Each level holds what it
 * takes for the position and the velocity of a stimulus x = v t. Errors
 * (input minus prediction) ascend over Df and correct the value above;
 * predictions descend over Db. Uncompensated, level l is behind by l v Df and
 * each prediction is stale by Df + Db: an error of v (Df + Db) that no
 * learning can remove. If every edge extrapolates, position plus velocity times
 * its own delay, both are 0, and a reversal costs an overshoot of 2 v k,
 * k ticks after it, until the news has come round.
 */

import type { Values } from '../../src/base/schema.ts';
import { relay } from '../../src/network/models.ts';
import { Network, type Population } from '../../src/network/network.ts';
import { matrix } from '../../src/network/synapses.ts';
import { count } from '../../src/studies/parameters.ts';
import { trace, traces } from '../../src/studies/picture.ts';
import { shelve } from '../../src/studies/shelf.ts';
import { exactly, type Verdict } from '../../src/studies/verdict.ts';

const parameters = {
  forward: count(25, 'delay of errors on their way up', {
    unit: 'ms',
    least: 1,
    most: 500,
  }),
  backward: count(25, 'delay of predictions on their way down', {
    unit: 'ms',
    least: 1,
    most: 500,
  }),
  speed: count(1, 'of the stimulus; whole, so that nothing is rounded', {
    unit: '/ms',
    least: 1,
    most: 100,
  }),
  levels: count(2, 'above the stimulus', { least: 1, most: 8 }),
};

type Parameters = Values<typeof parameters>;

/** Of the two neurons of each population, position and velocity. */
const POSITION = 0;

/** Tick of the reversal: all levels have found the stimulus long before. */
const reversalOf = ({ forward, backward, levels }: Parameters) =>
  (levels + 3) * (forward + backward);

/** What is true at a tick: the last is the velocity from this tick on. */
function truth(parameters: Parameters, tick: number): [number, number] {
  const { speed } = parameters;
  const turn = reversalOf(parameters);
  return tick < turn
    ? [speed * tick, speed]
    : [speed * (2 * turn - tick), -speed];
}

/** Weights of an edge that looks `ticks` ahead. */
const ahead = (ticks: number, sign = 1) =>
  matrix([
    [sign, sign * ticks],
    [0, sign],
  ]);

/**
 * Level 0 is the stimulus, `value l` what level l holds, `error l` what is
 * wrong at level l with the prediction of level l + 1.
 */
function hierarchyNetwork(parameters: Parameters, extrapolate: boolean) {
  const { forward, backward, levels } = parameters;
  const [reach, back] = extrapolate ? [forward, backward] : [0, 0];
  const network = new Network({ dt: 1 });
  let below: Population = network.samples('stimulus', 2, {
    values: (tick) => truth(parameters, Math.round(tick)),
    level: 0,
  });
  for (let l = 0; l < levels; l++) {
    const error = network.population(`error ${l}`, 2, relay, { level: l });
    const value = network.population(`value ${l + 1}`, 2, relay, {
      level: l + 1,
    });
    network.project(below, error, { pattern: ahead(0), delay: 0 });
    network.project(value, error, {
      pattern: ahead(back, -1),
      delay: backward,
    });
    network.project(error, value, { pattern: ahead(reach), delay: forward });
    // The prediction that the error is about, as it was when it was made.
    network.project(value, value, {
      pattern: ahead(reach + back),
      delay: forward + backward,
    });
    below = value;
  }
  return network;
}

/** Errors and lags [tick] of a run: error l, and value l minus the truth. */
interface Followed {
  readonly errors: readonly (readonly number[])[];
  readonly lags: readonly (readonly number[])[];
}

export const hierarchy = shelve({
  name: 'hierarchy',
  title: 'V7: predictive coding needs extrapolation to be in time',
  source: 'Hogendoorn and Burkitt 2019',
  parameters,
  network: (parameters: Parameters) => hierarchyNetwork(parameters, true),
  async measure(parameters, bench) {
    const { forward, backward, speed, levels } = parameters;
    const turn = reversalOf(parameters);
    const around = forward + backward;
    const end = turn + (levels + 2) * around;
    const follow = async (extrapolate: boolean): Promise<Followed> => {
      const run = bench.open(hierarchyNetwork(parameters, extrapolate));
      const errors: number[][] = Array.from({ length: levels }, () => []);
      const lags: number[][] = Array.from({ length: levels }, () => []);
      for (let l = 0; l < levels; l++) {
        run.state$(`error ${l}`, 'y').subscribe(({ data }) => {
          errors[l]!.push(data[POSITION]!);
        });
        run.state$(`value ${l + 1}`, 'y').subscribe(({ tick, data }) => {
          lags[l]!.push(truth(parameters, tick)[POSITION] - data[POSITION]!);
        });
      }
      await run.runTicks(end);
      return { errors, lags };
    };
    const plain = await follow(false);
    const extrapolated = await follow(true);

    const verdicts: Verdict[] = [];
    // Constant velocity: every tick of the last round before the reversal.
    const steady = (values: readonly number[]) => {
      const seen = new Set(values.slice(turn - around, turn));
      return seen.size === 1 ? [...seen][0] : `${seen.size} values`;
    };
    for (let l = 0; l < levels; l++) {
      verdicts.push(
        exactly(
          `lag of level ${l + 1}`,
          (l + 1) * speed * forward,
          steady(plain.lags[l]!)!,
        ),
        exactly(
          `error at level ${l}`,
          speed * around,
          steady(plain.errors[l]!)!,
        ),
        exactly(
          `lag of level ${l + 1}, extrapolated`,
          0,
          steady(extrapolated.lags[l]!)!,
        ),
        exactly(
          `error at level ${l}, extrapolated`,
          0,
          steady(extrapolated.errors[l]!)!,
        ),
      );
    }
    // Level l learns of the reversal l Df after it, its prediction later still.
    for (let l = 0; l < levels; l++) {
      const after = extrapolated.errors[l]!.slice(turn);
      const first = l * forward;
      const wrong = after.filter(
        (error, k) =>
          error !== (k >= first && k < first + around ? -2 * speed * k : 0),
      );
      verdicts.push(
        exactly(
          `largest overshoot at level ${l}`,
          2 * speed * (first + around - 1),
          Math.max(...after.map(Math.abs)),
        ),
        exactly(
          `ticks of overshoot at level ${l}`,
          l === 0 ? around - 1 : around,
          after.filter((error) => error !== 0).length,
        ),
        exactly(`ticks that are not 2 v k at level ${l}`, 0, wrong.length),
      );
    }
    const shown = turn - around;
    const times = Array.from({ length: end - shown }, (_, n) => shown + n);
    const curves = (
      first: number,
      of: (followed: Followed) => Followed[keyof Followed],
    ) =>
      Object.entries({ plain, extrapolated }).flatMap(([name, followed]) =>
        of(followed).map((values, l) =>
          trace(`level ${first + l}, ${name}`, times, values.slice(shown)),
        ),
      );
    return {
      verdicts,
      figures: { 'reversal (ms)': turn },
      pictures: [
        traces(
          'How far each level is behind, before and after a reversal',
          ['time (ms)', 'stimulus - value'],
          curves(1, ({ lags }) => lags),
        ),
        traces(
          'Errors of prediction, before and after a reversal',
          ['time (ms)', 'input - prediction'],
          curves(0, ({ errors }) => errors),
        ),
      ],
    };
  },
});
