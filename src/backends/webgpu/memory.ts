/** Memory and pipelines of the WebGPU backend, as its parts hand them round. */

import { OptionError } from '../../base/errors.ts';
import type { Backend, Memory } from '../backend.ts';
import { bufferUsage } from './dispatch.ts';

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
