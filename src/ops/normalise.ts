/**
 * layernorm and batchnorm: y = gain (x - mean) / sqrt(variance + eps) + shift,
 * the variance biased. They differ in what the mean is taken over.
 *
 * - layernorm: over the last axis, each row by itself; gain and shift [last].
 * - batchnorm: over the batch and all axes after the second, each channel by
 *   itself; gain and shift [channels]. One example's output depends on the
 *   whole batch, and its error reaches all of it: the mean and the variance
 *   are part of the vertex, not constants.
 * - batchnorm_inference: with a mean and a variance [channels] that are given,
 *   those of the training data; examples do not see each other.
 */

import { type Shape, shapeText, sizeOf } from '../base/tensor.ts';
import type { Emit, Ref } from '../kernels/kernel.ts';
import { type Along, mapKernel, messageKernel } from '../kernels/map.ts';
import { reduceSum } from '../kernels/reduce.ts';
import { addTo } from './add.ts';
import {
  type Attrs,
  checkChannels,
  type Op,
  type Operand,
  ShapeProblem,
} from './op.ts';

const center = mapKernel({
  name: 'center',
  each: ['x'],
  along: ['mean'],
  outputs: [['y', 'x - mean']],
});
const squares = mapKernel({
  name: 'squares',
  each: ['x'],
  outputs: [['y', 'x * x']],
});
const products = mapKernel({
  name: 'products',
  each: ['x', 'z'],
  outputs: [['y', 'x * z']],
});
const inverseRoot = mapKernel({
  name: 'inverse-root',
  each: ['x'],
  constants: ['epsilon'],
  outputs: [['y', '1 / sqrt(x + epsilon)']],
});
const times = messageKernel({
  name: 'times-along',
  each: ['x'],
  along: ['factor'],
  formula: 'x * factor',
});
const scaleAndShift = mapKernel({
  name: 'scale-and-shift',
  each: ['x'],
  along: ['gain', 'shift'],
  outputs: [['y', 'gain * x + shift']],
});
/** J^T eps of a normalisation whose mean and variance depend on x. */
const message = messageKernel({
  name: 'normalise/vjp',
  each: ['g', 'normal'],
  along: ['factor', 'm', 'n'],
  formula: 'factor * (g - (m + normal * n))',
});
/** d y / d variance is -1/2 of this times (x - mean). */
const cube = mapKernel({
  name: 'variance/vjp',
  each: ['sum', 'gain', 'factor'],
  outputs: [['s', '-0.5 * (sum * gain * (factor * factor * factor))']],
});
const negated = mapKernel({
  name: 'mean/vjp',
  each: ['sum', 'gain', 'factor'],
  outputs: [['s', '-(sum * gain * factor)']],
});
/** Over what a mean is taken, and where its numbers belong. */
interface Axes {
  /** Which mean an element belongs to. */
  readonly group: Along;
  /** Which gain and shift. */
  readonly feature: Along;
  /** Elements of a mean. */
  readonly count: number;
  sumOfGroup(emit: Emit, x: Ref, divisor: number): Ref;
  sumOfFeature(emit: Emit, x: Ref, base: Ref | null): Ref;
}

/** Rows: everything but the last axis. */
function rows(shape: Shape): Axes {
  const n = shape[shape.length - 1];
  const outer = sizeOf(shape) / n;
  return {
    group: [n, outer, 1],
    feature: [1, n, 1],
    count: n,
    sumOfGroup: (emit, x, divisor) =>
      reduceSum(emit, x, [outer, n, 1], divisor),
    sumOfFeature: (emit, x, base) => reduceSum(emit, x, [1, outer, n], 1, base),
  };
}

/** Channels: the second axis. */
function channels(shape: Shape): Axes {
  const [batch, n] = shape;
  const inner = sizeOf(shape.slice(2));
  const sum = (emit: Emit, x: Ref, divisor: number, base: Ref | null) => {
    const planes = inner > 1 ? reduceSum(emit, x, [batch * n, inner, 1]) : x;
    return reduceSum(emit, planes, [1, batch, n], divisor, base);
  };
  return {
    group: [inner, n, 1],
    feature: [inner, n, 1],
    count: batch * inner,
    sumOfGroup: (emit, x, divisor) => sum(emit, x, divisor, null),
    sumOfFeature: (emit, x, base) => sum(emit, x, 1, base),
  };
}

/** (x - mean) / sqrt(variance + epsilon) and its factor, 1 / sqrt(...). */
function normalised(emit: Emit, x: Ref, axes: Axes, epsilon: number) {
  const mean = axes.sumOfGroup(emit, x, axes.count);
  const [centred] = center.emit(emit, [x, mean], { mean: axes.group });
  const [squared] = squares.emit(emit, [centred]);
  const variance = axes.sumOfGroup(emit, squared, axes.count);
  return scaled(emit, centred, variance, axes, epsilon);
}

function scaled(
  emit: Emit,
  centred: Ref,
  variance: Ref,
  axes: Axes,
  epsilon: number,
) {
  const [factor] = inverseRoot.emit(emit, [variance], { epsilon });
  const normal = times(emit, null, [centred, factor], { factor: axes.group });
  return { centred, factor, normal };
}

function shifted(
  emit: Emit,
  normal: Ref,
  gain: Operand,
  shift: Operand,
  { feature }: Axes,
): Ref {
  const operands = [normal, gain.ref, shift.ref];
  const places = { gain: feature, shift: feature };
  return scaleAndShift.emit(emit, operands, places)[0];
}

/** Gradient of the gain (slot 1) or the shift (slot 2). */
function featureVjp(
  emit: Emit,
  slot: number,
  eps: Ref,
  normal: Ref,
  axes: Axes,
  base: Ref | null,
): Ref {
  if (slot === 2) return axes.sumOfFeature(emit, eps, base);
  const [weighted] = products.emit(emit, [eps, normal]);
  return axes.sumOfFeature(emit, weighted, base);
}

const epsilonOf = (attrs: Attrs) => Number(attrs.eps ?? 1e-5);
const EPSILON = {
  eps: (value: unknown) =>
    value === undefined || (Number.isFinite(value) && (value as number) > 0),
};

function checkFeatures(inputs: readonly Shape[], features: number): void {
  if (inputs.slice(1).every((s) => s.length === 1 && s[0] === features)) return;
  const [x, ...rest] = inputs.map(shapeText);
  throw new ShapeProblem(
    `needs ${rest.length} inputs of shape [${features}] beside x ${x} but has ` +
      rest.join(', '),
  );
}

function normalisation(name: string, axesOf: (shape: Shape) => Axes): Op {
  return {
    name,
    arity: 3,
    // Files of other frameworks may say which axis a layernorm takes.
    attrs:
      name === 'layernorm'
        ? { ...EPSILON, axis: (v) => v === undefined || v === -1 }
        : EPSILON,
    shape(inputs) {
      const [x] = inputs;
      if (name === 'batchnorm') checkChannels(x);
      checkFeatures(inputs, name === 'batchnorm' ? x[1] : x[x.length - 1]);
      return x;
    },
    forward(emit, [x, gain, shift], attrs) {
      const axes = axesOf(x.shape);
      const { normal } = normalised(emit, x.ref, axes, epsilonOf(attrs));
      return shifted(emit, normal, gain, shift, axes);
    },
    vjp(emit, { inputs: [x, gain], attrs, slot, eps, base }) {
      const axes = axesOf(x.shape);
      // The recorder knows these calls from the forward pass already.
      const made = normalised(emit, x.ref, axes, epsilonOf(attrs));
      const { factor, normal } = made;
      if (slot > 0) return featureVjp(emit, slot, eps, normal, axes, base);
      const g = times(emit, null, [eps, gain.ref], { factor: axes.feature });
      const m = axes.sumOfGroup(emit, g, axes.count);
      const [weighted] = products.emit(emit, [g, normal]);
      const n = axes.sumOfGroup(emit, weighted, axes.count);
      const { group } = axes;
      const places = { factor: group, m: group, n: group };
      return message(emit, base, [g, normal, factor, m, n], places);
    },
  };
}

export const layernorm = normalisation('layernorm', rows);
export const batchnorm = normalisation('batchnorm', channels);

function centredByGiven(emit: Emit, [x, , , mean]: readonly Operand[]) {
  const axes = channels(x.shape);
  const [centred] = center.emit(emit, [x.ref, mean.ref], { mean: axes.group });
  return { axes, centred };
}

export const batchnormInference: Op = {
  name: 'batchnorm_inference',
  arity: 5,
  attrs: EPSILON,
  // The fifth input is a variance.
  domain: [0.2, 2],
  shape(inputs) {
    const [x] = inputs;
    checkChannels(x);
    checkFeatures(inputs, x[1]);
    return x;
  },
  forward(emit, inputs, attrs) {
    const { axes, centred } = centredByGiven(emit, inputs);
    const [, gain, shift, , variance] = inputs;
    const epsilon = epsilonOf(attrs);
    const { normal } = scaled(emit, centred, variance.ref, axes, epsilon);
    return shifted(emit, normal, gain, shift, axes);
  },
  vjp(emit, { inputs, attrs, slot, eps, base }) {
    const { axes, centred } = centredByGiven(emit, inputs);
    const [, gain, , , variance] = inputs;
    const epsilon = epsilonOf(attrs);
    const made = scaled(emit, centred, variance.ref, axes, epsilon);
    const { factor, normal } = made;
    if (slot === 1 || slot === 2) {
      return featureVjp(emit, slot, eps, normal, axes, base);
    }
    if (slot === 0) {
      const g = times(emit, null, [eps, gain.ref], { factor: axes.feature });
      return times(emit, base, [g, factor], { factor: axes.group });
    }
    const terms = slot === 3 ? eps : products.emit(emit, [eps, centred])[0];
    const sum = axes.sumOfFeature(emit, terms, null);
    const kernel = slot === 3 ? negated : cube;
    const [s] = kernel.emit(emit, [sum, gain.ref, factor]);
    return addTo(emit, base, s);
  },
};
