/**
 * softmax and log_softmax along an axis (the last if none is given). The
 * greatest element is taken off first, so that no exponential overflows; that
 * changes no value and has no derivative.
 */

import type { Shape } from '../base/tensor.ts';
import type { Emit, Ref } from '../kernels/kernel.ts';
import { type Along, mapKernel, messageKernel } from '../kernels/map.ts';
import { reduceMost, reduceSum, type Split } from '../kernels/reduce.ts';
import { type Attrs, type Op, wholeAttr } from './op.ts';
import { split } from './reduce.ts';

const shifted = mapKernel({
  name: 'softmax/shifted',
  each: ['x'],
  along: ['most'],
  outputs: [['y', 'x - most']],
});
const exponentials = mapKernel({
  name: 'softmax/exp',
  each: ['x'],
  outputs: [['y', 'exp(x)']],
});
const quotients = mapKernel({
  name: 'softmax/quotient',
  each: ['x'],
  along: ['total'],
  outputs: [['y', 'x / total']],
});
const differences = mapKernel({
  name: 'softmax/difference',
  each: ['x'],
  along: ['total'],
  outputs: [['y', 'x - log(total)']],
});
const weighted = mapKernel({
  name: 'softmax/weighted',
  each: ['y', 'eps'],
  outputs: [['p', 'y * eps']],
});

/** Messages of y, eps and a number of each row. */
const message = { each: ['y', 'eps'], along: ['total'] } as const;
const softmaxMessage = messageKernel({
  ...message,
  name: 'softmax/vjp',
  formula: 'y * (eps - total)',
});
const logMessage = messageKernel({
  ...message,
  name: 'log_softmax/vjp',
  formula: '(eps - exp(y) * total)',
});

function partsOf(shape: Shape, attrs: Attrs): { parts: Split; row: Along } {
  const parts = split(shape, { axis: attrs.axis ?? -1 });
  const [outer, n, inner] = parts;
  return { parts, row: [n * inner, outer, inner] };
}

const shape = ([x]: readonly Shape[], attrs: Attrs): Shape => {
  partsOf(x, attrs);
  return x;
};

const attrs = { axis: wholeAttr };

/** x less the row's greatest, and the sum of its exponentials. */
function prepared(emit: Emit, x: Ref, parts: Split, row: Along) {
  const most = reduceMost(emit, x, parts);
  const [low] = shifted.emit(emit, [x, most], { most: row });
  const [powers] = exponentials.emit(emit, [low]);
  return { low, powers, total: reduceSum(emit, powers, parts) };
}

export const softmax: Op = {
  name: 'softmax',
  arity: 1,
  attrs,
  shape,
  forward(emit, [x], given) {
    const { parts, row } = partsOf(x.shape, given);
    const { powers, total } = prepared(emit, x.ref, parts, row);
    return quotients.emit(emit, [powers, total], { total: row })[0];
  },
  vjp(emit, { inputs: [x], output, attrs: given, eps, base }) {
    const { parts, row } = partsOf(x.shape, given);
    const [p] = weighted.emit(emit, [output.ref, eps]);
    const total = reduceSum(emit, p, parts);
    const operands = [output.ref, eps, total];
    return softmaxMessage(emit, base, operands, { total: row });
  },
};

export const logSoftmax: Op = {
  name: 'log_softmax',
  arity: 1,
  attrs,
  shape,
  forward(emit, [x], given) {
    const { parts, row } = partsOf(x.shape, given);
    const { low, total } = prepared(emit, x.ref, parts, row);
    return differences.emit(emit, [low, total], { total: row })[0];
  },
  vjp(emit, { inputs: [x], output, attrs: given, eps, base }) {
    const { parts, row } = partsOf(x.shape, given);
    const total = reduceSum(emit, eps, parts);
    return logMessage(emit, base, [output.ref, eps, total], { total: row });
  },
};
