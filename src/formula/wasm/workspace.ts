/** Memory of the arena that is used again from call to call. */

import type { FloatArray } from '../../base/tensor.ts';
import { addressOf, arrayInArena, release } from './arena.ts';

export class Workspace {
  private bytes: Uint8Array | null = null;

  /** Byte of the arena at which it starts. */
  get address(): number {
    return this.bytes ? addressOf(this.bytes) : 0;
  }

  /** Makes it at least so large; what it held is lost. False: no room. */
  reserve(bytes: number): boolean {
    if (this.bytes && this.bytes.byteLength >= bytes) return true;
    if (this.bytes) release(this.bytes);
    this.bytes = arrayInArena(Uint8Array, bytes, 1);
    return this.bytes !== null;
  }

  /** Numbers in it, so many bytes from its start. */
  floats(single: boolean, at: number, length: number): FloatArray {
    const { buffer, byteOffset } = this.bytes as Uint8Array;
    const start = byteOffset + at;
    return single
      ? new Float32Array(buffer, start, length)
      : new Float64Array(buffer, start, length);
  }

  /** Words in it, from an address on. */
  words(address: number, length: number): Int32Array {
    return new Int32Array((this.bytes as Uint8Array).buffer, address, length);
  }
}
