/**
 * dropout: each element is left out with probability `rate`, the others are
 * divided by 1 - rate. What is left out is a function of attrs.seed, the
 * element's number and the second input, `step` [1], the number of the
 * presentation: every backend, every rule and every look within a presentation
 * sees the same. Two vertices of one seed leave out the same elements.
 */

import { philox } from '../base/random.ts';
import {
  type Emit,
  elements,
  f32,
  type Ref,
  rounding,
  u32,
} from '../kernels/kernel.ts';
import { zeros } from '../kernels/map.ts';
import { type Attrs, countAttr, type Op, unfit } from './op.ts';

/** Elements are kept whose 32 bits are at least this. */
const leastOf = (rate: number) => Math.round(rate * 2 ** 32);

const masked = elements({
  name: 'dropout',
  params: { ...u32('n', 'seed', 'least'), ...f32('factor') },
  reads: ['x', 'step'],
  files: ['philox', 'dropout'],
  count: 'params.n',
  value: 'masked(i)',
  cpu(single, add) {
    const round = rounding(single);
    return ([x, step], [out], { n, seed, least, factor }) => {
      const scale = round(factor);
      for (let i = 0; i < n; i += 4) {
        const drawn = philox([i / 4, step[0], 0, 0], [seed, 0]);
        for (let k = 0; k < 4 && i + k < n; k++) {
          const value = drawn[k] >= least ? round(x[i + k] * scale) : 0;
          out[i + k] = add ? round(out[i + k] + value) : value;
        }
      }
    };
  },
});

function mask(
  emit: Emit,
  x: Ref,
  step: Ref,
  attrs: Attrs,
  base: Ref | null = null,
): Ref {
  const rate = Number(attrs.rate);
  const [n, seed, least] = [x.size, Number(attrs.seed), leastOf(rate)];
  const params = { n, seed, least, factor: 1 / (1 - rate) };
  return masked(emit, [x, step], n, params, base);
}

export const dropout: Op = {
  name: 'dropout',
  arity: 2,
  attrs: {
    // So near to 1 that no 32-bit number is above it leaves nothing.
    rate: (v) => typeof v === 'number' && v >= 0 && leastOf(v) < 2 ** 32,
    seed: (v) => countAttr(0)(v) && v !== undefined && Number(v) < 2 ** 32,
  },
  // Whole numbers from 0 on.
  indices: { slot: 1, below: () => 2 ** 24 },
  shape([x, step]) {
    if (step.length !== 1 || step[0] !== 1) {
      throw unfit('the number of the presentation, of shape [1],', step);
    }
    return x;
  },
  forward: (emit, [x, step], attrs) => mask(emit, x.ref, step.ref, attrs),
  vjp(emit, { inputs: [, step], attrs, slot, eps, base }) {
    if (slot === 1) return base ?? zeros.emit(emit, [step.ref])[0];
    return mask(emit, eps, step.ref, attrs, base);
  },
};
