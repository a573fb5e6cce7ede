/**
 * embedding: rows of a table [V, D] by their numbers, an input of any shape
 * that holds whole numbers below V; the output has one axis more. The error of
 * a row is summed over its positions, ascending. Numbers have no derivative.
 */

import { sizeOf } from '../base/tensor.ts';
import { elements, rounding, u32 } from '../kernels/kernel.ts';
import { zeros } from '../kernels/map.ts';
import { type Op, unfit } from './op.ts';

const common = {
  params: u32('rows', 'width', 'count'),
  reads: ['index', 'x'],
  files: ['embedding'],
};

const lookUp = elements({
  ...common,
  name: 'embedding:look_up',
  count: 'params.width * params.count',
  value: 'look_up(i)',
  cpu:
    () =>
    ([index, table], [out], { rows, width, count }) => {
      for (let p = 0; p < count; p++) {
        const row = index[p];
        const valid = Number.isInteger(row) && row >= 0 && row < rows;
        const to = p * width;
        const from = row * width;
        for (let d = 0; d < width; d++) {
          out[to + d] = valid ? table[from + d] : Number.NaN;
        }
      }
    },
});

const collect = elements({
  ...common,
  name: 'embedding:collect',
  count: 'params.width * params.rows',
  value: 'collect(i)',
  cpu(single, add) {
    const round = rounding(single);
    return ([index, eps], [out], { rows, width, count }) => {
      const sums = add ? out.slice().fill(0) : out.fill(0);
      for (let p = 0; p < count; p++) {
        const row = index[p];
        if (!(Number.isInteger(row) && row >= 0 && row < rows)) continue;
        const [from, to] = [p * width, row * width];
        for (let d = 0; d < width; d++) {
          sums[to + d] = round(sums[to + d] + eps[from + d]);
        }
      }
      if (!add) return;
      for (let i = 0; i < out.length; i++) out[i] = round(out[i] + sums[i]);
    };
  },
});

export const embedding: Op = {
  name: 'embedding',
  arity: 2,
  exactOnIntegers: true,
  indices: { slot: 1, below: ([table]) => table[0] },
  shape([table, numbers]) {
    if (table.length !== 2) throw unfit('a table [rows, width]', table);
    return [...numbers, table[1]];
  },
  forward(emit, [table, numbers]) {
    const count = sizeOf(numbers.shape);
    const [rows, width] = table.shape;
    const inputs = [numbers.ref, table.ref];
    return lookUp(emit, inputs, count * width, { rows, width, count });
  },
  vjp(emit, { inputs: [table, numbers], slot, eps, base }) {
    if (slot === 1) return base ?? zeros.emit(emit, [numbers.ref])[0];
    const [rows, width] = table.shape;
    const params = { rows, width, count: sizeOf(numbers.shape) };
    return collect(emit, [numbers.ref, eps], rows * width, params, base);
  },
};
