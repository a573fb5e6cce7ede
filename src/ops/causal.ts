/**
 * causal_mask: scores [..., rows, columns] with attrs.fill (-1e9 if not given)
 * wherever column > row: a position of a sequence sees itself and what came
 * before it. After a softmax those are exactly 0.
 */

import type { Shape } from '../base/tensor.ts';
import { mapKernel, messageKernel } from '../kernels/map.ts';
import { type Attrs, type Op, unfit } from './op.ts';

const coordinates = ['row', 'column'] as const;
const forward = mapKernel({
  name: 'causal_mask',
  each: ['x'],
  coordinates,
  constants: ['fill'],
  outputs: [['y', 'where(column > row, fill, x)']],
});
const message = messageKernel({
  name: 'causal_mask/vjp',
  each: ['eps'],
  coordinates,
  formula: 'where(column > row, 0, eps)',
});

/** Where element i is in its matrix. */
function places(shape: Shape) {
  const [rows, columns] = shape.slice(-2);
  return { row: [columns, rows, 1], column: [1, columns, 1] } as const;
}

export const causalMask: Op = {
  name: 'causal_mask',
  arity: 1,
  attrs: { fill: (v) => v === undefined || Number.isFinite(v) },
  exactOnIntegers: true,
  shape([x]) {
    if (x.length < 2) throw unfit('scores [..., rows, columns]', x);
    return x;
  },
  forward(emit, [x], attrs: Attrs) {
    const fill = Number(attrs.fill ?? -1e9);
    return forward.emit(emit, [x.ref], { fill, ...places(x.shape) })[0];
  },
  vjp: (emit, { inputs: [x], eps, base }) =>
    message(emit, base, [eps], places(x.shape)),
};
