/**
 * The kernels between populations: spikes listed and delivered, values gathered,
 * samples played, the window ended. Their WGSL stands in kernels/, with the
 * orders of sums on top; here are the CPU forms and the launch sizes.
 */

import type { FloatArray } from '../../base/tensor.ts';
import {
  type GpuForm,
  type Kernel,
  mainOver,
  type Params,
  spread,
  u32,
} from '../../kernels/kernel.ts';

/** Ticks of a window at most: a spike is one bit of a word. */
export const MOST_WINDOW = 32;

const onePlace = new Uint32Array(MOST_WINDOW + 1);

/** Arrays by name, as declared: floats, or words where a type is said. */
type Arrays<R extends string> = {
  readonly [K in R as K extends `${infer Name}: ${string}`
    ? Name
    : K]: K extends `${string}: ${string}` ? Uint32Array : FloatArray;
};

/** A kernel on memory: its operands are what it reads, then what it changes. */
export function memoryKernel<N extends string, const R extends string>({
  name,
  params,
  cpu,
  ...gpu
}: Pick<Kernel<N>, 'name' | 'params'> &
  Omit<GpuForm<N>, 'reads' | 'writes'> & {
    readonly reads: readonly R[];
    readonly writes: readonly R[];
    /** The CPU form; it is called on the same arrays again and again. */
    cpu(single: boolean): (arrays: Arrays<R>, params: Params<N>) => void;
  }): Kernel<N> {
  const { reads, writes } = gpu;
  const names = [...reads, ...writes].map((text) => text.split(':')[0]);
  return {
    ...{ name, params, gpu },
    inPlace: writes.map((_, k) => reads.length + k),
    cpu(single) {
      const form = cpu(single);
      let last: readonly FloatArray[] | null = null;
      let arrays: Arrays<R>;
      return (inputs, outputs, given) => {
        if (inputs !== last) {
          const all = [...inputs.slice(0, reads.length), ...outputs];
          arrays = Object.fromEntries(
            names.map((own, k) => [own, all[k]]),
          ) as Arrays<R>;
          last = inputs;
        }
        form(arrays, given);
      };
    },
  };
}

/** Lists the spikes of a window. */
export const collect = memoryKernel({
  name: 'collect',
  params: u32('elements', 'window', 'slotted'),
  reads: ['clock: u32', 'spikes: u32'],
  writes: ['list: u32', 'starts: u32'],
  code: (_, file) => file('collect'),
  workgroups: () => [1],
  cpu:
    () =>
    ({ clock, spikes, list, starts }, { elements, window, slotted }) => {
      const base = slotted * clock[1]! * elements;
      const places = onePlace.fill(0);
      for (let e = base; e < base + elements; e++) {
        for (let word = spikes[e]!; word !== 0; word &= word - 1) {
          places[trailing(word) + 1]! += 1;
        }
      }
      for (let k = 0; k < window; k++) places[k + 1]! += places[k]!;
      starts.set(places.subarray(0, window + 1));
      for (let e = 0; e < elements; e++) {
        for (let word = spikes[base + e]!; word !== 0; word &= word - 1) {
          list[places[trailing(word)]!++] = e;
        }
      }
    },
});

/** Place of the lowest bit that is set. */
const trailing = (word: number) => 31 - Math.clz32(word & -word);

/** Adds the weights of spikes to what will arrive. */
export const deliver = memoryKernel({
  name: 'deliver',
  params: u32(
    ...(['window', 'sources', 'targets', 'trials', 'base', 'mask'] as const),
    ...(['serial', 'ago', 'parts'] as const),
  ),
  reads: [
    ...(['clock: u32', 'list: u32', 'starts: u32', 'rows: u32'] as const),
    ...(['ends: vec2u', 'weight'] as const),
  ],
  writes: ['arrivals'],
  code: (_, file) => file('deliver'),
  workgroups: (_, { params }) => [params.parts],
  cpu: () => (arrays, params) => {
    const { clock, list, starts, rows, ends, weight, arrivals } = arrays;
    const { window, sources, targets, trials, base, mask, ago } = params;
    const elements = trials * targets;
    for (let k = 0; k < window; k++) {
      const tick = clock[0]! + k - ago;
      for (let at = starts[k]!; at < starts[k + 1]!; at++) {
        const element = list[at]!;
        const trial = trials === 1 ? 0 : Math.floor(element / sources);
        const source = element - trial * sources;
        const place = base + trial * targets;
        const end = rows[source + 1]!;
        for (let s = rows[source]!; s < end; s++) {
          const slot = (tick + ends[2 * s + 1]!) & mask;
          arrivals[place + slot * elements + ends[2 * s]!]! += weight[s]!;
        }
      }
    }
  },
});

/** Targets that a workgroup of `deliver` has at least. */
const PART = 2048;
const MOST_PARTS = 32;

/** In how many parts a device delivers to so many targets. */
export const partsOf = (targets: number) =>
  Math.min(MOST_PARTS, Math.ceil(targets / PART));

/** Sums what arrives of values; `add`: to what other calls have gathered. */
const gatherKernel = (add: boolean, perTrial: boolean) =>
  memoryKernel({
    name: `gather${add ? '+' : ''}${perTrial ? ' per trial' : ''}`,
    params: u32(
      ...(['window', 'sources', 'targets', 'trials', 'base', 'mask'] as const),
      ...(['from_', 'history', 'since', 'until'] as const),
    ),
    reads: ['clock: u32', 'values', 'rows: u32', 'ends: vec2u', 'weight'],
    writes: ['arrivals'],
    code: (_, file) =>
      file('gather')
        .replace('ADDED', add ? 'arrivals[place]' : '0.0f')
        .replace(
          'WEIGHT',
          perTrial ? 'weight[trial * arrayLength(&ends) + s]' : 'weight[s]',
        ) +
      mainOver('params.window * params.trials * params.targets', 'gather(i);'),
    workgroups: (_, { params: { window, trials, targets } }) =>
      spread(window * trials * targets),
    cpu: (single) => (arrays, params) => {
      const { clock, values, rows, ends, weight, arrivals } = arrays;
      const { window, sources, targets, trials, base, mask } = params;
      const { from_: from, history, since, until } = params;
      const [first, last] = [since | 0, until | 0];
      const elements = trials * targets;
      const many = trials * sources;
      const synapses = ends.length / 2;
      for (let k = 0; k < window; k++) {
        const tick = clock[0]! + k;
        for (let e = 0; e < elements; e++) {
          const trial = trials === 1 ? 0 : Math.floor(e / targets);
          const target = e - trial * targets;
          const place = base + (tick & mask) * elements + e;
          let sum = add ? arrivals[place]! : 0;
          const row = from + trial * sources;
          const own = perTrial ? trial * synapses : 0;
          const end = rows[target + 1]!;
          for (let s = rows[target]!; s < end; s++) {
            const sent = (tick - ends[2 * s + 1]!) | 0;
            if (sent < first || sent >= last) continue;
            const value = values[row + (sent & history) * many + ends[2 * s]!]!;
            sum = single
              ? Math.fround(sum + Math.fround(weight[own + s]! * value))
              : sum + weight[own + s]! * value;
          }
          arrivals[place] = sum;
        }
      }
    },
  });

export const gather = {
  shared: [gatherKernel(false, false), gatherKernel(true, false)],
  perTrial: [gatherKernel(false, true), gatherKernel(true, true)],
} as const;

/** Samples into the history of a source. */
export const play = memoryKernel({
  name: 'play',
  params: u32('elements', 'window', 'history', 'ago'),
  reads: ['clock: u32', 'samples'],
  writes: ['values'],
  code: (_, file) =>
    file('play') + mainOver('params.window * params.elements', 'play(i);'),
  workgroups: (_, { params }) => spread(params.elements * params.window),
  cpu:
    () =>
    ({ clock, samples, values }, { elements, window, history, ago }) => {
      const first = ago > 0 ? 0 : clock[2]!;
      for (let k = 0; k < window; k++) {
        const slot = (clock[0]! + k - ago) & history;
        const from = (first + k) * elements;
        values.set(samples.subarray(from, from + elements), slot * elements);
      }
    },
});

/** Ends a window. */
export const advance = memoryKernel({
  name: 'advance',
  params: u32('window'),
  reads: [],
  writes: ['clock: u32'],
  code: (_, file) => file('advance'),
  workgroups: () => [1],
  cpu:
    () =>
    ({ clock }, { window }) => {
      clock[0]! += window;
      clock[1]! += 1;
      clock[2]! += window;
    },
});
