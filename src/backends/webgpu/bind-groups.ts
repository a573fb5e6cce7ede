/**
 * The bind groups of a program. Calls alike on the same places share one, and
 * calls of the same parameters share their uniform block: drivers have room for
 * some ten thousands (lavapipe maps memory for each, and Linux lets a process
 * map 65,530 times), and a relaxation repeats itself tick after tick.
 */

import { OptionError } from '../../base/errors.ts';
import { BLOCK_WORDS, blockOf } from '../../kernels/shader.ts';
import type { PlacedCall } from '../../program/plan.ts';
import { bufferUsage } from './dispatch.ts';
import { BYTES } from './memory.ts';

/** Bytes of uniform blocks: offsets that every adapter allows. */
const BLOCK = BLOCK_WORDS * BYTES;

/** Bind groups that may live at once, of all programs of a device. */
const MOST_GROUPS = 50_000;

let living = 0;

/** A part of a buffer, in bytes. */
export interface Bound {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

export class BindGroups {
  readonly blocks: GPUBuffer;
  private readonly device: GPUDevice;
  private readonly offsets: readonly number[];
  private readonly groups = new Map<string, GPUBindGroup>();
  private readonly numbers = new Map<GPUBuffer | GPUBindGroupLayout, number>();

  /** `makeBuffer` makes the buffer of uniform blocks, which is the caller's. */
  constructor(
    device: GPUDevice,
    calls: readonly PlacedCall[],
    makeBuffer: (bytes: number, usage: number) => GPUBuffer,
  ) {
    this.device = device;
    const known = new Map<string, number>();
    const distinct: Uint32Array[] = [];
    this.offsets = calls.map(({ kernel, params }) => {
      const block = blockOf(kernel, params);
      // The last word is mathWgsl's 0.
      if (block.length >= BLOCK_WORDS) {
        throw new OptionError(`Kernel ${kernel.name} has too many parameters`, {
          ...{ kernel: kernel.name, words: block.length },
        });
      }
      const key = block.join();
      let at = known.get(key);
      if (at === undefined) {
        at = distinct.push(block) - 1;
        known.set(key, at);
      }
      return at * BLOCK;
    });
    const words = new Uint32Array(Math.max(1, distinct.length) * BLOCK_WORDS);
    distinct.forEach((block, i) => {
      words.set(block, i * BLOCK_WORDS);
    });
    const usage = bufferUsage.uniform | bufferUsage.copyDst;
    this.blocks = makeBuffer(words.byteLength, usage);
    device.queue.writeBuffer(this.blocks, 0, words);
  }

  /**
   * The group of a call, by its index: its uniform block, then what is bound.
   * Throws OptionError where there is no room for another.
   */
  of(
    call: number,
    layout: GPUBindGroupLayout,
    bound: readonly Bound[],
  ): GPUBindGroup {
    const offset = this.offsets[call];
    const parts = bound.map(
      ({ buffer, offset, size }) => `${this.number(buffer)},${offset},${size}`,
    );
    const key = [this.number(layout), offset, ...parts].join(';');
    const known = this.groups.get(key);
    if (known) return known;
    if (living >= MOST_GROUPS) {
      throw new OptionError(
        `The program needs more than ${MOST_GROUPS} different launches beside ` +
          'those in use, more than drivers hold: use fewer steps of inference ' +
          'or a shorter sequence, or --backend cpu',
        { most: MOST_GROUPS },
      );
    }
    living += 1;
    const group = this.device.createBindGroup({
      layout,
      entries: [
        { binding: 0, resource: { buffer: this.blocks, offset, size: BLOCK } },
        ...bound.map((resource, i) => ({ binding: i + 1, resource })),
      ],
    });
    this.groups.set(key, group);
    return group;
  }

  /** The program is gone. */
  free(): void {
    living -= this.groups.size;
    this.groups.clear();
  }

  private number(thing: GPUBuffer | GPUBindGroupLayout): number {
    const number = this.numbers.get(thing) ?? this.numbers.size;
    this.numbers.set(thing, number);
    return number;
  }
}
