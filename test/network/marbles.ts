/**
 * Marble diagrams on ticks: '--a-(bc)--' is nothing at ticks 0, 1 and 3, `a` at
 * tick 2, `b` and `c` at tick 4. Each place is a tick, and so is a group;
 * spaces are for people.
 */

import { Observable } from 'rxjs';
import type { TickClock } from '../../src/circuit/clock.ts';

/** Letters at each tick. */
export function ticksOfMarbles(marbles: string): string[] {
  return (marbles.replaceAll(' ', '').match(/\([^)]*\)|./g) ?? []).map(
    (place) => (place === '-' ? '' : place.replace(/[()]/g, '')),
  );
}

/** A live source's stream that emits what `values` has for each letter. */
export const fromMarbles =
  <T>(marbles: string, values: (letter: string) => T) =>
  (clock: TickClock): Observable<T> =>
    new Observable((subscriber) => {
      ticksOfMarbles(marbles).forEach((letters, tick) => {
        if (letters === '') return;
        subscriber.add(
          clock.schedule(() => {
            for (const letter of letters) subscriber.next(values(letter));
          }, tick),
        );
      });
    });

/** Index of a letter: a is 0. */
export const indexOf = (letter: string) => letter.charCodeAt(0) - 97;

/** Marbles of what a stream sends, filled in as its run goes on. */
export class Marbles<T extends { readonly tick: number }> {
  private readonly seen = new Map<number, string>();

  constructor(stream: Observable<T>, letters: (sample: T) => string) {
    stream.subscribe((sample) => {
      const { tick } = sample;
      this.seen.set(tick, (this.seen.get(tick) ?? '') + letters(sample));
    });
  }

  /** The first `ticks` places. */
  show(ticks: number): string {
    return Array.from({ length: ticks }, (_, tick) => {
      const letters = this.seen.get(tick) ?? '';
      if (letters === '') return '-';
      return letters.length === 1 ? letters : `(${letters})`;
    }).join('');
  }
}

/** Letters of neurons. */
export const letters = ({ neurons }: { readonly neurons: Uint32Array }) =>
  [...neurons].map((neuron) => String.fromCharCode(97 + neuron)).join('');
