/**
 * Random graphs on small integers that nothing rounds: ops that are exact on
 * integers, and all values, errors, gradients and sums on the way to them
 * below a bound, by default float32's 2^24. On these any order of sums, any
 * backend and any rule that equals BP must agree exactly with arithmetic on
 * whole numbers.
 */

import type fc from 'fast-check';
import { type Shape, sizeOf } from '../../src/base/tensor.ts';
import type { Graph } from '../../src/graph/graph.ts';
import type { Step } from '../../src/ops/composite.ts';
import type { Attrs } from '../../src/ops/op.ts';
import { opByName, ops as table } from '../../src/ops/table.ts';
import { Assembly } from './assembly.ts';
import { described, type GraphOptions, graphRecipes } from './graphs.ts';
import { magnitude, type Ranged, rangeOf } from './ranges.ts';
import type { Numbers } from './recipe.ts';

/** Ops without rounding on integers. */
export const exactOps: readonly string[] = [
  ...table.filter((op) => op.exactOnIntegers).map((op) => op.name),
  'composite',
];

const integers: Numbers = {
  integer: true,
  leaves: [-2, 2],
  positive: [1, 3],
  factors: [2, -1, 3, -2],
  bounds: [
    [-1, 2],
    [-3, 0],
    [1, 1],
  ],
  fills: [-3, 0, 2],
  limit: 2 ** 10,
};

/** Greatest number below which float32 has every whole number. */
const FLOAT32 = 2 ** 24;

/**
 * Graphs whose arithmetic is exact below `bound`. `mean` occurs over batches
 * of 1, 2, 4, ... only: their quotients are exact.
 */
export function integerGraphs(
  options: Omit<GraphOptions, 'losses'> & {
    /** No number of the graph reaches it. Default 2^24, float32's. */
    readonly bound?: number;
  } = {},
): fc.Arbitrary<Graph> {
  const { ops = exactOps, bound = FLOAT32 } = options;
  return graphRecipes({ ...options, losses: ['half_sse'] })
    .map((recipe) => new Assembly(recipe, ops, integers).build())
    .filter((graph) => greatestNumber(graph) < bound)
    .map(described);
}

interface Node extends Ranged {
  readonly op: string;
  readonly inputs: readonly Node[];
  readonly attrs: Attrs;
  readonly shape: Shape;
}

/** A bound on every number that BP meets on a graph, partial sums included. */
export function greatestNumber(graph: Graph): number {
  const nodes = flatten(graph);
  const output = nodes.byId.get(graph.output.id) as Node;
  const errors = new Map<Node, number>();
  errors.set(output, magnitude(output.range) + magnitude(integers.leaves));
  for (const node of nodes.all.toReversed()) {
    const error = errors.get(node);
    if (error === undefined) continue;
    node.inputs.forEach((input, slot) => {
      const message = error * messageGain(node, slot);
      errors.set(input, (errors.get(input) ?? 0) + message);
    });
  }
  const values = nodes.all.map((node) => partialSum(node));
  // Losses square the error; they are read in float64 alone.
  return Math.max(...values, ...errors.values());
}

/** All vertices, composites taken apart into their steps. */
function flatten(graph: Graph): { all: Node[]; byId: Map<string, Node> } {
  const all: Node[] = [];
  const byId = new Map<string, Node>();
  const add = (op: string, inputs: Node[], attrs: Attrs): Node => {
    const shapes = inputs.map((input) => input.shape);
    const shape = opByName.get(op)!.shape(shapes, attrs);
    const range = rangeOf(op, inputs, attrs);
    const node = { op, inputs, attrs, shape, range };
    all.push(node);
    return node;
  };
  for (const { id, op, inputs, attrs, shape, isLeaf } of graph.vertices) {
    const read = inputs.map((input) => byId.get(input.id) as Node);
    if (isLeaf) {
      const range = leafRange(graph, id);
      const node = { op, inputs: [], attrs, shape, range };
      all.push(node);
      byId.set(id, node);
    } else if (op === 'composite') {
      const made: Node[] = [];
      for (const step of attrs.body as readonly Step[]) {
        const from = step.inputs.map((at) =>
          at >= 0 ? read[at] : made[-1 - at],
        );
        made.push(add(step.op, from, step.attrs ?? {}));
      }
      byId.set(id, made.at(-1) as Node);
    } else {
      byId.set(id, add(op, read, attrs));
    }
  }
  return { all, byId };
}

function leafRange(graph: Graph, id: string): Ranged['range'] {
  const init = graph.inits.get(id);
  const values =
    graph.data.get(id)?.data ?? (init?.kind === 'values' ? init.data : [0]);
  const all = Array.from(values);
  return [Math.min(...all), Math.max(...all)];
}

/** Their partial sums may be larger than they are. */
const SUMS = ['add', 'sub', 'sum', 'linear', 'affine', 'matmul', 'conv2d'];

/** Sums are bounded by the sum of their terms' magnitudes. */
function partialSum({ op, inputs, attrs, range }: Node): number {
  const symmetric = inputs.map((input) => {
    const bound = magnitude(input.range);
    return { shape: input.shape, range: [-bound, bound] as const };
  });
  return magnitude(SUMS.includes(op) ? rangeOf(op, symmetric, attrs) : range);
}

/**
 * Greatest |message| for an error of 1 in every element: how many elements of
 * the output read one of the input, times what they multiply it by.
 */
function messageGain({ op, inputs, attrs, shape }: Node, slot: number): number {
  const other = magnitude(inputs[1 - slot]?.range ?? [0, 0]);
  const columns = shape[shape.length - 1];
  const rows = sizeOf(shape) / columns;
  switch (op) {
    case 'scale':
      return Math.abs(Number(attrs.factor));
    case 'square':
      return 2 * magnitude(inputs[0].range);
    case 'mul':
      return other;
    case 'linear':
    case 'affine':
    case 'matmul':
      if (slot === 2) return rows;
      return other * (slot === 0 ? columns : rows);
    case 'conv2d': {
      const [batch, outputs, ...positions] = shape;
      const [, , ...filter] = inputs[1].shape;
      const readers = slot === 0 ? [outputs, ...filter] : [batch, ...positions];
      return (slot === 2 ? 1 : other) * sizeOf(readers);
    }
    case 'maxpool2d':
      return Number(attrs.kernel) ** 2;
    case 'expand':
      return sizeOf(shape) / sizeOf(inputs[0].shape);
    case 'embedding':
      return slot === 0 ? sizeOf(inputs[1].shape) : 0;
    default:
      return 1;
  }
}
