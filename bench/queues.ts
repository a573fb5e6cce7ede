/**
 * Clocks to compare: each takes work that is due after so many ticks and does
 * all of it in order of time. TickClock by itself and under RxJS's `delay` (an
 * axon), RxJS's own VirtualTimeScheduler, and a binary heap as one would write
 * it by hand.
 */

import { delay as delayed, Subject, VirtualTimeScheduler } from 'rxjs';
import { TickClock } from '../src/circuit/clock.ts';

/** A task takes what waits with it, and says after how long it is due again. */
export interface Clock {
  /** Lets number `id` be due `delay` ticks from now. */
  send(id: number, delay: number): void;
  /** Runs all, calling `arrive` for each, until nothing waits. */
  run(): void;
}

export type Arrive = (id: number) => void;

export function tickClock(arrive: Arrive): Clock {
  const clock = new TickClock();
  return {
    send(id, delay) {
      clock.schedule(() => arrive(id), delay);
    },
    run() {
      while (!clock.idle) clock.advance();
    },
  };
}

/** One axon for each delay that is used: a subject behind `delay`. */
export function axonClock(arrive: Arrive): Clock {
  const clock = new TickClock();
  const axons: Subject<number>[] = [];
  return {
    send(id, delay) {
      let axon = axons[delay];
      if (!axon) {
        axon = new Subject<number>();
        axon.pipe(delayed(delay, clock)).subscribe(arrive);
        axons[delay] = axon;
      }
      axon.next(id);
    },
    run() {
      while (!clock.idle) clock.advance();
    },
  };
}

export function virtualTime(arrive: Arrive): Clock {
  const scheduler = new VirtualTimeScheduler();
  return {
    send(id, delay) {
      scheduler.schedule(() => arrive(id), delay);
    },
    run: () => scheduler.flush(),
  };
}

/** Work of one tick is done in the order in which it was sent. */
export function heapClock(arrive: Arrive): Clock {
  const heap: { due: number; order: number; id: number }[] = [];
  let [now, sent] = [0, 0];
  const before = (i: number, j: number) =>
    heap[i].due - heap[j].due || heap[i].order - heap[j].order;
  const swap = (i: number, j: number) => {
    [heap[i], heap[j]] = [heap[j], heap[i]];
  };
  return {
    send(id, delay) {
      let at = heap.push({ due: now + delay, order: sent++, id }) - 1;
      for (let up = (at - 1) >> 1; at > 0 && before(at, up) < 0; ) {
        swap(at, up);
        at = up;
        up = (at - 1) >> 1;
      }
    },
    run() {
      while (heap.length > 0) {
        const first = heap[0];
        const last = heap.pop()!;
        if (heap.length > 0) heap[0] = last;
        for (let at = 0; ; ) {
          let least = 2 * at + 1;
          if (least >= heap.length) break;
          if (least + 1 < heap.length && before(least + 1, least) < 0) least++;
          if (before(at, least) <= 0) break;
          swap(at, least);
          at = least;
        }
        now = first.due;
        arrive(first.id);
      }
    },
  };
}

export const clocks: readonly (readonly [
  name: string,
  make: (arrive: Arrive) => Clock,
])[] = [
  ['TickClock', tickClock],
  ['TickClock, axons', axonClock],
  ['binary heap', heapClock],
  ['rxjs VirtualTimeScheduler', virtualTime],
];

/**
 * Lets `waiting` notifications go round at once, each sent on as it arrives,
 * after 1 to `longest` ticks, until `total` have arrived. Gives the sum of the
 * places in the order of arrival, the same for every clock that keeps time.
 */
export function goRound(
  make: (arrive: Arrive) => Clock,
  waiting: number,
  longest: number,
  total: number,
): number {
  let state = 1;
  // Park and Miller's generator: cheap beside what is measured.
  const draw = () => {
    state = (state * 48271) % 2147483647;
    return 1 + (state % longest);
  };
  let [arrived, sent, check] = [0, 0, 0];
  const clock = make((id) => {
    arrived += 1;
    check = (check * 31 + id * arrived) % 1000003;
    if (sent < total) {
      sent += 1;
      clock.send(id, draw());
    }
  });
  for (; sent < waiting; sent++) clock.send(sent, draw());
  clock.run();
  if (arrived !== total) throw new Error(`${arrived} of ${total} arrived`);
  return check;
}
