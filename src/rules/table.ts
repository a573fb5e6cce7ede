/** All rules, in one explicit list. */

import { OptionError } from '../base/errors.ts';
import { bp } from './bp.ts';
import { fazil } from './fazil.ts';
import { il } from './il.ts';
import { ipc } from './ipc.ts';
import type { Rule } from './rule.ts';
import { zil } from './zil.ts';

export interface RuleEntry {
  readonly name: string;
  readonly title: string;
  /** Options it takes, with what they mean. */
  readonly options: Readonly<Record<string, string>>;
  readonly make: (options: Record<string, never>) => Rule;
}

export const rules: readonly RuleEntry[] = [
  {
    name: 'bp',
    title: 'backpropagation on a tape, the yardstick',
    options: {},
    make: bp,
  },
  {
    name: 'zil',
    title: 'zero-divergence inference learning: equals bp to the bit',
    options: {
      gamma: 'integration step (1)',
      levelled: 'delays that make errors meet (true)',
      plasticity: 'level | first | last | every (level)',
      sigma: 'noise on the initial values (0)',
      precision: 'one | learned: precisions of the neurons (one)',
    },
    make: zil,
  },
  {
    name: 'fazil',
    title:
      'fully autonomous Z-IL: error events trigger plasticity; equals bp too',
    options: {
      trigger: 'population | unit (population)',
      steps: 'instants a presentation (K, the highest level)',
      precision: 'one | learned: precisions of the neurons (one)',
    },
    make: fazil,
  },
  {
    name: 'il',
    title: 'inference learning: values relax, then parameters learn',
    options: {
      gamma: 'integration step (0.1)',
      steps: 'inference steps T (100)',
      prediction: 'recomputed | fixed (recomputed)',
      plasticity: 'end, or a number of steps (end)',
      sigma: 'noise on the initial values (0)',
      precision: 'one | learned: precisions of the neurons (one)',
    },
    make: il,
  },
  {
    name: 'ipc',
    title: 'incremental predictive coding: parameters learn at every step',
    options: {
      gamma: 'integration step (0.1)',
      steps: 'inference steps T (20)',
      prediction: 'recomputed | fixed (recomputed)',
      sigma: 'noise on the initial values (0)',
      precision: 'one | learned: precisions of the neurons (one)',
    },
    make: ipc,
  },
];

/** Makes a rule by name; unknown names and options are errors. */
export function makeRule(
  name: string,
  options: Readonly<Record<string, unknown>> = {},
): Rule {
  const entry = rules.find((rule) => rule.name === name);
  if (!entry) {
    throw new OptionError(
      `Unknown rule "${name}": use one of ${rules.map((r) => r.name).join(', ')}`,
    );
  }
  return entry.make(options as Record<string, never>);
}
