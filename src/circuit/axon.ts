/**
 * Axons: RxJS streams with a delay in ticks. What is sent at tick n over an
 * axon of delay d arrives at tick n + d, never earlier or later.
 */

import { delay } from 'rxjs';
import type { Axon } from '../graph/level.ts';
import type { TickClock } from './clock.ts';
import type { Leaf, Population } from './population.ts';

/** Joins a source to a consumer: errors go back, values go forward. */
export function connect(
  axon: Axon,
  order: number,
  source: Population | Leaf,
  consumer: Population,
  clock: TickClock,
  carriesValues: boolean,
  /** Told of whom something has come to. */
  wake: (reached: Population | Leaf) => void,
): void {
  // A data input needs no error.
  if (axon.from.op !== 'input') {
    consumer.errors$.pipe(delay(axon.delay, clock)).subscribe((event) => {
      source.inbox.push({ axon, order, event });
      wake(source);
    });
  }
  if (carriesValues) {
    source.values$.pipe(delay(axon.delay, clock)).subscribe((event) => {
      consumer.see(axon.slot, event);
      wake(consumer);
    });
  }
}
