/**
 * Random computation graphs: directed and acyclic, with skips, parameters
 * read at several levels, vertices of many consumers, inputs read twice by
 * one op, tensors of one to four axes, images, numbers of things to look up,
 * composites, both losses, and branches that lead nowhere. Leaves, inputs and target carry values, so
 * a graph is a whole case: `feedsOf` gives what a simulation is fed.
 */

import fc from 'fast-check';
import { type Graph, parametersOf } from '../../src/graph/graph.ts';
import type { Op } from '../../src/ops/op.ts';
import { lossByName, ops as table } from '../../src/ops/table.ts';
import type { Feeds } from '../../src/simulation/simulate.ts';
import { Assembly } from './assembly.ts';
import type { GraphRecipe, Numbers } from './recipe.ts';

/** Options of `graphs`: what random graphs are made of, and how large. */
export interface GraphOptions {
  /** Names of ops that may occur; default: all of the table. */
  readonly ops?: readonly string[];
  /** Most recipes; a recipe makes one op, seldom up to three. Default 12. */
  readonly maxOps?: number;
  /** Longest axis of a leaf, images one more. Default 3. */
  readonly maxSize?: number;
  /** Names of losses that may occur; default: all. */
  readonly losses?: readonly string[];
  /** Lead all branches to the output: true, false, or either (default). */
  readonly join?: boolean;
}

/** Names of all ops of the table. */
export const allOps: readonly string[] = table.map((op) => op.name);

/** Whether its derivative jumps: where it chooses. */
const hasKink = ({ name, formulas = [] }: Op) =>
  name === 'maxpool2d' || formulas.some((text) => text.includes('where('));

/**
 * Ops for finite differences: their derivatives have no jump, and none of
 * their inputs has to be a whole number.
 */
export const smoothOps: readonly string[] = table
  .filter((op) => !hasKink(op) && !op.indices)
  .map(({ name }) => name);

/**
 * Ops that give a finite number wherever learning or inference moves their
 * inputs: none with a domain, as roots and quotients, and no exponentials.
 */
export const totalOps: readonly string[] = table
  .filter(({ name, domain }) => !domain && name !== 'exp')
  .map(({ name }) => name);

/** Well-conditioned reals, all of them float32 numbers. */
const reals: Numbers = {
  integer: false,
  leaves: [-1, 1],
  positive: [0.3, 1.1],
  factors: [0.5, -1.25, 0.75, 1.5],
  bounds: [
    [-0.5, 0.5],
    [0, 1.5],
    [-1, 0.25],
  ],
  fills: [-4, 0, 1.5],
  limit: 8,
};

/**
 * Graphs on real numbers. All values stay below 8, `Op.domain` is kept, and
 * every leaf is a float32 number, so all backends start from the same bits.
 * Shrinks towards few ops on the latest vertex, and axes of length 1.
 */
export function graphs(options: GraphOptions = {}): fc.Arbitrary<Graph> {
  const { ops = allOps } = options;
  return graphRecipes(options).map((recipe) =>
    described(new Assembly(recipe, ops, reals).build()),
  );
}

/** The lists of numbers from which graphs are assembled. */
export function graphRecipes(
  options: GraphOptions = {},
): fc.Arbitrary<GraphRecipe> {
  const { maxOps = 12, maxSize = 3, join } = options;
  const { losses = [...lossByName.keys()] } = options;
  const number = fc.nat({ max: 63 });
  const axis = fc.integer({ min: 1, max: maxSize });
  const side = fc.integer({ min: 1, max: maxSize + 1 });
  return fc.record({
    batch: axis,
    widths: fc.tuple(axis, axis),
    sides: fc.tuple(side, side),
    input: number,
    leaves: fc.array(
      fc.record({
        kind: fc.constantFrom(
          'param' as const,
          'param' as const,
          'input' as const,
        ),
        shape: number,
        positive: fc.boolean(),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    recipes: fc.array(
      fc.record({
        op: fc.nat({ max: 1023 }),
        first: number,
        others: fc.array(number, { maxLength: 3 }),
        choice: fc.nat({ max: 4095 }),
      }),
      { minLength: 1, maxLength: maxOps, size: 'max' },
    ),
    join: join === undefined ? fc.boolean() : fc.constant(join),
    loss: fc.constantFrom(...losses),
    reduction: fc.constantFrom('sum' as const, 'mean' as const),
    seed: fc.nat({ max: 0xffff }),
  });
}

/** What a simulation of the graph is fed: its own data and target. */
export function feedsOf(graph: Graph): Feeds {
  return Object.fromEntries(
    [...graph.data].map(([id, { data }]) => [id, data]),
  );
}

/** A graph on a few lines: every vertex, the values of leaves, the loss. */
export function describeGraph(graph: Graph): string {
  const inits = new Map(
    parametersOf(graph).map(({ id }) => {
      const init = graph.inits.get(id);
      return [id, init?.kind === 'values' ? [...asArray(init.data)] : init];
    }),
  );
  const data = new Map(
    [...graph.data].map(([id, tensor]) => [id, [...asArray(tensor.data)]]),
  );
  const lines = graph.vertices.map(({ id, op, inputs, attrs, shape }) => {
    const read = inputs.map((input) => input.id).join(', ');
    const more = Object.keys(attrs).length > 0 ? JSON.stringify(attrs) : '';
    const values = inits.get(id) ?? data.get(id);
    const tail = values ? ` = ${JSON.stringify(values)}` : '';
    return `  ${id} [${shape}] = ${op}(${read})${more}${tail}`;
  });
  const { kind, reduction } = graph.loss;
  const target = JSON.stringify(data.get('target'));
  return `graph of\n${lines.join('\n')}\n  ${kind}, ${reduction}, of ${graph.output.id}; target ${target}\n`;
}

/** The same graph; fast-check prints it by `describeGraph`. */
export function described(graph: Graph): Graph {
  return Object.freeze({
    ...graph,
    [fc.toStringMethod]: () => describeGraph(graph),
  });
}

function asArray(data: ArrayLike<number>): number[] {
  return Array.from(data);
}
