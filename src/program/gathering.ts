/**
 * Values to be made side by side, because one call is to read them all: the
 * gradients of parameters, which an optimiser reads together.
 */

import { aligned, type Ref } from '../kernels/kernel.ts';
import { MOST_SHARED } from './merges.ts';
import type { Span } from './plan.ts';
import type { Call } from './recorder.ts';

/**
 * Lists of values, each to lie side by side in a place of its own, in order.
 * `home`: where values are that have a place from the first. `readers`: calls
 * that read a value, in order. A value that another call reads too stays where
 * it is: a place that is read cannot be written in the same call.
 */
export function gatherings(
  batches: readonly (readonly Call[])[],
  home: (ref: Ref) => Span | undefined,
  readers: (ref: Ref) => readonly Call[],
): Ref[][] {
  const homes = new Map<Ref, Span>();
  const homeOf = (ref: Ref) => homes.get(ref) ?? home(ref);
  const makers = new Map<Ref, Call>();
  const lists: Ref[][] = [];
  for (const batch of batches) {
    const { kernel, commits } = batch[0]!;
    for (const call of batch) {
      for (const ref of call.outputs) makers.set(ref, call);
    }
    if (!commits || !kernel.elementwise) continue;
    for (const call of batch) {
      call.outputs.forEach((ref, k) => {
        const at = kernel.inPlace[k]!;
        const span = at === null ? undefined : homeOf(call.inputs[at]!);
        if (span) homes.set(ref, span);
      });
    }
    const canMove = (ref: Ref, call: Call) =>
      makers.has(ref) &&
      readers(ref).length === 1 &&
      call.inputs.filter((own) => own === ref).length === 1;
    for (const run of runs(batch, homeOf, canMove)) {
      run[0]!.inputs.forEach((ref, slot) => {
        const isEach = slot < (kernel.elementwise?.each ?? 0);
        if (!isEach || homeOf(ref)) return;
        lists.push(run.map(({ inputs }) => inputs[slot]!));
      });
    }
  }
  return lists;
}

/** Calls whose operands with a home are side by side; others can be moved. */
function runs(
  batch: readonly Call[],
  homeOf: (ref: Ref) => Span | undefined,
  canMove: (ref: Ref, call: Call) => boolean,
): Call[][] {
  const each = batch[0]!.kernel.elementwise?.each ?? 0;
  const slot = batch[0]!.inputs.findIndex((ref) => homeOf(ref));
  const start = ({ inputs }: Call) => homeOf(inputs[slot]!)?.offset ?? 0;
  const found: Call[][] = [];
  let total = 0;
  for (const call of batch.toSorted((a, b) => start(a) - start(b))) {
    const last = found.at(-1)?.at(-1);
    const fits = call.inputs.every(
      (ref, i) => i >= each || homeOf(ref) || canMove(ref, call),
    );
    const goesOn = last?.inputs.every((ref, i) => {
      const other = call.inputs[i]!;
      if (i >= each) return ref === other;
      const [a, b] = [homeOf(ref), homeOf(other)];
      if (!a || !b) return !a && !b;
      return a.place === b.place && b.offset === a.offset + aligned(ref.size);
    });
    const length = aligned(call.inputs[0]!.size);
    total += length;
    if (fits && goesOn && total <= MOST_SHARED) found.at(-1)?.push(call);
    else {
      found.push([call]);
      total = fits ? length : Number.POSITIVE_INFINITY;
    }
  }
  return found.filter((run) => run.length > 1);
}
