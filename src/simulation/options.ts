/** Options of a simulation, and their checks. */

import type { Backend } from '../backends/backend.ts';
import { OptionError, show } from '../base/errors.ts';
import { checkKeys, oneOf } from '../base/options.ts';
import { checkSeed } from '../base/random.ts';
import type { DelayForm, Levelling } from '../graph/level.ts';
import type { Rule } from '../rules/rule.ts';
import type { Optimiser } from './optim.ts';
import { checkMode, type Mode } from './record.ts';

export interface SimulateOptions {
  readonly rule: Rule;
  readonly backend: Backend;
  /** Without one, parameters stay and gradients can be read. */
  readonly optimiser?: Optimiser | null;
  readonly mode?: Mode;
  readonly form?: DelayForm;
  /** Which delays, for a rule that needs some (longest-path). */
  readonly levelling?: Exclude<Levelling, 'none'>;
  /** For initial parameters and noise; 1 if not given. */
  readonly seed?: number;
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
