/**
 * The parameters of a simulation, and what optimisers keep beside them, in
 * the memory of a backend. Simulations of several graphs may share them.
 */

import type { Backend, Memory } from '../backends/backend.ts';
import { GraphError, OptionError, ShapeError } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import {
  checkFinite,
  type FloatArray,
  type Shape,
  sameShape,
  shapeText,
} from '../base/tensor.ts';
import { type Graph, type Init, parametersOf } from '../graph/graph.ts';
import type { Optimiser } from './optim.ts';
import { stateName } from './record.ts';

/** What learns: a parameter of the graph, or one that a rule adds. */
export interface Learned {
  readonly id: string;
  readonly shape: Shape;
  readonly size: number;
}

export class Parameters {
  /** By id of a parameter, and by name of a state. */
  readonly memory = new Map<string, Memory>();
  readonly backend: Backend;
  readonly seed: number;
  presentations = 0;
  private freed = false;
  /** Updates of each parameter so far, which optimisers count. */
  private readonly updates = new Map<string, number>();
  private readonly all: readonly Learned[];

  /** `added`: what a rule learns beside the graph's own; starts at 0. */
  constructor(
    graph: Graph,
    backend: Backend,
    seed: number,
    optimiser: Optimiser | null,
    added: readonly Learned[] = [],
  ) {
    this.backend = backend;
    this.seed = seed;
    const own = parametersOf(graph);
    this.all = [...own, ...added];
    try {
      // Each role side by side: parameters, and each of an optimiser's states.
      const sizes = this.all.map(({ size }) => size);
      const roles = [(id: string) => id];
      for (const state of optimiser?.states ?? []) {
        roles.push((id) => stateName(state, id));
      }
      for (const name of roles) {
        backend.allocateAll(sizes).forEach((memory, i) => {
          this.memory.set(name(this.all[i]!.id), memory);
        });
      }
      for (const vertex of own) {
        const { id } = vertex;
        const init = graph.inits.get(id) as Init;
        const values = initialValues(vertex, init, seed);
        checkFinite(id, values, backend.dtype);
        backend.write(this.memory.get(id) as Memory, values);
      }
    } catch (error) {
      this.free();
      throw error;
    }
  }

  /** Updates of a parameter so far. */
  updatesOf(id: string): number {
    return this.updates.get(id) ?? 0;
  }

  /** More updates of a parameter have been made. */
  countUpdates(id: string, more: number): void {
    this.updates.set(id, this.updatesOf(id) + more);
  }

  /** Checks that another graph, which needs these, can share them. */
  checkShared(needed: readonly Learned[]): void {
    for (const { id, shape } of needed) {
      const own = this.all.find((each) => each.id === id)?.shape;
      if (!own || !sameShape(own, shape)) {
        throw new GraphError(
          `Parameter "${id}" has shape ${shapeText(shape)} but ` +
            `${own ? shapeText(own) : 'is missing'} in the simulation that ` +
            'it is to share',
          { id },
        );
      }
    }
  }

  /** Shape of a parameter. */
  shapeOf(id: string): Shape {
    return this.find(id).shape;
  }

  async read(id: string): Promise<FloatArray> {
    return this.backend.read(this.memory.get(this.find(id).id) as Memory);
  }

  async readAll(): Promise<Map<string, FloatArray>> {
    const all = new Map<string, FloatArray>();
    for (const { id } of this.all) all.set(id, await this.read(id));
    return all;
  }

  /** Sets a parameter; a given shape must be its own. */
  write(id: string, values: ArrayLike<number>, shape?: Shape): void {
    const own = this.find(id);
    if (values.length !== own.size || (shape && !sameShape(shape, own.shape))) {
      throw new ShapeError(
        `Parameter "${id}" has shape ${shapeText(own.shape)} but got ` +
          `${shape ? shapeText(shape) : `${values.length} numbers`}`,
        { id },
      );
    }
    checkFinite(id, values, this.backend.dtype);
    this.backend.write(this.memory.get(id) as Memory, values);
  }

  /** Whether they are no more. */
  get isFree(): boolean {
    return this.freed;
  }

  free(): void {
    this.freed = true;
    for (const memory of this.memory.values()) this.backend.free(memory);
    this.memory.clear();
  }

  private find(id: string): Learned {
    const found = this.all.find((each) => each.id === id);
    if (found) return found;
    throw new OptionError(
      `No parameter "${id}": there are ` +
        this.all.map((each) => each.id).join(', '),
      { id },
    );
  }
}

function initialValues(
  { id, size }: Learned,
  init: Init,
  seed: number,
): ArrayLike<number> {
  if (init.kind === 'values') return init.data;
  if (init.kind === 'zeros') return new Float32Array(size);
  if (init.kind === 'constant') return new Float32Array(size).fill(init.value);
  const random = new Random(seed, `init/${id}`);
  const draw =
    init.kind === 'normal'
      ? () => init.std * random.normal()
      : () => init.bound * (2 * random.uniform() - 1);
  // Rounded to float32, so that every backend starts from the same numbers.
  return Float32Array.from({ length: size }, draw);
}
