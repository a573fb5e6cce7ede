/**
 * S4: the polychronous motif of Izhikevich (2006). Neurons b, c and d reach a
 * and e over delays of their own. Only when b, c and d spike so that their
 * spikes meet at a does a fire, at T if neuron i spikes at T - d_i; other
 * timings meet at e. Spikes sent all together meet nowhere.
 */

import type { Values } from '../../src/base/schema.ts';
import type { Tuple } from '../../src/base/tuple.ts';
import { lif } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { ticksOf } from '../../src/network/time.ts';
import { size } from '../../src/studies/parameters.ts';
import type { Picture } from '../../src/studies/picture.ts';
import { shelve } from '../../src/studies/shelf.ts';
import { exactly, type Verdict } from '../../src/studies/verdict.ts';

/** Length of a tick in ms. */
const DT = 0.1;
const SOURCES = ['b', 'c', 'd'] as const;
const CELLS = ['a', 'e'] as const;
/** Every timing on this grid (ms) is tried: the page's delays fit it. */
const STEP = 1;
/** So many that the trials of all timings stay within some thousands. */
const MOST_STEPS = 16;
/** Between the timings in the picture, ms. */
const GAP = 10;

const delayTo = (from: string, to: string, value: number) =>
  size(value, `delay from ${from} to ${to}, a multiple of ${DT} ms`, {
    unit: 'ms',
    least: 0,
  });

const parameters = {
  ba: delayTo('b', 'a', 1),
  ca: delayTo('c', 'a', 5),
  da: delayTo('d', 'a', 9),
  be: delayTo('b', 'e', 8),
  ce: delayTo('c', 'e', 5),
  de: delayTo('d', 'e', 1),
  weight: size(0.4, 'of a threshold of 1', { least: 0 }),
  tau: size(1, 'membrane of a and e', { unit: 'ms', least: 0.1 }),
};

export type PolychronyParameters = Values<typeof parameters>;

/** When b, c and d spike, in ms. */
export type Timing = readonly [b: number, c: number, d: number];

/** Delays to a cell from b, c and d. */
const delaysTo = (
  cell: (typeof CELLS)[number],
  { ba, ca, da, be, ce, de }: PolychronyParameters,
): Timing => (cell === 'a' ? [ba, ca, da] : [be, ce, de]);

/** The timing by which the spikes meet at a cell as early as can be. */
export function timingFor(
  cell: (typeof CELLS)[number],
  parameters: PolychronyParameters,
): Timing {
  const delays = delaysTo(cell, parameters);
  const longest = Math.max(...delays);
  const [b, c, d] = delays.map((delay) => longest - delay) as Tuple<number, 3>;
  return [b, c, d];
}

/** The motif; trial by trial b, c and d spike as one timing says. */
export function polychronyNetwork(
  parameters: PolychronyParameters,
  timings: readonly Timing[],
): Network {
  const { weight, tau } = parameters;
  const network = new Network({ dt: DT });
  SOURCES.forEach((name, i) => {
    network.events(name, 1, {
      trials: timings.map((timing) => [[timing[i]!]]),
      level: 0,
    });
  });
  for (const cell of CELLS) {
    network.population(cell, 1, lif, { parameters: { tau }, level: 1 });
    delaysTo(cell, parameters).forEach((delay, i) => {
      network.project(SOURCES[i]!, cell, { weight, delay });
    });
  }
  return network;
}

/**
 * When a cell fires, in closed form: v jumps by the weight at each arrival,
 * decays by e^(-t/tau) in between, and falls to 0 where it passes 1.
 */
export function firingOf(
  delays: Timing,
  timing: Timing,
  { weight, tau }: PolychronyParameters,
): number[] {
  const arrivals = delays
    .map((delay, i) =>
      ticksOf('Arrival', delay + timing[i]!, DT, { round: true }),
    )
    .sort((a, b) => a - b);
  const fired: number[] = [];
  let [v, last] = [0, 0];
  for (const at of new Set(arrivals)) {
    const count = arrivals.filter((arrival) => arrival === at).length;
    v = v * Math.exp((-(at - last) * DT) / tau) + count * weight;
    last = at;
    if (v <= 1) continue;
    fired.push(at);
    v = 0;
  }
  return fired.map((tick) => Number((tick * DT).toPrecision(12)));
}

/** 'a at 9 ms', or 'neither'. */
const told = (fired: readonly (readonly number[])[]) =>
  CELLS.flatMap((cell, i) =>
    fired[i]!.map((time) => `${cell} at ${time} ms`),
  ).join(', ') || 'neither';

const label = (timing: Timing) =>
  SOURCES.map((name, i) => `${name}@${timing[i]}`).join(' ');

export const polychrony = shelve({
  name: 'polychrony',
  title: 'S4: which cell fires is a matter of when, by delays',
  source: 'Izhikevich 2006, "Polychronization: computation with spikes"',
  parameters,
  network: (parameters) =>
    polychronyNetwork(parameters, [timingFor('a', parameters)]),
  async measure(parameters, bench) {
    const delays = CELLS.map((cell) => delaysTo(cell, parameters));
    const longest = Math.max(...delays.flat());
    const shown: readonly Timing[] = [
      timingFor('a', parameters),
      timingFor('e', parameters),
      [0, 0, 0],
    ];
    const steps = Math.min(MOST_STEPS, Math.floor(longest / STEP) + 1);
    const all = Array.from({ length: steps ** 3 }, (_, n): Timing => {
      const at = (k: number) => STEP * (Math.floor(n / steps ** k) % steps);
      return [at(2), at(1), at(0)];
    });
    const timings = [...shown, ...all];
    const run = bench.open(polychronyNetwork(parameters, timings), {
      trials: timings.length,
    });
    const fired = timings.map(() => CELLS.map((): number[] => []));
    CELLS.forEach((cell, i) => {
      run.spikes$(cell).subscribe(({ time, trials }) => {
        for (const trial of trials) fired[trial]![i]!.push(time);
      });
    });
    const latest = Math.max(...timings.flat()) + longest;
    await run.runTicks(Math.round(latest / DT) + 1);

    const expected = timings.map((timing) =>
      delays.map((each) => firingOf(each, timing, parameters)),
    );
    const verdicts: Verdict[] = shown.map((timing, t) =>
      exactly(`${label(timing)} ms`, told(expected[t]!), told(fired[t]!)),
    );
    const firing = (of: readonly (readonly (readonly number[])[])[]) =>
      CELLS.map((cell, i) => {
        const count = of.slice(shown.length).filter((f) => f[i]!.length > 0);
        return `${cell} in ${count.length}`;
      }).join(', ');
    const wrong = timings.filter(
      (_, t) => told(expected[t]!) !== told(fired[t]!),
    );
    verdicts.push(
      exactly(
        `who fires, of ${all.length} timings`,
        firing(expected),
        firing(fired),
      ),
      exactly('timings with another answer', 0, wrong.length),
    );
    return {
      verdicts,
      figures: { timings: timings.length },
      pictures: [raster(shown, fired, latest)],
    };
  },
});

/** The timings one after another. */
function raster(
  timings: readonly Timing[],
  fired: readonly (readonly (readonly number[])[])[],
  latest: number,
): Picture {
  const names = [CELLS[1], ...[...SOURCES].reverse(), CELLS[0]];
  const length = Math.ceil(latest) + GAP;
  const spikes = timings.flatMap((timing, t) => {
    const start = t * length;
    const sent = SOURCES.map((name, i) => [name, start + timing[i]!] as const);
    const heard = CELLS.flatMap((name, i) =>
      fired[t]![i]!.map((time) => [name, start + time] as const),
    );
    return [...sent, ...heard].map(([group, time]) => {
      return { time, neuron: 0, group };
    });
  });
  return {
    kind: 'raster',
    title:
      'Spikes that meet at a, then at e, then sent together: they meet nowhere',
    groups: names.map((name) => ({ name, size: 1 })),
    spikes,
    duration: timings.length * length,
  };
}
