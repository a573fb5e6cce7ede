import { type Shape, shapeText } from '../base/tensor.ts';
import type { Emit, Ref } from '../kernels/kernel.ts';

/** Attributes of an op by name, such as `stride` or `axis`; JSON values. */
export type Attrs = Readonly<Record<string, unknown>>;

/** Thrown by shape rules; the graph adds vertex, op and shapes to the text. */
export class ShapeProblem extends Error {}

/** The problem of inputs that have other shapes than an op needs. */
export const unfit = (needs: string, ...shapes: readonly Shape[]) =>
  new ShapeProblem(
    `needs ${needs} but has ${shapes.map(shapeText).join(' and ')}`,
  );

/** Throws ShapeProblem unless there are channels. */
export function checkChannels(x: Shape): void {
  if (x.length < 2) throw unfit('x [batch, channels, ...]', x);
}

/** Throws ShapeProblem for a bias that is not one number for each output. */
export function checkBias(bias: Shape | undefined, outputs: number): void {
  if (!bias || (bias.length === 1 && bias[0] === outputs)) return;
  throw unfit(`a bias of shape [${outputs}]`, bias);
}

/** An input of an op as it sees it: values and shape. */
export interface Operand {
  readonly ref: Ref;
  readonly shape: Shape;
}

export interface VjpArgs {
  readonly inputs: readonly Operand[];
  readonly output: Operand;
  readonly attrs: Attrs;
  /** Which input the message goes to. */
  readonly slot: number;
  /** Error of the output, of its shape. */
  readonly eps: Ref;
  /** Sum so far, to which the message is added (base + message), or null. */
  readonly base: Ref | null;
}

/**
 * What an operation of a computation graph is: its shape rule, its forward
 * calls and its vector-Jacobian products. One op stands in one place.
 */
export interface Op {
  /**
   * Its name in graphs, as `log_softmax`; the method of a vertex is camelCase.
   */
  readonly name: string;
  /** Number of inputs; 'many' is one or more. */
  readonly arity: number | 'many';
  /** Attributes it reads, each with the check of its value. */
  readonly attrs?: Readonly<Record<string, (value: unknown) => boolean>>;
  /** Shape of the output. Throws ShapeProblem. */
  shape(inputs: readonly Shape[], attrs: Attrs): Shape;
  /** Records the forward computation, mu = g(x). */
  forward(
    emit: Emit,
    inputs: readonly Operand[],
    attrs: Attrs,
    shape: Shape,
  ): Ref;
  /** Records J^T eps for one input, added to `base` where there is one. */
  vjp(emit: Emit, args: VjpArgs): Ref;
  /** What it is, in a few words. */
  readonly about?: string;
  /** Of elementwise ops: y of x and z, then the message to each of them. */
  readonly formulas?: readonly string[];
  /** Free of rounding on integers of moderate size. */
  readonly exactOnIntegers?: boolean;
  /** Interval in which inputs may be drawn to test it. */
  readonly domain?: readonly [number, number];
  /** The input that holds whole numbers from 0 to below `below`, if one does. */
  readonly indices?: {
    readonly slot: number;
    below(inputs: readonly Shape[], attrs: Attrs): number;
  };
}

/** Check of an optional attribute: a whole number. */
export const wholeAttr = (value: unknown) =>
  value === undefined || Number.isInteger(value);

/** Check of an optional attribute: a whole number from `least` on. */
export const countAttr = (least: number) => (value: unknown) =>
  value === undefined ||
  (Number.isInteger(value) && (value as number) >= least);

/** Why an op cannot use some attributes, or null. */
export function attrsProblem(op: Op, attrs: Attrs): string | null {
  const known = op.attrs ?? {};
  for (const key of Object.keys(attrs)) {
    if (!Object.hasOwn(known, key)) {
      const names = Object.keys(known).join(', ') || 'none';
      return `has unknown attribute "${key}": ${op.name} takes ${names}`;
    }
  }
  for (const [key, check] of Object.entries(known)) {
    const value = Object.hasOwn(attrs, key) ? attrs[key] : undefined;
    if (!check(value)) {
      return `has attribute ${key} = ${JSON.stringify(value)}, which ${op.name} cannot use`;
    }
  }
  return null;
}
