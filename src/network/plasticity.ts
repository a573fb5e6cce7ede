/**
 * Rules by which the weights of a projection change, from what is there at the
 * synapse alone: what arrives over the axon, what the target does, the weight.
 */

import { OptionError } from '../base/errors.ts';
import { checkKeys, positive } from '../base/options.ts';
import { namesIn, parseExpression } from '../formula/expression.ts';

/** A rule on values: once a tick, after the target's update. */
export interface GradedRule {
  readonly kind: 'graded';
  /** The new weight, from `w`, `pre` (as it arrives), `post` and constants. */
  readonly formula: string;
  /** The target's output that is `post`; its first one if not given. */
  readonly post?: string;
  readonly constants: Readonly<Record<string, number>>;
}

/** Pair-based STDP with all pairs, from traces at the synapse. */
export interface Stdp {
  readonly kind: 'stdp';
  /** Times in ms over which a spike that has arrived, or was sent, is felt. */
  readonly tauPlus: number;
  readonly tauMinus: number;
  /** Change of the weight by a pair at no distance. */
  readonly aPlus: number;
  readonly aMinus: number;
  readonly low: number;
  readonly high: number;
}

export type Plasticity = GradedRule | Stdp;

/** w + rate pre post (Hebb 1949). */
export function hebbian(options: { rate: number }): GradedRule {
  checkKeys('hebbian', options, ['rate']);
  const { rate } = options;
  return learning('w + rate * (pre * post)', { rate });
}

/** w + rate post (pre - post w) (Oja 1982): finds the first principal component. */
export function oja(options: { rate: number }): GradedRule {
  checkKeys('oja', options, ['rate']);
  const { rate } = options;
  return learning('w + rate * (post * (pre - post * w))', { rate });
}

/**
 * w - alpha eps pre: the rule of predictive coding (Salvatori 2022, Eq. 8) for
 * weights that carry predictions to value-error neurons.
 */
export function predictive(options: { alpha: number }): GradedRule {
  checkKeys('predictive', options, ['alpha']);
  const { alpha } = options;
  return learning('w - alpha * (post * pre)', { alpha }, 'eps');
}

/** A rule of one's own. Throws OptionError, GraphError. */
export function learning(
  formula: string,
  constants: Readonly<Record<string, number>> = {},
  post?: string,
): GradedRule {
  const known = ['w', 'pre', 'post', ...Object.keys(constants)];
  for (const name of namesIn(parseExpression(formula))) {
    if (known.includes(name)) continue;
    throw new OptionError(
      `A learning rule uses "${name}": it has ${known.join(', ')}`,
      { name },
    );
  }
  for (const [name, value] of Object.entries(constants)) {
    if (Number.isFinite(value) && !['w', 'pre', 'post'].includes(name))
      continue;
    throw new OptionError(
      `Constant ${name} = ${value} of a learning rule: give a finite number ` +
        'under a name of its own',
    );
  }
  return { kind: 'graded', formula, constants, ...(post ? { post } : {}) };
}

/**
 * Spike-timing-dependent plasticity (Song, Miller and Abbott 2000; additive,
 * all pairs). A spike that arrives at n lowers w by aMinus times the target's
 * trace of spikes before n; a spike of the target at n raises it by aPlus
 * times the trace of what has arrived up to n. So an arrival in the tick of
 * the target's spike comes before it. Weights stay within [low, high].
 */
export function stdp(options: {
  readonly tauPlus?: number;
  readonly tauMinus?: number;
  readonly aPlus: number;
  readonly aMinus: number;
  readonly low?: number;
  readonly high: number;
}): Stdp {
  const { tauPlus = 20, tauMinus = 20, aPlus, aMinus, low = 0, high } = options;
  checkKeys('stdp', options, [
    'tauPlus',
    'tauMinus',
    'aPlus',
    'aMinus',
    'low',
    'high',
  ]);
  positive('tauPlus', tauPlus);
  positive('tauMinus', tauMinus);
  for (const [name, value] of Object.entries({ aPlus, aMinus, low, high })) {
    if (Number.isFinite(value)) continue;
    throw new OptionError(`Option ${name} = ${value}: give a finite number`);
  }
  if (low > high) {
    throw new OptionError(
      `Weights from ${low} to ${high}: give the lower first`,
    );
  }
  return { kind: 'stdp', tauPlus, tauMinus, aPlus, aMinus, low, high };
}
