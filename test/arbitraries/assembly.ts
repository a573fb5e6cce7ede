/**
 * From lists of small numbers to valid graphs. A recipe says what to make in
 * numbers that are read against the vertices made so far ("the 5th op of the
 * list on the 2nd latest vertex"), so every list means some graph, and
 * fast-check may shorten lists and lower numbers as it likes.
 */

import { Random } from '../../src/base/random.ts';
import { type Shape, sameShape, sizeOf } from '../../src/base/tensor.ts';
import { type Graph, GraphBuilder } from '../../src/graph/graph.ts';
import type { Vertex } from '../../src/graph/vertex.ts';
import type { Attrs } from '../../src/ops/op.ts';
import { opByName } from '../../src/ops/table.ts';
import { makerOf } from './makers.ts';
import { magnitude, type Range, rangeOf } from './ranges.ts';
import { Digits, type GraphRecipe, type Numbers } from './recipe.ts';

/** Most axes and elements of what is made. */
export const MOST_AXES = 4;
const LARGEST = 144;

/** Ways into the domain of an op, the gentlest first. */
const WAYS = [['tanh'], ['sigmoid'], ['tanh', 'exp'], ['tanh', 'sigmoid']];

/** Whole numbers that are no things to look up are below this. */
const STEPS = 8;

export class Assembly {
  readonly recipe: GraphRecipe;
  readonly ops: readonly string[];
  readonly numbers: Numbers;
  private readonly builder = new GraphBuilder();
  private readonly made: Vertex[] = [];
  private readonly ranges = new Map<Vertex, Range>();
  private readonly read = new Set<Vertex>();
  /** Data inputs of whole numbers from 0 on. */
  private readonly indexing = new Set<Vertex>();

  constructor(recipe: GraphRecipe, ops: readonly string[], numbers: Numbers) {
    this.recipe = recipe;
    this.ops = ops;
    this.numbers = numbers;
  }

  build(): Graph {
    const { leaves, recipes, join, loss } = this.recipe;
    this.leaf('input', this.shapeAt(this.recipe.input));
    for (const { kind, shape, positive } of leaves) {
      const { numbers } = this;
      const range = positive ? numbers.positive : numbers.leaves;
      this.leaf(kind, this.shapeAt(shape), range);
    }
    for (const { op: at, first, others, choice } of recipes) {
      const op = this.ops[at % this.ops.length];
      const other = (k: number) => others[k] ?? 0;
      const more = { choice, count: others.length, other };
      const digits = new Digits(choice);
      makerOf(op)(this, this.pick(first), { ...more, op, digits });
    }
    if (join) this.joinBranches();
    if (loss === 'softmax_xent') this.addClass();
    const output = this.latestOp();
    const exact = !this.numbers.integer || isPowerOfTwo(output.shape[0]);
    return this.builder.output(output, loss, {
      reduction: exact ? this.recipe.reduction : 'sum',
      target: this.target(output.shape, loss),
    });
  }

  /** Makes a vertex, or a harmless one where it would grow too large. */
  make(op: string, inputs: Vertex[], attrs: Attrs = {}): Vertex {
    const range = this.rangeOf(op, inputs, attrs);
    const shapes = inputs.map((v) => v.shape);
    const size = sizeOf(opByName.get(op)!.shape(shapes, attrs));
    const grows = size > Math.max(LARGEST, ...inputs.map((v) => v.size));
    const calm = ['tanh', 'relu', 'identity'].find(
      (name) => name !== op && this.ops.includes(name),
    );
    return calm && (grows || magnitude(range) > this.numbers.limit)
      ? this.apply(calm, [inputs[0]])
      : this.apply(op, inputs, attrs);
  }

  /** A vertex whose values are in an interval: this one, or made of it. */
  within(vertex: Vertex, [least, greatest]: Range): Vertex {
    const fits = ([low, high]: Range) => low >= least && high <= greatest;
    if (fits(this.ranges.get(vertex) as Range)) return vertex;
    for (const way of WAYS) {
      let range = this.ranges.get(vertex) as Range;
      const { shape } = vertex;
      for (const op of way) range = rangeOf(op, [{ range, shape }]);
      if (!fits(range) || !way.every((op) => this.ops.includes(op))) continue;
      return way.reduce((at, op) => this.make(op, [at]), vertex);
    }
    return this.leaf('param', vertex.shape, this.numbers.positive);
  }

  /** A vertex of enough axes: this one, another, or this one laid out anew. */
  ranked(vertex: Vertex, axes: number, n: number): Vertex {
    const fits = ({ shape }: Vertex) => shape.length >= axes;
    if (fits(vertex)) return vertex;
    const there = this.latest(fits);
    const views = this.ops.includes('reshape');
    if (there.length > 0 && (n % 2 === 1 || !views)) {
      return there[Math.floor(n / 2) % there.length];
    }
    if (!views) return this.leaf('param', this.shapeOfRank(axes));
    const shape = [...vertex.shape];
    const at = Math.floor(n / 2) % (shape.length + 1);
    shape.splice(at, 0, ...Array(axes - shape.length).fill(1));
    return this.make('reshape', [vertex], { shape });
  }

  /** Another vertex of the shape, or a fresh one. */
  like(shape: Shape, n: number): Vertex {
    const alike = this.latest((v) => sameShape(v.shape, shape));
    return orFresh(alike, n, () => this.leaf('param', shape));
  }

  /** The same for factors of sums of so many terms. */
  weights(shape: Shape, terms: number, n: number): Vertex {
    const alike = this.latest((v) => sameShape(v.shape, shape));
    return orFresh(alike, n, () => {
      const { integer, leaves } = this.numbers;
      const part = integer ? 1 : Math.min(1, 3 / terms);
      const range = [leaves[0] * part, leaves[1] * part] as const;
      return this.leaf('param', shape, range);
    });
  }

  /** A matrix of so many columns, fresh ones with so many rows. */
  matrix(columns: number, rows: number, n: number): Vertex {
    const fits = this.latest(
      ({ shape }) => shape.length === 2 && shape[1] === columns,
    );
    const fresh = () => this.weights([rows, columns], columns, 0);
    return orFresh(fits, n, fresh);
  }

  /** A data input of whole numbers from 0 to below some number. */
  indices(shape: Shape, below: number, n: number): Vertex {
    const fits = this.latest(
      (v) =>
        this.indexing.has(v) &&
        sameShape(v.shape, shape) &&
        (this.ranges.get(v) as Range)[1] < below,
    );
    return orFresh(fits, n, () => {
      const range = [0, Math.min(below, STEPS) - 1] as const;
      const leaf = this.leaf('input', shape, range, true);
      this.indexing.add(leaf);
      return leaf;
    });
  }

  latest(wanted: (vertex: Vertex) => boolean): Vertex[] {
    return this.made.filter(wanted).reverse();
  }

  leaf(
    kind: 'input' | 'param',
    shape: Shape,
    range = this.numbers.leaves,
    whole = this.numbers.integer,
  ): Vertex {
    const id = `${kind === 'input' ? 'x' : 'w'}${this.made.length}`;
    const values = this.values(id, sizeOf(shape), range, whole);
    return this.keep(this.builder[kind](id, shape, values), range);
  }

  readonly width = (n: number) => [...this.recipe.widths, 1][n % 3];

  private rangeOf(op: string, inputs: readonly Vertex[], attrs: Attrs): Range {
    const seen = inputs.map((v) => ({
      range: this.ranges.get(v) as Range,
      shape: v.shape,
    }));
    return rangeOf(op, seen, attrs);
  }

  private apply(op: string, inputs: Vertex[], attrs: Attrs = {}): Vertex {
    for (const input of inputs) this.read.add(input);
    const range = this.rangeOf(op, inputs, attrs);
    return this.keep(this.builder.apply(op, inputs, attrs), range);
  }

  private keep(vertex: Vertex, range: Range): Vertex {
    this.made.push(vertex);
    this.ranges.set(vertex, range);
    return vertex;
  }

  private latestOp(): Vertex {
    return this.made.findLast((vertex) => !vertex.isLeaf) as Vertex;
  }

  /**
   * Adds up all that nothing reads yet, so that little is dead; classes stay
   * apart, for of one class nothing can be learnt.
   */
  private joinBranches(): void {
    const ends = this.made.filter((v) => !v.isLeaf && !this.read.has(v));
    if (ends.length < 2) return;
    const one = ['mean', 'sum'].find((name) => this.ops.includes(name));
    const all = this.recipe.loss === 'softmax_xent' ? 'concat' : 'add';
    const way = [all, 'add'].find((name) => this.ops.includes(name));
    if (!one || !way) return;
    const alike = ends.every((v) => sameShape(v.shape, ends[0].shape));
    const terms = alike
      ? ends
      : ends.map((v) =>
          sameShape(v.shape, [1]) ? v : this.builder.apply(one, [v]),
        );
    const attrs = way === 'concat' ? { axis: -1 } : {};
    this.made.push(this.builder.apply(way, terms, attrs));
  }

  /** A second class where an output has one. */
  private addClass(): void {
    const output = this.latestOp();
    if (output.shape.at(-1) !== 1 || !this.ops.includes('concat')) return;
    const other = this.leaf('param', output.shape);
    this.made.push(this.builder.apply('concat', [output, other], { axis: -1 }));
  }

  /** Even numbers prefer what nothing reads yet, odd ones take any. */
  private pick(n: number): Vertex {
    const unread = this.latest((v) => !v.isLeaf && !this.read.has(v));
    if (n % 2 === 0 && unread.length > 0)
      return unread[(n / 2) % unread.length];
    const all = this.latest(() => true);
    return all[Math.floor(n / 2) % all.length];
  }

  private shapeAt(n: number): Shape {
    const { batch, widths } = this.recipe;
    const [a, b] = widths;
    const small = [[batch, a], [a], [1], [batch, b], [a, b], [b]];
    const large = [3, 4, 4].map((axes) => this.shapeOfRank(axes));
    return [...small, ...large][n % (small.length + large.length)];
  }

  private shapeOfRank(axes: number): Shape {
    const { batch, widths, sides } = this.recipe;
    if (axes === 3) return [batch, sides[0], widths[1]];
    return [batch, widths[0], ...sides].slice(0, axes);
  }

  private values(
    name: string,
    size: number,
    [low, high]: Range,
    whole = this.numbers.integer,
  ): number[] {
    const random = new Random(this.recipe.seed, name);
    return Array.from({ length: size }, () =>
      whole
        ? low + random.below(high - low + 1)
        : Math.fround(low + (high - low) * random.uniform()),
    );
  }

  /** Numbers, or for classes a one-hot row for each row of the output. */
  private target(shape: Shape, loss: string): number[] {
    const size = sizeOf(shape);
    if (loss !== 'softmax_xent') {
      return this.values('target', size, this.numbers.leaves);
    }
    const random = new Random(this.recipe.seed, 'target');
    const classes = shape.at(-1)!;
    return Array.from({ length: size / classes }, () => {
      const right = random.below(classes);
      return Array.from({ length: classes }, (_, i) => Number(i === right));
    }).flat();
  }
}

/** An existing vertex, or a fresh one where the number says so. */
export function orFresh(
  there: readonly Vertex[],
  n: number,
  fresh: () => Vertex,
): Vertex {
  const at = n % (there.length + 2);
  return at < 2 ? fresh() : there[at - 2];
}

function isPowerOfTwo(n: number): boolean {
  return Number.isInteger(Math.log2(n));
}
