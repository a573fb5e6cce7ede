/** Runs a rule on a levelling made by hand, so that it can be spoilt. */

import { CpuBackend } from '../../src/backends/cpu/cpu.ts';
import type { DType, FloatArray } from '../../src/base/tensor.ts';
import type { Levelled } from '../../src/graph/level.ts';
import type { Ref } from '../../src/kernels/kernel.ts';
import { mapKernel } from '../../src/kernels/map.ts';
import { type Program, Recorder } from '../../src/program/recorder.ts';
import type { Rule } from '../../src/rules/rule.ts';
import { parameterValues } from '../oracles/run.ts';

const plus = mapKernel({
  name: 'plus',
  each: ['a', 'b'],
  outputs: [['a', 'a + b']],
});

export async function runLevelled(
  levelled: Levelled,
  rule: Rule,
  options: { dtype?: DType; live?: boolean } = {},
): Promise<{ program: Program; gradients: Map<string, FloatArray> }> {
  const recorder = new Recorder();
  const sums = new Map<string, Ref>();
  rule.record({
    levelled,
    recorder,
    probes: [],
    clocked: false,
    plasticity: ({ id }, gradient) => {
      const sum = sums.get(id);
      sums.set(
        id,
        sum ? plus.emit(recorder.emit, [sum, gradient])[0] : gradient,
      );
      return null;
    },
  });
  const parameters = levelled.vertices.filter(({ op }) => op === 'param');
  for (const { id, size } of parameters) {
    recorder.output(id, sums.get(id) ?? recorder.constant(size, 0));
  }
  const program = recorder.finish({ live: options.live ?? true });
  const backend = new CpuBackend(options.dtype);
  const memory = new Map(
    parameters.map((vertex) => {
      const place = backend.allocate(vertex.size);
      backend.write(place, parameterValues(levelled.graph, vertex.id));
      return [vertex.id, place];
    }),
  );
  const run = await backend.compile(program, memory);
  for (const [id, { data }] of levelled.graph.data) run.feed(id, data);
  run.run();
  const ids = parameters.map(({ id }) => id);
  const values = await run.read(ids);
  return { program, gradients: new Map(ids.map((id, i) => [id, values[i]])) };
}

/** Equal in every bit, but that -0 is 0; a NaN equals nothing. */
export function sameBits(
  a: ArrayLike<number> | undefined,
  b: ArrayLike<number> | undefined,
): boolean {
  if (!a || !b || a.length !== b.length) return false;
  return Array.from(a).every((value, i) => value === b[i]);
}

/** The same for all parameters. */
export function allSameBits(
  a: ReadonlyMap<string, ArrayLike<number>>,
  b: ReadonlyMap<string, ArrayLike<number>>,
): boolean {
  return a.size === b.size && [...a].every(([id, v]) => sameBits(v, b.get(id)));
}
