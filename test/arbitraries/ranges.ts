/**
 * Intervals in which the values of a vertex lie, found from those of its
 * inputs. The arbitraries use them to keep random graphs well conditioned,
 * and the integer ones to prove that nothing rounds.
 */

import type { Step } from '../../src/ops/composite.ts';
import type { Attrs } from '../../src/ops/op.ts';
import { opByName } from '../../src/ops/table.ts';
import { type Shape, sizeOf } from '../../src/tensor.ts';

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
const repeated = ([a, b]: Range, n: number): Range => [n * a, n * b];
const through = (f: (x: number) => number, [a, b]: Range): Range => [
  f(a),
  f(b),
];
const relu = (x: number) => Math.max(x, 0);
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Range of an op's output. Needs an entry for each op of the table. */
export function rangeOf(
  op: string,
  inputs: readonly Ranged[],
  attrs: Attrs = {},
): Range {
  const [x, z, bias] = inputs.map((input) => input.range);
  const { shape } = inputs[0];
  switch (op) {
    case 'identity':
      return x;
    case 'mean':
      return x;
    case 'scale':
      return times(x, [Number(attrs.factor), Number(attrs.factor)]);
    case 'relu':
      return through(relu, x);
    case 'tanh':
      return through(Math.tanh, x);
    case 'sigmoid':
      return through(sigmoid, x);
    case 'tan':
      return through(Math.tan, x);
    case 'sqrt':
      return through(Math.sqrt, x);
    case 'sin':
      return [-1, 1];
    case 'square':
      return [
        x[0] <= 0 && x[1] >= 0 ? 0 : Math.min(x[0] ** 2, x[1] ** 2),
        magnitude(x) ** 2,
      ];
    case 'mul':
      return times(x, z);
    case 'add':
      return inputs.map((input) => input.range).reduce(plus);
    case 'sum':
      return repeated(x, axisLength(shape, attrs.axis));
    case 'linear':
    case 'matmul':
      return repeated(times(x, z), shape[shape.length - 1]);
    case 'affine':
      return plus(repeated(times(x, z), shape[shape.length - 1]), bias);
    case 'composite':
      return stepsOf(attrs, inputs).at(-1)!.range;
    default:
      throw new Error(`no range is known for op ${op}: add it to rangeOf`);
  }
}

/** Elements that a sum over an axis (or over everything) adds up. */
export function axisLength(shape: Shape, axis: unknown): number {
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
