/** add: the sum of one or more inputs of one shape, from left to right. */

import { sameShapes } from './elementwise.ts';
import { mapKernel } from './map.ts';
import type { Op } from './op.ts';

const sum = (n: number) => {
  const names = Array.from({ length: n }, (_, i) => `x${i}`);
  return mapKernel({
    name: `add${n}`,
    each: names,
    outputs: [['y', names.join(' + ')]],
  });
};

const accumulate = mapKernel({
  name: 'add/vjp+',
  each: ['s', 'eps'],
  outputs: [['s', 's + eps']],
});

/** At most this many inputs a kernel; adapters offer 8 storage buffers. */
const MOST = 6;

export const add: Op = {
  name: 'add',
  arity: 'many',
  exactOnIntegers: true,
  shape: sameShapes,
  forward(emit, inputs) {
    let refs = inputs.map((input) => input.ref);
    // Longer sums go on from the partial sum: the order stays left to right.
    while (refs.length > MOST) {
      const [partial] = sum(MOST).emit(emit, refs.slice(0, MOST));
      refs = [partial, ...refs.slice(MOST)];
    }
    return sum(refs.length).emit(emit, refs)[0];
  },
  // The message is the error itself.
  vjp: (emit, { eps, base }) =>
    base ? accumulate.emit(emit, [base, eps])[0] : eps,
};
