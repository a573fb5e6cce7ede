/** A program on a WebGPU device: prebuilt bind groups, one submission a run. */

import { OptionError } from '../../base/errors.ts';
import {
  ALIGNMENT,
  type GpuTraits,
  type Kernel,
} from '../../kernels/kernel.ts';
import type { PlacedCall, Plan, Span } from '../../program/memory.ts';
import { type Executable, outputOf } from '../backend.ts';
import { BindGroups } from './bind-groups.ts';
import {
  type Buffers,
  BYTES,
  type Part,
  type Pipeline,
  STORAGE,
} from './memory.ts';

/** Elements of which kernels may take four together. */
const fours = (length: number) => Math.ceil(length / 4) * 4;

/** Runs between two looks at how far the device is. */
const WATCHED = 8;

interface Dispatch {
  readonly tick: number;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly size: [number, number?, number?];
}

export class GpuExecutable implements Executable {
  readonly launches: number;
  readonly bytes: number;
  private readonly buffers: Buffers;
  private readonly traits: GpuTraits;
  private readonly plan: Plan;
  private readonly places: GPUBuffer[];
  private readonly mine: GPUBuffer[];
  private readonly groups: BindGroups;
  private freed = false;
  private readonly dispatches: Dispatch[];
  private readonly small: SmallFeeds | null;
  /** Runs since the device was last looked at. */
  private unwatched = 0;
  /** Looks that were not waited for. */
  private readonly watches: Promise<unknown>[] = [];

  constructor(
    buffers: Buffers,
    traits: GpuTraits,
    plan: Plan,
    pipelines: ReadonlyMap<Kernel, Pipeline>,
  ) {
    this.buffers = buffers;
    this.traits = traits;
    this.plan = plan;
    this.mine = [];
    this.places = plan.sizes.map((size, place) => {
      const home = plan.given.get(place);
      if (home) return home as GPUBuffer;
      const buffer = buffers.make(size * BYTES, STORAGE);
      this.mine.push(buffer);
      return buffer;
    });
    this.bytes = this.mine.reduce((sum, buffer) => sum + buffer.size, 0);
    for (const { span, fill } of plan.constants) {
      // Fresh buffers are filled with 0.
      if (fill === 0) continue;
      const values = new Float32Array(span.length).fill(fill);
      buffers.upload(this.part(span), values);
    }
    this.small = smallFeeds(plan);
    this.groups = new BindGroups(buffers.gpu.device, plan.calls, (n, usage) => {
      const buffer = buffers.make(n, usage);
      this.mine.push(buffer);
      return buffer;
    });
    try {
      this.dispatches = plan.calls.map((call, i) =>
        this.prepare(call, i, pipelines),
      );
    } catch (error) {
      this.groups.free();
      throw error;
    }
    this.launches = this.dispatches.length;
  }

  /** A submission with buffers that are gone would fail the whole device. */
  private checkThere(): void {
    if (!this.freed) return;
    throw new OptionError('The program was freed: compile it again', {
      freed: true,
    });
  }

  feed(name: string, data: ArrayLike<number>): void {
    this.checkThere();
    const span = this.plan.feeds.get(name);
    if (!span) return;
    const { small } = this;
    if (small?.names.has(name)) {
      small.values.set(data, span.offset - small.span.offset);
      small.changed = true;
    } else this.buffers.upload(this.part(span), data);
  }

  private part({ place, offset, length }: Span): Part {
    return { buffer: this.places[place]!, offset, size: length };
  }

  run(first = 0, last = Number.POSITIVE_INFINITY): void {
    this.checkThere();
    const { device } = this.buffers.gpu;
    this.buffers.gpu.check();
    this.uploadSmall();
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
    this.watch();
  }

  backlog(): Promise<unknown> | null {
    return this.watches.length > 1 ? (this.watches.shift() ?? null) : null;
  }

  /** A failure of the device is told by the run after it. */
  private watch(): void {
    this.unwatched += 1;
    if (this.unwatched < WATCHED) return;
    this.unwatched = 0;
    const done = this.buffers.gpu.device.queue.onSubmittedWorkDone();
    this.watches.push(done.catch(() => undefined));
    // Who reads has waited already: the oldest are long done.
    if (this.watches.length > 2) this.watches.shift();
  }

  private uploadSmall(): void {
    const { small } = this;
    if (!small?.changed) return;
    small.changed = false;
    this.buffers.upload(this.part(small.span), small.values);
  }

  async read(names: readonly string[]): Promise<Float32Array[]> {
    this.checkThere();
    return this.buffers.download(
      names.map((name) => this.part(outputOf(this.plan, name))),
    );
  }

  free(): void {
    if (this.freed) return;
    this.freed = true;
    this.groups.free();
    for (const buffer of this.mine) this.buffers.release(buffer);
  }

  private prepare(
    call: PlacedCall,
    index: number,
    pipelines: ReadonlyMap<Kernel, Pipeline>,
  ): Dispatch {
    const { kernel, inputs, outputs, params, tick } = call;
    const { pipeline, layout } = pipelines.get(kernel) as Pipeline;
    const bound = [
      ...inputs.filter((_, i) => !kernel.inPlace.includes(i)),
      ...outputs,
    ];
    const resources = bound.map(({ place, offset, length }) => ({
      buffer: this.places[place]!,
      offset: offset * BYTES,
      size: (kernel.elementwise ? fours(length) : length) * BYTES,
    }));
    const group = this.groups.of(index, layout, resources);
    const size = kernel.gpu.workgroups(this.traits, {
      params,
      outputs: outputs.map(({ length }) => ({ size: length })),
    });
    const most = this.buffers.gpu.limits.maxComputeWorkgroupsPerDimension;
    if (size.some((groups) => (groups ?? 1) > most)) {
      throw new OptionError(
        `Kernel ${kernel.name} would need ${size.join(' x ')} workgroups but ` +
          `the adapter starts ${most} a dimension: use smaller batches or layers`,
        { kernel: kernel.name, size },
      );
    }
    return { tick, pipeline, group, size };
  }
}

/** Feeds of a few numbers that lie side by side: one upload sets them all. */
interface SmallFeeds {
  readonly names: ReadonlySet<string>;
  readonly span: Span;
  readonly values: Float32Array;
  changed: boolean;
}

function smallFeeds({ feeds }: Plan): SmallFeeds | null {
  const small = [...feeds].filter(([, { length }]) => length <= ALIGNMENT);
  if (small.length === 0) return null;
  const { place } = small[0]![1];
  const own = small.filter(([, span]) => span.place === place);
  const offset = Math.min(...own.map(([, span]) => span.offset));
  const length =
    Math.max(...own.map(([, span]) => span.offset + span.length)) - offset;
  // Others in between would be overwritten.
  if (length > own.length * ALIGNMENT) return null;
  return {
    names: new Set(own.map(([name]) => name)),
    span: { place, offset, length },
    values: new Float32Array(length),
    changed: false,
  };
}
