/**
 * Gives every value of a program a place in memory. Places are used again
 * once nothing reads them; in-place kernels write over their base where it is
 * read no more, else over a copy. Values that calls alike make at once may lie
 * side by side: then one call makes them all.
 */

import { aligned, type Kernel, type Ref } from '../ops/kernel.ts';
import { copy } from '../ops/map.ts';
import { batchesOf } from './batches.ts';
import type { Call, Program } from './recorder.ts';

/** A part of a place, in elements. */
export interface Span {
  readonly place: number;
  readonly offset: number;
  readonly length: number;
}

/** A call on places instead of values. */
export interface PlacedCall {
  readonly kernel: Kernel;
  readonly inputs: readonly Span[];
  readonly outputs: readonly Span[];
  readonly ints: readonly number[];
  readonly floats: readonly number[];
  readonly tick: number;
}

export interface Plan {
  readonly calls: readonly PlacedCall[];
  /** Elements of each place. */
  readonly sizes: readonly number[];
  readonly feeds: ReadonlyMap<string, Span>;
  /** Where residents are, by name. */
  readonly residents: ReadonlyMap<string, Span>;
  /** Places whose memory is given from outside. */
  readonly given: ReadonlyMap<number, object>;
  readonly outputs: ReadonlyMap<string, Span>;
  /** Spans that are filled with one number, once. */
  readonly constants: readonly { span: Span; fill: number }[];
}

export interface PlanOptions {
  /** Where residents are: a pool of memory and an offset in elements. */
  readonly homes?: ReadonlyMap<string, Home>;
  /** Make one call of calls that are alike. */
  readonly batches?: boolean;
}

export interface Home {
  readonly pool: object;
  readonly offset: number;
}

/** Most elements of a place that several values share: 128 MiB. */
const MOST_SHARED = 2 ** 25;

/** Lays a program out in memory. */
export function planMemory(program: Program, options: PlanOptions = {}): Plan {
  return new Planner(program, options).plan();
}

class Planner {
  private readonly program: Program;
  private readonly batches: readonly (readonly Call[])[];
  private readonly merges: boolean;
  private readonly homes: ReadonlyMap<string, Home>;
  private readonly lastUse = new Map<Ref, number>();
  private readonly sizes: number[] = [];
  private readonly free: number[] = [];
  private readonly spans = new Map<Ref, Span>();
  /** Values that are still to be read, by place. */
  private readonly living = new Map<number, number>();
  private readonly placed: PlacedCall[] = [];
  /** Values that must be left as they are: given, or read after the run. */
  private readonly kept: Set<Ref>;
  private readonly given = new Map<number, object>();

  constructor(program: Program, { batches = false, homes }: PlanOptions) {
    this.program = program;
    this.merges = batches;
    this.homes = homes ?? new Map();
    this.batches = batches
      ? batchesOf(program)
      : program.calls.map((call) => [call]);
    this.batches.forEach((calls, index) => {
      for (const { inputs } of calls) {
        for (const ref of inputs) this.lastUse.set(ref, index);
      }
    });
    this.kept = new Set(program.outputs.values());
  }

  plan(): Plan {
    const { program } = this;
    const residents = this.placeResidents();
    this.placeFeeds();
    for (const { ref } of program.constants) this.keep(ref, this.fresh(ref));
    this.batches.forEach((calls, index) => {
      this.placeBatch(calls, index);
    });
    const outputs = this.settle(residents);
    return {
      calls: this.placed,
      sizes: this.sizes,
      residents,
      outputs,
      given: this.given,
      feeds: new Map(
        [...program.feeds].map(([name, ref]) => [name, this.spanOf(ref)]),
      ),
      constants: program.constants.map(({ ref, fill }) => ({
        span: this.spanOf(ref),
        fill,
      })),
    };
  }

  private placeResidents(): Map<string, Span> {
    const residents = new Map<string, Span>();
    const pools = new Map<object, number>();
    for (const [name, { before, after }] of this.program.residents) {
      const { pool, offset } = this.homes.get(name) ?? { pool: {}, offset: 0 };
      const place = pools.get(pool) ?? this.fresh(before).place;
      pools.set(pool, place);
      this.given.set(place, pool);
      const span = { place, offset, length: before.size };
      residents.set(name, span);
      this.spans.set(before, span);
      this.kept.add(after);
    }
    return residents;
  }

  /** Feeds lie side by side: calls on them may be made one. */
  private placeFeeds(): void {
    let pool = -1;
    for (const ref of this.program.feeds.values()) {
      const used = pool < 0 ? 0 : this.sizes[pool];
      const fits = used + ref.size <= MOST_SHARED;
      if (!this.merges || pool < 0 || !fits) {
        const span = this.fresh(ref);
        pool = span.place;
        this.keep(ref, span);
      } else {
        const offset = aligned(used);
        this.sizes[pool] = offset + ref.size;
        this.keep(ref, { place: pool, offset, length: ref.size });
      }
    }
  }

  private placeBatch(calls: readonly Call[], index: number): void {
    for (const group of this.mergeable(calls, index)) {
      if (group.length === 1) this.placeCall(group[0], calls, index);
      else this.placeMerged(group);
    }
    const touched = new Set(
      calls.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]),
    );
    for (const ref of touched) {
      const done = (this.lastUse.get(ref) ?? index) <= index;
      if (done && !this.kept.has(ref)) this.release(ref);
    }
  }

  private placeCall(
    { kernel, inputs, outputs, ints, floats, tick }: Call,
    batch: readonly Call[],
    index: number,
  ): void {
    const from = inputs.map((ref) => this.spanOf(ref));
    outputs.forEach((output, k) => {
      const at = kernel.inPlace[k];
      if (at === null) {
        this.live(output, this.take(output.size));
      } else if (this.isReusable(inputs, at, kernel, batch, index)) {
        this.takeOver(output, inputs[at]);
      } else {
        const span = this.take(output.size);
        this.copy(from[at], span, tick);
        this.live(output, span);
        from[at] = span;
      }
    });
    this.placed.push({
      kernel,
      inputs: from,
      outputs: outputs.map((ref) => this.spanOf(ref)),
      ints,
      floats,
      tick,
    });
  }

  /** Whether an in-place kernel may write over its base. */
  private isReusable(
    inputs: readonly Ref[],
    at: number,
    kernel: Kernel,
    batch: readonly Call[],
    index: number,
  ): boolean {
    const base = inputs[at];
    const readers = batch.flatMap((call) => call.inputs);
    // An adapter lets no call read and write one place, even in other parts.
    const { place } = this.spanOf(base);
    const reads = inputs.filter((_, i) => !kernel.inPlace.includes(i));
    return (
      this.lastUse.get(base) === index &&
      !this.kept.has(base) &&
      readers.filter((ref) => ref === base).length === 1 &&
      reads.every((ref) => this.spanOf(ref).place !== place)
    );
  }

  /** Calls of a batch in groups of which each can be one call. */
  private mergeable(calls: readonly Call[], index: number): Call[][] {
    const [{ kernel }] = calls;
    if (calls.length === 1 || !kernel.batch) return calls.map((c) => [c]);
    const groups = new Map<string, Call[]>();
    for (const call of calls) {
      const places = call.inputs.map((ref) => this.spanOf(ref).place);
      const key = places.join();
      const group = groups.get(key);
      if (group) group.push(call);
      else groups.set(key, [call]);
    }
    return [...groups.values()].flatMap((group) => {
      const sorted = this.inOrder(group);
      const reusable = group.every(({ inputs }) =>
        kernel.inPlace.every(
          (at) =>
            at === null || this.isReusable(inputs, at, kernel, calls, index),
        ),
      );
      return reusable && this.merged(sorted)
        ? [sorted]
        : group.map((call) => [call]);
    });
  }

  /** By where the first operand lies that is not the same for all. */
  private inOrder(calls: readonly Call[]): Call[] {
    const [first] = calls;
    const slot = first.inputs.findIndex((ref) =>
      calls.some(({ inputs }) => inputs.every((own) => own !== ref)),
    );
    const offset = ({ inputs }: Call) => this.spanOf(inputs[slot]).offset;
    return slot < 0
      ? [...calls]
      : calls.toSorted((a, b) => offset(a) - offset(b));
  }

  /** Elements between the operands of neighbours, and the ints of the whole. */
  private merged(calls: readonly Call[]) {
    const [{ kernel, inputs, outputs, ints }] = calls;
    if (calls.length < 2) return null;
    const strides: number[] = [];
    for (let slot = 0; slot < inputs.length; slot++) {
      const offsets = calls.map((c) => this.spanOf(c.inputs[slot]).offset);
      const stride = offsets[1] - offsets[0];
      const even = offsets.every((at, i) => at === offsets[0] + i * stride);
      if (!even || stride < 0) return null;
      strides.push(stride);
    }
    const made = outputs.map(({ size }, k) => {
      const at = kernel.inPlace[k];
      return at === null ? aligned(size) : strides[at];
    });
    const total = calls.length * Math.max(...made);
    const distances = { inputs: strides, outputs: made };
    const whole = kernel.batch?.(ints, distances, calls.length);
    return whole && total <= MOST_SHARED ? { strides, made, whole } : null;
  }

  private placeMerged(calls: readonly Call[]): void {
    const { strides, made, whole } = this.merged(calls)!;
    const [{ kernel: own, inputs, outputs, floats, tick }] = calls;
    const { ints, kernel = own } = whole;
    const more = calls.length - 1;
    const from = inputs.map((ref, slot) => {
      const span = this.spanOf(ref);
      return { ...span, length: more * strides[slot] + span.length };
    });
    const to = outputs.map(({ size }, k) => {
      const at = kernel.inPlace[k];
      if (at !== null) {
        for (const call of calls) {
          this.takeOver(call.outputs[k], call.inputs[at]);
        }
        return from[at];
      }
      const span = this.take(more * made[k] + size);
      calls.forEach((call, i) => {
        const offset = span.offset + i * made[k];
        this.live(call.outputs[k], { ...span, offset, length: size });
      });
      return span;
    });
    this.placed.push({ kernel, inputs: from, outputs: to, ints, floats, tick });
  }

  /** Outputs are put aside, new residents brought home. */
  private settle(residents: ReadonlyMap<string, Span>): Map<string, Span> {
    const tick = this.program.calls.at(-1)?.tick ?? 0;
    /** Copies a value to where nothing else comes. */
    const aside = (ref: Ref) => {
      const span = this.fresh(ref);
      this.copy(this.spanOf(ref), span, tick);
      return span;
    };
    const isHome = (ref: Ref) => this.given.has(this.spanOf(ref).place);
    // An output that stands in the place of a resident would be overwritten
    // when the resident's new value comes home.
    const outputs = new Map(
      [...this.program.outputs].map(([name, ref]) => [
        name,
        isHome(ref) ? aside(ref) : this.spanOf(ref),
      ]),
    );
    const moves: [from: Span, to: Span][] = [];
    for (const [name, { after }] of this.program.residents) {
      const home = residents.get(name) as Span;
      const span = this.spanOf(after);
      if (span.place === home.place && span.offset === home.offset) continue;
      // Another resident's place may be overwritten before this one is read.
      moves.push([isHome(after) ? aside(after) : span, home]);
    }
    for (const [from, to] of moves) this.copy(from, to, tick);
    return outputs;
  }

  private copy(from: Span, to: Span, tick: number): void {
    const { length } = to;
    this.placed.push({
      kernel: copy,
      inputs: [{ ...from, length }],
      outputs: [to],
      ints: [length],
      floats: [],
      tick,
    });
  }

  /** A place of its own. */
  private fresh({ size }: { readonly size: number }): Span {
    const place = this.sizes.push(size) - 1;
    return { place, offset: 0, length: size };
  }

  /** A place that is free, or a new one. */
  private take(size: number): Span {
    const { free, sizes } = this;
    let best = -1;
    free.forEach((place, i) => {
      const fits = sizes[place] >= size && sizes[place] <= 2 * size;
      if (fits && (best < 0 || sizes[place] < sizes[free[best]])) best = i;
    });
    if (best < 0) return this.fresh({ size });
    return { place: free.splice(best, 1)[0], offset: 0, length: size };
  }

  private keep(ref: Ref, span: Span): void {
    this.spans.set(ref, span);
    this.kept.add(ref);
  }

  private live(ref: Ref, span: Span): void {
    this.spans.set(ref, span);
    this.living.set(span.place, (this.living.get(span.place) ?? 0) + 1);
  }

  /** A value takes the place of another, which is read no more. */
  private takeOver(ref: Ref, base: Ref): void {
    this.live(ref, this.spanOf(base));
  }

  private release(ref: Ref): void {
    const { place } = this.spanOf(ref);
    if (this.given.has(place)) return;
    const left = (this.living.get(place) ?? 0) - 1;
    this.living.set(place, left);
    if (left === 0) this.free.push(place);
  }

  private spanOf(ref: Ref): Span {
    const span = this.spans.get(ref);
    if (!span) throw new Error(`value ${ref.id} is read unmade`);
    return span;
  }
}
