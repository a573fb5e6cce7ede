import {
  type Kernel,
  type Params,
  type Ref,
  sameParams,
} from '../kernels/kernel.ts';
import { copy } from '../kernels/map.ts';

/** One use of a kernel on symbolic values. */
export interface Call {
  /** What is computed. */
  readonly kernel: Kernel;
  /** What it reads, in the kernel's order. */
  readonly inputs: readonly Ref[];
  /** What it makes, in the kernel's order. */
  readonly outputs: readonly [Ref, ...Ref[]];
  /** The kernel's parameters by name. */
  readonly params: Params;
  /** The instant to which it belongs. */
  readonly tick: number;
  /** Commits come last in their tick: all reads see the state before it. */
  readonly commits: boolean;
}

/** Something that happened at a tick; alive if a result depends on it. */
export interface RecordedEvent {
  /** What was sent: an error, or a new value. */
  readonly kind: 'error' | 'value';
  /** Id of the vertex that sent it. */
  readonly population: string;
  /** The tick at which it was sent. */
  readonly tick: number;
  /** What was sent. */
  readonly ref: Ref;
}

/** One run, ready to be executed again and again on new data. */
export interface Program {
  /** In order of execution: ascending ticks, each after what it reads. */
  readonly calls: readonly Call[];
  /** Values given anew for each run. */
  readonly feeds: ReadonlyMap<string, Ref>;
  /** Values that stay on the device: before and after a run. */
  readonly residents: ReadonlyMap<string, { before: Ref; after: Ref }>;
  /** Values that never change, filled with one number. */
  readonly constants: readonly { ref: Ref; fill: number }[];
  /** Values that can be read after a run. */
  readonly outputs: ReadonlyMap<string, Ref>;
  /** Errors and values that populations sent, without those dropped. */
  readonly events: readonly RecordedEvent[];
  /** Instants of the run, those without calls included. */
  readonly ticks: number;
  /** How much was recorded, but dropped because no result depends on it. */
  readonly dropped: { readonly calls: number; readonly events: number };
}

/** A value as the recorder knows it. */
interface Value extends Ref {
  /** The instant at which it is made. */
  readonly tick: number;
  /** Calls of which it is the newest input. */
  readers: Call[] | null;
}

/**
 * Records a run as batches of kernel calls, one batch a tick, on symbolic
 * values. It watches any rule and knows none: what a rule computes is the calls
 * that it emits, and what of that matters is found afterwards by going back
 * from the results through what each call reads.
 */
export class Recorder {
  private now = 0;
  private ticks = 1;
  private committing = false;
  private nextId = 0;
  private readonly kernels = new Map<string, Kernel>();
  private readonly calls: Call[] = [];
  private readonly feeds = new Map<string, Ref>();
  private readonly before = new Map<string, Ref>();
  /** The same, without their names. */
  private readonly residents = new Set<Ref>();
  private readonly after = new Map<string, Ref>();
  /** All versions that residents were set to. */
  private readonly committed = new Set<Ref>();
  private readonly constants = new Map<string, { ref: Ref; fill: number }>();
  private readonly outputs = new Map<string, Ref>();
  private readonly events: RecordedEvent[] = [];

  /** The instant of the calls now being recorded. */
  get tick(): number {
    return this.now;
  }

  set tick(tick: number) {
    this.now = tick;
    this.ticks = Math.max(this.ticks, tick + 1);
  }

  /** Values given anew for each run. */
  feed(name: string, size: number): Ref {
    return getOrAdd(this.feeds, name, () => this.fresh(size));
  }

  /** Values that stay on the device between runs. */
  resident(name: string, size: number): Ref {
    const ref = getOrAdd(this.before, name, () => this.fresh(size));
    this.residents.add(ref);
    return ref;
  }

  /** Values that never change, filled with one number. */
  constant(size: number, fill: number): Ref {
    return getOrAdd(this.constants, `${size}:${textOf(fill)}`, () => ({
      ref: this.fresh(size),
      fill,
    })).ref;
  }

  /** Records a call (or finds it among those known: calls are pure). */
  readonly emit = (
    kernel: Kernel,
    inputs: readonly Ref[],
    sizes: readonly number[],
    params: Params,
  ): [Ref, ...Ref[]] => {
    const named = getOrAdd(this.kernels, kernel.name, () => kernel);
    if (named !== kernel) {
      throw new Error(`two kernels are named ${kernel.name}`);
    }
    // The newest input has the fewest readers: there a known call is found.
    let newest = inputs[0] as Value;
    let tick = this.tick;
    for (const input of inputs as readonly Value[]) {
      if (input.id > newest.id) newest = input;
      if (input.tick > tick) tick = input.tick;
    }
    const same = newest.readers?.find(
      (call) =>
        call.kernel === kernel &&
        equal(call.inputs, inputs) &&
        sameParams(kernel, call.params, params),
    );
    if (same) return [...same.outputs];
    const outputs = sizes.map((size) => this.fresh(size, tick)) as [Value];
    const commits = this.committing;
    const call = { kernel, inputs, outputs, params, tick, commits };
    this.calls.push(call);
    newest.readers ??= [];
    newest.readers.push(call);
    return outputs;
  };

  /** Records calls as of an earlier tick, or as soon as what they read is made. */
  at<T>(tick: number, record: () => T): T {
    const now = this.tick;
    this.tick = tick;
    try {
      return record();
    } finally {
      this.tick = now;
    }
  }

  /** Sets residents anew: the calls take place when their tick ends. */
  commit(record: () => Iterable<readonly [name: string, ref: Ref]>): void {
    this.committing = true;
    try {
      for (const [name, ref] of record()) {
        this.after.set(name, ref);
        this.committed.add(ref);
      }
    } finally {
      this.committing = false;
    }
  }

  /** The newest version of a resident. */
  current(name: string): Ref {
    return (this.after.get(name) ?? this.before.get(name)) as Ref;
  }

  /** Lets a value be read after a run, by name. */
  output(name: string, ref: Ref): void {
    this.outputs.set(name, ref);
  }

  /** A value as it is at this tick: residents are copied before they change. */
  snapshot(ref: Ref): Ref {
    const isResident = this.committed.has(ref) || this.residents.has(ref);
    return isResident ? copy.emit(this.emit, [ref])[0] : ref;
  }

  /** Notes what a population sent, to be drawn. */
  event(event: RecordedEvent): void {
    this.events.push(event);
  }

  /**
   * Ends the recording. `live`: calls and events on which no output and no
   * resident depends are dropped.
   */
  finish(options: { live: boolean }): Program {
    const order = this.calls
      .map((call, index) => ({ call, index }))
      .sort(
        (a, b) =>
          a.call.tick - b.call.tick ||
          Number(a.call.commits) - Number(b.call.commits) ||
          a.index - b.index,
      )
      .map(({ call }) => call);
    const residents = new Map(
      [...this.before].map(([name, before]) => [
        name,
        { before, after: this.after.get(name) ?? before },
      ]),
    );
    const outputs = [...this.outputs.values()];
    const roots = [
      ...outputs,
      ...[...residents.values()].map(({ after }) => after),
    ];
    const calls = options.live ? liveCalls(order, roots) : order;
    const read = new Set([...outputs, ...calls.flatMap((call) => call.inputs)]);
    const events = options.live
      ? this.events.filter((event) => read.has(event.ref))
      : this.events;
    return {
      calls,
      feeds: this.feeds,
      residents,
      constants: [...this.constants.values()],
      outputs: this.outputs,
      events,
      ticks: this.ticks,
      dropped: {
        calls: this.calls.length - calls.length,
        events: this.events.length - events.length,
      },
    };
  }

  private fresh(size: number, tick = 0): Value {
    return { id: this.nextId++, size, tick, readers: null };
  }
}

/** The calls on which the roots depend. */
function liveCalls(calls: readonly Call[], roots: readonly Ref[]): Call[] {
  const needed = new Set(roots);
  const live: Call[] = [];
  for (let i = calls.length - 1; i >= 0; i--) {
    const call = calls[i]!;
    if (!call.outputs.some((ref) => needed.has(ref))) continue;
    for (const ref of call.inputs) needed.add(ref);
    live.push(call);
  }
  return live.reverse();
}

/** A number as a key: 0 and -0 are two. */
const textOf = (value: number) => (Object.is(value, -0) ? '-0' : `${value}`);

function equal<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
