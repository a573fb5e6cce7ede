import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs';
import { DelayError } from '../base/errors.ts';

type Work<T> = (this: SchedulerAction<T>, state?: T) => void;

/** What is due at one tick, and how much of it is done. */
interface Bucket {
  readonly actions: TickAction<unknown>[];
  next: number;
}

/**
 * An RxJS scheduler on whole ticks. Work due at one tick lies in one bucket, so
 * scheduling costs the same however much is waiting (RxJS's own
 * VirtualTimeScheduler sorts its whole queue at each call).
 */
export class TickClock implements SchedulerLike {
  private tick = 0;
  private readonly buckets = new Map<number, Bucket>();

  /** The current tick. */
  now(): number {
    return this.tick;
  }

  /** Runs `work` after `delay` ticks; 0 is still this tick, at the next flush. */
  schedule<T>(work: Work<T>, delay = 0, state?: T): Subscription {
    return new TickAction(this, work).schedule(state, delay);
  }

  /** Runs all that is due at this tick, what it schedules for now included. */
  flush(): void {
    // Asked for anew each time: an action may schedule more for now, or flush.
    for (;;) {
      const bucket = this.buckets.get(this.tick);
      if (!bucket) return;
      if (bucket.next === bucket.actions.length) {
        this.buckets.delete(this.tick);
        return;
      }
      bucket.actions[bucket.next++]!.execute();
    }
  }

  /** Ends this tick and begins the next, and runs what is due then. */
  advance(): void {
    this.flush();
    this.tick += 1;
    this.flush();
  }

  /** Whether anything still waits, now or later. */
  get idle(): boolean {
    return this.buckets.size === 0;
  }

  /** @internal Puts an action into the bucket of its tick. */
  enqueue(action: TickAction<unknown>, delay: number): void {
    if (!Number.isInteger(delay) || delay < 0) {
      throw new DelayError(
        `Delay of ${delay} ticks: a delay is a whole number of ticks >= 0`,
        { delay },
      );
    }
    const due = this.tick + delay;
    const bucket = this.buckets.get(due);
    if (bucket) bucket.actions.push(action);
    else this.buckets.set(due, { actions: [action], next: 0 });
  }
}

/** One piece of work; RxJS may schedule it again, as `interval` does. */
class TickAction<T> extends Subscription implements SchedulerAction<T> {
  private readonly clock: TickClock;
  private readonly work: Work<T>;
  private state?: T;
  private pending = false;

  constructor(clock: TickClock, work: Work<T>) {
    super();
    this.clock = clock;
    this.work = work;
  }

  schedule(state?: T, delay = 0): Subscription {
    if (this.closed) return this;
    this.state = state;
    this.pending = true;
    this.clock.enqueue(this as TickAction<unknown>, delay);
    return this;
  }

  execute(): void {
    if (this.closed || !this.pending) return;
    this.pending = false;
    this.work.call(this, this.state);
    // Work that did not schedule itself again is over.
    if (!this.pending) this.unsubscribe();
  }
}
