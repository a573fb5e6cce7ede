/**
 * From lists of small numbers to valid graphs. A recipe says what to make in
 * numbers that are read against the vertices made so far ("the 5th op of the
 * list on the 2nd latest vertex"), so every list means some graph, and
 * fast-check may shorten lists and lower numbers as it likes.
 */

import { type Graph, GraphBuilder, type Vertex } from '../../src/graph.ts';
import type { Attrs } from '../../src/ops/op.ts';
import { opByName } from '../../src/ops/table.ts';
import { Random } from '../../src/random.ts';
import { type Shape, sameShape, sizeOf } from '../../src/tensor.ts';
import { bodies } from './bodies.ts';
import { magnitude, type Range, rangeOf } from './ranges.ts';
import type { GraphRecipe, Numbers, Recipe } from './recipe.ts';

export class Assembly {
  private readonly builder = new GraphBuilder();
  private readonly made: Vertex[] = [];
  private readonly ranges = new Map<Vertex, Range>();
  private readonly read = new Set<Vertex>();
  private readonly recipe: GraphRecipe;
  private readonly ops: readonly string[];
  private readonly numbers: Numbers;

  constructor(recipe: GraphRecipe, ops: readonly string[], numbers: Numbers) {
    this.recipe = recipe;
    this.ops = ops;
    this.numbers = numbers;
  }

  build(): Graph {
    const { leaves, recipes, join, loss } = this.recipe;
    this.leaf('input', this.shapeAt(0));
    for (const { kind, shape, positive } of leaves) {
      this.leaf(kind, this.shapeAt(shape), positive);
    }
    for (const recipe of recipes) this.follow(recipe);
    if (join) this.joinBranches();
    const output = this.made.findLast((vertex) => !vertex.isLeaf) as Vertex;
    const exact = !this.numbers.integer || isPowerOfTwo(output.shape[0]);
    return this.builder.output(output, loss, {
      reduction: exact ? this.recipe.reduction : 'sum',
      target: this.target(output.shape, loss),
    });
  }

  private follow({ op: at, first: from, others, choice }: Recipe): void {
    const op = this.ops[at % this.ops.length];
    const first = this.pick(from);
    const { width } = this;
    const like = (n: number) => this.pickLike(first.shape, n);
    switch (op) {
      case 'add':
        // Now and then more inputs than one kernel takes.
        this.make(op, [
          first,
          ...(choice === 7 ? [...others, 1, 2, 3, 4, 5, 6] : others).map(like),
        ]);
        break;
      case 'mul':
        this.make(op, [first, like(others[0] ?? 0)]);
        break;
      case 'scale': {
        const { factors } = this.numbers;
        this.make(op, [first], { factor: factors[choice % factors.length] });
        break;
      }
      case 'sum':
      case 'mean': {
        const axes = [undefined, ...first.shape.keys(), -1];
        const axis = axes[choice % axes.length];
        this.make(op, [first], axis === undefined ? {} : { axis });
        break;
      }
      case 'linear':
      case 'affine': {
        const weight = this.matrix(
          first.shape.at(-1)!,
          width(choice),
          others[0],
        );
        const bias = () => this.vector(weight.shape[0], others[1]);
        this.make(op, [first, weight, ...(op === 'affine' ? [bias()] : [])]);
        break;
      }
      case 'matmul':
        this.matmul(first, choice, others);
        break;
      case 'composite':
        this.composite(first, choice, others);
        break;
      default:
        this.makeInDomain(op, first);
    }
  }

  private matmul(first: Vertex, choice: number, others: readonly number[]) {
    const left =
      first.shape.length === 2
        ? first
        : this.matrix(this.width(choice), this.recipe.batch, others[1]);
    const k = left.shape[1];
    if (choice % 2 === 0) {
      const right = this.matrix(k, this.width(choice), others[0]);
      this.make('matmul', [left, right], { transpose_b: true });
    } else {
      const fits = this.latest((v) => v.shape.length === 2 && v.shape[0] === k);
      const fresh = () => this.leaf('param', [k, this.width(choice)]);
      this.make('matmul', [left, orFresh(fits, others[0], fresh)]);
    }
  }

  private composite(first: Vertex, choice: number, others: readonly number[]) {
    const allowed = bodies.filter(({ ops }) =>
      ops.every((op) => this.ops.includes(op)),
    );
    const body = allowed[choice % allowed.length];
    if (!body) return this.makeInDomain('identity', first);
    const inputs = [first];
    if (body.reads === 'two')
      inputs.push(this.pickLike(first.shape, others[0]));
    if (body.reads === 'layer') {
      const weight = this.matrix(
        first.shape.at(-1)!,
        this.width(choice),
        others[0],
      );
      inputs.push(weight, this.vector(weight.shape[0], others[1]));
    }
    // Built apart, to know its steps before it is known to be kept.
    const trial = new GraphBuilder();
    const stands = inputs.map((v, i) => trial.input(`i${i}`, v.shape));
    const { attrs } = trial.composite(stands, body.make);
    this.make('composite', inputs, attrs);
  }

  /** An op of one input, which is brought into its domain first. */
  private makeInDomain(op: string, input: Vertex): void {
    const [least, greatest] = opByName.get(op)?.domain ?? [-Infinity, Infinity];
    const fits = (vertex: Vertex) => {
      const [low, high] = this.ranges.get(vertex) as Range;
      return low >= least && high <= greatest;
    };
    let at = input;
    if (
      !fits(at) &&
      this.ops.includes('tanh') &&
      this.ops.includes('sigmoid')
    ) {
      for (const step of ['tanh', 'sigmoid']) at = this.make(step, [at]);
    }
    if (!fits(at)) at = this.leaf('param', input.shape, true);
    this.make(op, [at]);
  }

  /** Makes a vertex, or a harmless one where values would grow too large. */
  private make(op: string, inputs: Vertex[], attrs: Attrs = {}): Vertex {
    const seen = inputs.map((v) => ({
      range: this.ranges.get(v) as Range,
      shape: v.shape,
    }));
    const range = rangeOf(op, seen, attrs);
    if (magnitude(range) > this.numbers.limit) {
      const calm = ['tanh', 'relu', 'identity'].find(
        (name) => name !== op && this.ops.includes(name),
      );
      if (calm) return this.make(calm, [inputs[0]]);
    }
    for (const input of inputs) this.read.add(input);
    return this.keep(this.builder.apply(op, inputs, attrs), range);
  }

  private keep(vertex: Vertex, range: Range): Vertex {
    this.made.push(vertex);
    this.ranges.set(vertex, range);
    return vertex;
  }

  private leaf(
    kind: 'input' | 'param',
    shape: Shape,
    positive = false,
  ): Vertex {
    const id = `${kind === 'input' ? 'x' : 'w'}${this.made.length}`;
    const range = positive ? this.numbers.positive : this.numbers.leaves;
    const values = this.values(id, sizeOf(shape), range);
    return this.keep(this.builder[kind](id, shape, values), range);
  }

  /** Adds up all that nothing reads yet, so that little is dead. */
  private joinBranches(): void {
    if (!this.ops.includes('add') || !this.ops.includes('sum')) return;
    const ends = this.made.filter((v) => !v.isLeaf && !this.read.has(v));
    if (ends.length < 2) return;
    const alike = ends.every((v) => sameShape(v.shape, ends[0].shape));
    const terms = alike
      ? ends
      : ends.map((v) => (sameShape(v.shape, [1]) ? v : v.sum()));
    this.made.push(this.builder.apply('add', terms));
  }

  /** Even numbers prefer what nothing reads yet, odd ones take any. */
  private pick(n: number): Vertex {
    const unread = this.latest((v) => !v.isLeaf && !this.read.has(v));
    if (n % 2 === 0 && unread.length > 0)
      return unread[(n / 2) % unread.length];
    const all = this.latest(() => true);
    return all[Math.floor(n / 2) % all.length];
  }

  private pickLike(shape: Shape, n = 0): Vertex {
    const alike = this.latest((v) => sameShape(v.shape, shape));
    return orFresh(alike, n, () => this.leaf('param', shape));
  }

  private latest(wanted: (vertex: Vertex) => boolean): Vertex[] {
    return this.made.filter(wanted).reverse();
  }

  private matrix(columns: number, rows: number, n = 0): Vertex {
    const fits = this.latest(
      ({ shape }) => shape.length === 2 && shape[1] === columns,
    );
    return orFresh(fits, n, () => this.leaf('param', [rows, columns]));
  }

  private vector(size: number, n = 0): Vertex {
    const fits = this.latest(
      ({ shape }) => shape.length === 1 && shape[0] === size,
    );
    return orFresh(fits, n, () => this.leaf('param', [size]));
  }

  private readonly width = (n: number) => [...this.recipe.widths, 1][n % 3];

  private shapeAt(n: number): Shape {
    const { batch, widths } = this.recipe;
    const [a, b] = widths;
    return [[batch, a], [a], [1], [batch, b], [a, b], [b]][n % 6];
  }

  private values(name: string, size: number, [low, high]: Range): number[] {
    const random = new Random(this.recipe.seed, name);
    return Array.from({ length: size }, () =>
      this.numbers.integer
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
function orFresh(
  there: readonly Vertex[],
  n: number | undefined,
  fresh: () => Vertex,
): Vertex {
  const at = (n ?? 0) % (there.length + 2);
  return at < 2 ? fresh() : there[at - 2];
}

function isPowerOfTwo(n: number): boolean {
  return Number.isInteger(Math.log2(n));
}
