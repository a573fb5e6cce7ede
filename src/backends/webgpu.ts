/**
 * The WebGPU backend: float32 on Dawn or in a browser. A program becomes
 * prebuilt bind groups; a run is one command buffer and one submission.
 */

import { DeviceFailedError, messageOf, OptionError } from '../errors.ts';
import type { GpuTraits, Kernel } from '../ops/kernel.ts';
import { planMemory } from '../program/memory.ts';
import type { Program } from '../program/recorder.ts';
import type { Backend, Executable, Memory } from './backend.ts';
import type { Gpu } from './device.ts';
import { bufferUsage, mapMode } from './dispatch.ts';
import { BYTES, GpuMemory, own, type Pipeline, STORAGE } from './gpu-memory.ts';
import { GpuExecutable } from './webgpu-executable.ts';
import { loadWgsl } from './wgsl.ts';

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
  private staging: GPUBuffer | null = null;
  private reading: Promise<unknown> = Promise.resolve();

  constructor(gpu: Gpu) {
    this.gpu = gpu;
    const { vendor, architecture, device, description } = gpu.info;
    this.description =
      `webgpu, ${description || device} ` +
      `(${vendor} ${architecture}, ${gpu.info.driverSource} driver)`;
    const { subgroup } = gpu;
    const fixed = subgroup && subgroup.min === subgroup.max ? subgroup.min : 0;
    this.traits = { subgroup: fixed <= 64 ? fixed : 0 };
  }

  /** Bytes of device memory in use. */
  get bytes(): number {
    let sum = 0;
    for (const buffer of this.buffers) sum += buffer.size;
    return sum;
  }

  allocate(size: number): Memory {
    return new GpuMemory(this, size, this.buffer(size * BYTES, STORAGE));
  }

  write(memory: Memory, data: ArrayLike<number>): void {
    this.upload(own(memory, this).buffer, data);
  }

  async read(memory: Memory): Promise<Float32Array> {
    const { buffer, size } = own(memory, this);
    return (await this.download([{ buffer, size }]))[0];
  }

  free(memory: Memory): void {
    this.release(own(memory, this).buffer);
  }

  async compile(
    program: Program,
    residents: ReadonlyMap<string, Memory>,
  ): Promise<Executable> {
    const plan = planMemory(program);
    const pipelines = new Map<Kernel, Pipeline>();
    for (const { kernel, inputs, outputs } of plan.calls) {
      if (pipelines.has(kernel)) continue;
      const inPlace = kernel.inPlace.filter((at) => at !== null).length;
      const reads = inputs.length - inPlace;
      pipelines.set(kernel, await this.pipeline(kernel, reads, outputs.length));
    }
    this.gpu.check();
    const before = new Set(this.buffers);
    try {
      return new GpuExecutable(this, program, plan, pipelines, residents);
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
    const most = Math.min(
      this.gpu.limits.maxBufferSize,
      this.gpu.limits.maxStorageBufferBindingSize,
    );
    if (bytes > most) {
      throw new OptionError(
        `A tensor of ${bytes} bytes does not fit the adapter, which binds at ` +
          `most ${most}: use smaller batches or layers, or --backend cpu`,
        { bytes, most },
      );
    }
    this.gpu.check();
    const size = Math.max(4, Math.ceil(bytes / 4) * 4);
    const buffer = this.gpu.device.createBuffer({ size, usage });
    this.buffers.add(buffer);
    return buffer;
  }

  /** @internal */
  release(buffer: GPUBuffer): void {
    if (this.buffers.delete(buffer)) buffer.destroy();
  }

  /** @internal */
  upload(buffer: GPUBuffer, data: ArrayLike<number>): void {
    const values =
      data instanceof Float32Array
        ? (data as Float32Array<ArrayBuffer>)
        : Float32Array.from(data);
    this.gpu.device.queue.writeBuffer(buffer, 0, values);
  }

  /** @internal Copies of buffers' contents; one reading at a time. */
  download(
    sources: readonly { buffer: GPUBuffer; size: number }[],
  ): Promise<Float32Array[]> {
    const result = this.reading.then(() => this.downloadNow(sources));
    this.reading = result.catch(() => undefined);
    return result;
  }

  private async downloadNow(
    sources: readonly { buffer: GPUBuffer; size: number }[],
  ): Promise<Float32Array[]> {
    const { device } = this.gpu;
    const total = sources.reduce((sum, { size }) => sum + size, 0) * BYTES;
    const staging = this.stagingFor(total);
    const encoder = device.createCommandEncoder();
    let offset = 0;
    for (const { buffer, size } of sources) {
      encoder.copyBufferToBuffer(buffer, 0, staging, offset, size * BYTES);
      offset += size * BYTES;
    }
    device.queue.submit([encoder.finish()]);
    try {
      await staging.mapAsync(mapMode.read, 0, total);
    } catch (error) {
      this.gpu.check();
      throw new DeviceFailedError(
        `Results could not be read from the device: ${messageOf(error)}`,
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

  private pipeline(
    kernel: Kernel,
    reads: number,
    writes: number,
  ): Promise<Pipeline> {
    const key = kernel.name;
    let made = this.pipelines.get(key);
    if (!made) {
      made = this.makePipeline(kernel, reads, writes);
      this.pipelines.set(key, made);
    }
    return made;
  }

  private async makePipeline(
    kernel: Kernel,
    reads: number,
    writes: number,
  ): Promise<Pipeline> {
    const { device } = this.gpu;
    const texts = new Map<string, string>();
    for (const name of kernel.gpu.files) texts.set(name, await loadWgsl(name));
    const code = kernel.gpu.code(this.traits, (name) => texts.get(name) ?? '');
    const types: GPUBufferBindingType[] = [
      'uniform',
      ...Array.from({ length: reads }, () => 'read-only-storage' as const),
      ...Array.from({ length: writes }, () => 'storage' as const),
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
