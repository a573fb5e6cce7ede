/**
 * V6: a delay line as a reservoir. N taps of an i.i.d. input and a linear
 * readout remember the last N inputs and nothing else: r^2(k) is 1 for k <= N and 0
 * after, so the memory capacity is N, the most that N states can have. The
 * taps are made twice, by N delays from the input and by a chain of N
 * neurons a tick apart; they may not differ in a bit.
 */

import { Random } from '../../src/base/random.ts';
import type { Values } from '../../src/base/schema.ts';
import { relay } from '../../src/network/models.ts';
import { Network } from '../../src/network/network.ts';
import { pairs } from '../../src/network/synapses.ts';
import { count } from '../../src/studies/parameters.ts';
import { points, trace, traces } from '../../src/studies/picture.ts';
import { shelve } from '../../src/studies/shelf.ts';
import { exactly, near, type Verdict } from '../../src/studies/verdict.ts';
import { memoryCapacity } from '../../src/theory/memory-capacity.ts';

const parameters = {
  taps: count(20, 'N', { least: 2, most: 200 }),
  ticks: count(4000, 'inputs that are given', { least: 100, most: 1e6 }),
};

type Parameters = Values<typeof parameters>;

/** Uniform in [-1, 1), and the same in float32. */
function inputsOf(ticks: number, seed: number): Float64Array {
  const random = new Random(seed, 'delay-line/input');
  return Float64Array.from({ length: ticks }, () =>
    Math.fround(2 * random.uniform() - 1),
  );
}

function delayLine(taps: number, values: ArrayLike<number>): Network {
  const network = new Network({ dt: 1 });
  const input = network.samples('input', 1, { values, level: 0 });
  const delays = network.population('delays', taps, relay, { level: 1 });
  network.project(input, delays, {
    delay: Array.from({ length: taps }, (_, i) => i + 1),
  });
  const chain = network.population('chain', taps, relay, { level: 1 });
  network.project(input, chain, { pattern: pairs([0], [0]), delay: 1 });
  const links = Array.from({ length: taps - 1 }, (_, i) => i);
  network.project(chain, chain, {
    pattern: pairs(
      links,
      links.map((i) => i + 1),
    ),
    delay: 1,
  });
  return network;
}

export const delayLineReservoir = shelve({
  name: 'delay-line',
  title: 'V6: a delay line remembers as many inputs as it has taps',
  source: 'Jaeger 2001, memory capacity',
  parameters,
  network: ({ taps, ticks }: Parameters) => delayLine(taps, inputsOf(ticks, 0)),
  async measure({ taps, ticks }, bench) {
    const inputs = inputsOf(ticks, bench.seed);
    const run = bench.open(delayLine(taps, inputs));
    const states: ArrayLike<number>[] = [];
    let different = 0;
    run.state$('delays', 'y').subscribe(({ data }) => states.push(data));
    run.state$('chain', 'y').subscribe(({ tick, data }) => {
      different += data.filter((v, i) => v !== states[tick]![i]).length;
    });
    await run.runTicks(ticks);

    const most = 2 * taps;
    const { total, squares } = memoryCapacity(inputs, states, most);
    const scored = ticks - most - Math.floor((ticks - most) / 2);
    // Times the number of ticks, chance alone is a chi-square: above 25 once in 2
    // million.
    const chance = 25 / scored;
    const verdicts: Verdict[] = [
      near('memory capacity', taps, total, 0.01 * taps + chance),
      near(
        `least r^2 for k = 1 to ${taps}`,
        1,
        Math.min(...squares.slice(0, taps)),
        1e-9,
      ),
      near(
        `largest r^2 for k = ${taps + 1} to ${most}`,
        0,
        Math.max(...squares.slice(taps)),
        chance,
      ),
      exactly('values of the chain that differ', 0, different),
    ];
    const lags = Array.from(squares, (_, k) => k + 1);
    return {
      verdicts,
      figures: { 'by chance, for a k': 1 / scored },
      pictures: [
        traces(
          `Memory of a delay line of ${taps} taps`,
          ['k (ticks ago)', 'r^2(k)'],
          [
            trace('theory', [1, taps, taps, most], [1, 1, 0, 0]),
            points(lags, Array.from(squares)),
          ],
        ),
      ],
    };
  },
});
