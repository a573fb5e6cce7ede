/**
 * The CPU backend: in float64 the reference, in float32 the GPU's twin, which
 * rounds after every operation.
 */

import { OptionError } from '../errors.ts';
import { type Plan, planMemory } from '../program/memory.ts';
import type { Program } from '../program/recorder.ts';
import { type DType, type FloatArray, floatArray } from '../tensor.ts';
import {
  type Backend,
  type Executable,
  type Memory,
  outputOf,
} from './backend.ts';

class CpuMemory implements Memory {
  readonly data: FloatArray;

  constructor(dtype: DType, size: number) {
    this.data = floatArray(dtype, size);
  }

  get size(): number {
    return this.data.length;
  }
}

export class CpuBackend implements Backend {
  readonly name = 'cpu';
  readonly dtype: DType;
  readonly description: string;

  constructor(dtype: DType = 'f64') {
    this.dtype = dtype;
    this.description = `cpu, ${dtype === 'f64' ? 'float64' : 'float32'}`;
  }

  allocate(size: number): Memory {
    return new CpuMemory(this.dtype, size);
  }

  write(memory: Memory, data: ArrayLike<number>): void {
    own(memory).data.set(data);
  }

  async read(memory: Memory): Promise<FloatArray> {
    return own(memory).data.slice();
  }

  free(): void {}

  async compile(
    program: Program,
    residents: ReadonlyMap<string, Memory>,
  ): Promise<Executable> {
    return new CpuExecutable(program, this.dtype, residents);
  }

  close(): void {}
}

function own(memory: Memory): CpuMemory {
  if (memory instanceof CpuMemory) return memory;
  throw new OptionError('This memory belongs to another backend');
}

class CpuExecutable implements Executable {
  readonly launches: number;
  readonly bytes: number;
  private readonly program: Program;
  private readonly plan: Plan;
  private readonly places: FloatArray[];
  private readonly steps: { tick: number; run: () => void }[];

  constructor(
    program: Program,
    dtype: DType,
    residents: ReadonlyMap<string, Memory>,
  ) {
    this.program = program;
    const plan = planMemory(program);
    this.plan = plan;
    const given = new Map(
      [...plan.residents].map(([name, place]) => [
        place,
        own(residents.get(name) as Memory).data,
      ]),
    );
    this.places = plan.sizes.map(
      (size, place) => given.get(place) ?? floatArray(dtype, size),
    );
    for (const { place, fill } of plan.constants) {
      this.places[place].fill(fill);
    }
    const single = dtype === 'f32';
    this.steps = plan.calls.map(
      ({ kernel, inputs, outputs, ints, floats, tick }) => {
        const form = kernel.cpu(single);
        const from = inputs.map((place) => this.places[place]);
        const to = outputs.map((place) => this.places[place]);
        return { tick, run: () => form(from, to, ints, floats) };
      },
    );
    this.launches = plan.calls.length;
    const mine = this.places.filter((_, place) => !given.has(place));
    this.bytes = mine.reduce((sum, array) => sum + array.byteLength, 0);
  }

  feed(name: string, data: ArrayLike<number>): void {
    const place = this.plan.feeds.get(name);
    if (place !== undefined) this.places[place].set(data);
  }

  run(first = 0, last = Number.POSITIVE_INFINITY): void {
    for (const step of this.steps) {
      if (step.tick >= first && step.tick <= last) step.run();
    }
  }

  async read(names: readonly string[]): Promise<FloatArray[]> {
    return names.map((name) => {
      const { place, size } = outputOf(this.program, this.plan, name);
      return this.places[place].slice(0, size);
    });
  }

  free(): void {}
}
