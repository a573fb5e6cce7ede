/**
 * IL, inference learning (Whittington 2017): values relax for T steps of size
 * gamma, then every parameter learns. With fixed predictions (Millidge 2020)
 * mu and the Jacobians stay those of the forward sweep; then, and only then,
 * the errors converge to BP's. No delays: the graph need not be levelled.
 */

import { OptionError } from '../base/errors.ts';
import {
  checkKeys,
  notNegative,
  oneOf,
  positive,
  wholeNumber,
} from '../base/options.ts';
import { type CircuitRule, circuitRule } from './rule.ts';

export interface IlOptions {
  readonly gamma?: number;
  /** Inference steps a presentation, T. */
  readonly steps?: number;
  readonly prediction?: 'recomputed' | 'fixed';
  /** Plasticity at t = T, or every n steps from t = n on. */
  readonly plasticity?: 'end' | number;
  readonly sigma?: number;
  /** Precisions Pi: all 1, or learned, one for each neuron. */
  readonly precision?: 'one' | 'learned';
}

export function il(options: IlOptions = {}): CircuitRule {
  checkKeys('il', options, [
    'gamma',
    'steps',
    'prediction',
    'plasticity',
    'sigma',
    'precision',
  ]);
  const { prediction = 'recomputed', plasticity = 'end' } = options;
  const { precision = 'one' } = options;
  oneOf('precision', precision, ['one', 'learned']);
  const gamma = positive('gamma', options.gamma ?? 0.1);
  const T = wholeNumber('steps', options.steps ?? 100, 1);
  const sigma = notNegative('sigma', options.sigma ?? 0);
  if (plasticity !== 'end' && wholeNumber('plasticity', plasticity, 1) > T) {
    throw new OptionError(
      `Option plasticity = ${plasticity}: no parameter would learn in ${T} steps`,
    );
  }
  oneOf('prediction', prediction, ['recomputed', 'fixed']);
  const every = plasticity === 'end' ? T : plasticity;
  return circuitRule({
    name: 'il',
    exact: false,
    levelling: 'none',
    options: { gamma, steps: T, prediction, plasticity, sigma, precision },
    dynamics: { gamma, prediction, precision },
    sigma,
    *run(circuit) {
      circuit.plan(T, () => T - (T % every));
      circuit.present();
      circuit.clamp();
      for (let t = 1; t <= T; t++) {
        yield circuit.tick(); // Eq. 7
        if (t % every !== 0) continue;
        circuit.learn(circuit.parameters); // Eq. 8
        circuit.learnPrecisions(circuit.populations.keys());
      }
    },
  });
}
