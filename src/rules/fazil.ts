import { type FieldsOf, oneOf, Schema, whole } from '../base/schema.ts';
import type { ErrorEvent } from '../circuit/event.ts';
import type { Vertex } from '../graph/vertex.ts';
import type { Ref } from '../kernels/kernel.ts';
import { mapKernel } from '../kernels/map.ts';
import {
  type CircuitRule,
  circuitRule,
  type PrecisionOptions,
  precision,
  type RuleEntry,
} from './rule.ts';

/** Options of `fazil`. */
export interface FazilOptions extends PrecisionOptions {
  /**
   * What fires at its first error. Default 'population'.
   * - 'population': its first error event counts, for all of its units. An event
   *   is the arrival of messages; where all of them happen to be 0 it teaches
   *   nothing, as BP would. Equals BP to the bit on levelled graphs, like Z-IL.
   * - 'unit': each unit by itself. One whose error is exactly 0 when the front
   *   passes (a dead ReLU) fires later, with a wrong error: equal to Z-IL only
   *   where no delta is 0.
   */
  readonly trigger?: 'population' | 'unit';
  /**
   * Instants a presentation, T, a whole number >= 1; without it K, the highest
   * level, when the wave has passed.
   */
  readonly steps?: number;
}

const fazilOptions = new Schema('fazil', {
  trigger: oneOf(['population', 'unit'], {
    default: 'population',
    help: 'what fires at its first error',
  }),
  steps: whole({
    least: 1,
    optional: true,
    otherwise: 'K, the highest level',
    help: 'instants a presentation',
  }),
  precision,
} satisfies FieldsOf<FazilOptions>);

/** phi(eps) eps for each unit; fired remembers who has had its turn. */
const fire = mapKernel({
  name: 'fire',
  each: ['eps', 'fired'],
  outputs: [
    ['gated', 'where(fired > 0, 0, eps)'],
    ['fired', 'where(eps != 0, 1, fired)'],
  ],
});

/**
 * Fa-Z-IL, fully autonomous Z-IL (Song 2020, Algorithm 3): no clock tells a
 * parameter when to learn; an error event does. phi is 1 when a population's
 * error leaves 0 for the first time, else 0. What the events of a presentation
 * taught is added up and changes the parameters when it ends. Throws OptionError.
 */
export function fazil(options: FazilOptions = {}): CircuitRule {
  const own = fazilOptions.read(options);
  const { trigger, steps, precision } = own;
  return circuitRule({
    name: 'fazil',
    exact:
      trigger === 'population' && steps === undefined && precision === 'one',
    levelling: 'longest-path',
    options: { ...own, steps: steps ?? 'K' },
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
        fired.set(from, after!);
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

export const fazilEntry: RuleEntry = {
  name: 'fazil',
  title:
    'fully autonomous Z-IL: error events trigger plasticity; equals bp too',
  options: fazilOptions,
  make: fazil,
};
