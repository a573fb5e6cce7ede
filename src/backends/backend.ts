import { OptionError } from '../base/errors.ts';
import { oneOf } from '../base/schema.ts';
import type { DType, FloatArray } from '../base/tensor.ts';
import type { Plan, Span } from '../program/memory.ts';
import type { Program } from '../program/recorder.ts';

/** The number format of a backend, as an option. */
export const dtype = oneOf(['f32', 'f64'], {
  ...{ optional: true, otherwise: 'f32; f64 only on the cpu' },
  ...{ help: 'number format', placeholder: 'T' },
});

/** Memory that outlives a program: parameters and states of optimisers. */
export interface Memory {
  /** Elements. */
  readonly size: number;
  /** The array or buffer that it is a part of. */
  readonly pool: object;
  /** Where it begins in the pool, in elements. */
  readonly offset: number;
}

/** Memory to be had: so many numbers, or 32-bit words. Starts as 0. */
export interface Request {
  readonly size: number;
  readonly words?: boolean;
}

/** What a memory holds: numbers of the backend's type, or words. */
export type Contents = FloatArray | Uint32Array;

/**
 * What executes programs. A backend owns memory and runs recorded calls; it
 * knows nothing of graphs, circuits, rules or time beyond the order of ticks.
 * `openBackend` opens one.
 */
export interface Backend {
  /** Which machine it is: the CPU, or a WebGPU adapter. */
  readonly name: 'cpu' | 'webgpu';
  /** Number format of all its memory. */
  readonly dtype: DType;
  /** What it runs on, for people. */
  readonly description: string;
  /** Whether the machine's CPU does the work, by a driver or by itself. */
  readonly software: boolean;
  /** Memory for so many numbers, which start as 0. Throws OptionError. */
  allocate(size: number): Memory;
  /** The same for several that are used alike, side by side where they fit. */
  allocateAll(sizes: readonly number[]): Memory[];
  /** The same, each by itself: a kernel may write one while it reads another. */
  allocateApart(requests: readonly Request[]): Memory[];
  /** Sets the contents of a memory, from its first element on. */
  write(memory: Memory, data: ArrayLike<number>): void;
  /** A copy of the contents, as they are after all runs so far. */
  read(memory: Memory): Promise<FloatArray>;
  /** Contents of several at once, as they are after all runs so far. */
  readAll(memories: readonly Memory[]): Promise<Contents[]>;
  /** Gives a memory back; it may not be used afterwards. */
  free(memory: Memory): void;
  /**
   * Prepares a program; `residents` gives the memory of each by name.
   * `stepwise`: to be run tick by tick, so that at each everything is as
   * recorded; without, only a whole run is as recorded.
   */
  compile(
    program: Program,
    residents: ReadonlyMap<string, Memory>,
    options?: { readonly stepwise?: boolean },
  ): Promise<Executable>;
  /** Releases everything. Idempotent. */
  close(): void;
}

/**
 * A program that is compiled on a backend: fed, run and read again and again.
 */
export interface Executable {
  /** Sets the values of a feed. */
  feed(name: string, data: ArrayLike<number>): void;
  /** Runs all ticks, or those from `first` to `last` (both included). */
  run(first?: number, last?: number): void;
  /**
   * Runs that are asked for but not done take memory. Where there are many, a
   * promise that some are done; else null. Who never reads must await it.
   */
  backlog?(): Promise<unknown> | null;
  /** Values of outputs, in the order asked for. */
  read(names: readonly string[]): Promise<FloatArray[]>;
  /** Kernel launches of one run, memory copies included. */
  readonly launches: number;
  /** Memory of its own, in bytes. */
  readonly bytes: number;
  /** Gives its own memory back; residents stay. */
  free(): void;
}

/** Where an output lies after a run. Throws OptionError. */
export function outputOf(plan: Plan, name: string): Span {
  const span = plan.outputs.get(name);
  if (span) return span;
  throw new OptionError(`The program has no output "${name}"`, { name });
}

/** Where the residents of a program are. Throws OptionError. */
export function homesOf(
  program: Program,
  residents: ReadonlyMap<string, Memory>,
): Map<string, Memory> {
  return new Map(
    [...program.residents.keys()].map((name) => {
      const memory = residents.get(name);
      if (memory) return [name, memory];
      throw new OptionError(`No memory was given for "${name}"`, { name });
    }),
  );
}
