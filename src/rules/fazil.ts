/**
 * Fa-Z-IL, fully autonomous Z-IL (Song 2020, Algorithm 3): no clock tells a
 * parameter when to learn; an error event does. phi is 1 when a population's
 * error leaves 0 for the first time, else 0.
 *
 * trigger 'population': the first error event of a population counts, for all
 * of its units. An event is the arrival of messages; where all of them happen
 * to be 0 it teaches nothing, as BP would. Equals BP to the bit on levelled graphs, like Z-IL.
 * trigger 'unit': each unit fires by itself when its own error leaves 0.
 * A unit whose error is exactly 0 when the front passes (a dead ReLU) fires
 * later, with a wrong error: equal to Z-IL only where no delta is 0.
 *
 * What the events of a presentation taught is added up and changes the
 * parameters when it ends.
 */

import { checkKeys, oneOf, wholeNumber } from '../base/options.ts';
import type { ErrorEvent } from '../circuit/event.ts';
import type { Vertex } from '../graph/vertex.ts';
import type { Ref } from '../kernels/kernel.ts';
import { mapKernel } from '../kernels/map.ts';
import { type CircuitRule, circuitRule } from './rule.ts';

export interface FazilOptions {
  readonly trigger?: 'population' | 'unit';
  /** Instants a presentation, T; by default K, when the wave has passed. */
  readonly steps?: number;
  /** Precisions Pi: all 1, or learned, one for each neuron. */
  readonly precision?: 'one' | 'learned';
}

/** phi(eps) eps for each unit; fired remembers who has had its turn. */
const fire = mapKernel({
  name: 'fire',
  each: ['eps', 'fired'],
  outputs: [
    ['gated', 'where(fired > 0, 0, eps)'],
    ['fired', 'where(eps != 0, 1, fired)'],
  ],
});

export function fazil(options: FazilOptions = {}): CircuitRule {
  checkKeys('fazil', options, ['trigger', 'steps', 'precision']);
  const { trigger = 'population', precision = 'one' } = options;
  oneOf('precision', precision, ['one', 'learned']);
  oneOf('trigger', trigger, ['population', 'unit']);
  const { steps } = options;
  if (steps !== undefined) wholeNumber('steps', steps, 1);
  return circuitRule({
    name: 'fazil',
    exact:
      trigger === 'population' && steps === undefined && precision === 'one',
    levelling: 'longest-path',
    options: { trigger, steps: steps ?? 'K', precision },
    dynamics: { gamma: 1, prediction: 'recomputed', precision },
    *run(circuit) {
      const { recorder, levelled, parameters } = circuit;
      const taught = new Map<ErrorEvent, Ref>();
      const seen = new Set<Vertex>();
      const fired = new Map<Vertex, Ref>();
      circuit.errors$.subscribe((event) => {
        const { from, eps } = event;
        if (!event.active) return;
        const first = !seen.has(from);
        seen.add(from);
        if (first) circuit.learnPrecisions([from]);
        if (trigger === 'population') {
          if (first) taught.set(event, eps);
          return;
        }
        const before = fired.get(from) ?? recorder.constant(eps.size, 0);
        const [gated, after] = fire.emit(recorder.emit, [eps, before]);
        fired.set(from, after);
        taught.set(event, gated);
      });
      const select = (event: ErrorEvent) => taught.get(event) ?? null;

      const sums = new Map<Vertex, Ref>();
      const T = steps ?? levelled.depth;
      circuit.plan(T - 1, () => T - 1);
      circuit.present();
      circuit.clamp();
      for (let t = 0; t < T; t++) {
        for (const parameter of parameters) {
          const base = sums.get(parameter);
          const sum = circuit.gradient(parameter, { base, select });
          if (sum) sums.set(parameter, sum);
        }
        if (t < T - 1) yield circuit.tick();
      }
      for (const [parameter, sum] of sums) circuit.commit(parameter, sum);
    },
  });
}
