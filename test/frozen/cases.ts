/** Cases of the picture on backends. */

import type { BackendName } from './adapter.ts';
import type { Case } from './picture.ts';

export type { Case } from './picture.ts';

/** A case of float32 on its backends, and one of float64 by itself. */
export function onBackends(
  key: string,
  backends: readonly BackendName[],
  run: (backend: BackendName) => Promise<string>,
): Case[] {
  const parts = (names: readonly BackendName[]) =>
    Object.fromEntries(names.map((name) => [name, () => run(name)]));
  const singles = backends.filter((name) => name !== 'f64');
  const cases: Case[] = [{ key, parts: parts(singles) }];
  if (backends.length > singles.length) {
    cases.push({ key: `${key}, f64`, parts: { '': () => run('f64') } });
  }
  return cases;
}

/** A case whose parts are made together. */
export function caseOf(
  key: string,
  names: readonly string[],
  make: () => Promise<Readonly<Record<string, string>>>,
): Case {
  let made: ReturnType<typeof make> | null = null;
  const part = (name: string) => async () => {
    made ??= make();
    return (await made)[name];
  };
  const parts = names.map((name) => [name, part(name)] as const);
  return { key, parts: Object.fromEntries(parts) };
}
