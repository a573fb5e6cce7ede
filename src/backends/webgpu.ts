/**
 * The WebGPU backend: float32 on Dawn or in a browser. A program becomes
 * prebuilt bind groups; a run is one command buffer and one submission.
 */

import { DeviceFailedError, messageOf, OptionError } from '../errors.ts';
import type { GpuTraits, Kernel } from '../ops/kernel.ts';
import { type PlacedCall, type Plan, planMemory } from '../program/memory.ts';
import type { Program } from '../program/recorder.ts';
import {
  type Backend,
  type Executable,
  type Memory,
  outputOf,
} from './backend.ts';
import type { Gpu } from './device.ts';
import { bufferUsage, mapMode } from './dispatch.ts';
import { loadWgsl } from './wgsl.ts';

const STORAGE = bufferUsage.storage | bufferUsage.copySrc | bufferUsage.copyDst;
const BYTES = Float32Array.BYTES_PER_ELEMENT;
/** GPUShaderStage.COMPUTE; Node has no globals for it. */
const COMPUTE = 4;
/** Offsets of uniform blocks; what every adapter allows. */
const BLOCK = 256;

class GpuMemory implements Memory {
  readonly size: number;
  readonly buffer: GPUBuffer;

  constructor(size: number, buffer: GPUBuffer) {
    this.size = size;
    this.buffer = buffer;
  }
}

interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

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
    this.traits = {
      subgroup: fixed <= 64 ? fixed : 0,
      maxInvocations: gpu.limits.maxComputeInvocationsPerWorkgroup,
    };
  }

  /** Bytes of device memory in use. */
  get bytes(): number {
    let sum = 0;
    for (const buffer of this.buffers) sum += buffer.size;
    return sum;
  }

  allocate(size: number): Memory {
    return new GpuMemory(size, this.buffer(size * BYTES, STORAGE));
  }

  write(memory: Memory, data: ArrayLike<number>): void {
    this.upload(own(memory).buffer, data);
  }

  async read(memory: Memory): Promise<Float32Array> {
    const { buffer, size } = own(memory);
    return (await this.download([{ buffer, size }]))[0];
  }

  free(memory: Memory): void {
    this.release(own(memory).buffer);
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
    return new GpuExecutable(this, program, plan, pipelines, residents);
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

function own(memory: Memory): GpuMemory {
  if (memory instanceof GpuMemory) return memory;
  throw new OptionError('This memory belongs to another backend');
}

interface Dispatch {
  readonly tick: number;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly size: [number, number?, number?];
}

class GpuExecutable implements Executable {
  readonly launches: number;
  readonly bytes: number;
  private readonly backend: WebGpuBackend;
  private readonly program: Program;
  private readonly plan: Plan;
  private readonly places: GPUBuffer[];
  private readonly mine: GPUBuffer[];
  private readonly dispatches: Dispatch[];

  constructor(
    backend: WebGpuBackend,
    program: Program,
    plan: Plan,
    pipelines: ReadonlyMap<Kernel, Pipeline>,
    residents: ReadonlyMap<string, Memory>,
  ) {
    this.backend = backend;
    this.program = program;
    this.plan = plan;
    const given = new Map(
      [...plan.residents].map(([name, place]) => [
        place,
        own(residents.get(name) as Memory).buffer,
      ]),
    );
    this.mine = [];
    this.places = plan.sizes.map((size, place) => {
      const home = given.get(place);
      if (home) return home;
      const buffer = backend.buffer(size * BYTES, STORAGE);
      this.mine.push(buffer);
      return buffer;
    });
    this.bytes = this.mine.reduce((sum, buffer) => sum + buffer.size, 0);
    for (const { place, fill } of plan.constants) {
      // New buffers are all 0.
      if (fill !== 0) {
        const values = new Float32Array(plan.sizes[place]).fill(fill);
        backend.upload(this.places[place], values);
      }
    }
    const blocks = this.uniforms(plan.calls);
    this.dispatches = plan.calls.map((call, i) =>
      this.prepare(call, blocks, i * BLOCK, pipelines),
    );
    this.launches = this.dispatches.length;
  }

  feed(name: string, data: ArrayLike<number>): void {
    const place = this.plan.feeds.get(name);
    if (place !== undefined) this.backend.upload(this.places[place], data);
  }

  run(first = 0, last = Number.POSITIVE_INFINITY): void {
    const { device } = this.backend.gpu;
    this.backend.gpu.check();
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    let current: GPUComputePipeline | null = null;
    for (const { tick, pipeline, group, size } of this.dispatches) {
      if (tick < first || tick > last) continue;
      if (pipeline !== current) pass.setPipeline(pipeline);
      current = pipeline;
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...size);
    }
    pass.end();
    device.queue.submit([encoder.finish()]);
  }

  read(names: readonly string[]): Promise<Float32Array[]> {
    const sources = names.map((name) => {
      const { place, size } = outputOf(this.program, this.plan, name);
      return { buffer: this.places[place], size };
    });
    return this.backend.download(sources);
  }

  free(): void {
    for (const buffer of this.mine) this.backend.release(buffer);
  }

  /** One buffer with the uniform block of every call. */
  private uniforms(calls: readonly PlacedCall[]): GPUBuffer {
    const bytes = new ArrayBuffer(Math.max(1, calls.length) * BLOCK);
    calls.forEach(({ kernel, ints, floats }, i) => {
      if ((ints.length + floats.length) * BYTES > BLOCK) {
        throw new OptionError(`Kernel ${kernel.name} has too many parameters`);
      }
      new Uint32Array(bytes, i * BLOCK).set(ints);
      new Float32Array(bytes, i * BLOCK).set(floats, ints.length);
    });
    const usage = bufferUsage.uniform | bufferUsage.copyDst;
    const buffer = this.backend.buffer(bytes.byteLength, usage);
    this.mine.push(buffer);
    this.backend.gpu.device.queue.writeBuffer(buffer, 0, bytes);
    return buffer;
  }

  private prepare(
    call: PlacedCall,
    blocks: GPUBuffer,
    offset: number,
    pipelines: ReadonlyMap<Kernel, Pipeline>,
  ): Dispatch {
    const { kernel, inputs, outputs, outputSizes, ints, tick } = call;
    const { pipeline, layout } = pipelines.get(kernel) as Pipeline;
    const bound = [
      ...inputs.filter((_, i) => !kernel.inPlace.includes(i)),
      ...outputs,
    ];
    const group = this.backend.gpu.device.createBindGroup({
      layout,
      entries: [
        { binding: 0, resource: { buffer: blocks, offset, size: BLOCK } },
        ...bound.map((place, i) => ({
          binding: i + 1,
          resource: { buffer: this.places[place] },
        })),
      ],
    });
    const sized = outputSizes.map((size, id) => ({ id, size }));
    const size = kernel.gpu.workgroups(this.backend.traits, {
      ints,
      outputs: sized,
    });
    return { tick, pipeline, group, size };
  }
}
