/**
 * Gives every value of a program a place in memory. Places are used again
 * once nothing reads them; in-place kernels write over their base where it is
 * read no more, else over a copy. Values that calls alike make at once may lie
 * side by side: then one call makes them all.
 */

import {
  ALIGNMENT,
  aligned,
  type Kernel,
  type Ref,
} from '../kernels/kernel.ts';
import { copy } from '../kernels/map.ts';
import { batchesOf } from './batches.ts';
import { fuse } from './fuse.ts';
import { gatherings } from './gathering.ts';
import { type Merge, MOST_SHARED, mergesOf } from './merges.ts';
import type { Home, PlacedCall, Plan, PlanOptions, Span } from './plan.ts';
import type { Call, Program } from './recorder.ts';

export type { PlacedCall, Plan, PlanOptions, Span } from './plan.ts';

/** Lays a program out in memory. */
export function planMemory(program: Program, options: PlanOptions = {}): Plan {
  const { fuses: least = 0, stepwise } = options;
  const fused = least > 0 ? fuse(program, { stepwise, least }) : program;
  return new Planner(fused, options).plan();
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
  /** Places that are kept for the values wanted there. */
  private readonly reserved = new Set<number>();
  private readonly placed: PlacedCall[] = [];
  /** Values that must be left as they are: given, or read after the run. */
  private readonly kept: Set<Ref>;
  private readonly given = new Map<number, object>();
  /** Where values have to be made so that one call can read them all. */
  private readonly wanted = new Map<Ref, Span>();

  constructor(
    program: Program,
    { batches = false, homes, stepwise }: PlanOptions,
  ) {
    this.program = program;
    this.merges = batches;
    this.homes = homes ?? new Map();
    this.batches = batches
      ? batchesOf(program, stepwise)
      : program.calls.map((call) => [call]);
    this.batches.forEach((calls, index) => {
      for (const { inputs } of calls) {
        for (const ref of inputs) this.lastUse.set(ref, index);
      }
    });
    this.kept = new Set(program.outputs.values());
    for (const { after } of program.residents.values()) this.kept.add(after);
  }

  plan(): Plan {
    const { program } = this;
    const residents = this.placeResidents();
    this.placeFeeds();
    for (const { ref } of program.constants) this.keep(ref, this.fresh(ref));
    if (this.merges) this.gather();
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
    for (const [name, { before }] of this.program.residents) {
      const { pool, offset } = this.homes.get(name) ?? { pool: {}, offset: 0 };
      const place = pools.get(pool) ?? this.fresh(before).place;
      pools.set(pool, place);
      this.given.set(place, pool);
      const span = { place, offset, length: before.size };
      residents.set(name, span);
      this.spans.set(before, span);
    }
    return residents;
  }

  /**
   * Feeds lie side by side: calls on them may be made one. Small ones come
   * last, so that they can be set together.
   */
  private placeFeeds(): void {
    let pool = -1;
    const isSmall = ({ size }: Ref) => Number(size <= ALIGNMENT);
    for (const ref of [...this.program.feeds.values()].sort(
      (a, b) => isSmall(a) - isSmall(b),
    )) {
      const used = pool < 0 ? 0 : this.sizes[pool]!;
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

  /** Keeps places in which values are made side by side. */
  private gather(): void {
    const readers = new Map<Ref, Call[]>();
    const makers = new Map<Ref, Call>();
    for (const call of this.batches.flat()) {
      for (const ref of call.outputs) makers.set(ref, call);
      for (const ref of call.inputs) {
        const known = readers.get(ref);
        if (known) known.push(call);
        else readers.set(ref, [call]);
      }
    }
    const lists = gatherings(
      this.batches,
      (ref) => this.spans.get(ref),
      (ref) => (this.kept.has(ref) ? [] : (readers.get(ref) ?? [])),
    );
    for (const refs of lists) {
      const total = refs.reduce((sum, { size }) => sum + aligned(size), 0);
      const { place } = this.fresh({ size: total });
      this.reserved.add(place);
      let offset = 0;
      for (const ref of refs) {
        const span = { place, offset, length: ref.size };
        offset += aligned(ref.size);
        // A sum that grows in one place is there from the first.
        let at: Ref | null = ref;
        while (at && makers.has(at) && readers.get(at)?.length === 1) {
          if (this.kept.has(at)) break;
          this.wanted.set(at, span);
          at = baseOf(makers.get(at) as Call, at);
        }
      }
    }
  }

  private placeBatch(calls: readonly Call[], index: number): void {
    const { single, merges } = this.grouped(calls, index);
    for (const merge of merges) this.placeMerged(merge);
    for (const call of single) this.placeCall(call, calls, index);
    const touched = new Set(
      calls.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]),
    );
    for (const ref of touched) {
      const done = (this.lastUse.get(ref) ?? index) <= index;
      if (done && !this.kept.has(ref)) this.release(ref);
    }
  }

  private placeCall(
    { kernel, inputs, outputs, params, tick }: Call,
    batch: readonly Call[],
    index: number,
  ): void {
    const from = inputs.map((ref) => this.spanOf(ref));
    outputs.forEach((output, k) => {
      const at = kernel.inPlace[k]!;
      if (at === null) {
        this.live(output, this.spaceFor(output, from));
      } else if (this.isReusable(inputs, at, kernel, batch, index)) {
        this.takeOver(output, inputs[at]!);
      } else {
        const span = this.spaceFor(output, from);
        this.copy(from[at]!, span, tick);
        this.live(output, span);
        from[at] = span;
      }
    });
    this.placed.push({
      kernel,
      inputs: from,
      outputs: outputs.map((ref) => this.spanOf(ref)),
      params,
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
    const base = inputs[at]!;
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

  /** Calls of a batch as few calls, and those that stay by themselves. */
  private grouped(calls: readonly Call[], index: number) {
    const { kernel } = calls[0]!;
    if (calls.length === 1 || !(kernel.batch || kernel.elementwise)) {
      return { single: calls, merges: [] };
    }
    const groups = new Map<string, Call[]>();
    for (const call of calls) {
      const reusable = kernel.inPlace.every(
        (at) =>
          at === null || this.isReusable(call.inputs, at, kernel, calls, index),
      );
      const places = call.inputs.map((ref) => this.spanOf(ref).place);
      const key = reusable ? places.join() : `apart ${groups.size}`;
      const group = groups.get(key);
      if (group) group.push(call);
      else groups.set(key, [call]);
    }
    const merges = [...groups.values()].flatMap((group) =>
      mergesOf(group, {
        spanOf: (ref) => this.spanOf(ref),
        wanted: (ref) => this.wanted.get(ref),
      }),
    );
    const merged = new Set(merges.flatMap((merge) => merge.calls));
    return { single: calls.filter((call) => !merged.has(call)), merges };
  }

  private placeMerged({ calls, kernel, params, shifts }: Merge): void {
    const { inputs, outputs, tick, kernel: own } = calls[0]!;
    const last = calls.length - 1;
    const from = inputs.map((ref, slot) => {
      const span = this.spanOf(ref);
      const end = this.spanOf(calls[last]!.inputs[slot]!);
      return { ...span, length: end.offset + end.length - span.offset };
    });
    const to = outputs.map((output, k) => {
      const at = own.inPlace[k]!;
      if (at !== null) {
        for (const call of calls) {
          this.takeOver(call.outputs[k]!, call.inputs[at]!);
        }
        return from[at]!;
      }
      const length = shifts[k]![last]! + calls[last]!.outputs[k]!.size;
      const wanted = this.wanted.get(output);
      const span = wanted ? { ...wanted, length } : this.take(length);
      calls.forEach((call, i) => {
        const offset = span.offset + shifts[k]![i]!;
        const ref = call.outputs[k]!;
        this.live(ref, { ...span, offset, length: ref.size });
      });
      return span;
    });
    this.placed.push({ kernel, inputs: from, outputs: to, params, tick });
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
      params: { n: length },
      tick,
    });
  }

  /** A place of its own. */
  private fresh({ size }: { readonly size: number }): Span {
    const place = this.sizes.push(size) - 1;
    return { place, offset: 0, length: size };
  }

  /** Where a value is wanted, if the call reads nothing there; else any place. */
  private spaceFor(output: Ref, reads: readonly Span[]): Span {
    const wanted = this.wanted.get(output);
    const free = wanted && reads.every(({ place }) => place !== wanted.place);
    return free ? wanted : this.take(output.size);
  }

  /** A place that is free, or a new one. */
  private take(size: number): Span {
    const { free, sizes } = this;
    let best = -1;
    free.forEach((place, i) => {
      const fits = sizes[place]! >= size && sizes[place]! <= 2 * size;
      if (fits && (best < 0 || sizes[place]! < sizes[free[best]!]!)) best = i;
    });
    if (best < 0) return this.fresh({ size });
    return { place: free.splice(best, 1)[0]!, offset: 0, length: size };
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
    if (this.given.has(place) || this.reserved.has(place)) return;
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

/** The value in whose place a call makes one of its outputs, if in any. */
function baseOf({ kernel, inputs, outputs }: Call, output: Ref): Ref | null {
  const at = kernel.inPlace[outputs.indexOf(output)]!;
  return at === null ? null : inputs[at]!;
}
