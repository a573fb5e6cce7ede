/** Streams of a run's state: which probes are watched, and what they see. */

import { Observable, Subject } from 'rxjs';
import type { Executable } from '../backends/backend.ts';
import type { FloatArray, Shape } from '../base/tensor.ts';
import { type Probe, probeOutput } from '../circuit/probe.ts';
import type { Program } from '../program/recorder.ts';

/** One emission of a probe. */
export interface Sample {
  readonly tick: number;
  readonly shape: Shape;
  readonly data: FloatArray;
}

interface Watched {
  readonly probe: Probe;
  readonly shape: Shape;
  readonly subject: Subject<Sample>;
}

export class Samples {
  private readonly watched = new Map<string, Watched>();
  private readonly onChange: () => void;

  /** `onChange` hears when other probes are watched than before. */
  constructor(onChange: () => void) {
    this.onChange = onChange;
  }

  get probes(): Probe[] {
    return [...this.watched.values()].map(({ probe }) => probe);
  }

  /** Hot: watched from the first subscription to the end of the last. */
  stream(probe: Probe, shape: Shape): Observable<Sample> {
    const name = probeOutput(probe, 0);
    return new Observable((subscriber) => {
      let entry = this.watched.get(name);
      if (!entry) {
        entry = { probe, shape, subject: new Subject() };
        this.watched.set(name, entry);
        this.onChange();
      }
      const { subject } = entry;
      const subscription = subject.subscribe(subscriber);
      return () => {
        subscription.unsubscribe();
        if (subject.observed || this.watched.get(name) !== entry) return;
        this.watched.delete(name);
        this.onChange();
      };
    });
  }

  /** Sends the samples of all ticks that have run, or of one. */
  async send(program: Program, run: Executable, only?: number): Promise<void> {
    for (let tick = only ?? 0; tick < program.ticks; tick++) {
      const due = [...this.watched.values()].filter(({ probe }) =>
        program.outputs.has(probeOutput(probe, tick)),
      );
      if (due.length > 0) {
        const names = due.map(({ probe }) => probeOutput(probe, tick));
        const values = await run.read(names);
        due.forEach(({ shape, subject }, i) => {
          subject.next({ tick, shape, data: values[i] });
        });
      }
      if (only !== undefined) return;
    }
  }

  /** Ends all streams. */
  complete(): void {
    const ended = [...this.watched.values()];
    this.watched.clear();
    for (const { subject } of ended) subject.complete();
  }
}
