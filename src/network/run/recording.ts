/**
 * Recordings: what a stream of a run sent, kept in a bounded buffer with a
 * stated policy. Nothing is lost unseen: reading a recording that overflowed fails,
 * unless the policy says that the latest are wanted.
 */

import type { Observable } from 'rxjs';
import { IsochronError, OptionError } from '../../base/errors.ts';
import { type FieldsOf, oneOf, Schema, whole } from '../../base/schema.ts';
import type { NumberSample, SpikeSample, StateSample } from './probes.ts';

/** More was sent than a recording has room for. */
export class OverflowError extends IsochronError {}

/** Options of `recordSpikes` and `recordValues`. */
export interface RecordingOptions {
  /** Most entries: spikes, samples or numbers, >= 1. Default 1000000. */
  readonly capacity?: number;
  /**
   * When it is full: 'fail' keeps the first and fails when it is read, 'first'
   * keeps them and counts the others, 'latest' lets the oldest go and counts them.
   * Default 'fail'.
   */
  readonly policy?: 'fail' | 'first' | 'latest';
}

const recordingOptions = new Schema('A recording', {
  capacity: whole({ least: 1, default: 1_000_000 }),
  policy: oneOf(['fail', 'first', 'latest'], { default: 'fail' }),
} satisfies FieldsOf<RecordingOptions>);

/** Entries of a stream, oldest first. */
class Buffer<T> {
  private readonly capacity: number;
  private readonly policy: 'fail' | 'first' | 'latest';
  private readonly what: string;
  private entries: T[] = [];
  /** Index of the oldest entry, once the buffer goes round. */
  private oldest = 0;
  private more = 0;
  /** What came that was not to be recorded. */
  failure: IsochronError | null = null;
  private fullAt: number | null = null;

  constructor(what: string, options: RecordingOptions) {
    const { capacity, policy } = recordingOptions.read(options);
    this.what = what;
    this.capacity = capacity;
    this.policy = policy;
  }

  /** Entries that were let go, or found no room. */
  get lost(): number {
    return this.more;
  }

  add(entry: T, time: number): void {
    if (this.entries.length < this.capacity) {
      this.entries.push(entry);
      return;
    }
    this.fullAt ??= time;
    this.more += 1;
    if (this.policy !== 'latest') return;
    this.entries[this.oldest] = entry;
    this.oldest = (this.oldest + 1) % this.capacity;
  }

  /** Entries as they are, complete or not. */
  kept(): T[] {
    const { entries, oldest } = this;
    return [...entries.slice(oldest), ...entries.slice(0, oldest)];
  }

  read(): T[] {
    if (this.failure) throw this.failure;
    if (this.policy === 'fail' && this.fullAt !== null) {
      throw new OverflowError(
        `The recording of ${this.what} was full at ${this.fullAt} ms: ${this.more} ` +
          `entries found no room among ${this.capacity}, give it more capacity or ` +
          "policy 'latest'; kept() gives what it has",
        { capacity: this.capacity, lost: this.more, time: this.fullAt },
      );
    }
    return this.kept();
  }
}

/** A recording; `stop` ends it, what it has stays. */
export interface Recording<T> {
  /** Throws OverflowError where entries were lost that should not be. */
  read(): T;
  /** The same, complete or not. */
  kept(): T;
  /** Entries that found no room. */
  readonly lost: number;
  /** Ends the recording; what it has can still be read. */
  stop(): void;
}

/** Spikes in the order of time: one entry each. */
export interface Spikes {
  /** In ms. */
  readonly times: Float64Array;
  /** Neuron of each spike, counted from 0 in its population. */
  readonly neurons: Uint32Array;
  /** Trial of each spike, counted from 0. */
  readonly trials: Uint32Array;
}

/** Samples of values: shape [times, trials x neurons]. */
export interface Values {
  /** In ms. */
  readonly times: Float64Array;
  /** Sample after sample, row-major. */
  readonly data: Float64Array;
  /** Samples, and values of one. */
  readonly shape: readonly [samples: number, elements: number];
}

/** Records spikes$ of a run from now on. */
export function recordSpikes(
  spikes$: Observable<SpikeSample>,
  options: RecordingOptions = {},
): Recording<Spikes> {
  return record(spikes$, options, {
    what: 'spikes',
    other:
      'recordSpikes was given another stream than spikes$: use recordValues',
    fits: (sample) => 'neurons' in sample,
    entries: ({ time, neurons, trials }) =>
      Array.from(neurons, (neuron, i) => [time, neuron, trials[i]!] as const),
    columns: (entries) => ({
      times: Float64Array.from(entries, ([time]) => time),
      neurons: Uint32Array.from(entries, ([, neuron]) => neuron),
      trials: Uint32Array.from(entries, ([, , trial]) => trial),
    }),
  });
}

/** Records state$, weights$, rate$ or energy$ of a run from now on. */
export function recordValues(
  samples$: Observable<StateSample> | Observable<NumberSample>,
  options: RecordingOptions = {},
): Recording<Values> {
  return record(samples$ as Observable<StateSample | NumberSample>, options, {
    what: 'values',
    other:
      'recordValues was given another stream than state$: use recordSpikes',
    fits: (sample) => 'data' in sample || 'value' in sample,
    entries: (sample) => {
      const values = 'data' in sample ? sample.data : [sample.value];
      return [[sample.time, values] as const];
    },
    columns: (entries) => {
      const elements = entries[0]?.[1].length ?? 0;
      const data = new Float64Array(entries.length * elements);
      entries.forEach(([, values], i) => {
        if (values.length !== elements) {
          throw new OptionError('A recording has samples of several sizes', {
            ...{ sizes: [elements, values.length] },
          });
        }
        data.set(values, i * elements);
      });
      return {
        times: Float64Array.from(entries, ([time]) => time),
        data,
        shape: [entries.length, elements] as const,
      };
    },
  });
}

function record<S extends { readonly time: number }, E, T>(
  stream$: Observable<S>,
  options: RecordingOptions,
  kind: {
    readonly what: string;
    /** What is wrong with another stream, and what to use. */
    readonly other: string;
    fits(sample: S): boolean;
    entries(sample: S): readonly E[];
    columns(entries: readonly E[]): T;
  },
): Recording<T> {
  const buffer = new Buffer<E>(kind.what, options);
  if (typeof stream$?.subscribe !== 'function') {
    throw new OptionError(
      'A recording takes a stream of a run, as run.spikes$(population)',
      { value: stream$ },
    );
  }
  const subscription = stream$.subscribe((sample) => {
    if (!kind.fits(sample)) {
      buffer.failure ??= new OptionError(`${kind.other} for it`, {
        ...{ what: kind.what, value: sample },
      });
      return;
    }
    for (const entry of kind.entries(sample)) buffer.add(entry, sample.time);
  });
  return {
    read: () => kind.columns(buffer.read()),
    kept: () => kind.columns(buffer.kept()),
    get lost() {
      return buffer.lost;
    },
    stop: () => subscription.unsubscribe(),
  };
}
