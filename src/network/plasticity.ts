import { OptionError } from '../base/errors.ts';
import { type FieldsOf, number, Schema } from '../base/schema.ts';
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

/**
 * How the weights of a projection change, from what is there at the synapse
 * alone: what arrives over the axon, what the target does, the weight.
 * `hebbian`, `oja`, `predictive`, `learning` and `stdp` make one.
 */
export type Plasticity = GradedRule | Stdp;

/** Options of Hebb's and Oja's rules. */
export interface RateOptions {
  /** What a weight moves by where pre = post = 1, a finite number. */
  readonly rate: number;
}

const rateFields = {
  rate: number(),
} satisfies FieldsOf<RateOptions>;
const hebbianOptions = new Schema('hebbian', rateFields);
const ojaOptions = new Schema('oja', rateFields);
const predictiveOptions = new Schema('predictive', {
  alpha: number(),
});

/** w + rate pre post (Hebb 1949). Throws OptionError. */
export const hebbian = (options: RateOptions): GradedRule =>
  learning('w + rate * (pre * post)', hebbianOptions.read(options));

/**
 * w + rate post (pre - post w) (Oja 1982): finds the first principal component.
 * Throws OptionError.
 */
export const oja = (options: RateOptions): GradedRule =>
  learning('w + rate * (post * (pre - post * w))', ojaOptions.read(options));

/**
 * w - alpha eps pre: the rule of predictive coding (Salvatori 2022, Eq. 8) for
 * weights that carry predictions to value-error neurons. Throws OptionError.
 */
export const predictive = (options: {
  /** Rate of learning, a finite number. */
  readonly alpha: number;
}): GradedRule =>
  learning('w - alpha * (post * pre)', predictiveOptions.read(options), 'eps');

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
      { name, value },
    );
  }
  return { kind: 'graded', formula, constants, ...(post ? { post } : {}) };
}

/** Options of STDP; weights in the units of the projection. */
export interface StdpOptions {
  /** Time over which a spike that has arrived is felt, in ms, above 0. Default 20. */
  readonly tauPlus?: number;
  /** The same of a spike that was sent. Default 20. */
  readonly tauMinus?: number;
  /** What a spike that was sent adds by a pair at no distance. */
  readonly aPlus: number;
  /** What a spike that arrives takes away by a pair at no distance. */
  readonly aMinus: number;
  /** Least weight. Default 0. */
  readonly low?: number;
  /** Greatest weight, at least low. */
  readonly high: number;
}

const tau = number({ above: 0, default: 20, unit: 'ms' });
const stdpOptions = new Schema('stdp', {
  tauPlus: tau,
  tauMinus: tau,
  aPlus: number(),
  aMinus: number(),
  low: number({ default: 0 }),
  high: number(),
} satisfies FieldsOf<StdpOptions>);

/**
 * Spike-timing-dependent plasticity (Song, Miller and Abbott 2000; additive,
 * all pairs). A spike that arrives at n lowers w by aMinus times the target's
 * trace of spikes before n; a spike of the target at n raises it by aPlus
 * times the trace of what has arrived up to n. So an arrival in the tick of
 * the target's spike comes before it. Weights stay within [low, high].
 */
export function stdp(options: StdpOptions): Stdp {
  const own = stdpOptions.read(options);
  if (own.low > own.high) {
    const { low, high } = own;
    throw new OptionError(
      `Weights from ${low} to ${high}: give the lower first`,
      { of: 'stdp', name: 'low', value: low, allowed: `at most ${high}` },
    );
  }
  return { kind: 'stdp', ...own };
}
