/** All experiments, in one explicit list. */

import { named, type Study } from '../studies/study.ts';
import { comparison } from './comparison/comparison.ts';
import { landscape } from './comparison/landscape.ts';
import { weights } from './comparison/weights.ts';
import { fig2 } from './millidge/fig2.ts';
import { fig3 } from './millidge/fig3.ts';
import { fig5 } from './millidge/fig5.ts';
import { fig9 } from './millidge/fig9.ts';
import { delays } from './salvatori/delays.ts';
import { levelling } from './salvatori/levelling.ts';
import { table1 } from './salvatori/table1.ts';
import { table2 } from './salvatori/table2.ts';
import { table3 } from './salvatori/table3.ts';
import { fazil } from './song/fazil.ts';
import { gammaT } from './song/gamma-t.ts';
import { sigma } from './song/sigma.ts';

export const experiments: readonly Study[] = [
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
export const experimentByName = (name: string) =>
  named('experiment', experiments, name);
