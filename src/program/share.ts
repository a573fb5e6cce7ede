/** Feeds that always hold the same values, as one. */

import type { Ref } from '../kernels/kernel.ts';
import type { Program } from './recorder.ts';

/**
 * The program with feeds left out for which `stands` names another of the same
 * size and values; calls read that one.
 */
export function shareFeeds(
  program: Program,
  stands: (name: string) => string,
): Program {
  const by = new Map<Ref, Ref>();
  const feeds = new Map<string, Ref>();
  for (const [name, ref] of program.feeds) {
    const other = program.feeds.get(stands(name));
    if (other && other !== ref && other.size === ref.size) by.set(ref, other);
    else feeds.set(name, ref);
  }
  if (by.size === 0) return program;
  const calls = program.calls.map((call) => {
    if (!call.inputs.some((ref) => by.has(ref))) return call;
    return { ...call, inputs: call.inputs.map((ref) => by.get(ref) ?? ref) };
  });
  return { ...program, calls, feeds };
}
