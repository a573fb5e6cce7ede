/**
 * One memory of WebAssembly for the numbers of all CPU backends of a process:
 * code in it is made once, and threads see all of it. It is shared, because
 * only a shared memory grows without taking its buffer away from the arrays
 * that lie in it.
 */

import type { DType, FloatArray } from '../../base/tensor.ts';
import { PAGE, type WasmMemory, wasm } from './code.ts';

/** Bytes of a line of the cache: arrays begin on one. */
const LINE = 64;

/** Pages that a memory may have at most: what 32 bits address, or less. */
const MOST_PAGES = [65536, 32768, 16384, 4096];

/** A stretch of bytes that nobody uses. */
interface Gap {
  address: number;
  bytes: number;
}

class Arena {
  readonly memory: WasmMemory;
  private readonly mostPages: number;
  /** In ascending order, never side by side. */
  private readonly gaps: Gap[] = [];
  /** Bytes of each allocation, by address. */
  private readonly used = new Map<number, number>();
  /** Buffers of the memory that arrays lie in: the older stay valid. */
  private readonly buffers = new WeakSet<ArrayBufferLike>();

  constructor(memory: WasmMemory, mostPages: number) {
    this.memory = memory;
    this.mostPages = mostPages;
    // Address 0 is nobody's.
    this.gaps.push({ address: LINE, bytes: memory.buffer.byteLength - LINE });
  }

  /** So many bytes, all 0; null where there is no room. */
  take(bytes: number): number | null {
    const size = Math.max(1, Math.ceil(bytes / LINE)) * LINE;
    let at = this.gaps.findIndex((gap) => gap.bytes >= size);
    if (at < 0) {
      if (!this.grow(size)) return null;
      at = this.gaps.length - 1;
    }
    const gap = this.gaps[at]!;
    const { address } = gap;
    gap.address += size;
    gap.bytes -= size;
    if (gap.bytes === 0) this.gaps.splice(at, 1);
    this.used.set(address, size);
    // Engines may give another buffer at any time: V8 does when any shared
    // memory of the process grows.
    this.buffers.add(this.memory.buffer);
    new Float64Array(this.memory.buffer, address, size / 8).fill(0);
    return address;
  }

  /** Gives an allocation back; nothing happens to what is none. */
  release(address: number): void {
    const bytes = this.used.get(address);
    if (bytes === undefined) return;
    this.used.delete(address);
    this.addGap({ address, bytes });
  }

  has(buffer: ArrayBufferLike): boolean {
    return this.buffers.has(buffer);
  }

  /** Bytes in use. */
  get bytes(): number {
    let sum = 0;
    for (const size of this.used.values()) sum += size;
    return sum;
  }

  private addGap(gap: Gap): void {
    const { gaps } = this;
    let at = gaps.findIndex(({ address }) => address > gap.address);
    if (at < 0) at = gaps.length;
    gaps.splice(at, 0, gap);
    const [before, after] = [gaps[at - 1], gaps[at + 1]];
    if (after && gap.address + gap.bytes === after.address) {
      gap.bytes += after.bytes;
      gaps.splice(at + 1, 1);
    }
    if (before && before.address + before.bytes === gap.address) {
      before.bytes += gap.bytes;
      gaps.splice(at, 1);
    }
  }

  /** Makes the last gap large enough. */
  private grow(bytes: number): boolean {
    const { memory, gaps } = this;
    const end = memory.buffer.byteLength;
    const last = gaps.at(-1);
    const there = last && last.address + last.bytes === end ? last.bytes : 0;
    const pages = Math.ceil((bytes - there) / PAGE);
    if (end / PAGE + pages > this.mostPages) return false;
    try {
      memory.grow(pages);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return false;
    }
    this.addGap({ address: end, bytes: pages * PAGE });
    return true;
  }
}

let only: Arena | null | undefined;

/** The process's arena; null where there is no shared memory to be had. */
function arena(): Arena | null {
  if (only === undefined) only = makeArena();
  return only;
}

function makeArena(): Arena | null {
  if (!wasm) return null;
  for (const maximum of MOST_PAGES) {
    try {
      const size = { initial: 16, maximum, shared: true };
      return new Arena(new wasm.Memory(size), maximum);
    } catch {
      // Fewer addresses may be had; without shared memory none.
    }
  }
  return null;
}

/** Arrays that are no longer reachable give back what was not released. */
const forgotten = new FinalizationRegistry<number>((address) => {
  only?.release(address);
});

/** The memory that the arrays of the arena lie in, or null. */
export function arenaMemory(): WasmMemory | null {
  return arena()?.memory ?? null;
}

/** Bytes that the arrays of the arena take. */
export function arenaBytes(): number {
  return only?.bytes ?? 0;
}

/**
 * So many zeros in the arena; null where it is full or there is none. They
 * stay until `release`, or until the array itself is reachable no more: who
 * keeps only a part of it (subarray) must keep the whole too.
 */
export function arrayInArena<T extends ArrayBufferView>(
  kind: new (buffer: ArrayBufferLike, at: number, length: number) => T,
  length: number,
  width: number,
): T | null {
  const place = arena();
  const address = place?.take(length * width);
  if (!place || address === null || address === undefined) return null;
  const array = new kind(place.memory.buffer, address, length);
  forgotten.register(array, address, array);
  return array;
}

/** The same for numbers of a type. */
export function floatsInArena(dtype: DType, length: number): FloatArray | null {
  return dtype === 'f64'
    ? arrayInArena(Float64Array, length, 8)
    : arrayInArena(Float32Array, length, 4);
}

/** Gives an array of the arena back; none else is touched. */
export function release(array: ArrayBufferView): void {
  if (!forgotten.unregister(array)) return;
  only?.release(array.byteOffset);
}

/** Byte of the arena at which an array starts; -1 if it lies elsewhere. */
export function addressOf(array: ArrayBufferView): number {
  return only?.has(array.buffer) ? array.byteOffset : -1;
}
