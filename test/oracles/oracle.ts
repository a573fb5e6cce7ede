/**
 * Numbers of another framework (float64 automatic differentiation), which
 * share no code with isochron. The copies in data/ travel with the tests;
 * ISOCHRON_ORACLES names another folder, and a folder shared/oracles beside
 * the repository is taken before the copies.
 */

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseJson } from '../../src/graph/json.ts';
import { opByName } from '../../src/ops/table.ts';

export interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export type Named = Readonly<Record<string, Numbers>>;

/** A file of schema `pc-oracle/1`: a graph with its answers. */
export interface GraphOracle {
  readonly schema: string;
  readonly graph: readonly { readonly id: string; readonly op: string }[];
  readonly output: string;
  readonly loss: { readonly kind: string; readonly value: number };
  readonly target: Numbers;
  readonly leaves: Named;
  readonly activations: Named;
  readonly gradients: Named;
  readonly vertex_gradients: Named;
  readonly levels: {
    readonly depth: Readonly<Record<string, number>>;
    readonly K: number;
    readonly identity_vertices: readonly {
      readonly child: string;
      readonly parent: string;
      readonly operand: number;
      readonly count: number;
    }[];
  };
}

function oracleFolder(): string {
  const named = process.env['ISOCHRON_ORACLES'];
  if (named) return named;
  const shared = fileURLToPath(
    new URL('../../../shared/oracles', import.meta.url),
  );
  if (fs.existsSync(shared)) return shared;
  return fileURLToPath(new URL('data', import.meta.url));
}

const folder = oracleFolder();

/** Reads one oracle file. The caller knows its schema. */
export function oracle<T>(name: string): T {
  const file = path.join(folder, `${name}.json`);
  return parseJson(fs.readFileSync(file, 'utf8'), file) as T;
}

/** Names of all graphs with answers whose ops isochron has. */
export function graphOracles(): string[] {
  return fs
    .readdirSync(folder)
    .filter((file) => file.endsWith('.json') && file !== 'biome.json')
    .map((file) => file.replace(/\.json$/, ''))
    .filter((name) => {
      const file = oracle<Partial<GraphOracle>>(name);
      return (
        file.schema === 'pc-oracle/1' &&
        file.graph?.every(
          ({ op }) => op === 'input' || op === 'param' || opByName.has(op),
        )
      );
    })
    .sort();
}

/** |a - b| / |b| in the Euclidean norm. */
export function relativeDistance(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): number {
  if (a.length !== b.length) return Number.NaN;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < a.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    size += b[i] ** 2;
  }
  return difference === 0 ? 0 : Math.sqrt(difference / size);
}

/** The same over all tensors of a record, taken as one vector. */
export function relativeDistanceOfAll(
  found: ReadonlyMap<string, ArrayLike<number>>,
  expected: Named,
): number {
  const a: number[] = [];
  const b: number[] = [];
  for (const [id, values] of found) {
    a.push(...Array.from(values));
    b.push(...expected[id].data);
  }
  return a.length === 0 ? Number.NaN : relativeDistance(a, b);
}

export function negated(values: ArrayLike<number>): number[] {
  return Array.from(values, (value) => -value);
}

/** Cosine of the angle between two vectors. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return ab / Math.sqrt(aa * bb);
}
