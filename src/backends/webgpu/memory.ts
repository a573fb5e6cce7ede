/** Memory and pipelines of the WebGPU backend, as its parts hand them round. */

import {
  DeviceFailedError,
  messageOf,
  OptionError,
} from '../../base/errors.ts';
import type { Backend, Memory } from '../backend.ts';
import type { Gpu } from './device.ts';
import { bufferUsage, mapMode } from './dispatch.ts';

/** Usage of buffers that kernels read and write. */
export const STORAGE =
  bufferUsage.storage | bufferUsage.copySrc | bufferUsage.copyDst;

/** Bytes of an element. */
export const BYTES = Float32Array.BYTES_PER_ELEMENT;

export class GpuMemory implements Memory {
  readonly owner: Backend;
  readonly size: number;
  readonly buffer: GPUBuffer;
  /** In elements. */
  readonly offset: number;
  /** Whether it holds 32-bit words in place of float32. */
  readonly words: boolean;

  constructor(
    owner: Backend,
    size: number,
    buffer: GPUBuffer,
    offset = 0,
    words = false,
  ) {
    this.words = words;
    this.owner = owner;
    this.size = size;
    this.buffer = buffer;
    this.offset = offset;
  }

  get pool(): object {
    return this.buffer;
  }
}

/** A part of a buffer, in elements. */
export interface Part {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

/** The memory as the backend's own. Throws OptionError. */
export function own(memory: Memory, backend: Backend): GpuMemory {
  if (memory instanceof GpuMemory && memory.owner === backend) return memory;
  throw new OptionError('This memory belongs to another backend', {
    size: memory.size,
  });
}

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Bytes of four elements: kernels may take them together, the last ones too. */
const FOUR = 4 * BYTES;

/** The buffers of a device: made, filled, read and released here. */
export class Buffers {
  readonly gpu: Gpu;
  private readonly made = new Set<GPUBuffer>();
  private staging: GPUBuffer | null = null;
  private reading: Promise<unknown> = Promise.resolve();

  constructor(gpu: Gpu) {
    this.gpu = gpu;
  }

  /** Bytes of the largest buffer that can be made and bound. */
  get largest(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.gpu.limits;
    return Math.min(maxBufferSize, maxStorageBufferBindingSize);
  }

  /** Bytes of device memory in use. */
  get bytes(): number {
    let sum = 0;
    for (const buffer of this.made) sum += buffer.size;
    return sum;
  }

  /** A buffer of at least so many bytes. Throws OptionError. */
  make(bytes: number, usage: number): GPUBuffer {
    const most = this.largest;
    if (bytes > most) {
      throw new OptionError(
        `A tensor of ${bytes} bytes does not fit the adapter, which binds at ` +
          `most ${most}: use smaller batches or layers, or --backend cpu`,
        { bytes, most },
      );
    }
    this.gpu.check();
    const size = Math.max(1, Math.ceil(bytes / FOUR)) * FOUR;
    const buffer = this.gpu.device.createBuffer({ size, usage });
    this.made.add(buffer);
    return buffer;
  }

  release(buffer: GPUBuffer): void {
    if (this.made.delete(buffer)) buffer.destroy();
  }

  /** `words`: as 32-bit words in place of float32. */
  upload(
    { buffer, offset, words }: Part & { readonly words?: boolean },
    data: ArrayLike<number>,
  ): void {
    const kind = words ? Uint32Array : Float32Array;
    const values = data instanceof kind ? data : kind.from(data);
    this.gpu.device.queue.writeBuffer(
      buffer,
      offset * BYTES,
      values as typeof values & ArrayBufferView<ArrayBuffer>,
    );
  }

  /** Copies of buffers' contents; one reading at a time. */
  download(sources: readonly Part[]): Promise<Float32Array[]> {
    const result = this.reading.then(() => this.downloadNow(sources));
    this.reading = result.catch(() => undefined);
    return result;
  }

  private async downloadNow(sources: readonly Part[]): Promise<Float32Array[]> {
    const { device } = this.gpu;
    const total = sources.reduce((sum, { size }) => sum + size, 0) * BYTES;
    const staging = this.stagingFor(total);
    const encoder = device.createCommandEncoder();
    let to = 0;
    for (const { buffer, offset, size } of sources) {
      const bytes = size * BYTES;
      encoder.copyBufferToBuffer(buffer, offset * BYTES, staging, to, bytes);
      to += bytes;
    }
    device.queue.submit([encoder.finish()]);
    try {
      await staging.mapAsync(mapMode.read, 0, total);
    } catch (error) {
      this.gpu.check();
      throw new DeviceFailedError(
        `Results could not be read from the device: ${messageOf(error)}`,
        { reason: messageOf(error), bytes: total },
      );
    }
    let at = 0;
    const mapped = staging.getMappedRange(0, total);
    const results = sources.map(({ size }) => {
      const values = new Float32Array(mapped.slice(at, at + size * BYTES));
      at += size * BYTES;
      return values;
    });
    staging.unmap();
    this.gpu.check();
    return results;
  }

  private stagingFor(bytes: number): GPUBuffer {
    if (!this.staging || this.staging.size < bytes) {
      if (this.staging) this.release(this.staging);
      const usage = bufferUsage.mapRead | bufferUsage.copyDst;
      const size = Math.max(bytes, 4096);
      this.staging = this.gpu.device.createBuffer({ size, usage });
      this.made.add(this.staging);
    }
    return this.staging;
  }

  /** Makes something; where that fails, buffers made for it are released. */
  orNone<T>(make: () => T): T {
    const before = new Set(this.made);
    try {
      return make();
    } catch (error) {
      for (const buffer of this.made) {
        if (!before.has(buffer)) this.release(buffer);
      }
      throw error;
    }
  }

  close(): void {
    for (const buffer of this.made) buffer.destroy();
    this.made.clear();
    this.staging = null;
  }
}
