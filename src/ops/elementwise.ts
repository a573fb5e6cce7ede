/**
 * Elementwise ops, one entry each. Inputs are named x (one) or x, z (two), y
 * is the output, eps its error; `vjp` has one formula per input.
 */

import { type Shape, sameShape } from '../base/tensor.ts';
import { mapKernel, messageKernel } from '../kernels/map.ts';
import { type Attrs, type Op, ShapeProblem, unfit } from './op.ts';

interface Entry {
  /** What it is, in a few words. */
  readonly about: string;
  readonly forward: string;
  /** One formula for each input. */
  readonly vjp: readonly string[];
  /** Attributes that the formulas use as numbers, in the order of a method. */
  readonly attrs?: readonly string[];
  readonly exactOnIntegers?: boolean;
  readonly domain?: readonly [number, number];
}

const isNumber = (value: unknown) => Number.isFinite(value);

/**
 * The derivative at a kink: 0 for relu and abs at 0, that of the inside for
 * clamp at its bounds, as PyTorch has it. Comparisons let NaN through, which
 * > would hide. gelu is the form with tanh (Hendrycks and Gimpel 2016).
 */
const TABLE = {
  identity: {
    about: 'x itself',
    forward: 'x',
    vjp: ['eps'],
    exactOnIntegers: true,
  },
  scale: {
    about: 'x times a number',
    forward: 'factor * x',
    vjp: ['factor * eps'],
    attrs: ['factor'],
    exactOnIntegers: true,
  },
  tanh: {
    about: 'hyperbolic tangent',
    forward: 'tanh(x)',
    vjp: ['eps * (1 - y * y)'],
  },
  sigmoid: {
    about: 'logistic function',
    forward: '1 / (1 + exp(-x))',
    vjp: ['eps * (y * (1 - y))'],
  },
  relu: {
    about: 'x above 0, else 0',
    forward: 'where(x <= 0, 0, x)',
    vjp: ['where(x <= 0, 0, eps)'],
    exactOnIntegers: true,
  },
  gelu: {
    about: 'x times the normal distribution function, by tanh',
    forward:
      '0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))',
    vjp: [
      'eps * (0.5 * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))' +
        ' + 0.5 * x * (1 - tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))' +
        ' * tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))' +
        ' * 0.7978845608028654 * (1 + 0.134145 * x * x))',
    ],
  },
  silu: {
    about: 'x times its logistic function',
    forward: 'x / (1 + exp(-x))',
    vjp: ['eps * (1 + (x - y)) / (1 + exp(-x))'],
  },
  abs: {
    about: 'absolute value',
    forward: 'abs(x)',
    vjp: ['where(x == 0, 0, where(x < 0, -eps, eps))'],
    exactOnIntegers: true,
  },
  clamp: {
    about: 'into [min, max]; the error passes where nothing was cut',
    forward: 'where(x < min, min, where(x > max, max, x))',
    vjp: ['where(x < min, 0, where(x > max, 0, eps))'],
    attrs: ['min', 'max'],
    exactOnIntegers: true,
  },
  exp: { about: 'e^x', forward: 'exp(x)', vjp: ['eps * y'] },
  log: {
    about: 'natural logarithm',
    forward: 'log(x)',
    vjp: ['eps / x'],
    domain: [0.1, 4],
  },
  sin: { about: 'sine of radians', forward: 'sin(x)', vjp: ['eps * cos(x)'] },
  tan: {
    about: 'tangent of radians',
    forward: 'tan(x)',
    vjp: ['eps * (1 + y * y)'],
    domain: [-1.2, 1.2],
  },
  sqrt: {
    about: 'square root',
    forward: 'sqrt(x)',
    vjp: ['eps / (2 * y)'],
    domain: [0.1, 4],
  },
  square: {
    about: 'x times x',
    forward: 'x * x',
    vjp: ['eps * (2 * x)'],
    exactOnIntegers: true,
  },
  sub: {
    about: 'x - z',
    forward: 'x - z',
    vjp: ['eps', '-eps'],
    exactOnIntegers: true,
  },
  div: {
    about: 'x / z',
    forward: 'x / z',
    vjp: ['eps / z', '-(eps * y) / z'],
    domain: [0.3, 3],
  },
  mul: {
    about: 'x z, element by element',
    forward: 'x * z',
    vjp: ['eps * z', 'eps * x'],
    exactOnIntegers: true,
  },
} as const satisfies Record<string, Entry>;

type Camel<S extends string> = S extends `${infer A}_${infer B}`
  ? `${A}${Capitalize<Camel<B>>}`
  : S;
type Table = typeof TABLE;
type Others<E, V> = E extends { vjp: readonly [string, string] } ? [V] : [];
type Numbers<E> = E extends { attrs: infer A }
  ? { -readonly [I in keyof A]: number }
  : [];

/** The ops as methods of a vertex: on another one, with numbers. */
export type ElementwiseMethods<V> = {
  [K in keyof Table as Camel<K>]: (
    ...args: [...Others<Table[K], V>, ...Extract<Numbers<Table[K]>, number[]>]
  ) => V;
};

const NAMES = ['x', 'z'];

export const elementwise: readonly Op[] = Object.entries<Entry>(TABLE).map(
  ([name, entry]) => makeOp(name, entry),
);

function makeOp(name: string, entry: Entry): Op {
  const inputs = NAMES.slice(0, entry.vjp.length);
  const constants = entry.attrs ?? [];
  const forward = mapKernel({
    name,
    each: inputs,
    constants,
    outputs: [['y', entry.forward]],
  });
  const vjps = entry.vjp.map((formula, slot) => {
    const each = [...inputs, 'y', 'eps'].filter((n) => mentions(formula, n));
    const spec = { name: `${name}/vjp${slot}`, each, constants, formula };
    return { each, message: messageKernel(spec) };
  });
  const numbers = (attrs: Attrs) =>
    Object.fromEntries(constants.map((key) => [key, Number(attrs[key])]));
  return {
    name,
    arity: inputs.length,
    attrs: Object.fromEntries(constants.map((key) => [key, isNumber])),
    about: entry.about,
    formulas: [entry.forward, ...entry.vjp],
    exactOnIntegers: entry.exactOnIntegers,
    domain: entry.domain,
    shape(inputs, attrs) {
      if (Number(attrs.min) > Number(attrs.max)) {
        throw new ShapeProblem(`has min ${attrs.min} above max ${attrs.max}`);
      }
      return sameShapes(inputs);
    },
    forward(emit, operands, attrs) {
      // A bare name computes nothing: the value itself is passed on.
      if (entry.forward === 'x') return operands[0].ref;
      const refs = operands.map((operand) => operand.ref);
      return forward.emit(emit, refs, numbers(attrs))[0];
    },
    vjp(emit, { inputs: operands, output, attrs, slot, eps, base }) {
      const { each, message } = vjps[slot];
      const named = {
        eps,
        y: output.ref,
        x: operands[0].ref,
        z: operands[1]?.ref,
      };
      if (!base && entry.vjp[slot] === 'eps') return eps;
      const refs = each.map((n) => named[n as keyof typeof named]);
      return message(emit, base, refs, numbers(attrs));
    },
  };
}

function mentions(formula: string, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(formula);
}

/** Shape rule of elementwise ops: all inputs alike. */
export function sameShapes(inputs: readonly Shape[]): Shape {
  if (!inputs.every((shape) => sameShape(shape, inputs[0]))) {
    throw unfit('inputs of one shape', ...inputs);
  }
  return inputs[0];
}
