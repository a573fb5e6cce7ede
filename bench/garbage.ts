/** Collects garbage, which Node does by itself when it likes. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** There is no other way to it without a flag at the start of the process. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
  gc();
}
