import { type FieldsOf, flag, number, oneOf, Schema } from '../base/schema.ts';
import type { Circuit } from '../circuit/circuit.ts';
import type { Vertex } from '../graph/vertex.ts';
import {
  type CircuitRule,
  circuitRule,
  type NoisyOptions,
  precision,
  type RuleEntry,
  sigma,
} from './rule.ts';

/** Options of `zil`: each condition of exactness, so that it can be dropped. */
export interface ZilOptions extends NoisyOptions {
  /**
   * Integration step of the values, gamma, a number above 0: the error at level
   * l comes out times gamma^l (Song 2020, A.5). Default 1.
   */
  readonly gamma?: number;
  /**
   * Delays that make the errors of unlevelled graphs meet; without them they
   * miss each other. Default true.
   */
  readonly levelled?: boolean;
  /**
   * When a parameter learns: at t = its level - 1, or all of them at t = 0, at
   * the last t or at every t. Default 'level'.
   */
  readonly plasticity?: 'level' | 'first' | 'last' | 'every';
}

const zilOptions = new Schema('zil', {
  gamma: number({ above: 0, default: 1, help: 'integration step' }),
  levelled: flag({ default: true, help: 'delays that make errors meet' }),
  plasticity: oneOf(['level', 'first', 'last', 'every'], {
    default: 'level',
    help: 'when parameters learn',
  }),
  sigma,
  precision,
} satisfies FieldsOf<ZilOptions>);

/**
 * Z-IL, zero-divergence inference learning (Song 2020, Algorithm 2; for
 * computation graphs Salvatori 2022, Algorithm 3, with Song's times). Equals
 * BP to the bit when the graph is levelled, gamma = 1, a run starts at
 * eps = 0 and a parameter learns at t = level - 1: then the error front has
 * just reached its readers, and nothing that it reads has moved yet.
 * Throws OptionError.
 */
export function zil(options: ZilOptions = {}): CircuitRule {
  const own = zilOptions.read(options);
  const { gamma, levelled, plasticity, sigma, precision } = own;

  /** Parameters, and precisions of populations, that learn at t of K instants. */
  function learn(circuit: Circuit, t: number, K: number): void {
    if (plasticity === 'level') {
      circuit.learn(circuit.parametersAt(t + 1));
      circuit.learnPrecisions(circuit.populationsAt(t));
      return;
    }
    const at = { first: t === 0, last: t === K - 1, every: true };
    if (!at[plasticity]) return;
    circuit.learn(circuit.parameters);
    circuit.learnPrecisions(circuit.populations.keys());
  }

  return circuitRule({
    name: 'zil',
    exact:
      gamma === 1 &&
      levelled &&
      plasticity === 'level' &&
      sigma === 0 &&
      precision === 'one',
    levelling: levelled ? 'longest-path' : 'none',
    options: own,
    dynamics: { gamma, prediction: 'recomputed', precision },
    sigma,
    *run(circuit) {
      const { depth: K, levels } = circuit.levelled;
      const last = (learner: Vertex) => {
        const level = levels.get(learner) ?? 0;
        if (plasticity === 'level') return learner.isLeaf ? level - 1 : level;
        return plasticity === 'first' ? 0 : K - 1;
      };
      circuit.plan(K - 1, last);
      circuit.present(); // forward sweep: x = mu, so eps = 0 (C1)
      circuit.clamp(); // the only error in the circuit
      for (let t = 0; t < K; t++) {
        learn(circuit, t, K); // Eq. 8, where the front is
        if (t < K - 1) yield circuit.tick(); // Eq. 7 and 48
      }
    },
  });
}

export const zilEntry: RuleEntry = {
  name: 'zil',
  title: 'zero-divergence inference learning: equals bp to the bit',
  options: zilOptions,
  make: zil,
};
