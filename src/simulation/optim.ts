import { OptionError } from '../base/errors.ts';
import { type FieldsOf, number, Schema } from '../base/schema.ts';
import { type MapKernel, mapKernel } from '../kernels/map.ts';

/**
 * How a gradient changes a parameter: one kernel call for each update. `sgd`,
 * `momentum` and `adam` make one.
 */
export interface Optimiser {
  /** Its name in the list, such as adam. */
  readonly name: string;
  /** Options it was made of, for people and results. */
  readonly options: Readonly<Record<string, number>>;
  /** States kept for each element of a parameter, 0 at first. */
  readonly states: readonly string[];
  /** Numbers that change from update to update. */
  readonly rates: readonly string[];
  /** Their values at the n-th update, n = 1, 2, ... */
  ratesAt(n: number): readonly number[];
  /** Operands: w, g, states, rates; outputs: states, w. */
  readonly kernel: MapKernel<string, never>;
  /** Constants of the kernel. */
  readonly constants: Readonly<Record<string, number>>;
}

export interface SgdOptions {
  /** Learning rate, a number above 0. Default 0.01. */
  readonly lr?: number;
  /** Decay of weights as PyTorch's: the gradient plus this times w. Default 0. */
  readonly weightDecay?: number;
}

export interface MomentumOptions extends SgdOptions {
  /** What is left of the last velocity, >= 0 and below 1. Default 0.9. */
  readonly momentum?: number;
}

export interface AdamOptions {
  /** Learning rate, a number above 0. Default 0.001. */
  readonly lr?: number;
  /** What is left of the last mean of gradients, >= 0 and below 1. Default 0.9. */
  readonly beta1?: number;
  /** The same of the mean of their squares. Default 0.999. */
  readonly beta2?: number;
  /** Added to the root of that mean, a number above 0. Default 1e-8. */
  readonly epsilon?: number;
  /** Decay of weights as PyTorch's: the gradient plus this times w. Default 0. */
  readonly weightDecay?: number;
}

const lr = number({ above: 0, default: 0.01 });
const left = { least: 0, below: 1 };
const weightDecay = number({ least: 0, default: 0 });

const sgdOptions = new Schema('sgd', {
  lr,
  weightDecay,
} satisfies FieldsOf<SgdOptions>);

const momentumOptions = new Schema('momentum', {
  lr,
  momentum: number({ ...left, default: 0.9 }),
  weightDecay,
} satisfies FieldsOf<MomentumOptions>);

const adamOptions = new Schema('adam', {
  lr: number({ above: 0, default: 0.001 }),
  beta1: number({ ...left, default: 0.9 }),
  beta2: number({ ...left, default: 0.999 }),
  epsilon: number({ above: 0, default: 1e-8 }),
  weightDecay,
} satisfies FieldsOf<AdamOptions>);

/** w - lr g. Throws OptionError. */
export function sgd(options: SgdOptions = {}): Optimiser {
  const { lr, weightDecay } = sgdOptions.read(options);
  const decay = decayOf(weightDecay);
  return {
    name: 'sgd',
    options: { lr, ...decay.options },
    states: [],
    rates: ['rate'],
    ratesAt: () => [lr],
    constants: decay.constants,
    kernel: mapKernel({
      name: `sgd${decay.name}`,
      each: ['w', 'g'],
      single: ['rate'],
      constants: Object.keys(decay.constants),
      outputs: [['w', `w - rate * ${decay.gradient}`]],
    }),
  };
}

/** Heavy ball, PyTorch's form: v = momentum v + g; w - lr v. Throws OptionError. */
export function momentum(options: MomentumOptions = {}): Optimiser {
  const { lr, momentum, weightDecay } = momentumOptions.read(options);
  const decay = decayOf(weightDecay);
  const constants = { momentum, ...decay.constants };
  return {
    name: 'momentum',
    options: { lr, momentum, ...decay.options },
    states: ['v'],
    rates: ['rate'],
    ratesAt: () => [lr],
    constants,
    kernel: mapKernel({
      name: `momentum${decay.name}`,
      each: ['w', 'g', 'v'],
      single: ['rate'],
      constants: Object.keys(constants),
      outputs: [
        ['v', `momentum * v + ${decay.gradient}`],
        ['w', 'w - rate * v'],
      ],
    }),
  };
}

/** Adam (Kingma and Ba 2015), PyTorch's form. Throws OptionError. */
export function adam(options: AdamOptions = {}): Optimiser {
  const own = adamOptions.read(options);
  const { lr, beta1, beta2, epsilon } = own;
  const decay = decayOf(own.weightDecay);
  const constants = {
    ...{ beta1, rest1: 1 - beta1, beta2, rest2: 1 - beta2, epsilon },
    ...decay.constants,
  };
  return {
    name: 'adam',
    options: { lr, beta1, beta2, epsilon, ...decay.options },
    states: ['m', 'v'],
    rates: ['rate', 'root'],
    ratesAt: (n) => [lr / (1 - beta1 ** n), 1 / Math.sqrt(1 - beta2 ** n)],
    constants,
    kernel: mapKernel({
      name: `adam${decay.name}`,
      each: ['w', 'g', 'm', 'v'],
      single: ['rate', 'root'],
      constants: Object.keys(constants),
      outputs: [
        ['m', `beta1 * m + rest1 * ${decay.gradient}`],
        ['v', `beta2 * v + rest2 * (${decay.gradient} * ${decay.gradient})`],
        ['w', 'w - rate * m / (sqrt(v) * root + epsilon)'],
      ],
    }),
  };
}

/** What decay adds to an optimiser. */
interface Decay {
  readonly name: string;
  readonly options: Readonly<Record<string, number>>;
  readonly constants: Readonly<Record<string, number>>;
  /** The gradient in formulas. */
  readonly gradient: string;
}

/** L2 decay as PyTorch's: the gradient plus decay w. Without, as it was. */
function decayOf(weightDecay: number): Decay {
  return weightDecay === 0
    ? { name: '', options: {}, constants: {}, gradient: 'g' }
    : {
        name: ':decay',
        options: { weightDecay },
        constants: { decay: weightDecay },
        gradient: '(g + decay * w)',
      };
}

/** All optimisers by name. */
export const optimisers = {
  /** Plain steps against the gradient. */
  sgd,
  /** Steps of a velocity, heavy ball. */
  momentum,
  /** Steps of a size that follows the gradients' own. */
  adam,
} as const;

/** Names of the optimisers. */
export type OptimiserName = keyof typeof optimisers;

/** Makes an optimiser by name; its usual rate if not given. Throws OptionError. */
export function makeOptimiser(name: string, lr?: number): Optimiser {
  if (!Object.hasOwn(optimisers, name)) {
    const allowed = Object.keys(optimisers);
    throw new OptionError(
      `Unknown optimiser "${name}": use one of ${allowed.join(', ')}`,
      { name: 'optimiser', value: name, allowed },
    );
  }
  return optimisers[name as OptimiserName](lr === undefined ? {} : { lr });
}
