/**
 * S2: a synfire chain (Diesmann, Gewaltig and Aertsen 1999). Groups of 100
 * neurons in noise, each group joined to all of the next. A packet of spikes
 * that is large and narrow enough runs through the chain and grows
 * synchronous; a smaller one dies out. A group passes it on after the axonal
 * delay and half a millisecond more.
 *
 * A packet survives if half of the last group spikes within 3 ms. Neurons
 * start as they are in noise alone: from another start the size at which
 * packets survive comes out some spikes larger unless they wait 50 ms first.
 */

import { Random } from '../../src/base/random.ts';
import type { Values } from '../../src/base/schema.ts';
import { Network } from '../../src/network/network.ts';
import { count, size } from '../../src/studies/parameters.ts';
import {
  type Picture,
  points,
  trace,
  traces,
} from '../../src/studies/picture.ts';
import { meanOf } from '../../src/studies/rows.ts';
import { type Bench, shelve } from '../../src/studies/shelf.ts';
import {
  between,
  exactly,
  near,
  type Verdict,
} from '../../src/studies/verdict.ts';
import { alphaLif, atRest } from './alpha-lif.ts';

/** ms */
const DT = 0.1;
const NEURONS = 100;
/** What a spike adds to y, mV. */
const WEIGHT = 4.86;
/** Middle of the packet, and its standard deviation, ms. */
const START = 10;
const SIGMA = 1;
/** Sizes of packets; between the first and the last but one lies the border. */
const SIZES = [30, 40, 45, 50, 55, 60, 85];
const [DIES] = SIZES;
const [SURVIVES, LARGE] = SIZES.slice(-2);
/** Spikes of one packet lie within so many ms. */
const NARROW = 3;
/** Delays that are compared, ms, with so many large packets each. */
const DELAYS = [0, 2, 4];
const REPEATS = 3;
/**
 * Time from group to group beyond the delay. Spikes are seen at the end of
 * the tick in which V passes the threshold, half a tick late at each group.
 */
const PASSING = Number((0.53 + DT / 2).toFixed(3));
/** Longest that a group may take, to see the slow packets out. */
const SLOW = 1.2;

const parameters = {
  groups: count(10, 'of 100', { least: 8, most: 50 }),
  delay: size(1, `axonal, a multiple of ${DT} ms`, {
    unit: 'ms',
    least: 0,
    most: 20,
  }),
  packets: count(4, 'of each size', { least: 1, most: 100 }),
};

export type SynfireParameters = Values<typeof parameters>;

/** The chain; trial by trial a packet of so many spikes comes in. */
export function synfireNetwork(
  { groups, delay }: Pick<SynfireParameters, 'groups' | 'delay'>,
  sizes: readonly number[],
  seed: number,
): Network {
  const network = new Network({ dt: DT });
  const random = new Random(seed, 'packets');
  const most = Math.max(...sizes);
  const { V_r } = alphaLif.parameters;
  const { mean, std } = atRest(alphaLif.parameters);
  let from = network.events('packet', most, {
    trials: sizes.map((size) =>
      Array.from({ length: most }, (_, i) => {
        const time = START + SIGMA * random.normal();
        return i < size ? [time] : [];
      }),
    ),
    round: true,
    level: 0,
  });
  for (let group = 1; group <= groups; group++) {
    const to = network.population(`group ${group}`, NEURONS, alphaLif, {
      start: { v: { normal: [mean, std] }, x: mean - V_r, y: mean - V_r },
      level: group,
    });
    network.project(from, to, { weight: WEIGHT, delay });
    from = to;
  }
  return network;
}

/** What became of one packet. */
interface Course {
  readonly size: number;
  /** Times of spikes, group by group. */
  readonly spikes: readonly {
    readonly time: number;
    readonly neuron: number;
  }[][];
}

/** The most spikes of a group within NARROW ms, and their mean time. */
function volleyOf(spikes: Course['spikes'][number]) {
  let [count, time] = [0, Number.NaN];
  for (let first = 0, end = 0; first < spikes.length; first++) {
    while (
      end < spikes.length &&
      spikes[end].time - spikes[first].time <= NARROW
    ) {
      end += 1;
    }
    if (end - first <= count) continue;
    count = end - first;
    const within = spikes.slice(first, end);
    time = within.reduce((sum, spike) => sum + spike.time, 0) / count;
  }
  return { count, time };
}

const survives = ({ spikes }: Course) =>
  volleyOf(spikes[spikes.length - 1]).count >= NEURONS / 2;

/** ms from group to group, over the later half of the chain. */
function paceOf(courses: readonly Course[]): number {
  return meanOf(courses, ({ spikes }) => {
    const last = spikes.length - 1;
    const half = Math.floor(last / 2);
    const [from, to] = [volleyOf(spikes[half]), volleyOf(spikes[last])];
    return (to.time - from.time) / (last - half);
  });
}

async function watch(
  parameters: Pick<SynfireParameters, 'groups' | 'delay'>,
  sizes: readonly number[],
  bench: Bench,
): Promise<Course[]> {
  const { groups } = parameters;
  const run = bench.open(synfireNetwork(parameters, sizes, bench.seed), {
    trials: sizes.length,
  });
  const courses = sizes.map((size): Course => {
    return { size, spikes: Array.from({ length: groups }, () => []) };
  });
  for (let group = 0; group < groups; group++) {
    run.spikes$(`group ${group + 1}`).subscribe(({ time, neurons, trials }) => {
      trials.forEach((trial, i) => {
        // Before the packet there is nothing but noise.
        if (time < START - NARROW) return;
        courses[trial].spikes[group].push({ time, neuron: neurons[i] });
      });
    });
  }
  await run.runTicks(Math.ceil(durationOf(parameters) / DT));
  return courses;
}

const durationOf = ({
  groups,
  delay,
}: Pick<SynfireParameters, 'groups' | 'delay'>) =>
  START + NARROW + groups * (delay + SLOW);

export const synfire = shelve({
  name: 'synfire',
  title: 'S2: packets of spikes that survive a synfire chain, and that die',
  source: 'Diesmann, Gewaltig and Aertsen 1999',
  parameters,
  network: (parameters) => synfireNetwork(parameters, [LARGE], 1),
  async measure(parameters, bench) {
    const { groups, delay, packets } = parameters;
    const sizes = SIZES.flatMap((size) => new Array(packets).fill(size));
    const courses = await watch(parameters, sizes, bench);
    const of = (size: number) => courses.filter((each) => each.size === size);
    const share = (size: number) => of(size).filter(survives).length / packets;
    // Mean of the sizes from which on packets survive (Spearman-Kaerber).
    let border = SIZES[0];
    for (let i = 0; SIZES[i] < SURVIVES; i++) {
      const dying = 1 - (share(SIZES[i]) + share(SIZES[i + 1])) / 2;
      border += dying * (SIZES[i + 1] - SIZES[i]);
    }
    const paces = [{ delay, pace: paceOf(of(LARGE)) }];
    for (const other of DELAYS) {
      const large = new Array(REPEATS).fill(LARGE);
      const watched = await watch({ groups, delay: other }, large, bench);
      paces.push({ delay: other, pace: paceOf(watched) });
    }
    const line = fit(paces);
    const survived = (size: number) => `${share(size) * packets} of ${packets}`;
    const verdicts: Verdict[] = [
      exactly(
        `packets of ${DIES} spikes that survive`,
        `0 of ${packets}`,
        survived(DIES),
      ),
      between(
        `share of packets of ${SURVIVES} that survive`,
        0.75,
        1,
        share(SURVIVES),
      ),
      exactly(
        `packets of ${LARGE} that survive`,
        `${packets} of ${packets}`,
        survived(LARGE),
      ),
      between('size at the border', 45, 58, border, 'spikes'),
      near(
        'time from group to group over the delay, slope',
        1,
        line.slope,
        0.02,
      ),
      near(
        'time from group to group without a delay',
        PASSING,
        line.at0,
        0.04,
        'ms',
      ),
    ];
    return {
      verdicts,
      figures: Object.fromEntries(
        paces.map(({ delay, pace }) => [
          `ms from group to group, delay ${delay} ms`,
          pace,
        ]),
      ),
      pictures: [
        raster(`A packet of ${LARGE} spikes runs through`, of(LARGE)[0]),
        raster(`A packet of ${DIES} spikes dies out`, of(DIES)[0]),
        traces(
          'Packets that survive the chain',
          ['spikes of the packet', 'share that survives'],
          [trace('measured', SIZES, SIZES.map(share))],
        ),
        traces(
          'Time from group to group',
          ['axonal delay (ms)', 'time from group to group (ms)'],
          [
            trace(
              `delay + ${PASSING} ms`,
              [0, Math.max(delay, ...DELAYS)],
              [PASSING, PASSING + Math.max(delay, ...DELAYS)],
            ),
            points(
              paces.map((each) => each.delay),
              paces.map((each) => each.pace),
            ),
          ],
        ),
      ],
    };
  },
});

/** Least squares. */
function fit(paces: readonly { delay: number; pace: number }[]) {
  const x = meanOf(paces, ({ delay }) => delay);
  const y = meanOf(paces, ({ pace }) => pace);
  const slope =
    meanOf(paces, ({ delay, pace }) => (delay - x) * (pace - y)) /
    meanOf(paces, ({ delay }) => (delay - x) ** 2);
  return { slope, at0: y - slope * x };
}

function raster(title: string, { spikes }: Course): Picture {
  const from = START - NARROW;
  const all = spikes.flatMap((group, i) =>
    group.map(({ time, neuron }) => ({
      time: time - from,
      neuron,
      group: `group ${i + 1}`,
    })),
  );
  return {
    kind: 'raster',
    title,
    groups: spikes.map((_, i) => ({ name: `group ${i + 1}`, size: NEURONS })),
    spikes: all,
    duration: Math.ceil(Math.max(...all.map(({ time }) => time)) + 1),
  };
}
