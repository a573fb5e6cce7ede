/**
 * Intervals in which the values of a vertex lie, found from those of its
 * inputs. The arbitraries use them to keep random graphs well conditioned,
 * and the integer ones to prove that nothing rounds.
 */

import { type Shape, sizeOf } from '../../src/base/tensor.ts';
import {
  type Expression,
  parseExpression,
} from '../../src/formula/expression.ts';
import type { Step } from '../../src/ops/composite.ts';
import type { Attrs } from '../../src/ops/op.ts';
import { opByName } from '../../src/ops/table.ts';

/** Least and greatest value of any element. */
export type Range = readonly [least: number, greatest: number];

/** What an op reads: the range of its elements, and their shape. */
export interface Ranged {
  readonly range: Range;
  readonly shape: Shape;
}

/** Greatest absolute value. */
export function magnitude([least, greatest]: Range): number {
  return Math.max(Math.abs(least), Math.abs(greatest));
}

const times = ([a, b]: Range, [c, d]: Range): Range => {
  const corners = [a * c, a * d, b * c, b * d];
  return [Math.min(...corners), Math.max(...corners)];
};
const plus = ([a, b]: Range, [c, d]: Range): Range => [a + c, b + d];
const minus = ([a, b]: Range, [c, d]: Range): Range => [a - d, b - c];
const repeated = ([a, b]: Range, n: number): Range => [n * a, n * b];
const inverse = ([a, b]: Range): Range => [1 / b, 1 / a];
const through = (f: (x: number) => number, [a, b]: Range): Range => [
  f(a),
  f(b),
];
const hull = (ranges: readonly Range[]): Range => [
  Math.min(...ranges.map(([least]) => least)),
  Math.max(...ranges.map(([, greatest]) => greatest)),
];
const ZERO: Range = [0, 0];
/** From the least of an even function to its greatest. */
const folded = ([a, b]: Range): Range => [
  a <= 0 && b >= 0 ? 0 : Math.min(Math.abs(a), Math.abs(b)),
  magnitude([a, b]),
];
const relu = (x: number) => Math.max(x, 0);
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
/** gelu and silu: below 0 a dip of some depth, above it they grow up to x. */
const dipped = ([a, b]: Range, depth: number): Range => [
  a >= 0 ? 0 : Math.max(a, -depth),
  relu(b),
];
/** A normalised element is at most sqrt(n - 1) for n elements of a group. */
const normalised = (n: number, gain: Range, shift: Range): Range =>
  plus(times([-Math.sqrt(n), Math.sqrt(n)], gain), shift);

type Rule = (
  ranges: readonly Range[],
  shapes: readonly Shape[],
  attrs: Attrs,
) => Range;

const same: Rule = ([x]) => x;
const product: Rule = ([x, z], [shape]) =>
  repeated(times(x, z), shape[shape.length - 1]);
const number = (value: unknown): Range => [Number(value), Number(value)];

/** Of each op but `composite`; elementwise ones may be left to intervalOf. */
const RULES: Readonly<Record<string, Rule>> = {
  sigmoid: ([x]) => through(sigmoid, x),
  relu: ([x]) => through(relu, x),
  gelu: ([x]) => dipped(x, 0.2),
  silu: ([x]) => dipped(x, 0.3),
  clamp: ([x], _, { min, max }) =>
    through((v) => Math.max(Number(min), Math.min(v, Number(max))), x),
  square: ([x]) => through((v) => v * v, folded(x)),
  div: ([x, z]) => times(x, inverse(z)),
  add: (ranges) => ranges.reduce(plus),
  linear: product,
  matmul: product,
  affine: (ranges, shapes, attrs) =>
    plus(product(ranges, shapes, attrs), ranges[2]),
  sum: ([x], [shape], { axis }) => repeated(x, axisLength(shape, axis)),
  mean: same,
  // What a filter reads beyond the edge is 0.
  conv2d: ([x, w, bias = ZERO], [, filters]) => {
    const term = hull([times(x, w), ZERO]);
    return plus(repeated(term, sizeOf(filters.slice(1))), bias);
  },
  maxpool2d: same,
  avgpool2d: ([x]) => hull([x, ZERO]),
  global_avgpool: same,
  layernorm: ([, gain, shift], [shape]) =>
    normalised(shape[shape.length - 1], gain, shift),
  batchnorm: ([, gain, shift], [shape]) =>
    normalised(sizeOf(shape) / shape[1], gain, shift),
  batchnorm_inference: ([x, gain, shift, mean, variance]) => {
    const factor = inverse(through(Math.sqrt, variance));
    return plus(times(times(minus(x, mean), factor), gain), shift);
  },
  // The divisor is at least k^beta.
  lrn: ([x], _, { k = 1, beta = 0.75 }) =>
    hull([times(x, number(Number(k) ** -Number(beta))), ZERO]),
  softmax: () => [0, 1],
  log_softmax: ([[least, greatest]], [shape]) => [
    least - greatest - Math.log(sizeOf(shape)),
    0,
  ],
  causal_mask: ([x], _, { fill = -1e9 }) => hull([x, number(fill)]),
  reshape: same,
  flatten: same,
  transpose: same,
  expand: same,
  slice: same,
  concat: hull,
  embedding: same,
  dropout: ([x], _, { rate }) =>
    hull([times(x, number(1 / (1 - Number(rate)))), ZERO]),
};

const MONOTONE = ['exp', 'log', 'sqrt', 'tan', 'tanh'] as const;

/** Interval arithmetic: never too narrow, too wide where a name comes twice. */
function intervalOf(e: Expression, of: ReadonlyMap<string, Range>): Range {
  const inside = (part: Expression) => intervalOf(part, of);
  switch (e.kind) {
    case 'number':
      return [e.value, e.value];
    case 'name':
      return of.get(e.name)!;
    case 'negate':
      return minus(ZERO, inside(e.operand));
    case 'binary': {
      const [left, right] = [inside(e.left), inside(e.right)];
      if (e.operator === '+') return plus(left, right);
      if (e.operator === '-') return minus(left, right);
      if (e.operator === '*') return times(left, right);
      return e.operator === '/' ? times(left, inverse(right)) : [0, 1];
    }
    case 'call': {
      const args = e.args.map(inside);
      if (e.name === 'where') return hull(args.slice(1));
      if (e.name === 'abs') return folded(args[0]);
      if (e.name === 'sin' || e.name === 'cos') return [-1, 1];
      const monotone = MONOTONE.find((name) => name === e.name);
      if (monotone) return through(Math[monotone], args[0]);
      throw new Error(`no range is known for the function ${e.name}`);
    }
  }
}

/** Range of an op's output. Needs an entry for ops that are not elementwise. */
export function rangeOf(
  op: string,
  inputs: readonly Ranged[],
  attrs: Attrs = {},
): Range {
  if (op === 'composite') return stepsOf(attrs, inputs).at(-1)!.range;
  const ranges = inputs.map((input) => input.range);
  const rule = RULES[op];
  if (rule) {
    return rule(
      ranges,
      inputs.map((input) => input.shape),
      attrs,
    );
  }
  const [forward] = opByName.get(op)?.formulas ?? [];
  if (!forward) {
    throw new Error(`no range is known for op ${op}: add it to RULES`);
  }
  const names = ['x', 'z'].slice(0, ranges.length);
  const known = [
    ...names.map((name, k) => [name, ranges[k]] as const),
    ...Object.entries(attrs).map(([k, value]) => [k, number(value)] as const),
  ];
  return intervalOf(parseExpression(forward), new Map(known));
}

/** Elements that a sum over an axis (or over everything) adds up. */
function axisLength(shape: Shape, axis: unknown): number {
  return axis === undefined ? sizeOf(shape) : shape.at(Number(axis))!;
}

/** The steps of a composite, each with its range and shape. */
function stepsOf(attrs: Attrs, inputs: readonly Ranged[]): Ranged[] {
  const made: Ranged[] = [];
  for (const step of attrs.body as readonly Step[]) {
    const read = step.inputs.map((at) =>
      at >= 0 ? inputs[at] : made[-1 - at],
    );
    const shapes = read.map((r) => r.shape);
    made.push({
      range: rangeOf(step.op, read, step.attrs),
      shape: opByName.get(step.op)!.shape(shapes, step.attrs ?? {}),
    });
  }
  return made;
}
