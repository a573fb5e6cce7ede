/**
 * Z-IL, zero-divergence inference learning (Song 2020, Algorithm 1; for
 * computation graphs Salvatori 2022, Algorithm 3, with Song's times). Equals
 * BP to the bit when the graph is levelled, gamma = 1, a run starts at
 * eps = 0 and a parameter learns at t = level - 1: then the error front has
 * just reached its readers, and nothing that it reads has moved yet.
 *
 * Each condition is an option, so that it can be dropped:
 * - gamma: the error at level l comes out times gamma^l (Song A.5);
 * - levelled: without delays, errors of unlevelled graphs miss each other;
 * - plasticity: 'level', or every parameter at 'first' (t = 0), at 'last'
 *   (t = K - 1) or at 'every' t;
 * - sigma: standard deviation of the noise on the initial values.
 */

import { checkKeys, notNegative, oneOf, positive } from '../base/options.ts';
import type { Circuit } from '../circuit/circuit.ts';
import type { Vertex } from '../graph/vertex.ts';
import { type CircuitRule, circuitRule } from './rule.ts';

export interface ZilOptions {
  readonly gamma?: number;
  readonly levelled?: boolean;
  readonly plasticity?: 'level' | 'first' | 'last' | 'every';
  readonly sigma?: number;
  /** Precisions Pi: all 1, or learned, one for each neuron. */
  readonly precision?: 'one' | 'learned';
}

export function zil(options: ZilOptions = {}): CircuitRule {
  const keys = ['gamma', 'levelled', 'plasticity', 'sigma', 'precision'];
  checkKeys('zil', options, keys);
  const { levelled = true, plasticity = 'level' } = options;
  const { precision = 'one' } = options;
  oneOf('precision', precision, ['one', 'learned']);
  oneOf('levelled', levelled, [true, false]);
  oneOf('plasticity', plasticity, ['level', 'first', 'last', 'every']);
  const gamma = positive('gamma', options.gamma ?? 1);
  const sigma = notNegative('sigma', options.sigma ?? 0);

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
    options: { gamma, levelled, plasticity, sigma, precision },
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
