/** All experiments, in one explicit list. */

import { OptionError } from '../errors.ts';
import { comparison } from './comparison.ts';
import { delays } from './delays.ts';
import type { Experiment } from './experiment.ts';
import { fazil } from './fazil.ts';
import { fig2 } from './fig2.ts';
import { fig3 } from './fig3.ts';
import { fig5 } from './fig5.ts';
import { fig9 } from './fig9.ts';
import { gammaT } from './gamma-t.ts';
import { landscape } from './landscape.ts';
import { levelling } from './levelling.ts';
import { sigma } from './sigma.ts';
import { table1 } from './table1.ts';
import { table2 } from './table2.ts';
import { table3 } from './table3.ts';
import { weights } from './weights.ts';

export const experiments: readonly Experiment[] = [
  fig2,
  fig3,
  fig5,
  fig9,
  sigma,
  gammaT,
  fazil,
  comparison,
  landscape,
  weights,
  table1,
  table2,
  table3,
  levelling,
  delays,
];

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
