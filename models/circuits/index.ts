/** Circuits by name: the shelf, in the order of what is asked of them. */

import type { Shelved } from '../../src/studies/shelf.ts';
import { cuba } from './cuba.ts';
import { delayLineReservoir } from './delay-line.ts';
import { echo } from './echo.ts';
import { hierarchy } from './hierarchy.ts';
import { inhibition } from './inhibition.ts';
import { jeffress } from './jeffress.ts';
import { mackeyGlassCircuit } from './mackey-glass.ts';
import { motion } from './motion.ts';
import { polychrony } from './polychrony.ts';
import { skipWave } from './skip-wave.ts';
import { synfire } from './synfire.ts';
import { wilsonCowan } from './wilson-cowan.ts';

export {
  type Outcome,
  parametersOf as circuitParameters,
  type Shelved,
  Workbench,
} from '../../src/studies/shelf.ts';
export type { Verdict } from '../../src/studies/verdict.ts';

/** The shelf: each circuit is held to a number that is known of it. */
export const circuits: readonly Shelved[] = [
  echo,
  motion,
  inhibition,
  wilsonCowan,
  mackeyGlassCircuit,
  delayLineReservoir,
  hierarchy,
  skipWave,
  jeffress,
  synfire,
  polychrony,
  cuba,
];
