/**
 * Calls whose results one elementwise call alone reads, made one with it: the
 * number in between is never stored. Commits stay by themselves: those of all
 * parameters become one call instead.
 */

import { fusedParams } from '../kernels/fused.ts';
import type { Kernel, Ref } from '../kernels/kernel.ts';
import type { Call, Program } from './recorder.ts';

export interface FuseOptions {
  /** Calls of different ticks stay apart. */
  readonly stepwise?: boolean;
  /**
   * Least number of calls that a kernel must have to be worth compiling; 1 if
   * not given.
   */
  readonly least?: number;
}

/** The same program in fewer calls; the bits of what it keeps are the same. */
export function fuse(program: Program, options: FuseOptions = {}): Program {
  const { stepwise = false, least = 1 } = options;
  const uses = new Map<Kernel, number>();
  const count = (kernel: Kernel) => {
    uses.set(kernel, (uses.get(kernel) ?? 0) + 1);
    return true;
  };
  const all = pass(program, stepwise, count);
  if (least <= 1 || uses.size === 0) return all;
  return pass(program, stepwise, (k) => (uses.get(k) ?? 0) >= least);
}

function pass(
  program: Program,
  stepwise: boolean,
  allows: (kernel: Kernel) => boolean,
): Program {
  const kept = new Set<Ref>(program.outputs.values());
  for (const { after } of program.residents.values()) kept.add(after);
  const readings = new Map<Ref, number>();
  for (const { inputs } of program.calls) {
    for (const ref of inputs) readings.set(ref, (readings.get(ref) ?? 0) + 1);
  }
  const makers = new Map<Ref, Call>();
  const gone = new Set<Call>();
  const canGo = (ref: Ref, { commits, tick }: Call) => {
    const maker = makers.get(ref);
    if (!maker || commits || maker.commits) return null;
    if (kept.has(ref) || readings.get(ref) !== 1) return null;
    return stepwise && maker.tick !== tick ? null : maker;
  };
  const calls: Call[] = [];
  for (const recorded of program.calls) {
    let call = recorded;
    for (let slot = 0; slot < call.inputs.length; slot++) {
      const maker = canGo(call.inputs[slot]!, call);
      const one = maker && joined(maker, call, slot);
      if (!one || !allows(one.kernel)) continue;
      gone.add(maker);
      call = one;
      // Its own inputs may be results to be taken in too.
      slot = -1;
    }
    for (const ref of call.outputs) makers.set(ref, call);
    calls.push(call);
  }
  if (gone.size === 0) return program;
  return { ...program, calls: calls.filter((call) => !gone.has(call)) };
}

function joined(first: Call, second: Call, slot: number): Call | null {
  const each = second.kernel.elementwise?.each ?? 0;
  const { size } = second.inputs[slot]!;
  const others = second.inputs.filter((_, i) => i !== slot);
  const bases = second.kernel.inPlace.map((at) =>
    at === null ? null : second.inputs[at],
  );
  const fits =
    slot < each &&
    first.outputs.length === 1 &&
    second.outputs.every((output) => output.size === size) &&
    // What is written over must not be read elsewhere in the same call.
    !first.inputs.some((ref) => bases.includes(ref));
  const fused = fits ? first.kernel.fuse?.(second.kernel, slot) : null;
  if (!fused) return null;
  return {
    ...second,
    kernel: fused.kernel,
    inputs: [...first.inputs, ...others],
    params: fusedParams(first.params, second, fused.prefix),
  };
}
