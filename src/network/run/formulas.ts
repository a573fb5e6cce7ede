/**
 * What a population computes in one tick, as one list of formulas in order:
 * the common source of its loop on the CPU and of its WGSL. Names of a model get a
 * prefix, so that none can be a word of a language.
 */

import type { PopulationModel } from '../model.ts';

/** Names in the formulas: x_NAME is before the tick, z_NAME after it. */
export interface TickFormulas {
  /** In order; each uses what comes before it. */
  readonly lets: readonly (readonly [name: string, formula: string])[];
  /** Formula of each state variable after the tick. */
  readonly state: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  /** Condition under which a spike is sent, or null. */
  readonly spike: string | null;
}

/** Name of what arrives over the k-th projection. */
export const arrivalName = (k: number) => `r_${k}`;

const MOST_TERMS = 16;

/** `arriving` gives, for each port, which projections arrive there, in order. */
export function tickFormulas(
  model: PopulationModel,
  arriving: Readonly<Record<string, readonly number[]>>,
): TickFormulas {
  const before = (text: string) => rename(text, () => 'x_');
  const lets: [string, string][] = [];
  for (const port of model.ports) {
    const from = arriving[port]?.map(arrivalName) ?? [];
    // Compilers of WGSL bear formulas of so many terms, and no more.
    for (let part = 0; from.length > MOST_TERMS; part++) {
      const sum = from.splice(0, MOST_TERMS).join(' + ');
      const name = `s_${port}_${part}`;
      lets.push([name, sum]);
      from.unshift(name);
    }
    lets.push([`x_${port}`, from.join(' + ') || '0']);
  }
  for (const [name, formula] of model.lets ?? []) {
    lets.push([`x_${name}`, before(formula)]);
  }
  const variables = Object.keys(model.state);
  for (const name of variables) {
    const formula = model.update[name];
    lets.push([
      `n_${name}`,
      formula === undefined ? `x_${name}` : before(formula),
    ]);
  }
  const isState = (name: string) => variables.includes(name);
  const renewed = (text: string) =>
    rename(text, (name) => (isState(name) ? 'n_' : 'x_'));
  const { spike, reset = {} } = model;
  if (spike !== undefined) {
    lets.push(['spiked', `where(${renewed(spike)}, 1, 0)`]);
  }
  for (const name of variables) {
    lets.push([
      `z_${name}`,
      reset[name] === undefined
        ? `n_${name}`
        : `where(spiked > 0, ${renewed(reset[name])}, n_${name})`,
    ]);
  }
  const after = (text: string) =>
    rename(text, (name) => (isState(name) ? 'z_' : 'x_'));
  return {
    lets,
    state: Object.fromEntries(variables.map((name) => [name, `z_${name}`])),
    outputs: Object.fromEntries(
      Object.entries(model.outputs ?? {}).map(([name, formula]) => [
        name,
        after(formula),
      ]),
    ),
    spike: spike === undefined ? null : 'spiked > 0',
  };
}

/** Puts a prefix before every name that is not a function's. */
function rename(formula: string, prefix: (name: string) => string): string {
  return formula.replace(
    /(?<![\w.])[A-Za-z_]\w*(?!\w*\s*\()/g,
    (name) => `${prefix(name)}${name}`,
  );
}
