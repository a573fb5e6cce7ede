/**
 * Sources, tick by tick: what samples, events and live streams give to each
 * element of a population at a tick.
 */

import type { Observable, Subscription } from 'rxjs';
import { NonFiniteError, OptionError, show } from '../base/errors.ts';
import {
  type FieldsOf,
  flag,
  isFunction,
  isObject,
  made,
  maybe,
  number,
  oneOf,
} from '../base/schema.ts';
import type { TickClock } from '../circuit/clock.ts';
import { shortest, ticksOf } from './time.ts';

/** Graded values given from outside, one for each neuron and sample. */
export interface SamplesOptions {
  /**
   * Sample after sample, all neurons of one together; or a function of the
   * time in ms (and the trial).
   */
  readonly values?:
    | ArrayLike<number>
    | ((time: number, trial: number) => number | ArrayLike<number>);
  /** The same for each of several trials. */
  readonly trials?: readonly ArrayLike<number>[];
  /** From sample to sample, in ms, a multiple of dt above 0; without it dt. */
  readonly interval?: number;
  /**
   * After the last sample: 0, the last one for ever, or from the first on.
   * Default 'zero'.
   */
  readonly after?: 'zero' | 'hold' | 'loop';
  /** Height in pictures. */
  readonly level?: number;
}

/** Spikes given from outside. */
export interface EventsOptions {
  /** Times in ms for each neuron. */
  readonly times?: readonly ArrayLike<number>[];
  /** The same for each of several trials. */
  readonly trials?: readonly (readonly ArrayLike<number>[])[];
  /**
   * Times that are no multiples of dt: the nearest tick, not an error. Default
   * false.
   */
  readonly round?: boolean;
  /** Height in pictures. */
  readonly level?: number;
}

/** What an observable on the run's clock emits, tick by tick. */
export interface LiveOptions {
  /**
   * Makes the stream. A graded source takes numbers (or arrays of one for
   * each neuron); a spiking one takes indices of neurons (or arrays of them).
   */
  readonly stream: (clock: TickClock) => Observable<number | ArrayLike<number>>;
  /** Whether it gives values or spikes. */
  readonly kind: 'graded' | 'spiking';
  /** Graded values stay until the next; else they last one tick. Default false. */
  readonly hold?: boolean;
  /** Height in pictures. */
  readonly level?: number;
}

const level = number({ optional: true });
const isList = (list: unknown) =>
  isObject(list) && 'length' in (list as object);

export const samplesFields = {
  values: maybe(
    'numbers, or a function of the time',
    (values) => typeof values === 'function' || isList(values),
  ),
  trials: maybe('a list of such values', isList),
  interval: number({ above: 0, unit: 'ms', optional: true }),
  after: oneOf(['zero', 'hold', 'loop'], { default: 'zero' }),
  level,
} satisfies FieldsOf<SamplesOptions>;

export const eventsFields = {
  times: maybe('a list of times for each neuron', isList),
  trials: maybe('a list of such lists', isList),
  round: flag(),
  level,
} satisfies FieldsOf<EventsOptions>;

export const liveFields = {
  stream: made('(clock) => observable', isFunction),
  kind: oneOf(['graded', 'spiking']),
  hold: flag(),
  level,
} satisfies FieldsOf<LiveOptions>;

/** What a source is of: as much of a population as it needs. */
interface Sized {
  readonly name: string;
  readonly size: number;
}

/** Values [elements] of a tick, written into an array. */
export interface GradedSource {
  fill(tick: number, into: Float64Array, at: number): void;
}

/** Elements that spike at ticks from `first` to below `end`. */
export interface SpikeSource {
  spikes(
    first: number,
    end: number,
    on: (tick: number, element: number) => void,
  ): void;
}

export interface SourceContext {
  readonly dt: number;
  readonly trials: number;
  readonly firstTrial: number;
}

function finite(what: string, value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new NonFiniteError(
    `${what} gives ${show(value)} ${where}: values must be finite numbers`,
    { value },
  );
}

/** Checks that there is one number, or one for each neuron. */
function oneEach(
  what: string,
  made: number | ArrayLike<number>,
  size: number,
  where: string,
): void {
  if (typeof made === 'number' || made?.length === size) return;
  throw new OptionError(
    `${what} gives ${made?.length ?? show(made)} values ${where}: give a number, ` +
      `or one for each of ${size} neurons`,
    { of: what, value: made, allowed: size },
  );
}

export function samplesSource(
  { name, size }: Sized,
  options: SamplesOptions,
  { dt, trials, firstTrial }: SourceContext,
): GradedSource {
  const what = `Samples "${name}"`;
  const { values, after = 'zero', interval = dt } = options;
  if (typeof values === 'function') {
    return {
      fill(tick, into, at) {
        for (let t = 0; t < trials; t++) {
          const time = shortest(tick * dt);
          const made = values(time, firstTrial + t);
          oneEach(what, made, size, `at ${time} ms`);
          for (let i = 0; i < size; i++) {
            const value = typeof made === 'number' ? made : made[i];
            into[at + t * size + i] = finite(what, value, `at ${time} ms`);
          }
        }
      },
    };
  }
  const step = ticksOf(`Interval of ${what.toLowerCase()}`, interval, dt, {
    least: 1,
  });
  const lists = perTrial(what, values, options.trials, trials, firstTrial);
  for (const list of lists) {
    if (list.length === 0 || list.length % size !== 0) {
      throw new OptionError(
        `${what} has ${list.length} values: give some for each of its ${size} ` +
          'neurons, sample after sample',
        { of: what, value: list.length, allowed: size },
      );
    }
    for (let i = 0; i < list.length; i++)
      finite(what, list[i], `at place ${i}`);
  }
  return {
    fill(tick, into, at) {
      for (let t = 0; t < trials; t++) {
        const list = lists[t]!;
        const count = list.length / size;
        let sample = Math.floor(tick / step);
        if (sample >= count) {
          if (after === 'loop') sample %= count;
          else if (after === 'hold') sample = count - 1;
          else sample = -1;
        }
        for (let i = 0; i < size; i++) {
          into[at + t * size + i] = sample < 0 ? 0 : list[sample * size + i]!;
        }
      }
    },
  };
}

export function eventsSource(
  { name, size }: Sized,
  options: EventsOptions,
  { dt, trials, firstTrial }: SourceContext,
): SpikeSource {
  const what = `Events "${name}"`;
  const lists = perTrial(
    what,
    options.times,
    options.trials,
    trials,
    firstTrial,
  );
  const ticks: number[] = [];
  const elements: number[] = [];
  lists.forEach((times, t) => {
    if (times.length !== size) {
      throw new OptionError(
        `${what} has times for ${times.length} neurons but has ${size}`,
        { of: what, value: times.length, allowed: size },
      );
    }
    times.forEach((list, neuron) => {
      if (typeof list !== 'object' || list === null) {
        throw new OptionError(
          `${what}: times of neuron ${neuron} are ${show(list)}, give a list of ` +
            'times for each neuron',
          { neuron },
        );
      }
      const seen = new Set<number>();
      for (const time of Array.from(list)) {
        const tick = ticksOf(`Time of ${what.toLowerCase()}`, time, dt, {
          round: options.round ?? false,
        });
        if (seen.has(tick)) {
          throw new OptionError(
            `${what}: neuron ${neuron} has two events in the tick of ${time} ms, ` +
              'and sends one spike a tick: use a smaller dt',
            { neuron, time },
          );
        }
        seen.add(tick);
        ticks.push(tick);
        elements.push(t * size + neuron);
      }
    });
  });
  const order = ticks.map((_, i) => i).sort((a, b) => ticks[a]! - ticks[b]!);
  const sorted = order.map((i) => ticks[i]!);
  return {
    spikes(first, end, on) {
      for (let i = lowerBound(sorted, first); i < order.length; i++) {
        if (sorted[i]! >= end) return;
        on(sorted[i]!, elements[order[i]!]!);
      }
    },
  };
}

/** A live source: listens to its stream, and keeps what is not yet sent. */
export class LiveSource implements GradedSource, SpikeSource {
  private readonly emitted = new Map<number, (number | ArrayLike<number>)[]>();
  private readonly population: Sized;
  private readonly options: LiveOptions;
  private readonly context: SourceContext;
  private readonly held: Float64Array;
  private readonly subscription: Subscription;
  /** Spikes before this tick are on their way. */
  private sent = 0;
  private failure: unknown = null;

  constructor(
    population: Sized,
    options: LiveOptions,
    context: SourceContext,
    clock: TickClock,
  ) {
    this.population = population;
    this.options = options;
    this.context = context;
    this.held = new Float64Array(population.size * context.trials);
    this.subscription = options.stream(clock).subscribe({
      next: (value) => {
        const tick = clock.now();
        const known = this.emitted.get(tick);
        if (known) known.push(value);
        else this.emitted.set(tick, [value]);
      },
      error: (error: unknown) => {
        this.failure ??= error;
      },
    });
  }

  /** Throws what the stream failed with. */
  check(): void {
    if (this.failure !== null) throw this.failure;
  }

  /** Ticks must come in ascending order; the last few may come again. */
  fill(tick: number, into: Float64Array, at: number): void {
    const { population, options, context, held } = this;
    const { size, name } = population;
    const values = this.emitted.get(tick);
    if (values) {
      const value = values[values.length - 1]!;
      oneEach(`Live source "${name}"`, value, size, `at tick ${tick}`);
      for (let e = 0; e < size * context.trials; e++) {
        const each = typeof value === 'number' ? value : value[e % size];
        held[e] = finite(`Live source "${name}"`, each, `at tick ${tick}`);
      }
    } else if (!options.hold) held.fill(0);
    into.set(held, at);
  }

  spikes(
    _first: number,
    end: number,
    on: (tick: number, element: number) => void,
  ): void {
    const { size, name } = this.population;
    for (const [tick, values] of this.emitted) {
      if (tick < this.sent || tick >= end) continue;
      const neurons = new Set<number>();
      for (const value of values) {
        for (const n of typeof value === 'number'
          ? [value]
          : Array.from(value)) {
          if (!Number.isInteger(n) || n < 0 || n >= size) {
            // Told once: the run may go on without it.
            this.emitted.delete(tick);
            throw new OptionError(
              `Live source "${name}" emitted ${show(n)} at tick ${tick}: emit ` +
                `indices of neurons, 0 to ${size - 1}`,
              { tick, value: n },
            );
          }
          neurons.add(n);
        }
      }
      for (const n of [...neurons].sort((a, b) => a - b)) {
        for (let t = 0; t < this.context.trials; t++) on(tick, t * size + n);
      }
    }
    this.sent = end;
  }

  /** Forgets what was emitted before a tick. */
  forget(before: number): void {
    for (const tick of this.emitted.keys()) {
      if (tick < before) this.emitted.delete(tick);
    }
  }

  close(): void {
    this.subscription.unsubscribe();
  }
}

function perTrial<T>(
  what: string,
  one: T | undefined,
  many: readonly T[] | undefined,
  trials: number,
  first: number,
): T[] {
  if (one !== undefined) return new Array<T>(trials).fill(one);
  const list = many ?? [];
  if (list.length < first + trials) {
    throw new OptionError(
      `${what} has ${list.length} trials, but trials ${first} to ` +
        `${first + trials - 1} are run: give as many`,
      { of: what, value: list.length, allowed: first + trials },
    );
  }
  return list.slice(first, first + trials);
}

function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
