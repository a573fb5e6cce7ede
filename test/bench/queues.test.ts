/** Oracle: a list of all that waits, searched for what is due next. */

import { expect, test } from 'vitest';
import {
  type Arrive,
  type Clock,
  clocks,
  goRound,
} from '../../bench/queues.ts';

function searched(arrive: Arrive): Clock {
  const list: { due: number; id: number }[] = [];
  let now = 0;
  return {
    send: (id, delay) => void list.push({ due: now + delay, id }),
    run() {
      while (list.length > 0) {
        const due = Math.min(...list.map((each) => each.due));
        // The first of them was sent first.
        const at = list.findIndex((each) => each.due === due);
        const [{ id }] = list.splice(at, 1);
        now = due;
        arrive(id);
      }
    },
  };
}

test.each(clocks)('%s keeps time and order', (_, make) => {
  for (const [waiting, longest] of [
    [1, 1],
    [5, 3],
    [40, 7],
    [40, 1000],
  ]) {
    const expected = goRound(searched, waiting, longest, 300);
    expect(goRound(make, waiting, longest, 300)).toBe(expected);
  }
});

test('the order shows in what is compared', () => {
  const [, heap] = clocks[0];
  const backwards = (arrive: Arrive): Clock => {
    const list: number[] = [];
    return {
      send: (id) => void list.push(id),
      run: () => {
        while (list.length > 0) arrive(list.pop() as number);
      },
    };
  };
  expect(goRound(backwards, 5, 3, 50)).not.toBe(goRound(heap, 5, 3, 50));
});
