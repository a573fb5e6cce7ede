/**
 * Levels as batches: calls of a tick that do not depend on each other and are
 * alike (one kernel, one size) stand together, so that a backend may make one
 * call of them. What is computed, and in which order sums are taken, is as it
 * was.
 */

import { type Ref, sameParams } from '../kernels/kernel.ts';
import type { Call, Program } from './recorder.ts';

/**
 * Calls of a program in an order of execution, those alike together. Unless
 * `stepwise`, small commits on which no other call waits come last of all: then those
 * of all ticks are one batch.
 */
export function batchesOf(program: Program, stepwise = false): Call[][] {
  const calls = stepwise ? program.calls : withLateCommits(program.calls);
  const places = new Map<Call, Place>();
  const maker = new Map<Ref, Call>();
  for (const call of calls) {
    const { tick, commits } = call;
    let depth = 0;
    for (const ref of call.inputs) {
      const made = places.get(maker.get(ref) as Call);
      if (made?.tick !== tick || made.commits !== commits) continue;
      depth = Math.max(depth, made.depth + 1);
    }
    for (const ref of call.outputs) maker.set(ref, call);
    places.set(call, { tick, commits, depth });
  }
  const placeOf = (call: Call) => places.get(call) as Place;
  const batches: Call[][] = [];
  /** Batches of the present place, by what its calls have in common. */
  const alike = new Map<string, Call[][]>();
  let last: Call | null = null;
  for (const call of calls.toSorted((a, b) =>
    compare(placeOf(a), placeOf(b)),
  )) {
    if (last && compare(placeOf(last), placeOf(call)) !== 0) alike.clear();
    last = call;
    const { name } = call.kernel;
    const known = alike.get(name) ?? [];
    const batch = known.find(([other]) => isAlike(call, other!));
    if (batch) {
      batch.push(call);
      continue;
    }
    const made = [call];
    batches.push(made);
    alike.set(name, [...known, made]);
  }
  return batches;
}

/**
 * Most elements of a commit that waits for others: a launch costs as much as so
 * many. Larger ones come as soon as they can, so that their gradients need not
 * be kept: in Z-IL parameters change while the wave is on its way.
 */
const SMALL = 2 ** 15;

const isSmall = ({ outputs }: Call) => outputs[0].size <= SMALL;

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

/** Small commits whose results only commits read are calls of the last tick. */
function withLateCommits(calls: readonly Call[]): readonly Call[] {
  const tick = calls.at(-1)?.tick ?? 0;
  const awaited = new Set<Ref>();
  const late = new Set<Call>();
  for (const call of calls.toReversed()) {
    const awaits = call.outputs.some((ref) => awaited.has(ref));
    if (call.commits && isSmall(call) && !awaits) {
      late.add(call);
    } else {
      for (const ref of call.inputs) awaited.add(ref);
    }
  }
  return [
    ...calls.filter((call) => !late.has(call)),
    ...calls.filter((call) => late.has(call)).map((c) => ({ ...c, tick })),
  ];
}

/**
 * Small commits of elementwise kernels may be of any sizes: their operands lie
 * side by side, so that one call does for all.
 */
function isAlike(a: Call, b: Call): boolean {
  if (a.kernel !== b.kernel) return false;
  const anySize = a.commits && a.kernel.elementwise;
  if (!sameParams(a.kernel, a.params, b.params, anySize ? 'n' : '')) {
    return false;
  }
  return anySize
    ? isSmall(a) && isSmall(b)
    : a.inputs.every((ref, i) => ref.size === b.inputs[i]!.size);
}
