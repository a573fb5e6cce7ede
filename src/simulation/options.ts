/** Options of a simulation. */

import type { Backend } from '../backends/backend.ts';
import { openedBackend } from '../backends/open.ts';
import { seed } from '../base/random.ts';
import {
  type FieldsOf,
  made,
  maybe,
  oneOf,
  Schema,
  type Values,
} from '../base/schema.ts';
import { type DelayForm, form, type Levelling } from '../graph/level.ts';
import type { Rule } from '../rules/rule.ts';
import type { Optimiser } from './optim.ts';
import { type Mode, mode } from './record.ts';

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

export const ruleOption = made<Rule>(
  'a rule, such as zil()',
  (rule) => typeof (rule as Rule | null)?.record === 'function',
);

export const simulationFields = {
  rule: ruleOption,
  backend: openedBackend,
  optimiser: maybe(
    'an optimiser, such as adam()',
    (optimiser) => optimiser === null || !!(optimiser as Optimiser).kernel,
  ),
  mode,
  form,
  levelling: oneOf(['longest-path', 'least-delay'], { optional: true }),
  seed,
} satisfies FieldsOf<SimulateOptions>;

const simulationOptions = new Schema('Simulation.open', simulationFields);

/** In plain JavaScript no compiler sees a typo. Throws OptionError. */
export function readOptions(
  options: SimulateOptions,
): Values<typeof simulationFields> {
  const own = simulationOptions.read(options);
  const { levelling, rule } = own;
  if (levelling === undefined || rule.levelling !== 'none') return own;
  const remedy = `${rule.name} with its options runs without delays`;
  throw simulationOptions.error('levelling', levelling, remedy);
}
