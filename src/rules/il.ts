import {
  either,
  type FieldsOf,
  number,
  oneOf,
  Schema,
  whole,
} from '../base/schema.ts';
import {
  type CircuitRule,
  circuitRule,
  type NoisyOptions,
  precision,
  type RuleEntry,
  sigma,
} from './rule.ts';

/** Options of rules under which values relax. */
export interface InferenceOptions extends NoisyOptions {
  /** Integration step of the values, gamma, a number above 0. Default 0.1. */
  readonly gamma?: number;
  /**
   * Predictions mu and Jacobians: recomputed as the values move, or fixed to
   * those of the forward sweep. Default 'recomputed'.
   */
  readonly prediction?: 'recomputed' | 'fixed';
}

/** Options of `il`. */
export interface IlOptions extends InferenceOptions {
  /** Inference steps a presentation, T, a whole number >= 1. Default 100. */
  readonly steps?: number;
  /**
   * Parameters learn at t = T, or every n steps from t = n on: a whole number
   * from 1 to T. Default 'end'.
   */
  readonly plasticity?: 'end' | number;
}

export const inference = {
  gamma: number({ above: 0, default: 0.1, help: 'integration step' }),
  steps: whole({ least: 1, default: 100, help: 'inference steps T' }),
  prediction: oneOf(['recomputed', 'fixed'], {
    default: 'recomputed',
    help: 'predictions while values relax',
  }),
};

const ilOptions = new Schema('il', {
  ...inference,
  plasticity: either([oneOf(['end']), whole({ least: 1 })], {
    default: 'end',
    help: 'parameters learn at the end, or every so many steps',
  }),
  sigma,
  precision,
} satisfies FieldsOf<IlOptions>);

/**
 * IL, inference learning (Whittington 2017): values relax for T steps of size
 * gamma, then every parameter learns. With fixed predictions (Millidge 2020)
 * mu and the Jacobians stay those of the forward sweep; then, and only then,
 * the errors converge to BP's. No delays: the graph need not be levelled.
 * Throws OptionError.
 */
export function il(options: IlOptions = {}): CircuitRule {
  const own = ilOptions.read(options);
  const { gamma, steps: T, prediction, plasticity, sigma, precision } = own;
  const every = plasticity === 'end' ? T : plasticity;
  if (every > T) {
    const remedy = `no parameter would learn in ${T} steps`;
    throw ilOptions.error('plasticity', plasticity, remedy);
  }
  return circuitRule({
    name: 'il',
    exact: false,
    levelling: 'none',
    options: own,
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

export const ilEntry: RuleEntry = {
  name: 'il',
  title: 'inference learning: values relax, then parameters learn',
  options: ilOptions,
  make: il,
};
