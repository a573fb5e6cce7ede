/**
 * For each op of the table: the inputs and attributes it is given in a random
 * graph, starting from one vertex. Whatever shape that has, the op is made, on
 * a view of it or on another vertex if need be.
 */

import { type Shape, sameShape, sizeOf } from '../../src/base/tensor.ts';
import { GraphBuilder } from '../../src/graph/graph.ts';
import type { Vertex } from '../../src/graph/vertex.ts';
import { opByName } from '../../src/ops/table.ts';
import { type Assembly, MOST_AXES, orFresh } from './assembly.ts';
import { type Body, bodies } from './bodies.ts';
import type { Digits } from './recipe.ts';

/** What a recipe says beside the first vertex. */
export interface Wishes {
  readonly op: string;
  readonly choice: number;
  /** The same number, to be taken apart. */
  readonly digits: Digits;
  /** Number of other vertices, and the number that says which. */
  readonly count: number;
  other(k: number): number;
}

type Maker = (assembly: Assembly, first: Vertex, wishes: Wishes) => void;

/** Now and then more inputs than one kernel takes. */
const MANY = 7;
const isMany = ({ choice }: Wishes) => choice % 64 === 7;

const reduced: Maker = (a, first, { op, digits }) => {
  const axis = digits.of([undefined, ...first.shape.keys(), -1]);
  a.make(op, [first], axis === undefined ? {} : { axis });
};

const layer: Maker = (a, first, { op, choice, other }) => {
  const weight = a.matrix(first.shape.at(-1)!, a.width(choice), other(0));
  const bias = () => a.like([weight.shape[0]], other(1));
  a.make(op, [first, weight, ...(op === 'affine' ? [bias()] : [])]);
};

const matmul: Maker = (a, first, { digits, other }) => {
  const turned = digits.below(2) === 0;
  const alone = digits.below(2) === 0;
  const { batch } = a.recipe;
  const left =
    first.shape.length >= 2
      ? first
      : a.matrix(a.width(digits.below(3)), batch, other(1));
  const k = left.shape.at(-1)!;
  const m = a.width(digits.below(3));
  const front = alone ? [] : left.shape.slice(0, -2);
  const fits = a.latest(
    ({ shape }) =>
      shape.length === front.length + 2 &&
      sameShape(shape.slice(0, -2), front) &&
      shape.at(turned ? -1 : -2) === k,
  );
  const shape = [...front, ...(turned ? [m, k] : [k, m])];
  const right = orFresh(fits, other(0), () => a.weights(shape, k, 0));
  a.make('matmul', [left, right], turned ? { transpose_b: true } : {});
};

const conv2d: Maker = (a, first, { digits, count, other }) => {
  const x = a.ranked(first, 4, other(2));
  const [, channels, height, width] = x.shape;
  const padding = digits.below(3);
  const side = (length: number) =>
    1 + digits.below(Math.min(3, length + 2 * padding));
  const [kh, kw] = [side(height), side(width)];
  const groups = digits.of(divisors(channels));
  const outputs = groups * (1 + digits.below(2));
  const stride = 1 + digits.below(2);
  const shape = [outputs, channels / groups, kh, kw];
  const filters = a.weights(shape, sizeOf(shape.slice(1)), other(0));
  const bias = count > 1 ? [a.like([outputs], other(1))] : [];
  a.make('conv2d', [x, filters, ...bias], {
    ...(stride > 1 && { stride }),
    ...(padding > 0 && { padding }),
    ...(groups > 1 && { groups }),
  });
};

const pool2d: Maker = (a, first, { op, digits, other }) => {
  const x = a.ranked(first, 4, other(0));
  const padding = digits.below(2);
  const least = Math.max(1, 2 * padding);
  const most = Math.min(3, x.shape[2] + 2 * padding, x.shape[3] + 2 * padding);
  const kernel = least + digits.below(most - least + 1);
  // As wide as the window, overlapping, or leaving elements out.
  const stride = digits.of([undefined, 1, 2, 3]);
  a.make(op, [x], {
    kernel,
    ...(stride !== undefined && { stride }),
    ...(padding > 0 && { padding }),
  });
};

/** Small rows may be nearly constant: a large eps keeps messages moderate. */
const epsilon = (digits: Digits) => digits.of([{ eps: 0.1 }, { eps: 1 }, {}]);

/** Of ops that have several numbers for each channel. */
const channelwise: Maker = (a, first, { op, digits, other }) => {
  const x = a.ranked(first, 2, other(2));
  const feature = (k: number) => a.like([x.shape[1]], other(k));
  const inputs = [x, feature(0), feature(1)];
  if (op === 'batchnorm_inference') {
    inputs.push(feature(2), a.within(feature(0), opByName.get(op)!.domain!));
  }
  a.make(op, inputs, epsilon(digits));
};

const alongAxis: Maker = (a, first, { op, digits }) => {
  const axis = digits.of([undefined, ...first.shape.keys()]);
  a.make(op, [first], axis === undefined ? {} : { axis });
};

const reshape: Maker = (a, first, { digits }) => {
  const { shape } = first;
  const shapes: Shape[] = [
    [-1],
    [-1, shape.at(-1)!],
    shape.toReversed(),
    [...shape, 1],
    [1, ...shape],
    ...divisors(sizeOf(shape)).map((n) => [n, -1]),
    ...divisors(shape[0]).map((n) => [n, shape[0] / n, ...shape.slice(1)]),
  ].filter(({ length }) => length <= MOST_AXES);
  a.make('reshape', [first], { shape: digits.of(shapes) });
};

const transpose: Maker = (a, first, { digits }) => {
  const n = first.shape.length;
  if (n > 1 && digits.below(3) === 0) return a.make('transpose', [first]);
  const left = [...first.shape.keys()];
  const axes = first.shape.map((_, i) => {
    const [axis] = left.splice(digits.below(n - i), 1);
    return digits.below(4) === 3 ? axis - n : axis;
  });
  return a.make('transpose', [first], { axes });
};

const expand: Maker = (a, first, { digits, other }) => {
  const { shape } = first;
  const n = 1 + ((a.width(other(0)) + other(1)) % 3);
  const shapes: Shape[] = [
    ...(shape.length < MOST_AXES ? [[n, ...shape]] : []),
    ...shape.flatMap((length, axis) =>
      length === 1 ? [shape.with(axis, n)] : [],
    ),
    shape.map((length) => (length === 1 ? n : length)),
  ];
  a.make('expand', [first], { shape: digits.of(shapes) });
};

const slice: Maker = (a, first, { digits }) => {
  const { shape } = first;
  const axis = digits.below(shape.length);
  const length = shape[axis];
  const start = digits.below(length);
  const end = start + 1 + digits.below(length - start);
  a.make('slice', [first], {
    axis: digits.of([axis, axis - shape.length]),
    start: digits.of([start, start - length]),
    ...(end < length && { end: digits.of([end, end - length]) }),
  });
};

const concat: Maker = (a, first, wishes) => {
  const { digits, count, other } = wishes;
  const { shape } = first;
  const axis = digits.below(shape.length);
  const fits = a.latest(
    (v) =>
      v.shape.length === shape.length &&
      sameShape(v.shape.with(axis, 1), shape.with(axis, 1)),
  );
  const others = Array.from({ length: isMany(wishes) ? MANY : count }, (_, k) =>
    orFresh(fits, other(k), () => {
      const length = a.width(other(k));
      return a.leaf('param', shape.with(axis, length));
    }),
  );
  const given = digits.of([axis, axis - shape.length]);
  const attrs = axis === 0 && given === 0 ? {} : { axis: given };
  a.make('concat', [first, ...others], attrs);
};

const embedding: Maker = (a, first, { digits, other }) => {
  const fits = a.latest((v) => v.shape.length === 2);
  const rows = 1 + a.width(digits.below(3));
  const table =
    first.shape.length === 2
      ? first
      : orFresh(fits, other(1), () => a.leaf('param', [rows, a.width(rows)]));
  const { batch, widths } = a.recipe;
  const shape = digits.of([[1], [batch], [widths[0]], [batch, widths[1]]]);
  const numbers = a.indices(shape, table.shape[0], other(0));
  a.make('embedding', [table, numbers]);
};

const composite: Maker = (a, first, { choice, other }) => {
  const allowed = bodies.filter(({ ops }) =>
    ops.every((op) => a.ops.includes(op)),
  );
  const body = allowed[choice % allowed.length];
  if (!body) return a.make('identity', [first]);
  const inputs = inputsOf[body.reads](a, first, choice, other);
  // Built apart, to know its steps before it is known to be kept.
  const trial = new GraphBuilder();
  const stands = inputs.map((v, i) => trial.input(`i${i}`, v.shape));
  const { attrs } = trial.composite(stands, body.make);
  return a.make('composite', inputs, attrs);
};

/** What a body reads. */
const inputsOf: Record<
  Body['reads'],
  (
    a: Assembly,
    first: Vertex,
    choice: number,
    other: Wishes['other'],
  ) => Vertex[]
> = {
  one: (_, x) => [x],
  two: (a, x, _, other) => [x, a.like(x.shape, other(0))],
  three(a, first, _, other) {
    const x = a.ranked(first, 2, other(2));
    return [x, a.like(x.shape, other(0)), a.like(x.shape, other(1))];
  },
  layer(a, x, choice, other) {
    const weight = a.matrix(x.shape.at(-1)!, a.width(choice), other(0));
    return [x, weight, a.like([weight.shape[0]], other(1))];
  },
  image(a, first, choice, other) {
    const x = a.ranked(first, 4, other(2));
    const shape = [a.width(choice), x.shape[1], 2, 2];
    const filters = a.weights(shape, 4 * x.shape[1], other(0));
    return [x, filters, a.like([shape[0]], other(1))];
  },
  row(a, x, _, other) {
    const shape = [x.shape.at(-1)!];
    return [x, a.like(shape, other(0)), a.like(shape, other(1))];
  },
  step: (a, x, _, other) => [x, a.indices([1], Infinity, other(0))],
};

const MAKERS: Readonly<Record<string, Maker>> = {
  add(a, first, wishes) {
    const { count, other } = wishes;
    const others = Array.from(
      { length: count + (isMany(wishes) ? MANY : 0) },
      (_, k) => a.like(first.shape, k < count ? other(k) : k),
    );
    a.make('add', [first, ...others]);
  },
  div(a, first, { other }) {
    const divisor = a.like(first.shape, other(0));
    const { domain } = opByName.get('div')!;
    a.make('div', [first, a.within(divisor, domain!)]);
  },
  scale(a, first, { digits }) {
    a.make('scale', [first], { factor: digits.of(a.numbers.factors) });
  },
  clamp(a, first, { digits }) {
    const [min, max] = digits.of(a.numbers.bounds);
    a.make('clamp', [first], { min, max });
  },
  // Greater ones would all be replaced.
  exp: (a, first) => a.make('exp', [a.within(first, [-8, 2])]),
  sum: reduced,
  mean: reduced,
  linear: layer,
  affine: layer,
  matmul,
  conv2d,
  maxpool2d: pool2d,
  avgpool2d: pool2d,
  global_avgpool(a, first, { op, other }) {
    a.make(op, [a.ranked(first, 3, other(0))]);
  },
  layernorm(a, first, { op, digits, other }) {
    const feature = (k: number) => a.like([first.shape.at(-1)!], other(k));
    a.make(op, [first, feature(0), feature(1)], epsilon(digits));
  },
  batchnorm: channelwise,
  batchnorm_inference: channelwise,
  lrn(a, first, { op, digits, other }) {
    const size = 1 + digits.below(4);
    const more = digits.of([{}, { alpha: 0.5, k: 2 }, { alpha: 2, beta: 0.5 }]);
    const x = a.ranked(first, 2, other(0));
    a.make(op, [x], { size, ...more });
  },
  softmax: alongAxis,
  log_softmax: alongAxis,
  causal_mask(a, first, { op, digits, other }) {
    const x = a.ranked(first, 2, other(0));
    a.make(op, [x], { fill: digits.of(a.numbers.fills) });
  },
  reshape,
  flatten(a, first, { digits }) {
    // One more than there are makes an axis of length 1.
    const axes = Math.min(first.shape.length + 1, MOST_AXES);
    const start_axis = digits.below(axes);
    a.make('flatten', [first], start_axis === 1 ? {} : { start_axis });
  },
  transpose,
  expand,
  slice,
  concat,
  embedding,
  dropout(a, first, { op, digits, other }) {
    const rate = digits.of([0, 0.5, 0.25]);
    const seed = digits.of([1, 2, 2 ** 32 - 1]);
    const step = a.indices([1], Infinity, other(0));
    a.make(op, [first, step], { rate, seed });
  },
  composite,
};

/** An elementwise op, whose inputs are brought into its domain first. */
const alike: Maker = (a, first, { op, digits, other }) => {
  const { domain, arity, attrs = {} } = opByName.get(op)!;
  const within = (x: Vertex) => (domain ? a.within(x, domain) : x);
  const more = arity === 2 ? [a.like(first.shape, other(0))] : [];
  const numbers = Object.keys(attrs).map((name) => {
    return [name, digits.of(a.numbers.factors)] as const;
  });
  a.make(op, [first, ...more].map(within), Object.fromEntries(numbers));
};

/** How an op is made. Those that are not elementwise need an entry. */
export function makerOf(name: string): Maker {
  const maker = MAKERS[name];
  if (maker) return maker;
  if (opByName.get(name)?.formulas) return alike;
  throw new Error(`random graphs do not know op ${name}: add it to MAKERS`);
}

/** Ascending. */
function divisors(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);
}
