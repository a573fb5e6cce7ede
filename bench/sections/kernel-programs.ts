/** The programs of the section `kernels`, and how much work they are. */

import { sizeOf } from '../../src/base/tensor.ts';
import type { Graph } from '../../src/graph/graph.ts';
import type { Vertex } from '../../src/graph/vertex.ts';
import { gemm, rowMajor, transposed } from '../../src/kernels/gemm.ts';
import type { Ref } from '../../src/kernels/kernel.ts';
import type { Op } from '../../src/ops/op.ts';
import { opByName } from '../../src/ops/table.ts';
import type { Recorder } from '../../src/program/recorder.ts';
import { smallAlexnet, smallCnn } from '../architectures.ts';
import { type Program, programOf } from '../work.ts';

/** Rows, columns, terms of a sum. */
export type Extent = readonly [m: number, n: number, k: number];

/** Which matrix lies turned: none, B, or A. */
export type Layout = 'nn' | 'nt' | 'tn';

export function productProgram([m, n, k]: Extent, layout: Layout): Program {
  return programOf((recorder) => {
    const a = recorder.feed('a', m * k);
    const b = recorder.feed('b', k * n);
    const left = layout === 'tn' ? transposed(a, m) : rowMajor(a, k);
    const right = layout === 'nt' ? transposed(b, k) : rowMajor(b, n);
    return [gemm(recorder.emit, [m, n, k], left, right)];
  });
}

export interface Made {
  readonly program: Program;
  readonly flops?: number;
  /** Numbers that are read or written. */
  readonly elements?: number;
}

export interface Maker {
  readonly name: string;
  readonly slow?: boolean;
  make(): Made;
}

type Direction = 'forward' | 'input' | 'weight';

const operation = (name: string) => opByName.get(name) as Op;

/** One call of every convolution of a graph; the messages to images not. */
function convolutions(graph: Graph, direction: Direction): Made {
  const layers = graph.vertices.filter(
    ({ op, inputs: [x] }) =>
      op === 'conv2d' && (direction !== 'input' || x.op !== 'input'),
  );
  // A multiplication and an addition for each term of each output.
  const flops = layers.reduce((sum, { size, inputs: [, w] }) => {
    const [, channels, height, width] = w.shape;
    return sum + 2 * size * channels * height * width;
  }, 0);
  const program = programOf((recorder) =>
    layers.map((vertex) => convolution(recorder, vertex, direction)),
  );
  return { program, flops };
}

function convolution(
  recorder: Recorder,
  { id, inputs: [x, w], attrs, shape }: Vertex,
  direction: Direction,
): Ref {
  const { emit } = recorder;
  const operand = (name: string, of: readonly number[]) => ({
    ref: recorder.feed(`${id}/${name}`, sizeOf(of)),
    shape: of,
  });
  const inputs = [operand('x', x.shape), operand('w', w.shape)];
  const conv2d = operation('conv2d');
  if (direction === 'forward')
    return conv2d.forward(emit, inputs, attrs, shape);
  const output = operand('eps', shape);
  const slot = direction === 'input' ? 0 : 1;
  const eps = output.ref;
  return conv2d.vjp(emit, { inputs, output, attrs, slot, eps, base: null });
}

/** All convolutions of a network, in each of their directions. */
export function networkConvolutions(): Maker[] {
  const networks = { cnn: smallCnn, alexnet: smallAlexnet };
  return Object.entries(networks).flatMap(([network, make]) =>
    (['forward', 'input', 'weight'] as const).map((direction) => ({
      name: `convolutions of ${network}, ${direction}`,
      slow: network === 'alexnet' || direction === 'input',
      make: () => convolutions(make(), direction),
    })),
  );
}

/** Maps and sums over vectors of a length that is a multiple of 64. */
export function elementwisePrograms(length: number): Maker[] {
  const map = (name: string, arity: number): Maker => ({
    name: `map ${name}, ${length} elements`,
    make: () => ({
      program: programOf((recorder) => {
        const shape = [length];
        const inputs = Array.from({ length: arity }, (_, i) => ({
          ref: recorder.feed(`x${i}`, length),
          shape,
        }));
        const { emit } = recorder;
        return [operation(name).forward(emit, inputs, {}, shape)];
      }),
      elements: (arity + 1) * length,
    }),
  });
  const rows = 64;
  return [
    map('relu', 1),
    map('mul', 2),
    map('tanh', 1),
    {
      name: `sum over ${rows} rows, ${length} elements`,
      make: () => ({
        program: programOf((recorder) => {
          const shape = [rows, length / rows];
          const x = { ref: recorder.feed('x', length), shape };
          const { emit } = recorder;
          return [operation('sum').forward(emit, [x], { axis: 0 }, shape)];
        }),
        elements: length + length / rows,
      }),
    },
  ];
}
