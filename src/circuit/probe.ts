/** Probes: what of a circuit's state is kept, tick by tick. */

import { type Graph, lossDivisor } from '../graph.ts';
import { addTo } from '../ops/add.ts';
import type { Ref } from '../ops/kernel.ts';
import { mapKernel } from '../ops/map.ts';
import { reduceSum } from '../ops/reduce.ts';
import { lossByName } from '../ops/table.ts';
import type { Recorder } from '../program/recorder.ts';
import type { Population } from './population.ts';

export type Quantity = 'value' | 'prediction' | 'error';

/** A population's state, or the energy of the whole circuit. */
export type Probe =
  | { readonly kind: 'state'; readonly id: string; readonly quantity: Quantity }
  | { readonly kind: 'energy' };

/** Name of a probe's output of one tick in a program. */
export function probeOutput(probe: Probe, tick: number): string {
  return probe.kind === 'energy'
    ? `probe/${tick}/energy`
    : `probe/${tick}/${probe.quantity}/${probe.id}`;
}

const halfSquare = mapKernel({
  name: 'half-square',
  each: ['eps'],
  outputs: [['y', '0.5 * (eps * eps)']],
});
/** What probes see of a circuit. */
export interface Probed {
  readonly recorder: Recorder;
  readonly graph: Graph;
  readonly populations: Iterable<Population>;
  readonly output: Population;
  readonly target: Ref;
  zero(population: Population): Ref;
}

export function recordProbes(
  probes: readonly Probe[],
  tick: number,
  probed: Probed,
): void {
  for (const probe of probes) {
    const name = probeOutput(probe, tick);
    if (probe.kind === 'energy') {
      probed.recorder.output(name, energy(probed));
      continue;
    }
    for (const population of probed.populations) {
      if (population.vertex.id !== probe.id) continue;
      const { x, mu, eps } = population;
      const state = {
        // The output's value is clamped.
        value: population === probed.output ? probed.target : x,
        prediction: mu,
        error: eps ?? probed.zero(population),
      };
      const ref = probed.recorder.snapshot(state[probe.quantity]);
      probed.recorder.output(name, ref);
    }
  }
}

/** F = 1/2 sum eps^2 of the hidden populations, plus the loss of the output. */
function energy(probed: Probed): Ref {
  const { graph, output, target } = probed;
  const { emit } = probed.recorder;
  const loss = lossByName.get(graph.loss.kind)!;
  const { shape } = graph.output;
  const divisor = lossDivisor(graph);
  let sum = loss.value(emit, output.mu, target, shape, divisor);
  for (const population of probed.populations) {
    if (population === output || !population.eps) continue;
    const { size } = population.vertex;
    const [squares] = halfSquare.emit(emit, [population.eps]);
    sum = addTo(emit, sum, reduceSum(emit, squares, [1, size, 1]));
  }
  return sum;
}
