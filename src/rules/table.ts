import { OptionError } from '../base/errors.ts';
import { bpEntry } from './bp.ts';
import { fazilEntry } from './fazil.ts';
import { ilEntry } from './il.ts';
import { ipcEntry } from './ipc.ts';
import type { Rule, RuleEntry } from './rule.ts';
import { zilEntry } from './zil.ts';

/** All rules, in one explicit list. */
export const rules: readonly RuleEntry[] = [
  bpEntry,
  zilEntry,
  fazilEntry,
  ilEntry,
  ipcEntry,
];

/** The rule of a name in the list. Throws OptionError. */
export function ruleByName(name: string): RuleEntry {
  const entry = rules.find((rule) => rule.name === name);
  if (entry) return entry;
  const allowed = rules.map((rule) => rule.name);
  throw new OptionError(
    `Unknown rule "${name}": use one of ${allowed.join(', ')}`,
    { name: 'rule', value: name, allowed },
  );
}

/** Makes a rule by name; unknown names and options are errors. */
export const makeRule = (
  name: string,
  options: Readonly<Record<string, unknown>> = {},
): Rule => ruleByName(name).make(options as Record<string, never>);
