/**
 * Levels as batches: calls of a tick that do not depend on each other and are
 * alike (one kernel, one size) stand together, so that a backend may make one
 * call of them. What is computed, and in which order sums are taken, is as it
 * was.
 */

import type { Ref } from '../ops/kernel.ts';
import type { Call, Program } from './recorder.ts';

/** Calls of a program in an order of execution, those alike together. */
export function batchesOf(program: Program): Call[][] {
  const places = new Map<Call, Place>();
  const maker = new Map<Ref, Call>();
  for (const call of program.calls) {
    const { tick, commits } = call;
    let depth = 0;
    for (const ref of call.inputs) {
      const made = maker.get(ref);
      if (made?.tick !== tick) continue;
      depth = Math.max(depth, (places.get(made) as Place).depth + 1);
    }
    for (const ref of call.outputs) maker.set(ref, call);
    // Commits keep their order: they depend on each other by what they change.
    places.set(call, { tick, commits, depth: commits ? 0 : depth });
  }
  const placeOf = (call: Call) => places.get(call) as Place;
  const batches: Call[][] = [];
  /** Where the batches of the present place begin. */
  let first = 0;
  for (const call of program.calls.toSorted((a, b) =>
    compare(placeOf(a), placeOf(b)),
  )) {
    const last = batches.at(-1)?.[0];
    if (last && compare(placeOf(last), placeOf(call)) !== 0) {
      first = batches.length;
    }
    const alike = call.commits
      ? undefined
      : batches.slice(first).find(([other]) => isAlike(call, other));
    if (alike) alike.push(call);
    else batches.push([call]);
  }
  return batches;
}

/** When a call takes place, and for how many calls of its tick it waits. */
interface Place {
  readonly tick: number;
  readonly commits: boolean;
  readonly depth: number;
}

function compare(a: Place, b: Place): number {
  return (
    a.tick - b.tick ||
    Number(a.commits) - Number(b.commits) ||
    a.depth - b.depth
  );
}

function isAlike(a: Call, b: Call): boolean {
  return (
    a.kernel === b.kernel &&
    same(a.ints, b.ints) &&
    same(a.floats, b.floats) &&
    a.inputs.every((ref, i) => ref.size === b.inputs[i].size)
  );
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
