/** Memory and pipelines of the WebGPU backend, as its parts hand them round. */

import { OptionError } from '../errors.ts';
import type { Memory } from './backend.ts';
import { bufferUsage } from './dispatch.ts';

/** Usage of buffers that kernels read and write. */
export const STORAGE =
  bufferUsage.storage | bufferUsage.copySrc | bufferUsage.copyDst;

/** Bytes of an element. */
export const BYTES = Float32Array.BYTES_PER_ELEMENT;

export class GpuMemory implements Memory {
  readonly size: number;
  readonly buffer: GPUBuffer;

  constructor(size: number, buffer: GPUBuffer) {
    this.size = size;
    this.buffer = buffer;
  }
}

/** The memory as this backend's own. Throws OptionError. */
export function own(memory: Memory): GpuMemory {
  if (memory instanceof GpuMemory) return memory;
  throw new OptionError('This memory belongs to another backend');
}

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}
