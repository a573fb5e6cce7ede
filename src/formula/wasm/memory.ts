/**
 * Arrays in memory of WebAssembly, so that loops there (formula/wasm-loop.ts) and
 * JavaScript work on the same elements.
 */

import { OptionError } from '../../base/errors.ts';
import type { DType, FloatArray } from '../../base/tensor.ts';
import { PAGE, type WasmMemory, wasm } from './code.ts';

/**
 * A pass over as few as 16 elements is faster in WebAssembly, but a memory and
 * the loops on it take 0.1 ms to make and whole pages, and there may not be
 * many: small arrays do without.
 */
const LEAST_ELEMENTS = 1024;

/** Pages that 32 bits can address. */
const MOST_PAGES = 65536;

/**
 * Memories that may live at once. V8 reserves 10 GiB of addresses for each:
 * about 13,000 fill the 47 bits of a process, and what else is to be allocated
 * then may fail.
 */
const MOST_MEMORIES = 1000;

let room = MOST_MEMORIES;
const released = new FinalizationRegistry(() => {
  room = Math.min(room + 1, MOST_MEMORIES);
});

const memories = new WeakMap<ArrayBufferLike, WasmMemory>();

export interface FloatsAndWords {
  readonly floats: FloatArray;
  readonly u32: Uint32Array;
}

/**
 * Arrays of so many zeros, in one memory of WebAssembly if they are large
 * enough and one can be had (see memoryOf), else in an ordinary buffer.
 */
export function floatsInWasm(
  dtype: DType,
  elements: number,
  words = 0,
): FloatsAndWords {
  const size = dtype === 'f64' ? 8 : 4;
  const bytes = elements * size + words * 4;
  const memory = elements < LEAST_ELEMENTS ? null : makeMemory(bytes);
  const buffer = memory?.buffer ?? new ArrayBuffer(bytes);
  if (memory) memories.set(buffer, memory);
  const floats =
    dtype === 'f64'
      ? new Float64Array(buffer, 0, elements)
      : new Float32Array(buffer, 0, elements);
  return { floats, u32: new Uint32Array(buffer, elements * size, words) };
}

/** The memory of WebAssembly that an array lies in, or null. */
export function memoryOf(array: ArrayBufferView): WasmMemory | null {
  return memories.get(array.buffer) ?? null;
}

/**
 * The byte at which a view of a memory starts, 0 without one. Throws
 * OptionError for a view of something else.
 */
export function startIn(memory: WasmMemory, view?: ArrayBufferView): number {
  if (!view) return 0;
  if (view.buffer === memory.buffer) return view.byteOffset;
  throw new OptionError(
    `A ${view.constructor.name} of ${view.byteLength} bytes is outside the ` +
      'memory of the loop: make it by floatsInWasm',
    { bytes: view.byteLength },
  );
}

function makeMemory(bytes: number): WasmMemory | null {
  const pages = Math.ceil(bytes / PAGE);
  if (!wasm || room === 0 || pages > MOST_PAGES) return null;
  try {
    // It never grows: growing would take its buffer away from the arrays.
    const memory = new wasm.Memory({ initial: pages, maximum: pages });
    room -= 1;
    released.register(memory, null);
    return memory;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // A search for room costs V8 some 40 ms: not until some is released.
    room = 0;
    return null;
  }
}
