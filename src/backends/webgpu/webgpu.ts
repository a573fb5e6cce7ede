/**
 * The WebGPU backend: float32 on Dawn or in a browser. A program becomes
 * prebuilt bind groups; a run is one command buffer and one submission.
 */

import {
  DeviceFailedError,
  messageOf,
  OptionError,
} from '../../base/errors.ts';
import {
  aligned,
  type GpuTraits,
  type Kernel,
  type SumForm,
} from '../../kernels/kernel.ts';
import { shaderOf } from '../../kernels/shader.ts';
import { planMemory } from '../../program/memory.ts';
import type { Program } from '../../program/recorder.ts';
import {
  type Backend,
  type Contents,
  type Executable,
  homesOf,
  type Memory,
  type Request,
} from '../backend.ts';
import type { Gpu } from './device.ts';
import { bufferUsage, mapMode } from './dispatch.ts';
import { GpuExecutable } from './executable.ts';
import {
  BYTES,
  GpuMemory,
  own,
  type Part,
  type Pipeline,
  STORAGE,
} from './memory.ts';
import { traitsOf } from './traits.ts';
import { wgsl } from './wgsl.ts';

/** Bytes of four elements: kernels may take them together, the last ones too. */
const FOUR = 4 * BYTES;

/**
 * Calls of a kind that pay for a kernel of their own: it takes some 50 ms to
 * compile where there is no cache, and a call left out gains some 25 us.
 */
const WORTH_FUSING = 8;

/** GPUShaderStage.COMPUTE; Node has no globals for it. */
const COMPUTE = 4;

export class WebGpuBackend implements Backend {
  readonly name = 'webgpu';
  readonly dtype = 'f32';
  readonly description: string;
  readonly gpu: Gpu;
  readonly traits: GpuTraits;
  private readonly pipelines = new Map<string, Promise<Pipeline>>();
  private readonly buffers = new Set<GPUBuffer>();
  /** Parts in use of buffers that are shared. */
  private readonly shared = new Map<GPUBuffer, number>();
  private staging: GPUBuffer | null = null;
  private reading: Promise<unknown> = Promise.resolve();

  private readonly batches: boolean;
  private readonly fuses: number;

  /**
   * `batches`: calls alike as one; `fuses`: calls and what alone reads them as
   * one, where there are at least so many of a kind. Without (false, 0), to
   * measure what they gain. `form`: how products are summed, with the same bits;
   * tuning.ts knows the best for an adapter. Throws `OptionError` for a form
   * that the adapter lacks.
   */
  constructor(
    gpu: Gpu,
    options: { batches?: boolean; fuses?: number; form?: SumForm } = {},
  ) {
    this.batches = options.batches ?? true;
    this.fuses = options.fuses ?? WORTH_FUSING;
    this.gpu = gpu;
    const { vendor, architecture, device, description } = gpu.info;
    this.description =
      `webgpu, ${description || device} ` +
      `(${vendor} ${architecture}, ${gpu.info.driverSource} driver)`;
    this.traits = traitsOf(gpu, options.form);
  }

  get software(): boolean {
    return this.gpu.info.isSoftware;
  }

  /** Bytes of the largest buffer that can be made and bound. */
  get largest(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.gpu.limits;
    return Math.min(maxBufferSize, maxStorageBufferBindingSize);
  }

  /** Bytes of device memory in use. */
  get bytes(): number {
    let sum = 0;
    for (const buffer of this.buffers) sum += buffer.size;
    return sum;
  }

  allocate(size: number): Memory {
    return this.allocateAll([size])[0];
  }

  allocateAll(sizes: readonly number[]): Memory[] {
    const offsets: number[] = [];
    let total = 0;
    for (const size of sizes) {
      offsets.push(total);
      total += aligned(size);
    }
    // What does not fit one buffer gets many.
    if (total * BYTES > this.largest) {
      return this.allocateApart(sizes.map((size) => ({ size })));
    }
    const buffer = this.buffer(total * BYTES, STORAGE);
    this.shared.set(buffer, sizes.length);
    return sizes.map(
      (size, i) => new GpuMemory(this, size, buffer, offsets[i]),
    );
  }

  allocateApart(requests: readonly Request[]): Memory[] {
    const made: GpuMemory[] = [];
    try {
      for (const { size, words } of requests) {
        const buffer = this.buffer(size * BYTES, STORAGE);
        made.push(new GpuMemory(this, size, buffer, 0, words));
      }
      return made;
    } catch (error) {
      for (const memory of made) this.free(memory);
      throw error;
    }
  }

  write(memory: Memory, data: ArrayLike<number>): void {
    const mine = own(memory, this);
    if (mine.words) this.uploadWords(mine, data);
    else this.upload(mine, data);
  }

  async read(memory: Memory): Promise<Float32Array> {
    return (await this.download([own(memory, this)]))[0];
  }

  async readAll(memories: readonly Memory[]): Promise<Contents[]> {
    const mine = memories.map((memory) => own(memory, this));
    const values = await this.download(mine);
    return values.map((array, i) =>
      mine[i].words ? new Uint32Array(array.buffer) : array,
    );
  }

  /** A buffer is released with the last of its parts. */
  free(memory: Memory): void {
    const { buffer } = own(memory, this);
    const left = (this.shared.get(buffer) ?? 1) - 1;
    this.shared.set(buffer, left);
    if (left > 0) return;
    this.shared.delete(buffer);
    this.release(buffer);
  }

  async compile(
    program: Program,
    residents: ReadonlyMap<string, Memory>,
    { stepwise = false }: { readonly stepwise?: boolean } = {},
  ): Promise<Executable> {
    for (const memory of residents.values()) own(memory, this);
    const homes = homesOf(program, residents);
    const plan = planMemory(program, {
      homes,
      batches: this.batches,
      fuses: this.fuses,
      stepwise,
    });
    const pipelines = new Map<Kernel, Pipeline>();
    for (const { kernel } of plan.calls) {
      if (pipelines.has(kernel)) continue;
      pipelines.set(kernel, await this.pipeline(kernel));
    }
    this.gpu.check();
    const before = new Set(this.buffers);
    try {
      return new GpuExecutable(this, plan, pipelines);
    } catch (error) {
      for (const buffer of this.buffers) {
        if (!before.has(buffer)) this.release(buffer);
      }
      throw error;
    }
  }

  close(): void {
    for (const buffer of this.buffers) buffer.destroy();
    this.buffers.clear();
    this.staging = null;
    this.gpu.destroy();
  }

  /** @internal */
  buffer(bytes: number, usage: number): GPUBuffer {
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
    this.buffers.add(buffer);
    return buffer;
  }

  /** @internal */
  release(buffer: GPUBuffer): void {
    if (this.buffers.delete(buffer)) buffer.destroy();
  }

  /** @internal */
  upload({ buffer, offset }: Part, data: ArrayLike<number>): void {
    const values =
      data instanceof Float32Array
        ? (data as Float32Array<ArrayBuffer>)
        : Float32Array.from(data);
    this.gpu.device.queue.writeBuffer(buffer, offset * BYTES, values);
  }

  private uploadWords({ buffer, offset }: Part, data: ArrayLike<number>): void {
    const values =
      data instanceof Uint32Array
        ? (data as Uint32Array<ArrayBuffer>)
        : Uint32Array.from(data);
    this.gpu.device.queue.writeBuffer(buffer, offset * BYTES, values);
  }

  /** @internal Copies of buffers' contents; one reading at a time. */
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
      this.buffers.add(this.staging);
    }
    return this.staging;
  }

  private pipeline(kernel: Kernel): Promise<Pipeline> {
    const key = kernel.name;
    let made = this.pipelines.get(key);
    if (!made) {
      made = this.makePipeline(kernel);
      this.pipelines.set(key, made);
    }
    return made;
  }

  private async makePipeline(kernel: Kernel): Promise<Pipeline> {
    const { device } = this.gpu;
    const code = shaderOf(kernel, this.traits, wgsl);
    const types: GPUBufferBindingType[] = [
      'uniform',
      ...kernel.gpu.reads.map(() => 'read-only-storage' as const),
      ...kernel.gpu.writes.map(() => 'storage' as const),
    ];
    const layout = device.createBindGroupLayout({
      entries: types.map((type, binding) => ({
        binding,
        visibility: COMPUTE,
        buffer: { type },
      })),
    });
    try {
      const pipeline = await device.createComputePipelineAsync({
        layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module: device.createShaderModule({ code }) },
      });
      return { pipeline, layout };
    } catch (error) {
      throw new DeviceFailedError(
        `Kernel ${kernel.name} cannot be compiled: ${messageOf(error)}`,
        { kernel: kernel.name },
      );
    }
  }
}
