/** All experiments, in one explicit list. */

import { OptionError } from '../errors.ts';
import type { Experiment } from './experiment.ts';
import { table1 } from './table1.ts';
import { table3 } from './table3.ts';

export const experiments: readonly Experiment[] = [table1, table3];

/** An experiment by name. Throws OptionError. */
export function experimentByName(name: string): Experiment {
  const found = experiments.find((experiment) => experiment.name === name);
  if (found) return found;
  throw new OptionError(
    `Unknown experiment "${name}": use one of ` +
      experiments.map((experiment) => experiment.name).join(', '),
    { name },
  );
}
