/**
 * composite: several ops as one vertex, so that one population holds a whole
 * layer (as tanh(W x + b) in Millidge 2020 and Torch2PC) or any function of
 * a paper. attrs.body lists its steps in order; a step names its op and reads
 * inputs (numbers >= 0) or earlier steps (negative: -1 is the first step).
 */

import type { Shape } from '../base/tensor.ts';
import type { Emit, Ref } from '../kernels/kernel.ts';
import { addTo } from './add.ts';
import {
  type Attrs,
  attrsProblem,
  type Op,
  type Operand,
  ShapeProblem,
  type VjpArgs,
} from './op.ts';

export interface Step {
  readonly op: string;
  readonly inputs: readonly number[];
  readonly attrs?: Attrs;
}

/** The op, given the table whose ops its steps may use. */
export function compositeOf(find: (name: string) => Op | undefined): Op {
  const opOf = (step: Step): Op => {
    const op = find(step.op);
    if (!op) throw new ShapeProblem(`has a step of unknown op "${step.op}"`);
    return op;
  };

  /** Runs `visit` for each step with what it reads. */
  function walk<T>(
    steps: readonly Step[],
    inputs: readonly T[],
    visit: (op: Op, read: T[], attrs: Attrs, index: number) => T,
  ): T[] {
    const made: T[] = [];
    steps.forEach((step, index) => {
      const read = step.inputs.map((at) => {
        const value = at >= 0 ? inputs[at] : made[-1 - at];
        if (value === undefined) {
          throw new ShapeProblem(
            `has a step that reads ${at}, which is not there`,
          );
        }
        return value;
      });
      made.push(visit(opOf(step), read, step.attrs ?? {}, index));
    });
    return made;
  }

  const forwardAll = (
    emit: Emit,
    inputs: readonly Operand[],
    attrs: Attrs,
  ): Operand[] =>
    walk<Operand>(bodyOf(attrs), inputs, (op, read, stepAttrs) => {
      const shape = op.shape(
        read.map((r) => r.shape),
        stepAttrs,
      );
      return { shape, ref: op.forward(emit, read, stepAttrs, shape) };
    });

  return {
    name: 'composite',
    arity: 'many',
    attrs: { body: isBody },
    shape(inputs, attrs): Shape {
      const shapes = walk<Shape>(bodyOf(attrs), inputs, (op, read, a) => {
        if (op.arity !== 'many' && op.arity !== read.length) {
          throw new ShapeProblem(
            `has a ${op.name} step of ${read.length} inputs`,
          );
        }
        const problem = attrsProblem(op, a);
        if (problem) throw new ShapeProblem(`has a step that ${problem}`);
        return op.shape(read, a);
      });
      const read = new Set(bodyOf(attrs).flatMap((step) => step.inputs));
      inputs.forEach((_, slot) => {
        if (!read.has(slot)) {
          throw new ShapeProblem(`has no step that reads its input ${slot}`);
        }
      });
      return shapes[shapes.length - 1]!;
    },
    forward: (emit, inputs, attrs) =>
      forwardAll(emit, inputs, attrs).at(-1)!.ref,
    vjp(emit: Emit, { inputs, attrs, slot, eps, base }: VjpArgs): Ref {
      const steps = bodyOf(attrs);
      // The recorder knows these calls from the forward pass already.
      const made = forwardAll(emit, inputs, attrs);
      const leads = steps.map(() => false);
      steps.forEach((step, i) => {
        leads[i] = step.inputs.some((at) =>
          at >= 0 ? at === slot : leads[-1 - at],
        );
      });
      const errors: (Ref | null)[] = steps.map(() => null);
      errors[steps.length - 1] = eps;
      // An input read once gets base + message. Read more often, its message is
      // summed by itself first: it must not depend on what base holds.
      const readers = steps
        .filter((_, i) => leads[i])
        .flatMap((step) => step.inputs);
      const once = readers.filter((at) => at === slot).length === 1;
      let message = once ? base : null;
      for (let i = steps.length - 1; i >= 0; i--) {
        const error = errors[i];
        if (!error || !leads[i]) continue;
        const { op, inputs: reads, attrs: stepAttrs = {} } = steps[i]!;
        const operands = reads.map((at) =>
          at >= 0 ? inputs[at]! : made[-1 - at]!,
        );
        const send = (k: number, to: Ref | null) =>
          opOf({ op, inputs: reads }).vjp(emit, {
            inputs: operands,
            output: made[i]!,
            attrs: stepAttrs,
            slot: k,
            eps: error,
            base: to,
          });
        reads.forEach((at, k) => {
          if (at === slot) message = send(k, message);
          else if (at < 0 && leads[-1 - at]) {
            errors[-1 - at] = send(k, errors[-1 - at]!);
          }
        });
      }
      if (!message) throw new ShapeProblem(`does not use its input ${slot}`);
      return once ? message : addTo(emit, base, message);
    },
  };
}

function bodyOf(attrs: Attrs): readonly Step[] {
  return attrs.body as readonly Step[];
}

function isBody(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (step) =>
        typeof step?.op === 'string' &&
        step.op !== 'composite' &&
        Array.isArray(step.inputs) &&
        step.inputs.length > 0 &&
        step.inputs.every(Number.isInteger),
    )
  );
}
