/**
 * S1: Jeffress's map of interaural time differences. Clicks of the two ears
 * run along delay lines from opposite ends; a cell fires where they meet, so
 * the place that fires tells the delay between the ears.
 *
 * Cell j of N hears the left ear after 5 + j ticks and the right one after
 * 5 + N - 1 - j. It fires iff |ITD - ITD_j| < tau ln(w / (1 - w)), with
 * ITD_j = (2 j - (N - 1)) dt; the first to fire is j = (N - 1 + ITD / dt) / 2.
 */

import { Network } from '../../src/network/network.ts';
import { count, size } from '../../src/studies/parameters.ts';
import { type Picture, trace, traces } from '../../src/studies/picture.ts';
import { type Bench, shelve } from '../../src/studies/shelf.ts';
import { between, exactly, type Verdict } from '../../src/studies/verdict.ts';
import { CELLS, errorsOf, localise } from './localise.ts';
import {
  delayLines,
  differences,
  type MapParameters,
  NEAR,
} from './place-map.ts';

export interface JeffressParameters extends MapParameters {
  /** ms */
  readonly dt: number;
  /** Degrees from direction to direction. */
  readonly step: number;
}

/** A click at each ear; the trials are the time differences. */
export function jeffressNetwork(parameters: JeffressParameters): Network {
  const { cells, dt } = parameters;
  const network = new Network({ dt });
  const click = (name: string, sign: number) =>
    network.events(name, 1, {
      trials: differences(cells).map((itd) => [[Math.max(0, sign * itd) * dt]]),
      level: 1,
    });
  const ears = [click('left ear', -1), click('right ear', 1)] as const;
  delayLines(network, ears, parameters);
  return network;
}

/** Half the width, in ms, of what a cell takes for one time. */
const windowOf = ({ tau, weight }: JeffressParameters) =>
  tau * Math.log(weight / (1 - weight));

const parameters = {
  cells: count(
    31,
    'of the map of clicks (at a head: as many as its ears need)',
    { least: 2, most: 999 },
  ),
  dt: size(
    0.02,
    'tick of the map of clicks (at a head: half a sample of sound)',
    { unit: 'ms', least: 1e-3 },
  ),
  tau: size(
    0.2,
    `membrane of a cell of the map of clicks (at a head: ${CELLS.tau})`,
    { unit: 'ms', least: 1e-3 },
  ),
  weight: size(
    0.6,
    'of a spike of the map of clicks, where the threshold is 1 ' +
      `(at a head: ${CELLS.weight})`,
    { least: 0.01, most: 0.99 },
  ),
  step: count(5, 'from direction to direction of the sounds at a head only', {
    unit: 'degrees',
    least: 1,
    most: 15,
  }),
};

export const jeffress = shelve({
  name: 'jeffress',
  title: 'S1: where a sound is, by delay lines from ear to ear',
  source: 'Jeffress 1948; directions by Kuhn 1977',
  parameters,
  network: jeffressNetwork,
  async measure(parameters, bench) {
    const map = await clicks(parameters, bench);
    const head = await heads(parameters, bench);
    return {
      verdicts: [...map.verdicts, ...head.verdicts],
      figures: {
        'half width of a cell (ms)': windowOf(parameters),
        ...head.figures,
      },
      pictures: [map.picture, head.picture],
    };
  },
});

async function clicks(parameters: JeffressParameters, bench: Bench) {
  const { cells, dt } = parameters;
  const itds = differences(cells);
  const run = bench.open(jeffressNetwork(parameters), { trials: cells });
  const fired = itds.map(() => new Set<number>());
  const first = itds.map(() => -1);
  run.spikes$('cells').subscribe(({ neurons, trials }) => {
    trials.forEach((trial, i) => {
      if (fired[trial]!.size === 0) first[trial] = neurons[i]!;
      fired[trial]!.add(neurons[i]!);
    });
  });
  await run.runTicks(NEAR + 2 * cells);

  const width = windowOf(parameters);
  const fires = (itd: number, j: number) =>
    Math.abs(itd - itds[j]!) * dt < width;
  const pairs = itds.flatMap((itd, trial) =>
    itds.map((_, j) => {
      return { itd, j, fires: fires(itd, j), fired: fired[trial]!.has(j) };
    }),
  );
  const best = itds.filter(
    (itd, trial) => first[trial] === (cells - 1 + itd) / 2,
  );
  const points = pairs.filter((pair) => pair.fired);
  const expected = pairs.filter((pair) => pair.fires);
  const verdicts: Verdict[] = [
    exactly(
      `cells that fire for clicks at ${cells} time differences`,
      expected.length,
      points.length,
    ),
    exactly(
      'cells that should fire and do not, or the other way round',
      0,
      pairs.filter((pair) => pair.fires !== pair.fired).length,
    ),
    exactly(
      'time differences whose first cell to fire is theirs',
      width > 0 ? cells : 0,
      best.length,
    ),
  ];
  const us = (ticks: number) => Number((1000 * ticks * dt).toPrecision(12));
  const ends = [us(itds[0]!), us(itds[cells - 1]!)];
  const border = (name: string, sign: number) =>
    trace(
      name,
      ends,
      ends.map(
        (itd) => (itd / (1000 * dt) + (sign * width) / dt + cells - 1) / 2,
      ),
    );
  const picture: Picture = traces(
    'Clicks: each time difference has its place',
    ['interaural time difference (microseconds)', 'cell'],
    [
      border('closed form, upper border', 1),
      border('closed form, lower border', -1),
      trace(
        'cells that fire',
        points.map(({ itd }) => us(itd)),
        points.map(({ j }) => j),
        'points',
      ),
    ],
  );
  return { verdicts, picture };
}

/** The same cells at a head, which hear a noise and a click. */
async function heads(parameters: JeffressParameters, bench: Bench) {
  const head = await bench.heads();
  const heard = await localise(head, parameters, bench);
  const verdicts: Verdict[] = [];
  const figures: Record<string, number | string> = { head: head.title };
  for (const { sound, formula, learned } of heard) {
    verdicts.push(
      between(
        `${sound} at a head: mean error by the law of a sphere`,
        0,
        10,
        errorsOf(formula).mean,
        'degrees',
      ),
      between(
        `${sound} at a head: mean error by the directions between`,
        0,
        4,
        errorsOf(learned).mean,
        'degrees',
      ),
    );
    figures[`${sound}: largest error by the law of a sphere (degrees)`] =
      errorsOf(formula).largest;
    figures[`${sound}: largest error by the directions between (degrees)`] =
      errorsOf(learned).largest;
  }
  const picture: Picture = traces(
    `Directions read from the map: ${head.synthetic ? 'synthetic' : 'measured'} head`,
    [
      'direction of the sound (degrees, left is positive)',
      'direction read (degrees)',
    ],
    [
      trace('right', [-90, 90], [-90, 90]),
      ...heard.map(({ sound, formula }) =>
        trace(
          `${sound}, by the law of a sphere`,
          formula.map(({ azimuth }) => azimuth),
          formula.map(({ read }) => read),
          'points',
        ),
      ),
      ...heard.map(({ sound, learned }) =>
        trace(
          `${sound}, by the directions between`,
          learned.map(({ azimuth }) => azimuth),
          learned.map(({ read }) => read),
          'points',
        ),
      ),
    ],
  );
  return { verdicts, figures, picture };
}
