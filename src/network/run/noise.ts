/**
 * The random draws of a population: what its noise variables are in a tick.
 * A draw depends on the key, the neuron, the tick, the trial and the number of
 * the variable alone; the twin on a device is kernels/philox.wgsl.
 */

import { philoxBlock } from '../../base/random.ts';
import type { FloatArray } from '../../base/tensor.ts';
import { normal32 as normal32Of } from '../../formula/js.ts';
import { floatsInWasm, memoryOf } from '../../formula/wasm/memory.ts';
import {
  type Draw,
  type WasmNoise,
  wasmNoise,
} from '../../formula/wasm/noise.ts';

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

/**
 * Draws into an array, float32 if `single`: in WebAssembly if there is any,
 * else in JavaScript, with the same bits.
 */
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
  return (tick) => {
    // A block has the words of two variables.
    for (let j = 0; j < noise.length; j += 2) {
      const two = j + 1 < noise.length;
      const normal0 = noise[j]![1] === 'normal';
      const normal1 = two && noise[j + 1]![1] === 'normal';
      let e = j * elements;
      for (let trial = 0; trial < trials; trial++) {
        const counter = firstTrial + trial;
        for (let i = 0; i < neurons; i++, e++) {
          philoxBlock(block, i, tick, counter, j / 2, key0, key1);
          into[e] = normal0 ? normal(block[0]!, block[1]!) : uniform(block[0]!);
          if (!two) continue;
          into[e + elements] = normal1
            ? normal(block[2]!, block[3]!)
            : uniform(block[2]!);
        }
      }
    }
  };
}

/**
 * The draws in WebAssembly; null where there is none, or where the array lies
 * outside its memory and is large.
 */
export function wasmNoiseInto(
  spec: NoiseSpec,
  into: FloatArray,
  single: boolean,
): Noise | null {
  const { noise, neurons, trials } = spec;
  if (memoryOf(into)) return boundTo(spec, into, single);
  const size = noise.length * neurons * trials;
  const scratch = size > SCRATCH ? null : scratchOf(single);
  const draw = scratch && boundTo(spec, scratch, single);
  if (!draw) return null;
  const drawn = scratch.subarray(0, size);
  return (tick) => {
    draw(tick);
    into.set(drawn);
  };
}

/** Elements of the arrays that small populations outside all memory share. */
const SCRATCH = 4096;

const scratches = new Map<boolean, FloatArray>();

function scratchOf(single: boolean): FloatArray | null {
  const known = scratches.get(single);
  if (known) return known;
  const { floats } = floatsInWasm(single ? 'f32' : 'f64', SCRATCH);
  // There may be room for another memory later.
  if (!memoryOf(floats)) return null;
  scratches.set(single, floats);
  return floats;
}

interface Pair {
  readonly run: WasmNoise;
  /** Bytes at which the two variables begin. */
  readonly at: number;
  readonly next: number;
}

function boundTo(
  { noise, key: [key0, key1], neurons, trials, firstTrial }: NoiseSpec,
  into: FloatArray,
  single: boolean,
): Noise | null {
  const memory = memoryOf(into);
  if (!memory) return null;
  const elements = neurons * trials;
  const row = elements * into.BYTES_PER_ELEMENT;
  const draws = noise.map(([, kind]): Draw => {
    const inMath = kind === 'normal' && !single && !isFdlibm();
    return inMath ? 'words' : kind;
  });
  const pairs: Pair[] = [];
  for (let j = 0; j < draws.length; j += 2) {
    const run = wasmNoise(draws.slice(j, j + 2), single)?.(memory);
    if (!run) return null;
    const at = into.byteOffset + j * row;
    pairs.push({ run, at, next: at + row });
  }
  const rest = draws.flatMap((draw, j) => (draw === 'words' ? [j] : []));
  const u32 = new Uint32Array(into.buffer, into.byteOffset);
  return (tick) => {
    for (let k = 0; k < pairs.length; k++) {
      const { run, at, next } = pairs[k]!;
      run(at, next, elements, 0, neurons, tick, firstTrial, k, key0, key1);
    }
    for (const j of rest) {
      for (let e = j * elements; e < (j + 1) * elements; e++) {
        into[e] = normal64(u32[2 * e]!, u32[2 * e + 1]!);
      }
    }
  };
}

let fdlibm: boolean | undefined;

/**
 * Whether normal numbers in float64 have the bits here that they have in
 * WebAssembly. Math.log and Math.cos may be any that are about right. Others
 * than fdlibm's round one number in ten or a hundred in another way, so that
 * of some thousands one would tell.
 */
function isFdlibm(): boolean {
  if (fdlibm !== undefined) return fdlibm;
  const scratch = scratchOf(false);
  const memory = scratch && memoryOf(scratch);
  const run = memory && wasmNoise(['normal'], false)?.(memory);
  if (!run) return false;
  run(scratch.byteOffset, 0, SCRATCH, 0, SCRATCH, 0, 0, 0, 0, 0);
  const wanted = new Float64Array(SCRATCH);
  const one: NoiseSpec = {
    noise: [['x', 'normal']],
    key: [0, 0],
    neurons: SCRATCH,
    trials: 1,
    firstTrial: 0,
  };
  jsNoiseInto(one, wanted, false)(0);
  fdlibm = wanted.every((x, e) => x === scratch[e]);
  return fdlibm;
}

/** In [0, 1), a multiple of 2^-24, the same in float32 and float64. */
const uniform = (word: number) => (word >>> 8) * 2 ** -24;

/** Of two words (Box-Muller). */
export const normal64 = (a: number, b: number) =>
  Math.sqrt(-2 * Math.log(1 - uniform(a))) * Math.cos(2 * Math.PI * uniform(b));

/** The twin of normal_ in kernels/philox.wgsl. */
export function normal32(a: number, b: number): number {
  return normal32Of()(uniform(a), uniform(b));
}
