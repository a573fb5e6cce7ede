/** What is watched of a run, as RxJS streams on its clock. */

import { Observable, Subject } from 'rxjs';
import type { FloatArray } from '../../base/tensor.ts';

/** Spikes of a population at one tick; ticks without any send nothing. */
export interface SpikeSample {
  readonly tick: number;
  /** In ms. */
  readonly time: number;
  /** Ascending, trial after trial. */
  readonly neurons: Uint32Array;
  /** Trial of each. */
  readonly trials: Uint32Array;
}

/** Values [trials][neurons] at a tick. */
export interface StateSample {
  readonly tick: number;
  /** In ms. */
  readonly time: number;
  readonly data: FloatArray;
}

/** A number at a tick: a rate in Hz, an energy. */
export interface NumberSample {
  readonly tick: number;
  readonly time: number;
  readonly value: number;
}

/** Hot streams by name, alive while somebody listens. */
export class Streams<T> {
  private readonly subjects = new Map<string, Subject<T>>();
  private readonly onChange: () => void;

  constructor(onChange: () => void) {
    this.onChange = onChange;
  }

  /** Names that are listened to. */
  get watched(): string[] {
    return [...this.subjects.keys()];
  }

  get idle(): boolean {
    return this.subjects.size === 0;
  }

  stream(name: string): Observable<T> {
    return new Observable((subscriber) => {
      let subject = this.subjects.get(name);
      if (!subject) {
        subject = new Subject<T>();
        this.subjects.set(name, subject);
        this.onChange();
      }
      const own = subject;
      const subscription = own.subscribe(subscriber);
      return () => {
        subscription.unsubscribe();
        if (own.observed || this.subjects.get(name) !== own) return;
        this.subjects.delete(name);
        this.onChange();
      };
    });
  }

  send(name: string, sample: T): void {
    this.subjects.get(name)?.next(sample);
  }

  complete(): void {
    const ended = [...this.subjects.values()];
    this.subjects.clear();
    for (const subject of ended) subject.complete();
  }
}
