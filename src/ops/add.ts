/** add: the sum of one or more inputs of one shape, from left to right. */

import type { Emit, Ref } from '../kernels/kernel.ts';
import { mapKernel } from '../kernels/map.ts';
import { sameShapes } from './elementwise.ts';
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
  name: 'accumulate',
  each: ['s', 'eps'],
  outputs: [['s', 's + eps']],
});

/** base + more, in the place of base. */
export function addTo(emit: Emit, base: Ref | null, more: Ref): Ref {
  return base ? accumulate.emit(emit, [base, more])[0] : more;
}

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
  vjp: (emit, { eps, base }) => addTo(emit, base, eps),
};
