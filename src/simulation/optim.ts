/** Optimisers: how a gradient changes a parameter. One kernel call each. */

import { OptionError } from '../base/errors.ts';
import { checkKeys, fraction, notNegative, positive } from '../base/options.ts';
import { type MapKernel, mapKernel } from '../kernels/map.ts';

export interface Optimiser {
  readonly name: string;
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

/** w - lr g. */
export function sgd(
  options: { lr?: number; weightDecay?: number } = {},
): Optimiser {
  checkKeys('sgd', options, ['lr', 'weightDecay']);
  const lr = positive('lr', options.lr ?? 0.01);
  const decay = decayOf(options);
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

/** Heavy ball, PyTorch's form: v = momentum v + g; w - lr v. */
export function momentum(
  options: { lr?: number; momentum?: number; weightDecay?: number } = {},
): Optimiser {
  checkKeys('momentum', options, ['lr', 'momentum', 'weightDecay']);
  const lr = positive('lr', options.lr ?? 0.01);
  const momentum = fraction('momentum', options.momentum ?? 0.9);
  const decay = decayOf(options);
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

/** Adam (Kingma and Ba 2015), PyTorch's form. */
export function adam(
  options: {
    lr?: number;
    beta1?: number;
    beta2?: number;
    epsilon?: number;
    weightDecay?: number;
  } = {},
): Optimiser {
  const keys = ['lr', 'beta1', 'beta2', 'epsilon', 'weightDecay'];
  checkKeys('adam', options, keys);
  const lr = positive('lr', options.lr ?? 0.001);
  const beta1 = fraction('beta1', options.beta1 ?? 0.9);
  const beta2 = fraction('beta2', options.beta2 ?? 0.999);
  const epsilon = positive('epsilon', options.epsilon ?? 1e-8);
  const decay = decayOf(options);
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
function decayOf({ weightDecay = 0 }: { weightDecay?: number }): Decay {
  notNegative('weightDecay', weightDecay);
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
export const optimisers = { sgd, momentum, adam } as const;
export type OptimiserName = keyof typeof optimisers;

/** Makes an optimiser by name. */
export function makeOptimiser(name: string, lr?: number): Optimiser {
  if (!Object.hasOwn(optimisers, name)) {
    throw new OptionError(
      `Unknown optimiser "${name}": use one of ${Object.keys(optimisers).join(', ')}`,
    );
  }
  return optimisers[name as OptimiserName](lr === undefined ? {} : { lr });
}
