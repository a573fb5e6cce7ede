/** Kernels by name, run on arrays inside and outside the arena. */

import type { DType, FloatArray } from '../../src/base/tensor.ts';
import { floatsInArena } from '../../src/formula/wasm/arena.ts';
import type { Emit, Kernel, Params, Ref } from '../../src/kernels/kernel.ts';
import { reduceSum } from '../../src/kernels/reduce.ts';
import { losses } from '../../src/ops/loss.ts';
import { lrn } from '../../src/ops/lrn.ts';
import { avgpool2d, maxpool2d } from '../../src/ops/pool2d.ts';
import { mean } from '../../src/ops/reduce.ts';
import { concat, slice } from '../../src/ops/slice.ts';
import { softmax } from '../../src/ops/softmax.ts';
import { transpose } from '../../src/ops/view.ts';
import { CORNERS, difference } from '../formula/loops.ts';

interface KernelCall {
  readonly params: Params;
  readonly inputs: readonly number[];
  readonly sizes: readonly number[];
  readonly threads?: number;
}

/** Kernels that ops record, by name. */
const kernels = new Map<string, Kernel>();
const record: Emit = (kernel, _, sizes) => {
  kernels.set(kernel.name, kernel);
  return sizes.map((size, id) => ({ id, size })) as [Ref];
};
const ref = { id: 0, size: 24 };
const x = { ref, shape: [2, 3, 4] };
reduceSum(record, ref, [2, 3, 4]);
reduceSum(record, ref, [2, 3, 4], 1, ref);
softmax.forward(record, [x], {}, x.shape);
lrn.forward(record, [x], { size: 5 }, x.shape);
mean.vjp(record, {
  ...{ inputs: [x], output: { ref, shape: [1] }, attrs: {}, slot: 0 },
  ...{ eps: ref, base: null },
});
for (const base of [null, ref]) {
  const attrs = { axis: 1, start: 1, end: 2 };
  const output = { ref, shape: [2, 1, 4] };
  const inputs = [x] as const;
  const message = { inputs, output, attrs, slot: 0, eps: ref, base };
  slice.forward(record, [x], attrs, output.shape);
  slice.vjp(record, message);
  concat.forward(record, [x, x], { axis: 1 }, [2, 6, 4]);
  concat.vjp(record, { ...message, inputs: [x, x], output: x });
  const y = { ref, shape: [2, 4, 3] };
  transpose.forward(record, [x], {}, y.shape);
  transpose.vjp(record, { ...message, attrs: {}, output: y });
}
const image = { ref, shape: [1, 2, 3, 4] };
const pooled = { ref, shape: [1, 2, 2, 3] };
for (const op of [maxpool2d, avgpool2d]) {
  const attrs = { kernel: 2, stride: 1 };
  op.forward(record, [image], attrs, pooled.shape);
  const inputs = [image] as const;
  const message = { inputs, output: pooled, attrs, slot: 0, eps: ref };
  op.vjp(record, { ...message, base: null });
  op.vjp(record, { ...message, base: ref });
}
for (const loss of losses) {
  loss.error(record, ref, ref, x.shape, 1);
  loss.value(record, ref, ref, x.shape, 1);
}

/** Usual numbers, or some corners of arithmetic among them. */
const NUMBERS = {
  usual: (i: number) => Math.sin(i * i) * 4,
  corners: (i: number) =>
    i % 97 === 5 ? CORNERS[(i * 7) % CORNERS.length] : Math.sin(i * i) * 4,
  /** Many of them equal. */
  whole: (i: number) => Math.round(Math.sin(i * i) * 2),
} as const;
type Numbers = keyof typeof NUMBERS;

export function feedable(dtype: DType) {
  const single = dtype === 'f32';
  const kind = single ? Float32Array : Float64Array;
  const fill = (array: FloatArray, seed: number, numbers: Numbers) => {
    const at = NUMBERS[numbers];
    for (let i = 0; i < array.length; i++) array[i] = at(i + 31 * seed);
    return array;
  };
  const inArena = (size: number) => {
    const array = floatsInArena(dtype, size);
    if (!array) throw new Error('no arena');
    return array;
  };
  const outputsOn = (
    name: string,
    call: KernelCall,
    make: (size: number) => FloatArray,
    numbers: Numbers,
    change: (input: FloatArray) => void = () => {},
  ) => {
    const kernel = kernels.get(name);
    if (!kernel) throw new Error(`no kernel ${name}`);
    const inputs = call.inputs.map((size, k) => fill(make(size), k, numbers));
    for (const input of inputs) change(input);
    const outputs = call.sizes.map((size, k) =>
      fill(make(size), k + 9, numbers),
    ) as [FloatArray];
    const form = kernel.cpu(single);
    form(inputs, outputs, call.params, call.threads);
    return outputs;
  };
  return {
    outputs: (
      name: string,
      call: KernelCall,
      change?: (input: FloatArray) => void,
    ) => outputsOn(name, call, inArena, 'usual', change),
    /** The first difference between the two. */
    run(name: string, call: KernelCall): string | null {
      for (const numbers of ['usual', 'corners', 'whole'] as const) {
        const mine = outputsOn(name, call, inArena, numbers);
        const right = outputsOn(name, call, (size) => new kind(size), numbers);
        for (const [k, output] of mine.entries()) {
          const found = difference(output, right[k]);
          if (found) return `output ${k}: ${found}`;
        }
      }
      return null;
    },
  };
}
