/**
 * embedding: rows of a table [V, D] by their numbers, an input of any shape
 * that holds whole numbers below V; the output has one axis more. The error of
 * a row is summed over its positions, ascending. Numbers have no derivative.
 */

import { shapeText, sizeOf } from '../base/tensor.ts';
import {
  type CpuForm,
  elementKernel,
  finishing,
  type Kernel,
  rounding,
} from '../kernels/kernel.ts';
import { zeros } from '../kernels/map.ts';
import { type Op, ShapeProblem } from './op.ts';

type Part = 'look_up' | 'collect';

function embeddingKernel(part: Part, add: boolean): Kernel {
  const forward = part === 'look_up';
  const bindings = ['index', 'x'].map(
    (name, i) =>
      `@group(0) @binding(${i + 1}) var<storage, read> ${name}: array<f32>;`,
  );
  const out = '@group(0) @binding(3) var<storage, read_write> out: array<f32>;';
  return elementKernel({
    name: `embedding:${part}${add ? ':add' : ''}`,
    file: 'embedding',
    words: {
      ...finishing(add),
      BINDINGS: [...bindings, out].join('\n'),
      VALUE: `${part}(i)`,
      TOTAL: `params.width * params.${forward ? 'count' : 'rows'}`,
    },
    inPlace: add ? 2 : undefined,
    cpu: (single) => (forward ? lookUp : collectForm(add, single)),
  });
}

const lookUp: CpuForm = ([index, table], [out], [rows, width, count]) => {
  for (let p = 0; p < count; p++) {
    const row = index[p];
    const valid = Number.isInteger(row) && row >= 0 && row < rows;
    const to = p * width;
    const from = row * width;
    for (let d = 0; d < width; d++) {
      out[to + d] = valid ? table[from + d] : Number.NaN;
    }
  }
};

function collectForm(add: boolean, single: boolean): CpuForm {
  const round = rounding(single);
  return ([index, eps], [out], [rows, width, count]) => {
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
}

const look = embeddingKernel('look_up', false);
const collect = [false, true].map((add) => embeddingKernel('collect', add));

export const embedding: Op = {
  name: 'embedding',
  arity: 2,
  exactOnIntegers: true,
  indices: { slot: 1, below: ([table]) => table[0] },
  shape([table, numbers]) {
    if (table.length !== 2) {
      throw new ShapeProblem(
        `needs a table [rows, width] but has ${shapeText(table)}`,
      );
    }
    return [...numbers, table[1]];
  },
  forward(emit, [table, numbers]) {
    const count = sizeOf(numbers.shape);
    const [rows, width] = table.shape;
    const inputs = [numbers.ref, table.ref];
    return emit(look, inputs, [count * width], [rows, width, count])[0];
  },
  vjp(emit, { inputs: [table, numbers], slot, eps, base }) {
    if (slot === 1) return base ?? zeros.emit(emit, [numbers.ref])[0];
    const [rows, width] = table.shape;
    const ints = [rows, width, sizeOf(numbers.shape)];
    const inputs = base ? [numbers.ref, eps, base] : [numbers.ref, eps];
    return emit(collect[base ? 1 : 0], inputs, [rows * width], ints)[0];
  },
};
