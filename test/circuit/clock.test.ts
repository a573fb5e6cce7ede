/**
 * Oracle: the definition. What is sent at tick n over a delay d arrives at
 * tick n + d, never earlier or later; work of one tick runs in the order in
 * which it was scheduled. Marble diagrams: one column a tick.
 */

import fc from 'fast-check';
import {
  concat,
  delay,
  interval,
  map,
  merge,
  type Observable,
  Subject,
  take,
  timer,
} from 'rxjs';
import { describe, expect, test } from 'vitest';
import { DelayError } from '../../src/base/errors.ts';
import { TickClock } from '../../src/circuit/clock.ts';

/** Sends the letters of a diagram, and draws what comes out. */
function draw(
  diagram: string,
  through: (
    source$: Observable<string>,
    clock: TickClock,
  ) => Observable<string>,
  ticks = diagram.length,
): string {
  const clock = new TickClock();
  const source$ = new Subject<string>();
  const out: string[] = [];
  through(source$, clock).subscribe((letter) => {
    const tick = clock.now();
    out[tick] = out[tick] ? `(${out[tick]}${letter})` : letter;
  });
  for (let tick = 0; tick < ticks; tick++) {
    const letter = diagram[tick] ?? '-';
    if (letter !== '-') source$.next(letter);
    clock.advance();
  }
  return Array.from({ length: ticks }, (_, t) => out[t] ?? '-').join('');
}

describe('delay', () => {
  test.each([
    [0, 'a--b-c---', 'a--b-c---'],
    [1, 'a--b-c---', '-a--b-c--'],
    [3, 'a--b-c---', '---a--b-c'],
    [3, 'abc------', '---abc---'],
  ])('of %i: %s gives %s', (d, source, expected) => {
    expect(draw(source, (x$, clock) => x$.pipe(delay(d, clock)))).toBe(
      expected,
    );
  });

  test('of a and then of b is one of a + b', () => {
    const diagram = fc
      .array(fc.constantFrom('-', 'x', 'y'), { minLength: 1, maxLength: 30 })
      .map((letters) => letters.join(''));
    const ticks = fc.integer({ min: 0, max: 9 });
    fc.assert(
      fc.property(diagram, ticks, ticks, (source, a, b) => {
        const length = source.length + a + b + 1;
        const twice = draw(
          source,
          (x$, clock) => x$.pipe(delay(a, clock), delay(b, clock)),
          length,
        );
        const once = draw(
          source,
          (x$, clock) => x$.pipe(delay(a + b, clock)),
          length,
        );
        expect(twice).toBe(once);
        expect(once).toBe(
          '-'.repeat(a + b) + source.padEnd(length - a - b, '-'),
        );
      }),
    );
  });

  test('streams of one tick arrive in the order they were sent', () => {
    const fork = (x$: Observable<string>, clock: TickClock) =>
      merge(
        x$.pipe(delay(2, clock)),
        x$.pipe(
          map((letter) => letter.toUpperCase()),
          delay(2, clock),
        ),
      );
    expect(draw('a----', fork)).toBe('--(aA)--');
  });

  test('that is no number of ticks is an error of the stream', () => {
    const clock = new TickClock();
    const source$ = new Subject<string>();
    const errors: unknown[] = [];
    source$.pipe(delay(1.5, clock)).subscribe({
      error: (error) => errors.push(error),
    });
    source$.next('a');
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(DelayError);
  });
});

test('interval and timer count ticks', () => {
  const clock = new TickClock();
  const seen: string[] = [];
  const note = (name: string) => (n: number) =>
    seen.push(`${name}${n}@${clock.now()}`);
  interval(2, clock).pipe(take(3)).subscribe(note('i'));
  timer(1, 3, clock).pipe(take(3)).subscribe(note('t'));
  concat(timer(4, clock), timer(1, clock)).subscribe(note('c'));
  for (let n = 0; n < 12; n++) clock.advance();
  expect(seen).toEqual([
    't0@1',
    'i0@2',
    'c0@4',
    't1@4',
    'i1@4',
    'c0@5',
    'i2@6',
    't2@7',
  ]);
  expect(clock.idle).toBe(true);
});

describe('schedule', () => {
  test('runs work in the order of its scheduling, at its tick', () => {
    const tasks = fc.array(
      fc.record({
        at: fc.integer({ min: 0, max: 6 }),
        after: fc.integer({ min: 0, max: 6 }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(tasks, (list) => {
        const clock = new TickClock();
        const ran: [due: number, order: number, tick: number][] = [];
        let order = 0;
        for (let tick = 0; tick <= 6; tick++) {
          for (const { at, after } of list) {
            if (at !== tick) continue;
            const mine = order++;
            clock.schedule(() => {
              ran.push([at + after, mine, clock.now()]);
            }, after);
          }
          clock.advance();
        }
        for (let tick = 0; tick <= 6; tick++) clock.advance();
        expect(ran).toHaveLength(list.length);
        for (const [due, , tick] of ran) expect(tick).toBe(due);
        const sorted = [...ran].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        expect(ran).toEqual(sorted);
        expect(clock.idle).toBe(true);
      }),
    );
  });

  test('nothing runs before its tick, and 0 waits for the flush', () => {
    const clock = new TickClock();
    const ran: number[] = [];
    clock.schedule(() => ran.push(0));
    clock.schedule(() => ran.push(5), 5);
    expect(ran).toEqual([]);
    clock.flush();
    expect(ran).toEqual([0]);
    for (let tick = 1; tick < 5; tick++) clock.advance();
    expect([clock.now(), ran]).toEqual([4, [0]]);
    clock.advance();
    expect([clock.now(), ran]).toEqual([5, [0, 5]]);
  });

  test('work may schedule itself again, with its state', () => {
    const clock = new TickClock();
    const seen: [tick: number, state: number][] = [];
    clock.schedule<number>(
      function (state = 0) {
        seen.push([clock.now(), state]);
        if (state < 3) this.schedule(state + 1, 2);
      },
      1,
      0,
    );
    for (let n = 0; n < 12; n++) clock.advance();
    expect(seen).toEqual([
      [1, 0],
      [3, 1],
      [5, 2],
      [7, 3],
    ]);
    expect(clock.idle).toBe(true);
  });

  test('work that schedules work for now has it run in the same tick', () => {
    const clock = new TickClock();
    const seen: string[] = [];
    clock.schedule(() => {
      seen.push(`outer@${clock.now()}`);
      clock.schedule(() => seen.push(`inner@${clock.now()}`));
    }, 2);
    clock.schedule(() => seen.push(`next@${clock.now()}`), 2);
    clock.advance();
    clock.advance();
    expect(seen).toEqual(['outer@2', 'next@2', 'inner@2']);
  });

  test('work scheduled after a flush within a flush is not lost', () => {
    const clock = new TickClock();
    const seen: string[] = [];
    clock.schedule(() => {
      clock.flush();
      clock.schedule(() => seen.push('inner'));
    });
    clock.flush();
    clock.flush();
    expect(seen).toEqual(['inner']);
  });

  test('unsubscribed work does not run', () => {
    const clock = new TickClock();
    const seen: string[] = [];
    const first = clock.schedule(() => seen.push('first'), 2);
    clock.schedule(() => seen.push('second'), 2);
    const ticking = interval(1, clock).subscribe((n) => seen.push(`${n}`));
    clock.advance();
    first.unsubscribe();
    ticking.unsubscribe();
    clock.advance();
    clock.advance();
    expect(seen).toEqual(['0', 'second']);
    expect(clock.idle).toBe(true);
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'a delay of %f is an error',
    (ticks) => {
      const clock = new TickClock();
      expect(() => clock.schedule(() => {}, ticks)).toThrow(DelayError);
      expect(clock.idle).toBe(true);
    },
  );

  test('16,000 events arrive, each at its tick', () => {
    const clock = new TickClock();
    const source$ = new Subject<number>();
    let late = 0;
    let count = 0;
    for (let axon = 0; axon < 16; axon++) {
      source$.pipe(delay(axon * 7, clock)).subscribe((sent) => {
        count += 1;
        if (clock.now() !== sent + axon * 7) late += 1;
      });
    }
    for (let tick = 0; tick < 1000; tick++) {
      source$.next(tick);
      clock.advance();
    }
    for (let tick = 0; tick < 16 * 7; tick++) clock.advance();
    expect([count, late]).toEqual([16_000, 0]);
    expect(clock.idle).toBe(true);
  });
});
