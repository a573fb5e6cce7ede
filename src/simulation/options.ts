/** Options of a simulation, and their checks. */

import type { Backend } from '../backends/backend.ts';
import { OptionError, show } from '../base/errors.ts';
import { checkKeys, oneOf } from '../base/options.ts';
import { checkSeed } from '../base/random.ts';
import type { DelayForm, Levelling } from '../graph/level.ts';
import type { Rule } from '../rules/rule.ts';
import type { Optimiser } from './optim.ts';
import { checkMode, type Mode } from './record.ts';

/** Options of a simulation, beside its backend. */
export interface SimulationOptions {
  /** The rule under which parameters learn, such as `zil()`. */
  readonly rule: Rule;
  /**
   * What makes steps of gradients, such as `adam()`. Default null: parameters
   * stay, and gradients can be read.
   */
  readonly optimiser?: Optimiser | null;
  /** How much of a run is executed; the bits are the same. Default 'pruned'. */
  readonly mode?: Mode;
  /** Delays of axons, or explicit identity vertices. Default 'axonal'. */
  readonly form?: DelayForm;
  /** Which delays, for a rule that needs some. Default 'longest-path'. */
  readonly levelling?: Exclude<Levelling, 'none'>;
  /** Seed of initial parameters and noise. Default 1. */
  readonly seed?: number;
}

/** Options of `Simulation.open`. */
export interface SimulateOptions extends SimulationOptions {
  /** The open backend on which it runs. */
  readonly backend: Backend;
}

export const KEYS = [
  'rule',
  'backend',
  'optimiser',
  'mode',
  'form',
  'levelling',
  'seed',
] as const;

/** In plain JavaScript no compiler sees a typo. */
export function checkOptions(options: SimulateOptions): void {
  checkKeys('Simulation.open', options, KEYS);
  const { rule, optimiser, backend } = options;
  if (typeof rule?.record !== 'function') {
    throw new OptionError(
      `Option rule = ${show(rule)}: give a rule, such as zil()`,
    );
  }
  if (optimiser && !optimiser.kernel) {
    throw new OptionError(
      `Option optimiser = ${show(optimiser)}: give an optimiser, such as adam()`,
    );
  }
  if (typeof backend?.compile !== 'function') {
    throw new OptionError(
      `Option backend = ${show(backend)}: give an open backend, or use simulate()`,
    );
  }
  checkMode(options.mode);
  oneOf('form', options.form ?? 'axonal', ['axonal', 'explicit']);
  oneOf('levelling', options.levelling ?? 'longest-path', [
    'longest-path',
    'least-delay',
  ]);
  if (options.levelling && rule.levelling === 'none') {
    throw new OptionError(
      `Option levelling = ${options.levelling}: ${rule.name} with its options ` +
        'runs without delays',
    );
  }
  checkSeed(options.seed);
}
