/**
 * Gives every value of a program a place in memory. Places are used again
 * once nothing reads them; in-place kernels write over their base where it is
 * read no more, else over a copy.
 */

import type { Kernel, Ref } from '../ops/kernel.ts';
import { copy } from '../ops/map.ts';
import type { Call, Program } from './recorder.ts';

/** A call on places instead of values. */
export interface PlacedCall {
  readonly kernel: Kernel;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly outputSizes: readonly number[];
  readonly ints: readonly number[];
  readonly floats: readonly number[];
  readonly tick: number;
}

export interface Plan {
  readonly calls: readonly PlacedCall[];
  /** Elements of each place. */
  readonly sizes: readonly number[];
  readonly feeds: ReadonlyMap<string, number>;
  /** Places of residents, by name: their memory is given from outside. */
  readonly residents: ReadonlyMap<string, number>;
  readonly outputs: ReadonlyMap<string, number>;
  /** Places that are filled with one number, once. */
  readonly constants: readonly { place: number; fill: number }[];
}

/** Lays a program out in memory. */
export function planMemory(program: Program): Plan {
  const { calls } = program;
  const lastUse = lastUses(calls);
  const sizes: number[] = [];
  const free: number[] = [];
  const placeOf = new Map<Ref, number>();
  const placed: PlacedCall[] = [];
  /** Values that must be left as they are: given or read after the run. */
  const kept = new Set<Ref>(program.outputs.values());

  const newPlace = (size: number) => sizes.push(size) - 1;
  const take = (size: number): number => {
    let best = -1;
    free.forEach((place, i) => {
      const fits = sizes[place] >= size && sizes[place] <= 2 * size;
      if (fits && (best < 0 || sizes[place] < sizes[free[best]])) best = i;
    });
    return best < 0 ? newPlace(size) : free.splice(best, 1)[0];
  };
  const addCopy = (from: number, to: number, size: number, tick: number) =>
    placed.push({
      kernel: copy,
      inputs: [from],
      outputs: [to],
      outputSizes: [size],
      ints: [size],
      floats: [],
      tick,
    });

  const residents = new Map<string, number>();
  const homes = new Set<number>();
  for (const [name, { before, after }] of program.residents) {
    const home = newPlace(before.size);
    residents.set(name, home);
    homes.add(home);
    placeOf.set(before, home);
    kept.add(after);
  }
  for (const ref of program.feeds.values()) {
    placeOf.set(ref, newPlace(ref.size));
    kept.add(ref);
  }
  for (const { ref } of program.constants) {
    placeOf.set(ref, newPlace(ref.size));
    kept.add(ref);
  }

  const placeFor = (ref: Ref) => {
    const place = placeOf.get(ref);
    if (place === undefined) throw new Error(`value ${ref.id} is read unmade`);
    return place;
  };

  calls.forEach((call, index) => {
    const { kernel, inputs, outputs, tick } = call;
    const from = inputs.map(placeFor);
    const taken = new Set<number>();
    outputs.forEach((output, k) => {
      const at = kernel.inPlace[k];
      if (at === null) {
        placeOf.set(output, take(output.size));
        return;
      }
      const base = inputs[at];
      const reusable =
        lastUse.get(base) === index &&
        !kept.has(base) &&
        inputs.filter((ref) => ref === base).length === 1;
      if (reusable) {
        placeOf.set(output, from[at]);
        taken.add(from[at]);
      } else {
        const place = take(output.size);
        addCopy(from[at], place, output.size, tick);
        placeOf.set(output, place);
        from[at] = place;
      }
    });
    placed.push({
      kernel,
      inputs: from,
      outputs: outputs.map(placeFor),
      outputSizes: outputs.map((ref) => ref.size),
      ints: call.ints,
      floats: call.floats,
      tick,
    });
    for (const ref of new Set([...inputs, ...outputs])) {
      const place = placeFor(ref);
      const done = (lastUse.get(ref) ?? index) <= index && !kept.has(ref);
      if (done && !taken.has(place) && !homes.has(place)) free.push(place);
    }
  });

  const tick = calls.at(-1)?.tick ?? 0;
  /** Copies a value to where nothing else comes. */
  const aside = (ref: Ref) => {
    const place = newPlace(ref.size);
    addCopy(placeFor(ref), place, ref.size, tick);
    return place;
  };
  // An output that stands in the place of a resident would be overwritten
  // when the resident's new value comes home.
  const outputs = new Map(
    [...program.outputs].map(([name, ref]) => [
      name,
      homes.has(placeFor(ref)) ? aside(ref) : placeFor(ref),
    ]),
  );
  const moves: [from: number, to: number, size: number][] = [];
  for (const [name, { after }] of program.residents) {
    const home = residents.get(name) as number;
    if (placeFor(after) === home) continue;
    // Another resident's place may be overwritten before this one is read.
    const from = homes.has(placeFor(after)) ? aside(after) : placeFor(after);
    moves.push([from, home, after.size]);
  }
  for (const [from, to, size] of moves) addCopy(from, to, size, tick);
  return {
    calls: placed,
    sizes,
    residents,
    outputs,
    feeds: new Map([...program.feeds].map(([n, ref]) => [n, placeFor(ref)])),
    constants: program.constants.map(({ ref, fill }) => ({
      place: placeFor(ref),
      fill,
    })),
  };
}

function lastUses(calls: readonly Call[]): Map<Ref, number> {
  const last = new Map<Ref, number>();
  calls.forEach((call, index) => {
    for (const ref of call.inputs) last.set(ref, index);
  });
  return last;
}
