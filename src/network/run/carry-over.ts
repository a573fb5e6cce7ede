/**
 * From one layout of memory to another, losing nothing: rings may have grown,
 * or lie elsewhere, but what was sent at a tick and what arrives at a tick stay.
 */

import type { Contents } from '../../backends/backend.ts';
import type { Network } from '../network.ts';
import type { Assembly } from './assembly.ts';

/** Where things lie in the memory of a snapshot. */
export interface Geometry {
  readonly trials: number;
  /** Address of each projection's arrivals in its target's. */
  readonly rings: ReadonlyMap<string, { base: number; ticks: number }>;
  /** Graded outputs that a population keeps, and for how many ticks. */
  readonly outputs: ReadonlyMap<
    string,
    { names: readonly string[]; ticks: number }
  >;
  /** Lengths of all rings, by the names that an assembly keeps them under. */
  readonly lengths: ReadonlyMap<string, number>;
}

export function geometryOf(assembly: Assembly, trials: number): Geometry {
  const rings = new Map(
    assembly.wired.map(({ projection, ring }) => [projection.name, ring]),
  );
  const outputs = new Map(
    [...assembly.histories].map(([name, ticks]) => [
      name,
      { names: assembly.specs.get(name)?.outputs ?? ['y'], ticks },
    ]),
  );
  const lengths = new Map([
    ...[...rings].map(([name, { ticks }]) => [`${name}/ring`, ticks] as const),
    ...[...outputs].map(([n, { ticks }]) => [`${n}/history`, ticks] as const),
  ]);
  return { trials, rings, outputs, lengths };
}

/** Contents of an assembly's memory that go on from a snapshot. */
export function carryOver(
  snapshot: {
    readonly tick: number;
    readonly geometry: Geometry;
    readonly contents: ReadonlyMap<string, Contents>;
  },
  assembly: Assembly,
  network: Network,
): Map<string, ArrayLike<number>> {
  const { tick, geometry, contents } = snapshot;
  const { trials } = geometry;
  const made = new Map<string, ArrayLike<number>>();
  for (const { name, size } of network.populations) {
    const elements = size * trials;
    const state = contents.get(`${name}/state`);
    if (state) made.set(`${name}/state`, state);
    const out = contents.get(`${name}/out`);
    const to = assembly.memory.get(`${name}/out`);
    const kept = geometry.outputs.get(name);
    if (out && to && kept) {
      const now = new Float64Array(to.size);
      // A ring that grows reaches back before the first tick.
      now.set(assembly.contents.get(`${name}/out`) ?? []);
      const ticks = assembly.histories.get(name) as number;
      const names = assembly.specs.get(name)?.outputs ?? ['y'];
      names.forEach((output, o) => {
        const was = kept.names.indexOf(output);
        if (was < 0) return;
        // What was sent in the last ticks; before the first lies the history.
        for (let back = 1; back <= Math.min(ticks, kept.ticks); back++) {
          copyRow(
            out,
            (was * kept.ticks + slotOf(tick - back, kept.ticks)) * elements,
            now,
            (o * ticks + slotOf(tick - back, ticks)) * elements,
            elements,
          );
        }
      });
      made.set(`${name}/out`, now);
    }
    const arrivals = contents.get(`${name}/arrivals`);
    const inbox = assembly.memory.get(`${name}/arrivals`);
    if (!arrivals || !inbox) continue;
    const now = new Float64Array(inbox.size);
    for (const { projection, ring, until } of assembly.wired) {
      const was = geometry.rings.get(projection.name);
      if (projection.to.name !== name || until !== null || !was) continue;
      // What waits to arrive from this tick on.
      for (let on = 0; on < Math.min(ring.ticks, was.ticks); on++) {
        copyRow(
          arrivals,
          was.base + slotOf(tick + on, was.ticks) * elements,
          now,
          ring.base + slotOf(tick + on, ring.ticks) * elements,
          elements,
        );
      }
    }
    made.set(`${name}/arrivals`, now);
  }
  // Traces and the spikes that made them lie as they lay.
  for (const [name, values] of contents) {
    const same = assembly.memory.get(name)?.size === values.length;
    if (same && /\/(sent|trace|post)$/.test(name)) made.set(name, values);
  }
  return made;
}

const slotOf = (tick: number, ticks: number) =>
  ((tick % ticks) + ticks) % ticks;

function copyRow(
  from: Contents,
  at: number,
  to: Float64Array,
  address: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) to[address + i] = from[at + i]!;
}
