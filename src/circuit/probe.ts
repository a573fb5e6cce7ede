/** Probes: what of a circuit's state is kept, tick by tick. */

import { type Graph, lossDivisor } from '../graph/graph.ts';
import type { Ref } from '../kernels/kernel.ts';
import { mapKernel } from '../kernels/map.ts';
import { reduceSum } from '../kernels/reduce.ts';
import { addTo } from '../ops/add.ts';
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

/**
 * F = 1/2 sum Pi eps^2 + 1/2 sum ln Sigma of the populations, over the batch;
 * the output's share is its loss where it has no precision.
 */
function energy(probed: Probed): Ref {
  const { graph, output, target } = probed;
  const { emit } = probed.recorder;
  let sum: Ref | null = null;
  if (!output.precision) {
    const loss = lossByName.get(graph.loss.kind)!;
    const { shape } = graph.output;
    const divisor = lossDivisor(graph);
    sum = loss.value(emit, output.mu, target, shape, divisor);
  }
  const add = (terms: Ref, divisor = 1) => {
    const total = reduceSum(emit, terms, [1, terms.size, 1], divisor);
    sum = addTo(emit, sum, total);
  };
  for (const population of probed.populations) {
    const { eps, precision, vertex } = population;
    if (precision) {
      const batch = vertex.size / precision.lnSigma.size;
      add(precision.lnSigma, 2 / batch);
      if (eps) add(precision.squares(emit, eps), 2);
    } else if (eps && population !== output) {
      add(halfSquare.emit(emit, [eps])[0]);
    }
  }
  return sum ?? probed.zero(output);
}
