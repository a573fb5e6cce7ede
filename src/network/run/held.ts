/**
 * What a run holds on its backend: memory, filled as an assembly says or as a
 * snapshot goes on, and the programs of its windows.
 */

import type {
  Backend,
  Contents,
  Executable,
  Memory,
} from '../../backends/backend.ts';
import { NonFiniteError } from '../../base/errors.ts';
import { checkFinite } from '../../base/tensor.ts';
import type { Network } from '../network.ts';
import type { Assembly } from './assembly.ts';
import { carryOver, geometryOf } from './carry-over.ts';
import type { NeuronSpec } from './neurons.ts';
import type { Captured } from './snapshot.ts';
import type { Wired, Wiring } from './wiring.ts';

/** Memory that the future depends on. */
const LASTING = /\/(state|arrivals|out|weight|sent|trace|post)$/;

export class Held {
  readonly assembly: Assembly;
  private readonly backend: Backend;
  private readonly compile: Backend['compile'];
  private readonly trials: number;
  private readonly memory: ReadonlyMap<string, Memory>;
  private readonly windows = new Map<number, Executable>();

  /** Takes memory and fills it; where that fails, none is kept. */
  constructor(
    of: {
      readonly backend: Backend;
      readonly compile: Backend['compile'];
      readonly network: Network;
      readonly trials: number;
      readonly assembly: Assembly;
    },
    from: Captured | null,
  ) {
    const { backend, network, assembly } = of;
    this.backend = backend;
    this.compile = of.compile;
    this.trials = of.trials;
    this.assembly = assembly;
    const names = [...assembly.memory.keys()];
    const made = backend.allocateApart([...assembly.memory.values()]);
    this.memory = new Map(names.map((name, i) => [name, made[i]!]));
    try {
      for (const [name, data] of assembly.contents) this.write(name, data);
      for (const [name, values] of assembly.shared) {
        const constants = [...values.values()];
        checkFinite(`constants of ${name}`, constants, backend.dtype);
      }
      if (!from) return;
      for (const [name, data] of carryOver(from, assembly, network)) {
        this.write(name, data);
      }
    } catch (error) {
      this.free();
      throw error;
    }
  }

  has(name: string): boolean {
    return this.memory.has(name);
  }

  /** Throws NonFiniteError for numbers that the backend has not. */
  write(name: string, data: ArrayLike<number>): void {
    if (data.length === 0) return;
    if (!this.assembly.memory.get(name)?.words) {
      checkFinite(name, data, this.backend.dtype);
    }
    this.backend.write(this.memory.get(name) as Memory, data);
  }

  async read(names: readonly string[]): Promise<Contents[]> {
    if (names.length === 0) return [];
    return this.backend.readAll(
      names.map((name) => this.memory.get(name) as Memory),
    );
  }

  /** The program of a window of so many ticks. */
  async windowOf(ticks: number): Promise<Executable> {
    let run = this.windows.get(ticks);
    if (!run) {
      const program = this.assembly.program(ticks);
      run = await this.compile(program, this.memory);
      this.windows.set(ticks, run);
    }
    return run;
  }

  /** Runs windows of so many ticks, one after another, on what they are fed. */
  async run(
    first: number,
    fed: ReadonlyMap<string, ArrayLike<number>>,
    windows: readonly number[],
  ): Promise<void> {
    this.write('clock', [first, 0, 0, 0]);
    for (const [name, data] of fed) this.write(name, data);
    for (const ticks of windows) (await this.windowOf(ticks)).run();
  }

  /** All that the future depends on, before a tick. */
  async capture(tick: number): Promise<Captured> {
    const names = [...this.memory.keys()].filter((name) => LASTING.test(name));
    const values = await this.read(names);
    const contents = new Map(names.map((name, i) => [name, values[i]!]));
    const wirings = this.assembly.wired.map((wired): Wiring => {
      const { id, projection, synapses, since, until } = wired;
      const learned = contents.get(`${id}/weight`) as Contents;
      contents.delete(`${id}/weight`);
      const weight = inOrder(wired, learned);
      return { projection, since, until, synapses: { ...synapses, weight } };
    });
    const geometry = geometryOf(this.assembly, this.trials);
    return { tick, wirings, geometry, contents };
  }

  /** Present weights of a projection in canonical order. */
  async weights(projection: string): Promise<Float64Array> {
    const wired = this.assembly.wired.find(
      ({ projection: { name }, until }) =>
        name === projection && until === null,
    ) as Wired;
    const [values] = await this.read([`${wired.id}/weight`]);
    return inOrder(wired, values!);
  }

  /** Values [trials][neurons] of a state variable. */
  async state(population: string, variable: string): Promise<Float64Array> {
    const { at, count } = this.addressOf(population, variable);
    const [values] = await this.read([`${population}/state`]);
    return Float64Array.from(values!.subarray(at, at + count));
  }

  async setState(
    population: string,
    variable: string,
    values: ArrayLike<number>,
  ): Promise<void> {
    const { at } = this.addressOf(population, variable);
    const [all] = await this.read([`${population}/state`]);
    all!.set(values, at);
    this.write(`${population}/state`, all!);
  }

  /** Fails where a state, or what is sent without one, is no number. */
  async checkState(time: number): Promise<void> {
    const isPlain = ([, { state }]: [string, NeuronSpec]) =>
      Number(state.length === 0);
    const kept = [...this.assembly.specs]
      .filter(([, { state, outputs }]) => state.length + outputs.length > 0)
      .sort((a, b) => isPlain(a) - isPlain(b));
    // The clock too, so that there is something to wait for.
    const [, ...values] = await this.read([
      'clock',
      ...kept.map(([name, { state }]) =>
        state.length > 0 ? `${name}/state` : `${name}/out`,
      ),
    ]);
    for (const [p, [population, { state, neurons }]] of kept.entries()) {
      const i = values[p]!.findIndex((value) => !Number.isFinite(value));
      if (i < 0) continue;
      const value = values[p]![i];
      if (state.length === 0) {
        throw new NonFiniteError(
          `What "${population}" sends is ${value} after ${time} ms: use weights ` +
            'and parameters that do not diverge',
          { population, value },
        );
      }
      const variable = state[Math.floor(i / (neurons * this.trials))];
      throw new NonFiniteError(
        `State ${variable} of "${population}" is ${value} for neuron ` +
          `${i % neurons} after ${time} ms: use a smaller dt, or weights and ` +
          'parameters that do not diverge',
        { population, variable, value },
      );
    }
  }

  free(): void {
    for (const run of this.windows.values()) run.free();
    for (const memory of this.memory.values()) this.backend.free(memory);
  }

  private addressOf(population: string, variable: string) {
    const { state, neurons } = this.assembly.specs.get(population)!;
    const count = neurons * this.trials;
    return { at: state.indexOf(variable) * count, count };
  }
}

/** A table's weights in the canonical order of synapses. */
function inOrder({ table, synapses }: Wired, values: Contents): Float64Array {
  const count = synapses.pre.length;
  const copies = Math.max(1, Math.floor(values.length / Math.max(1, count)));
  const weight = new Float64Array(count * copies);
  for (let c = 0; c < copies; c++) {
    table.order.forEach((s, i) => {
      weight[c * count + s] = values[c * count + i]!;
    });
  }
  return weight;
}
