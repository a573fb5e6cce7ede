/**
 * conv2d: cross-correlation of x [B, C, H, W] with filters w [O, C/groups, kh,
 * kw] plus a bias [O], as PyTorch's. Its forward computation and its messages
 * are contractions; elements of the padding are 0.
 */

import { type Shape, shapeText } from '../base/tensor.ts';
import { contraction } from '../kernels/contraction.ts';
import { type Geometry, layouts } from '../kernels/conv2d-layout.ts';
import { u32 } from '../kernels/kernel.ts';
import { reduceSum } from '../kernels/reduce.ts';
import {
  type Attrs,
  checkBias,
  countAttr,
  type Op,
  type Operand,
  ShapeProblem,
} from './op.ts';

function geometry(x: Shape, w: Shape, attrs: Attrs): Geometry {
  const { stride = 1, padding = 0, groups = 1 } = attrs as Partial<Geometry>;
  const [batch, channels, height, width] = x;
  const [outputs, , kh, kw] = w;
  const oh = Math.floor((height + 2 * padding - kh) / stride) + 1;
  const ow = Math.floor((width + 2 * padding - kw) / stride) + 1;
  return {
    ...{ groups, batch, channels, height, width, outputs },
    ...{ oh, ow, kh, kw, stride, padding },
  };
}

const convolution = (what: keyof typeof layouts, name: string, file: string) =>
  contraction({
    name,
    params: u32(
      ...(['groups', 'batch', 'channels', 'height', 'width'] as const),
      ...(['outputs', 'oh', 'ow', 'kh', 'kw', 'stride', 'padding'] as const),
    ),
    files: ['conv2d', file],
    layout: layouts[what],
  });

const forward = convolution('forward', 'conv2d', 'conv2d-forward');
const toInput = convolution('toInput', 'conv2d-input', 'conv2d-input');
const toWeight = convolution('toWeight', 'conv2d-weight', 'conv2d-weight');

/** Inputs x and w as the kernels see them. */
function sizes([x, w]: readonly Operand[], attrs: Attrs) {
  const g = geometry(x.shape, w.shape, attrs);
  return {
    g,
    outputs: g.outputs / g.groups,
    channels: g.channels / g.groups,
    positions: g.oh * g.ow,
    pixels: g.height * g.width,
    filter: g.kh * g.kw,
  };
}

export const conv2d: Op = {
  name: 'conv2d',
  // The bias may be left out.
  arity: 'many',
  attrs: {
    stride: countAttr(1),
    padding: countAttr(0),
    groups: countAttr(1),
  },
  exactOnIntegers: true,
  shape(inputs, attrs) {
    if (inputs.length < 2 || inputs.length > 3) {
      throw new ShapeProblem(
        `needs x, filters and perhaps a bias but has ${inputs.length} inputs`,
      );
    }
    const [x, w, bias] = inputs;
    const g = geometry(x, w, attrs);
    if (
      x.length !== 4 ||
      w.length !== 4 ||
      g.channels % g.groups !== 0 ||
      g.outputs % g.groups !== 0 ||
      w[1] !== g.channels / g.groups
    ) {
      throw new ShapeProblem(
        `needs x [B, C, H, W] and filters [O, C / groups, kh, kw] but has ` +
          `${shapeText(x)} and ${shapeText(w)}, groups ${g.groups}`,
      );
    }
    checkBias(bias, g.outputs);
    if (g.oh < 1 || g.ow < 1) {
      throw new ShapeProblem(
        `has filters ${g.kh} x ${g.kw} larger than the padded image of ` +
          `${g.height + 2 * g.padding} x ${g.width + 2 * g.padding}`,
      );
    }
    return [g.batch, g.outputs, g.oh, g.ow];
  },
  forward(emit, inputs, attrs) {
    const { g, outputs, channels, positions, filter } = sizes(inputs, attrs);
    const [x, w, bias] = inputs;
    const params = {
      m: outputs,
      n: g.batch * positions,
      depth: channels * filter,
      ...{ batches: g.groups, out_rows: positions, ...g },
    };
    const size = g.batch * g.outputs * positions;
    return forward(emit, [w.ref, x.ref], size, params, { bias: bias?.ref });
  },
  vjp(emit, { inputs, attrs, slot, eps, base }) {
    const { g, ...n } = sizes(inputs, attrs);
    const [x, w] = inputs;
    if (slot === 0) {
      const params = {
        m: n.channels,
        n: g.batch * n.pixels,
        depth: n.outputs * n.filter,
        ...{ batches: g.groups, out_rows: n.pixels, ...g },
      };
      return toInput(emit, [w.ref, eps], x.ref.size, params, { base });
    }
    if (slot === 1) {
      const columns = n.channels * n.filter;
      const params = {
        m: n.outputs,
        n: columns,
        depth: g.batch * n.positions,
        ...{ batches: g.groups, out_rows: columns, ...g },
      };
      return toWeight(emit, [eps, x.ref], w.ref.size, params, { base });
    }
    const planes = reduceSum(emit, eps, [g.batch * g.outputs, n.positions, 1]);
    return reduceSum(emit, planes, [1, g.batch, g.outputs], 1, base);
  },
};
