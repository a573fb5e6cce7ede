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
  /** How many calls of its tick a value waits for. */
  const depths = new Map<Ref, { tick: number; depth: number }>();
  const stages = new Map<string, Call[][]>();
  const order: Call[][][] = [];
  for (const call of program.calls) {
    let depth = 0;
    for (const ref of call.inputs) {
      const made = depths.get(ref);
      if (made?.tick === call.tick) depth = Math.max(depth, made.depth + 1);
    }
    for (const ref of call.outputs) depths.set(ref, { tick: call.tick, depth });
    const key = `${call.tick}/${call.commits ? 'commit' : depth}`;
    let stage = stages.get(key);
    if (!stage) {
      stage = [];
      stages.set(key, stage);
      order.push(stage);
    }
    // Commits depend on each other by the residents that they change.
    const alike = call.commits
      ? undefined
      : stage.find(([other]) => isAlike(call, other));
    if (alike) alike.push(call);
    else stage.push([call]);
  }
  return order
    .map((stage, index) => ({ stage, index, at: placeOf(stage[0][0], depths) }))
    .sort((a, b) => compare(a.at, b.at) || a.index - b.index)
    .flatMap(({ stage }) => stage);
}

type Place = readonly [tick: number, commits: number, depth: number];

function placeOf(
  call: Call,
  depths: ReadonlyMap<Ref, { tick: number; depth: number }>,
): Place {
  const depth = depths.get(call.outputs[0])?.depth ?? 0;
  return [call.tick, Number(call.commits), call.commits ? 0 : depth];
}

function compare(a: Place, b: Place): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
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
