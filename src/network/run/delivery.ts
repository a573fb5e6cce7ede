/**
 * The kernels between populations: spikes listed and delivered, values gathered,
 * samples played, the window ended. Their WGSL stands in kernels/, with the
 * orders of sums on top; here are the CPU forms and the launch sizes.
 */

import { type Kernel, spread } from '../../kernels/kernel.ts';

/** Ticks of a window at most: a spike is one bit of a word. */
export const MOST_WINDOW = 32;

const onePlace = new Uint32Array(MOST_WINDOW + 1);

/** (clock, spikes, list, starts) -> list, starts. Ints: elements, window, slotted. */
export const collect: Kernel = {
  name: 'collect',
  inPlace: [2, 3],
  cpu: () => (inputs, _outputs, ints) => {
    const [clock, spikes, list, starts] = inputs as unknown as Uint32Array[];
    const [elements, window, slotted] = ints;
    const base = slotted * clock[1] * elements;
    const places = onePlace.fill(0);
    for (let e = base; e < base + elements; e++) {
      for (let word = spikes[e]; word !== 0; word &= word - 1) {
        places[trailing(word) + 1] += 1;
      }
    }
    for (let k = 0; k < window; k++) places[k + 1] += places[k];
    starts.set(places.subarray(0, window + 1));
    for (let e = 0; e < elements; e++) {
      for (let word = spikes[base + e]; word !== 0; word &= word - 1) {
        list[places[trailing(word)]++] = e;
      }
    }
  },
  gpu: {
    files: ['collect'],
    code: (_, file) => file('collect'),
    workgroups: () => [1],
  },
};

/** Place of the lowest bit that is set. */
const trailing = (word: number) => 31 - Math.clz32(word & -word);

/**
 * (clock, list, starts, rows, ends, weight, arrivals) -> arrivals. Ints:
 * window, sources, targets, trials, base, mask, serial, ago, parts.
 */
export const deliver: Kernel = {
  name: 'deliver',
  inPlace: [6],
  cpu: () => (inputs, outputs, ints) => {
    const [clock, list, starts, rows, ends] =
      inputs as unknown as Uint32Array[];
    const weight = inputs[5];
    const arrivals = outputs[0];
    const [window, sources, targets, trials, base, mask] = ints;
    const elements = trials * targets;
    for (let k = 0; k < window; k++) {
      const tick = clock[0] + k - ints[7];
      for (let at = starts[k]; at < starts[k + 1]; at++) {
        const element = list[at];
        const trial = trials === 1 ? 0 : Math.floor(element / sources);
        const source = element - trial * sources;
        const place = base + trial * targets;
        const end = rows[source + 1];
        for (let s = rows[source]; s < end; s++) {
          const slot = (tick + ends[2 * s + 1]) & mask;
          arrivals[place + slot * elements + ends[2 * s]] += weight[s];
        }
      }
    }
  },
  gpu: {
    files: ['deliver'],
    code: (_, file) => file('deliver'),
    workgroups: (_, { ints }) => [ints[8]],
  },
};

/** Targets that a workgroup of `deliver` has at least. */
const PART = 2048;
const MOST_PARTS = 32;

/** In how many parts a device delivers to so many targets. */
export const partsOf = (targets: number) =>
  Math.min(MOST_PARTS, Math.ceil(targets / PART));

/**
 * (clock, values, rows, ends, weight, arrivals) -> arrivals. Ints: zero,
 * window, sources, targets, trials, base, mask, from, history, since, until. `add`:
 * to what other calls have gathered.
 */
const gatherKernel = (add: boolean, perTrial: boolean): Kernel => ({
  name: `gather${add ? '+' : ''}${perTrial ? ' per trial' : ''}`,
  inPlace: [5],
  cpu: (single) => (inputs, outputs, ints) => {
    const [clock, , rows, ends] = inputs as unknown as Uint32Array[];
    const values = inputs[1];
    const weight = inputs[4];
    const arrivals = outputs[0];
    const [, window, sources, targets, trials, base, mask] = ints;
    const [from, history, since, until] = ints.slice(7);
    const [first, last] = [since | 0, until | 0];
    const elements = trials * targets;
    const many = trials * sources;
    const synapses = ends.length / 2;
    for (let k = 0; k < window; k++) {
      const tick = clock[0] + k;
      for (let e = 0; e < elements; e++) {
        const trial = trials === 1 ? 0 : Math.floor(e / targets);
        const target = e - trial * targets;
        const place = base + (tick & mask) * elements + e;
        let sum = add ? arrivals[place] : 0;
        const row = from + trial * sources;
        const own = perTrial ? trial * synapses : 0;
        const end = rows[target + 1];
        for (let s = rows[target]; s < end; s++) {
          const sent = (tick - ends[2 * s + 1]) | 0;
          if (sent < first || sent >= last) continue;
          const value = values[row + (sent & history) * many + ends[2 * s]];
          sum = single
            ? Math.fround(sum + Math.fround(weight[own + s] * value))
            : sum + weight[own + s] * value;
        }
        arrivals[place] = sum;
      }
    }
  },
  gpu: {
    files: ['math', 'gather'],
    code: (_, file) =>
      file('gather')
        .replace('ADDED', add ? 'arrivals[place]' : '0.0f')
        .replace(
          'WEIGHT',
          perTrial ? 'weight[trial * arrayLength(&ends) + s]' : 'weight[s]',
        ) + file('math'),
    workgroups: (_, { ints }) => spread(ints[1] * ints[3] * ints[4]),
  },
});

export const gather = {
  shared: [gatherKernel(false, false), gatherKernel(true, false)],
  perTrial: [gatherKernel(false, true), gatherKernel(true, true)],
} as const;

/** (clock, samples, values) -> values. Ints: elements, window, history, ago. */
export const play: Kernel = {
  name: 'play',
  inPlace: [2],
  cpu: () => (inputs, outputs, ints) => {
    const clock = inputs[0] as unknown as Uint32Array;
    const samples = inputs[1];
    const values = outputs[0];
    const [elements, window, history, ago] = ints;
    const first = ago > 0 ? 0 : clock[2];
    for (let k = 0; k < window; k++) {
      const slot = (clock[0] + k - ago) & history;
      const from = (first + k) * elements;
      values.set(samples.subarray(from, from + elements), slot * elements);
    }
  },
  gpu: {
    files: ['play'],
    code: (_, file) => file('play'),
    workgroups: (_, { ints }) => spread(ints[0] * ints[1]),
  },
};

/** (clock) -> clock. Ints: window. */
export const advance: Kernel = {
  name: 'advance',
  inPlace: [0],
  cpu:
    () =>
    (inputs, _outputs, [window]) => {
      const clock = inputs[0] as unknown as Uint32Array;
      clock[0] += window;
      clock[1] += 1;
      clock[2] += window;
    },
  gpu: {
    files: ['advance'],
    code: (_, file) => file('advance'),
    workgroups: () => [1],
  },
};
