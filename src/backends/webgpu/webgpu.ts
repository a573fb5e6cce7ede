/**
 * The WebGPU backend: float32 on Dawn or in a browser. A program becomes
 * prebuilt bind groups; a run is one command buffer and one submission.
 */

import { DeviceFailedError, messageOf } from '../../base/errors.ts';
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
import { GpuExecutable } from './executable.ts';
import {
  Buffers,
  BYTES,
  GpuMemory,
  own,
  type Pipeline,
  STORAGE,
} from './memory.ts';
import { traitsOf } from './traits.ts';
import { wgsl } from './wgsl.ts';

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
  private readonly buffers: Buffers;
  /** Parts in use of buffers that are shared. */
  private readonly shared = new Map<GPUBuffer, number>();

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
    this.buffers = new Buffers(gpu);
    const { vendor, architecture, device, description } = gpu.info;
    this.description =
      `webgpu, ${description || device} ` +
      `(${vendor} ${architecture}, ${gpu.info.driverSource} driver)`;
    this.traits = traitsOf(gpu, options.form);
  }

  get software(): boolean {
    return this.gpu.info.isSoftware;
  }

  /** Bytes of device memory in use. */
  get bytes(): number {
    return this.buffers.bytes;
  }

  allocate(size: number): Memory {
    return this.allocateAll([size])[0]!;
  }

  allocateAll(sizes: readonly number[]): Memory[] {
    const offsets: number[] = [];
    let total = 0;
    for (const size of sizes) {
      offsets.push(total);
      total += aligned(size);
    }
    // What does not fit one buffer gets many.
    if (total * BYTES > this.buffers.largest) {
      return this.allocateApart(sizes.map((size) => ({ size })));
    }
    const buffer = this.buffers.make(total * BYTES, STORAGE);
    this.shared.set(buffer, sizes.length);
    return sizes.map(
      (size, i) => new GpuMemory(this, size, buffer, offsets[i]),
    );
  }

  allocateApart(requests: readonly Request[]): Memory[] {
    return this.buffers.orNone(() =>
      requests.map(({ size, words }) => {
        const buffer = this.buffers.make(size * BYTES, STORAGE);
        return new GpuMemory(this, size, buffer, 0, words);
      }),
    );
  }

  write(memory: Memory, data: ArrayLike<number>): void {
    this.buffers.upload(own(memory, this), data);
  }

  async read(memory: Memory): Promise<Float32Array> {
    return (await this.buffers.download([own(memory, this)]))[0]!;
  }

  async readAll(memories: readonly Memory[]): Promise<Contents[]> {
    const mine = memories.map((memory) => own(memory, this));
    const values = await this.buffers.download(mine);
    return values.map((array, i) =>
      mine[i]!.words ? new Uint32Array(array.buffer) : array,
    );
  }

  /** A buffer is released with the last of its parts. */
  free(memory: Memory): void {
    const { buffer } = own(memory, this);
    const left = (this.shared.get(buffer) ?? 1) - 1;
    this.shared.set(buffer, left);
    if (left > 0) return;
    this.shared.delete(buffer);
    this.buffers.release(buffer);
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
    return this.buffers.orNone(
      () => new GpuExecutable(this.buffers, this.traits, plan, pipelines),
    );
  }

  close(): void {
    this.buffers.close();
    this.gpu.destroy();
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
