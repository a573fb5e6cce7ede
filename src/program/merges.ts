/**
 * Calls that are alike as one call: where their operands lie at even distances,
 * or, for elementwise kernels, side by side without a gap that is anybody's.
 */

import {
  aligned,
  type Kernel,
  type Params,
  type Ref,
} from '../kernels/kernel.ts';
import type { Span } from './plan.ts';
import type { Call } from './recorder.ts';

/** Most elements of a place that several values share: 128 MiB. */
export const MOST_SHARED = 2 ** 25;

/** Many calls as one. */
export interface Merge {
  readonly calls: readonly Call[];
  readonly kernel: Kernel;
  readonly params: Params;
  /** By output: where each call's part begins in that of all. */
  readonly shifts: readonly (readonly number[])[];
}

/** What is known of the places of values while calls are placed. */
export interface Places {
  spanOf(ref: Ref): Span;
  /** Where a value has to be made, if anywhere. */
  wanted(ref: Ref): Span | undefined;
}

/**
 * Calls alike, all reading the same places, as few calls as can be. Calls that
 * stay by themselves are left out.
 */
export function mergesOf(calls: readonly Call[], places: Places): Merge[] {
  if (calls.length < 2) return [];
  const sorted = inOrder(calls, places);
  if (sorted[0]!.kernel.elementwise) {
    return runsOf(sorted, places)
      .filter((run) => run.length > 1)
      .map((run) => asRun(run, places))
      .filter((merge) => merge !== null);
  }
  const merge = asEven(sorted, places);
  return merge ? [merge] : [];
}

/** By where the first operand lies that is not the same for all. */
function inOrder(calls: readonly Call[], { spanOf }: Places): Call[] {
  const [first] = calls;
  const slot = first!.inputs.findIndex((ref) =>
    calls.some(({ inputs }) => inputs.every((own) => own !== ref)),
  );
  const offset = ({ inputs }: Call) => spanOf(inputs[slot]!).offset;
  return slot < 0
    ? [...calls]
    : calls.toSorted((a, b) => offset(a) - offset(b));
}

/** Calls in groups whose elementwise operands lie side by side. */
function runsOf(calls: readonly Call[], { spanOf }: Places): Call[][] {
  const runs: Call[][] = [];
  let total = 0;
  for (const call of calls) {
    const { kernel, inputs } = call;
    const each = kernel.elementwise?.each ?? 0;
    const before = runs.at(-1)?.at(-1);
    const goesOn = before?.inputs.every((ref, slot) => {
      if (slot >= each)
        return spanOf(ref).offset === spanOf(inputs[slot]!).offset;
      return (
        spanOf(inputs[slot]!).offset === spanOf(ref).offset + aligned(ref.size)
      );
    });
    const length = aligned(inputs[0]!.size);
    total = goesOn ? total + length : length;
    if (goesOn && total <= MOST_SHARED) runs.at(-1)?.push(call);
    else {
      runs.push([call]);
      total = length;
    }
  }
  return runs;
}

/** One call from the first element of the first to the last of the last. */
function asRun(calls: readonly Call[], places: Places): Merge | null {
  const { kernel, inputs, outputs, params } = calls[0]!;
  const start = places.spanOf(inputs[0]!).offset;
  const shifts = calls.map((c) => places.spanOf(c.inputs[0]!).offset - start);
  const last = calls.length - 1;
  const n = shifts[last]! + calls[last]!.params.n!;
  const fits = outputs.every((_, k) => {
    if (kernel.inPlace[k] !== null) return true;
    const wanted = wantedShifts(calls, k, places);
    return (
      wanted !== 'none' && (!wanted || wanted.every((s, i) => s === shifts[i]))
    );
  });
  return fits
    ? {
        calls,
        kernel,
        params: { ...params, n },
        shifts: outputs.map(() => shifts),
      }
    : null;
}

/** One call of a kernel that can do many, operands at even distances. */
function asEven(calls: readonly Call[], places: Places): Merge | null {
  const { kernel: own, inputs, outputs, params } = calls[0]!;
  const strides: number[] = [];
  for (let slot = 0; slot < inputs.length; slot++) {
    const offsets = calls.map((c) => places.spanOf(c.inputs[slot]!).offset);
    const stride = evenStride(offsets);
    if (stride === null) return null;
    strides.push(stride);
  }
  const made: number[] = [];
  for (const [k, { size }] of outputs.entries()) {
    const at = own.inPlace[k]!;
    const wanted = at === null ? wantedShifts(calls, k, places) : null;
    if (wanted === 'none') return null;
    const stride = wanted ? evenStride(wanted) : aligned(size);
    if (stride === null) return null;
    made.push(at === null ? stride : strides[at]!);
  }
  const distances = { inputs: strides, outputs: made };
  const whole = own.batch?.(params, distances, calls.length);
  if (!whole || calls.length * Math.max(...made) > MOST_SHARED) return null;
  return {
    calls,
    kernel: whole.kernel ?? own,
    params: whole.params,
    shifts: made.map((stride) => calls.map((_, i) => i * stride)),
  };
}

/** The distance between neighbours, if it is one, and not backwards. */
function evenStride(offsets: readonly number[]): number | null {
  const stride = offsets[1]! - offsets[0]!;
  const even = offsets.every((at, i) => at === offsets[0]! + i * stride);
  return even && stride >= 0 ? stride : null;
}

/**
 * Where outputs k are wanted, from the first on; null where nowhere, 'none'
 * where no single call can put them there.
 */
function wantedShifts(
  calls: readonly Call[],
  k: number,
  { wanted }: Places,
): number[] | null | 'none' {
  const spans = calls.map(({ outputs }) => wanted(outputs[k]!));
  if (spans.every((span) => !span)) return null;
  const [first] = spans;
  if (!first) return 'none';
  const shifts = spans.map((span) =>
    span?.place === first.place ? span.offset - first.offset : -1,
  );
  const { size } = calls[0]!.outputs[k]!;
  const apart = shifts.every(
    (shift, i) => i === 0 || shift >= shifts[i - 1]! + aligned(size),
  );
  return apart ? shifts : 'none';
}
