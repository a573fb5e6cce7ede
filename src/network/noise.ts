/**
 * The random draws of a population: what its noise variables are in a tick.
 * A draw depends on the key, the neuron, the tick, the trial and the number of
 * the variable alone; the twin on a device is kernels/philox.wgsl.
 */

import * as f32 from '../ops/f32.ts';
import type { WasmMemory } from '../ops/wasm.ts';
import { floatsInWasm, memoryOf } from '../ops/wasm-memory.ts';
import { type Draw, type WasmNoise, wasmNoise } from '../ops/wasm-noise.ts';
import { philoxBlock } from '../random.ts';
import type { FloatArray } from '../tensor.ts';

export interface NoiseSpec {
  /** Name and distribution of the variables, in the order of memory. */
  readonly noise: readonly (readonly [string, 'normal' | 'uniform'])[];
  /** Key of the random numbers. */
  readonly key: readonly [number, number];
  /** Neurons of one trial, and the number of the first trial. */
  readonly neurons: number;
  readonly trials: number;
  readonly firstTrial: number;
}

/** Fills an array, [variables][trials][neurons], with the draws of a tick. */
export type Noise = (tick: number) => void;

/** Draws into an array of the precision: in WebAssembly, if there is one. */
export function noiseInto(
  spec: NoiseSpec,
  into: FloatArray,
  single: boolean,
): Noise {
  return wasmNoiseInto(spec, into, single) ?? jsNoiseInto(spec, into, single);
}

/** The draws in JavaScript. */
export function jsNoiseInto(
  { noise, key: [key0, key1], neurons, trials, firstTrial }: NoiseSpec,
  into: FloatArray,
  single: boolean,
): Noise {
  const block = new Uint32Array(4);
  const normal = single ? normal32 : normal64;
  const elements = neurons * trials;
  // A block has the words of two variables.
  return (tick) => {
    for (let j = 0; j < noise.length; j += 2) {
      const uniform0 = noise[j][1] === 'uniform';
      const two = j + 1 < noise.length;
      const uniform1 = two && noise[j + 1][1] === 'uniform';
      let e = j * elements;
      for (let trial = 0; trial < trials; trial++) {
        const counter = firstTrial + trial;
        for (let i = 0; i < neurons; i++, e++) {
          philoxBlock(block, i, tick, counter, j / 2, key0, key1);
          into[e] = uniform0 ? uniform(block[0]) : normal(block[0], block[1]);
          if (!two) continue;
          into[e + elements] = uniform1
            ? uniform(block[2])
            : normal(block[2], block[3]);
        }
      }
    }
  };
}

/**
 * The draws in WebAssembly; null where there is none, or the array lies
 * outside its memory and is large.
 */
export function wasmNoiseInto(
  spec: NoiseSpec,
  into: FloatArray,
  single: boolean,
): Noise | null {
  const { noise, key, neurons, trials, firstTrial } = spec;
  const elements = neurons * trials;
  const memory = memoryOf(into);
  if (!memory) return viaScratch(spec, into, single);
  const pairs: { run: WasmNoise; at: number; next: number }[] = [];
  const row = elements * into.BYTES_PER_ELEMENT;
  for (let j = 0; j < noise.length; j += 2) {
    const draws = noise
      .slice(j, j + 2)
      .map(([, kind]): Draw => (!single && kind === 'normal' ? 'words' : kind));
    const run = drawsOn(memory, draws, single);
    if (!run) return null;
    const at = into.byteOffset + j * row;
    pairs.push({ run, at, next: at + row });
  }
  const normals = noise.flatMap(([, kind], j) =>
    !single && kind === 'normal' ? [j * elements] : [],
  );
  const u32 = new Uint32Array(into.buffer, into.byteOffset);
  const [key0, key1] = key;
  return (tick) => {
    if (elements === 0) return;
    for (let k = 0; k < pairs.length; k++) {
      const { run, at, next } = pairs[k];
      run(at, next, elements, 0, neurons, tick, firstTrial, k, key0, key1);
    }
    // WebAssembly has no logarithm: the words are in the places of the draws.
    for (const first of normals) {
      for (let e = first; e < first + elements; e++) {
        into[e] = normal64(u32[2 * e], u32[2 * e + 1]);
      }
    }
  };
}

function drawsOn(
  memory: WasmMemory,
  draws: readonly Draw[],
  single: boolean,
): WasmNoise | null {
  return wasmNoise(draws, single)?.(memory) ?? null;
}

/** In [0, 1), a multiple of 2^-24, the same in float32 and float64. */
const uniform = (word: number) => (word >>> 8) * 2 ** -24;

const normal64 = (a: number, b: number) =>
  Math.sqrt(-2 * Math.log(1 - uniform(a))) * Math.cos(2 * Math.PI * uniform(b));

const r = Math.fround;
const TWO_PI = r(2 * Math.PI);

/** The twin of normal_ in kernels/philox.wgsl. */
const normal32 = (a: number, b: number) =>
  r(
    f32.sqrt(r(-2 * f32.log(r(1 - uniform(a))))) *
      f32.cos(r(TWO_PI * uniform(b))),
  );

function viaScratch(
  _spec: NoiseSpec,
  _into: FloatArray,
  _single: boolean,
): Noise | null {
  void floatsInWasm;
  return null;
}
