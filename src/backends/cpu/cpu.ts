import { OptionError } from '../../base/errors.ts';
import { type FieldsOf, flag, Schema, whole } from '../../base/schema.ts';
import { type DType, type FloatArray, floatArray } from '../../base/tensor.ts';
import { floatsInArena, release } from '../../formula/wasm/arena.ts';
import { floatsInWasm } from '../../formula/wasm/memory.ts';
import { threadsThere } from '../../formula/wasm/team.ts';
import { aligned } from '../../kernels/kernel.ts';
import { type Plan, planMemory, type Span } from '../../program/memory.ts';
import type { Program } from '../../program/recorder.ts';
import {
  type Backend,
  type Contents,
  dtype,
  type Executable,
  homesOf,
  type Memory,
  outputOf,
  type Request,
} from '../backend.ts';

class CpuMemory implements Memory {
  readonly pool: Contents;
  readonly offset: number;
  readonly size: number;
  freed = false;
  private readonly owner: CpuBackend;

  constructor(owner: CpuBackend, pool: Contents, offset: number, size: number) {
    this.owner = owner;
    this.pool = pool;
    this.offset = offset;
    this.size = size;
  }

  get data(): Contents {
    // What lies there now may be another's.
    if (this.freed || this.owner.closed) {
      throw new OptionError('This memory was given back: allocate another', {
        ...{ offset: this.offset, size: this.size },
      });
    }
    return this.pool.subarray(this.offset, this.offset + this.size);
  }
}

export interface CpuOptions {
  /** Calls alike as one, which gains nothing here but can be tested. Default false. */
  readonly batches?: boolean;
  /**
   * Threads, a whole number >= 1, with the same bits whatever their number;
   * without it as many as the machine runs at once.
   */
  readonly threads?: number;
}

const cpuOptions = new Schema('CpuBackend', {
  batches: flag(),
  threads: whole({ least: 1, optional: true }),
} satisfies FieldsOf<CpuOptions>);

const cpuType = new Schema('CpuBackend', { dtype });

/**
 * The CPU backend: in float64 the reference, in float32 the GPU's twin, which
 * rounds after every operation. Its numbers lie in the arena (formula/wasm/arena.ts)
 * where there is one, so that WebAssembly and threads can work on them.
 */
export class CpuBackend implements Backend {
  readonly name = 'cpu';
  readonly software = true;
  /** Number format of all its memory. */
  readonly dtype: DType;
  /** What it is, for people. */
  readonly description: string;
  /** Whether it was closed: nothing runs on it any more. */
  closed = false;
  private readonly batches: boolean;
  /** Threads that work on one call at most. */
  readonly threads: number;
  /** Parts in use of arrays that are shared. */
  private readonly shared = new WeakMap<Contents, number>();
  private readonly pools = new Set<WeakRef<FloatArray>>();

  /** Throws OptionError. */
  constructor(dtype: DType = 'f64', options: CpuOptions = {}) {
    cpuType.read({ dtype });
    const { batches, threads } = cpuOptions.read(options);
    this.batches = batches;
    this.threads = threads ?? threadsThere();
    this.dtype = dtype;
    this.description = `cpu, ${dtype === 'f64' ? 'float64' : 'float32'}`;
  }

  /** Memory for so many numbers, which start as 0. Throws OptionError. */
  allocate(size: number): Memory {
    return this.allocateAll([size])[0]!;
  }

  /** Memory for several, side by side in one array. */
  allocateAll(sizes: readonly number[]): Memory[] {
    const total = sizes.reduce((sum, size) => sum + aligned(size), 0);
    const pool = numbers(this.dtype, total);
    this.shared.set(pool, sizes.length);
    this.pools.add(new WeakRef(pool));
    let offset = 0;
    return sizes.map((size) => {
      offset += aligned(size);
      return new CpuMemory(this, pool, offset - aligned(size), size);
    });
  }

  /**
   * Memory for several, arrays of one buffer: no two share a line of the cache.
   */
  allocateApart(requests: readonly Request[]): Memory[] {
    return together(this.dtype, requests).map(
      (pool) => new CpuMemory(this, pool, 0, pool.length),
    );
  }

  /** Sets the contents of a memory, from its first element on. */
  write(memory: Memory, data: ArrayLike<number>): void {
    own(memory).data.set(data);
  }

  /** A copy of the contents of a memory. */
  async read(memory: Memory): Promise<FloatArray> {
    return own(memory).data.slice() as FloatArray;
  }

  /** Copies of the contents of several. */
  async readAll(memories: readonly Memory[]): Promise<Contents[]> {
    return memories.map((memory) => own(memory).data.slice());
  }

  /** An array is released with the last of its parts. */
  free(memory: Memory): void {
    const mine = own(memory);
    if (mine.freed) return;
    mine.freed = true;
    const { pool } = mine;
    const left = (this.shared.get(pool) ?? 0) - 1;
    if (left < 0) return;
    this.shared.set(pool, left);
    if (left > 0) return;
    this.shared.delete(pool);
    release(pool);
  }

  /** A program, ready to run on these residents. Throws OptionError. */
  async compile(
    program: Program,
    residents: ReadonlyMap<string, Memory>,
  ): Promise<Executable> {
    for (const memory of residents.values()) own(memory).data;
    const homes = homesOf(program, residents);
    const plan = planMemory(program, { homes, batches: this.batches });
    return new CpuExecutable(plan, this);
  }

  /** Releases all memory. Idempotent. */
  close(): void {
    this.closed = true;
    for (const pool of this.pools) {
      const array = pool.deref();
      if (array) release(array);
    }
    this.pools.clear();
  }
}

function numbers(dtype: DType, length: number): FloatArray {
  const made = floatsInArena(dtype, length);
  if (made) return made;
  try {
    return floatArray(dtype, length);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new OptionError(
      `${length} numbers of memory cannot be had: use smaller batches or layers`,
      { length },
    );
  }
}

function own(memory: Memory): CpuMemory {
  if (memory instanceof CpuMemory) return memory;
  throw new OptionError('This memory belongs to another backend', {
    size: memory.size,
  });
}

/** Arrays that share one buffer, so that one module of code can reach them. */
function together(dtype: DType, requests: readonly Request[]): Contents[] {
  const width = dtype === 'f64' ? 8 : 4;
  const bytes = ({ size, words }: Request) =>
    Math.ceil((size * (words ? 4 : width)) / LINE) * LINE;
  const total = requests.reduce((sum, request) => sum + bytes(request), 0);
  const { buffer } = allocated(dtype, total, width);
  let offset = 0;
  return requests.map((request) => {
    const at = offset;
    offset += bytes(request);
    if (request.words) return new Uint32Array(buffer, at, request.size);
    return dtype === 'f64'
      ? new Float64Array(buffer, at, request.size)
      : new Float32Array(buffer, at, request.size);
  });
}

function allocated(dtype: DType, bytes: number, width: number): FloatArray {
  try {
    return floatsInWasm(dtype, bytes / width).floats;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new OptionError(
      `${bytes} bytes of memory cannot be had: use fewer neurons or trials, or ` +
        'shorter delays',
      { bytes },
    );
  }
}

/** Bytes of a line of the cache: arrays begin on one. */
const LINE = 64;

class CpuExecutable implements Executable {
  readonly launches: number;
  readonly bytes: number;
  private readonly plan: Plan;
  private readonly places: FloatArray[];
  private readonly steps: { tick: number; run: () => void }[];

  private readonly mine: FloatArray[];

  private readonly backend: CpuBackend;
  private freed = false;

  constructor(plan: Plan, backend: CpuBackend) {
    const { dtype, threads } = backend;
    this.backend = backend;
    this.plan = plan;
    const { given } = plan;
    this.places = plan.sizes.map(
      (size, place) =>
        (given.get(place) as FloatArray | undefined) ?? numbers(dtype, size),
    );
    for (const { span, fill } of plan.constants) this.part(span).fill(fill);
    const single = dtype === 'f32';
    this.steps = plan.calls.map(({ kernel, inputs, outputs, params, tick }) => {
      const form = kernel.cpu(single);
      const from = inputs.map((span) => this.part(span));
      const to = outputs.map((span) => this.part(span)) as [FloatArray];
      return { tick, run: () => form(from, to, params, threads) };
    });
    this.launches = plan.calls.length;
    this.mine = this.places.filter((_, place) => !given.has(place));
    this.bytes = this.mine.reduce((sum, array) => sum + array.byteLength, 0);
  }

  /** Its arrays may be another's otherwise. */
  private checkThere(): void {
    if (this.freed || this.backend.closed) {
      throw new OptionError(
        'The program was freed, or its backend closed: compile it again',
        { freed: this.freed, closed: this.backend.closed },
      );
    }
  }

  feed(name: string, data: ArrayLike<number>): void {
    this.checkThere();
    const span = this.plan.feeds.get(name);
    if (span) this.part(span).set(data);
  }

  run(first = 0, last = Number.POSITIVE_INFINITY): void {
    this.checkThere();
    for (const step of this.steps) {
      if (step.tick >= first && step.tick <= last) step.run();
    }
  }

  async read(names: readonly string[]): Promise<FloatArray[]> {
    this.checkThere();
    return names.map((name) => this.part(outputOf(this.plan, name)).slice());
  }

  private part({ place, offset, length }: Span): FloatArray {
    return this.places[place]!.subarray(offset, offset + length);
  }

  free(): void {
    this.freed = true;
    for (const array of this.mine) release(array);
  }
}
