/** Probes: what of a circuit's state is kept, tick by tick. */

import { lossDivisor } from '../graph.ts';
import { addTo } from '../ops/add.ts';
import type { Ref } from '../ops/kernel.ts';
import { mapKernel } from '../ops/map.ts';
import { reduceSum } from '../ops/reduce.ts';
import { lossByName } from '../ops/table.ts';
import type { Circuit } from './circuit.ts';
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
export function recordProbes(
  probes: readonly Probe[],
  tick: number,
  circuit: Circuit,
  more: { target: Ref; zero: (population: Population) => Ref },
): void {
  for (const probe of probes) {
    const name = probeOutput(probe, tick);
    if (probe.kind === 'energy') {
      circuit.recorder.output(name, energy(circuit, more));
      continue;
    }
    for (const population of circuit.populations.values()) {
      if (population.vertex.id !== probe.id) continue;
      const { x, mu, eps } = population;
      const state = {
        value: population === circuit.output ? more.target : x,
        prediction: mu,
        error: eps ?? more.zero(population),
      };
      circuit.recorder.output(name, state[probe.quantity]);
    }
  }
}

/** F = 1/2 sum eps^2 of the hidden populations, plus the loss of the output. */
function energy(
  circuit: Circuit,
  more: { target: Ref; zero: (population: Population) => Ref },
): Ref {
  const { emit } = circuit.recorder;
  const { graph } = circuit.levelled;
  const loss = lossByName.get(graph.loss.kind);
  if (!loss) throw new Error(`no loss ${graph.loss.kind}`);
  const { shape } = graph.output;
  const divisor = lossDivisor(graph);
  let sum = loss.value(emit, circuit.output.mu, more.target, shape, divisor);
  for (const population of circuit.populations.values()) {
    if (population === circuit.output || !population.eps) continue;
    const { size } = population.vertex;
    const [squares] = halfSquare.emit(emit, [population.eps]);
    const part = reduceSum(emit, squares, [1, size, 1]);
    sum = addTo(emit, sum, part);
  }
  return sum;
}
